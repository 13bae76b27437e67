//! The interface as its document has it.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::Served;
use super::home;

/// The operations of the document, with what each may be answered with.
fn operations(document: &Value) -> Vec<(String, BTreeSet<&str>)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap().keys();
            found.push((format!("{method} {path}"), answers.map(String::as_str).collect()));
        }
    }
    found
}

#[test]
fn the_document_says_all_that_is_served() {
    let stage = home();
    let served = Served::of(&stage);
    let document = served.get("auditor", "/openapi.json").is(200);
    assert_eq!(served.get("kiyose", "/v1/openapi.json").is(200), document);
    served.stop();
    assert_eq!(document["openapi"], "3.1.0");
    let always = ["400", "403", "500", "503"];
    let posted = ["408", "413", "415"];
    let expected = [
        ("post /v1/certificates", [&["200", "201", "409", "422"][..], &always, &posted].concat()),
        ("get /v1/certificates/{ca}/{serial}", [&["200", "404", "410"][..], &always].concat()),
        ("post /v1/events", [&["200"][..], &always, &posted].concat()),
        ("post /v1/revocations", [&["200", "409", "422"][..], &always, &posted].concat()),
        ("get /v1/why/{ca}/{serial}", [&["200", "404", "410"][..], &always].concat()),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(name, answers)| (name.to_owned(), answers.into_iter().collect()))
        .collect();
    assert_eq!(operations(&document), expected);
    // What an answer refers to is there.
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for part in text.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    let problem = &document["components"]["schemas"]["Problem"];
    assert_eq!(problem["required"], json!(["status", "title"]));
    // What batch lines have besides belongs elsewhere here.
    let holder = &document["components"]["schemas"]["HolderForm"];
    assert!(
        holder["properties"]["request_id"].is_null() && holder["properties"]["name"].is_object()
    );
    assert_eq!(holder["additionalProperties"], json!(false));
}
