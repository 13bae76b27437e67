//! OpenSSL's opinion.

use std::path::Path;
use std::process::Command;
use std::process::Output;

use jpki_ca::clock::Timestamp;

use crate::exit::Exit;
use crate::exit::Failure;

/// The command `openssl`.
#[derive(Debug)]
pub(super) struct OpenSsl;

impl OpenSsl {
    /// Where it can be run.
    pub(super) fn find() -> Result<Self, Failure> {
        let found = Self.run(&["version"], &[]);
        match found {
            Ok(output) if output.status.success() => Ok(Self),
            _ => Err(Failure::Other(
                Exit::Unavailable,
                anyhow::anyhow!("the rehearsal asks OpenSSL, and there is no openssl: install it"),
            )),
        }
    }

    /// Whether a certificate verifies under its authority, with a list if one is given.
    pub(super) fn verify(
        &self,
        certificate: &Path,
        authority: &Path,
        list: Option<&Path>,
        at: Timestamp,
    ) -> Result<bool, Failure> {
        Ok(self.verification(certificate, authority, list, at)?.status.success())
    }

    /// What it says against a certificate.
    pub(super) fn explain(
        &self,
        certificate: &Path,
        authority: &Path,
        list: &Path,
        at: Timestamp,
    ) -> Result<String, Failure> {
        let output = self.verification(certificate, authority, Some(list), at)?;
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn verification(
        &self,
        certificate: &Path,
        authority: &Path,
        list: Option<&Path>,
        at: Timestamp,
    ) -> Result<Output, Failure> {
        let at = at.to_unix().to_string();
        let mut words = vec!["verify", "-no-CApath", "-x509_strict", "-check_ss_sig"];
        words.extend(["-attime", at.as_str()]);
        let mut files = vec![("-CAfile", authority)];
        if let Some(list) = list {
            words.push("-crl_check");
            files.push(("-CRLfile", list));
        }
        files.push(("", certificate));
        self.run(&words, &files)
    }

    /// Whether a certificate verifies by the key of an issuer that is trusted as it stands.
    pub(super) fn verify_partial(
        &self,
        certificate: &Path,
        issuer: &Path,
        at: Timestamp,
    ) -> Result<bool, Failure> {
        let at = at.to_unix().to_string();
        let words = ["verify", "-no-CApath", "-partial_chain", "-attime", at.as_str()];
        let files = [("-trusted", issuer), ("", certificate)];
        Ok(self.run(&words, &files)?.status.success())
    }

    /// Whether a list is signed by an authority.
    pub(super) fn verify_list(&self, list: &Path, authority: &Path) -> Result<bool, Failure> {
        let words = ["crl", "-inform", "DER", "-noout"];
        let output = self.run(&words, &[("-CAfile", authority), ("-in", list)])?;
        Ok(output.status.success() && String::from_utf8_lossy(&output.stderr).contains("verify OK"))
    }

    /// Whether a list names a serial number, in hexadecimal.
    pub(super) fn is_listed(&self, list: &Path, serial: &str) -> Result<bool, Failure> {
        let output = self.run(&["crl", "-inform", "DER", "-noout", "-text"], &[("-in", list)])?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().any(|line| line.trim().strip_prefix("Serial Number: ") == Some(serial)))
    }

    /// Writes a request about a certificate.
    pub(super) fn request(
        &self,
        certificate: &Path,
        issuer: &Path,
        out: &Path,
    ) -> Result<(), Failure> {
        let files = [("-issuer", issuer), ("-cert", certificate), ("-reqout", out)];
        let output = self.run(&["ocsp", "-no_nonce"], &files)?;
        if output.status.success() { Ok(()) } else { Err(failed("ocsp -reqout", &output)) }
    }

    /// The status that an answer states, where it verifies; else what is said against it.
    pub(super) fn status(
        &self,
        certificate: &Path,
        issuer: &Path,
        answer: &Path,
        at: Timestamp,
    ) -> Result<String, Failure> {
        let at = at.to_unix().to_string();
        // How long ago it was made, by the machine's clock, says nothing here.
        let words = ["ocsp", "-no_nonce", "-attime", &at, "-validity_period", "10000000000"];
        let files =
            [("-issuer", issuer), ("-cert", certificate), ("-CAfile", issuer), ("-respin", answer)];
        let output = self.run(&words, &files)?;
        let (told, said) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let status = told.lines().next().and_then(|line| line.rsplit_once(": "));
        match status {
            Some((_, status)) if said.contains("verify OK") => Ok(status.trim().to_owned()),
            Some(_) | None => Ok(said.into_owned()),
        }
    }

    fn run(&self, words: &[&str], files: &[(&str, &Path)]) -> Result<Output, Failure> {
        let mut command = Command::new("openssl");
        command.args(words);
        for (option, file) in files {
            if !option.is_empty() {
                command.arg(option);
            }
            command.arg(file);
        }
        command.output().map_err(|error| Failure::file(Path::new("openssl"), error))
    }
}

/// A command that did not do its work.
pub(super) fn failed(what: &str, output: &Output) -> Failure {
    let said = String::from_utf8_lossy(&output.stderr);
    let problem = anyhow::anyhow!("the rehearsal stopped: {what}: {}", said.trim_end());
    Failure::Other(Exit::Unavailable, problem)
}
