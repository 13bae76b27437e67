//! What is printed: text for people or JSON for programs on stdout, prose on stderr.

use std::io;
use std::io::BufWriter;
use std::io::IsTerminal as _;
use std::io::StdoutLock;
use std::io::Write as _;

use jpki_ca::authority::Refused;
use serde::Serialize;

use crate::exit::Exit;
use crate::exit::Failure;

/// Where output goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    json: bool,
    quiet: bool,
}

impl Report {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Whether JSON was asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// The result: `json` as one line when JSON was asked for, else `text`.
    pub(crate) fn result(&self, json: &impl Serialize, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let written = if self.json {
            serde_json::to_writer(&mut out, json)
                .map_err(io::Error::from)
                .and_then(|()| writeln!(out))
        } else if text.is_empty() {
            Ok(())
        } else {
            writeln!(out, "{text}")
        };
        written.and_then(|()| out.flush()).or_else(closed_pipe_is_fine)
    }

    /// A result that comes line by line.
    pub(crate) fn stream(&self) -> Stream {
        let out = BufWriter::with_capacity(STREAMED, io::stdout().lock());
        Stream { out, json: self.json, is_open: true }
    }

    /// Something to know beside the result.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            eprint(text);
        }
    }

    /// What went wrong with a part of the work; the result and the exit code say so too.
    pub(crate) fn complaint(&self, text: &str) {
        eprint(text);
    }

    /// Whether somebody watches: long work then shows its progress.
    pub(crate) fn watched(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// A result that is a refusal, and the exit code for it.
    pub(crate) fn refusal(&self, json: &impl Serialize, refused: &Refused) -> Exit {
        // The exit code says it as well.
        let _printed = self.result(json, "");
        eprint(&format!("jpki: refused by {}: {}", refused.rule, refused.explained()));
        Exit::of_refusal(refused)
    }

    /// What went wrong, and the exit code for it.
    pub(crate) fn failure(&self, failure: &Failure) -> Exit {
        let (status, rule, item, message) = match failure {
            Failure::Refused(refused) => {
                ("refused", Some(refused.rule), refused.item, refused.explained())
            }
            Failure::Other(_, error) => ("error", None, None, format!("{error:#}")),
        };
        if self.json {
            let error = ErrorJson { rule, item, message: &message };
            let document = FailureJson { status, error };
            // The exit code says it as well.
            let _printed = self.result(&document, "");
        }
        eprint(&match rule {
            Some(rule) => format!("jpki: refused by {rule}: {message}"),
            None => format!("jpki: {message}"),
        });
        failure.exit()
    }
}

/// A result that comes line by line, as fast as it is read: buffered, and flushed by whoever writes.
#[derive(Debug)]
pub(crate) struct Stream {
    out: BufWriter<StdoutLock<'static>>,
    json: bool,
    is_open: bool,
}

impl Stream {
    /// Whether somebody still reads: after a closed pipe, nobody does, and nothing more is written.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// A line of JSON when JSON was asked for, else `text`, unless that is empty.
    pub(crate) fn line(
        &mut self,
        json: impl FnOnce() -> serde_json::Value,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        if !self.json {
            return self.say(text);
        }
        let written = serde_json::to_writer(&mut self.out, &json()).map_err(io::Error::from);
        let written = written.and_then(|()| self.out.write_all(b"\n"));
        self.written(written)
    }

    /// Something that people alone are told.
    pub(crate) fn say(&mut self, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let text = if self.json { String::new() } else { text() };
        if text.is_empty() {
            return Ok(());
        }
        let written = writeln!(self.out, "{text}");
        self.written(written)
    }

    /// What was written so far is there to be read.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let written = self.out.flush();
        self.written(written)
    }

    fn written(&mut self, written: io::Result<()>) -> Result<(), Failure> {
        self.is_open &= written.is_ok();
        written.or_else(closed_pipe_is_fine)
    }
}

/// Octets that a stream holds back.
const STREAMED: usize = 1 << 16;

/// The error of a command, or of a line of a batch.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct ErrorJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<&'a str>,
    pub(crate) message: &'a str,
}

#[derive(Serialize)]
struct FailureJson<'a> {
    status: &'a str,
    error: ErrorJson<'a>,
}

#[expect(clippy::print_stderr, reason = "the one place that speaks to people beside the result")]
fn eprint(text: &str) {
    eprintln!("{text}");
}

fn closed_pipe_is_fine(error: io::Error) -> Result<(), Failure> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(Failure::Other(Exit::Unavailable, anyhow::Error::new(error).context("standard output")))
}
