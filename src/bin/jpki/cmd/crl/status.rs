//! `jpki crl status`.

use std::collections::BTreeMap;

use jpki_ca::authority::publish::Due;
use jpki_ca::authority::publish::ListStatus;
use jpki_ca::authority::publish::Standing;
use jpki_ca::credential::CaName;
use jpki_ca::crl::Coverage;
use jpki_ca::crl::CoverageCode;
use jpki_ca::profile::Partition;
use serde::Serialize;

use crate::args::StatusArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &StatusArgs) -> Result<Exit, Failure> {
    let folder = super::folder(context, &args.folder);
    let (authority, at, config) = context.records_and_settings_to_ask()?;
    let lists = authority.list_status(&folder, config.lists, at)?;
    let worst = lists.iter().map(|list| list.standing).max().unwrap_or(Standing::Missing);
    let json =
        StatusJson { status: worst.as_str(), lists: lists.iter().map(ListJson::of).collect() };
    context.report.result(&json, &text(&lists))?;
    Ok(if worst == Standing::Fresh { Exit::Done } else { Exit::Negative })
}

/// A line for each authority, then a line for each list that somebody has to look after.
fn text(lists: &[ListStatus]) -> String {
    let mut lines = Vec::new();
    for ca in CaName::ALL {
        let own: Vec<&ListStatus> = lists.iter().filter(|list| list.ca == ca).collect();
        let mut standings: BTreeMap<Standing, usize> = BTreeMap::new();
        let mut due: BTreeMap<Due, usize> = BTreeMap::new();
        for list in &own {
            *standings.entry(list.standing).or_default() += 1;
            if let Some(why) = list.due {
                *due.entry(why).or_default() += 1;
            }
        }
        let words = |counts: Vec<(&str, usize)>| {
            let words: Vec<_> = counts.iter().map(|(word, n)| format!("{n} {word}")).collect();
            if words.is_empty() { "none".to_owned() } else { words.join(", ") }
        };
        let standings = words(standings.iter().map(|(s, n)| (s.as_str(), *n)).collect());
        let due = words(due.iter().map(|(due, n)| (due.as_str(), *n)).collect());
        // Every generation's list has all entries of its partition.
        let entries: BTreeMap<CoverageCode, u64> = own
            .iter()
            .filter(|list| list.partition.0 != Coverage::Everything)
            .filter_map(|list| Some((list.partition, list.last.as_ref()?.entries)))
            .collect();
        let entries: u64 = entries.values().sum();
        let size: u64 =
            own.iter().filter_map(|list| list.last.as_ref()).map(|last| last.size).sum();
        lines.push(format!(
            "{:<19} {:>5} lists: {standings}; due: {due}; {entries} entries, {size} octets",
            ca.as_str(),
            own.len(),
        ));
    }
    let ailing: Vec<&ListStatus> =
        lists.iter().filter(|list| list.standing != Standing::Fresh).collect();
    for list in ailing.iter().take(SHOWN) {
        let last = list.last.as_ref().map_or_else(String::new, |last| {
            format!("  no. {}, {} to {}", last.number, last.this_update, last.next_update)
        });
        lines.push(format!(
            "{:<8} {}-{} {} {}{last}",
            list.standing.as_str(),
            list.ca,
            list.generation,
            list.partition,
            place(list),
        ));
    }
    if ailing.len() > SHOWN {
        lines.push(format!("and {} more: --json names them all", ailing.len() - SHOWN));
    }
    if !ailing.is_empty() {
        let is_full = |list: &&ListStatus| list.partition.0 == Coverage::Everything;
        let full = if ailing.iter().any(is_full) { " --full" } else { "" };
        lines.push(format!("next        jpki crl publish{full}"));
    }
    lines.join("\n")
}

/// The partition for people.
fn place(list: &ListStatus) -> String {
    match list.partition.0 {
        Coverage::Partition(Partition::Municipality(municipality)) => {
            format!("{}{}", municipality.prefecture(), municipality.name())
        }
        Coverage::Everything => "全件".to_owned(),
        Coverage::Partition(_) => "認証局".to_owned(),
    }
}

#[derive(Serialize)]
struct StatusJson<'a> {
    status: &'a str,
    lists: Vec<ListJson>,
}

#[derive(Serialize)]
struct ListJson {
    ca: CaName,
    generation: u16,
    partition: String,
    status: &'static str,
    due: Option<&'static str>,
    number: Option<u64>,
    publication: Option<u64>,
    this_update: Option<String>,
    next_update: Option<String>,
    entries: Option<u64>,
    size: Option<u64>,
}

impl ListJson {
    fn of(list: &ListStatus) -> Self {
        let last = list.last.as_ref();
        Self {
            ca: list.ca,
            generation: list.generation.get(),
            partition: list.partition.to_string(),
            status: list.standing.as_str(),
            due: list.due.map(Due::as_str),
            number: last.map(|last| last.number),
            publication: last.map(|last| last.publication),
            this_update: last.map(|last| last.this_update.to_string()),
            next_update: last.map(|last| last.next_update.to_string()),
            entries: last.map(|last| last.entries),
            size: last.map(|last| last.size),
        }
    }
}

/// Lists that are named in the text.
const SHOWN: usize = 10;
