//! A story for every row of the event matrix: `testdata/stories/matrix.jsonl`, one per line, told with
//! the real command. Stories of one policy share a home, each with a person of its own, and time
//! passes for all of them together.
//!
//! `who` (a national, a foreigner, nobody on record), with `fields` of their own, `holds` certificates
//! on a card and a phone. At each step events arrive (`refused` names the code), the timers are run
//! (`tick`), or a certificate is applied for (`issue`; `answer` names the rule). `expect` is what
//! `jpki why` says after the last step: state, reason, article, what changed, and the number of the
//! event behind it, or the timer and the event since which it ran, or `command`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

use crate::stage::Stage;
use crate::stage::holder_with;

use super::set_policy;
use super::timers::every_chain_is_complete;

/// A certificate of a story.
struct Given {
    ca: String,
    serial: String,
    file: String,
}

/// A story while it is told.
struct Told {
    story: Value,
    person: String,
    form: Value,
    given: BTreeMap<String, Vec<Given>>,
    events: u32,
}

impl Told {
    fn new(number: usize, story: Value) -> Self {
        let person = format!("row-{:02}-{number}", story["row"]);
        let mut fields = match story["who"].as_str().unwrap() {
            "foreigner" => json!({
                "name": "ROSSI ANNA",
                "residence": { "category": "mid_long_term", "period_end": "2027-03-31" },
            }),
            _ => json!({}),
        };
        for (field, value) in story["fields"].as_object().into_iter().flatten() {
            fields[field] = value.clone();
        }
        let form = holder_with(&person, &fields);
        Self { story, person, form, given: BTreeMap::new(), events: 0 }
    }

    fn text(&self, field: &str) -> &str {
        self.story[field].as_str().unwrap_or_default()
    }

    fn name(&self) -> String {
        format!("row {}, {}", self.story["row"], self.text("story"))
    }

    fn steps(&self, day: &str) -> Vec<Value> {
        let steps = self.story["steps"].as_array().unwrap();
        steps.iter().filter(|step| step["at"] == day).cloned().collect()
    }

    fn last_day(&self) -> &str {
        let last = self.story["steps"].as_array().unwrap().last();
        last.map_or(QUIET, |step| step["at"].as_str().unwrap())
    }

    /// The application form with these fields; what is not of the form left out.
    fn form_with(&self, fields: &Value) -> Value {
        let mut form = self.form.clone();
        for (field, value) in fields.as_object().unwrap() {
            form[field] = value.clone();
        }
        form.as_object_mut().unwrap().remove("kind");
        form
    }

    fn take(&mut self, label: Option<&str>, carrier: &str, result: &Value) {
        for certificate in result["certificates"].as_array().unwrap() {
            let text = |field: &str| certificate[field].as_str().unwrap().to_owned();
            let place = format!("{carrier} {}", text("kind"));
            let file = certificate["files"][0].as_str().unwrap().to_owned();
            let given = Given { ca: text("ca"), serial: text("serial"), file };
            self.given.entry(label.unwrap_or(&place).to_owned()).or_default().push(given);
        }
    }

    /// The line of an event, what the story leaves out filled in.
    fn event(&mut self, day: &str, told: &Value, numbers: &mut BTreeMap<String, u64>) -> Value {
        self.events += 1;
        let mut event = told.clone();
        let fields = event.as_object_mut().unwrap();
        fields.remove("refused");
        if fields.remove("entry").is_some() {
            let items = ["name", "birth_date", "sex", "address", "municipality", "residence"];
            let changes = items.map(|item| (item, json!({ "new": self.form[item] })));
            fields.insert("changes".into(), changes.into_iter().collect());
        }
        let source = fields.entry("source").or_insert("132217".into()).as_str().unwrap();
        let number = numbers.entry(source.to_owned()).or_default();
        *number += 1;
        let happened = fields.entry("event_date").or_insert(day.into()).as_str().unwrap();
        let notified = if happened > day { day } else { happened }.to_owned();
        if fields.entry("notified_on").or_insert(notified.into()).is_null() {
            fields.remove("notified_on");
        }
        fields.insert("seq".into(), (*number).into());
        fields.insert("id".into(), format!("{}-{}", self.person, self.events).into());
        fields.insert("person".into(), self.person.as_str().into());
        fields.insert("recorded_at".into(), format!("{day}T09:30:00+09:00").into());
        event
    }
}

/// A day on which nothing happens.
const QUIET: &str = "2026-04-03";

fn stories() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/stories/matrix.jsonl");
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_row_of_the_event_matrix_has_a_story() {
    let rows: BTreeSet<u64> =
        stories().iter().map(|story| story["row"].as_u64().unwrap()).collect();
    assert_eq!(rows, (1..=48).collect());
}

#[test]
fn under_the_default_policy_every_story_ends_as_the_law_has_it() {
    let (default, _) = by_policy();
    tell(default);
}

#[test]
fn under_other_policies_the_stories_end_as_they_say() {
    let (_, others) = by_policy();
    for stories in others {
        tell(stories);
    }
}

/// The stories of the default policy, and those of each other one.
fn by_policy() -> (Vec<Value>, Vec<Vec<Value>>) {
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for story in stories() {
        groups.entry(story["policy"].to_string()).or_default().push(story);
    }
    let default = groups.remove("null").unwrap();
    (default, groups.into_values().collect())
}

/// Tells stories side by side, and compares.
fn tell(stories: Vec<Value>) {
    let stage = Stage::founded();
    for (switch, word) in stories[0]["policy"].as_object().into_iter().flatten() {
        set_policy(&stage, switch, word.as_str().unwrap());
    }
    let mut told: Vec<Told> =
        stories.into_iter().enumerate().map(|(number, story)| Told::new(number, story)).collect();
    begin(&stage, &mut told);
    let days: BTreeSet<String> = told
        .iter()
        .flat_map(|one| one.story["steps"].as_array().unwrap())
        .map(|step| step["at"].as_str().unwrap().to_owned())
        .chain([QUIET.to_owned()])
        .collect();
    let mut numbers = BTreeMap::new();
    let mut wrong = Vec::new();
    for day in days {
        arrive(&stage, &mut told, &day, &mut numbers, &mut wrong);
        for one in &mut told {
            apply(&stage, one, &day);
        }
        for one in told.iter().filter(|one| one.last_day() == day) {
            compare(&stage, one, &day, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // And whatever time does to all of them in the end.
    stage.jpki("feed tick --at 2027-06-01T09:00:00+09:00").exits(0);
    every_chain_is_complete(&stage);
    stage.record();
}

/// Everyone is entered and holds what their story has them hold.
fn begin(stage: &Stage, told: &mut [Told]) {
    let known = |one: &Told| one.text("who") != "nobody";
    let forms: Vec<Value> =
        told.iter().filter(|one| known(one)).map(|one| one.form.clone()).collect();
    stage.write_lines("residents.jsonl", &forms);
    let counts = stage.jpki("feed import residents.jsonl --json").exits(0).json();
    assert_eq!(counts["entered"], forms.len());
    for carrier in ["card", "phone"] {
        let mut holders: Vec<&mut Told> =
            told.iter_mut().filter(|one| one.text("holds").contains(carrier)).collect();
        if holders.is_empty() {
            continue;
        }
        let forms: Vec<Value> = holders.iter().map(|one| one.form.clone()).collect();
        stage.write_lines("batch.jsonl", &forms);
        let words = "issue --batch batch.jsonl --holder-algorithm p256 --out out --json --carrier";
        let results = stage.jpki(&format!("{words} {carrier}")).exits(0).lines();
        for (one, result) in holders.iter_mut().zip(&results) {
            one.take(None, carrier, result);
        }
    }
}

/// The events of a day, and the timers.
fn arrive(
    stage: &Stage,
    told: &mut [Told],
    day: &str,
    numbers: &mut BTreeMap<String, u64>,
    wrong: &mut Vec<String>,
) {
    let (mut lines, mut fates, mut tick) = (Vec::new(), Vec::new(), false);
    for one in told.iter_mut() {
        for step in one.steps(day) {
            tick |= step["tick"] == true;
            for event in step["events"].as_array().into_iter().flatten() {
                lines.push(one.event(day, event, numbers));
                fates.push((one.name(), event["refused"].as_str().unwrap_or("").to_owned()));
            }
        }
    }
    if !lines.is_empty() {
        stage.write_lines("events.jsonl", &lines);
        let run = stage.jpki(&format!("feed apply events.jsonl --json --at {day}T10:00:00+09:00"));
        let refused = fates.iter().any(|(_, codes)| !codes.is_empty());
        for ((outcome, line), (name, expected)) in run.lines().iter().zip(&lines).zip(&fates) {
            assert_eq!(outcome["id"], line["id"]);
            let findings = outcome["findings"].as_array().into_iter().flatten();
            let codes: Vec<_> = findings.map(|one| one["code"].as_str().unwrap()).collect();
            let known = outcome["status"] == if codes.is_empty() { "applied" } else { "refused" };
            if !known || codes.join(" ") != *expected {
                wrong.push(format!("{name}: {} was {outcome}", line["id"]));
            }
        }
        assert_eq!(run.lines().len(), lines.len());
        if wrong.is_empty() {
            run.exits(i32::from(refused));
        }
    }
    if tick {
        stage.jpki(&format!("feed tick --at {day}T10:30:00+09:00")).exits(0);
    }
}

/// What is applied for or commanded on a day.
fn apply(stage: &Stage, one: &mut Told, day: &str) {
    for step in one.steps(day) {
        let at = format!("--at {day}T11:00:00+09:00");
        let options = step["options"].as_str().unwrap_or_default();
        let words = if let Some(command) = step["command"].as_str() {
            format!("{command} {at}")
        } else if step["issue"].is_object() {
            let kind = step["issue"]["kind"].as_str().unwrap();
            stage.write_json("holder.json", &one.form_with(&step["issue"]));
            format!(
                "issue --holder holder.json --holder-algorithm p256 --out out --json \
                 --kind {kind} {options} {at}"
            )
        } else {
            continue;
        };
        let run = stage.jpki(&words);
        if let Some(rule) = step["answer"].as_str() {
            run.refused(rule);
        } else {
            let result = run.exits(0).json();
            one.take(step["as"].as_str(), "card", &result);
        }
    }
}

/// What `why` says of every certificate of a story.
fn compare(stage: &Stage, one: &Told, day: &str, wrong: &mut Vec<String>) {
    for (label, expected) in one.story["expect"].as_object().unwrap() {
        for Given { ca, serial, .. } in &one.given[label] {
            let words = format!("why --ca {ca} --serial {serial} --json --at {day}T12:00:00+09:00");
            let said = why(&stage.jpki(&words).exits(0).json(), &one.person);
            if *expected != said {
                wrong.push(format!("{}: {label} was {said}, not {expected}", one.name()));
            }
        }
    }
    for (at, verdict) in one.story["verify"].as_object().into_iter().flatten() {
        for Given { file, .. } in one.given.values().flatten() {
            let said = stage.jpki(&format!("verify {file} --json --at {at}")).json();
            if said["verdict"] != *verdict {
                wrong.push(format!("{}: {file} at {at} was {}", one.name(), said["verdict"]));
            }
        }
    }
}

/// The chain behind a certificate's state, in one line.
fn why(json: &Value, person: &str) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let state = text(&json["state"]);
    if json["cause"].is_null() {
        return state;
    }
    let cause = &json["cause"];
    let change = text(&cause["change"]);
    let event = json["event"]["id"].as_str();
    let event = event.map(|id| id.strip_prefix(&format!("{person}-")).unwrap_or("a stranger"));
    let by = match (json["timer"]["timer"].as_str(), event) {
        (None, Some(event)) => event.to_owned(),
        (Some(timer), Some(event)) => format!("{timer} since {event}"),
        (Some(timer), None) => timer.to_owned(),
        (None, None) => change.clone(),
    };
    format!("{state} {} {} {change} by {by}", text(&json["reason"]), text(&cause["article"]))
}
