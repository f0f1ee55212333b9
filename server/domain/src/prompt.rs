//! A hosted page that asks one browser for a second factor.

use koppel_protocol::{
    Bytes, Text,
    id::{ChallengeId, PromptId, RelyingPartyId},
};
use serde::{Deserialize, Serialize};

use crate::{MethodKind, Mode, Time, user::Locale};

/// A prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Ours; names the page and its cookie.
    pub id: PromptId,
    /// Who asked; nobody else sees it.
    pub relying_party: RelyingPartyId,
    /// What for.
    pub purpose: Purpose,
    /// SHA-256 of the `v` that only the beginning browser's session holds.
    pub binding: Bytes<32>,
    /// How the panel wants it answered.
    pub mode: Option<Mode>,
    /// By what the panel would like it answered.
    #[serde(default)]
    pub prefer: Option<MethodKind>,
    /// The browser as the panel saw it.
    pub browser: Browser,
    /// When the panel checked the first factor.
    pub first_factor_at: Time,
    /// Where the browser returns to, one of the relying party's own addresses.
    pub return_url: String,
    /// The panel's own word, returned untouched.
    pub panel_state: String,
    /// The page's language.
    pub locale: Option<Locale>,
    /// Keyed hash of the one-time token in the page's address.
    pub token: Bytes<32>,
    /// Keyed hash of the cookie of the browser that opened it first.
    pub cookie: Option<Bytes<32>>,
    /// The address the page was opened from.
    pub page_ip: Option<Text>,
    /// The newest challenge of this page.
    pub challenge: Option<ChallengeId>,
    /// Which method is set up on it now; none: the person chooses.
    #[serde(default)]
    pub adding: Option<MethodKind>,
    /// When a recovery code was right here: the right to set up a method anew, and nothing else.
    #[serde(default)]
    pub recovered_at: Option<Time>,
    /// What the page handed to the panel.
    pub result: Option<ResultCode>,
    /// Where it stands.
    pub state: PromptState,
    /// It ends then.
    pub expires: Time,
    /// The restore epoch it belongs to.
    pub epoch: u64,
    /// Raised by every change.
    pub version: u64,
    /// When the panel asked.
    pub created: Time,
}

/// A code the panel exchanges once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultCode {
    /// Keyed hash of the code.
    pub hash: Bytes<32>,
    /// Until when it counts.
    pub until: Time,
    /// The set-up was put off: the code verifies nobody.
    #[serde(default)]
    pub postponed: bool,
}

/// What a panel asks a second factor for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To log in.
    Login,
    /// To set up a phone.
    Enrol,
    /// To change something; needs fresh factors.
    Settings,
}

impl Purpose {
    /// As it travels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Enrol => "enrol",
            Self::Settings => "settings",
        }
    }
}

/// A browser as the panel saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// Its address.
    pub ip: Text,
    /// Its own words, whole: the page is opened by the same.
    pub user_agent: String,
}

/// Where a prompt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptState {
    /// Its address was handed out.
    Open,
    /// A browser burnt the token and holds the cookie.
    Bound,
    /// The factor was right; the result code is on its way to the panel.
    Done,
    /// The panel has the verdict.
    Exchanged,
    /// The panel withdrew it.
    Cancelled,
    /// Nobody finished in time.
    Expired,
}

impl PromptState {
    /// Whether nothing changes it any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Exchanged | Self::Cancelled | Self::Expired)
    }

    /// As in columns and audit entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Bound => "bound",
            Self::Done => "done",
            Self::Exchanged => "exchanged",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

impl Prompt {
    /// Where it stands now.
    pub fn state_at(&self, now: Time, epoch: u64) -> PromptState {
        if !self.state.is_final() && (now >= self.expires || self.epoch != epoch) {
            PromptState::Expired
        } else {
            self.state
        }
    }
}
