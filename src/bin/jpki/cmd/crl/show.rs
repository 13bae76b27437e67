//! `jpki crl show`: a list of anyone, as it is read.

use crate::args::ShowListArgs;
use crate::cmd::list::ListFile;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::show;
use crate::show::Entries;

pub(super) fn run(context: &Context<'_>, args: &ShowListArgs) -> Result<Exit, Failure> {
    list(context, ListFile::open(&args.file)?, args.head)
}

/// Shows a list: what stands around its entries first, where that can be, and then each entry. What
/// could be read of a damaged one is shown before it is called damaged.
pub(crate) fn list(
    context: &Context<'_>,
    mut file: ListFile,
    head_only: bool,
) -> Result<Exit, Failure> {
    let name = file.name();
    let failure = |error| name.failure(error);
    let (behind, mut broken) = match file.ends() {
        Some(Ok(ends)) => (Ok(ends.trailer), None),
        Some(Err(error)) => (Err(format!("読めません not readable: {error}")), Some(error)),
        None if head_only => (Err(NOT_READ.to_owned()), None),
        None => (Err(NOT_YET.to_owned()), None),
    };
    let mut reader = file.reader().map_err(failure)?;
    let header = reader.header().clone();
    let octets = header.entries.map(|(begin, end)| end - begin);
    let mut count = None;
    if head_only && behind.is_ok() && octets.is_some_and(|octets| octets <= COUNTED) {
        match reader.try_fold(0, |count: u64, listed| listed.map(|_| count + 1)) {
            Ok(all) => count = Some(all),
            Err(error) => broken = Some(error),
        }
    }
    let mut out = context.report.stream();
    let trailer = behind.as_ref().map_err(String::as_str);
    let head = show::head(&header, Entries { octets, count }, trailer);
    out.line(|| head.to_json(), || head.to_text())?;
    // A long list shows its head at once.
    out.flush()?;
    if head_only {
        return broken.map_or(Ok(Exit::Done), |error| Err(failure(error)));
    }
    out.say(|| "\n掲載 Entries".to_owned())?;
    let mut count: u64 = 0;
    for listed in &mut reader {
        let listed = listed.map_err(failure)?;
        count += 1;
        out.line(|| show::entry_json(&listed), || format!("  {}", show::entry_text(&listed)))?;
        if !out.is_open() {
            return Ok(Exit::Done);
        }
    }
    let trailer = reader.finish().map_err(failure)?;
    out.say(|| format!("  計{count}件 {count} in all"))?;
    if behind.is_err() {
        let extensions = show::extensions(&trailer);
        out.line(|| extensions.to_json(), || format!("\n{}", extensions.to_text()))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

const NOT_YET: &str = "一覧の後に表示 they stand behind the entries, and this input does not seek";
const NOT_READ: &str = "一覧の後にある they stand behind the entries, and this input does not seek";
/// Octets of entries that are counted where only the head is shown: a moment's reading.
const COUNTED: u64 = 1 << 20;
