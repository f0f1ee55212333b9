//! Whom an account hears from.

use koppel_protocol::{Identity, id::DeviceId};
use serde::{Deserialize, Serialize};

use crate::AccountId;

/// The server of a paired account, as a message from it is checked and shown. Holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correspondent {
    /// The account.
    pub account: AccountId,
    /// This phone there.
    pub device: DeviceId,
    /// The server, as far as its chain was seen.
    pub identity: Identity,
    /// The organisation.
    pub organisation: String,
    /// What the person calls the account.
    pub label: String,
}
