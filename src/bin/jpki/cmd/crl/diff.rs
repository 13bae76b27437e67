//! `jpki crl diff`: what changed between two lists, in one pass over both.

use std::cmp::Ordering;

use jpki_ca::asn1::oid;
use jpki_ca::crl::Ends;
use jpki_ca::crl::Integer;
use jpki_ca::crl::Listed;
use jpki_ca::crl::Reader;
use serde_json::json;

use crate::args::DiffArgs;
use crate::cmd::list::ListFile;
use crate::cmd::list::ListName;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::report::Stream;
use crate::show;

pub(super) fn run(context: &Context<'_>, args: &DiffArgs) -> Result<Exit, Failure> {
    let (mut old, mut new) = (ListFile::open(&args.old)?, ListFile::open(&args.new)?);
    let ends = (ends(&mut old)?, ends(&mut new)?);
    let mut out = context.report.stream();
    let mut differ = heads(&mut out, &ends.0, &ends.1)?;
    out.flush()?;
    let (mut old, mut new) = (Row::begin(&mut old)?, Row::begin(&mut new)?);
    let mut counts = Counts::default();
    while out.is_open() {
        let order = match (&old.ahead, &new.ahead) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => numerically(&old.serial, &new.serial),
        };
        let gone = if order.is_le() { old.take()? } else { None };
        let come = if order.is_ge() { new.take()? } else { None };
        counts.say(&mut out, gone.as_ref(), come.as_ref())?;
    }
    if !out.is_open() {
        return Ok(Exit::Done);
    }
    // What stands behind the entries was read before them; what was read now must be sound as well.
    old.end()?;
    new.end()?;
    differ |= counts != Counts::default();
    counts.summary(&mut out, !differ)?;
    out.flush()?;
    Ok(if differ { Exit::Negative } else { Exit::Done })
}

fn ends(file: &mut ListFile) -> Result<Ends, Failure> {
    let name = file.name();
    let ends = file.ends().ok_or_else(|| {
        Failure::usage(format!("{name}: lists are compared from files, which a pipe is not"))
    })?;
    ends.map_err(|error| name.failure(error))
}

/// Says in what the lists differ around their entries; whether that is more than number and times.
fn heads(out: &mut Stream, old: &Ends, new: &Ends) -> Result<bool, Failure> {
    let same_issuer = old.header.issuer == new.header.issuer;
    let point = |ends: &Ends| {
        ends.trailer.extension(oid::ISSUING_DISTRIBUTION_POINT).map(|point| point.value.clone())
    };
    let is_delta = |ends: &Ends| ends.trailer.base().is_some();
    let same_scope = point(old) == point(new) && is_delta(old) == is_delta(new);
    let fields = show::field_differences(old, new);
    let json = || {
        let fields: Vec<_> = fields.iter().map(|field| &field.json).collect();
        json!({
            "object": "lists",
            "same_issuer": same_issuer,
            "same_scope": same_scope,
            "fields": fields,
        })
    };
    let text = || {
        let mut lines = Vec::new();
        if !same_issuer {
            lines.push("発行者が異なる these are lists of different issuers".to_owned());
        }
        if !same_scope {
            lines.push("対象範囲が異なる these are lists of different scopes".to_owned());
        }
        lines.extend(fields.iter().map(|field| field.line()));
        lines.join("\n")
    };
    out.line(json, text)?;
    Ok(!same_issuer || !same_scope || fields.iter().any(|field| !field.is_expected))
}

/// The entries of a list, and the next of them.
struct Row<'a> {
    reader: Reader<&'a mut dyn std::io::Read>,
    name: ListName,
    ahead: Option<Listed>,
}

impl<'a> Row<'a> {
    fn begin(file: &'a mut ListFile) -> Result<Self, Failure> {
        let name = file.name();
        let reader = file.reader().map_err(|error| name.failure(error))?;
        let mut row = Self { reader, name, ahead: None };
        row.take()?;
        Ok(row)
    }

    /// The entry that was next; the one behind it, which must have a higher serial, is next now.
    fn take(&mut self) -> Result<Option<Listed>, Failure> {
        let next = self.reader.next().transpose().map_err(|error| self.name.failure(error))?;
        let taken = std::mem::replace(&mut self.ahead, next);
        if let (Some(before), Some(next)) = (&taken, &self.ahead)
            && numerically(&before.serial, &next.serial).is_ge()
        {
            return Err(Failure::usage(format!(
                "{}: the entry {} does not come in the order of serials, each once; such lists are \
                 not compared",
                self.name, next.serial
            )));
        }
        Ok(taken)
    }

    fn end(self) -> Result<(), Failure> {
        let Self { reader, name, .. } = self;
        reader.finish().map(drop).map_err(|error| name.failure(error))
    }
}

/// Entries in which lists differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    added: u64,
    removed: u64,
    changed: u64,
}

impl Counts {
    /// Counts and says what became of an entry; nothing when nothing did.
    fn say(
        &mut self,
        out: &mut Stream,
        old: Option<&Listed>,
        new: Option<&Listed>,
    ) -> Result<(), Failure> {
        let (count, change) = match (old, new) {
            (None, Some(_)) => (&mut self.added, "added"),
            (Some(_), None) => (&mut self.removed, "removed"),
            (Some(old), Some(new)) if old != new => (&mut self.changed, "changed"),
            _ => return Ok(()),
        };
        *count += 1;
        let json = || {
            json!({
                "object": "change",
                "change": change,
                "old": old.map(show::entry_json),
                "new": new.map(show::entry_json),
            })
        };
        let text = || match (old, new) {
            (Some(old), Some(new)) => {
                let (old, new) = (show::entry_text(old), show::entry_text(new));
                format!("~ {old}\n  → {new}")
            }
            (Some(old), None) => format!("- {}", show::entry_text(old)),
            (None, new) => format!("+ {}", new.map(show::entry_text).unwrap_or_default()),
        };
        out.line(json, text)
    }

    fn summary(self, out: &mut Stream, equal: bool) -> Result<(), Failure> {
        let Self { added, removed, changed } = self;
        let json = || {
            json!({
                "object": "summary",
                "equal": equal,
                "added": added,
                "removed": removed,
                "changed": changed,
            })
        };
        let text = || {
            let verdict = if equal { "同じ the same" } else { "相違あり different" };
            format!(
                "{verdict}: 追加{added} added {added}, 削除{removed} removed {removed}, \
                 変更{changed} changed {changed}"
            )
        };
        out.line(json, text)
    }
}

/// Compares two numbers in two's complement and their shortest form.
fn numerically(a: &Integer, b: &Integer) -> Ordering {
    let (left, right) = (a.as_bytes(), b.as_bytes());
    // Of two numbers below zero, the longer one is the smaller.
    let longer = |order: Ordering| if a.is_negative() { order.reverse() } else { order };
    b.is_negative()
        .cmp(&a.is_negative())
        .then_with(|| longer(left.len().cmp(&right.len())))
        .then_with(|| left.cmp(right))
}
