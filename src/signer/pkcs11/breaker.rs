//! A device that fails again and again is left alone for a moment: whoever waits for it would wait in
//! vain, and a device that comes back is not met by all of them at once.

use std::time::Duration;

use super::TokenError;
use super::TokenHealth;
use super::TokenState;

/// Counts failures in a row. Time is an argument: how long since the token was opened.
#[derive(Debug)]
pub(super) struct Breaker {
    /// Failures in a row that open it.
    most: u32,
    /// How long it stays open.
    rest: Duration,
    failures: u32,
    last: Option<TokenError>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    /// Until then nobody passes.
    Open {
        until: Duration,
    },
    /// One call is under way that tells how the device is.
    Probing,
}

/// Leave to call the device, to be given back with what came of it.
#[derive(Debug)]
#[must_use]
pub(super) struct Leave {
    is_probe: bool,
}

impl Breaker {
    pub(super) fn new(most: u32, rest: Duration) -> Self {
        Self { most: most.max(1), rest, failures: 0, last: None, state: State::Closed }
    }

    /// Leave to call the device, or why not.
    pub(super) fn enter(&mut self, now: Duration) -> Result<Leave, TokenError> {
        // A PIN that was refused is never tried again: it would lock.
        if let Some(last) = self.last.as_ref().filter(|last| last.is_of_pin()) {
            return Err(last.clone());
        }
        match self.state {
            State::Closed => Ok(Leave { is_probe: false }),
            State::Open { until } if now >= until => {
                self.state = State::Probing;
                Ok(Leave { is_probe: true })
            }
            State::Open { until } => Err(self.resting(until.saturating_sub(now))),
            State::Probing => Err(self.resting(Duration::ZERO)),
        }
    }

    /// What came of a call.
    #[expect(clippy::needless_pass_by_value, reason = "leave is given back, once")]
    pub(super) fn leave(&mut self, leave: Leave, now: Duration, failure: Option<&TokenError>) {
        match failure {
            Some(failure) if failure.is_of_device() => {
                self.failures = self.failures.saturating_add(1);
                self.last = Some(failure.clone());
                // A call that was begun before the rest does not lengthen it.
                let opens =
                    leave.is_probe || (self.state == State::Closed && self.failures >= self.most);
                if opens {
                    self.state = State::Open { until: now.saturating_add(self.rest) };
                }
            }
            Some(failure) if failure.is_of_pin() => {
                self.last = Some(failure.clone());
                self.state = State::Closed;
            }
            // The device was not reached: nothing is known of it, and another may probe at once.
            Some(TokenError::Busy { .. } | TokenError::Hanging { .. } | TokenError::Thread(_)) => {
                if leave.is_probe {
                    self.state = State::Open { until: now };
                }
            }
            Some(_) | None => {
                if !self.last.as_ref().is_some_and(TokenError::is_of_pin) {
                    self.failures = 0;
                    self.last = None;
                    self.state = State::Closed;
                }
            }
        }
    }

    /// How the device is.
    pub(super) fn health(&self, now: Duration, hanging: usize) -> TokenHealth {
        let last = self.last.as_ref().map(ToString::to_string).unwrap_or_default();
        let state = match (self.state, &self.last) {
            (_, Some(error)) if error.is_of_pin() => TokenState::LockedOut { last },
            (State::Closed, None) => TokenState::Well,
            (State::Closed, Some(_)) => TokenState::Failing { failures: self.failures, last },
            (State::Open { until }, _) => {
                let left = until.saturating_sub(now);
                TokenState::Resting { failures: self.failures, left, last }
            }
            (State::Probing, _) => {
                TokenState::Resting { failures: self.failures, left: Duration::ZERO, last }
            }
        };
        TokenHealth { state, hanging }
    }

    fn resting(&self, left: Duration) -> TokenError {
        let last = self.last.as_ref().map(ToString::to_string).unwrap_or_default();
        TokenError::Resting { left, last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURE: TokenError = TokenError::Unanswered { after: Duration::from_secs(10) };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A call at such a time that comes out so.
    fn call(breaker: &mut Breaker, now: u64, failure: Option<&TokenError>) {
        let leave = breaker.enter(at(now)).unwrap();
        breaker.leave(leave, at(now), failure);
    }

    #[test]
    fn so_many_failures_in_a_row_let_it_rest_and_one_call_looks_after_it() {
        let mut breaker = Breaker::new(3, at(5));
        call(&mut breaker, 0, Some(&FAILURE));
        call(&mut breaker, 1, Some(&FAILURE));
        call(&mut breaker, 1, None);
        assert_eq!(breaker.health(at(1), 0).to_string(), "well");
        for now in [2, 3] {
            call(&mut breaker, now, Some(&FAILURE));
        }
        let health = breaker.health(at(3), 2);
        assert!(matches!(health.state, TokenState::Failing { failures: 2, .. }), "{health}");
        assert!(health.to_string().ends_with("not known; 2 calls hang"), "{health}");
        call(&mut breaker, 4, Some(&FAILURE));
        let refused = breaker.enter(at(6)).unwrap_err();
        assert_eq!(refused, TokenError::Resting { left: at(3), last: FAILURE.to_string() });
        assert!(breaker.health(at(6), 0).to_string().starts_with("resting for 3 s (3 failures"));

        let probe = breaker.enter(at(9)).unwrap();
        assert!(breaker.enter(at(9)).is_err(), "one at a time");
        breaker.leave(probe, at(19), Some(&FAILURE));
        assert!(breaker.enter(at(23)).is_err());
        call(&mut breaker, 24, None);
        assert!(breaker.health(at(24), 0).is_well());
        call(&mut breaker, 24, Some(&FAILURE));
        call(&mut breaker, 24, Some(&FAILURE));
        assert!(breaker.enter(at(24)).is_ok(), "counted from zero again");
    }

    #[test]
    fn what_a_device_says_in_good_health_is_no_failure() {
        let mut breaker = Breaker::new(1, at(5));
        let missing = TokenError::KeyMissing { key: "x".into() };
        call(&mut breaker, 0, Some(&missing));
        assert!(breaker.health(at(0), 0).is_well());
        call(&mut breaker, 0, Some(&FAILURE));
        let probe = breaker.enter(at(5)).unwrap();
        let busy = TokenError::Busy { sessions: 4, after: at(10) };
        breaker.leave(probe, at(6), Some(&busy));
        call(&mut breaker, 6, Some(&missing));
        assert!(breaker.health(at(6), 0).is_well());
    }

    #[test]
    fn calls_from_before_the_rest_do_not_lengthen_it() {
        let mut breaker = Breaker::new(1, at(5));
        let (first, second) = (breaker.enter(at(0)).unwrap(), breaker.enter(at(0)).unwrap());
        breaker.leave(first, at(1), Some(&FAILURE));
        breaker.leave(second, at(3), Some(&FAILURE));
        assert!(breaker.enter(at(6)).is_ok());
    }

    #[test]
    fn a_pin_that_was_refused_is_never_tried_again() {
        let mut breaker = Breaker::new(3, at(5));
        let (first, second) = (breaker.enter(at(0)).unwrap(), breaker.enter(at(0)).unwrap());
        breaker.leave(first, at(1), Some(&TokenError::PinRefused));
        breaker.leave(second, at(1), None);
        assert_eq!(breaker.enter(at(1000)).unwrap_err(), TokenError::PinRefused);
        assert!(
            breaker.health(at(1000), 0).to_string().starts_with("locked out: the token refused")
        );
    }
}
