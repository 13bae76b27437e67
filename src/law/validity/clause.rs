//! Which rule set the end.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

/// The rule that set a certificate's end. Of rules that give the same day the first counts, in this
/// order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clause {
    /// Fifth birthday after issue.
    Birthday5,
    /// Sixth birthday after issue, on renewal.
    Birthday6,
    /// Tenth birthday after issue, of the next card.
    Birthday10,
    /// Eleventh birthday after issue, of the next card on renewal.
    Birthday11,
    /// End of the user-authentication certificate.
    Authentication,
    /// End of the card, or for a phone of the card's certificate.
    Card,
}

impl Clause {
    /// All clauses, in the order in which they count.
    pub const ALL: [Self; 6] = [
        Self::Birthday5,
        Self::Birthday6,
        Self::Birthday10,
        Self::Birthday11,
        Self::Authentication,
        Self::Card,
    ];

    /// The word of results and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Birthday5 => "birthday5",
            Self::Birthday6 => "birthday6",
            Self::Birthday10 => "birthday10",
            Self::Birthday11 => "birthday11",
            Self::Authentication => "authentication",
            Self::Card => "card",
        }
    }

    /// The rule in Japanese.
    #[must_use]
    pub fn japanese(self) -> &'static str {
        match self {
            Self::Birthday5 => "発行の日後の5回目の誕生日（公的個人認証法第5条・第24条）",
            Self::Birthday6 => {
                "有効期間の満了まで3月未満の更新につき、発行の日後の6回目の誕生日\
                 （公的個人認証法第5条・第24条）"
            }
            Self::Birthday10 => {
                "次期個人番号カードにつき、発行の日後の10回目の誕生日（公的個人認証法第5条・第24条の\
                 見直し案）"
            }
            Self::Birthday11 => {
                "次期個人番号カードの有効期間の満了まで1年未満の更新につき、発行の日後の11回目の\
                 誕生日（公的個人認証法第5条・第24条の見直し案）"
            }
            Self::Authentication => {
                "利用者証明用電子証明書の有効期間が満了する日（公的個人認証法第5条）"
            }
            Self::Card => "個人番号カードの有効期間が満了する日（公的個人認証法第5条・第24条）",
        }
    }

    /// The rule in English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::Birthday5 => "fifth birthday after the day of issue (Act 153/2002 art. 5, 24)",
            Self::Birthday6 => {
                "sixth birthday after the day of issue, as less than three months of the renewed \
                 certificate were left (Act 153/2002 art. 5, 24)"
            }
            Self::Birthday10 => {
                "tenth birthday after the day of issue, of the next card (planned for Act 153/2002 \
                 art. 5, 24)"
            }
            Self::Birthday11 => {
                "eleventh birthday after the day of issue, of the next card, as less than a year of \
                 the renewed certificate was left (planned for Act 153/2002 art. 5, 24)"
            }
            Self::Authentication => {
                "end of the holder's user-authentication certificate (Act 153/2002 art. 5)"
            }
            Self::Card => {
                "end of the card; for a phone, of the card's certificate (Act 153/2002 art. 5, 24)"
            }
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
