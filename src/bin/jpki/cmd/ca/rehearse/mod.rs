//! `jpki ca rehearse`: a small home is carried through a roll-over on simulated time. Every step is a
//! command that is really run, in a folder of its own, and OpenSSL is asked at each what it thinks.

mod home;
mod openssl;
mod sizes;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use jpki_ca::clock::Timestamp;
use jpki_ca::credential::CaName;
use serde::Serialize;

use crate::args::RehearseArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

use home::Rehearsed;
use openssl::OpenSsl;
use sizes::Sizes;

pub(super) fn run(context: &Context<'_>, args: &RehearseArgs) -> Result<Exit, Failure> {
    let openssl = OpenSsl::find()?;
    let folder = match &args.keep {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("jpki-rehearsal-{}", std::process::id())),
    };
    if context.global.dry_run {
        let text = "would play a roll-over in a folder of its own: nothing was written";
        context.report.result(&Played { dry_run: true, ..Played::default() }, text)?;
        return Ok(Exit::Done);
    }
    fs::create_dir(&folder).map_err(|error| Failure::file(&folder, error))?;
    let folder = fs::canonicalize(&folder).map_err(|error| Failure::file(&folder, error))?;
    let begins = context.clock().now();
    let home = Rehearsed::new(&folder, begins)?;
    let mut play = Play { context, args, openssl, home, at: begins, steps: Vec::new() };
    let sizes = play.play();
    if args.keep.is_none() {
        // Nothing is left behind; a folder that cannot be removed harms nobody.
        let _removed = fs::remove_dir_all(&folder);
    }
    let sizes = sizes?;
    let steps = play.steps;
    let all = steps.iter().flat_map(|step| &step.checks);
    let failed = all.filter(|check| !check.ok).count();
    let mut lines = vec![sizes::head(args.from, args.to)];
    lines.extend(sizes.iter().map(sizes::Line::text));
    if failed > 0 {
        lines.push(format!("{failed} check(s) failed"));
    }
    let json = Played { dry_run: false, steps, sizes, kept: args.keep.clone() };
    context.report.result(&json, &lines.join("\n"))?;
    Ok(if failed == 0 { Exit::Done } else { Exit::Negative })
}

/// A rehearsal under way.
struct Play<'a> {
    context: &'a Context<'a>,
    args: &'a RehearseArgs,
    openssl: OpenSsl,
    home: Rehearsed,
    at: Timestamp,
    steps: Vec<Step>,
}

/// The kinds of certificates of a holder, and whose.
const BOTH: [CaName; 2] = CaName::ALL;

impl Play<'_> {
    fn play(&mut self) -> Result<Vec<sizes::Line>, Failure> {
        let from = self.args.from.to_string();
        self.home.jpki(self.at, &["init", "--algorithm", &from])?;
        self.step("before the roll-over", "世代交代の前");
        for person in ["p-before", "p-ended"] {
            self.home.issue(self.at, person, false)?;
        }
        self.home.revoke(self.at, "p-ended")?;
        self.holds("p-before", 1)?;
        self.is_revoked("p-ended", 1)?;
        let before = Sizes::measure(&self.home, &self.openssl, self.at, "p-before", 1)?;

        self.later(YEAR);
        let takes_over = self.at.plus_seconds(30 * DAY);
        self.roll_over(takes_over)?;
        self.step("the next generation is there, and waits", "次の世代の作成");
        self.home.issue(self.at, "p-between", false)?;
        self.holds("p-between", 1)?;
        self.holds("p-before", 1)?;
        self.links()?;

        self.at = takes_over.plus_seconds(DAY);
        self.step("the next generation issues", "発行の切替え");
        self.home.issue(self.at, "p-after", false)?;
        self.holds("p-after", 2)?;
        self.holds("p-before", 1)?;
        let after = Sizes::measure(&self.home, &self.openssl, self.at, "p-after", 2)?;

        self.later(DAY);
        self.step("a certificate of the old generation is revoked", "旧世代の証明書の失効");
        self.home.revoke(self.at, "p-between")?;
        self.is_revoked("p-between", 1)?;
        self.holds("p-before", 1)?;
        self.holds("p-after", 2)?;

        self.later(DAY);
        self.step("who has an old certificate gets a new one", "更新");
        self.home.issue(self.at, "p-before", true)?;
        self.holds("p-before", 2)?;

        let standing = self.home.generation(self.at, 1)?;
        self.at = standing.needed_until.unwrap_or(self.at).plus_seconds(DAY);
        self.step("the last certificate of the old generation has ended", "旧世代の証明書の満了");
        self.has_ended("p-between", 1)?;
        self.holds("p-after", 2)?;

        self.at = standing.not_after.plus_seconds(DAY);
        self.step("the old generation has ended", "旧世代の満了");
        self.old_is_silent()?;
        Ok(sizes::compare(&before, &after))
    }

    fn later(&mut self, seconds: i64) {
        self.at = self.at.plus_seconds(seconds);
    }

    fn roll_over(&self, takes_over: Timestamp) -> Result<(), Failure> {
        let (to, from) = (self.args.to.to_string(), takes_over.to_string());
        for ca in BOTH {
            let mut words = vec!["ca", "rollover", "--ca", ca.as_str(), "--algorithm", &to];
            words.extend(["--issue-from", &from]);
            let profile = self.args.profile.map(|profile| profile.to_string());
            if let Some(profile) = &profile {
                words.extend(["--profile", profile]);
            }
            self.home.jpki(self.at, &words)?;
        }
        Ok(())
    }

    /// A new step; what is checked from now on belongs to it.
    fn step(&mut self, english: &'static str, japanese: &'static str) {
        let day = self.at.japan_date();
        self.context.report.note(&format!("{day}  {english} {japanese}"));
        self.steps.push(Step { at: self.at.to_string(), step: english, checks: Vec::new() });
    }

    fn check(&mut self, what: String, ok: bool) {
        let word = if ok { "ok" } else { "FAILED" };
        self.context.report.note(&format!("            {word:<7} {what}"));
        if let Some(step) = self.steps.last_mut() {
            step.checks.push(Check { what, ok });
        }
    }

    /// Both certificates of somebody are of this generation, and hold before OpenSSL: with the lists, and
    /// by an answer.
    fn holds(&mut self, person: &str, generation: u16) -> Result<(), Failure> {
        self.home.publish(self.at)?;
        for ca in BOTH {
            let certificate = self.home.certificate(person, ca)?;
            let name = format!("{ca}-{generation}");
            let issuer = self.home.authority(&name);
            let list = self.home.list(&name);
            let verified = self.openssl.verify(&certificate, &issuer, Some(&list), self.at)?;
            self.check(
                format!("{person}: its {ca} certificate verifies under {name} and its list"),
                verified,
            );
            let answer = self.home.answer(&self.openssl, &certificate, &issuer, self.at)?;
            let status = self.openssl.status(&certificate, &issuer, &answer, self.at)?;
            self.check(format!("{person}: the answer about it is good"), status == "good");
        }
        Ok(())
    }

    /// Both certificates of somebody are revoked, by the lists of every generation and by an answer.
    fn is_revoked(&mut self, person: &str, generation: u16) -> Result<(), Failure> {
        self.home.publish(self.at)?;
        for ca in BOTH {
            let certificate = self.home.certificate(person, ca)?;
            let name = format!("{ca}-{generation}");
            let issuer = self.home.authority(&name);
            let told =
                self.openssl.explain(&certificate, &issuer, &self.home.list(&name), self.at)?;
            self.check(
                format!("{person}: the list of {name} revokes it"),
                told.contains("revoked"),
            );
            let answer = self.home.answer(&self.openssl, &certificate, &issuer, self.at)?;
            let status = self.openssl.status(&certificate, &issuer, &answer, self.at)?;
            self.check(format!("{person}: so does the answer"), status == "revoked");
            let serial = self.home.serial(person, ca)?;
            for list in self.home.lists(ca)? {
                let named = self.openssl.is_listed(&list, &serial)?;
                let file = list.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.check(format!("{person}: {file} names it"), named);
            }
        }
        Ok(())
    }

    /// Both certificates of somebody have ended.
    fn has_ended(&mut self, person: &str, generation: u16) -> Result<(), Failure> {
        self.home.publish(self.at)?;
        for ca in BOTH {
            let certificate = self.home.certificate(person, ca)?;
            let issuer = self.home.authority(&format!("{ca}-{generation}"));
            let told = self.openssl.verify(&certificate, &issuer, None, self.at)?;
            self.check(format!("{person}: its {ca} certificate has ended"), !told);
        }
        Ok(())
    }

    /// Every link verifies by itself.
    fn links(&mut self) -> Result<(), Failure> {
        for ca in BOTH {
            for (certified, by) in [(1, 2), (2, 1)] {
                let link = self.home.authority(&format!("link-{ca}-{certified}-with-{by}"));
                let issuer = self.home.authority(&format!("{ca}-{by}"));
                let verified = self.openssl.verify_partial(&link, &issuer, self.at)?;
                self.check(format!("{ca}-{by} certifies the key of {ca}-{certified}"), verified);
            }
        }
        Ok(())
    }

    /// The old generation signs no list any more, the new one does.
    fn old_is_silent(&mut self) -> Result<(), Failure> {
        self.home.publish(self.at)?;
        for ca in BOTH {
            let old = self.home.list(&format!("{ca}-1"));
            self.check(format!("there is no list by {ca}-1 any more"), !old.exists());
            let name = format!("{ca}-2");
            let (list, issuer) = (self.home.list(&name), self.home.authority(&name));
            let verified = self.openssl.verify_list(&list, &issuer)?;
            self.check(format!("the list by {name} verifies"), verified);
        }
        Ok(())
    }
}

/// What was played.
#[derive(Default, Serialize)]
struct Played {
    dry_run: bool,
    steps: Vec<Step>,
    sizes: Vec<sizes::Line>,
    kept: Option<PathBuf>,
}

#[derive(Serialize)]
struct Step {
    at: String,
    step: &'static str,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    what: String,
    ok: bool,
}

/// The octets of a file.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::file(path, error))
}

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
