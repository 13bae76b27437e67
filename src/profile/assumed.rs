//! Every value of the profile that nobody could confirm from a published text, with the number of
//! the section of `ARCHITECTURE.md` that lists it. When a primary text turns up, this is the file to
//! change.

/// Last four characters of the reception-window identifier (受付窓口識別記号): three digits for the
/// window and a letter for the medium. Every published sample ends so; the meaning is open.
pub const WINDOW_SUFFIX: &str = "003A";

/// Symbols of the first 14 characters of a user-authentication subject: digits and A to M are
/// what the samples show.
pub const OPAQUE_ALPHABET: &[u8; 23] = b"0123456789ABCDEFGHIJKLM";

/// Opening and closing bracket around a former surname (旧氏) behind the surname, and around an
/// alias (通称) behind the name, inside the name item of the certificate. This is the form of
/// the card's face.
pub const BRACKETS: (char, char) = ('［', '］');

/// Policy arc elements `<environment>.<kind>` of a phone's user-authentication certificate in
/// production. The signature one, `1.40`, is known; by its pattern (card 20 → phone 40) the
/// authentication one (card `3.30`) gets 50.
pub const PHONE_USER_AUTHENTICATION_POLICY: (u8, u8) = (3, 50);

/// Last policy arc elements of a phone's certificates in the test environment: the production
/// elements under the test arc `0`, as for cards.
pub const PHONE_TEST_POLICY: [u8; 2] = [40, 50];

/// Practice statement that every certificate policy points at. Published; listed here because a
/// sandbox keeps it for the sake of the exact bytes.
pub const CPS_URI: &str = "http://www.jpki.go.jp/cps.html";

/// The multiplier that scatters serials over the opaque names; any number prime to their count does
///
pub const OPAQUE_MULTIPLIER: u64 = 27_182_818_284_590_457;

/// Policy arc element of the test environment, production being `1` (signature) and `3` (user
/// authentication). Published for the years 2019 to 2024.
pub const TEST_ARC: u8 = 0;

/// Years of an authority's own life, less a day. Published for all six certificates.
pub const CA_YEARS: u8 = 10;

/// The same under the profile `next`. Nothing is published: twenty years leave a generation
/// nine in which it can issue certificates that live for eleven, as ten leave four for those of six
/// today.
pub const NEXT_CA_YEARS: u8 = 20;

/// To which birthday after issue a certificate lives under the profile `next`. The task
/// force's final report (2024) has ten years "like the card"; that they are counted in birthdays, as
/// today, is our reading.
pub const NEXT_BIRTHDAYS: u8 = 10;

/// To which birthday a renewed one lives under `next`: one more, as today. Not published.
pub const NEXT_RENEWED_BIRTHDAYS: u8 = 11;

/// To which birthday after issue the next card lives of someone who was of age when applying.
/// The report says so.
pub const NEXT_CARD_OF_AGE: u8 = 10;

/// The same for someone under age.
pub const NEXT_CARD_UNDER_AGE: u8 = 5;

/// Calendar months that the next card lives beyond that birthday. The report says one month;
/// that it ends on the same day of the next month, or with a shorter month, is our reading.
pub const NEXT_CARD_MONTHS: u8 = 1;

/// Years of the life of a service's certificate, less a day. Nothing is published of such
/// certificates: the lists of the real service come without a manifest.
pub const SERVICE_YEARS: u8 = 3;

/// Days of the life of a responder's certificate, the first and the last counted. Nothing is
/// published of the real one. It says `id-pkix-ocsp-nocheck`, so that a stolen key is believed until
/// the end: RFC 6960 section 4.2.2.2.1 advises a very short life for that.
pub const RESPONDER_DAYS: u8 = 30;
