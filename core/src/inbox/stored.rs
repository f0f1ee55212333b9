//! The part of the inbox that survives a kill.

use koppel_protocol::{id::NoticeId, phone_api::Road};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Inbox, Item, NoticeLine, Receipts, Tombstone};
use crate::hidden::Hidden;

/// Challenges with their content, tombstones, notices.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stored {
    challenges: Vec<StoredChallenge>,
    ended: Vec<Tombstone>,
    notices: Vec<NoticeLine>,
    known_notices: Vec<NoticeId>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct StoredChallenge {
    message: Hidden,
    road: Road,
    shown: bool,
}

impl From<&Inbox> for Stored {
    fn from(inbox: &Inbox) -> Self {
        let challenges = inbox.items.iter().map(|item| {
            let (text, road, shown) = item.to_store();
            StoredChallenge { message: Hidden::from(text.as_str()), road, shown }
        });
        Self {
            challenges: challenges.collect(),
            ended: inbox.tombstones.clone(),
            notices: inbox.notices.clone(),
            known_notices: inbox.known_notices.clone(),
        }
    }
}

impl From<Stored> for Inbox {
    fn from(stored: Stored) -> Self {
        let restore = |challenge: StoredChallenge| {
            let text = Zeroizing::new(challenge.message.expose().to_owned());
            // A message of a form that only an earlier version read: the server sends it again if it is live.
            Item::restore(text, challenge.road, challenge.shown)
        };
        Self {
            items: stored.challenges.into_iter().filter_map(restore).collect(),
            tombstones: stored.ended,
            notices: stored.notices,
            known_notices: stored.known_notices,
            held: Vec::new(),
            receipts: Receipts::default(),
        }
    }
}
