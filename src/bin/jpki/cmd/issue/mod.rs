//! `jpki issue`: one holder, or a batch of many.

mod batch;
mod deliver;
mod result;

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use jpki_ca::authority::Ask;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Refused;
use jpki_ca::authority::RequestId;
use jpki_ca::register::FormError;
use jpki_ca::register::HolderForm;
use jpki_ca::register::MAX_FORM;

use crate::args::IssueArgs;
use crate::cmd::input;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

use deliver::AnyKeys;
pub(super) use deliver::Delivery;
use result::ResultLine;

pub(crate) fn run(context: &Context<'_>, args: &IssueArgs) -> Result<Exit, Failure> {
    match (&args.holder, &args.batch) {
        (_, Some(batch)) => batch::run(context, args, batch),
        (Some(holder), None) => single(context, args, holder),
        (None, None) => Err(Failure::usage("give --holder or --batch")),
    }
}

fn single(context: &Context<'_>, args: &IssueArgs, holder: &Path) -> Result<Exit, Failure> {
    let line = match serve(context, args, holder) {
        Err(Failure::Refused(refused)) => {
            // What is no request id may be anything, a name for one.
            let given = args.request_id.clone().filter(|id| RequestId::new(id).is_ok());
            ResultLine::refused(given, refused)
        }
        served => served?,
    };
    match &line.result {
        Ok(_) => context.report.result(&line, &line.to_text()).map(|()| Exit::Done),
        Err(refused) => Ok(context.report.refusal(&line, refused)),
    }
}

fn serve(context: &Context<'_>, args: &IssueArgs, holder: &Path) -> Result<ResultLine, Failure> {
    let bytes = input::read(holder, MAX_FORM as u64)?;
    let form = HolderForm::read(&bytes).map_err(|error| {
        let refused = of_form(&error);
        Failure::Refused(refused)
    })?;
    if form.request_id.is_some() || form.kind.is_some() || form.public_key.is_some() {
        return Err(Failure::usage(
            "request_id, kind and public_key belong to batch lines: use --request-id, --kind and \
             --public-key",
        ));
    }
    let key = match (&args.public_key, &args.csr) {
        (Some(path), _) => KeyAsk::Given(input::public_key(path)?),
        (None, Some(path)) => KeyAsk::Given(input::certification_request(path)?),
        (None, None) => KeyAsk::Generated(args.holder_algorithm),
    };
    let id = match &args.request_id {
        Some(id) => RequestId::new(id)?,
        None => RequestId::draw()?,
    };
    let authority = context.authority()?;
    let ask = Ask { kinds: args.kind, carrier: args.carrier, renew: args.renew, key };
    let request = IssueRequest::new(id, &form, &ask, authority.now())?;
    match (&args.out, context.global.dry_run) {
        (_, true) => {
            let request = AnyKeys::new(&authority, args.holder_algorithm).fit(request)?;
            Ok(ResultLine::new(authority.rehearse_issue(&request)?, Vec::new(), true))
        }
        (Some(out), false) => {
            make_folder(out)?;
            let delivery = Delivery::new(&authority, out, args.holder_algorithm, true);
            let mut lines = delivery.serve(vec![request])?;
            lines.pop().ok_or_else(|| Failure::usage("nothing was asked"))
        }
        (None, false) => Err(Failure::usage("give --out")),
    }
}

/// A form error in the shape of every other refusal.
fn of_form(error: &FormError) -> Refused {
    Refused::new(FormError::CODE, error.to_string())
}

/// The folder for certificates and keys; one that is made is its owner's alone.
pub(super) fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(path)
        .map_err(|error| Failure::file(path, error))
}
