//! What a process that shows notifications can say of an envelope, without the companion.
//!
//! On iOS a push is opened by an extension: another process, with 24 MB, a fraction of a second, and no right to write. It reads
//! one item of the secret store, [`ITEM`], which the companion keeps up to date: for every account the secrets that open envelopes, and
//! its server as far as its chain was seen. [`Preview::of`] opens and verifies, and says whom it is from. It gives no code: those are
//! shown by the companion, which is handed the same envelope when it comes on screen.

use koppel_core::{AccountId, Correspondent};
use koppel_protocol::bytes::Secret;
use koppel_protocol::envelope::Envelope;
use koppel_protocol::id::{ChallengeId, NoticeId};
use koppel_protocol::identity::IdentityError;
use koppel_protocol::letter::Letter;
use koppel_protocol::notice::NoticeKind;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::keys::{DeviceKeys, EnvelopeSecrets, crypto};
use crate::secrets::{SecretError, SecretStore};

/// The name of the item in the secret store.
pub const ITEM: &str = "preview";
/// The version of the item that this program writes.
const VERSION: u32 = 1;

/// Why an item gives no preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PreviewError {
    /// The bytes are not such an item.
    #[error("the item cannot be read")]
    Damaged,
    /// A later version of the program wrote the item.
    #[error("the item was written by a newer version")]
    Newer,
    /// The bytes are not an envelope, or not for any account of this phone, or its server did not sign what is inside.
    #[error("nothing for this phone")]
    NotOurs,
}

/// What an envelope is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The account.
    pub account: AccountId,
    /// The organisation.
    pub organisation: String,
    /// What the person calls the account.
    pub label: String,
    /// What it is.
    pub subject: Subject,
}

/// What is in an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A login, or another question.
    Challenge {
        /// Its id.
        cid: ChallengeId,
        /// Which delivery.
        seq: u32,
        /// When this delivery ends, seconds of server time.
        expires_at: u64,
    },
    /// Something to be told.
    Notice {
        /// Its id.
        nid: NoticeId,
        /// What about.
        kind: NoticeKind,
    },
    /// The end of a pairing, or a message signed by a newer key of the server than the companion has seen: only it can read on.
    Unread,
}

#[derive(Serialize, Deserialize)]
struct Item {
    version: u32,
    accounts: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    from: Correspondent,
    seal: Secret<32>,
    auth: Secret<16>,
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Preview {
    /// Opens an envelope with the bytes of the item.
    ///
    /// # Errors
    /// [`PreviewError`]; a notification can then only say that there is something.
    pub fn of(envelope: &[u8], item: &[u8]) -> Result<Self, PreviewError> {
        let Versioned { version } = serde_json::from_slice(item).map_err(|_| PreviewError::Damaged)?;
        match version {
            VERSION => {}
            0 => return Err(PreviewError::Damaged),
            _ => return Err(PreviewError::Newer),
        }
        let item: Item = serde_json::from_slice(item).map_err(|_| PreviewError::Damaged)?;
        let envelope = Envelope::from_bytes(envelope).map_err(|_| PreviewError::NotOurs)?;
        let opened = item.accounts.into_iter().find_map(|entry| {
            let secrets = EnvelopeSecrets { seal: entry.seal, auth: entry.auth };
            Some((entry.from, secrets.open(&envelope)?))
        });
        let (from, text) = opened.ok_or(PreviewError::NotOurs)?;
        let subject = match Letter::read(&crypto(), &from.identity, from.device, &text) {
            Ok(Letter::Challenge(challenge)) => {
                let challenge = challenge.claims();
                Subject::Challenge { cid: challenge.cid, seq: challenge.seq, expires_at: challenge.exp }
            }
            Ok(Letter::Notice(notice)) => Subject::Notice { nid: notice.claims().nid, kind: notice.claims().kind },
            Ok(Letter::Activation(_)) | Err(IdentityError::Newer(_)) => Subject::Unread,
            Err(_) => return Err(PreviewError::NotOurs),
        };
        Ok(Self { account: from.account, organisation: from.organisation, label: from.label, subject })
    }
}

/// The item for these correspondents. Secret: wiped when dropped.
pub(crate) fn item(from: Vec<Correspondent>, keys: &dyn DeviceKeys) -> Zeroizing<Vec<u8>> {
    let entry = |from: Correspondent| {
        let EnvelopeSecrets { seal, auth } = keys.envelope_secrets(from.account)?;
        Some(Entry { from, seal, auth })
    };
    let item = Item { version: VERSION, accounts: from.into_iter().filter_map(entry).collect() };
    // Everything in it can be written.
    Zeroizing::new(serde_json::to_vec(&item).unwrap_or_default())
}

/// Keeps the item, unless the store has this very one.
pub(crate) fn keep(store: &dyn SecretStore, item: &[u8]) -> Result<(), SecretError> {
    if let Some(mut kept) = store.get(ITEM)? {
        let same = kept.as_slice() == item;
        kept.zeroize();
        if same {
            return Ok(());
        }
    }
    store.set(ITEM, item)
}

#[cfg(test)]
mod tests;
