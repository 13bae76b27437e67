pub(crate) fn run(
    _: &crate::context::Context<'_>,
    _: &crate::args::ShowArgs,
) -> Result<crate::exit::Exit, crate::exit::Failure> {
    Err(crate::exit::Failure::usage("not yet merged"))
}
