//! What every handler shares, and the one way to ask the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use koppel_domain::{Account, Actor, Command, Needs, Organisation, Policy, Proof, Refusal, Reply, Signer, Time};
use koppel_protocol::Text;
use koppel_store::{Answer, Ask, Locator, Snapshot, Store, Touched, Unavailable};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::config::Limits;
use crate::crypto::RingCrypto;
use crate::delivery::hub::Hub;
use crate::delivery::sent::Sent;
use crate::directory::Directory;
use crate::drain::Drain;
use crate::keys::ServerKeys;
use crate::nonce::Nonces;
use crate::outbox::mail::Mail;
use crate::outbox::webhook::Webhooks;
use crate::pace::Pace;
use crate::problem::{Problem, Slug};
use crate::proof_memory::ProofMemory;
use crate::registry::Registry;
use crate::source::Source;
use crate::wake::Wakes;

/// The database of this server.
pub type Database = koppel_store::SqliteStore;

/// Callers do not wait longer for a verdict.
const WAIT: Duration = Duration::from_secs(5);

/// How often something stale is prepared again: twice.
#[derive(Debug)]
pub struct Attempts {
    left: u8,
}

impl Default for Attempts {
    fn default() -> Attempts {
        Attempts { left: 2 }
    }
}

/// The running server, as its handlers see it.
#[derive(Debug)]
pub struct App {
    /// Accounts.
    pub store: Database,
    /// The server's own secrets.
    pub keys: ServerKeys,
    /// What is derived from them.
    pub derive: koppel_domain::Keys,
    /// Signatures and agreements.
    pub crypto: RingCrypto,
    /// Nonces.
    pub nonces: Nonces,
    /// Time.
    pub clock: Clock,
    /// Organisations, relying parties, API keys.
    pub registry: Registry,
    /// Connected phones.
    pub hub: Arc<Hub>,
    /// Deliveries that a road took.
    pub sent: Sent,
    /// Waiting long polls.
    pub wakes: Arc<Wakes<Touched>>,
    /// How many long polls may wait.
    pub long_polls: Arc<Semaphore>,
    /// Proofs of requests that read.
    pub proofs: ProofMemory,
    /// How often a phone may ask.
    pub pace: Pace,
    /// How often a phone may tell something on its live channel.
    pub frames: Pace,
    /// How many connections may be about to prove themselves.
    pub greetings: Semaphore,
    /// Directories of organisations.
    pub directory: Directory,
    /// How many may be asked at once.
    pub directory_turns: Semaphore,
    /// Panels that hear what happened.
    pub webhooks: Webhooks,
    /// Mail to users, where it is set up.
    pub mail: Option<Mail>,
    /// Rules of relying parties are changed one at a time.
    pub rules: tokio::sync::Mutex<()>,
    /// How far roll-outs are, as counted lately.
    pub counted: crate::progress::Counted,
    /// Operators who are signed in.
    pub desk: crate::desk::Sessions,
    /// How many recovery codes and passwords may be hashed at once.
    pub hash_turns: Semaphore,
    /// The way down.
    pub drain: Drain,
    /// How much at once.
    pub limits: Limits,
}

/// Who asks the store, and from where.
#[derive(Debug, Clone)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub source: Option<koppel_domain::Source>,
    /// With which device proof.
    pub proof: Option<Proof>,
}

impl By {
    /// Somebody from somewhere.
    pub fn new(actor: Actor, source: Source) -> By {
        By { actor, source: Some(domain_source(source)), proof: None }
    }

    /// The server itself.
    pub fn server() -> By {
        By { actor: Actor::Server, source: None, proof: None }
    }
}

/// An address as verdicts and audit entries see it.
pub fn domain_source(source: Source) -> koppel_domain::Source {
    koppel_domain::Source { ip: Text::clean(&source.ip().to_string()), bucket: source.bucket() }
}

impl App {
    /// The store's time.
    pub fn now(&self) -> Time {
        self.store.now()
    }

    /// The restore epoch.
    pub fn epoch(&self) -> u64 {
        self.derive.epoch()
    }

    /// Who signs.
    pub fn signer(&self) -> Signer {
        Signer { server_id: self.keys.identity.server_id, version: self.keys.identity.version }
    }

    /// The ask that waits as long as callers do.
    pub fn ask(&self, at: Locator, command: Command, by: By) -> Ask {
        let By { actor, source, proof } = by;
        Ask { at, command, actor, source, proof, idempotency: None, deadline: Instant::now() + WAIT }
    }

    /// Asks for a verdict.
    ///
    /// # Errors
    /// The refusal, or *unavailable*.
    pub async fn decide(&self, at: Locator, command: Command, by: By) -> Result<Reply, Problem> {
        let answer = self.store.execute(self.ask(at, command, by)).await;
        Ok(answer.map_err(unavailable)?.verdict()?)
    }

    /// Asks for a verdict on something that was prepared. None: it was stale; prepare it again.
    ///
    /// # Errors
    /// *Unavailable*, also when it was stale every time.
    pub async fn attempt(&self, ask: Ask, attempts: &mut Attempts) -> Result<Option<Answer>, Problem> {
        match self.store.execute(ask).await.map_err(unavailable)? {
            Answer::Decided(Err(Refusal::Stale)) if attempts.left > 0 => {
                attempts.left -= 1;
                Ok(None)
            }
            Answer::Decided(Err(Refusal::Stale)) => Err(unavailable(Unavailable::Stale)),
            answer => Ok(Some(answer)),
        }
    }

    /// Lets something be written that nobody waits for.
    pub fn lazily(&self, at: Locator, command: Command, by: By) {
        self.store.lazily(self.ask(at, command, by));
    }

    /// Reads an account as far as needed.
    ///
    /// # Errors
    /// *Unavailable*.
    pub async fn account(&self, at: Locator, needs: Needs) -> Result<Option<Account>, Problem> {
        self.store.read(Snapshot { at, needs }).await.map_err(unavailable)
    }

    /// An organisation by its id; one that the database names is always there.
    ///
    /// # Errors
    /// *Not found*.
    pub fn organisation(&self, id: koppel_protocol::id::OrganisationId) -> Result<Arc<Organisation>, Problem> {
        self.registry.organisation(id).ok_or_else(|| Problem::new(Slug::NotFound))
    }

    /// The numbers of an organisation.
    ///
    /// # Errors
    /// *Not found*.
    pub fn policy(&self, id: koppel_protocol::id::OrganisationId) -> Result<Policy, Problem> {
        Ok(self.organisation(id)?.policy.clone())
    }
}

/// No verdict was given: the caller denies, or tries again.
pub fn unavailable(why: Unavailable) -> Problem {
    tracing::warn!(%why, "no verdict was given");
    Problem::new(Slug::Unavailable).retry_after(1)
}
