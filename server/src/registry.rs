//! Who may ask, in memory: organisations, their relying parties, and the API keys that were used.
//!
//! They change by commands only, and commands run in the process that owns the database, which then calls
//! [`Registry::reload`]. So a request finds its organisation and its caller without touching the database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use http::header::HOST;
use koppel_domain::{ExternalId, LoginName, Operator, Organisation, RelyingParty};
use koppel_protocol::id::{ApiKeyId, OrganisationId, RelyingPartyId};
use koppel_protocol::{Origin, Text};
use koppel_store::{Caller, FindApiKey, Operators, Organisations, RelyingParties, Store, Unavailable};

#[derive(Debug, Default)]
struct Content {
    organisations: Vec<Arc<Organisation>>,
    relying_parties: HashMap<RelyingPartyId, Arc<RelyingParty>>,
    callers: HashMap<ApiKeyId, Arc<Caller>>,
    desk: Option<Desk>,
    operators: Vec<Arc<Operator>>,
    /// How often it was read anew: what was read before a change is not kept after it.
    generation: u64,
}

/// The built-in organisation of the operators, and the desk as its relying party. Both are where the oldest of
/// the others is.
#[derive(Debug, Clone)]
struct Desk {
    host: OrganisationId,
    organisation: Arc<Organisation>,
    relying_party: Arc<RelyingParty>,
}

fn oldest(organisations: &[Arc<Organisation>]) -> Option<&Arc<Organisation>> {
    organisations.iter().min_by_key(|organisation| (organisation.created, organisation.id))
}

/// Where the second factor's page sends an operator back to.
pub const DESK_RETURN: &str = "/desk/in";

/// The registry.
#[derive(Debug, Default)]
pub struct Registry {
    content: RwLock<Content>,
    public_url: RwLock<Option<Origin>>,
}

impl Registry {
    /// `public_url` overrides that of the only organisation.
    pub fn new(public_url: Option<Origin>) -> Registry {
        Registry { content: RwLock::default(), public_url: RwLock::new(public_url) }
    }

    /// Overrides the public address of the only organisation; takes effect with the next [`Registry::reload`].
    pub fn set_public_url(&self, public_url: Option<Origin>) {
        *self.public_url.write().unwrap_or_else(PoisonError::into_inner) = public_url;
    }

    /// Reads everything again.
    ///
    /// # Errors
    /// The store's.
    pub async fn reload(&self, store: &impl Store) -> Result<(), Unavailable> {
        let mut content = Content::default();
        let rows = store.read(Organisations {}).await?;
        let (built_in, mut organisations): (Vec<_>, Vec<_>) = rows.into_iter().partition(Organisation::is_of_operators);
        let public_url = self.public_url.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let ([only], Some(url)) = (organisations.as_mut_slice(), public_url) {
            only.public_url = url;
        }
        for organisation in organisations {
            let id = organisation.id;
            content.organisations.push(Arc::new(organisation));
            for party in store.read(RelyingParties { organisation: id }).await? {
                content.relying_parties.insert(party.id, Arc::new(party));
            }
        }
        let host = oldest(&content.organisations);
        if let (Some(row), Some(host)) = (built_in.into_iter().next(), host) {
            let host_id = host.id;
            let organisation = Organisation { public_url: host.public_url.clone(), ..row };
            let parties = store.read(RelyingParties { organisation: organisation.id }).await?;
            content.desk = parties.into_iter().next().map(|party| Desk {
                host: host_id,
                relying_party: Arc::new(RelyingParty {
                    origin: Text::clean(&organisation.public_url.to_string()),
                    return_urls: vec![organisation.public_url.url(DESK_RETURN)],
                    ..party
                }),
                organisation: Arc::new(organisation),
            });
        }
        content.operators = store.read(Operators {}).await?.into_iter().map(Arc::new).collect();
        let mut present = self.content.write().unwrap_or_else(PoisonError::into_inner);
        content.generation = present.generation + 1;
        *present = content;
        Ok(())
    }

    fn with<T>(&self, look: impl FnOnce(&Content) -> T) -> T {
        look(&self.content.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// All organisations but that of the operators.
    pub fn organisations(&self) -> Vec<Arc<Organisation>> {
        self.with(|content| content.organisations.clone())
    }

    /// Whether browsers reach this server by https.
    pub fn is_secure(&self) -> bool {
        self.with(|content| content.organisations.first().is_some_and(|own| own.public_url.is_secure()))
    }

    /// The organisation that was there first.
    pub fn oldest(&self) -> Option<Arc<Organisation>> {
        self.with(|content| oldest(&content.organisations).cloned())
    }

    /// One organisation, also that of the operators.
    pub fn organisation(&self, id: OrganisationId) -> Option<Arc<Organisation>> {
        self.with(|content| {
            let desk = content.desk.iter().map(|desk| &desk.organisation);
            content.organisations.iter().chain(desk).find(|organisation| organisation.id == id).cloned()
        })
    }

    /// The organisation of the operators, once there is one.
    pub fn operators(&self) -> Option<Arc<Organisation>> {
        self.with(|content| content.desk.as_ref().map(|desk| desk.organisation.clone()))
    }

    /// The desk as a relying party.
    pub fn desk(&self) -> Option<Arc<RelyingParty>> {
        self.with(|content| content.desk.as_ref().map(|desk| desk.relying_party.clone()))
    }

    /// An operator by name, also one that was removed.
    pub fn operator(&self, name: &ExternalId) -> Option<Arc<Operator>> {
        self.with(|content| content.operators.iter().find(|operator| operator.name == *name).cloned())
    }

    /// All operators, by name.
    pub fn all_operators(&self) -> Vec<Arc<Operator>> {
        self.with(|content| content.operators.clone())
    }

    /// The organisation that a user name typed at this host belongs to: operators share the host of another one.
    pub fn organisation_of(&self, at: Arc<Organisation>, name: &LoginName) -> Arc<Organisation> {
        let desk = self.with(|content| content.desk.clone());
        match desk.filter(|desk| name.is_of_operator() && desk.host == at.id) {
            Some(desk) => desk.organisation,
            None => at,
        }
    }

    /// The organisation a request came to: the only one, or the one whose HOST it names.
    pub fn organisation_at(&self, headers: &HeaderMap, authority: Option<&str>) -> Option<Arc<Organisation>> {
        self.with(|content| match content.organisations.as_slice() {
            [only] => Some(only.clone()),
            several => {
                let named = headers.get(HOST).and_then(|host| host.to_str().ok()).or(authority)?;
                let fits = |organisation: &&Arc<Organisation>| {
                    let scheme = if organisation.public_url.is_secure() { "https" } else { "http" };
                    let named = format!("{scheme}://{named}").parse::<Origin>();
                    named.is_ok_and(|named| named == organisation.public_url)
                };
                several.iter().find(fits).cloned()
            }
        })
    }

    /// One relying party.
    pub fn relying_party(&self, id: RelyingPartyId) -> Option<Arc<RelyingParty>> {
        self.with(|content| {
            let desk = content.desk.as_ref().map(|desk| &desk.relying_party).filter(|desk| desk.id == id);
            desk.or_else(|| content.relying_parties.get(&id)).cloned()
        })
    }

    /// All relying parties but the desk.
    pub fn relying_parties(&self) -> Vec<Arc<RelyingParty>> {
        self.with(|content| content.relying_parties.values().cloned().collect())
    }

    /// The owner of an API key; read once, then remembered. A key that is not there is not remembered: anybody can name one.
    ///
    /// # Errors
    /// The store's.
    pub async fn caller(&self, store: &impl Store, key: ApiKeyId) -> Result<Option<Arc<Caller>>, Unavailable> {
        let (known, generation) = self.with(|content| (content.callers.get(&key).cloned(), content.generation));
        if known.is_some() {
            return Ok(known);
        }
        let Some(found) = store.read(FindApiKey { key }).await?.map(Arc::new) else { return Ok(None) };
        let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
        if content.generation == generation {
            content.callers.insert(key, found.clone());
        }
        Ok(Some(found))
    }
}
