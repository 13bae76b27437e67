//! `jpki serve`: each role as its clients meet it.

mod register;
