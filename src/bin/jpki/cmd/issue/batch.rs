//! `jpki issue --batch`: a stream of lines, served in groups by every core, answered in order.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc;
use std::thread;

use indicatif::ProgressBar;
use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::PublicKey;
use jpki_ca::asn1::hex;
use jpki_ca::asn1::sha256;
use jpki_ca::authority::Ask;
use jpki_ca::authority::Authority;
use jpki_ca::authority::IssueRequest;
use jpki_ca::authority::KeyAsk;
use jpki_ca::authority::Kinds;
use jpki_ca::authority::Refused;
use jpki_ca::authority::RequestId;
use jpki_ca::authority::home::sync_folder;
use jpki_ca::register::HolderForm;
use jpki_ca::register::MAX_FORM;

use crate::args::IssueArgs;
use crate::cmd::lines::Lines;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

use super::deliver::AnyKeys;
use super::deliver::Delivery;
use super::result::ResultLine;

pub(super) fn run(context: &Context<'_>, args: &IssueArgs, batch: &Path) -> Result<Exit, Failure> {
    let mut lines = Lines::open(batch, context.report.watched())?;
    let authority = context.authority()?;
    let out = match (&args.out, context.global.dry_run) {
        (Some(out), false) => {
            super::make_folder(out)?;
            // Default request ids contain it, so that it must not depend on how it was written.
            Some(fs::canonicalize(out).map_err(|error| Failure::file(out, error))?)
        }
        _ => None,
    };
    // A dry run asks under the ids of the real one; into a folder not yet made nothing was asked.
    let folder = match &out {
        Some(out) => Some(out.clone()),
        None => args.out.as_ref().and_then(|out| fs::canonicalize(out).ok()),
    };
    let batch = Batch {
        authority: &authority,
        args,
        out: out.as_deref(),
        folder,
        any_keys: AnyKeys::new(&authority, args.holder_algorithm),
    };
    let counts = batch.run(&mut lines, context)?;
    if let Some(out) = &out {
        sync_folder(out)?;
    }
    context.report.note(&format!(
        "jpki: {} line(s): {} issued, {} existing, {} refused",
        counts.issued + counts.existing + counts.refused,
        counts.issued,
        counts.existing,
        counts.refused
    ));
    Ok(if counts.refused > 0 { Exit::Negative } else { Exit::Done })
}

/// What a batch works with.
struct Batch<'a> {
    authority: &'a Authority,
    args: &'a IssueArgs,
    /// None in a dry run.
    out: Option<&'a Path>,
    /// What default request ids contain.
    folder: Option<PathBuf>,
    /// For a dry run.
    any_keys: AnyKeys<'a>,
}

#[derive(Default)]
struct Counts {
    issued: u64,
    existing: u64,
    refused: u64,
}

/// A line on its way: a request, or what is wrong with it.
type Prepared = (u64, Result<IssueRequest, ResultLine>);
type Answer = Result<Vec<ResultLine>, Failure>;

impl Batch<'_> {
    /// Reads, serves and answers. Everything in flight is bounded: so many groups of so many lines.
    fn run(&self, lines: &mut Lines, context: &Context<'_>) -> Result<Counts, Failure> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let (jobs, queue) = mpsc::sync_channel::<(Vec<Prepared>, mpsc::Sender<Answer>)>(workers);
        let queue = Mutex::new(queue);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                        let Ok((group, answer)) = job else { return };
                        // Nobody listens any more when the batch was given up.
                        let _sent = answer.send(self.serve(group));
                    }
                });
            }
            let mut flow = Flow {
                jobs,
                answers: VecDeque::new(),
                people: BTreeSet::new(),
                counts: Counts::default(),
                context,
                progress: lines.progress().clone(),
            };
            let mut group = Vec::with_capacity(GROUP);
            while let Some(line) = lines.next()? {
                let number = lines.number();
                let prepared = self.prepare(&line);
                if let Ok((request, person)) = &prepared {
                    // Two lines about one person, or under one id, are served one after the other.
                    let keys = [format!("p{person}"), format!("r{}", request.id())];
                    if keys.iter().any(|key| flow.people.contains(key)) {
                        flow.send(&mut group)?;
                        flow.drain(0)?;
                    }
                    flow.people.extend(keys);
                }
                group.push((number, prepared.map(|(request, _)| request)));
                if group.len() == GROUP {
                    flow.send(&mut group)?;
                    flow.drain(2 * workers)?;
                }
            }
            flow.send(&mut group)?;
            flow.drain(0)?;
            Ok(flow.counts)
        })
    }

    fn prepare(&self, bytes: &[u8]) -> Result<(IssueRequest, String), ResultLine> {
        if bytes.len() > MAX_FORM {
            let refused = Refused::new("E-LENGTH", format!("longer than {MAX_FORM} bytes"));
            return Err(ResultLine::refused(None, refused));
        }
        let form = HolderForm::read(bytes)
            .map_err(|error| ResultLine::refused(None, super::of_form(&error)))?;
        // What is no request id may be anything, a name for one.
        let given = form.request_id.clone().filter(|id| RequestId::new(id).is_ok());
        self.request(bytes, &form)
            .map(|request| (request, form.person.clone()))
            .map_err(|refused| ResultLine::refused(given, refused))
    }

    fn request(&self, bytes: &[u8], form: &HolderForm) -> Result<IssueRequest, Refused> {
        let id = match &form.request_id {
            Some(id) => RequestId::new(id)?,
            None => self.default_id(bytes)?,
        };
        let kinds: Kinds = match &form.kind {
            Some(kind) => kind.parse().map_err(|error: jpki_ca::credential::WordError| {
                Refused::new("E-WORD", format!("kind: {error}"))
            })?,
            None => self.args.kind,
        };
        let key = match &form.public_key {
            Some(text) => KeyAsk::Given(public_key(text)?),
            None => KeyAsk::Generated(self.args.holder_algorithm),
        };
        let ask = Ask { kinds, carrier: self.args.carrier, renew: self.args.renew, key };
        IssueRequest::new(id, form, &ask, self.authority.now())
    }

    /// The id of a line that gives none: the same line, asked for in the same way into the same
    /// folder, is the same request. So a killed batch is resumed by running it again.
    fn default_id(&self, line: &[u8]) -> Result<RequestId, Refused> {
        let how = format!(
            "{:?} {} {} {} {} ",
            self.folder.as_deref(),
            self.args.kind.as_str(),
            self.args.carrier,
            self.args.renew,
            // As in the request itself: what is usual may change before the batch is resumed.
            self.args.holder_algorithm.unwrap_or(KeyAlgorithm::RSA_2048)
        );
        let digest = sha256(&[how.as_bytes(), line.trim_ascii()].concat());
        let hex = hex(digest.get(..16).unwrap_or_default());
        RequestId::new(&format!("line-{hex}"))
    }

    fn serve(&self, group: Vec<Prepared>) -> Answer {
        let mut places = Vec::with_capacity(group.len());
        let mut requests = Vec::with_capacity(group.len());
        for (number, prepared) in group {
            match prepared {
                Ok(request) => {
                    requests.push(request);
                    places.push((number, None));
                }
                Err(line) => places.push((number, Some(line))),
            }
        }
        let mut served = match self.out {
            Some(out) => {
                let algorithm = self.args.holder_algorithm;
                Delivery::new(self.authority, out, algorithm, false).serve(requests)?
            }
            None => self.rehearse(requests)?,
        }
        .into_iter();
        Ok(places
            .into_iter()
            .filter_map(|(number, line)| {
                let mut line = line.or_else(|| served.next())?;
                line.line = Some(number);
                Some(line)
            })
            .collect())
    }

    fn rehearse(&self, requests: Vec<IssueRequest>) -> Answer {
        requests
            .into_iter()
            .map(|request| {
                let request = self.any_keys.fit(request)?;
                Ok(ResultLine::new(self.authority.rehearse_issue(&request)?, Vec::new(), true))
            })
            .collect()
    }
}

/// Groups under way, answered in the order of the lines.
struct Flow<'a> {
    jobs: mpsc::SyncSender<(Vec<Prepared>, mpsc::Sender<Answer>)>,
    answers: VecDeque<mpsc::Receiver<Answer>>,
    /// People and request ids under way.
    people: BTreeSet<String>,
    counts: Counts,
    context: &'a Context<'a>,
    progress: ProgressBar,
}

impl Flow<'_> {
    fn send(&mut self, group: &mut Vec<Prepared>) -> Result<(), Failure> {
        if group.is_empty() {
            return Ok(());
        }
        let (sender, receiver) = mpsc::channel();
        self.jobs.send((std::mem::take(group), sender)).map_err(|_| lost())?;
        self.answers.push_back(receiver);
        Ok(())
    }

    /// Waits until at most `left` groups are under way, and reports what came back.
    fn drain(&mut self, left: usize) -> Result<(), Failure> {
        while self.answers.len() > left {
            let Some(receiver) = self.answers.pop_front() else { break };
            for line in receiver.recv().map_err(|_| lost())?? {
                use jpki_ca::authority::Status;
                match &line.result {
                    Ok((Status::Issued, _)) => self.counts.issued += 1,
                    Ok(_) => self.counts.existing += 1,
                    Err(_) => self.counts.refused += 1,
                }
                self.progress.suspend(|| self.context.report.result(&line, &line.to_text()))?;
            }
        }
        if left == 0 {
            self.people.clear();
        } else if self.people.len() > MOST_PEOPLE {
            self.drain(0)?;
        }
        Ok(())
    }
}

/// A public key in a batch line.
fn public_key(text: &str) -> Result<PublicKey, Refused> {
    PublicKey::from_text(text)
        .map_err(|error| Refused::new("E-PUBLIC-KEY", format!("public_key: {error}")))
}

fn lost() -> Failure {
    Failure::Other(Exit::Unavailable, anyhow::anyhow!("a worker of the batch ended early"))
}

/// Lines per group, and so per pair of syncs to disk: large enough that syncs do not matter, small
/// enough that a killed batch loses a fraction of a second's work.
const GROUP: usize = 128;

/// How many people and ids are remembered before everything under way is waited for.
const MOST_PEOPLE: usize = 100_000;
