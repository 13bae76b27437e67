//! `GET /v1/certificates/{ca}/{serial}` and `GET /v1/why/{ca}/{serial}`.

use serde_json::json;

use crate::stage::holder;

use super::Served;
use super::asked;
use super::home;

#[test]
fn a_certificate_is_looked_up_without_its_holder() {
    let stage = home();
    let served = Served::of(&stage);
    let issued = served.issue(&stage, "a", &asked("p-1", 1)).is(201);
    let issued = &issued["certificates"][0];
    let path = "/v1/certificates/signature/4";
    let to_issuer = served.get("issuer", path).is(200);
    assert_eq!(to_issuer["pem"], issued["pem"]);
    let to_auditor = served.get("auditor", path).is(200);
    let expected = json!({
        "ca": "signature",
        "generation": 1,
        "serial": "4",
        "carrier": "card",
        "partition": "132217",
        "not_before": issued["not_before"],
        "not_after": issued["not_after"],
        "clause": "birthday5",
        "issued_at": "2026-04-02T00:00:00Z",
        "state": "live",
    });
    // The certificate itself states the four items.
    assert_eq!(to_auditor, expected);
    assert!(!to_auditor.to_string().contains("p-1") && !to_issuer.to_string().contains("p-1"));

    let hold = json!({ "ca": "signature", "serial": "4", "act": "hold" });
    served.post_json(&stage, "issuer", "/v1/revocations", &hold).is(200);
    let held = served.get("auditor", path).is(200);
    assert_eq!((&held["state"], &held["since"]), (&json!("held"), &json!("2026-04-02T00:00:00Z")));
    served.stop();
}

#[test]
fn what_a_compromised_key_issued_is_revoked_while_it_serves() {
    let stage = home();
    let served = Served::of(&stage);
    served.issue(&stage, "a", &asked("p-1", 1)).is(201);
    stage.jpki("ca compromise --ca signature --generation 1").exits(0);
    let standing = served.get("auditor", "/v1/certificates/signature/4").is(200);
    let why = served.get("auditor", "/v1/why/signature/4").is(200);
    for said in [&standing, &why] {
        let said = json!([said["state"], said["since"], said["reason"]]);
        assert_eq!(said, json!(["revoked", "2026-04-02T00:00:00Z", "ca-compromise"]));
    }
    let cause = &why["cause"];
    assert_eq!(json!([cause["change"], cause["article"]]), json!(["ca-compromise", "piaa-14"]));
    let act = json!({ "ca": "signature", "serial": "4", "act": "hold" });
    let refused = served.post_json(&stage, "issuer", "/v1/revocations", &act);
    refused.refused(422, Some("R-ALREADY-REVOKED"));
    // From the next request on it issues to nobody, until there is another generation.
    let again =
        |key: &str, person: &str, number: u64| served.issue(&stage, key, &asked(person, number));
    again("b", "p-2", 2).refused(422, Some("R-CA-COMPROMISED"));
    let same = again("a", "p-1", 1).is(200);
    assert_eq!(same["certificates"][0]["serial"], "4", "what was asked before is not another");
    stage.jpki("ca rollover --ca signature").exits(0);
    assert_eq!(again("c", "p-2", 2).is(201)["certificates"][0]["generation"], 2);
    let mut one = asked("p-1", 3);
    one["public_keys"].as_object_mut().unwrap().remove("user-authentication");
    one["kind"] = json!("signature");
    let renewed = served.issue(&stage, "d", &one).is(201);
    assert_eq!(renewed["certificates"][0]["generation"], 2, "no renewal is asked for");
    served.stop();
    stage.is_whole();
}

#[test]
fn a_certificate_whose_time_is_up_is_expired() {
    let stage = home();
    stage.issue(&holder("p-1"), "");
    let served = Served::with(&stage, "--at 2031-04-02T09:00:00+09:00");
    for path in ["/v1/certificates/signature/4", "/v1/why/signature/4"] {
        assert_eq!(served.get("auditor", path).is(200)["state"], "expired", "{path}");
    }
    served.stop();
}

#[test]
fn the_authoritys_own_are_looked_up_too() {
    let stage = home();
    let served = Served::of(&stage);
    let own = served.get("issuer", "/v1/certificates/signature/1").is(200);
    assert_eq!((&own["carrier"], &own["partition"]), (&json!(null), &json!("000000")));
    assert_eq!(own["pem"], stage.read_text("home/ca/signature-1.pem"));
    served.stop();
}

#[test]
fn a_number_that_is_none_is_not_found() {
    let stage = home();
    let served = Served::of(&stage);
    for what in ["certificates", "why"] {
        let get = |name: &str| served.get("auditor", &format!("/v1/{what}/{name}"));
        get("signature/99").refused(404, Some("R-UNKNOWN-SERIAL"));
        for (bad, item) in [
            ("signature/0", "serial"),
            ("signature/03", "serial"),
            ("signature/0x3", "serial"),
            ("signature/%E5%B1%B1%E7%94%B0", "serial"),
            ("root/3", "ca"),
        ] {
            assert_eq!(get(bad).refused(400, Some("E-WORD"))["item"], item, "{bad}");
        }
        get("signature/%FF").refused(400, Some("E-WORD"));
    }
    served.stop();
}
