//! What a file is, told by its tags.

use crate::asn1::Reader;
use crate::asn1::tag;

/// What kind of message DER looks like; whether it is a sound one, reading tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A request: what is asked.
    Request,
    /// A response: an answer or a refusal.
    Response,
}

impl Message {
    /// Tells by the outermost tags, whatever follows; none when it is neither.
    #[must_use]
    pub fn of(der: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(der).nested(tag::SEQUENCE).ok()?;
        if outer.next_if(tag::ENUMERATED).is_some() {
            return Some(Self::Response);
        }
        let mut tbs = outer.next_if(tag::SEQUENCE)?.inside();
        for optional in [0, 1] {
            let _ = tbs.next_if(tag::context_constructed(optional));
        }
        let mut first = tbs.next_if(tag::SEQUENCE)?.inside();
        let mut request = first.next_if(tag::SEQUENCE)?.inside();
        let id = request.next_if(tag::SEQUENCE)?;
        let tags: Vec<_> = id.children().map(|part| part.tag).take(4).collect();
        (tags == ID).then_some(Self::Request)
    }
}

/// The tags within a `CertID`, which nothing else has in that place.
const ID: [u8; 4] = [tag::SEQUENCE, tag::OCTET_STRING, tag::OCTET_STRING, tag::INTEGER];
