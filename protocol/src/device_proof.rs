//! The proof that a request comes from a paired phone: header `Device-Proof`, on every request but a decision.
//!
//! The claims bind the request: `aud` the server, `htm` the method, `htu` the literal path (no query), `bh` the SHA-256 of the body
//! as sent; `jti` makes it single use and `nonce` fresh. `iat` is informational: clocks of phones are wrong.
//!
//! The order of checks is part of the protocol, and the types keep it:
//!
//! ```text
//! let proof = DeviceProof::parse(header)?;           size, form, header, algorithm
//! nonces.check(epoch, proof.nonce(), now)?;          else 401 use-nonce, free of every budget
//! let key = devices.find(proof.device())?;           unknown: 401 like a wrong signature
//! let proof = proof.verify(&crypto, &key)?;          the signature
//! let proven = proof.matches(&request)?;             aud, htm, htu, bh
//! jtis.remember(proven.device, proven.jti, until)?;  seen before: 401
//! ```

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    bytes::Bytes,
    crypto::{Crypto, SigningKey},
    hash::sha256,
    id::DeviceId,
    identity::ServerId,
    jws::{self, Claims, JwsError, Unverified, Verified},
    nonce::Nonce,
    problem::Problem,
    public_key::PublicKey,
};

/// The header that carries the proof.
pub const HEADER: &str = "Device-Proof";

/// The claims of a proof, `device-proof+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceProof {
    /// The server it is for.
    pub aud: ServerId,
    /// The method: `POST`, for the live channel `GET`.
    pub htm: String,
    /// The path, literally as in the request line, without query.
    pub htu: String,
    /// SHA-256 of the body; of nothing where there is none.
    pub bh: Bytes<32>,
    /// 128 random bits, never used again.
    pub jti: Bytes<16>,
    /// The server's newest nonce.
    pub nonce: Nonce,
    /// The phone's clock, in seconds. Informational.
    pub iat: u64,
}

impl Claims for DeviceProof {
    const TYP: &'static str = "device-proof+jwt";
    type Kid = DeviceId;
}

/// The request that a proof must fit.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The server's name.
    pub server_id: &'a ServerId,
    /// Method as sent.
    pub method: &'a str,
    /// Path as sent, without query.
    pub path: &'a str,
    /// Body as sent.
    pub body: &'a [u8],
}

/// Why a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProofError {
    /// Not of the right form.
    #[error("Device-Proof: {0}")]
    Message(#[from] JwsError),
    /// Made for another server.
    #[error("the proof is for another server")]
    Audience,
    /// Made for another method.
    #[error("the proof is for another method")]
    Method,
    /// Made for another path.
    #[error("the proof is for another path")]
    Path,
    /// Made for another body.
    #[error("the proof is for another body")]
    Body,
    /// Made with another nonce than the live channel gave.
    #[error("the proof answers another nonce")]
    Nonce,
}

impl ProofError {
    /// What the server answers: 401, whatever was wrong.
    pub const fn problem(&self) -> Problem {
        match self {
            Self::Nonce => Problem::UseNonce,
            _ => Problem::Unauthenticated,
        }
    }
}

impl DeviceProof {
    /// The claims for a request.
    pub fn new(request: Request<'_>, jti: Bytes<16>, nonce: Nonce, iat: u64) -> Self {
        Self {
            aud: *request.server_id,
            htm: request.method.to_owned(),
            htu: request.path.to_owned(),
            bh: sha256(request.body),
            jti,
            nonce,
            iat,
        }
    }

    /// Signs the proof with the phone's `id` key: the text of the header.
    ///
    /// # Errors
    /// [`JwsError`] when the key refuses.
    pub fn sign(&self, device: DeviceId, key: &dyn SigningKey) -> Result<Zeroizing<String>, JwsError> {
        jws::sign(self, &device, key)
    }

    /// First step: size, form, header, algorithm, claims.
    ///
    /// # Errors
    /// [`ProofError::Message`].
    pub fn parse(header: &str) -> Result<ParsedProof, ProofError> {
        Ok(ParsedProof(Unverified::parse(header)?))
    }
}

/// A proof of the right form, which anybody may have written.
#[derive(Debug)]
pub struct ParsedProof(Unverified<DeviceProof>);

impl ParsedProof {
    /// The nonce, to be checked next.
    pub fn nonce(&self) -> &Nonce {
        &self.0.unverified().nonce
    }

    /// The device it names, to find its `id` key.
    pub fn device(&self) -> DeviceId {
        *self.0.kid()
    }

    /// Second step: the signature.
    ///
    /// # Errors
    /// [`ProofError::Message`] with [`JwsError::BadSignature`].
    pub fn verify(self, crypto: &dyn Crypto, id_key: &PublicKey) -> Result<SignedProof, ProofError> {
        Ok(SignedProof(self.0.verify(crypto, id_key)?))
    }
}

/// A proof that the device signed.
#[derive(Debug)]
pub struct SignedProof(Verified<DeviceProof>);

impl SignedProof {
    /// Third step: that it is for this request.
    ///
    /// # Errors
    /// [`ProofError`]: `Audience`, `Method`, `Path` or `Body`, in this order.
    pub fn matches(self, request: Request<'_>) -> Result<Proven, ProofError> {
        let claims = self.0.claims();
        if claims.aud != *request.server_id {
            return Err(ProofError::Audience);
        }
        if claims.htm != request.method {
            return Err(ProofError::Method);
        }
        if claims.htu != request.path {
            return Err(ProofError::Path);
        }
        if claims.bh != sha256(request.body) {
            return Err(ProofError::Body);
        }
        Ok(Proven { device: *self.0.kid(), jti: claims.jti, nonce: claims.nonce, iat: claims.iat })
    }
}

/// A request proven to come from a device; only its `jti` is left to be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    /// The device.
    pub device: DeviceId,
    /// Must not have been seen before.
    pub jti: Bytes<16>,
    /// The nonce it answered.
    pub nonce: Nonce,
    /// The phone's clock, informational.
    pub iat: u64,
}

impl Proven {
    /// For the live channel: that the proof answers exactly the nonce of its `hello`.
    ///
    /// # Errors
    /// [`ProofError::Nonce`].
    pub fn answers(&self, nonce: &Nonce) -> Result<(), ProofError> {
        if self.nonce == *nonce { Ok(()) } else { Err(ProofError::Nonce) }
    }
}

#[cfg(all(test, feature = "p256"))]
mod tests;
