//! What a verdict needs to know besides the account: time, who asks, the numbers, the keys.

use koppel_protocol::{
    Bytes, KeyVersion, ServerId, Text,
    id::{ApiKeyId, DeviceId, OrganisationId, RelyingPartyId},
};

use crate::{DeskAct, Fresh, Keys, Policy, Role, Time};

/// All that [`decide`](crate::decide) may look at besides account and command. Made by the store inside the transaction.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The store's time: never backwards within a process.
    pub now: Time,
    /// The numbers of the account's organisation.
    pub policy: &'a Policy,
    /// The keys that derive codes.
    pub keys: &'a Keys,
    /// Who signs for the server now.
    pub signer: Signer,
    /// Who asks.
    pub actor: &'a Actor,
    /// From where, if from anywhere.
    pub source: Option<&'a Source>,
    /// Ids and salts of this transaction.
    pub fresh: Fresh,
    /// What the store looked up because the command [needs](crate::Needs) it.
    pub found: Found,
    /// The device proof that came with the request, to be remembered.
    pub proof: Option<Proof>,
}

/// The server's identity and the version of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signer {
    /// The server for ever.
    pub server_id: ServerId,
    /// Its key now.
    pub version: KeyVersion,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A panel with its key.
    Panel {
        /// Whose users it may name.
        organisation: OrganisationId,
        /// Which panel.
        relying_party: RelyingPartyId,
        /// Which of its keys.
        key: ApiKeyId,
    },
    /// Somebody at a desk.
    Desk {
        /// Whose users.
        organisation: OrganisationId,
        /// How they came in.
        via: Via,
        /// Who.
        agent: Text,
        /// Why.
        reason: Text,
        /// By which ticket.
        ticket: Text,
    },
    /// A browser on a hosted page.
    Browser {
        /// Whose host it came to.
        organisation: OrganisationId,
    },
    /// A phone.
    Phone {
        /// Whose host it came to.
        organisation: OrganisationId,
        /// Which, once it has an id; its proof or decision was verified.
        device: Option<DeviceId>,
    },
    /// The server by itself: sweeping, finishing.
    Server,
}

/// How somebody at a desk came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// By a key with scope `desk`: the panel answers for who its agent is.
    Key(ApiKeyId),
    /// By a command on the machine.
    Command,
    /// Signed in at our own desk, with a second factor.
    Operator(Role),
}

impl Via {
    /// Whether this may be done so. A key's agents are names that its panel tells us: they give no second yes.
    pub fn may(self, act: DeskAct) -> bool {
        match self {
            Self::Key(_) => Role::Support.may(act),
            Self::Command => true,
            Self::Operator(role) => role.may(act),
        }
    }
}

impl Actor {
    /// Whose users this actor may touch; none: everybody's.
    pub const fn organisation(&self) -> Option<OrganisationId> {
        match self {
            Self::Panel { organisation, .. }
            | Self::Desk { organisation, .. }
            | Self::Browser { organisation }
            | Self::Phone { organisation, .. } => Some(*organisation),
            Self::Server => None,
        }
    }

    /// As audit entries name it.
    pub fn name(&self) -> String {
        match self {
            Self::Panel { key, .. } => format!("key:{key}"),
            Self::Desk { via: Via::Key(key), .. } => format!("desk:{key}"),
            Self::Desk { via: Via::Command, .. } => "desk:command".to_owned(),
            Self::Desk { via: Via::Operator(_), agent, .. } => format!("operator:{agent}"),
            Self::Browser { .. } => "browser".to_owned(),
            Self::Phone { device: Some(device), .. } => format!("device:{device}"),
            Self::Phone { device: None, .. } => "phone".to_owned(),
            Self::Server => "server".to_owned(),
        }
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The address, for audit entries and confirmers.
    pub ip: Text,
    /// What budgets count: the IPv4 address, or the IPv6 /64.
    pub bucket: String,
}

/// What the store looked up outside the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Another user has the login name that the command wants.
    pub login_name_taken: bool,
    /// The device proof was used before.
    pub proof_used: bool,
}

/// A device proof, remembered until its nonce expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Proof {
    /// Whose.
    pub device: DeviceId,
    /// Its own id.
    pub jti: Bytes<16>,
    /// Until its nonce expires.
    pub until: Time,
}
