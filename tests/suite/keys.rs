//! Who can open the keys: `jpki key split`, `jpki key passphrase`, `--unlock`, `--passphrase-env`.

use std::fs::File;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::process::Stdio;

use assert_cmd::cargo::cargo_bin;
use rustix::fs;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::process::Signal;
use rustix::pty::OpenptFlags;
use rustix::pty::grantpt;
use rustix::pty::openpt;
use rustix::pty::ptsname;
use rustix::pty::unlockpt;
use rustix::termios::LocalModes;
use rustix::termios::tcgetattr;
use serde_json::json;

use crate::serve::Served;
use crate::stage::FOUNDED;
use crate::stage::NOW;
use crate::stage::Run;
use crate::stage::Stage;
use crate::stage::THE_SIGNATURE;
use crate::stage::holder;
use crate::status::until;

const ISSUE: &str = "issue --holder holder.json --holder-algorithm p256 --out out";
const SPLIT: &str = "key split --needed 2 --shares 3 --out shares";

fn founded() -> Stage {
    let stage = Stage::founded();
    stage.write_json("holder.json", &holder("p-1"));
    stage
}

fn share(number: u8) -> String {
    format!("--unlock shares/share-{number}.txt")
}

#[test]
fn any_two_of_three_officers_open_the_keys() {
    let stage = founded();
    let plan = stage.jpki(&format!("{SPLIT} --dry-run --json")).exits(0).json();
    assert_eq!([&plan["keys"], &plan["shares"]], [&json!(3), &json!([])]);
    assert!(!stage.path("shares").exists());
    stage.jpki(&format!("{ISSUE} --kind user-authentication")).exits(0);

    let split = stage.jpki(&format!("{SPLIT} --json")).exits(0).json();
    let files = ["shares/share-1.txt", "shares/share-2.txt", "shares/share-3.txt"];
    assert_eq!(split["shares"], json!(files));
    assert_eq!([&split["needed"], &split["of"], &split["keys"]], [&json!(2), &json!(3), &json!(3)]);
    for file in files {
        assert_eq!(stage.mode(file), 0o600);
    }
    for key in stage.names("home/keys") {
        let is_closed = stage.read_text(&format!("home/keys/{key}")).contains("ENCRYPTED");
        assert_eq!(is_closed, !key.starts_with("ocsp-"), "{key}");
    }
    assert!(stage.names("home").iter().all(|name| !name.contains("closing")));

    let (one, two, three) = (share(1), share(2), share(3));
    let issue = format!("{ISSUE} --kind signature");
    stage.jpki(&issue).exits(4).says("passphrase");
    stage.jpki(&format!("{issue} {one}")).exits(4).says("1 share(s) given, 2 needed");
    stage.jpki(&format!("{issue} {one} {one}")).exits(4).says("share 1 was given twice");
    stage.jpki(&format!("{issue} {three} {one}")).exits(0);
    // A share that was typed from paper.
    let text = stage.read_text("shares/share-2.txt");
    let value = text.lines().find(|line| line.starts_with("value")).unwrap();
    stage.write("typed", text.replace(value, &value.replace(' ', "  ").to_lowercase()));
    stage.jpki(&format!("crl publish --out lists --unlock typed {three}")).exits(0);
    let slip = value.replacen(&value[7..8], if &value[7..8] == "0" { "1" } else { "0" }, 1);
    stage.write("typed", text.replace(value, &slip));
    stage.jpki(&format!("crl publish --out lists --unlock typed {three}")).exits(2).says("typed: ");

    // Other officers, by those who are in office.
    let again = "key split --needed 3 --shares 4 --out others";
    stage.jpki(again).exits(4);
    stage.jpki(&format!("{again} {one} {two}")).exits(0);
    stage
        .jpki(&format!("crl publish --out lists --all {one} {two}"))
        .exits(4)
        .says("does not open");
    let mixed = format!("{one} --unlock others/share-2.txt --unlock others/share-3.txt");
    stage.jpki(&format!("crl publish --out lists --all {mixed}")).exits(4).says("not of one set");
    let others: Vec<_> = [1, 2, 4].map(|n| format!("--unlock others/share-{n}.txt")).to_vec();
    stage.jpki(&format!("ca rollover --ca signature {}", others.join(" "))).exits(0);
    assert!(stage.read_text("home/keys/signature-2.key.pem").contains("ENCRYPTED"));
    // Shares that are there are not written over.
    stage.jpki(&format!("{again} {}", others.join(" "))).exits(5).says("others/share-1.txt");
    stage.jpki(&format!("ocsp rotate {}", others.join(" "))).exits(0);
    stage.is_whole();
    for words in ["--needed 1 --shares 3", "--needed 4 --shares 3", "--needed 2 --shares 300"] {
        stage.jpki(&format!("key split {words} --out more")).exits(2);
    }
    assert!(!stage.path("more").exists());
}

#[test]
fn a_responder_starts_without_officers() {
    let stage = Stage::empty();
    stage.write("first", "correct horse\n");
    stage.write("second", "battery staple\n");
    let init = format!("init --algorithm p256 --passphrase-file first --at {FOUNDED}");
    stage.plain(&init).exits(0);
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki(&format!("{SPLIT} --passphrase-file first")).exits(0);
    let officers = format!("{} {}", share(1), share(3));
    stage.jpki(&format!("{ISSUE} {officers}")).exits(0);
    // Neither opens what is the other's.
    stage.jpki(&format!("{ISSUE} --passphrase-file first")).exits(4).says("signature-1.key.pem");
    let query = format!("ocsp query {THE_SIGNATURE}");
    stage.jpki(&query).exits(4).says("passphrase");
    stage.jpki(&format!("{query} --passphrase-file first")).exits(0);
    let serve = format!("--ocsp 127.0.0.1:0 --at {NOW}");
    stage.plain(&format!("serve {serve} {officers}")).exits(2).says("--unlock");
    let served = Served::start(&stage, &format!("{serve} --passphrase-file first"));
    let ask = format!("{query} --nonce --url http://{}", served.address("ocsp"));
    stage.jpki(&ask).exits(0);

    // Officers alone publish; who makes a responder's key has what closes it.
    let publish = "crl publish --out lists --partition 132217";
    stage.jpki(&format!("{publish} {officers}")).exits(0);
    let rotate = format!("ocsp rotate {officers}");
    let before = stage.tree("home/keys");
    stage.jpki(&rotate).exits(4).says("give its passphrase");
    assert_eq!(stage.tree("home/keys"), before, "no key is left open");
    stage.jpki(&format!("{rotate} --passphrase-file first")).exits(0);
    let opens = |key: &str, passphrase: &str| {
        let open = format!("openssl pkey -noout -in home/keys/{key} -passin file:{passphrase}");
        stage.shell(&format!("{open}; echo done $?")).stdout.contains("done 0")
    };
    let responders = ["ocsp-signature-1.key.pem", "ocsp-user-authentication-1.key.pem"];
    assert!(responders.iter().all(|key| opens(key, "first")));
    stage.jpki(&ask).exits(0);
    // At a roll-over a responder is made too.
    let both = format!("{officers} --passphrase-file first");
    stage.jpki(&format!("ca rollover --ca signature {both}")).exits(0);
    assert!(opens("ocsp-signature-2.key.pem", "first"));
    assert!(!opens("signature-2.key.pem", "first"));

    let change = "key passphrase --new-passphrase-file second";
    let of_responders = format!("{change} --responders --passphrase-file first --json");
    let closed = stage.jpki(&of_responders).exits(0).json();
    assert_eq!(closed["keys"], 3);
    assert!(responders.iter().all(|key| opens(key, "second") && !opens(key, "first")));
    stage.jpki(&format!("{publish} {officers}")).exits(0);
    // Back into one hand.
    stage.jpki(&format!("{change} --passphrase-file second")).exits(4);
    stage.jpki(&format!("{change} --passphrase-file second {officers}")).exits(0);
    stage.jpki(&format!("{publish} --passphrase-file second")).exits(0);
    stage.is_whole();
    stage.plain(&format!("init --home other {officers}")).exits(2).says("--unlock");
}

#[test]
fn a_passphrase_is_changed_and_may_come_from_the_environment() {
    let stage = founded();
    stage.write("first", "correct horse\n");
    stage.write("second", "battery staple\n");
    stage.jpki("key passphrase").exits(2).says("--new-passphrase-file");
    stage.jpki("key passphrase --new-passphrase-file first").exits(0);
    stage.jpki("key passphrase --new-passphrase-file second").exits(4);
    let change = "key passphrase --new-passphrase-file second --passphrase-file first";
    let before = stage.tree("home");
    stage.jpki(&format!("{change} --dry-run")).exits(0);
    assert_eq!(stage.tree("home"), before);
    stage.jpki(change).exits(0);
    stage.jpki(&format!("{ISSUE} --passphrase-file first")).exits(4);
    let words = format!("{ISSUE} --passphrase-env JPKI_PASSPHRASE --at {NOW}");
    stage.plain(&words).exits(2).says("JPKI_PASSPHRASE");
    let output = stage.command(&words).env("JPKI_PASSPHRASE", "battery staple").output().unwrap();
    Run::of(&words, &output).exits(0);
    for key in stage.names("home/keys") {
        let open = format!("openssl pkey -noout -in home/keys/{key} -passin");
        stage.shell(&format!("{open} file:second")).exits(0);
        stage.shell(&format!("{open} file:first")).exits(1);
        assert_eq!(stage.mode(&format!("home/keys/{key}")), 0o600);
    }
    assert_eq!(stage.mode("home/keys"), 0o700);
}

#[test]
fn a_change_that_is_killed_leaves_all_keys_under_one_passphrase() {
    let stage = founded();
    stage.write("first", "correct horse\n");
    stage.write("second", "battery staple\n");
    stage.jpki("key passphrase --new-passphrase-file first").exits(0);
    stage.shell("cp -a home founded").exits(0);
    let (mut before, mut after) = (0, 0);
    // At the first, second, … of each of the calls that change a name.
    for call in 1.. {
        stage.shell("rm -rf home && cp -a founded home").exits(0);
        let kill =
            format!("inject=linkat,rename,renameat2,unlink,unlinkat,mkdir:signal=KILL:when={call}");
        let change = format!(
            "strace -f -qq -o trace -e {kill} jpki key passphrase --passphrase-file first \
             --new-passphrase-file second"
        );
        let killed = stage.shell(&change);
        let died = stage.read_text("trace").contains("killed by SIGKILL");
        let opens = |passphrase: &str| {
            let keys = stage.names("home/keys");
            assert_eq!(keys.len(), 5, "{keys:?}");
            let mut opened = keys.iter().map(|key| {
                let open =
                    format!("openssl pkey -noout -in home/keys/{key} -passin file:{passphrase}");
                stage.shell(&format!("{open}; echo done $?")).stdout.contains("done 0")
            });
            let first = opened.next().unwrap();
            assert!(opened.all(|one| one == first), "keys under two passphrases: {killed:?}");
            first
        };
        let works = if opens("first") { "first" } else { "second" };
        assert!(opens(works));
        if works == "first" {
            before += 1;
        } else {
            after += 1;
        }
        // The next that makes a key sweeps what was left.
        stage.jpki(&format!("ocsp rotate --passphrase-file {works}")).exits(0);
        let left: Vec<_> =
            stage.names("home").into_iter().filter(|name| name.contains("closing")).collect();
        assert_eq!(left, [""; 0]);
        if !died {
            killed.exits(0);
            break;
        }
    }
    assert!(before >= 5 && after >= 1, "{before} {after}");
}

#[test]
fn no_core_dump_holds_a_key() {
    let stage = founded();
    let status = |words: &str| {
        let line = format!("ulimit -c unlimited; exec {words}");
        let mut shell = stage.at_home("sh", "-c");
        let shell = shell.arg(line).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = shell.spawn().unwrap();
        let mut begun = [0];
        child.stdout.take().unwrap().read_exact(&mut begun).unwrap();
        Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap();
        child.wait().unwrap()
    };
    let other = status("sh -c 'echo; exec sleep 60'");
    let jpki = cargo_bin("jpki");
    let ours = status(&format!("{} serve --admin 127.0.0.1:0", jpki.display()));
    assert_eq!((other.signal(), ours.signal()), (Some(6), Some(6)));
    // Where the system dumps nothing, this shows nothing.
    assert!(!(other.core_dumped() && ours.core_dumped()));
}

/// Whatever is done with secrets, and whatever goes wrong: none comes out, in words or in JSON, at any
/// level of logging.
#[test]
fn no_secret_comes_out_of_any_mistake() {
    let stage = founded();
    stage.jpki(SPLIT).exits(0);
    let key = stage.read_text("home/keys/signature-1.key.pem");
    let share = stage.read_text("shares/share-1.txt");
    let value = share.lines().find_map(|line| line.strip_prefix("value  ")).unwrap();
    // Pieces that stand in no other file: of the encrypted key, of a share as it is written, and joined.
    let joined: String = value.split(' ').collect();
    let secrets = [key.lines().nth(2).unwrap(), &value[..14], &joined[..16], "correct horse"];
    stage.write("passphrase", "correct horse\n");
    stage.write("cut", &share[..share.len() / 2]);
    stage.write("slip", share.replacen(&value[..1], if &value[..1] == "0" { "1" } else { "0" }, 1));
    stage.write("damaged.pem", key.replacen(key.lines().nth(2).unwrap(), "AAAA", 1));
    stage.shell("cp -a home second && cp damaged.pem second/keys/signature-1.key.pem").exits(0);
    stage.shell("cp -a home open && chmod 644 open/keys/signature-1.key.pem").exits(0);
    let two = format!("{} {}", self::share(1), self::share(2));
    let commands = [
        format!("{ISSUE} --passphrase-file passphrase"),
        format!("{ISSUE} {}", self::share(1)),
        format!("{ISSUE} --unlock cut {}", self::share(2)),
        format!("{ISSUE} --unlock slip {}", self::share(2)),
        format!("{ISSUE} --unlock passphrase --unlock slip"),
        format!("{ISSUE} --passphrase-file shares/share-1.txt"),
        format!("{ISSUE} --home second {two}"),
        format!("{ISSUE} --home open {two}"),
        format!("{ISSUE} --public-key home/keys/signature-1.key.pem --kind signature {two}"),
        format!("{ISSUE} --csr shares/share-1.txt --kind signature {two}"),
        "show home/keys/signature-1.key.pem".to_owned(),
        "show shares/share-1.txt".to_owned(),
        "lint passphrase shares/share-1.txt home/keys/signature-1.key.pem".to_owned(),
        "verify shares/share-1.txt".to_owned(),
        "feed apply shares/share-1.txt".to_owned(),
        format!("issue --batch shares/share-1.txt --out out {two}"),
        format!("key split --needed 2 --shares 3 --out shares {two}"),
        format!("{ISSUE} {two}"),
        format!("crl publish --out lists --partition 132217 {two}"),
    ];
    for words in &commands {
        for more in ["", " --json"] {
            let words = format!("{words}{more} --at {NOW}");
            let mut command = stage.command(&words);
            command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
            let run = Run::of(&words, &command.output().unwrap());
            for secret in secrets {
                let said = run.stdout.contains(secret) || run.stderr.contains(secret);
                assert!(!said, "{run:?}");
            }
        }
    }
    stage.is_whole();
}

/// A server that tells all that it can, and the records beside the keys.
#[test]
fn no_secret_is_logged_by_a_server_or_recorded() {
    let stage = Stage::empty();
    stage.write("first", "correct horse\n");
    let init = format!("init --algorithm p256 --passphrase-file first --at {FOUNDED}");
    stage.plain(&init).exits(0);
    stage.write_json("holder.json", &holder("p-1"));
    stage.jpki(&format!("{ISSUE} --passphrase-file first")).exits(0);
    stage.jpki("ocsp rotate --passphrase-file first").exits(0);
    let mut secrets = vec![b"correct horse".to_vec()];
    for key in stage.names("home/keys") {
        let open = "openssl pkey -passin file:first -outform DER -out key.der -in";
        stage.shell(&format!("{open} home/keys/{key}")).exits(0);
        let der = stage.read("key.der");
        // The scalar behind its tag and length, in an ECPrivateKey.
        let at = der.windows(5).position(|five| five == [2, 1, 1, 4, 32]).unwrap() + 5;
        let scalar = &der[at..at + 32];
        let digits: String = scalar.iter().map(|octet| format!("{octet:02x}")).collect();
        let decimals = format!("{:?}", &scalar[..12]);
        let decimals = decimals.trim_matches(['[', ']']);
        secrets.extend([scalar[..16].to_vec(), digits[..32].into(), decimals.into()]);
    }
    let is_told = |text: &[u8]| {
        secrets.iter().any(|secret| text.windows(secret.len()).any(|piece| piece == &secret[..]))
    };
    assert!(is_told(&stage.read("key.der")), "it would be found");

    stage.set("log_level = \"info\"", "log_level = \"trace\"");
    let words = format!(
        "--ocsp 127.0.0.1:0 --crl 127.0.0.1:0 --admin 127.0.0.1:0 --passphrase-file first --at {NOW}"
    );
    let mut served = Served::start(&stage, &words);
    let ask = format!("ocsp query {THE_SIGNATURE} --url http://{}", served.address("ocsp"));
    stage.jpki(&ask).exits(0);
    served.signal(Signal::HUP);
    served.logs("certificates were read anew");
    // A key that cannot be taken up.
    stage.shell("chmod 644 home/keys/ocsp-signature-1.key.pem").exits(0);
    served.signal(Signal::HUP);
    served.logs("not read anew");
    let (_, lines) = served.stop();
    assert!(lines.iter().any(|line| line.contains("TRACE") || line.contains("DEBUG")), "{lines:?}");
    assert!(!is_told(lines.join("\n").as_bytes()));
    for (path, (_, bytes)) in stage.tree("home") {
        assert!(!is_told(&bytes), "{}", path.display());
    }
}

/// What a terminal shows while these lines are typed, each once it is asked for; and the exit code.
fn at_a_terminal(stage: &Stage, words: &str, lines: &[&str]) -> (String, Option<i32>) {
    let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&near).unwrap();
    unlockpt(&near).unwrap();
    let far = ptsname(&near, Vec::new()).unwrap();
    let far = fs::open(far, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let mut command = stage.at_home("setsid", "--ctty");
    command.arg(cargo_bin("jpki")).args(words.split_whitespace()).args(["--at", NOW]);
    command.stdin(far.try_clone().unwrap()).stdout(far.try_clone().unwrap()).stderr(far);
    let mut child = command.spawn().unwrap();
    // What is shown ends when nobody has the far end any more.
    drop(command);
    let mut terminal = File::from(near);
    let (mut shown, mut octet) = (Vec::new(), [0]);
    for line in lines {
        let asked = shown.len();
        while !shown[asked..].ends_with(b": ") {
            terminal.read_exact(&mut octet).unwrap();
            shown.extend(octet);
        }
        let shows = |terminal| tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO);
        until("it is not shown what is typed", || !shows(&terminal));
        writeln!(terminal, "{line}").unwrap();
    }
    let _ended = terminal.read_to_end(&mut shown);
    (String::from_utf8(shown).unwrap(), child.wait().unwrap().code())
}

#[test]
fn passphrases_are_typed_at_a_terminal_that_does_not_show_them() {
    let stage = Stage::empty();
    let typed = |words: &str, lines: &[&str], code: i32, said: &str| {
        let (shown, ended) = at_a_terminal(&stage, words, lines);
        assert_eq!(ended, Some(code), "{words}: {shown}");
        assert!(shown.contains("assphrase") && shown.contains(said), "{words}: {shown}");
        assert!(lines.iter().all(|line| !shown.contains(line)), "{words}: {shown}");
    };
    stage.write("passphrase", "correct horse\n");
    let init = format!("init --algorithm p256 --at {FOUNDED} --passphrase-file passphrase");
    stage.plain(&init).exits(0);
    let rotate = "ocsp rotate --ca signature";
    typed(rotate, &["correct horse"], 0, "responder");
    typed(rotate, &["wrong horse"], 4, "does not open with this passphrase");
    // A new one is typed twice, lest it be mistyped.
    let close = "key passphrase";
    typed(
        close,
        &["correct horse", "battery staple", "battery stable"],
        2,
        "the two are not the same",
    );
    typed(close, &["correct horse", "battery staple", "battery staple"], 0, "closed");
    typed(rotate, &["battery staple"], 0, "responder");
}
