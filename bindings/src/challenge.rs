//! Challenges: what is asked, what is on their screen, and what becomes of an answer.

use std::time::SystemTime;

use koppel_core::{
    Alert as CoreAlert, ChallengeContent as CoreContent, ChallengeKind as CoreKind, ChallengeView,
    DenyReason as CoreReason, EndedView,
};

use crate::ids::{AccountId, ChallengeId};
use crate::moments;

/// A live challenge, without its code. Every word in it is one the server signed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Challenge {
    /// Its id on this phone.
    pub id: ChallengeId,
    /// The account.
    pub account: AccountId,
    /// Its delivery: rises with *send again*.
    pub seq: u32,
    /// What it asks for.
    pub kind: ChallengeKind,
    /// The organisation that the account is of.
    pub organisation: String,
    /// The name of the panel; empty where none asks.
    pub relying_party: String,
    /// The panel's registered address.
    pub origin: String,
    /// The user's name there.
    pub user: String,
    /// What for.
    pub purpose: ChallengePurpose,
    /// The address of the browser at the panel.
    pub ip: Option<String>,
    /// The address of the browser at the hosted page, where it is another one: a warning.
    pub page_ip: Option<String>,
    /// The browser, in words.
    pub browser: Option<String>,
    /// Where, roughly.
    pub place: Option<String>,
    /// When it began.
    pub began_at: Option<SystemTime>,
    /// When this delivery ends, on this phone's clock: a countdown is `expires_at - now`, also when that clock is wrong.
    pub expires_at: SystemTime,
    /// How many logins of the account wait, this one included. More than one: only one of them is the user's.
    pub waiting: u32,
    /// Whether *approve* makes sense.
    pub can_approve: bool,
    /// Whether it was answered here, and the answer is on its way.
    pub answered: bool,
}

/// What a challenge asks for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ChallengeKind {
    /// To read digits from the phone.
    Code,
    /// The same, as a test: nothing can use the digits.
    Test,
    /// To type the number that the browser shows, and approve.
    Number,
    /// To confirm another phone by its check number.
    ConfirmPairing {
        /// What the other phone calls itself.
        name: String,
        /// What it runs on: `android`, `ios`, `terminal`.
        platform: String,
        /// Its address.
        ip: Option<String>,
        /// Where, roughly.
        place: Option<String>,
    },
    /// To lift the lock that a report of this phone made.
    Unlock,
    /// Something this version does not know: say "update the app", offer to deny.
    Unsupported,
}

/// What is on a challenge's own screen. Never part of the state.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ChallengeContent {
    /// Digits to show and to read out.
    Code {
        /// Their ASCII characters. As bytes, so that nothing prints them by accident.
        ascii: Vec<u8>,
    },
    /// Ask for the number of 6 to 8 digits that the browser shows.
    Number,
    /// Ask for the check number on the other phone.
    ConfirmPairing {
        /// What the other phone calls itself.
        name: String,
    },
    /// Ask for approval alone.
    Unlock,
    /// "Update the app."
    Unsupported,
}

/// A challenge that ended lately.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EndedChallenge {
    /// Its id on this phone.
    pub id: ChallengeId,
    /// The account.
    pub account: AccountId,
    /// Its last delivery.
    pub seq: u32,
    /// How.
    pub how: ChallengeEnd,
}

/// What a challenge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ChallengePurpose {
    /// To log in.
    Login,
    /// To add a first method.
    Enrol,
    /// To change methods.
    Settings,
    /// To test this phone.
    Test,
    /// To confirm another phone.
    ConfirmPairing,
    /// To lift the lock that a report of this phone made.
    Unlock,
    /// Something that this version does not know.
    Other,
}

/// How a challenge ended, as this phone heard first: one that heard of an approval hears no more of what the browser did with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ChallengeEnd {
    /// It was approved, or the right code was typed: the browser goes on.
    Approved,
    /// The same, and the panel has let the browser in.
    Consumed,
    /// The same, and the browser did not go on in time.
    Lapsed,
    /// The person said no.
    Denied,
    /// The person said that it was somebody else.
    Fraud,
    /// Wrong numbers or codes, more than there were tries.
    Failed,
    /// Nobody answered in time.
    Expired,
    /// A newer one took its place.
    Superseded,
    /// The person gave up in the browser, or the panel did.
    Cancelled,
    /// It was answered elsewhere, and the server did not say how.
    Answered,
    /// In a way that this version does not know.
    Other,
}

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Outcome {
    /// The server took the approval.
    Approved,
    /// The server took the denial.
    Denied,
    /// The server took the report; the account is locked.
    Reported,
    /// Stored, and sent as soon as there is a network. How it ended is then among the ended challenges.
    Queued,
    /// The number was wrong.
    WrongNumber {
        /// Tries left; none means that the challenge failed.
        left: u32,
    },
    /// It came too late.
    Expired,
    /// A later delivery replaced the one that was answered.
    Superseded,
    /// Another phone, or the page itself, answered first.
    AnsweredElsewhere,
    /// The account is locked.
    AccountLocked,
}

/// Why the person says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DenyReason {
    /// "I made a mistake."
    Mistake,
    /// "This was not me": a report, which locks the account. Ask twice.
    NotMe,
}

/// What the person was shown when an envelope came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Alert {
    /// A notification.
    Shown,
    /// None: notifications are switched off.
    Blocked,
    /// None was due.
    Silent,
}

impl From<ChallengeView> for Challenge {
    fn from(view: ChallengeView) -> Self {
        Self {
            id: ChallengeId::new(view.account, view.cid),
            account: view.account.into(),
            seq: view.seq,
            kind: view.kind.into(),
            organisation: view.organisation,
            relying_party: view.relying_party,
            origin: view.origin,
            user: view.user,
            purpose: ChallengePurpose::of(&view.purpose),
            ip: view.ip,
            page_ip: view.page_ip,
            browser: view.browser,
            place: view.place,
            began_at: view.began_at.map(moments::of_the_server),
            expires_at: moments::on_the_wall(view.deadline),
            waiting: view.waiting,
            can_approve: view.can_approve,
            answered: view.answered,
        }
    }
}

impl From<CoreKind> for ChallengeKind {
    fn from(kind: CoreKind) -> Self {
        match kind {
            CoreKind::Code => Self::Code,
            CoreKind::Test => Self::Test,
            CoreKind::Number => Self::Number,
            CoreKind::ConfirmPairing { name, platform, ip, place } => {
                Self::ConfirmPairing { name, platform, ip, place }
            }
            CoreKind::Unlock => Self::Unlock,
            CoreKind::Unsupported => Self::Unsupported,
        }
    }
}

impl From<CoreContent> for ChallengeContent {
    fn from(content: CoreContent) -> Self {
        match content {
            CoreContent::Code(digits) => Self::Code { ascii: digits.expose().as_bytes().to_vec() },
            CoreContent::Number => Self::Number,
            CoreContent::ConfirmPairing { name } => Self::ConfirmPairing { name },
            CoreContent::Unlock => Self::Unlock,
            CoreContent::Unsupported => Self::Unsupported,
        }
    }
}

impl From<EndedView> for EndedChallenge {
    fn from(view: EndedView) -> Self {
        let EndedView { account, cid, seq, how } = view;
        Self { id: ChallengeId::new(account, cid), account: account.into(), seq, how: ChallengeEnd::of(&how) }
    }
}

impl ChallengePurpose {
    fn of(word: &str) -> Self {
        match word {
            "login" => Self::Login,
            "enrol" => Self::Enrol,
            "settings" => Self::Settings,
            "code" => Self::Test,
            "confirm_pairing" => Self::ConfirmPairing,
            "unlock" => Self::Unlock,
            _ => Self::Other,
        }
    }
}

impl ChallengeEnd {
    fn of(word: &str) -> Self {
        match word {
            "approved" => Self::Approved,
            "consumed" => Self::Consumed,
            "lapsed" => Self::Lapsed,
            "denied" => Self::Denied,
            "fraud" => Self::Fraud,
            "failed" => Self::Failed,
            "expired" => Self::Expired,
            "superseded" => Self::Superseded,
            "cancelled" => Self::Cancelled,
            "answered" => Self::Answered,
            _ => Self::Other,
        }
    }
}

impl From<DenyReason> for CoreReason {
    fn from(reason: DenyReason) -> Self {
        match reason {
            DenyReason::Mistake => Self::Mistake,
            DenyReason::NotMe => Self::NotMe,
        }
    }
}

impl From<Alert> for CoreAlert {
    fn from(alert: Alert) -> Self {
        match alert {
            Alert::Shown => Self::Shown,
            Alert::Blocked => Self::Blocked,
            Alert::Silent => Self::Silent,
        }
    }
}
