//! Stores that are not what they should be.

use std::fs;

use rusqlite::Connection;

use crate::stage::SIGNATURE;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::holder;

const STORE: &str = "home/store.db";

/// Puts `strange` in the place of the store and sees every command refuse it, say so, and leave it;
/// with the true store back everything works.
fn refused(says: &str, strange: impl FnOnce(&Stage)) {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    let store = stage.read(STORE);
    strange(&stage);
    let there = fs::read(stage.path(STORE)).ok();
    for words in [
        issue,
        &format!("revoke {THE_SIGNATURE} --reason superseded"),
        "recover",
        "audit verify",
        "verify home/ca/signature-1.cer",
    ] {
        stage.jpki(words).exits(5).says(says);
    }
    assert_eq!(fs::read(stage.path(STORE)).ok(), there, "it was not touched");
    assert!(!stage.path("out").exists());
    stage.write(STORE, store);
    stage.jpki(issue).exits(0);
    stage.is_whole();
}

fn sql(stage: &Stage, file: &str, text: &str) {
    Connection::open(stage.path(file)).unwrap().execute_batch(text).unwrap();
}

#[test]
fn a_store_of_a_newer_version() {
    refused("use the newer program", |stage| sql(stage, STORE, "PRAGMA user_version = 1000"));
}

#[test]
fn another_programs_database() {
    refused("not one of this program's", |stage| {
        fs::remove_file(stage.path(STORE)).unwrap();
        sql(stage, STORE, "CREATE TABLE song (title TEXT)");
    });
}

#[test]
fn a_text_file() {
    refused("not one of this program's", |stage| stage.write(STORE, "songs\n".repeat(1000)));
}

#[test]
fn an_empty_file() {
    refused("not one of this program's", |stage| stage.write(STORE, ""));
}

#[test]
fn a_store_that_was_cut_off() {
    refused("the store is damaged", |stage| {
        let bytes = stage.read(STORE);
        stage.write(STORE, &bytes[..bytes.len() / 2]);
    });
}

#[test]
fn a_store_that_is_missing() {
    refused("there is no store", |stage| fs::remove_file(stage.path(STORE)).unwrap());
}

#[test]
fn certificates_whose_bytes_were_changed_are_not_handed_out() {
    let stage = Stage::founded();
    stage.issue(&holder("p-1"), "--request-id r-1");
    let genuine = stage.read(SIGNATURE);
    sql(&stage, STORE, "UPDATE tbs SET der = zeroblob(length(der)) WHERE id > 2");
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out --request-id r-1";
    stage.jpki(issue).exits(5).says("not those that were recorded");
    stage.jpki(&format!("verify {SIGNATURE}")).exits(5).says("not those that were recorded");
    assert_eq!(stage.read(SIGNATURE), genuine);
}

#[test]
fn another_homes_store_is_refused() {
    let stage = Stage::founded();
    stage.plain("init --home other --algorithm p256 --at 2026-04-01T00:00:00Z").exits(0);
    stage.write_json("holder.json", &holder("p-1"));
    fs::copy(stage.path("other/store.db"), stage.path(STORE)).unwrap();
    let issue = "issue --holder holder.json --holder-algorithm p256 --out out";
    stage.jpki(issue).exits(2).says("key");
    assert!(!stage.path("out").exists());
}
