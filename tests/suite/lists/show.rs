//! Sessions with `jpki crl show`, `crl diff`, and `show` and `lint` of lists.

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::ops::Range;

use jpki_ca::asn1::KeyAlgorithm;
use jpki_ca::asn1::Name;
use jpki_ca::asn1::oid;
use jpki_ca::clock::Timestamp;
use jpki_ca::credential::Reason;
use jpki_ca::credential::Serial;
use jpki_ca::crl;
use jpki_ca::crl::Cause;
use jpki_ca::crl::Encoder;
use jpki_ca::crl::Entry;
use jpki_ca::crl::Envelope;
use jpki_ca::crl::Head;
use jpki_ca::crl::Measure;
use jpki_ca::crl::Scope;
use serde_json::Value;
use serde_json::json;

use crate::stage::Stage;
use crate::stage::holder;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn entry(serial: u64, cause: Cause) -> Entry {
    let serial = Serial::new(serial).unwrap();
    Entry { serial, at: time("2026-03-01T00:00:00Z"), cause, invalidity: None }
}

fn head(issuer: &Name, number: u64) -> Head<'_> {
    Head {
        algorithm: KeyAlgorithm::P256,
        issuer,
        key_id: [7; 20],
        number,
        this_update: time("2026-04-01T00:00:00Z"),
        next_update: time("2026-04-04T00:00:00Z"),
        scope: Scope::Everything,
        base: None,
    }
}

fn issuer() -> Name {
    Name::japan().with(oid::ORGANIZATION, "Example")
}

/// A list with something in place of a signature.
fn list(head: &Head<'_>, entries: &[Entry]) -> Vec<u8> {
    let mut tbs = Vec::new();
    crl::encode(head, entries.iter().collect(), entries.iter().copied(), &mut tbs).unwrap();
    let around = Envelope::new(head.algorithm, tbs.len() as u64, &[0xa5; 64]).unwrap();
    [around.before, tbs, around.behind].concat()
}

/// Entries with each reason that JPKI knows, the first with a date of invalidity.
fn every_reason() -> Vec<Entry> {
    let all = Reason::ALL.into_iter().zip(1..);
    let mut entries: Vec<_> =
        all.map(|(reason, serial)| entry(serial, Cause::Because(reason))).collect();
    entries[0].invalidity = Some(time("2026-02-28T15:00:00Z"));
    entries.push(entry(i64::MAX as u64, Cause::Because(Reason::Superseded)));
    entries
}

fn plain_entries(serials: Range<u64>) -> Vec<Entry> {
    serials.map(|serial| entry(serial, Cause::Because(Reason::KeyCompromise))).collect()
}

/// The lines that are entries.
fn entries(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["object"] == "entry").collect()
}

#[test]
fn every_reason_is_shown_in_both_languages() {
    let stage = Stage::empty();
    stage.write("list.crl", list(&head(&issuer(), 12), &every_reason()));
    let text = stage.plain("crl show list.crl").exits(0).stdout;
    for reason in Reason::ALL.into_iter().skip(1) {
        let line = format!("{} {}", reason.as_str(), reason.japanese());
        assert!(text.contains(&line), "{line}: {text}");
    }
    let first = "1           2026-03-01 09:00:00 JST (2026-03-01T00:00:00Z)  unspecified \
                 理由の指定なし  無効の起点 invalid since 2026-03-01 00:00:00 JST \
                 (2026-02-28T15:00:00Z)";
    assert!(text.contains(first), "{text}");
    assert!(text.contains("\n  9223372036854775807  "), "{text}");
    assert!(text.contains("12 (0x0C)") && text.contains("C=JP, O=Example"), "{text}");
    assert!(text.contains("計8件 8 in all"), "{text}");

    let lines = stage.plain("crl show list.crl --json").exits(0).lines();
    assert_eq!(lines.len(), 9);
    assert_eq!(lines[0]["object"], "revocation_list");
    assert_eq!(lines[0]["number"], "12");
    assert_eq!(lines[0]["base"], Value::Null);
    assert_eq!(lines[0]["this_update"]["utc"], "2026-04-01T00:00:00Z");
    assert_eq!(lines[0]["extensions"][0]["name"], "authority_key_identifier");
    assert_eq!(lines[1]["invalidity_date"]["jst"], "2026-03-01T00:00:00+09:00");
    assert_eq!(lines[1]["reason_code"], Value::Null);
    assert_eq!(lines[7]["reason"], "certificate-hold");
    assert_eq!(lines[8]["serial"], "9223372036854775807");

    // The head alone, whose few entries are counted.
    let only = stage.plain("crl show list.crl --head --json").exits(0).json();
    assert_eq!(only["entries"]["count"], 8);
    let text = stage.plain("crl show list.crl --head").exits(0).stdout;
    assert!(text.contains("8件 8 entries, ") && !text.contains("key-compromise"), "{text}");

    // Out of a pipe the extensions come last, and say so.
    let piped = stage.shell("cat list.crl | jpki crl show --json -").exits(0).lines();
    assert_eq!(piped[0]["extensions"], Value::Null);
    assert_eq!(piped[9]["object"], "extensions");
    assert_eq!(piped[9]["extensions"], lines[0]["extensions"]);
    assert_eq!(entries(&piped), entries(&lines));
    let text = stage.shell("cat list.crl | jpki crl show -").exits(0).stdout;
    assert!(text.contains("this input does not seek") && text.contains("CRL number"), "{text}");
    let text = stage.shell("cat list.crl | jpki crl show --head -").exits(0).stdout;
    assert!(text.contains("this input does not seek") && !text.contains("in all"), "{text}");
}

#[test]
fn a_published_list_is_shown_and_judged_in_der_and_pem() {
    let stage = Stage::founded();
    let issued = stage.issue(&holder("p-1"), "");
    let serial = issued["certificates"][0]["serial"].as_str().unwrap().to_owned();
    let words = format!("revoke --ca signature --serial {serial} --reason key-compromise");
    stage.jpki(&words).exits(0);
    stage.jpki("crl publish --partition 132217 --out der").exits(0);
    stage.jpki("crl publish --partition 132217 --out pem --format pem").exits(0);
    let der = "der/current/signature-1-132217.crl";
    let pem = "pem/current/signature-1-132217.crl.pem";
    let empty = "der/current/user-authentication-1-132217.crl";
    let shown = stage.jpki(&format!("crl show {der}")).exits(0).stdout;
    for words in ["CN=Kiyose-shi CRLDP", "only user certificates", "key-compromise", &serial] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let lines = stage.jpki(&format!("crl show {pem} --json")).exits(0).lines();
    assert_eq!(entries(&lines).len(), 1);
    assert_eq!(lines[1]["serial"], *serial);
    // `show` says the same of it.
    assert_eq!(stage.jpki(&format!("show {der}")).exits(0).stdout, shown);
    assert_eq!(stage.jpki(&format!("show {pem} --json")).exits(0).lines(), lines);
    let text = stage.jpki(&format!("show {empty}")).exits(0).stdout;
    assert!(text.contains("なし none") && text.contains("計0件"), "{text}");

    // So does OpenSSL's encoding of it, with text before it.
    let line = format!("openssl crl -inform DER -in {der} -text -out text.pem");
    stage.shell(&line).exits(0);
    assert_eq!(entries(&stage.jpki("show text.pem --json").exits(0).lines()).len(), 1);

    // And `lint` judges it, certificates beside it.
    let files = format!("{der} {pem} {empty} home/ca/signature-1.cer");
    let text = stage.jpki(&format!("lint {files}")).exits(0).stdout;
    assert!(text.contains("revocation list, signature, 1件 1 entries"), "{text}");
    let judged = stage.jpki(&format!("lint --json {files}")).exits(0).lines();
    assert_eq!(judged.len(), 4);
    assert_eq!(judged[0]["list"], json!({ "ca": "signature", "entries": 1 }));
    assert_eq!(judged[3]["list"], Value::Null);
    stage.write("foreign.crl", list(&head(&issuer(), 12), &every_reason()));
    let foreign = stage.jpki("lint foreign.crl --json").exits(1).json();
    assert_eq!(foreign["conforms"], false);
    assert_eq!(foreign["list"]["ca"], Value::Null);

    // What is no list is none, whoever asks.
    stage.jpki("crl show home/ca/signature-1.cer").exits(2).says("octet ");
    stage.jpki("crl show home/ca/signature-1.pem").exits(2).says("holds a CERTIFICATE");
    stage.shell(&format!("cat {pem} {pem} > two.pem")).exits(0);
    stage.jpki("crl show two.pem").exits(2).says("several");
    stage.shell(&format!("head -c 300 {pem} > cut.pem")).exits(0);
    stage.jpki("crl show cut.pem").exits(2).says("base64");
    stage.shell(&format!("cat home/ca/signature-1.pem {pem} > bundle.pem")).exits(0);
    stage.jpki("show bundle.pem").exits(2).says("a file of its own");
}

/// A certification authority of OpenSSL's, with numbers of 20 octets and whatever it can put into a
/// list.
const STRANGER: &str = "\
[ca]
default_ca = stranger
[stranger]
database = index.txt
crlnumber = crlnumber
certificate = stranger.pem
private_key = stranger.key
default_md = sha256
default_crl_days = 30
crl_extensions = extensions
[extensions]
authorityKeyIdentifier = keyid,issuer:always
issuingDistributionPoint = critical,@point
freshestCRL = URI:http://example.jp/delta.crl
1.2.3.4 = ASN1:UTF8String:山
[point]
fullname = URI:http://example.jp/list.crl
indirectCRL = TRUE
onlysomereasons = keyCompromise, CACompromise
";

#[test]
fn a_list_of_strangers_is_shown() {
    let stage = Stage::empty();
    let long = "7F".repeat(20);
    let revoked = |since: &str, serial: &str| {
        format!("R\t301231235959Z\t{since}\t{serial}\tunknown\t/CN={serial}\n")
    };
    let index = [
        revoked("260102030405Z", "01"),
        revoked("260102030405Z,keyTime,20260101000000Z", "0102030405060708"),
        revoked("260102030405Z,holdInstruction,holdInstructionReject", "FF02030405060708"),
        revoked("260102030405Z,removeFromCRL", "FF0203040506070809"),
        revoked("260102030405Z,CACompromise", &long),
    ];
    stage.write("index.txt", index.concat());
    stage.write("crlnumber", "FFFFFFFFFFFFFFFFFFFF\n");
    stage.write("stranger.cnf", STRANGER);
    let line = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
                -keyout stranger.key -out stranger.pem -subj /CN=stranger && \
                openssl ca -config stranger.cnf -gencrl -out list.pem && \
                openssl crl -in list.pem -outform DER -out list.crl";
    stage.shell(line).exits(0);
    let lines = stage.plain("crl show list.crl --json").exits(0).lines();
    let serials: Vec<_> =
        entries(&lines).iter().map(|line| line["serial"].as_str().unwrap()).collect();
    let long = format!("0x{long}");
    let hex = "0x00FF0203040506070809";
    assert_eq!(serials, ["1", "72623859790382856", "18375252745424078600", hex, long.as_str()]);
    assert_eq!(lines[0]["number"], "0x00FFFFFFFFFFFFFFFFFFFF");
    assert_eq!(lines[2]["invalidity_date"]["utc"], "2026-01-01T00:00:00Z");
    assert_eq!(lines[3]["unknown_extension"], "ignorable");
    let names: Vec<_> = lines[0]["extensions"].as_array().unwrap().iter().collect();
    let named = |name: &str| {
        *names.iter().find(|part| part["name"] == name).unwrap_or_else(|| panic!("{names:?}"))
    };
    let point = &named("issuing_distribution_point")["decoded"];
    assert_eq!(point["indirect_crl"], true);
    assert_eq!(point["only_some_reasons"], json!(["keyCompromise", "cACompromise"]));
    assert_eq!(point["full_name"][0]["value"], "http://example.jp/list.crl");
    assert!(names.iter().any(|part| part["oid"] == "1.2.3.4"), "{names:?}");
    let text = stage.plain("show list.pem").exits(0).stdout;
    for words in ["間接CRL", "unknown extension", "ecdsa-with-SHA256", &long, "remove-from-crl"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // And compared with itself, whatever its numbers.
    stage.plain("crl diff list.crl list.pem").exits(0);
}

#[test]
fn a_hostile_name_does_nothing_to_the_terminal() {
    let stage = Stage::empty();
    let issuer = Name::japan().with(oid::ORGANIZATION, "\u{1b}[2J\u{202e}evil\r\n+ 1");
    stage.write("old.crl", list(&head(&issuer, 1), &every_reason()));
    stage.write("new.crl", list(&head(&self::issuer(), 1), &every_reason()));
    for words in ["crl show old.crl", "show old.crl", "crl diff old.crl new.crl", "lint old.crl"] {
        let run = stage.plain(words);
        for said in [&run.stdout, &run.stderr] {
            let acts = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
            assert!(!said.contains(acts) && !said.contains("\n+ 1"), "{words}: {said:?}");
        }
    }
    assert!(stage.plain("crl show old.crl").exits(0).stdout.contains("<U+001B>[2J<U+202E>"));
}

#[test]
fn every_truncation_is_malformed_and_shows_what_there_is() {
    let stage = Stage::empty();
    let whole = list(&head(&issuer(), 12), &every_reason());
    let mut most = 0;
    for end in 0..whole.len() {
        stage.write("cut.crl", &whole[..end]);
        let run = stage.plain("crl show cut.crl --json").exits(2).says("cut.crl: octet ");
        let lines = run.lines();
        assert_eq!(lines.last().unwrap()["status"], "error", "{end}");
        most = most.max(lines.len() - 1);
        if end % 16 == 0 {
            stage.plain("crl show cut.crl --head").exits(2);
            stage.plain("show cut.crl").exits(2);
            stage.shell("cat cut.crl | jpki crl show -").exits(2);
        }
    }
    assert_eq!(most, 9, "the head and every entry");
    stage.write("more.crl", [whole.as_slice(), b"\0"].concat());
    stage.plain("crl show more.crl").exits(2).says("behind the end");
    for garbage in [&b"garbage"[..], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30], &[0xff; 1000]] {
        stage.write("garbage", garbage);
        stage.plain("crl show garbage").exits(2);
        stage.plain("crl diff garbage garbage").exits(2);
        stage.plain("show garbage").exits(2);
    }
    stage.plain("crl show absent.crl").exits(2).says("absent.crl");
    stage.plain("crl show .").exits(2);
}

#[test]
fn every_changed_octet_is_answered() {
    let stage = Stage::empty();
    let whole = list(&head(&issuer(), 12), &every_reason());
    for at in (0..whole.len()).step_by(3) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        stage.write("changed.crl", &bytes);
        let line = "jpki crl show changed.crl --json; code=$?; test $code = 0 || test $code = 2";
        stage.shell(line).exits(0).lines();
    }
}

#[test]
fn lists_are_compared() {
    let stage = Stage::empty();
    let issuer = issuer();
    let old = every_reason();
    let mut new = old.clone();
    new.remove(1);
    new[1].cause = Cause::Because(Reason::Superseded);
    new.insert(6, entry(100, Cause::Because(Reason::KeyCompromise)));
    stage.write("old.crl", list(&head(&issuer, 12), &old));
    stage.write("new.crl", list(&head(&issuer, 13), &new));
    stage.write("later.crl", list(&head(&issuer, 14), &new));
    let lines = stage.plain("crl diff old.crl new.crl --json").exits(1).lines();
    let changes: Vec<_> = lines[1..4].iter().map(|line| line["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["removed", "changed", "added"]);
    assert_eq!(lines[0]["fields"][0]["field"], "crl_number");
    assert_eq!(lines[3]["new"]["serial"], "100");
    let summary =
        json!({ "object": "summary", "equal": false, "added": 1, "removed": 1, "changed": 1 });
    assert_eq!(lines[4..], [summary]);
    let text = stage.plain("crl diff old.crl new.crl").exits(1).stdout;
    for line in ["CRL番号 CRL number: 12 (0x0C) → 13 (0x0D)", "\n- 2 ", "\n~ 3 ", "\n+ 100 "] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // Another number and nothing else.
    let text = stage.plain("crl diff new.crl later.crl").exits(0).stdout;
    assert!(text.contains("同じ the same"), "{text}");
    assert_eq!(stage.plain("crl diff new.crl new.crl --json").exits(0).lines().len(), 2);

    // Another issuer and another scope: compared, after a word on it.
    let other = Name::japan().with(oid::ORGANIZATION, "Other");
    let partition = Head { scope: Scope::Partition(&other), ..head(&other, 12) };
    stage.write("other.crl", list(&partition, &old));
    let text = stage.plain("crl diff old.crl other.crl").exits(1).stdout;
    assert!(text.starts_with("発行者が異なる"), "{text}");
    assert!(text.contains("different scopes") && text.contains("記載なし none →"), "{text}");
    assert!(text.contains("added 0") && text.contains("相違あり"), "{text}");

    // What cannot be compared.
    let whole = stage.read("new.crl");
    stage.write("cut.crl", &whole[..whole.len() - 1]);
    stage.plain("crl diff old.crl cut.crl").exits(2).says("cut.crl: octet ");
    stage.shell("cat old.crl | jpki crl diff - new.crl").exits(2).says("pipe");
    let place = whole.windows(3).position(|window| window == [2, 1, 3]).unwrap();
    let mut disorder = whole;
    let first = disorder.windows(4).position(|window| window == [2, 1, 1, 0x17]).unwrap();
    disorder[place + 2] = 1;
    stage.write("disorder.crl", disorder);
    stage.plain("crl diff old.crl disorder.crl").exits(2).says("in the order of serials");
    // A number below zero stands before all others.
    let mut negative = stage.read("old.crl");
    negative[first + 2] = 0x80;
    stage.write("negative.crl", negative);
    let text = stage.plain("crl diff old.crl negative.crl").exits(1).stdout;
    assert!(text.contains("+ -128 ") && text.contains("\n- 1 "), "{text}");
}

/// Writes a list of so many entries, without keeping it.
fn write_huge(stage: &Stage, name: &str, count: u64) {
    let issuer = issuer();
    let head = head(&issuer, 12);
    let all = || (1..=count).map(|serial| entry(serial, Cause::Because(Reason::KeyCompromise)));
    let measure: Measure = all().collect();
    let octets = Encoder::new(&head, measure, std::io::sink()).unwrap().octets();
    let around = Envelope::new(head.algorithm, octets, &[0xa5; 64]).unwrap();
    let mut file = std::io::BufWriter::new(fs::File::create(stage.path(name)).unwrap());
    file.write_all(&around.before).unwrap();
    crl::encode(&head, measure, all(), &mut file).unwrap();
    file.write_all(&around.behind).unwrap();
    file.into_inner().unwrap();
}

/// Runs the command, counts its lines and reads the peak of its resident memory, in KiB.
fn peak(stage: &Stage, words: &str) -> (u64, u64) {
    let mut child = stage.start(words);
    let status = format!("/proc/{}/status", child.id());
    let output = BufReader::new(child.stdout.take().unwrap());
    let (mut peak, mut count) = (0, 0);
    for line in output.lines() {
        line.unwrap();
        count += 1;
        if count % 4096 == 1 {
            let status = fs::read_to_string(&status).unwrap();
            let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let high = high.map(|text| text.trim().trim_end_matches(" kB").parse().unwrap());
            peak = high.unwrap_or(peak);
        }
    }
    let _ended = child.wait().unwrap();
    assert!(peak > 1024, "{peak} KiB is no reading");
    (count, peak)
}

#[test]
fn memory_does_not_grow_with_the_list() {
    let stage = Stage::empty();
    write_huge(&stage, "huge.crl", HUGE);
    write_huge(&stage, "less.crl", HUGE / 2);
    for words in ["crl show huge.crl", "show huge.crl", "crl diff less.crl huge.crl"] {
        let (lines, peak) = peak(&stage, words);
        assert!(lines > HUGE / 2, "{words}: {lines}");
        assert!(peak < 24 * 1024, "{words}: {peak} KiB");
    }
    // Whoever has read enough may leave.
    let line = "(jpki crl show huge.crl; echo $? > code) | head -1";
    assert!(stage.shell(line).exits(0).stdout.starts_with("失効リスト"));
    assert_eq!(stage.read_text("code"), "0\n");
}

#[test]
fn the_head_comes_without_the_entries() {
    let stage = Stage::empty();
    // Two gigabytes of which nothing is there but both ends.
    let (issuer, small) = (issuer(), plain_entries(1..3));
    let head = head(&issuer, 12);
    let whole = list(&head, &small);
    let around = crl::Reader::new(whole.as_slice()).unwrap().header().clone();
    let behind = usize::try_from(around.entries.unwrap().1).unwrap();
    let measure = Measure { count: 50_000_000, octets: 2_000_000_000 };
    let mut before = Vec::new();
    let encoder = Encoder::new(&head, measure, &mut before).unwrap();
    let octets = encoder.octets();
    drop(encoder);
    let envelope = Envelope::new(head.algorithm, octets, &[0xa5; 64]).unwrap();
    let mut file = fs::File::create(stage.path("hollow.crl")).unwrap();
    file.write_all(&envelope.before).unwrap();
    file.write_all(&before).unwrap();
    file.seek(SeekFrom::Current(2_000_000_000)).unwrap();
    file.write_all(&whole[behind..]).unwrap();
    drop(file);

    let only = stage.plain("crl show hollow.crl --head --json").exits(0).json();
    assert_eq!(only["number"], "12");
    assert_eq!(only["entries"]["octets"], 2_000_000_000_u64);
    assert_eq!(only["entries"]["count"], Value::Null);
    let text = stage.plain("crl show hollow.crl --head").exits(0).stdout;
    assert!(text.contains("at most 100000000"), "{text}");
    let run = stage.plain("crl show hollow.crl").exits(2).says("octet ");
    assert!(run.stdout.contains("12 (0x0C)"), "{run:?}");

    // Cut within its entries, it shows the head and the entries that are there.
    write_huge(&stage, "cut.crl", 1000);
    let mut bytes = Vec::new();
    fs::File::open(stage.path("cut.crl")).unwrap().read_to_end(&mut bytes).unwrap();
    bytes.truncate(bytes.len() / 2);
    stage.write("cut.crl", bytes);
    let run = stage.plain("crl show cut.crl").exits(2).says("cut short");
    assert!(run.stdout.contains("読めません not readable: octet "), "{run:?}");
    assert!(run.stdout.contains("\n  400 "), "{run:?}");
}

const HUGE: u64 = 1_000_000;
