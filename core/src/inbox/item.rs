//! One challenge that waits.

use koppel_protocol::{
    Bytes, Nonce,
    challenge::{self, Challenge},
    id::ChallengeId,
    jws::{Unverified, Verified},
    phone_api::{Alert, ChallengeReceipt, Receipt, ReceiptKind, Road},
};
use zeroize::Zeroizing;

use crate::{approval::Subject, clock::Now, moment::Moment};

/// A challenge whose signature was checked, with its newest delivery.
#[derive(Clone, PartialEq)]
pub(crate) struct Item {
    text: Zeroizing<String>,
    hash: Bytes<32>,
    claims: Challenge,
    road: Road,
    /// When it arrived, if in this run.
    since: Option<Now>,
    announced: bool,
    shown: bool,
}

impl Item {
    /// As it arrived.
    pub(super) fn new(challenge: &Verified<Challenge>, road: Road, moment: &Moment<'_>) -> Self {
        Self {
            text: Zeroizing::new(challenge.text().to_owned()),
            hash: challenge.text_hash(),
            claims: challenge.claims().clone(),
            road,
            since: Some(moment.now),
            announced: false,
            shown: false,
        }
    }

    /// As an earlier run stored it, after it had checked the signature.
    pub(super) fn restore(text: Zeroizing<String>, road: Road, shown: bool) -> Option<Self> {
        let challenge = Unverified::<Challenge>::parse(&text).ok()?;
        let hash = koppel_protocol::hash::sha256(text.as_bytes());
        let claims = challenge.unverified().clone();
        Some(Self { text, hash, claims, road, since: None, announced: false, shown })
    }

    /// What is stored: text, road, whether it was shown.
    pub(super) fn to_store(&self) -> (&Zeroizing<String>, Road, bool) {
        (&self.text, self.road, self.shown)
    }

    /// The challenge as it was signed.
    pub(crate) fn claims(&self) -> &Challenge {
        &self.claims
    }

    pub(crate) fn cid(&self) -> ChallengeId {
        self.claims.cid
    }

    pub(crate) fn seq(&self) -> u32 {
        self.claims.seq
    }

    pub(super) fn nonce(&self) -> Nonce {
        self.claims.nonce
    }

    pub(super) fn is_login(&self) -> bool {
        matches!(self.claims.subject, challenge::Subject::Code { .. } | challenge::Subject::Number { .. })
    }

    pub(super) fn was_announced(&self) -> bool {
        self.announced
    }

    /// What an answer to it is about.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            server: self.claims.server_id,
            device: self.claims.dev,
            cid: self.claims.cid,
            seq: self.claims.seq,
            hash: self.hash,
            expires_at: self.claims.exp,
            unlocks: self.claims.subject == challenge::Subject::Unlock,
        }
    }

    /// Milliseconds it still lives, as well as that is known.
    ///
    /// The server's clock, once learned, decides. Until then, what arrived in this run lives at most its whole life
    /// from its arrival on, and what was stored as long as the clocks of the earlier run suggest.
    fn left_ms(&self, moment: &Moment<'_>) -> u64 {
        let life = self.claims.exp.saturating_sub(self.claims.iat).saturating_mul(1_000);
        let end = i64::try_from(self.claims.exp).unwrap_or(i64::MAX).saturating_mul(1_000);
        let left = match (moment.clock.learned_ms(moment.now), self.since) {
            (Some(server), _) => end.saturating_sub(server),
            (None, Some(since)) => {
                let passed = moment.now.monotonic_ms.saturating_sub(since.monotonic_ms);
                i64::try_from(life.saturating_sub(passed)).unwrap_or(i64::MAX)
            }
            (None, None) => end.saturating_sub(moment.clock.guess_ms(moment.now)),
        };
        u64::try_from(left).unwrap_or(0).min(life)
    }

    pub(crate) fn is_live(&self, moment: &Moment<'_>) -> bool {
        self.left_ms(moment) > 0
    }

    /// Over by a clock that can be trusted: the server's, or the monotonic one since it arrived.
    pub(super) fn is_surely_over(&self, moment: &Moment<'_>) -> bool {
        let trusted = self.since.is_some() || moment.clock.learned_ms(moment.now).is_some();
        trusted && !self.is_live(moment)
    }

    /// The monotonic moment at which it ends.
    pub(crate) fn deadline(&self, moment: &Moment<'_>) -> u64 {
        moment.now.after(self.left_ms(moment))
    }

    /// Whether it is to be announced now, which happens once a run.
    pub(super) fn announce(&mut self, moment: &Moment<'_>) -> bool {
        let due = !self.announced && self.is_live(moment);
        self.announced |= due;
        due
    }

    /// Its content is on screen: a receipt the first time.
    pub(super) fn show(&mut self) -> Option<Receipt> {
        let first = !std::mem::replace(&mut self.shown, true);
        first.then(|| self.receipt(ReceiptKind::Shown, None))
    }

    pub(super) fn receipt(&self, kind: ReceiptKind, alert: Option<Alert>) -> Receipt {
        Receipt::Challenge(ChallengeReceipt { cid: self.cid(), seq: self.seq(), kind, alert, road: self.road })
    }
}
