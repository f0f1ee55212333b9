//! What travels between phone, server and panel. No input or output, no clock, no dice of its own.
//!
//! The story, in the order of the wire:
//!
//! 1. A server is known by its [`identity`]: a chain of signed keys whose first one names it for ever ([`ServerId`]).
//! 2. A person meets it through a [`link`] or a [`koppelcode`]; the phone commits to its keys and both sides compute
//!    one check number from the same bytes ([`pairing`]). The server confirms with an [`activation`].
//! 3. From then on every request of the phone carries a [`device_proof`] over a server [`nonce`].
//! 4. The server signs a [`challenge`] or a [`notice`] and seals it into an [`envelope`] of fixed length.
//! 5. The phone shows the code ([`digits`]) or answers with a signed [`decision`].
//! 6. Everything signed is a strict compact [`jws`]; keys and curves stay behind the traits of [`crypto`].
//! 7. What is not signed is plain JSON: [`phone_api`], the frames of [`live`], and refusals as [`problem`]s.
//!
//! Signatures are ES256 over P-256, hashes SHA-256, times seconds since 1970, byte strings base64url without padding.

pub mod activation;
pub mod bytes;
pub mod challenge;
pub mod crypto;
pub mod decision;
pub mod device_proof;
pub mod digits;
pub mod envelope;
pub mod hash;
pub mod host;
pub mod id;
pub mod identity;
pub mod json;
pub mod jws;
pub mod koppelcode;
pub mod letter;
pub mod link;
pub mod live;
pub mod nonce;
pub mod notice;
pub mod pairing;
pub mod phone_api;
pub mod pop;
pub mod problem;
pub mod public_key;
#[cfg(feature = "p256")]
pub mod soft;
pub mod text;
mod wire_text;

pub use bytes::{Bytes, Secret, SecretText};
pub use crypto::{AgreementKey, Crypto, CryptoError, SigningKey};
pub use digits::{DigitCount, Digits};
pub use envelope::Envelope;
pub use host::{Host, Origin};
pub use identity::{Identity, KeyVersion, ServerId};
pub use koppelcode::Koppelcode;
pub use link::PairingLink;
pub use nonce::Nonce;
pub use problem::Problem;
pub use public_key::PublicKey;
pub use text::Text;

/// The version of the protocol that this crate speaks; `v` in links and in the first message of a pairing.
pub const VERSION: u32 = 1;
