//! How far one call has come, agreed between who waits and who works: so that a caller whose time is up
//! knows whether the device was asked, and a worker whose caller has left does not ask it.

use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::TokenError;

/// One call.
#[derive(Debug)]
pub(super) struct Ticket {
    stage: AtomicU8,
    limit: Duration,
}

/// How far a call had come when its caller left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// The device was not asked, and will not be.
    Before,
    /// The device had been asked.
    Meanwhile,
    /// The answer is there.
    After,
}

impl Ticket {
    pub(super) fn new(limit: Duration) -> Self {
        Self { stage: AtomicU8::new(PREPARING), limit }
    }

    /// The worker's: the device is asked now. False when the caller has left, and nobody may ask.
    #[must_use]
    pub(super) fn begin(&self) -> bool {
        self.step(PREPARING, ASKING)
    }

    /// The worker's: what was asked certainly came to nothing, and may be asked again.
    pub(super) fn came_to_nothing(&self) {
        let _stepped = self.step(ASKING, PREPARING);
    }

    /// The worker's: whether the device may still be asked.
    #[must_use]
    pub(super) fn may_begin(&self) -> bool {
        self.stage.load(Ordering::Acquire) == PREPARING
    }

    /// The worker's: the answer is there. False when nobody waits for it any more.
    #[must_use]
    pub(super) fn finish(&self) -> bool {
        self.step(PREPARING, FINISHED) || self.step(ASKING, FINISHED)
    }

    /// The caller's: leaves, unless the answer is there.
    pub(super) fn leave(&self) -> Left {
        loop {
            if self.step(PREPARING, LEFT) {
                return Left::Before;
            }
            if self.step(ASKING, LEFT) {
                return Left::Meanwhile;
            }
            if self.stage.load(Ordering::Acquire) == FINISHED {
                return Left::After;
            }
        }
    }

    /// What a worker returns to nobody.
    pub(super) fn given_up(&self) -> TokenError {
        TokenError::NotReached { after: self.limit }
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.stage.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

const PREPARING: u8 = 0;
const ASKING: u8 = 1;
const FINISHED: u8 = 2;
const LEFT: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket::new(Duration::ZERO)
    }

    #[test]
    fn who_leaves_knows_how_far_it_had_come() {
        let before = ticket();
        assert_eq!(before.leave(), Left::Before);
        assert!(!before.begin() && !before.may_begin() && !before.finish());

        let meanwhile = ticket();
        assert!(meanwhile.begin());
        assert_eq!(meanwhile.leave(), Left::Meanwhile);
        meanwhile.came_to_nothing();
        assert!(!meanwhile.begin() && !meanwhile.finish());

        let again = ticket();
        assert!(again.begin());
        again.came_to_nothing();
        assert!(again.may_begin() && again.begin() && again.finish());
        assert_eq!(again.leave(), Left::After);
        let unasked = ticket();
        assert!(unasked.finish());
        assert_eq!(unasked.leave(), Left::After);
    }
}
