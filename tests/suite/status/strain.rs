//! Many idle connections, and a full disk.

use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::ToldStatus;

use crate::serve::Served;
use crate::serve::connect;
use crate::serve::connections::crowd;
use crate::serve::get;
use crate::serve::heedless;

use super::CA;
use super::FIRST;
use super::OCSP_AND_ADMIN;
use super::ask_for;
use super::ask_once;
use super::founded;
use super::id;
use super::populate;
use super::post;
use super::told;

#[test]
fn ten_thousand_idle_connections_keep_nobody_from_being_answered() {
    let stage = founded();
    populate(&stage, 1, "");
    // Longer than this takes.
    stage.set("head_seconds = 10", "head_seconds = 600");
    let served = Served::start(&stage, OCSP_AND_ADMIN);
    let (address, admin) = (served.address("ocsp"), served.address("admin"));
    let der = ask_once(&id(&stage, CA, Hash::Sha1, FIRST), b"a nonce");
    let ask = || assert_eq!(told(&post(&mut connect(address), &der)), ToldStatus::Good);
    if let Some(mut idle) = crowd(address, admin, "ocsp", ask) {
        let newest = idle.last_mut().unwrap();
        assert_eq!(told(&post(newest, &der)), ToldStatus::Good, "it has its place");
    }
    assert_eq!(served.stop().0, Some(0));
}

/// A responder writes nothing but, now and then, how many it has answered.
#[test]
fn a_full_disk_keeps_nobody_from_being_answered() {
    let stage = founded();
    populate(&stage, 2, "");
    for (round, serial) in (FIRST..FIRST + 2).enumerate() {
        let words = format!("serve --json {OCSP_AND_ADMIN}");
        let served = Served::start_command(heedless(&stage, &words));
        let mut stream = connect(served.address("ocsp"));
        let asked = id(&stage, CA, Hash::Sha1, serial);
        let mut ask = || {
            let both = [ask_for(std::slice::from_ref(&asked)), ask_once(&asked, b"nonce")];
            let [kept, once] = both.map(|der| told(&post(&mut stream, &der)));
            assert_eq!(kept, once);
            kept
        };
        assert_eq!(ask(), ToldStatus::Good);
        served.fill_disk(true);
        assert_eq!(ask(), ToldStatus::Good);
        // Where there is room for others, what they do is seen.
        let words = "revoke --ca user-authentication --reason superseded --serial";
        stage.plain(&format!("{words} {serial}")).exits(0);
        assert!(matches!(ask(), ToldStatus::Revoked { .. }));
        let admin = served.address("admin");
        assert_eq!(get(admin, "/healthz", &[]).status, 200);
        let ready = get(admin, "/readyz", &[]);
        assert_eq!(ready.status, 200, "{}", ready.text());
        let has_room = round == 1;
        if has_room {
            served.fill_disk(false);
        }
        let (code, log) = served.stop();
        assert_eq!(code, Some(0), "{log:?}");
        let lost = log.iter().any(|line| line.contains("could not be recorded"));
        assert_eq!(lost, !has_room, "{log:?}");
    }
    let entries = stage.plain("audit list --json").exits(0).lines();
    let counted: Vec<_> = entries.iter().filter(|entry| entry["act"] == "answered").collect();
    let [counted] = counted[..] else { panic!("{counted:?}") };
    assert_eq!((&counted["count"], &counted["refused"]), (&6.into(), &0.into()));
    assert_eq!(stage.plain("audit verify --json").exits(0).json()["status"], "sound");
}
