//! Who may ask, in memory: organisations, their relying parties, and the API keys that were used.
//!
//! They change by commands only, and commands run in the process that owns the database, which then calls
//! [`Registry::reload`]. So a request finds its organisation and its caller without touching the database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use http::header::HOST;
use koppel_domain::{Organisation, RelyingParty};
use koppel_protocol::Origin;
use koppel_protocol::id::{ApiKeyId, OrganisationId, RelyingPartyId};
use koppel_store::{Caller, FindApiKey, Organisations, RelyingParties, Store, Unavailable};

#[derive(Debug, Default)]
struct Content {
    organisations: Vec<Arc<Organisation>>,
    relying_parties: HashMap<RelyingPartyId, Arc<RelyingParty>>,
    callers: HashMap<ApiKeyId, Arc<Caller>>,
    /// How often it was read anew: what was read before a change is not kept after it.
    generation: u64,
}

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
        let mut organisations = store.read(Organisations {}).await?;
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
        let mut present = self.content.write().unwrap_or_else(PoisonError::into_inner);
        content.generation = present.generation + 1;
        *present = content;
        Ok(())
    }

    fn with<T>(&self, look: impl FnOnce(&Content) -> T) -> T {
        look(&self.content.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// All organisations.
    pub fn organisations(&self) -> Vec<Arc<Organisation>> {
        self.with(|content| content.organisations.clone())
    }

    /// Whether browsers reach this server by https.
    pub fn is_secure(&self) -> bool {
        self.with(|content| content.organisations.first().is_some_and(|own| own.public_url.is_secure()))
    }

    /// One organisation.
    pub fn organisation(&self, id: OrganisationId) -> Option<Arc<Organisation>> {
        self.with(|content| content.organisations.iter().find(|organisation| organisation.id == id).cloned())
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
        self.with(|content| content.relying_parties.get(&id).cloned())
    }

    /// All relying parties.
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
