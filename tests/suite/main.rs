//! The suite: what is judged from outside the library, linked once.

// A test that cannot go on fails: that is what it is for.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "outside a test function these lints do not see that this is a test"
)]

mod layers;
