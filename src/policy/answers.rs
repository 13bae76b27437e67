//! How long answers about status count, how old what they say may be, and what they say of a number
//! that was never used.

use serde::Deserialize;
use serde::Serialize;

/// The times of answers, and what else is open about them. As configuration it is a table of these
/// fields; what is left out has its default, what is unknown is refused.
///
/// One figure is published: what the real service answers from is renewed every 15 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answering {
    /// Minutes from an answer's `thisUpdate` to its `nextUpdate`, 2 to 1440.
    pub life_minutes: u16,
    /// For how many minutes a store that cannot be read is answered from memory, below
    /// `life_minutes`; then answers are `tryLater`.
    pub stale_minutes: u16,
    /// For how many minutes at most others may keep an answer (RFC 9111 `max-age`), 0 to 15.
    pub cache_minutes: u16,
    /// What is said of a number that was never used: `unknown` or `revoked`.
    pub unissued: Unissued,
}

impl Default for Answering {
    fn default() -> Self {
        Self {
            life_minutes: 30,
            stale_minutes: 15,
            cache_minutes: 15,
            unissued: Unissued::default(),
        }
    }
}

impl Answering {
    /// Whether the figures fit together.
    ///
    /// # Errors
    /// When they do not, saying which.
    pub fn check(self) -> Result<(), String> {
        if !(2..=LONGEST_LIFE).contains(&self.life_minutes) {
            return Err(format!("life_minutes: write 2 to {LONGEST_LIFE}"));
        }
        if self.stale_minutes >= self.life_minutes {
            return Err(format!(
                "stale_minutes {} is not below life_minutes {}: the last answers before tryLater \
                 would be over when they are given",
                self.stale_minutes, self.life_minutes
            ));
        }
        if self.cache_minutes > LONGEST_CACHE {
            return Err(format!("cache_minutes: write 0 to {LONGEST_CACHE}"));
        }
        Ok(())
    }

    /// Seconds from an answer's `thisUpdate` to its `nextUpdate`.
    #[must_use]
    pub fn life_seconds(self) -> i64 {
        i64::from(self.life_minutes) * 60
    }

    /// How many seconds after the last look at the store nothing is said any more.
    #[must_use]
    pub fn stale_seconds(self) -> i64 {
        i64::from(self.stale_minutes) * 60
    }

    /// For how many seconds at most others may keep an answer.
    #[must_use]
    pub fn cache_seconds(self) -> i64 {
        i64::from(self.cache_minutes) * 60
    }
}

/// What is said of a number that was never used.
///
/// Open: RFC 6960 section 2.2 allows both. `unknown` is the default, as the responder of Estonia's
/// cards has it; either way such a number is never good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unissued {
    /// That it is not known.
    #[default]
    Unknown,
    /// That it is revoked: held since 1970, with the extension that says so (section 4.4.8).
    Revoked,
}

/// A day: whoever needs longer wants a list.
const LONGEST_LIFE: u16 = 1440;
/// As the real service renews what it answers from.
const LONGEST_CACHE: u16 = 15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit_together() {
        assert_eq!(Answering::default().check(), Ok(()));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let default = Answering::default();
        for (answering, named) in [
            (Answering { life_minutes: 1, stale_minutes: 0, ..default }, "life_minutes"),
            (Answering { life_minutes: 1441, ..default }, "life_minutes"),
            (Answering { stale_minutes: 30, ..default }, "stale_minutes 30 is not below"),
            (Answering { cache_minutes: 16, ..default }, "cache_minutes"),
        ] {
            let said = answering.check().unwrap_err();
            assert!(said.contains(named), "{said}");
        }
    }
}
