//! A paired phone.

use koppel_protocol::{
    Bytes, PublicKey, Text,
    decision::UserVerification,
    id::{DeviceId, PairingId, UserId},
    pairing::Platform,
    phone_api::DeviceState,
};
use serde::{Deserialize, Serialize};

use crate::{Policy, SharedBytes, SharedText, Time};

/// One phone of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Ours; the phone signs with it as `kid`.
    pub id: DeviceId,
    /// Whose phone.
    pub user: UserId,
    /// The pairing that made it.
    pub pairing: PairingId,
    /// As its owner called it.
    pub name: Text,
    /// As it calls itself.
    pub platform: Platform,
    /// Its public keys.
    pub keys: DeviceKeys,
    /// The RFC 8291 `auth` secret, sealed under the key-encryption key (AAD: user ‖ device).
    pub auth: SharedBytes,
    /// Where it stands. A pending one may ask for its status and nothing else; a refused one is revoked and kept for a day.
    pub state: DeviceState,
    /// An older phone's signed word for this one's `approve` key, if it gave it.
    pub endorsement: Option<Endorsement>,
    /// When it first answered its activation; none: not yet.
    pub proven_at: Option<Time>,
    /// Who confirmed it, once active.
    pub confirmed_by: Option<ConfirmedBy>,
    /// When it was made.
    pub created: Time,
    /// When it became active.
    pub activated_at: Option<Time>,
    /// Last proven request, written lazily.
    pub last_seen: Time,
    /// When it was revoked; the row goes some time after. Until then the phone is told, and nothing else.
    pub revoked_at: Option<Time>,
}

/// The public keys of a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKeys {
    /// Device proofs, deny, fraud reports.
    pub id: PublicKey,
    /// Opens envelopes.
    pub seal: PublicKey,
    /// Says yes; a phone without it is *codes only*.
    pub approve: Option<PublicKey>,
    /// How `approve` was guarded when it was made.
    pub uv: UserVerification,
}

/// Who confirmed a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// The user's own page at the panel.
    Page,
    /// An older phone of theirs.
    Phone,
    /// Support.
    Desk,
}

/// An older phone's `confirm_pairing` decision, for panels that pin keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endorsement {
    /// The older phone.
    pub device: DeviceId,
    /// The challenge it answered: names the new key's thumbprint.
    pub challenge: SharedText,
    /// Its signed answer.
    pub decision: SharedText,
}

impl Device {
    /// Whether it may be asked at all.
    pub fn is_active(&self) -> bool {
        self.state == DeviceState::Active
    }

    /// Where it stands now: one that was not heard of for too long is suspended, one that never answered its activation is
    /// revoked, without anybody's help.
    pub fn state_at(&self, now: Time, policy: &Policy) -> DeviceState {
        let unanswered =
            self.proven_at.is_none() && self.activated_at.is_some_and(|at| now >= at.plus(policy.activation_answer));
        match self.state {
            DeviceState::Active if unanswered => DeviceState::Revoked,
            DeviceState::Active if now >= self.last_seen.plus(policy.device_idle) => DeviceState::Suspended,
            state => state,
        }
    }

    /// What is left of a phone whose user is deleted: the key that proves who asks, to be told that it is revoked.
    pub(crate) fn bare(&self, at: Time) -> Self {
        Self {
            id: self.id,
            user: self.user,
            pairing: self.pairing,
            name: Text::default(),
            platform: self.platform,
            keys: DeviceKeys { id: self.keys.id, seal: self.keys.id, approve: None, uv: UserVerification::None },
            auth: SharedBytes::from(Vec::new()),
            state: DeviceState::Revoked,
            endorsement: None,
            proven_at: None,
            confirmed_by: None,
            created: at,
            activated_at: self.activated_at.map(|_| at),
            last_seen: at,
            revoked_at: self.revoked_at.or(Some(at)),
        }
    }

    /// Whether its yes would count under this policy.
    pub fn can_approve(&self, policy: &Policy) -> bool {
        self.is_active() && self.keys.approve.is_some() && policy.takes(self.keys.uv)
    }

    /// Hash of the key that approves, as panels pin it.
    pub fn approve_thumbprint(&self) -> Option<Bytes<32>> {
        self.keys.approve.map(|key| key.thumbprint())
    }
}

impl Policy {
    /// Whether this way of verifying the person counts for a yes.
    pub fn takes(&self, uv: UserVerification) -> bool {
        match uv {
            UserVerification::None => false,
            UserVerification::Pin | UserVerification::Credential => self.biometric_only == 0,
            UserVerification::Biometric => true,
        }
    }
}
