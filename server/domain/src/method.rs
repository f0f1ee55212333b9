//! Ways in which a user proves themselves. Today: the app. Voice, TOTP and recovery codes join as further kinds.

use serde::{Deserialize, Serialize};

use crate::Time;

/// One method of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Which.
    pub kind: MethodKind,
    /// Where it stands.
    pub state: MethodState,
    /// When it was set up.
    pub created: Time,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// A paired phone.
    App,
}

/// Where a method stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodState {
    /// Set up; its first right answer is still to come.
    Unproven,
    /// Works.
    Active,
    /// Typed codes failed too often in a row: only approvals count until a phone is paired again.
    CodesDisabled,
}
