//! Several keys at once, and keys that change while the server answers.

use std::fs;

use jpki_ca::credential::Serial;
use jpki_ca::ocsp::CertId;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::Refusal;
use jpki_ca::ocsp::ToldStatus;
use rustix::process::Signal;

use crate::serve::Served;
use crate::serve::connect;
use crate::serve::get;
use crate::stage::Stage;
use crate::stage::line_with_key;

use super::CA;
use super::FIRST;
use super::OCSP;
use super::OCSP_AND_ADMIN;
use super::ask;
use super::ask_for;
use super::ask_once;
use super::founded;
use super::id;
use super::issuer;
use super::load::under_load;
use super::populate;
use super::post;
use super::read;
use super::refused;
use super::told;
use super::until;

/// The responder's certificate in the answer about somebody.
fn responder(served: &Served, id: &CertId) -> Vec<u8> {
    read(&ask(served.address("ocsp"), id)).certificates()[0].clone()
}

/// What OpenSSL says of a certificate, asking as one of the authority's generations has it.
#[track_caller]
fn openssl(stage: &Stage, served: &Served, generation: u16, serial: u64) -> String {
    let issuer = format!("home/ca/user-authentication-{generation}.pem");
    let line = format!(
        "openssl ocsp -issuer {issuer} -CAfile {issuer} -serial {serial} -url http://{}",
        served.address("ocsp")
    );
    let run = stage.shell(&line).exits(0).says("Response verify OK");
    let (_, said) = run.stdout.lines().next().unwrap().split_once(": ").unwrap();
    said.to_owned()
}

#[test]
fn each_generation_is_answered_for_by_its_own_responder() {
    let stage = founded();
    populate(&stage, 2, "");
    let mut served = Served::start(&stage, OCSP_AND_ADMIN);
    // While it serves.
    stage.plain("ca rollover --ca user-authentication").exits(0);
    stage.write_lines("batch.jsonl", &[line_with_key(3)]);
    let issued = stage.plain("issue --batch batch.jsonl --out out --json").exits(0).lines();
    let certificate = &issued[0]["certificates"][0];
    assert_eq!(certificate["generation"], 2);
    let new: u64 = certificate["serial"].as_str().unwrap().parse().unwrap();
    let second = issuer(&stage, CA, 2);
    let named = CertId::new(Hash::Sha256, second.hashes(), Serial::new(new).unwrap());
    let mut stream = connect(served.address("ocsp"));
    let der = ask_for(std::slice::from_ref(&named));
    until("the new generation's responder", || {
        let answer = post(&mut stream, &der);
        answer.body.len() > 5 || {
            // Nobody knew it yet: nothing wrong was said.
            let said = refused(&answer);
            assert!(matches!(said, Refusal::Unauthorized | Refusal::TryLater), "{said}");
            false
        }
    });
    served.logs("taken up");
    stage.plain("revoke --ca user-authentication --serial 4 --reason superseded").exits(0);
    assert_eq!(openssl(&stage, &served, 1, FIRST), "good");
    assert_eq!(openssl(&stage, &served, 1, 4), "revoked");
    assert_eq!(openssl(&stage, &served, 2, new), "good");
    // Each number was used by one of the keys.
    assert_eq!(openssl(&stage, &served, 1, new), "unknown");
    assert_eq!(openssl(&stage, &served, 2, FIRST), "unknown");
    assert_eq!(openssl(&stage, &served, 2, 4), "unknown");
    for (generation, name) in [(1, id(&stage, CA, Hash::Sha1, FIRST)), (2, named)] {
        let file = format!("home/ca/ocsp-user-authentication-{generation}.cer");
        assert_eq!(responder(&served, &name), stage.read(&file));
    }
    // No generation signs what the other is asked for.
    let line = "openssl ocsp -issuer home/ca/user-authentication-2.pem -CAfile \
                home/ca/user-authentication-1.pem -serial";
    let run = stage.shell(&format!("{line} {new} -url http://{}", served.address("ocsp")));
    assert!(run.stderr.contains("Response Verify Failure"), "{run:?}");
    assert_eq!(get(served.address("admin"), "/healthz", &[]).status, 200);
}

#[test]
fn a_rotated_key_is_taken_up_while_others_are_answered() {
    let stage = founded();
    populate(&stage, 4, "");
    let served = Served::start(&stage, OCSP);
    let address = served.address("ocsp");
    let ids: Vec<_> = (FIRST..FIRST + 4).map(|n| id(&stage, CA, Hash::Sha1, n)).collect();
    let ask_each = &|stream: &mut std::net::TcpStream| {
        for id in &ids {
            assert_eq!(told(&post(stream, &ask_once(id, b"one of many"))), ToldStatus::Good);
            assert_eq!(told(&post(stream, &ask_for(std::slice::from_ref(id)))), ToldStatus::Good);
        }
    };
    let file = "home/ca/ocsp-user-authentication-1.cer";
    let (waited, rounds) = under_load(
        address,
        3,
        |_| ask_each,
        || {
            let mut waited = Vec::new();
            for _ in 0..2 {
                let before = stage.read(file);
                assert_eq!(responder(&served, &ids[0]), before);
                stage.plain("ocsp rotate --ca user-authentication").exits(0);
                let now = stage.read(file);
                assert_ne!(now, before);
                waited.push(until("the new key", || responder(&served, &ids[0]) == now));
                // What was kept is signed anew as well.
                for id in &ids {
                    assert_eq!(responder(&served, id), now);
                }
            }
            waited
        },
    );
    assert!(rounds > 2, "{rounds}");
    // It looks every five seconds.
    assert!(waited.iter().all(|waited| waited.as_secs() < 30), "{waited:?}");
    assert_eq!(served.stop().0, Some(0));
}

#[test]
fn a_compromised_key_signs_nothing_from_the_report_on() {
    let stage = founded();
    populate(&stage, 1, "");
    let served = Served::start(&stage, OCSP);
    let known = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    let mut stream = connect(served.address("ocsp"));
    // Twice: signed, and kept.
    for _ in 0..2 {
        assert_eq!(told(&post(&mut stream, &known)), ToldStatus::Good);
    }
    stage.plain("ocsp rotate --ca user-authentication --compromised").exits(0);
    let now = stage.read("home/ca/ocsp-user-authentication-1.cer");
    until("the new key", || {
        let answer = post(&mut stream, &known);
        let is_signed = answer.body.len() > 5;
        if is_signed {
            assert_eq!(read(&answer).certificates(), std::slice::from_ref(&now));
        } else {
            assert_eq!(refused(&answer), Refusal::TryLater);
        }
        is_signed
    });
    assert_eq!(told(&post(&mut stream, &known)), ToldStatus::Good);
    assert_eq!(served.stop().0, Some(0));
}

#[test]
fn settings_and_keys_are_read_anew_under_a_live_connection() {
    let stage = founded();
    populate(&stage, 1, "");
    let mut served = Served::start(&stage, OCSP);
    let mut stream = connect(served.address("ocsp"));
    let known = id(&stage, CA, Hash::Sha1, FIRST);
    let unused = id(&stage, CA, Hash::Sha1, 5000);
    let cache = |stream: &mut std::net::TcpStream| {
        let answer = post(stream, &ask_for(std::slice::from_ref(&known)));
        answer.header("cache-control").unwrap().split(',').next().unwrap().to_owned()
    };
    assert_eq!(cache(&mut stream), "max-age=900");
    stage.set("cache_minutes = 15", "cache_minutes = 5");
    stage.set("unissued = \"unknown\"", "unissued = \"revoked\"");
    let reload = |served: &mut Served, says: &str| {
        served.signal(Signal::HUP);
        served.logs(says);
    };
    assert_eq!(cache(&mut stream), "max-age=900", "nobody has told it");
    reload(&mut served, "read anew");
    assert_eq!(cache(&mut stream), "max-age=300");
    let answer = post(&mut stream, &ask_for(std::slice::from_ref(&unused)));
    assert_eq!(told(&answer), ToldStatus::NeverIssued);
    // Wrong settings, or a key that others can read: everything stays.
    stage.set("cache_minutes = 5", "cache_minutes = 50");
    reload(&mut served, "not read anew");
    stage.set("cache_minutes = 50", "cache_minutes = 1");
    let key = "home/keys/ocsp-user-authentication-1.key.pem";
    stage.shell(&format!("chmod 644 {key}")).exits(0);
    reload(&mut served, "not read anew");
    assert_eq!(cache(&mut stream), "max-age=300");
    stage.shell(&format!("chmod 600 {key}")).exits(0);
    reload(&mut served, "read anew");
    assert_eq!(cache(&mut stream), "max-age=60");
    assert_eq!(served.stop().0, Some(0));
}

#[test]
fn the_responders_keys_are_all_that_it_needs() {
    let stage = founded();
    populate(&stage, 1, "");
    stage.shell("cp -a home desk").exits(0);
    for name in stage.names("desk/keys") {
        if !name.starts_with("ocsp-") {
            fs::remove_file(stage.path(&format!("desk/keys/{name}"))).unwrap();
        }
    }
    assert_eq!(stage.names("desk/keys").len(), 2);
    let served = Served::start(&stage, &format!("{OCSP_AND_ADMIN} --home desk"));
    assert_eq!(openssl(&stage, &served, 1, FIRST), "good");
    let ready = get(served.address("admin"), "/readyz", &[]);
    assert_eq!(ready.status, 200, "{}", ready.text());
    // Without its own it answers for the other authority alone, and says so.
    drop(served);
    fs::remove_file(stage.path("desk/keys/ocsp-user-authentication-1.key.pem")).unwrap();
    let served = Served::start(&stage, &format!("{OCSP_AND_ADMIN} --home desk"));
    let answer = ask(served.address("ocsp"), &id(&stage, CA, Hash::Sha1, FIRST));
    assert_eq!(refused(&answer), Refusal::InternalError);
    let other = id(&stage, jpki_ca::credential::CaName::Signature, Hash::Sha1, 1);
    assert_eq!(told(&ask(served.address("ocsp"), &other)), ToldStatus::Good);
    let ready = get(served.address("admin"), "/readyz", &[]);
    assert_eq!(ready.status, 503);
    let why = ready.text().to_owned();
    assert!(why.contains("nobody answers for user-authentication 1: jpki ocsp rotate"), "{why}");
    drop(served);
    let served = Served::start(&stage, OCSP);
    assert_eq!(openssl(&stage, &served, 1, FIRST), "good");
}
