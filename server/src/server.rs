//! A running server: from its files to its listener, and down again.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::middleware;
use koppel_protocol::{Origin, Secret};
use koppel_store::{Environment, Mark, OpenError, SqliteStore, Store, Touched};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::api::{device, relying_party};
use crate::app::App;
use crate::clock::Clock;
use crate::commands;
use crate::config::{Config, ConfigError};
use crate::control::ControlSocket;
use crate::crypto::RingCrypto;
use crate::delivery::hub::Hub;
use crate::delivery::sent::Sent;
use crate::delivery::{jobs, live};
use crate::directory::Directory;
use crate::drain::Drain;
use crate::epoch::{EpochError, EpochFile};
use crate::keeper::{self, SharedEpoch};
use crate::keys::{KeysError, ServerKeys};
use crate::listen::{self, Front, TlsError};
use crate::nonce::Nonces;
use crate::outbox::mail::{Mail, MailError};
use crate::outbox::reach::Reach;
use crate::outbox::webhook::{NoClient, Webhooks};
use crate::pace::Pace;
use crate::pages::handlers;
use crate::problem::{Problem, Slug};
use crate::proof_memory::ProofMemory;
use crate::registry::Registry;
use crate::source::TrustedProxies;
use crate::wake::Wakes;
use crate::{answer, health, outbox};

/// Live channels that may be without a proof at one time; each has five seconds for it.
const GREETINGS: usize = 4096;
/// Phones get so long to hear the farewell.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why a server does not run. Each sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The keys.
    #[error("{0}")]
    Keys(#[from] KeysError),
    /// The keys file is not there though the database is.
    #[error(
        "{0} does not exist, but the database does: the server's keys are missing. Put the file back from where it was kept; without it every phone would have to be paired again"
    )]
    KeysMissing(PathBuf),
    /// The restore epoch.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The port.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said, and what to do.
        why: String,
    },
    /// Nobody to serve.
    #[error(
        "{0} holds no organisation yet; make one with `koppel-server organisation add NAME --public-url URL --database {0}`"
    )]
    NoOrganisation(PathBuf),
    /// The database did not answer.
    #[error("the database did not answer: {0}")]
    Unavailable(koppel_store::Unavailable),
    /// Webhooks.
    #[error(transparent)]
    Webhooks(#[from] NoClient),
    /// Mail.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Randomness or cryptography.
    #[error("cryptography is not available: {0}")]
    Crypto(#[from] koppel_protocol::CryptoError),
}

impl From<koppel_store::Unavailable> for StartError {
    fn from(why: koppel_store::Unavailable) -> StartError {
        StartError::Unavailable(why)
    }
}

/// Where the restore epoch of a database is.
pub fn epoch_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".epoch");
    PathBuf::from(path)
}

/// Everything but the listener: what commands need too.
pub(crate) struct Opened {
    pub(crate) app: Arc<App>,
    pub(crate) epoch: SharedEpoch,
}

/// Opens the files of a database.
pub(crate) async fn open(config: &Config, clock: Clock, create: bool) -> Result<Opened, StartError> {
    let path = &config.database;
    if !create && !path.exists() {
        return Err(OpenError::Missing(path.clone()).into());
    }
    let keys = if create { ServerKeys::create(&config.keys)? } else { open_keys(&config.keys)? };
    let epoch = if create { EpochFile::create(&epoch_path(path))? } else { EpochFile::open(&epoch_path(path))? };
    let crypto = RingCrypto::new();
    let derive = keys.derive(epoch.epoch());
    let (hub, wakes) = (Arc::new(Hub::new()), Arc::new(Wakes::default()));
    let environment = Environment {
        clock: {
            let clock = clock.clone();
            Arc::new(move || clock.now())
        },
        seeds: {
            let crypto = crypto.clone();
            // Without randomness nothing that is drawn could be trusted: the ask fails with the writer's panic guard.
            Arc::new(move || Secret::new(crypto.draw().expect("the system gives randomness")))
        },
        keys: derive.clone(),
        signer: koppel_domain::Signer { server_id: keys.identity.server_id, version: keys.identity.version },
        heard: heard(hub.clone(), wakes.clone()),
    };
    let store = if create { SqliteStore::create(path, environment)? } else { SqliteStore::open(path, environment)? };
    epoch.check(store.read(Mark {}).await?)?;
    let registry = Registry::new(config.public_url.clone());
    registry.reload(&store).await?;
    let roots = extra_roots(config)?;
    let app = App {
        nonces: Nonces::new(keys.nonce.clone(), epoch.epoch()),
        store,
        keys,
        derive,
        crypto,
        clock,
        registry,
        hub,
        sent: Sent::default(),
        wakes,
        long_polls: Arc::new(Semaphore::new(permits(config.limits.long_polls))),
        proofs: ProofMemory::default(),
        pace: Pace::of_questions(),
        frames: Pace::of_frames(),
        greetings: Semaphore::new(GREETINGS),
        mail: config.mail.as_ref().map(|mail| Mail::new(mail, &roots)).transpose()?,
        webhooks: Webhooks::new(Reach::new(&config.webhook_allow), &roots)?,
        directory: Directory::new(roots),
        rules: tokio::sync::Mutex::default(),
        counted: crate::progress::Counted::default(),
        desk: crate::desk::Sessions::default(),
        hash_turns: Semaphore::new(crate::slow_hash::AT_ONCE),
        directory_turns: Semaphore::new(permits(config.limits.directory_questions)),
        drain: Drain::new(),
        limits: config.limits,
    };
    Ok(Opened { app: Arc::new(app), epoch: Arc::new(Mutex::new(epoch)) })
}

fn permits(count: u64) -> usize {
    usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS)
}

fn open_keys(path: &Path) -> Result<ServerKeys, StartError> {
    match ServerKeys::open(path) {
        Err(KeysError::File(crate::private_file::PrivateFileError::Missing(path))) => {
            Err(StartError::KeysMissing(path))
        }
        keys => Ok(keys?),
    }
}

/// After each commit, on the writer's thread: whoever watches looks again.
fn heard(hub: Arc<Hub>, wakes: Arc<Wakes<Touched>>) -> Arc<koppel_store::Heard> {
    Arc::new(move |touched| {
        for one in touched {
            if let Touched::Device(device) = one {
                hub.refresh(device);
            }
            wakes.wake(one);
        }
    })
}

fn extra_roots(config: &Config) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let Some(path) = &config.directory_ca else {
        return Ok(Vec::new());
    };
    let roots = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    roots.map_err(|error| {
        TlsError::File { path: path.clone(), what: error.to_string(), expected: "root certificates" }.into()
    })
}

/// Raises the restore epoch of a database that was copied back from a backup.
pub(crate) async fn restore(config: &Config) -> Result<u64, StartError> {
    let keys = open_keys(&config.keys)?;
    let mut epoch = EpochFile::open(&epoch_path(&config.database))?;
    let clock = Clock::system();
    let crypto = RingCrypto::new();
    let environment = Environment {
        clock: Arc::new(move || clock.now()),
        seeds: Arc::new(move || Secret::new(crypto.draw().expect("the system gives randomness"))),
        keys: keys.derive(epoch.epoch()),
        signer: koppel_domain::Signer { server_id: keys.identity.server_id, version: keys.identity.version },
        heard: Arc::new(|_| {}),
    };
    // Opening takes the lock: no server runs on this file.
    let store = SqliteStore::open(&config.database, environment)?;
    Ok(epoch.raise(store.read(Mark {}).await?)?)
}

/// The whole interface.
fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(device::routes())
        .merge(relying_party::routes())
        .merge(handlers::routes())
        .merge(crate::desk::routes())
        .merge(health::routes())
        .fallback(|| async { Problem::new(Slug::NotFound) })
        .layer(middleware::from_fn_with_state(app.clone(), answer::finish))
        .with_state(app)
}

/// The verification server.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Starts on the system's clock.
    ///
    /// # Errors
    /// [`StartError`], with a sentence that says what to do.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        Server::start_with(config, Clock::system()).await
    }

    /// Starts on another clock.
    ///
    /// # Errors
    /// [`StartError`], with a sentence that says what to do.
    pub async fn start_with(mut config: Config, clock: Clock) -> Result<Running, StartError> {
        config.check()?;
        let tls = config.tls.as_ref().map(|(cert, key)| listen::tls(cert, key)).transpose()?;
        let listener = bind(config.listen).await?;
        let address = listener.local_addr().map_err(|error| listen_error(config.listen, &error))?;
        let Opened { app, epoch } = open(&config, clock.clone(), false).await?;
        let organisations = app.registry.organisations();
        if organisations.is_empty() {
            return Err(StartError::NoOrganisation(config.database));
        }
        let own = &organisations[0].public_url;
        if config.listen.port() == 0 && organisations.len() == 1 && !own.is_secure() {
            // Only on loopback: the public address follows the port that the system gave.
            config.public_url = format!("http://{address}").parse::<Origin>().ok();
            app.registry.set_public_url(config.public_url.clone());
            app.registry.reload(&app.store).await?;
        }
        let control = match ControlSocket::listen(&config.database) {
            Ok(control) => Some(control),
            Err(error) => {
                tracing::warn!(%error, "no control socket: commands wait until the server stops");
                None
            }
        };
        let front = Front {
            router: router(app.clone()),
            proxies: TrustedProxies::new(config.trusted_proxies.clone()),
            tls,
            connections: permits(config.limits.connections),
            drain: app.drain.clone(),
        };
        let mut tasks = vec![
            tokio::spawn(front.run(listener)),
            tokio::spawn(live::tick(app.clone())),
            tokio::spawn(jobs::run(app.clone())),
            tokio::spawn(outbox::run(app.clone())),
            tokio::spawn(keeper::sweep(app.clone())),
            tokio::spawn(keeper::checkpoints(app.clone(), epoch.clone())),
        ];
        if let Some(control) = control {
            tasks.push(tokio::spawn(commands::answer(app.clone(), control)));
        }
        tracing::info!(%address, server_id = %app.keys.identity.server_id, "listening");
        Ok(Running { address, app, epoch, tasks })
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| listen_error(address, &error))
}

fn listen_error(address: SocketAddr, error: &io::Error) -> StartError {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there; stop it or choose another port with --listen",
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need the right CAP_NET_BIND_SERVICE; choose a higher one with --listen"
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no such address; choose another with --listen",
        _ => "choose another address with --listen",
    };
    StartError::Listen { address, why: format!("{error} ({advice})") }
}

/// A server that runs. Dropping it does not stop it; [`Running::stop`] does.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    app: Arc<App>,
    epoch: SharedEpoch,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https` or `http`, and the address.
    pub fn url(&self) -> String {
        let organisations = self.app.registry.organisations();
        organisations.first().map_or_else(|| format!("http://{}", self.address), |own| own.public_url.to_string())
    }

    /// How many durable commits there were since the start.
    pub fn commits(&self) -> u64 {
        self.app.store.commits()
    }

    /// How many phones are connected.
    pub fn live_channels(&self) -> usize {
        self.app.hub.len()
    }

    /// How many things long polls wait for.
    pub fn waiting_polls(&self) -> usize {
        self.app.wakes.len()
    }

    /// Stops without losing anybody: not ready → phones are sent away → requests end → everything is written.
    pub async fn stop(self) {
        let Running { app, epoch, tasks, .. } = self;
        app.drain.begin();
        let connected = !app.hub.is_empty();
        app.hub.leave();
        if connected {
            tokio::time::sleep(FAREWELL).await;
        }
        app.drain.stop_accepting();
        if !app.drain.ended().await {
            tracing::warn!("some requests did not end in time and were cut off");
        }
        keeper::checkpoint(&app, &epoch).await;
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        tracing::info!("stopped");
    }
}
