//! Sessions with the real command, from the outside: what is typed, what comes out, what stands on
//! disk.
#![cfg(test)]

mod audit;
mod batch;
mod change;
mod disk;
mod help;
mod init;
mod issue;
mod kill;
mod malformed;
mod memory;
mod processes;
mod stage;
mod strange;
