//! m3: the phone opens its promise and proves its keys.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::{Commitment, Introduction, IntroductionText, NotAnIntroduction, Transcript};
use crate::{
    crypto::{Crypto, SigningKey},
    jws::{self, JwsError, NoKid, Unverified},
    pop::{Pop, PopUse},
    public_key::PublicKey,
};

/// m3, the body of `POST /d/v1/pairings/{pid}/reveal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reveal {
    /// The introduction.
    #[serde(rename = "O")]
    pub introduction: IntroductionText,
    /// Proof of possession of the `id` key.
    pub pop_id: String,
    /// Proof of possession of the `approve` key; present exactly when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pop_approve: Option<String>,
    /// Opaque in version 1; its challenge is [`Introduction::attestation_challenge`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<String>,
}

/// Why a server refuses m3. All are the phone's fault but `Commitment`, which says that somebody stands between.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RevealError {
    /// O is not what m1 promised.
    #[error("O does not open the commitment of m1")]
    Commitment,
    /// O cannot be read.
    #[error(transparent)]
    Introduction(#[from] NotAnIntroduction),
    /// A key is not a point of P-256.
    #[error("a key is not a point of P-256")]
    Point,
    /// Two uses share one key.
    #[error("each use needs a key of its own")]
    SharedKey,
    /// A proof of possession is missing or too many.
    #[error("pop_approve is present exactly when there is an approve key")]
    PopCount,
    /// A proof of possession is malformed or not made with its key.
    #[error("proof of possession: {0}")]
    Pop(#[from] JwsError),
    /// A proof of possession is of another pairing or use.
    #[error("a proof of possession is of another pairing or another use")]
    OtherPop,
}

/// What a good m3 gives the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The phone's keys and name.
    pub introduction: Introduction,
    /// The transcript, to derive the check number from and to activate with.
    pub transcript: Transcript,
}

impl Reveal {
    /// A proof of possession, by the key itself.
    ///
    /// # Errors
    /// [`JwsError`] when the key refuses.
    pub fn pop(transcript: Transcript, key_use: PopUse, key: &dyn SigningKey) -> Result<String, JwsError> {
        jws::sign(&Pop { transcript, key_use }, &NoKid, key).map(|text| text.to_string())
    }

    /// Everything a server checks: that the commitment opens, O, points valid and distinct, the proofs.
    /// `offer_signing_input` is of the m2 that answered the commitment.
    ///
    /// # Errors
    /// [`RevealError`].
    pub fn open(
        &self,
        crypto: &dyn Crypto,
        commitment: &Commitment,
        offer_signing_input: &[u8],
    ) -> Result<Opened, RevealError> {
        let fits: bool = self.introduction.commitment().as_bytes().ct_eq(commitment.as_bytes()).into();
        if !fits {
            return Err(RevealError::Commitment);
        }
        let introduction = self.introduction.read()?;
        check_keys(crypto, &introduction)?;
        let transcript = Transcript::of(offer_signing_input, &self.introduction);
        check_pop(crypto, &self.pop_id, &introduction.id.spki, transcript, PopUse::Id)?;
        match (&self.pop_approve, &introduction.approve) {
            (Some(pop), Some(key)) => check_pop(crypto, pop, &key.spki, transcript, PopUse::Approve)?,
            (None, None) => {}
            _ => return Err(RevealError::PopCount),
        }
        Ok(Opened { introduction, transcript })
    }
}

fn check_keys(crypto: &dyn Crypto, introduction: &Introduction) -> Result<(), RevealError> {
    let Introduction { id, seal, approve, .. } = introduction;
    let mut keys: Vec<PublicKey> = [id.spki, seal.spki].into_iter().chain(approve.map(|key| key.spki)).collect();
    for key in &keys {
        crypto.check_point(key).map_err(|_| RevealError::Point)?;
    }
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() == count { Ok(()) } else { Err(RevealError::SharedKey) }
}

fn check_pop(
    crypto: &dyn Crypto,
    text: &str,
    key: &PublicKey,
    transcript: Transcript,
    key_use: PopUse,
) -> Result<(), RevealError> {
    let pop = Unverified::<Pop>::parse(text)?.verify(crypto, key)?;
    if *pop.claims() == (Pop { transcript, key_use }) { Ok(()) } else { Err(RevealError::OtherPop) }
}
