//! The engine: what is not on disk is not sent, and what makes no sense ends in words.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::{get, post};
use koppel_client::disk::{Disk, RealDisk};
use koppel_client::secrets::MemorySecrets;
use koppel_client::{ClientError, KoppelClient, Setup, Update};
use koppel_core::{Invitation, Trouble};
use koppel_protocol::crypto::SigningKey;
use koppel_protocol::identity::{KeyVersion, ServerId, first_link};
use koppel_protocol::phone_api::WellKnown;
use koppel_protocol::soft::{SoftCrypto, SoftSigningKey};
use koppel_protocol::{Nonce, Origin, SecretText, Text};

use crate::opening::setup;

/// A server with an identity, which answers no pairing.
pub(crate) struct FakeServer {
    origin: Origin,
    /// The bodies that were posted to `/d/v1/pairings`.
    pub(crate) pairings: Arc<Mutex<Vec<Bytes>>>,
}

pub(crate) async fn serve(well_known: String) -> FakeServer {
    let pairings: Arc<Mutex<Vec<Bytes>>> = Arc::default();
    let seen = pairings.clone();
    let app = Router::new()
        .route("/.well-known/koppel", get(move || async move { ([("content-type", "application/json")], well_known) }))
        .route(
            "/d/v1/pairings",
            post(move |body: Bytes| async move {
                seen.lock().unwrap().push(body);
                let problem = r#"{"type":"urn:koppel:problem:not-verified","title":"","status":409,"detail":""}"#;
                (StatusCode::CONFLICT, [("content-type", "application/problem+json")], problem)
            }),
        );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    FakeServer { origin, pairings }
}

pub(crate) fn genuine() -> String {
    let crypto = SoftCrypto::new(|bytes: &mut [u8]| {
        bytes.fill(7);
        Ok(())
    });
    let key = SoftSigningKey::generate(&crypto).unwrap();
    let well_known = WellKnown {
        server_id: ServerId::of(&key.public()),
        version: KeyVersion::FIRST,
        chain: vec![first_link(&key).unwrap().to_string()],
        organisation: Text::clean("De Linden"),
        nonce: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".parse::<Nonce>().unwrap(),
        time: 1_800_000_000_000,
    };
    serde_json::to_string(&well_known).unwrap()
}

pub(crate) fn by_code(server: &FakeServer) -> Invitation {
    Invitation::Koppelcode {
        origin: server.origin.clone(),
        user: Text::clean("jan"),
        code: "0000-0000-0".parse().unwrap(),
    }
}

/// A disk that refuses to write the vault while it is full.
#[derive(Default)]
pub(crate) struct FullDisk {
    full: AtomicBool,
    refused: AtomicUsize,
}

impl FullDisk {
    pub(crate) fn fill(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }
}

impl Disk for FullDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        RealDisk.read(path)
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(io::ErrorKind::StorageFull.into());
        }
        RealDisk.write(path, bytes)
    }
    fn sync_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_file(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.sync_folder(folder)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
}

#[tokio::test]
async fn what_could_not_be_written_is_not_sent_and_is_sent_once_there_is_room() {
    let server = serve(genuine()).await;
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(FullDisk::default());
    disk.fill(true);
    let setup = Setup { disk: disk.clone(), ..setup(&folder, Arc::new(MemorySecrets::new())) };
    let client = KoppelClient::open(setup).await.unwrap();
    let mut updates = client.updates();
    client.begin_pairing(by_code(&server), Text::clean("telefoon"), false).await.unwrap();
    while !matches!(updates.recv().await.unwrap(), Update::NotWritten(_)) {}
    assert!(disk.refused.load(Ordering::SeqCst) > 0);
    assert!(server.pairings.lock().unwrap().is_empty(), "m1 left before it was on disk");

    disk.fill(false);
    let mut states = client.watch();
    states.wait_for(|state| state.accounts.is_empty() && state.revision > 1).await.unwrap();
    assert_eq!(server.pairings.lock().unwrap().len(), 1, "and then exactly once");
}

#[tokio::test]
async fn a_refused_koppelcode_ends_the_pairing_and_leaves_no_key_behind() {
    use koppel_client::secrets::SecretStore;
    let server = serve(genuine()).await;
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    let client = KoppelClient::open(setup(&folder, secrets.clone())).await.unwrap();
    let ended = client.pair(by_code(&server), Text::clean("telefoon"), false).await;
    assert!(matches!(ended, Err(ClientError::Trouble(_))), "{ended:?}");
    client.stop().await;
    assert!(client.state().accounts.is_empty());
    assert_eq!(secrets.names().unwrap(), ["vault/key"]);
}

#[tokio::test]
async fn a_password_never_touches_the_disk() {
    let server = serve(genuine()).await;
    let folder = tempfile::tempdir().unwrap();
    let client = KoppelClient::open(setup(&folder, Arc::new(MemorySecrets::new()))).await.unwrap();
    let login = Invitation::Login {
        origin: server.origin.clone(),
        user: Text::clean("jan"),
        password: SecretText::new("canary-password".into()).unwrap(),
    };
    assert!(client.pair(login, Text::clean("telefoon"), false).await.is_err());
    let sent = server.pairings.lock().unwrap().concat();
    assert!(String::from_utf8_lossy(&sent).contains("canary-password"), "it was sent to the server");
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"canary"));
    }
}

#[tokio::test]
async fn a_server_whose_identity_makes_no_sense_gets_nothing() {
    for nonsense in ["{}", "not json", "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", ""] {
        let server = serve(nonsense.into()).await;
        let folder = tempfile::tempdir().unwrap();
        let client = KoppelClient::open(setup(&folder, Arc::new(MemorySecrets::new()))).await.unwrap();
        let ended = client.pair(by_code(&server), Text::clean("telefoon"), false).await;
        assert_eq!(ended.unwrap_err(), ClientError::Trouble(Trouble::AnswerInvalid), "{nonsense:?}");
        assert!(server.pairings.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_said() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let server = FakeServer { origin, pairings: Arc::default() };
    let folder = tempfile::tempdir().unwrap();
    let client = KoppelClient::open(setup(&folder, Arc::new(MemorySecrets::new()))).await.unwrap();
    let ended = client.pair(by_code(&server), Text::clean("telefoon"), false).await;
    assert_eq!(ended.unwrap_err(), ClientError::Trouble(Trouble::NoConnection));
}
