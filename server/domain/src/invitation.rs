//! A link and a koppelcode that let one phone begin a pairing.
//!
//! Neither secret is stored: both are derived from the invitation's id under keys outside the database
//! ([`Keys`](crate::Keys)), so that a page can show them again and a stolen database holds nothing to type.

use koppel_protocol::id::{InvitationId, PairingId, PromptId};
use serde::{Deserialize, Serialize};

use crate::Time;

/// One live per user; using either form ends both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Ours; its 16 bytes are the `t` of the link.
    pub id: InvitationId,
    /// The page that shows it, or none: support spoke it.
    pub prompt: Option<PromptId>,
    /// Until when the link counts; none: there is no link.
    pub link_until: Option<Time>,
    /// Until when the koppelcode counts.
    pub code_until: Time,
    /// Failed tries with this koppelcode, from everywhere.
    pub failed_tries: u32,
    /// Pairings begun with it.
    pub transcripts: u32,
    /// The pairing that used it up.
    pub used_by: Option<PairingId>,
    /// The restore epoch it belongs to.
    pub epoch: u64,
    /// When it was issued.
    pub created: Time,
}

impl Invitation {
    /// The last moment at which any form counts.
    pub fn until(&self) -> Time {
        self.link_until.map_or(self.code_until, |link| link.max(self.code_until))
    }
}
