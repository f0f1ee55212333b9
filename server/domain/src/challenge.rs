//! One question to a user's phones, and its deliveries.
//!
//! A challenge keeps its counters over all deliveries; a resend ends the former delivery and gives no try back. Codes and
//! numbers are not here: they are derived from the id, the delivery's `seq` and a key outside the database.

use koppel_protocol::{
    Bytes, Text,
    id::{ChallengeId, DeviceId, PairingId, PromptId, RelyingPartyId},
    phone_api::{Alert, Road},
};
use serde::{Deserialize, Serialize};

use crate::{
    Policy, SharedBytes, SharedText, Time,
    alerts::Loudness,
    method::MethodKind,
    prompt::{Browser, Purpose},
};

/// A challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Drawn before it was signed.
    pub id: ChallengeId,
    /// What is asked, and by whom.
    pub question: Question,
    /// Typed codes so far, right or wrong.
    pub code_tries: u32,
    /// Numbers typed into phones so far, right or wrong.
    pub number_tries: u32,
    /// Where it stands.
    pub state: ChallengeState,
    /// When it was approved.
    pub approved_at: Option<Time>,
    /// The signed answer that approved it; none: a typed code did.
    pub approval: Option<Approval>,
    /// It ends then, whatever its deliveries do.
    pub expires: Time,
    /// Oldest first; none where the browser was remembered.
    pub deliveries: Vec<Delivery>,
    /// The restore epoch it belongs to.
    pub epoch: u64,
    /// Raised by every change; long polls wait for it.
    pub version: u64,
    /// When it was made.
    pub created: Time,
}

/// Which signed answer approved a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Whose.
    pub device: DeviceId,
    /// The answer's own id.
    pub jti: Bytes<16>,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// A panel wants a second factor.
    Login(Login),
    /// A new phone wants to join.
    ConfirmPairing {
        /// Whose tries count.
        pairing: PairingId,
    },
    /// The phone that reported a fraud lifts the lock.
    Unlock {
        /// That phone.
        device: DeviceId,
    },
    /// "Test my phone": nothing can consume it.
    Test {
        /// That phone.
        device: DeviceId,
    },
}

/// A login as a challenge carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Who asks; nobody else sees it.
    pub relying_party: RelyingPartyId,
    /// The hosted page, if there is one.
    pub prompt: Option<PromptId>,
    /// What for.
    pub purpose: Purpose,
    /// SHA-256 of the beginning browser's `v`.
    pub binding: Bytes<32>,
    /// The browser as the panel saw it.
    pub browser: Browser,
    /// The page goes on to set up methods, or to change them: the yes counts as long as the page does.
    #[serde(default)]
    pub lasting: bool,
    /// The browser was remembered and nothing was asked: by this cookie.
    #[serde(default)]
    pub remembered: Option<Bytes<32>>,
}

/// One way to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The phone shows a code, the person types it in the browser.
    Code,
    /// The browser shows a number, the person types it into the phone, which signs.
    Number,
    /// An older phone confirms a new one by its check number.
    ConfirmPairing,
    /// The reporting phone lifts the lock.
    Unlock,
}

impl Mode {
    /// As it travels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Number => "number",
            Self::ConfirmPairing => "confirm_pairing",
            Self::Unlock => "unlock",
        }
    }
}

/// One attempt to bring a challenge to the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// 1, 2 …
    pub seq: u32,
    /// By which method.
    pub method: MethodKind,
    /// How it is answered.
    pub mode: Mode,
    /// Digits of its code or number.
    pub digits: u8,
    /// How far it came.
    pub state: DeliveryState,
    /// The signed `exp`.
    pub expires: Time,
    /// Whether phones may ring.
    pub alert: Loudness,
    /// When it was made.
    pub created: Time,
}

/// How far a delivery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Stored; roads are being tried.
    Queued,
    /// A road took it.
    Sent,
    /// A phone opened the envelope.
    Arrived,
    /// A phone shows it.
    Shown,
    /// No road reached a phone.
    Unreached,
    /// Nothing travels: the person has the code at hand.
    Ready,
    /// A newer delivery took its place.
    Ended,
}

/// What one phone gets of one delivery: signed and sealed once, re-emitted byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCopy {
    /// Of which challenge.
    pub challenge: ChallengeId,
    /// Of which delivery.
    pub seq: u32,
    /// For which phone.
    pub device: DeviceId,
    /// SHA-256 of the signed challenge: what a decision must name.
    pub ch: Bytes<32>,
    /// The signed challenge itself, where it is evidence (all modes but `code`, which holds the code).
    pub jws: Option<SharedText>,
    /// The sealed envelope; stores keep it in a column of its own.
    #[serde(skip)]
    pub envelope: SharedBytes,
    /// When the phone opened it.
    pub arrived_at: Option<Time>,
    /// When the phone showed it.
    pub shown_at: Option<Time>,
    /// Whether it rang there, as the phone tells.
    pub alert: Option<Alert>,
    /// The road it came by, as the phone tells.
    pub road: Option<Road>,
}

/// Where a challenge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChallengeState {
    /// Waits for the person.
    Pending,
    /// Answered right; the panel has not taken it yet.
    Approved,
    /// The panel has it. Final.
    Consumed,
    /// The person said no. Final.
    Denied,
    /// The person said "this was not me". Final.
    Fraud,
    /// Too many wrong tries. Final.
    Failed,
    /// Nobody answered in time. Final.
    Expired,
    /// A newer one took its place. Final.
    Superseded,
    /// The panel withdrew it. Final.
    Cancelled,
    /// Approved, and never taken. Final.
    Lapsed,
}

impl ChallengeState {
    /// Whether nothing changes it any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Approved)
    }

    /// Whether the arrow `self → next` is drawn in the protocol.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => !matches!(next, Self::Pending | Self::Consumed | Self::Lapsed),
            Self::Approved => matches!(next, Self::Consumed | Self::Lapsed | Self::Fraud),
            _ => false,
        }
    }

    /// As in columns, answers and audit entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Consumed => "consumed",
            Self::Denied => "denied",
            Self::Fraud => "fraud",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
            Self::Lapsed => "lapsed",
        }
    }
}

impl Challenge {
    /// Where it stands now: time and the restore epoch end it without anybody's help.
    pub fn state_at(&self, now: Time, epoch: u64, policy: &Policy) -> ChallengeState {
        let over = now >= self.expires || self.epoch != epoch;
        let lasting = self.login().is_some_and(|login| login.lasting);
        let approved_lifetime = if lasting { policy.prompt_lifetime } else { policy.approved_lifetime };
        match (self.state, self.approved_at) {
            (ChallengeState::Pending, _) if over => ChallengeState::Expired,
            (ChallengeState::Approved, Some(at)) if now >= at.plus(approved_lifetime) || self.epoch != epoch => {
                ChallengeState::Lapsed
            }
            (state, _) => state,
        }
    }

    /// The newest delivery.
    pub fn delivery(&self) -> Option<&Delivery> {
        self.deliveries.last()
    }

    /// The `seq` of the newest delivery.
    pub fn seq(&self) -> u32 {
        self.delivery().map_or(0, |delivery| delivery.seq)
    }

    /// How the newest delivery is answered.
    pub fn mode(&self) -> Option<Mode> {
        self.delivery().map(|delivery| delivery.mode)
    }

    /// Its newest delivery to phones.
    pub fn phone_delivery(&self) -> Option<&Delivery> {
        self.deliveries.iter().rev().find(|delivery| delivery.method == MethodKind::App)
    }

    /// How often it was delivered to phones again.
    pub fn resends(&self) -> u32 {
        let sent = self.deliveries.iter().filter(|delivery| delivery.method == MethodKind::App).count();
        u32::try_from(sent).unwrap_or(u32::MAX).saturating_sub(1)
    }

    /// The login it is about, if it is about one.
    pub fn login(&self) -> Option<&Login> {
        match &self.question {
            Question::Login(login) => Some(login),
            _ => None,
        }
    }

    /// Whose login it is, if it is one.
    pub fn relying_party(&self) -> Option<RelyingPartyId> {
        self.login().map(|login| login.relying_party)
    }

    /// Where the browser was, if there was one.
    pub fn ip(&self) -> Option<&Text> {
        self.login().map(|login| &login.browser.ip)
    }
}
