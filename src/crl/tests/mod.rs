//! Lists against x509-cert, against themselves, and against bytes that are none.

mod foreign;
mod read;
mod write;
