//! Bodies of requests: the lines of a feed as they come in, and small documents.

use std::mem;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use http_body_util::BodyExt as _;

use crate::http::body::BodyFault;
use crate::http::body::fault;
use crate::http::problem::Problem;
use crate::register::MAX_EVENT;

/// The lines of a body, blank ones left out.
#[derive(Debug)]
pub(super) struct Lines {
    body: Body,
    cut: Cut,
    has_ended: bool,
}

impl Lines {
    pub(super) fn new(body: Body) -> Self {
        Self { body, cut: Cut::default(), has_ended: false }
    }

    /// The next `most` lines; fewer at the end, and none behind it.
    ///
    /// # Errors
    /// When the body is too large, too slow or cut off.
    pub(super) async fn next(&mut self, most: usize) -> Result<Vec<Vec<u8>>, BodyFault> {
        while !self.has_ended && self.cut.lines.len() < most {
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Some(part) = frame.data_ref() {
                        self.cut.take(part);
                    }
                }
                Some(Err(error)) => return Err(fault(error)),
                None => {
                    self.has_ended = true;
                    self.cut.end();
                }
            }
        }
        let rest = self.cut.lines.split_off(most.min(self.cut.lines.len()));
        Ok(mem::replace(&mut self.cut.lines, rest))
    }
}

/// Octets on their way to lines.
#[derive(Debug, Default)]
struct Cut {
    lines: Vec<Vec<u8>>,
    begun: Vec<u8>,
}

impl Cut {
    fn take(&mut self, part: &[u8]) {
        for piece in part.split_inclusive(|octet| *octet == b'\n') {
            let (text, is_whole) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            // Of one that is too long only so much is kept that whoever reads it sees that it is.
            let room = (MAX_EVENT + 1).saturating_sub(self.begun.len()).min(text.len());
            self.begun.extend_from_slice(text.get(..room).unwrap_or_default());
            if is_whole {
                self.end();
            }
        }
    }

    fn end(&mut self) {
        let line = mem::take(&mut self.begun);
        if !line.trim_ascii().is_empty() {
            self.lines.push(line);
        }
    }
}

/// A whole body of at most so many octets.
///
/// # Errors
/// When it is larger, too slow or cut off.
pub(super) async fn whole(mut body: Body, most: usize) -> Result<Vec<u8>, Problem> {
    let mut octets = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::from(fault(error)))?;
        octets.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
        if octets.len() > most {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE)
                .detail(format!("the body is longer than {most} octets"))
                .rule("E-LENGTH", None));
        }
    }
    Ok(octets)
}

/// Whether the body is of one of these types.
///
/// # Errors
/// 415 when it is of another, or says none.
pub(super) fn must_be(headers: &HeaderMap, kinds: &[&str]) -> Result<(), Problem> {
    let stated = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = stated.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if kinds.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        .detail(format!("send the body with content-type {}", kinds.join(" or "))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(parts: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut cut = Cut::default();
        parts.iter().for_each(|part| cut.take(part));
        cut.end();
        cut.lines
    }

    #[test]
    fn blank_lines_are_none_and_the_last_needs_no_end() {
        assert_eq!(cut(&[b"\n \r\n{1}\r\n\n{2}"]), [&b"{1}\r"[..], b"{2}"]);
        assert_eq!(cut(&[]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn of_a_long_line_so_much_is_kept_that_it_is_seen_to_be() {
        let lines = cut(&[&vec![b'x'; MAX_EVENT], &vec![b'y'; MAX_EVENT], b"\n{1}\n"]);
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [MAX_EVENT + 1, 3]);
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_they_come(text in "[ab\n]{0,60}", at in 0_usize..60) {
            let at = at.min(text.len());
            let (one, other) = text.as_bytes().split_at(at);
            prop_assert_eq!(cut(&[one, other]), cut(&[text.as_bytes()]));
        }
    }
}
