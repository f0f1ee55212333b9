//! Something a phone must be told, without a question. Signed and sealed afresh on each road; phones remove doubles by id.

use koppel_protocol::{
    Text,
    id::{DeviceId, NoticeId},
    notice::NoticeKind,
};
use serde::{Deserialize, Serialize};

use crate::Time;

/// One notice for one phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Ours; phones remove doubles by it.
    pub id: NoticeId,
    /// For which phone.
    pub device: DeviceId,
    /// What happened.
    pub kind: NoticeKind,
    /// When.
    pub at: Time,
    /// A name that goes with it, such as the new phone's.
    pub detail: Text,
    /// When the phone opened it; it is not sent again then.
    pub arrived_at: Option<Time>,
}
