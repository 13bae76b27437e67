//! stand-in until the lint room is merged
#![allow(missing_docs, clippy::all, dead_code)]
use crate::{
    asn1::PublicKey,
    profile::{Issuer, Realm, TbsCertificate},
};
#[derive(Debug)]
pub struct Checked<T>(T);
impl<T> Checked<T> {
    pub fn tbs(&self) -> &T {
        &self.0
    }
    pub(crate) fn into_inner(self) -> T {
        self.0
    }
}
#[derive(Debug)]
pub struct Authority<'a> {
    pub realm: &'a Realm,
    pub issuer: Option<&'a Issuer>,
}
#[derive(Debug, thiserror::Error)]
#[error("findings")]
pub struct Findings;
#[derive(Debug, thiserror::Error)]
#[error("key")]
pub struct KeyFault;
impl KeyFault {
    pub fn code(&self) -> &'static str {
        "R-KEY"
    }
}
pub fn key(_: &PublicKey) -> Result<(), KeyFault> {
    Ok(())
}
pub fn check(t: TbsCertificate, _: &Authority<'_>) -> Result<Checked<TbsCertificate>, Findings> {
    Ok(Checked(t))
}
