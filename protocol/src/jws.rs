//! Signed messages: compact JWS (RFC 7515), ES256 only, read strictly (RFC 8725).
//!
//! A message is `base64url(header) . base64url(payload) . base64url(r ‖ s)`, at most 8 KiB. The header holds exactly
//! the keys its kind has, no others: `{alg, typ, kid}` from a server (`kid` is the version of its identity key) and from a
//! paired phone (`kid` is the device id), `{alg, typ}` for a proof of possession. `kid` finds a key in a database and does
//! nothing else; `jwk`, `jku`, `x5c`, `crit` and everything unheard of are refused.
//!
//! Reading has two steps, because the key is found by what the first step gives:
//!
//! ```text
//! Unverified::<Decision>::parse(text)?      size, form, header, claims      → kid(), unverified()
//!     .verify(&crypto, &key)?               the signature                   → Verified<Decision>
//! ```
//!
//! What identifies a signed message is [`Verified::signing_hash`], the hash of what was signed; never the signature,
//! of which everyone can make a second one.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    bytes::{self, Bytes},
    crypto::{Crypto, CryptoError, Signature, SigningKey},
    hash::sha256,
    id::DeviceId,
    identity::KeyVersion,
    json::{self, JsonError},
    public_key::PublicKey,
};

/// The longest message in bytes.
pub const MAX_LEN: usize = 8 * 1024;

/// Why a signed message was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JwsError {
    /// More than [`MAX_LEN`] bytes.
    #[error("the signed message is longer than 8 KiB")]
    TooLong,
    /// Not three parts of canonical base64url.
    #[error("the signed message is not three parts of base64url without padding")]
    Form,
    /// The header is not JSON or has not exactly the keys of its kind.
    #[error("the header has not exactly the keys of this kind of message")]
    Header,
    /// `alg` is not ES256.
    #[error("the header names another algorithm than ES256")]
    Algorithm,
    /// `typ` is another one.
    #[error("the message is not of type {expected}")]
    Type {
        /// The type that belongs here.
        expected: &'static str,
    },
    /// `kid` is not of the form it has in this kind of message, or not the one its claims name.
    #[error("the header's kid does not belong to this message")]
    Kid,
    /// The payload has not the fields of its type.
    #[error("payload: {0}")]
    Payload(JsonError),
    /// The signature is not 64 bytes.
    #[error("the signature is not 64 bytes")]
    SignatureLength,
    /// The signature does not verify with this key.
    #[error("the signature does not verify")]
    BadSignature,
    /// The signing key refused.
    #[error(transparent)]
    Key(CryptoError),
}

/// What names the key in a header.
pub trait Kid: Clone + PartialEq + fmt::Debug {
    /// The header's text, none where the header has no `kid`.
    fn to_header(&self) -> Option<String>;

    /// Reads the header's text; `None` when it does not belong here.
    fn from_header(text: Option<&str>) -> Option<Self>;
}

impl Kid for KeyVersion {
    fn to_header(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn from_header(text: Option<&str>) -> Option<Self> {
        text?.parse().ok()
    }
}

impl Kid for DeviceId {
    fn to_header(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn from_header(text: Option<&str>) -> Option<Self> {
        text?.parse().ok()
    }
}

/// The message names no key: the reader knows it from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoKid;

impl Kid for NoKid {
    fn to_header(&self) -> Option<String> {
        None
    }

    fn from_header(text: Option<&str>) -> Option<Self> {
        text.is_none().then_some(Self)
    }
}

/// The payload of one type of signed message.
pub trait Claims: Serialize + DeserializeOwned {
    /// The header's `typ`.
    const TYP: &'static str;
    /// What the header's `kid` is.
    type Kid: Kid;

    /// Rules between fields, checked when read and before signing.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    fn check(&self) -> Result<(), &'static str> {
        Ok(())
    }

    /// Whether the header's `kid` is the one that goes with these claims.
    fn fits(&self, _kid: &Self::Kid) -> bool {
        true
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
}

/// `null` is not the same as absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// A message that waits for its signature, which hardware may take its time to give.
pub struct Unsigned {
    signing_input: Zeroizing<String>,
}

impl Unsigned {
    /// Writes header and claims.
    ///
    /// # Errors
    /// [`JwsError::Payload`] when a rule between fields is broken, [`JwsError::TooLong`].
    pub fn new<C: Claims>(claims: &C, kid: &C::Kid) -> Result<Self, JwsError> {
        check(claims, kid)?;
        let header = Header { alg: "ES256".into(), typ: C::TYP.into(), kid: kid.to_header() };
        let header = serde_json::to_vec(&header).map_err(|_| JwsError::Header)?;
        let payload = serde_json::to_vec(claims).map(Zeroizing::new);
        let payload = payload.map_err(|_| JwsError::Payload(JsonError::Rule("the claims cannot be written")))?;
        let mut signing_input = Zeroizing::new(bytes::encode(&header));
        signing_input.push('.');
        signing_input.push_str(&Zeroizing::new(bytes::encode(&payload)));
        if signing_input.len() + 1 + 86 > MAX_LEN {
            return Err(JwsError::TooLong);
        }
        Ok(Self { signing_input })
    }

    /// The bytes to sign (ES256 hashes them with SHA-256).
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input.as_bytes()
    }

    /// The finished message.
    pub fn with_signature(&self, signature: &Signature) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.signing_input.len() + 87));
        text.push_str(&self.signing_input);
        text.push('.');
        text.push_str(&bytes::encode(signature));
        text
    }
}

/// Writes and signs a message.
///
/// # Errors
/// [`JwsError`] when a rule between fields is broken, the message is too long, or the key refuses.
pub fn sign<C: Claims>(claims: &C, kid: &C::Kid, key: &dyn SigningKey) -> Result<Zeroizing<String>, JwsError> {
    let unsigned = Unsigned::new(claims, kid)?;
    let signature = key.sign(unsigned.signing_input()).map_err(JwsError::Key)?;
    Ok(unsigned.with_signature(&signature))
}

fn check<C: Claims>(claims: &C, kid: &C::Kid) -> Result<(), JwsError> {
    claims.check().map_err(|rule| JwsError::Payload(JsonError::Rule(rule)))?;
    if claims.fits(kid) { Ok(()) } else { Err(JwsError::Kid) }
}

fn parts(text: &str) -> Result<(&str, &str, &str), JwsError> {
    if text.len() > MAX_LEN {
        return Err(JwsError::TooLong);
    }
    let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Form)?;
    let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Form)?;
    Ok((header, payload, signature))
}

fn header(part: &str) -> Result<Header, JwsError> {
    let header = bytes::decode(part).map_err(|_| JwsError::Form)?;
    let header: Header = json::object(&header).map_err(|_| JwsError::Header)?;
    if header.alg != "ES256" {
        return Err(JwsError::Algorithm);
    }
    Ok(header)
}

/// The `typ` of a message, to choose the reader. Proves nothing.
///
/// # Errors
/// [`JwsError`] when not even the header can be read.
pub fn typ(text: &str) -> Result<String, JwsError> {
    let (header_part, _, _) = parts(text)?;
    header(header_part).map(|header| header.typ)
}

/// A message of the right form, whose signature nobody has checked yet.
pub struct Unverified<C: Claims> {
    kid: C::Kid,
    claims: C,
    text: Zeroizing<String>,
    signing_len: usize,
    signature: Signature,
}

impl<C: Claims> Unverified<C> {
    /// Reads size, form, header and claims, in this order.
    ///
    /// # Errors
    /// [`JwsError`]; never `BadSignature`.
    pub fn parse(text: &str) -> Result<Self, JwsError> {
        let (header_part, payload_part, signature_part) = parts(text)?;
        let header = header(header_part)?;
        if header.typ != C::TYP {
            return Err(JwsError::Type { expected: C::TYP });
        }
        let kid = match (C::Kid::from_header(header.kid.as_deref()), &header.kid) {
            (Some(kid), _) => kid,
            (None, None) => return Err(JwsError::Header),
            (None, Some(_)) if C::Kid::from_header(None).is_some() => return Err(JwsError::Header),
            (None, Some(_)) => return Err(JwsError::Kid),
        };
        let payload = bytes::decode(payload_part).map(Zeroizing::new).map_err(|_| JwsError::Form)?;
        let signature = bytes::decode(signature_part).map_err(|_| JwsError::Form)?;
        let signature = signature.try_into().map_err(|_| JwsError::SignatureLength)?;
        let claims: C = json::object(&payload).map_err(JwsError::Payload)?;
        check(&claims, &kid)?;
        let signing_len = header_part.len() + 1 + payload_part.len();
        Ok(Self { kid, claims, text: Zeroizing::new(text.to_owned()), signing_len, signature })
    }

    /// What names the key.
    pub fn kid(&self) -> &C::Kid {
        &self.kid
    }

    /// The claims, which anybody may have written.
    pub fn unverified(&self) -> &C {
        &self.claims
    }

    /// The bytes that were signed.
    pub fn signing_input(&self) -> &[u8] {
        &self.text.as_bytes()[..self.signing_len]
    }

    /// SHA-256 of [`signing_input`](Self::signing_input).
    pub fn signing_hash(&self) -> Bytes<32> {
        sha256(self.signing_input())
    }

    /// The message as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`JwsError::BadSignature`].
    pub fn verify(self, crypto: &dyn Crypto, key: &PublicKey) -> Result<Verified<C>, JwsError> {
        crypto.verify(key, self.signing_input(), &self.signature).map_err(|_| JwsError::BadSignature)?;
        let signing_hash = self.signing_hash();
        Ok(Verified { message: self, signing_hash })
    }
}

impl<C: Claims> fmt::Debug for Unverified<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").field("typ", &C::TYP).field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A message whose signature was checked.
pub struct Verified<C: Claims> {
    message: Unverified<C>,
    signing_hash: Bytes<32>,
}

impl<C: Claims> Verified<C> {
    /// The claims.
    pub fn claims(&self) -> &C {
        &self.message.claims
    }

    /// The claims, without the message they came in.
    pub fn into_claims(self) -> C {
        self.message.claims
    }

    /// What named the key.
    pub fn kid(&self) -> &C::Kid {
        &self.message.kid
    }

    /// The bytes that were signed.
    pub fn signing_input(&self) -> &[u8] {
        self.message.signing_input()
    }

    /// SHA-256 of what was signed: the id of this message.
    pub fn signing_hash(&self) -> Bytes<32> {
        self.signing_hash
    }

    /// The message as it came.
    pub fn text(&self) -> &str {
        &self.message.text
    }

    /// SHA-256 of the whole message as it came: what a decision calls `ch`.
    pub fn text_hash(&self) -> Bytes<32> {
        sha256(self.message.text.as_bytes())
    }
}

impl<C: Claims> fmt::Debug for Verified<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("typ", &C::TYP).field("kid", &self.message.kid).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "p256"))]
mod tests;
