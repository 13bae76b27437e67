//! Lines out of a file or standard input, each bounded, with progress where somebody watches.

use std::fs;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use jpki_ca::register::MAX_FORM;

use crate::exit::Failure;

/// A stream of lines.
pub(crate) struct Lines {
    source: Box<dyn BufRead + Send>,
    path: PathBuf,
    number: u64,
    progress: ProgressBar,
}

impl Lines {
    /// Opens a file, or standard input for `-`; `watched` shows how far reading has come.
    pub(crate) fn open(path: &Path, watched: bool) -> Result<Self, Failure> {
        let (source, length): (Box<dyn BufRead + Send>, _) = if path == Path::new("-") {
            (Box::new(BufReader::new(io::stdin())), None)
        } else {
            let fault = |error| Failure::file(path, error);
            let file = fs::File::open(path).map_err(fault)?;
            let metadata = file.metadata().map_err(fault)?;
            if metadata.is_dir() {
                return Err(Failure::usage(format!("{} is a folder", path.display())));
            }
            (Box::new(BufReader::with_capacity(256 * 1024, file)), Some(metadata.len()))
        };
        let progress = if watched { bar(length) } else { ProgressBar::hidden() };
        Ok(Self { source, path: path.to_owned(), number: 0, progress })
    }

    /// The number of the line that was read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The bar, for output that must not run into it.
    pub(crate) fn progress(&self) -> &ProgressBar {
        &self.progress
    }

    /// The next line that is not blank. Of an over-long one only so much is kept that whoever reads
    /// it sees that it is: one byte more than a form may have.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            let mut line = Vec::new();
            let (mut any, mut ended) = (false, false);
            while !ended {
                let read = self.source.fill_buf();
                let chunk = read.map_err(|error| Failure::file(&self.path, error))?;
                if chunk.is_empty() {
                    break;
                }
                any = true;
                let end = chunk.iter().position(|octet| *octet == b'\n');
                let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
                let room = (MAX_FORM + 1).saturating_sub(line.len()).min(part.len());
                line.extend_from_slice(part.get(..room).unwrap_or_default());
                let used = part.len() + usize::from(end.is_some());
                self.source.consume(used);
                self.progress.inc(used as u64);
                ended = end.is_some();
            }
            if !any {
                self.progress.finish_and_clear();
                return Ok(None);
            }
            self.number += 1;
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }
}

fn bar(length: Option<u64>) -> ProgressBar {
    let Some(length) = length else { return ProgressBar::new_spinner() };
    let template = "{bar:40} {percent:>3} %  {bytes}/{total_bytes}  {eta} left";
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
