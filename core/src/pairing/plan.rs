//! What the person asked for, until m1 is made of it.

use koppel_protocol::{
    Bytes, Identity, Text,
    pairing::{Commitment, Door, Platform, link_mac},
};

use crate::{attempts, event::Invitation};

/// What the person asked for.
pub(crate) struct Plan {
    pub(crate) invitation: Invitation,
    pub(crate) device_name: Text,
    pub(crate) platform: Platform,
    pub(crate) approvals: bool,
    /// What is known of this host from another account.
    pub(crate) known: Option<Identity>,
}

impl Plan {
    /// What names the invitation in the count of attempts; a login has no such count of ours.
    pub(super) fn fingerprint(&self) -> Option<Bytes<32>> {
        match &self.invitation {
            Invitation::Link(link) => {
                Some(attempts::fingerprint(&["link", &link.server_id.to_string(), &link.t.to_string()]))
            }
            Invitation::Koppelcode { origin, user, code } => {
                Some(attempts::fingerprint(&["code", &origin.host().to_string(), user.as_str(), &code.to_text()]))
            }
            Invitation::Login { .. } => None,
        }
    }

    /// The door of m1. The secret of a link never leaves the phone: it proves itself by a MAC.
    pub(super) fn door(&self, commitment: &Commitment) -> Door {
        match &self.invitation {
            Invitation::Link(link) => {
                Door::Link { t: link.t, mac: link_mac(&link.k, &link.server_id, &link.t, commitment) }
            }
            Invitation::Koppelcode { user, code, .. } => Door::Code { user: user.clone(), code: code.clone() },
            Invitation::Login { user, password, .. } => Door::Login { user: user.clone(), password: password.clone() },
        }
    }
}
