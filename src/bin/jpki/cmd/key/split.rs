//! `jpki key split`.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use jpki_ca::authority::home::sync_folder;
use jpki_ca::signer::Quorum;
use jpki_ca::signer::Share;
use jpki_ca::signer::share_passphrase;
use jpki_ca::signer::write_secret_file;
use rand_core::OsRng;
use serde::Serialize;

use crate::args::SplitArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::exit::Failure;

pub(super) fn run(context: &Context<'_>, args: &SplitArgs) -> Result<Exit, Failure> {
    let quorum = Quorum::new(args.needed, args.shares).map_err(Failure::usage)?;
    let (home, passphrase) = context.home_and_passphrase()?;
    let (new, shares) = share_passphrase(quorum, &mut OsRng).map_err(Failure::usage)?;
    let dry_run = context.global.dry_run;
    // The shares are durable before anything is closed to them; those of a split that failed go.
    let written = match &args.out {
        Some(folder) if !dry_run => Some(Written::new(folder, &shares)?),
        Some(_) | None => None,
    };
    let keys = home.close_keys(passphrase.as_ref(), &new, &mut OsRng)??;
    let files = written.map(Written::keep).unwrap_or_default();
    let (needed, of) = (quorum.needed(), quorum.of());
    let mut lines = vec![if dry_run {
        format!("would close {keys} keys to {needed} of {of} shares: nothing was written")
    } else {
        format!("closed {keys} keys to {needed} of {of} shares")
    }];
    lines.extend(files.iter().map(|file| format!("share       {}", file.display())));
    if !dry_run {
        lines.push("next        give each to one officer, and delete the files".to_owned());
    }
    let files = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
    let json = Split { dry_run, keys, needed, of, shares: files };
    context.report.result(&json, &lines.join("\n"))?;
    Ok(Exit::Done)
}

/// Files of shares, removed unless they are kept.
struct Written(Vec<PathBuf>);

impl Written {
    fn new(folder: &Path, shares: &[Share]) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
        let mut written = Self(Vec::new());
        for share in shares {
            let path = folder.join(format!("share-{}.txt", share.number()));
            write_secret_file(&path, &share.expose(), &mut OsRng)?;
            written.0.push(path);
        }
        sync_folder(folder)?;
        Ok(written)
    }

    fn keep(mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for path in &self.0 {
            // Best effort: a share without a split opens nothing.
            let _removed = fs::remove_file(path);
        }
    }
}

#[derive(Serialize)]
struct Split {
    dry_run: bool,
    keys: usize,
    needed: u8,
    of: u8,
    shares: Vec<String>,
}
