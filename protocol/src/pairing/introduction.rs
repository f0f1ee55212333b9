//! O: what a phone says of itself.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Commitment;
use crate::{
    bytes::{self, Bytes, Secret},
    decision::UserVerification,
    hash::{labelled, sha256},
    identity::ServerId,
    json,
    public_key::PublicKey,
    text::Text,
    wire_text::text_serde,
};

/// The keys of a new phone, its name and what it runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Introduction {
    /// Signs device proofs, denials, fraud reports.
    pub id: HeldKey,
    /// Opens envelopes.
    pub seal: HeldKey,
    /// Signs approvals; absent on a phone of codes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<ApproveKey>,
    /// The second secret of envelopes (RFC 8291).
    pub auth: Secret<16>,
    /// The phone's randomness in the check number.
    pub ra: Bytes<32>,
    /// The phone's name, chosen by its owner; not empty.
    pub name: Text,
    /// What it runs on.
    pub platform: Platform,
}

/// A public key and where its private half is said to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldKey {
    /// The key.
    pub spki: PublicKey,
    /// Where it lives; *claimed*, until an attestation is verified.
    pub level: KeyLevel,
}

/// The key of approvals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApproveKey {
    /// The key.
    pub spki: PublicKey,
    /// Where it lives; *claimed*.
    pub level: KeyLevel,
    /// How the person is recognised at each use; never `none`.
    pub uv: UserVerification,
}

/// Where a private key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyLevel {
    /// In a file or memory.
    Software,
    /// In Android's trusted execution environment.
    Tee,
    /// In Android's StrongBox.
    Strongbox,
    /// In Apple's Secure Enclave.
    SecureEnclave,
}

/// What a phone runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Android.
    Android,
    /// iOS.
    Ios,
    /// The companion in a terminal.
    Terminal,
    /// Something from the future; a server refuses it in an introduction.
    #[serde(other, skip_serializing)]
    Unknown,
}

/// The text is not an introduction.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotAnIntroduction {
    /// Not base64url, or longer than 4 KiB.
    #[error("O is not base64url of at most 4096 characters")]
    Form,
    /// Not the expected JSON.
    #[error("O: {0}")]
    Json(#[from] json::JsonError),
}

impl Introduction {
    /// Writes O.
    ///
    /// # Errors
    /// [`NotAnIntroduction`] when a rule between fields is broken.
    pub fn to_text(&self) -> Result<IntroductionText, NotAnIntroduction> {
        self.check()?;
        let json = serde_json::to_vec(self).map(Zeroizing::new);
        let json = json.map_err(|_| json::JsonError::Rule("the introduction cannot be written"))?;
        Ok(IntroductionText(bytes::encode(&json)))
    }

    fn check(&self) -> Result<(), json::JsonError> {
        if self.name.is_empty() {
            return Err(json::JsonError::Rule("name is not empty"));
        }
        if self.platform == Platform::Unknown {
            return Err(json::JsonError::Rule("platform is one that is known"));
        }
        if self.approve.is_some_and(|key| key.uv == UserVerification::None) {
            return Err(json::JsonError::Rule("uv of an approve key is not none"));
        }
        Ok(())
    }

    /// What an attestation of the phone's keys must answer: `SHA-256(server_id ‖ ra)`, the id's 32 bytes, then `ra`.
    pub fn attestation_challenge(&self, server_id: &ServerId) -> Bytes<32> {
        sha256(&[server_id.as_bytes().as_slice(), self.ra.as_ref()].concat())
    }
}

/// O as it travels: base64url of JSON. Holds the `auth` secret: wiped on drop, never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct IntroductionText(String);

impl IntroductionText {
    /// The longest text.
    pub const MAX_LEN: usize = 4096;

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `C = SHA-256("koppel/pair/commit/v1" ‖ lp(O))`
    pub fn commitment(&self) -> Commitment {
        sha256(&Zeroizing::new(labelled("koppel/pair/commit/v1", &[self.0.as_bytes()])))
    }

    /// Reads what it says.
    ///
    /// # Errors
    /// [`NotAnIntroduction`].
    pub fn read(&self) -> Result<Introduction, NotAnIntroduction> {
        let json = bytes::decode(&self.0).map(Zeroizing::new).map_err(|_| NotAnIntroduction::Form)?;
        let introduction: Introduction = json::object(&json)?;
        introduction.check()?;
        Ok(introduction)
    }
}

impl FromStr for IntroductionText {
    type Err = NotAnIntroduction;

    fn from_str(text: &str) -> Result<Self, NotAnIntroduction> {
        if text.len() > Self::MAX_LEN {
            return Err(NotAnIntroduction::Form);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for IntroductionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IntroductionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntroductionText(hidden)")
    }
}

text_serde!(IntroductionText, "base64url text of at most 4096 characters");
