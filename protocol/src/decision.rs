//! The answer to a challenge, signed by the phone: approve, deny, or "this was not me".
//!
//! It is the body of `POST /d/v1/decisions` (`application/jose`) and proves itself: `approve` is signed with the `approve` key, `deny` and
//! `fraud` with the `id` key. `ch` binds it to the exact challenge that was shown. It is stored before it is sent and resent
//! byte for byte; its identity is (`dev`, `jti`) with the hash of what was signed.

use serde::{Deserialize, Serialize};

use crate::{
    bytes::Bytes,
    challenge::Challenge,
    digits::Digits,
    id::{ChallengeId, DeviceId},
    identity::ServerId,
    jws::{Claims, Verified},
};

/// The media type of a decision's request.
pub const MEDIA_TYPE: &str = "application/jose";

/// A decision, `decision+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The server that asked.
    pub aud: ServerId,
    /// The challenge.
    pub cid: ChallengeId,
    /// The delivery that was answered.
    pub seq: u32,
    /// The device that answers; the header's `kid`.
    pub dev: DeviceId,
    /// SHA-256 of the challenge message as it came, in ASCII.
    pub ch: Bytes<32>,
    /// The answer.
    pub dec: Verdict,
    /// The number the person typed; only with `approve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num: Option<Digits>,
    /// How the person was recognised for this use of the key.
    pub uv: UserVerification,
    /// The phone's clock, in seconds. Informational.
    pub iat: u64,
    /// 128 random bits.
    pub jti: Bytes<16>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Yes; signed with the `approve` key.
    Approve,
    /// No, a mistake; signed with the `id` key.
    Deny,
    /// "This was not me"; signed with the `id` key. Locks the account.
    Fraud,
}

/// Which of the phone's keys signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// Proofs, denials, fraud reports.
    Id,
    /// Approvals.
    Approve,
}

impl Verdict {
    /// The key that signs this answer.
    pub const fn key(self) -> KeyUse {
        match self {
            Self::Approve => KeyUse::Approve,
            Self::Deny | Self::Fraud => KeyUse::Id,
        }
    }
}

/// How a person is recognised when a key is used, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserVerification {
    /// Not at all.
    None,
    /// By a PIN of the app.
    Pin,
    /// By the device's own lock, finger and face included.
    Credential,
    /// By finger or face only.
    Biometric,
}

impl Decision {
    /// The answer to a challenge that was read and verified.
    pub fn answer(
        challenge: &Verified<Challenge>,
        dec: Verdict,
        num: Option<Digits>,
        uv: UserVerification,
        iat: u64,
        jti: Bytes<16>,
    ) -> Self {
        let claims = challenge.claims();
        Self {
            aud: claims.server_id,
            cid: claims.cid,
            seq: claims.seq,
            dev: claims.dev,
            ch: challenge.text_hash(),
            dec,
            num,
            uv,
            iat,
            jti,
        }
    }
}

impl Claims for Decision {
    const TYP: &'static str = "decision+jwt";
    type Kid = DeviceId;

    fn check(&self) -> Result<(), &'static str> {
        if self.num.is_some() && self.dec != Verdict::Approve {
            return Err("num stands only with approve");
        }
        Ok(())
    }

    fn fits(&self, kid: &DeviceId) -> bool {
        self.dev == *kid
    }
}
