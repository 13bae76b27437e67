//! The articles that effects rest on, as data for whoever asks why.

use std::fmt;

use serde::Serialize;
use serde::Serializer;

/// An article, or where no article is known the published practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Article {
    /// The statute.
    pub statute: Statute,
    /// The number within it, item included: `12(i)`.
    pub number: &'static str,
    /// The citation in Japanese.
    pub japanese: &'static str,
    /// What it says, in English.
    pub english: &'static str,
    /// Whether a text that names it was seen; else it follows from the Act's parallel chapters or
    /// from practice.
    pub confirmed: bool,
}

impl Article {
    /// The holder asks to end a signature certificate.
    pub const SIGNATURE_REQUEST: Self = article(
        Statute::PublicAuthentication,
        "9",
        "公的個人認証法第9条",
        "the holder applies for revocation",
        true,
    );
    /// The same for user authentication.
    pub const AUTHENTICATION_REQUEST: Self = article(
        Statute::PublicAuthentication,
        "28",
        "公的個人認証法第28条",
        "the holder applies for revocation",
        false,
    );
    /// The holder reports key or card leaked or lost.
    pub const SIGNATURE_LEAK: Self = article(
        Statute::PublicAuthentication,
        "10",
        "公的個人認証法第10条",
        "the holder reports the key or its card leaked, lost or damaged",
        true,
    );
    /// The same for user authentication.
    pub const AUTHENTICATION_LEAK: Self = article(
        Statute::PublicAuthentication,
        "29",
        "公的個人認証法第29条",
        "the holder reports the key or its card leaked, lost or damaged",
        false,
    );
    /// One of the four items changed, minor corrections apart.
    pub const SIGNATURE_CHANGE: Self = article(
        Statute::PublicAuthentication,
        "12(i)",
        "公的個人認証法第12条第1号",
        "name, date of birth, sex or address on record changed, minor corrections apart",
        true,
    );
    /// The entry ended.
    pub const SIGNATURE_ENTRY: Self = article(
        Statute::PublicAuthentication,
        "12(ii)",
        "公的個人認証法第12条第2号",
        "the resident record was deleted",
        true,
    );
    /// The same for user authentication.
    pub const AUTHENTICATION_ENTRY: Self = article(
        Statute::PublicAuthentication,
        "31",
        "公的個人認証法第31条",
        "the resident record was deleted",
        true,
    );
    /// The record was found wrong.
    pub const SIGNATURE_ERROR: Self = article(
        Statute::PublicAuthentication,
        "13",
        "公的個人認証法第13条",
        "an error of the record was found",
        true,
    );
    /// The same for user authentication.
    pub const AUTHENTICATION_ERROR: Self = article(
        Statute::PublicAuthentication,
        "32",
        "公的個人認証法第32条",
        "an error of the record was found",
        false,
    );
    /// The authority's own key leaked: every certificate under it ends.
    pub const SIGNATURE_AUTHORITY_LEAK: Self = article(
        Statute::PublicAuthentication,
        "14",
        "公的個人認証法第14条",
        "the authority's own key was leaked or may have been: every certificate under it ends",
        true,
    );
    /// The same for user authentication.
    pub const AUTHENTICATION_AUTHORITY_LEAK: Self = article(
        Statute::PublicAuthentication,
        "33",
        "公的個人認証法第33条",
        "the authority's own key was leaked or may have been: every certificate under it ends",
        false,
    );
    /// No two at once.
    pub const SIGNATURE_ONE: Self = article(
        Statute::PublicAuthentication,
        "4",
        "公的個人認証法第4条",
        "no second certificate of a kind: the old one ends",
        false,
    );
    /// The same for user authentication.
    pub const AUTHENTICATION_ONE: Self = article(
        Statute::PublicAuthentication,
        "23",
        "公的個人認証法第23条",
        "no second certificate of a kind: the old one ends",
        false,
    );
    /// A phone's signature certificate loses its effect.
    pub const PHONE_SIGNATURE: Self = article(
        Statute::PublicAuthentication,
        "16-14",
        "公的個人認証法第16条の14",
        "grounds on which a phone's signature certificate loses its effect",
        true,
    );
    /// A phone's user-authentication certificate loses its effect.
    pub const PHONE_AUTHENTICATION: Self = article(
        Statute::PublicAuthentication,
        "35-14",
        "公的個人認証法第35条の14",
        "grounds on which a phone's user-authentication certificate loses its effect",
        false,
    );
    /// The card is given back.
    pub const CARD_SURRENDER: Self = article(
        Statute::MyNumber,
        "17",
        "番号利用法第17条",
        "delivery and return of the card",
        true,
    );
    /// The card loses its effect.
    pub const CARD_VOID: Self = article(
        Statute::MyNumberOrder,
        "14",
        "番号利用法施行令第14条",
        "cases in which the card loses its effect",
        false,
    );
    /// Discarded before delivery.
    pub const DISCARDED: Self = article(
        Statute::PracticeStatement,
        "reasons",
        "認証業務規程（失効理由の表）",
        "certificates discarded before delivery are revoked as unspecified",
        true,
    );

    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::SIGNATURE_REQUEST,
        Self::AUTHENTICATION_REQUEST,
        Self::SIGNATURE_LEAK,
        Self::AUTHENTICATION_LEAK,
        Self::SIGNATURE_CHANGE,
        Self::SIGNATURE_ENTRY,
        Self::AUTHENTICATION_ENTRY,
        Self::SIGNATURE_ERROR,
        Self::AUTHENTICATION_ERROR,
        Self::SIGNATURE_AUTHORITY_LEAK,
        Self::AUTHENTICATION_AUTHORITY_LEAK,
        Self::SIGNATURE_ONE,
        Self::AUTHENTICATION_ONE,
        Self::PHONE_SIGNATURE,
        Self::PHONE_AUTHENTICATION,
        Self::CARD_SURRENDER,
        Self::CARD_VOID,
        Self::DISCARDED,
    ];

    /// The article with this id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|article| article.to_string() == id)
    }
}

impl fmt::Display for Article {
    /// The id: `piaa-12(i)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.statute.as_str(), self.number)
    }
}

impl Serialize for Article {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A statute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Statute {
    /// Act 153 of 2002 (公的個人認証法).
    PublicAuthentication,
    /// Act 27 of 2013 (番号利用法).
    MyNumber,
    /// Its order, Cabinet Order 155 of 2014 (番号利用法施行令).
    MyNumberOrder,
    /// The practice statement of the authority (認証業務規程).
    PracticeStatement,
}

impl Statute {
    /// The word in ids.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PublicAuthentication => "piaa",
            Self::MyNumber => "mna",
            Self::MyNumberOrder => "mna-order",
            Self::PracticeStatement => "cps",
        }
    }

    /// The name in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::PublicAuthentication => {
                "電子署名等に係る地方公共団体情報システム機構の認証業務に関する法律（平成14年法律第153号）"
            }
            Self::MyNumber => {
                "行政手続における特定の個人を識別するための番号の利用等に関する法律（平成25年法律第27号）"
            }
            Self::MyNumberOrder => {
                "行政手続における特定の個人を識別するための番号の利用等に関する法律施行令（平成26年政令第155号）"
            }
            Self::PracticeStatement => "認証業務規程",
        }
    }
}

const fn article(
    statute: Statute,
    number: &'static str,
    japanese: &'static str,
    english: &'static str,
    confirmed: bool,
) -> Article {
    Article { statute, number, japanese, english, confirmed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_are_found_by_their_id() {
        for article in Article::ALL {
            assert_eq!(Article::from_id(&article.to_string()), Some(article));
            assert_eq!(serde_json::to_value(article).unwrap(), article.to_string());
        }
        assert_eq!(Article::from_id("piaa-99"), None);
    }
}
