//! Who may ask: organisations, their relying parties and the keys of those. Made by commands, never over HTTP.

use koppel_protocol::{
    Bytes, Origin, Text,
    id::{ApiKeyId, OrganisationId, RelyingPartyId},
};
use serde::{Deserialize, Serialize};

use crate::{Colour, Locale, Logo, MethodKind, Mode, Policy, Region, Rollout, SharedBytes, Time};

/// One host, one name space of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Ours.
    pub id: OrganisationId,
    /// What people call it.
    pub name: Text,
    /// Where its pages and phones find us.
    pub public_url: Origin,
    /// Where the login door asks, if it may.
    pub directory_url: Option<String>,
    /// Signs the directory question; sealed under the key-encryption key.
    pub directory_secret: Option<SharedBytes>,
    /// The language of its pages unless somebody says otherwise.
    pub locale: Locale,
    /// How its users write telephone numbers.
    #[serde(default)]
    pub region: Region,
    /// Its numbers.
    pub policy: Policy,
    /// Hash of the newest audit entry of the organisation.
    pub chain_head: Bytes<32>,
    /// How many there are.
    pub chain_length: u64,
    /// When it was added.
    pub created: Time,
}

impl Organisation {
    /// The built-in organisation whose users are the operators. It shares the host of the oldest other one.
    pub const OPERATORS: OrganisationId = OrganisationId::from_bytes([0; 16]);

    /// Whether it is the built-in one.
    pub fn is_of_operators(&self) -> bool {
        self.id == Self::OPERATORS
    }
}

/// A web panel that asks for second factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingParty {
    /// Ours.
    pub id: RelyingPartyId,
    /// Whose.
    pub organisation: OrganisationId,
    /// What phones show.
    pub name: Text,
    /// What phones show under it.
    pub origin: Text,
    /// Where a browser may be sent back to, exactly.
    pub return_urls: Vec<String>,
    /// How its logins are answered unless it says otherwise.
    pub mode: Mode,
    /// Whether only a phone's signature counts.
    pub requires_device_signature: bool,
    /// Which methods its users may have, and how many.
    #[serde(default)]
    pub methods: MethodRules,
    /// For how many seconds a browser may be remembered; 0: not at all.
    #[serde(default)]
    pub remember: u32,
    /// From when on it asks a second factor of users who have none.
    #[serde(default)]
    pub rollout: Rollout,
    /// Where it hears what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// Whom its users ring when nothing works.
    #[serde(default)]
    pub support: SupportContact,
    /// The colour of its pages; none: ours.
    #[serde(default)]
    pub accent: Option<Colour>,
    /// The picture at their head; none: the first letter of its name.
    #[serde(default)]
    pub logo: Option<Logo>,
    /// When it was added.
    pub created: Time,
}

/// Where a panel hears what happened.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The address. Its path and query may hold a secret of the panel's.
    pub url: String,
    /// Only events of these kinds: `device`, `method.added`. All when empty.
    pub only: Vec<String>,
    /// What signs, sealed under the key-encryption key; the newest first.
    pub secrets: Vec<SharedBytes>,
}

impl Webhook {
    /// So many secrets count at once: the panel changes from one to the other when it likes.
    pub const SECRETS: usize = 2;

    /// Scheme and host of the address.
    pub fn place(&self) -> &str {
        let host = self.url.find("://").map_or(0, |at| at + 3);
        let end = self.url[host..].find(['/', '?']).map_or(self.url.len(), |at| host + at);
        &self.url[..end]
    }

    /// Whether events of this kind go there.
    pub fn wants(&self, kind: &str) -> bool {
        let fits =
            |only: &String| kind == only || kind.strip_prefix(only.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.only.is_empty() || self.only.iter().any(fits)
    }
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("place", &self.place()).field("only", &self.only).finish_non_exhaustive()
    }
}

/// Whom users ring when nothing works, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportContact {
    /// A telephone number, as people write it.
    pub telephone: Option<Text>,
    /// The https address of a page.
    pub web: Option<String>,
    /// A few words more, such as opening hours.
    pub note: Option<Text>,
}

impl RelyingParty {
    /// What verdicts need of it.
    pub fn terms(&self) -> Terms {
        Terms {
            id: self.id,
            mode: self.mode,
            requires_device_signature: self.requires_device_signature,
            methods: self.methods,
            remember: self.remember,
            rollout: self.rollout.clone(),
        }
    }
}

/// Which methods the users of a relying party may have, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodRules {
    /// Whether paired phones count.
    pub app: bool,
    /// Whether authenticators count.
    pub totp: bool,
    /// Whether recovery codes count.
    pub recovery: bool,
    /// How many methods besides the first a user must have before a hosted page lets go of them: 0 to 2.
    pub backups: u8,
}

impl Default for MethodRules {
    fn default() -> Self {
        Self::ALL
    }
}

impl MethodRules {
    /// Everything counts, and one is enough.
    pub const ALL: Self = Self { app: true, totp: true, recovery: true, backups: 0 };

    /// The methods that count.
    pub fn kinds(self) -> impl Iterator<Item = MethodKind> {
        MethodKind::ALL.into_iter().filter(move |kind| self.allows(*kind))
    }

    /// Whether a method counts.
    pub const fn allows(self, kind: MethodKind) -> bool {
        match kind {
            MethodKind::App => self.app,
            MethodKind::Recovery => self.recovery,
            MethodKind::Totp => self.totp,
        }
    }
}

/// What verdicts need of a relying party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Which.
    pub id: RelyingPartyId,
    /// How its logins are answered unless it says otherwise.
    pub mode: Mode,
    /// Whether only a phone's signature counts.
    pub requires_device_signature: bool,
    /// Which methods count, and how many there must be.
    pub methods: MethodRules,
    /// For how many seconds a browser may be remembered; 0: not at all.
    pub remember: u32,
    /// From when on users who have none must set one up.
    pub rollout: Rollout,
}

/// A key of a relying party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Ours, and the first half of the key's text.
    pub id: ApiKeyId,
    /// Whose.
    pub relying_party: RelyingPartyId,
    /// Keyed hash of the second half.
    pub hmac: Bytes<32>,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Since when it counts no more.
    pub revoked_at: Option<Time>,
    /// When it was last used, written lazily.
    pub last_used: Option<Time>,
    /// When it was made.
    pub created: Time,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Prompts and challenges.
    Verify,
    /// Users.
    Manage,
    /// Koppelcodes, confirmations, unlocking; with a named agent.
    Desk,
    /// Reading what happened.
    Audit,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Verify, Self::Manage, Self::Desk, Self::Audit];

    /// As commands take it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Manage => "manage",
            Self::Desk => "desk",
            Self::Audit => "audit",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        Self::ALL.into_iter().find(|scope| scope.name() == text).ok_or(NotAScope)
    }
}

/// The text is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is verify, manage, desk or audit")]
pub struct NotAScope;
