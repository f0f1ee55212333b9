//! Names of things, each of its own type.

use koppel_core::{AccountId as CoreAccount, OtpId as CoreOtp};
use koppel_protocol::id::{ChallengeId as Cid, NoticeId as Nid};

use crate::error::{KoppelError, NotNow};

/// The name of an account on this phone and nowhere else. May be written down and compared; means nothing to a server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct AccountId {
    /// `ac_` and 22 characters.
    pub text: String,
}

/// A challenge of one account. The text may travel in a notification: it says nothing about the login.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct ChallengeId {
    /// The account's name, a slash, and the challenge's.
    pub text: String,
}

/// A notice of one account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct NoticeId {
    /// The account's name, a slash, and the notice's.
    pub text: String,
}

/// The name of an authenticator account on this phone and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Record)]
pub struct OtpId {
    /// `ot_` and 22 characters.
    pub text: String,
}

impl From<CoreAccount> for AccountId {
    fn from(account: CoreAccount) -> Self {
        Self { text: account.to_string() }
    }
}

impl AccountId {
    pub(crate) fn read(&self) -> Result<CoreAccount, KoppelError> {
        self.text.parse().map_err(|_| NotNow::NO_SUCH_ACCOUNT.into())
    }
}

impl From<CoreOtp> for OtpId {
    fn from(id: CoreOtp) -> Self {
        Self { text: id.to_string() }
    }
}

impl OtpId {
    pub(crate) fn read(&self) -> Result<CoreOtp, KoppelError> {
        self.text.parse().map_err(|_| NotNow::NO_SUCH_CODE.into())
    }
}

impl ChallengeId {
    pub(crate) fn new(account: CoreAccount, cid: Cid) -> Self {
        Self { text: format!("{account}/{cid}") }
    }

    pub(crate) fn read(&self) -> Result<(CoreAccount, Cid), KoppelError> {
        let read =
            self.text.split_once('/').and_then(|(account, cid)| Some((account.parse().ok()?, cid.parse().ok()?)));
        read.ok_or_else(|| NotNow::NO_SUCH_CHALLENGE.into())
    }
}

impl NoticeId {
    pub(crate) fn new(account: CoreAccount, nid: Nid) -> Self {
        Self { text: format!("{account}/{nid}") }
    }

    pub(crate) fn read(&self) -> Result<(CoreAccount, Nid), KoppelError> {
        let read =
            self.text.split_once('/').and_then(|(account, nid)| Some((account.parse().ok()?, nid.parse().ok()?)));
        read.ok_or_else(|| NotNow::NO_SUCH_NOTICE.into())
    }
}
