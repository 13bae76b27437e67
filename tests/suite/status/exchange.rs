//! What HTTP makes of it: the ways in which requests are written into a path, what others may keep and
//! for how long, conditions, connections.

use std::io::Write as _;

use base64ct::Base64;
use base64ct::Base64Unpadded;
use base64ct::Base64Url;
use base64ct::Base64UrlUnpadded;
use base64ct::Encoding as _;
use jpki_ca::credential::Serial;
use jpki_ca::ocsp::Hash;
use jpki_ca::ocsp::ToldStatus;

use crate::serve::Answer;
use crate::serve::Served;
use crate::serve::connect;
use crate::serve::request;
use crate::serve::tls::certificates;
use crate::serve::tls::secure;
use crate::stage::NOW;
use crate::stage::Stage;
use crate::stage::line_with_key;

use super::CA;
use super::FIRST;
use super::OCSP;
use super::OCSP_AND_ADMIN;
use super::ask_for;
use super::ask_once;
use super::founded;
use super::get;
use super::id;
use super::path;
use super::populate;
use super::post;
use super::read;
use super::told;

/// A request whose base64 has every character that may trouble anybody.
fn troublesome(stage: &Stage) -> Vec<u8> {
    let id = id(stage, CA, Hash::Sha1, FIRST);
    let mut requests = (1..30).map(|length| ask_once(&id, &vec![0xfb; length]));
    let is_troublesome = |der: &Vec<u8>| {
        let text = Base64::encode_string(der);
        text.contains('+') && text.contains('/') && text.ends_with('=')
    };
    requests.find(is_troublesome).unwrap()
}

#[test]
fn curl_is_answered_however_it_writes_the_request() {
    let stage = founded();
    populate(&stage, 1, "");
    let served = Served::start(&stage, OCSP);
    let url = format!("http://{}", served.address("ocsp"));
    let der = troublesome(&stage);
    stage.write("request.der", &der);
    let [standard, url_safe] = [Base64::encode_string(&der), Base64Url::encode_string(&der)];
    let upper = standard.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let lower = standard.replace('+', "%2b").replace('/', "%2f").replace('=', "%3d");
    let everything: String = standard.bytes().map(|octet| format!("%{octet:02x}")).collect();
    let mut asked = vec![
        "--data-binary @request.der -H content-type:application/ocsp-request".to_owned(),
        "--http2-prior-knowledge --data-binary @request.der -H \
         content-type:application/ocsp-request"
            .to_owned(),
    ];
    for text in [
        standard.clone(),
        Base64Unpadded::encode_string(&der),
        upper.clone(),
        upper.trim_end_matches("%3D").to_owned(),
        lower,
        url_safe,
        Base64UrlUnpadded::encode_string(&der),
        everything,
        standard.replace('+', "%20"),
        format!("/{standard}"),
    ] {
        asked.push(format!("--path-as-is --url {url}/{text}"));
    }
    for words in asked {
        let target = if words.contains("--url") { "" } else { &url };
        let line = format!(
            "curl -sS -o answer.ors -w '%{{http_code}} %{{content_type}}' {words} {target}"
        );
        let run = stage.shell(&line).exits(0);
        assert_eq!(run.stdout, "200 application/ocsp-response", "{words}");
        let nonce = "openssl ocsp -respin answer.ors -reqin request.der -CAfile \
                     home/ca/user-authentication-1.pem";
        let run = stage.shell(nonce).exits(0).says("Response verify OK");
        assert!(!run.stderr.contains("nonce"), "{words}: {run:?}");
    }
}

/// The seconds that others may keep an answer.
#[track_caller]
fn max_age(answer: &Answer) -> i64 {
    let value = answer.header("cache-control").unwrap();
    let (age, rest) = value.strip_prefix("max-age=").unwrap().split_once(',').unwrap();
    assert_eq!(rest, " public, no-transform, must-revalidate");
    age.parse().unwrap()
}

#[test]
fn an_answer_without_a_nonce_says_how_long_it_may_be_kept() {
    let stage = Stage::founded();
    stage.write_lines("batch.jsonl", &[line_with_key(1)]);
    stage.jpki("issue --batch batch.jsonl --out out").exits(0);
    let served = Served::start(&stage, &format!("{OCSP} --at {NOW}"));
    let mut stream = connect(served.address("ocsp"));
    let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    let posted = post(&mut stream, &der);
    let got = get(&mut stream, &der, &[]);
    assert_eq!(posted.body, got.body, "one answer, kept");
    for answer in [&posted, &got] {
        assert_eq!(max_age(answer), 900);
        assert_eq!(answer.header("date"), Some("Thu, 02 Apr 2026 00:00:00 GMT"));
        assert_eq!(answer.header("last-modified"), Some("Thu, 02 Apr 2026 00:00:00 GMT"));
        assert_eq!(answer.header("expires"), Some("Thu, 02 Apr 2026 00:30:00 GMT"));
        assert_eq!(answer.header("content-length"), Some(&*answer.body.len().to_string()));
    }
    let etag = got.header("etag").unwrap();
    assert_eq!(posted.header("etag"), Some(etag));
    stage.write("answer.ors", &got.body);
    let sum = stage.shell("sha256sum answer.ors").exits(0).stdout;
    assert_eq!(etag, format!("\"{}\"", &sum[..64]));

    let head = request(&mut stream, "HEAD", &path(&der), &[]);
    assert_eq!((head.status, head.header("etag")), (200, Some(etag)));
    assert_eq!(head.header("content-length"), got.header("content-length"));
    for fields in [
        vec![format!("if-none-match: {etag}")],
        vec![format!("if-none-match: \"x\", W/{etag}")],
        vec!["if-none-match: *".to_owned()],
    ] {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        for method in ["GET", "HEAD"] {
            let answer = request(&mut stream, method, &path(&der), &fields);
            assert_eq!(answer.status, 304, "{method} {fields:?}");
            assert_eq!(answer.header("etag"), Some(etag));
            assert_eq!(max_age(&answer), 900);
            assert!(answer.header("expires").is_some() && answer.body.is_empty());
        }
    }
    let other = get(&mut stream, &der, &["if-none-match: \"x\""]);
    assert_eq!((other.status, &other.body), (200, &got.body));
    // With a nonce an answer is for one.
    let once = get(
        &mut stream,
        &ask_once(&id(&stage, CA, Hash::Sha1, FIRST), b"n"),
        &["if-none-match: *"],
    );
    assert_eq!((once.status, once.header("cache-control")), (200, Some("no-store")));
    assert_eq!(told(&once), ToldStatus::Good);
}

/// Seconds are all that HTTP's dates have: two answers of one second must not be taken for one.
#[test]
fn a_date_alone_does_not_spare_anyone_an_answer() {
    let stage = Stage::founded();
    stage.write_lines("batch.jsonl", &[line_with_key(1)]);
    stage.jpki("issue --batch batch.jsonl --out out").exits(0);
    let served = Served::start(&stage, &format!("{OCSP} --at {NOW}"));
    let mut stream = connect(served.address("ocsp"));
    let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    let good = get(&mut stream, &der, &[]);
    assert_eq!(told(&good), ToldStatus::Good);
    stage.jpki("revoke --ca user-authentication --serial 3 --reason key-compromise").exits(0);
    let [etag, modified] = ["etag", "last-modified"].map(|name| good.header(name).unwrap());
    for field in [
        format!("if-modified-since: {modified}"),
        "if-modified-since: Fri, 03 Apr 2026 00:00:00 GMT".to_owned(),
        format!("if-none-match: {etag}"),
    ] {
        let answer = get(&mut stream, &der, &[&field]);
        assert_eq!(answer.header("last-modified"), Some(modified), "the same second");
        assert!(matches!(told(&answer), ToldStatus::Revoked { .. }), "{field}");
    }
}

#[test]
fn nobody_may_keep_an_answer_past_its_end() {
    let stage = Stage::founded();
    stage.write_lines("batch.jsonl", &[line_with_key(1)]);
    stage.jpki("issue --batch batch.jsonl --out out").exits(0);
    // The responder's certificate ends within the life of the answer.
    let end = "2026-04-30T23:59:59+09:00";
    for (at, age) in [("2026-04-30T23:59:00+09:00", 59), ("2026-04-30T23:40:00+09:00", 900)] {
        let served = Served::start(&stage, &format!("{OCSP} --at {at}"));
        let answer = super::ask(served.address("ocsp"), &id(&stage, CA, Hash::Sha1, FIRST));
        assert_eq!(max_age(&answer), age);
        assert_eq!(read(&answer).told()[0].next_update, Some(end.parse().unwrap()));
        assert_eq!(answer.header("expires"), Some("Thu, 30 Apr 2026 14:59:59 GMT"));
    }
    let at = "2026-04-10T09:00:00+09:00";
    for (from, to, age) in [
        ("cache_minutes = 15", "cache_minutes = 0", 0),
        ("cache_minutes = 0", "cache_minutes = 5", 300),
        ("life_minutes = 30\n", "life_minutes = 2\n", 120),
    ] {
        stage.set(from, to);
        if age == 120 {
            stage.set("stale_minutes = 15", "stale_minutes = 1");
        }
        let served = Served::start(&stage, &format!("{OCSP} --at {at}"));
        let answer = super::ask(served.address("ocsp"), &id(&stage, CA, Hash::Sha1, FIRST));
        assert_eq!(max_age(&answer), age, "{to}");
    }
}

#[test]
fn one_connection_serves_many_requests_and_http_2_is_spoken() {
    let stage = founded();
    populate(&stage, 4, "");
    let served = Served::start(&stage, OCSP);
    let address = served.address("ocsp");
    let mut stream = connect(address);
    for number in 0..50 {
        let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST + number % 4)]);
        assert_eq!(told(&post(&mut stream, &der)), ToldStatus::Good);
        assert_eq!(told(&get(&mut stream, &der, &[])), ToldStatus::Good);
    }
    // Sent one behind the other before any answer is read.
    let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST)]);
    let one = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", path(&der));
    stream.write_all(one.repeat(20).as_bytes()).unwrap();
    for _ in 0..20 {
        assert_eq!(told(&Answer::read(&mut stream, "GET")), ToldStatus::Good);
    }
    // HTTP/1.0 has connections for one request.
    let mut old = connect(address);
    old.write_all(format!("GET {} HTTP/1.0\r\n\r\n", path(&der)).as_bytes()).unwrap();
    assert_eq!(told(&Answer::read(&mut old, "GET")), ToldStatus::Good);
    let words = "curl -sS --http2-prior-knowledge -o answer -w '%{http_code} %{http_version}'";
    let run = stage.shell(&format!("{words} 'http://{address}{}'", path(&der))).exits(0);
    assert_eq!(run.stdout.trim(), "200 2");
}

#[test]
fn over_tls_one_connection_of_http_2_serves_many_at_once() {
    const COUNT: u64 = 60;
    let stage = founded();
    populate(&stage, 4, "");
    certificates(&stage, &[]);
    stage.set("[serve.ocsp]\n# IP:PORT.\nlisten = \"\"", "[serve.ocsp]\nlisten = \"127.0.0.1:0\"");
    secure(&stage, "127.0.0.1:0", false);
    let served = Served::start(&stage, OCSP_AND_ADMIN);
    let url = format!("https://{}", served.address("ocsp"));
    let mut config = String::from("parallel\nparallel-max = 30\n");
    for number in 0..COUNT {
        let der = ask_for(&[id(&stage, CA, Hash::Sha1, FIRST + number % 4)]);
        let asked = if number % 2 == 0 {
            stage.write(&format!("asked-{number}"), der);
            format!(
                "url = \"{url}/\"\ndata-binary = \"@asked-{number}\"\n\
                 header = \"content-type: application/ocsp-request\"\n"
            )
        } else {
            format!("url = \"{url}{}\"\n", path(&der))
        };
        let end = if number + 1 < COUNT { "next\n" } else { "" };
        config.push_str(&format!(
            "{asked}cacert = \"tls/ca.pem\"\noutput = \"answer-{number}\"\n\
             write-out = \"%{{http_code}} %{{http_version}} %{{num_connects}}\\n\"\n{end}"
        ));
    }
    stage.write("curl.conf", config);
    let run = stage.shell("curl -sS -K curl.conf").exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len() as u64, COUNT, "{run:?}");
    assert!(lines.iter().all(|line| line.starts_with("200 2 ")), "{run:?}");
    for number in 0..COUNT {
        let answer = jpki_ca::ocsp::Answer::read(&stage.read(&format!("answer-{number}")));
        let Ok(jpki_ca::ocsp::Answer::Basic(answer)) = answer else { panic!("{number}") };
        let [told] = answer.told() else { panic!("{answer:?}") };
        assert_eq!(told.id.serial().map(Serial::get), Some(FIRST + number % 4));
    }
    let metrics = crate::serve::get(served.address("admin"), "/metrics", &[]);
    let accepted = "jpki_http_connections_accepted_total{role=\"ocsp\"} 1";
    assert!(metrics.text().lines().any(|line| line == accepted), "{}", metrics.text());
    assert_eq!(served.stop().0, Some(0));
}
