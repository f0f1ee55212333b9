//! What a notification extension can say of an envelope: another process, one item of the secret store, nothing written, no
//! threads.

use std::time::SystemTime;

use koppel_client::preview::{self, Preview, PreviewError, Subject};
use zeroize::Zeroizing;

use crate::error::KoppelError;
use crate::ids::{AccountId, ChallengeId, NoticeId};
use crate::moments;
use crate::runtime::here;
use crate::state::NoticeKind;

/// Whom an envelope is from and what it is about. Never a code.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PushPreview {
    /// The account.
    pub account: AccountId,
    /// The organisation, for "Inlogverzoek bij …".
    pub organisation: String,
    /// What the person calls the account.
    pub label: String,
    /// What it is about.
    pub subject: PushSubject,
}

/// What an envelope is about.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum PushSubject {
    /// A login, or another question.
    Challenge {
        /// Its id: a notification of the same id is replaced.
        id: ChallengeId,
        /// Its delivery: rises with *send again*.
        seq: u32,
        /// When this delivery ends.
        expires_at: SystemTime,
    },
    /// Something to be told.
    Notice {
        /// Its id.
        id: NoticeId,
        /// As in the state.
        kind: NoticeKind,
    },
    /// Only the app itself can read on.
    Unread,
}

/// The name of the item in the secret store that [`preview_push`] wants. On an iPhone: a keychain item that app and extension share,
/// readable after the first unlock.
#[uniffi::export]
pub fn preview_item_name() -> String {
    preview::ITEM.to_owned()
}

/// Opens an envelope with the bytes of the item. Quick, on the caller's thread.
///
/// # Errors
/// `NotAvailable` (`not-for-this-phone`): say no more than that there is something. `UpdateRequired`, `VaultDamaged`.
#[uniffi::export]
pub fn preview_push(envelope: Vec<u8>, item: Vec<u8>) -> Result<PushPreview, KoppelError> {
    here(|| {
        let item = Zeroizing::new(item);
        Ok(Preview::of(&envelope, &item)?.into())
    })
}

impl From<PreviewError> for KoppelError {
    fn from(error: PreviewError) -> Self {
        match error {
            PreviewError::Damaged => Self::VaultDamaged {
                advice: "the preview item cannot be read; the app writes it anew when it runs".into(),
            },
            PreviewError::Newer => Self::UpdateRequired {
                advice: "the preview item is of a newer version of the app; update the extension".into(),
            },
            PreviewError::NotOurs => Self::NotAvailable {
                advice: "this envelope is not for an account of this phone; show nothing of it".into(),
                why: "not-for-this-phone".into(),
            },
        }
    }
}

impl From<Preview> for PushPreview {
    fn from(preview: Preview) -> Self {
        let Preview { account, organisation, label, subject } = preview;
        let subject = match subject {
            Subject::Challenge { cid, seq, expires_at } => PushSubject::Challenge {
                id: ChallengeId::new(account, cid),
                seq,
                expires_at: moments::of_the_server(expires_at),
            },
            Subject::Notice { nid, kind } => PushSubject::Notice { id: NoticeId::new(account, nid), kind: kind.into() },
            Subject::Unread => PushSubject::Unread,
        };
        Self { account: account.into(), organisation, label, subject }
    }
}
