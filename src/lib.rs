//! A certification authority for Japan's public-key certification service (JPKI, 公的個人認証サービス).
//!
//! From a resident's basic four items it issues the two certificates of the service, signature
//! (署名用) and user authentication (利用者証明用), byte for byte in the published profile and until
//! the day that the law says. A pair, from nothing:
//!
//! ```
//! use jpki_ca::asn1::KeyAlgorithm;
//! use jpki_ca::authority::home::{Home, InitOptions};
//! use jpki_ca::authority::{Ask, IssueRequest, KeyAsk, Kinds, RequestId};
//! use jpki_ca::clock::SystemClock;
//! use jpki_ca::credential::{Carrier, Kind};
//! use jpki_ca::register::HolderForm;
//! use jpki_ca::signer::{self, Signer as _, SoftwareSigner};
//! use rand_core::OsRng;
//!
//! # if cfg!(not(feature = "sqlite")) { return Ok(()); }
//! // A sandbox: its certificates name JPKI-SANDBOX. Elliptic keys, because they are quick to make.
//! let folder = tempfile::tempdir()?;
//! let options = InitOptions { algorithm: KeyAlgorithm::P256, ..InitOptions::sandbox() };
//! let home = Home::init(&folder.path().join("home"), &options, &SystemClock, &mut OsRng)?;
//! let (authority, _) = home.authority(Box::new(SystemClock), None)?;
//!
//! let form = r#"{ "person": "p-0001", "name": "山田　花子", "birth_date": "1990-12-07",
//!     "sex": "female", "address": "東京都清瀬市中里五丁目８４２番地", "municipality": "132217",
//!     "residence": { "category": "national" } }"#;
//! let form = HolderForm::read(form.as_bytes())?;
//! let key = KeyAsk::Generated(Some(KeyAlgorithm::P256));
//! let ask = Ask { kinds: Kinds::Both, carrier: Carrier::Card, renew: false, key };
//! let mut request = IssueRequest::new(RequestId::draw()?, &form, &ask, authority.now())?;
//! for kind in Kind::ALL {
//!     let pair = SoftwareSigner::new(&signer::generate(KeyAlgorithm::P256, &mut OsRng)?)?;
//!     request = request.with_key(kind, pair.public_key().clone());
//! }
//!
//! // When this returns, the certificates are on disk, with an audit entry each.
//! let (_, issued) = authority.issue(&request)?.result?;
//! assert_eq!(issued.len(), 2);
//! assert!(issued[0].to_pem().starts_with("-----BEGIN CERTIFICATE-----"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | default | without it |
//! |---|---|---|
//! | `sqlite` | yes | no store in this build: profile, law and lints compute, nothing is issued |
//! | `http` | yes | no servers, and no asynchronous code at all |
//! | `pkcs11` | yes | keys live in files: a key device cannot be opened |
//! | `cli` | yes | the command `jpki` is not built, nor what only it needs |
//!
//! # Where to look
//!
//! Everything but [`http`] is synchronous; an [`authority::Authority`] is shared by reference between threads.
//!
//! * To run an authority: [`authority`], and [`authority::home`], the folder it lives in.
//! * What goes in: [`register`] (the holder file), [`holder`] (its items, each checked).
//! * What decides: [`law`] (until when, for whom), [`policy`] (what the law leaves open).
//! * What comes out: [`profile`] (the exact bytes), [`lint`] (what judges them before they are
//!   signed, and any certificate file).
//! * What ends it: [`crl`] (revocation lists of any size, entry by entry; no store needed).
//! * What says how it stands: [`ocsp`] (questions and answers, read, written, verified).
//! * What serves it: [`http`] (with the feature of that name).
//! * What keeps it safe: [`seal`], [`store`], [`signer`], [`audit`].
//! * The words that all of them share: [`credential`], [`clock`], [`asn1`].

pub mod asn1;
pub mod audit;
pub mod authority;
pub mod clock;
pub mod credential;
pub mod crl;
pub mod holder;
#[cfg(feature = "http")]
pub mod http;
pub mod law;
pub mod lint;
pub mod ocsp;
pub mod policy;
pub mod profile;
pub mod register;
pub mod seal;
pub mod signer;
pub mod store;
