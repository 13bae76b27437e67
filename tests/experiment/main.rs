//! Sessions with keys of ML-DSA-65, which the feature `experimental-ml-dsa` builds in. Another
//! implementation judges what comes out: Python's cryptography, on OpenSSL.
// A test that cannot go on fails: that is what it is for.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "outside a test function these lints do not see that this is a test"
)]

mod life;
#[expect(dead_code, reason = "made for many more sessions")]
#[path = "../suite/stage.rs"]
mod stage;
