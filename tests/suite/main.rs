//! The suite: what is judged from outside the library, linked once. Sessions with the real command:
//! what is typed, what comes out, what stands on disk; other implementations as judges; and the
//! house itself.
// A test that cannot go on fails: that is what it is for.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "outside a test function these lints do not see that this is a test"
)]

mod audit;
mod batch;
mod change;
mod disk;
mod feed;
mod generations;
mod help;
mod init;
mod issue;
mod keys;
mod kill;
mod layers;
mod lists;
mod malformed;
mod memory;
mod messages;
mod next_card;
mod oracle;
mod processes;
mod renewal;
mod responders;
mod rollover;
mod serve;
mod stage;
mod status;
mod strange;
mod token;
