//! In or not in: what the panel makes of a *verified* answer.
//!
//! [`weigh`] is the one place where a second factor becomes a login. It has no I/O: it takes what was asked, what came back
//! and the keys that are known, and says what stands behind the login, or why there is none. Every way out that is not
//! `Ok` leaves the person outside.

use crate::attempt::Purpose;
use crate::evidence::{self, Asked, Forgery, Signed};
use crate::jws::PhonePublicKey;
use crate::pins::{Origin, Pin, Pins};
use crate::verification::{Evidence, PhoneKey, Verified};

/// What stands behind a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backing {
    /// The phone's own signature, checked here, with a key that the panel knows.
    Phone {
        /// The key, and how it came to be known.
        pin: Pin,
        /// Whether it was written down at this very login.
        new: bool,
    },
    /// The password alone: the second factor is being rolled out.
    Password,
    /// The server says so.
    Server {
        /// The method it names.
        method: String,
        /// Why it is no more than that.
        why: ServersWord,
    },
}

impl Backing {
    /// What a user gets in by who has no second factor while the server requires none yet: with the panel's own leave, and only for
    /// a login.
    pub fn without(purpose: Purpose, roll_out: bool, require_signature: bool) -> Option<Self> {
        (purpose == Purpose::Login && roll_out && !require_signature).then_some(Self::Password)
    }
}

/// Why a login rests on the server's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServersWord {
    /// A typed code or another method in which a phone signs nothing.
    NothingSigned,
    /// A phone signed, with a key that nobody vouched for.
    UnknownKey,
}

/// Why a *verified* answer is no login.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Denial {
    /// The server verified somebody else, or something else.
    #[error("the server verified another {0}")]
    Mixed(&'static str),
    /// It says that a phone signed, and that is not so.
    #[error("the phone's signature does not hold: {0}")]
    Forged(#[from] Forgery),
    /// The pieces of the evidence are missing or do not fit together.
    #[error("the evidence is incomplete: {0}")]
    Incomplete(&'static str),
    /// A known device came with another key, and no known phone signed for it.
    #[error("a known device came with an unknown key")]
    KeyChanged,
    /// A phone's signature with a known key is required, and this is none.
    #[error("a phone's signature is required")]
    SignatureRequired,
}

/// What the panel goes by.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The session's user.
    pub user: &'a str,
    /// What the attempt was for.
    pub purpose: Purpose,
    /// The attempt's binding.
    pub binding: &'a str,
    /// `--require-device-signature`. Adding the first phone is free of it: that opens nothing.
    pub require_signature: bool,
    /// Seconds since 1970.
    pub now: i64,
}

/// Weighs a verified answer. New keys are written into `pins`, which the caller keeps also when this denies.
pub fn weigh(question: &Question<'_>, verified: &Verified, pins: &mut Pins) -> Result<Backing, Denial> {
    if verified.user != question.user {
        return Err(Denial::Mixed("user"));
    }
    if verified.purpose != question.purpose {
        return Err(Denial::Mixed("purpose"));
    }
    let backing = match verified.evidence {
        Evidence::Server => server(verified, ServersWord::NothingSigned),
        Evidence::DeviceSignature => by_phone(question, verified, pins)?,
    };
    let needs_signature = question.require_signature;
    match backing {
        Backing::Server { .. } if needs_signature => Err(Denial::SignatureRequired),
        backing => Ok(backing),
    }
}

fn server(verified: &Verified, why: ServersWord) -> Backing {
    Backing::Server { method: verified.method.clone(), why }
}

fn by_phone(question: &Question<'_>, verified: &Verified, pins: &mut Pins) -> Result<Backing, Denial> {
    let claim = verified.key.as_ref().ok_or(Denial::Incomplete("no key"))?;
    let key = PhonePublicKey::parse(&claim.spki).ok_or(Denial::Incomplete("not a P-256 key"))?;
    if key.thumbprint() != claim.thumbprint {
        return Err(Denial::Incomplete("another thumbprint than the key's"));
    }
    let signed = Signed {
        challenge: verified.challenge.as_deref().ok_or(Denial::Incomplete("no challenge"))?,
        decision: verified.decision.as_deref().ok_or(Denial::Incomplete("no decision"))?,
        device: &claim.device,
    };
    let asked = Asked { user: question.user, purpose: question.purpose.as_str(), binding: question.binding };
    let shown_as = evidence::login(&signed, &key, &asked)?;
    if pins.relying_party.as_ref().is_some_and(|own| *own != shown_as) {
        return Err(Forgery::OtherLogin("relying party").into());
    }

    // The signature is good. Whether it counts depends on where the key comes from.
    let known = pins.trusted(question.user, &claim.device);
    if let Some(pin) = known.filter(|pin| pin.spki == claim.spki) {
        let pin = pin.clone();
        pins.relying_party.get_or_insert(shown_as);
        return Ok(Backing::Phone { pin, new: false });
    }
    let origin = match vouched(question.user, claim, &key, pins)? {
        Origin::Waiting if known.is_some() => return Err(Denial::KeyChanged),
        origin => origin,
    };
    let (device, spki, uv) = (claim.device.clone(), claim.spki.clone(), claim.uv.clone());
    let pin = Pin { device, spki, uv, since: question.now, origin };
    pins.pin(question.user, pin.clone());
    tracing::info!(user = question.user, device = pin.device, origin = ?pin.origin, "a phone's key is new");
    if pin.is_trusted() {
        pins.relying_party.get_or_insert(shown_as);
        Ok(Backing::Phone { pin, new: true })
    } else {
        Ok(server(verified, ServersWord::UnknownKey))
    }
}

/// Who vouches for a key that is not known yet. An endorsement by a known phone must hold; one by a phone that was never
/// seen here cannot be checked and counts for nothing.
fn vouched(user: &str, claim: &PhoneKey, key: &PhonePublicKey, pins: &Pins) -> Result<Origin, Denial> {
    if !pins.knows(user) {
        return Ok(Origin::First);
    }
    let Some(endorsement) = &claim.endorsement else { return Ok(Origin::Waiting) };
    let Some(endorser) = pins.trusted(user, &endorsement.device).and_then(Pin::key) else {
        return Ok(Origin::Waiting);
    };
    let signed =
        Signed { challenge: &endorsement.challenge, decision: &endorsement.decision, device: &endorsement.device };
    evidence::endorsement(&signed, &endorser, user, &key.thumbprint())?;
    Ok(Origin::Endorsed { by: endorsement.device.clone() })
}
