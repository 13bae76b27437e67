//! A certification authority for Japan's public-key certification service (JPKI, 公的個人認証サービス).

pub mod asn1;
pub mod audit;
pub mod authority;
pub mod clock;
pub mod credential;
pub mod holder;
pub mod law;
pub mod lint;
pub mod policy;
pub mod profile;
pub mod register;
pub mod seal;
pub mod signer;
pub mod store;
