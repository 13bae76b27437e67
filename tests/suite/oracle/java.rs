//! The JDK.
//!
//! Its lists come from a `CertStore`: a distribution point that is a directory name leads nowhere by
//! itself, and `com.sun.security.enableCRLDP` changes nothing about it. It finds the list of the right
//! partition by the name, and of several generations' it takes one, no matter which generation issued
//! the certificate; its key it finds by a path of its own. So its verdicts are right because every
//! generation's list has the entries of all.

use std::path::Path;
use std::path::PathBuf;

use jpki_ca::clock::Timestamp;

use super::judge::ask;
use super::published::CAS;
use super::published::Certificate;
use super::published::ELSEWHERE;
use super::published::GENERATIONS;
use super::published::HERE;
use super::published::published;

#[test]
fn is_right_about_every_certificate_whichever_lists_it_takes() {
    let published = published();
    for ca in CAS {
        let [old, new] = GENERATIONS.map(|generation| published.list(ca, generation, HERE));
        let certificates = published.of(ca);
        let stores = [vec![&old, &new], vec![&new, &old], vec![&old], vec![&new]];
        let mut question = Question::at(published.at);
        question.anchors(ca, &GENERATIONS);
        for store in &stores {
            question.lists(store).certificates(&certificates);
        }
        let mut answers = question.ask().into_iter();
        for store in &stores {
            for certificate in &certificates {
                let answer = answers.next().unwrap();
                assert_eq!(answer, right(certificate), "{certificate:?} by {store:?}");
            }
        }
    }
}

#[test]
fn calls_what_is_revoked_valid_when_generations_split_their_entries() {
    let published = published();
    for ca in CAS {
        let [old, new] = GENERATIONS.map(|generation| published.split_list(ca, generation));
        let certificates = published.of(ca);
        let mut question = Question::at(published.at);
        question.anchors(ca, &GENERATIONS);
        for store in [vec![&old], vec![&new], vec![&old, &new], vec![&new, &old]] {
            question.lists(&store).certificates(&certificates);
        }
        let answers = question.ask();
        let [by_old, by_new, both @ ..] =
            &answers.chunks(certificates.len()).collect::<Vec<_>>()[..]
        else {
            panic!("{answers:?}")
        };
        for (generation, answers) in GENERATIONS.into_iter().zip([by_old, by_new]) {
            for (certificate, answer) in certificates.iter().zip(*answers) {
                // The other generation's list is as good to it, and says nothing.
                let own = certificate.generation == generation;
                let said = if own { right(certificate) } else { "valid".to_owned() };
                assert_eq!(*answer, said, "{certificate:?} by the list of {generation}");
            }
        }
        // With both at hand it takes the one that comes first out of a hash set, and no other.
        assert_eq!(both.len(), 2);
        for answers in both {
            assert!(answers == by_old || answers == by_new, "{answers:?}");
        }
    }
}

#[test]
fn cannot_say_anything_without_the_right_partitions_list_or_after_its_end() {
    let published = published();
    let undetermined = "undetermined\tCould not determine revocation status";
    for ca in CAS {
        let certificates = published.of(ca);
        let [old, new] = GENERATIONS.map(|generation| published.list(ca, generation, HERE));
        let elsewhere = GENERATIONS.map(|generation| published.list(ca, generation, ELSEWHERE));
        let mut question = Question::at(published.at);
        question.anchors(ca, &GENERATIONS);
        question.lists(&[]).certificates(&certificates);
        question.lists(&elsewhere.each_ref()).certificates(&certificates);
        // It grants a quarter of an hour to clocks that differ.
        question.time(published.at.plus_seconds(72 * 3600 + 16 * 60));
        question.lists(&[&old, &new]).certificates(&certificates);
        let answers = question.ask();
        assert_eq!(answers.len(), 3 * certificates.len());
        assert!(answers.iter().all(|answer| answer == undetermined), "{answers:?}");

        // It knows the key of another generation only from an anchor.
        let mine: Vec<&Certificate> =
            certificates.into_iter().filter(|certificate| certificate.generation == 1).collect();
        let mut question = Question::at(published.at);
        question.anchors(ca, &[1]);
        question.lists(&[&new]).certificates(&mine);
        question.lists(&[&old]).certificates(&mine);
        let answers = question.ask();
        let (by_new, by_old) = answers.split_at(mine.len());
        assert!(by_new.iter().all(|answer| answer == undetermined), "{by_new:?}");
        let right: Vec<String> = mine.iter().map(|certificate| right(certificate)).collect();
        assert_eq!(by_old, right);
    }
}

/// What is to be said of a certificate.
fn right(certificate: &Certificate) -> String {
    match certificate.reason {
        None => "valid".to_owned(),
        Some(reason) => format!("revoked\t{}", reason.to_uppercase().replace('-', "_")),
    }
}

/// What the program is asked.
struct Question(Vec<PathBuf>);

impl Question {
    fn at(time: Timestamp) -> Self {
        let mut question = Self(vec![source()]);
        question.time(time);
        question
    }

    fn time(&mut self, time: Timestamp) {
        self.0.extend(["at".into(), time.to_unix().to_string().into()]);
    }

    fn file(&mut self, word: &str, path: &Path) {
        self.0.extend([word.into(), path.to_owned()]);
    }

    fn anchors(&mut self, ca: &str, generations: &[u16]) {
        for generation in generations {
            self.file("anchor", &published().authority(ca, *generation));
        }
    }

    fn lists(&mut self, lists: &[&PathBuf]) -> &mut Self {
        self.0.push("again".into());
        for list in lists {
            self.file("list", list);
        }
        self
    }

    fn certificates(&mut self, certificates: &[&Certificate]) {
        for certificate in certificates {
            self.file("certificate", &certificate.der);
        }
    }

    /// The answers, one for each certificate.
    fn ask(&self) -> Vec<String> {
        let verdict = ask("java", &self.0);
        assert!(verdict.accepted, "{}", verdict.text);
        verdict.output.lines().map(str::to_owned).collect()
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/oracle/Judge.java")
}
