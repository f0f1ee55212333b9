//! Acts of the operator that concern no user: organisations, relying parties, keys, policy.

use koppel_domain::{ApiKey, Operator, Organisation, Policy, RelyingParty};
use koppel_protocol::{
    Text,
    id::{ApiKeyId, OrganisationId},
};

/// One act. Its kind is named in the organisation's audit chain, never its secrets.
#[derive(Debug, Clone)]
pub enum Registration {
    /// A new organisation, or new fields of one; chain and policy of a known one stay.
    Organisation(Box<Organisation>),
    /// A new relying party, or new fields of one.
    RelyingParty {
        /// All of it.
        party: Box<RelyingParty>,
        /// Who made or changed it, as chains name them.
        by: Text,
    },
    /// A new key.
    ApiKey {
        /// Whose chain notes it.
        organisation: OrganisationId,
        /// The key.
        key: Box<ApiKey>,
    },
    /// A key counts no more.
    RevokeApiKey {
        /// Whose chain notes it.
        organisation: OrganisationId,
        /// Which.
        key: ApiKeyId,
    },
    /// A new operator, or new fields of one.
    Operator(Box<Operator>),
    /// Other numbers.
    Policy {
        /// Whose.
        organisation: OrganisationId,
        /// All of them.
        policy: Box<Policy>,
        /// Who changed them, as chains name them.
        by: Text,
    },
}

impl Registration {
    /// Whose chain notes it.
    pub fn organisation(&self) -> OrganisationId {
        match self {
            Self::Organisation(organisation) => organisation.id,
            Self::RelyingParty { party, .. } => party.organisation,
            Self::Operator(_) => Organisation::OPERATORS,
            Self::ApiKey { organisation, .. }
            | Self::RevokeApiKey { organisation, .. }
            | Self::Policy { organisation, .. } => *organisation,
        }
    }

    /// As the chain names it.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Organisation(_) => "organisation.put",
            Self::RelyingParty { .. } => "relying_party.put",
            Self::ApiKey { .. } => "api_key.made",
            Self::RevokeApiKey { .. } => "api_key.revoked",
            Self::Operator(operator) if operator.removed_at.is_some() => "operator.removed",
            Self::Operator(_) => "operator.put",
            Self::Policy { .. } => "policy.changed",
        }
    }

    pub(crate) fn actor(&self) -> String {
        match self {
            Self::RelyingParty { by, .. } | Self::Policy { by, .. } => by.to_string(),
            _ => "command".to_owned(),
        }
    }

    pub(crate) fn detail(&self) -> String {
        let detail = match self {
            Self::Organisation(organisation) => {
                serde_json::json!({ "name": organisation.name, "public_url": organisation.public_url })
            }
            Self::RelyingParty { party, .. } => serde_json::json!({
                "relying_party": party.id,
                "name": party.name,
                "return_urls": party.return_urls,
                "mode": party.mode,
                "requires_device_signature": party.requires_device_signature,
                "methods": party.methods,
                "remember": party.remember,
                "rollout": party.rollout,
                "webhook": party.webhook.as_ref().map(koppel_domain::registry::Webhook::place),
                "support": party.support,
                "accent": party.accent,
                "logo": party.logo.as_ref().map(|logo| logo.png.len()),
            }),
            Self::ApiKey { key, .. } => serde_json::json!({ "key": key.id, "scopes": key.scopes }),
            Self::RevokeApiKey { key, .. } => serde_json::json!({ "key": key }),
            Self::Operator(operator) => serde_json::json!({
                "operator": operator.name,
                "role": operator.role,
                "organisations": operator.organisations,
                "link": operator.welcome.is_some(),
            }),
            Self::Policy { policy, .. } => serde_json::json!({ "policy": policy }),
        };
        detail.to_string()
    }
}
