//! The generations of an authority's key: links between them, taking over at a stated time, compromise.

mod compromise;
mod links;
mod rehearsal;
mod served;
mod takeover;

use serde_json::Value;

use crate::stage::Stage;

/// The generations of the signature authority, as `jpki ca list` shows them at an instant.
#[track_caller]
fn generations(stage: &Stage, at: &str) -> Vec<Value> {
    let list = stage.plain(&format!("ca list --json --at {at}")).exits(0).json();
    let all = list["generations"].as_array().unwrap().clone();
    all.into_iter().filter(|one| one["ca"] == "signature").collect()
}

/// The generation of the signature certificate among those that were issued.
#[track_caller]
fn signature(issued: &Value) -> &Value {
    let all = issued["certificates"].as_array().unwrap();
    all.iter().find(|one| one["ca"] == "signature").unwrap()
}
