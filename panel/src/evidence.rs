//! What a phone signed, checked without believing the server that hands it over.
//!
//! The server's word and a phone's signature are two different things. A server that was broken into can say "verified" as
//! often as it likes; it cannot sign with a key that lives in a phone. So the panel takes the two messages that stand behind
//! an approval, the *challenge* that the server showed and the *decision* that the phone signed, and reads them itself.
//!
//! The server's signature on the challenge is not checked here, because it would prove nothing: the phone's decision names
//! the challenge by its hash (`ch`), and that makes every word of it the phone's.

use serde::Deserialize;

use crate::jws::{Jws, JwsError, PhonePublicKey};
use crate::secret::{b64u, sha256};

/// Two messages that belong together.
#[derive(Clone, Debug)]
pub struct Signed<'a> {
    /// What the phone showed: a JWS of type `challenge+jwt`.
    pub challenge: &'a str,
    /// What it answered: a JWS of type `decision+jwt`.
    pub decision: &'a str,
    /// Which device is said to have answered.
    pub device: &'a str,
}

/// What the panel asked, as far as a phone shows it.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The user's external id.
    pub user: &'a str,
    /// `login`, `enrol` or `settings`.
    pub purpose: &'a str,
    /// base64url of SHA-256(v).
    pub binding: &'a str,
}

/// Why the messages do not show what they should.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Forgery {
    /// One of them is no message of the protocol, or the signature is wrong.
    #[error("{0}")]
    Jws(#[from] JwsError),
    /// The decision is not a yes.
    #[error("the phone did not approve")]
    NotApproved,
    /// The decision answers something else than the challenge at hand.
    #[error("the decision is about another challenge")]
    OtherChallenge,
    /// Somebody else's device.
    #[error("the decision is another device's")]
    OtherDevice,
    /// No number was typed on the phone.
    #[error("the challenge has the wrong mode")]
    OtherMode,
    /// It was shown for another user, purpose, browser or relying party: a decision that is used a second time.
    #[error("the phone approved another {0}")]
    OtherLogin(&'static str),
}

#[derive(Deserialize)]
struct Decision {
    cid: String,
    seq: u32,
    dev: String,
    ch: String,
    dec: String,
}

#[derive(Deserialize)]
struct Challenge {
    cid: String,
    seq: u32,
    dev: String,
    mode: String,
    user: Named,
    rp: Option<Named>,
    purpose: Option<String>,
    bind: Option<String>,
    pairing: Option<Pairing>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Pairing {
    approve_thumbprint: Option<String>,
}

/// Checks that the owner of `key` approved exactly the login that was asked for. Answers which relying party the phone
/// showed; whether that is us is for the caller to say.
pub fn login(signed: &Signed<'_>, key: &PhonePublicKey, asked: &Asked<'_>) -> Result<String, Forgery> {
    let challenge = approved(signed, key)?;
    if challenge.mode != "number" {
        return Err(Forgery::OtherMode);
    }
    if challenge.user.id != asked.user {
        return Err(Forgery::OtherLogin("user"));
    }
    if challenge.purpose.as_deref() != Some(asked.purpose) {
        return Err(Forgery::OtherLogin("purpose"));
    }
    if challenge.bind.as_deref() != Some(asked.binding) {
        return Err(Forgery::OtherLogin("browser"));
    }
    Ok(challenge.rp.ok_or(Forgery::OtherLogin("relying party"))?.id)
}

/// Checks that the owner of `key`, an older phone of the same user, let the key named `thumbprint` in.
pub fn endorsement(signed: &Signed<'_>, key: &PhonePublicKey, user: &str, thumbprint: &str) -> Result<(), Forgery> {
    let challenge = approved(signed, key)?;
    if challenge.mode != "confirm_pairing" {
        return Err(Forgery::OtherMode);
    }
    if challenge.user.id != user {
        return Err(Forgery::OtherLogin("user"));
    }
    let named = challenge.pairing.and_then(|pairing| pairing.approve_thumbprint);
    if named.as_deref() != Some(thumbprint) {
        return Err(Forgery::OtherLogin("key"));
    }
    Ok(())
}

/// Signature, yes, and that both messages are about one thing.
fn approved(signed: &Signed<'_>, key: &PhonePublicKey) -> Result<Challenge, Forgery> {
    let decision: Jws<'_, Decision> = Jws::parse(signed.decision, "decision+jwt")?;
    let kid = decision.kid.clone();
    let decision = decision.signed_by(key)?;
    let challenge: Jws<'_, Challenge> = Jws::parse(signed.challenge, "challenge+jwt")?;
    let challenge = challenge.payload;
    if decision.dec != "approve" {
        return Err(Forgery::NotApproved);
    }
    if decision.ch != b64u(&sha256(signed.challenge.as_bytes())) {
        return Err(Forgery::OtherChallenge);
    }
    if decision.cid != challenge.cid || decision.seq != challenge.seq || decision.dev != challenge.dev {
        return Err(Forgery::OtherChallenge);
    }
    if decision.dev != signed.device || kid != signed.device {
        return Err(Forgery::OtherDevice);
    }
    Ok(challenge)
}
