//! The floor: the least work that a login by push can cost on this machine, to hold `koppel-server` against.
//!
//! Three requests (begin, decide, consume), three durable commits, one signature and one sealed envelope at the beginning, two
//! signature checks at the decision (the decision and a device proof). The same axum, ring, SQLite settings and group commit as
//! the server; no accounts, rules, audit or limits. Started with a folder, it prints one line of JSON: where it listens, what a
//! commit costs, and what a bare fsync costs in the same folder.

use std::{
    path::Path,
    sync::{Arc, mpsc},
    time::Instant,
};

use anyhow::{Context as _, Result};
use axum::{Json, Router, extract::State, http::StatusCode, routing::post, serve::ListenerExt as _};
use ring::{
    aead, agreement, hkdf,
    rand::{SecureRandom as _, SystemRandom},
    signature::{self, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey},
};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// Asks in one commit, as in the server's store.
const GROUP: usize = 64;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("usage: koppel-floor FOLDER")?;
    let fsync_us = bare_fsync(Path::new(&folder))?;
    let database = open(Path::new(&folder))?;
    let commit_us = median(|| database.execute("INSERT INTO warm (n) VALUES (1)", []).map(drop))?;
    let (asks, waiting) = mpsc::channel();
    std::thread::spawn(move || write(&database, &waiting));
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        println!("{}", json!({"listening": address, "commit_us": commit_us, "fsync_us": fsync_us}));
        let floor = Arc::new(Floor::new(asks)?);
        let routes = Router::new()
            .route("/begin", post(begin))
            .route("/decide", post(decide))
            .route("/consume", post(consume))
            .with_state(floor);
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap_or_default());
        Ok(axum::serve(listener, routes).await?)
    })
}

/// One statement for the writer; the answer is whether it changed exactly one row, and comes after the commit.
struct Ask {
    statement: &'static str,
    id: i64,
    bytes: Vec<u8>,
    answer: oneshot::Sender<bool>,
}

struct Floor {
    asks: mpsc::Sender<Ask>,
    random: SystemRandom,
    key: EcdsaKeyPair,
    /// The key of the one phone: here the server's own, for its place in memory is all the same.
    phone: UnparsedPublicKey<Vec<u8>>,
    signed: Vec<u8>,
}

impl Floor {
    fn new(asks: mpsc::Sender<Ask>) -> Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random)?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)?;
        let public = key.public_key().as_ref().to_vec();
        let phone = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, public);
        let signed = key.sign(&random, DECISION)?.as_ref().to_vec();
        Ok(Self { asks, random, key, phone, signed })
    }

    async fn commit(&self, statement: &'static str, id: i64, bytes: Vec<u8>) -> Result<Json<Value>, StatusCode> {
        let (answer, committed) = oneshot::channel();
        let sent = self.asks.send(Ask { statement, id, bytes, answer });
        sent.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        match committed.await {
            Ok(true) => Ok(Json(json!({"ok": true}))),
            _ => Err(StatusCode::CONFLICT),
        }
    }

    /// RFC 8291: ECDH with a fresh key, HKDF, AES-128-GCM over 2048 bytes.
    fn seal(&self, message: &[u8]) -> Result<Vec<u8>, ring::error::Unspecified> {
        let own = agreement::EphemeralPrivateKey::generate(&agreement::ECDH_P256, &self.random)?;
        let public = own.compute_public_key()?;
        let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, self.phone.as_ref());
        let (mut key, mut salt) = ([0; 16], [0; 16]);
        self.random.fill(&mut salt)?;
        agreement::agree_ephemeral(own, &peer, |shared| {
            let input = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(shared);
            input.expand(&[b"WebPush: info\0"], &aead::AES_128_GCM)?.fill(&mut key)
        })??;
        let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_128_GCM, &key)?);
        let mut sealed = message.to_vec();
        sealed.resize(2048, 0);
        let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
        key.seal_in_place_append_tag(nonce, aead::Aad::empty(), &mut sealed)?;
        Ok([salt.as_slice(), public.as_ref(), &sealed].concat())
    }
}

/// As long as a decision on the wire.
const DECISION: &[u8] = &[b'd'; 600];

#[derive(Deserialize)]
struct Login {
    id: i64,
}

async fn begin(State(floor): State<Arc<Floor>>, Json(login): Json<Login>) -> Result<Json<Value>, StatusCode> {
    let refused = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let challenge = json!({"cid": login.id, "exp": 120, "context": "x".repeat(400)}).to_string();
    let signed = floor.key.sign(&floor.random, challenge.as_bytes()).map_err(refused)?;
    let envelope = floor.seal(&[challenge.as_bytes(), signed.as_ref()].concat()).map_err(refused)?;
    floor.commit("INSERT INTO login (id, state, bytes) VALUES (?1, 0, ?2)", login.id, envelope).await
}

async fn decide(State(floor): State<Arc<Floor>>, Json(login): Json<Login>) -> Result<Json<Value>, StatusCode> {
    for _ in ["decision", "device proof"] {
        floor.phone.verify(DECISION, &floor.signed).map_err(|_| StatusCode::FORBIDDEN)?;
    }
    floor
        .commit("UPDATE login SET state = 1, bytes = ?2 WHERE id = ?1 AND state = 0", login.id, DECISION.to_vec())
        .await
}

async fn consume(State(floor): State<Arc<Floor>>, Json(login): Json<Login>) -> Result<Json<Value>, StatusCode> {
    floor.commit("UPDATE login SET state = 2, bytes = ?2 WHERE id = ?1 AND state = 1", login.id, Vec::new()).await
}

fn open(folder: &Path) -> Result<Connection> {
    let connection = Connection::open(folder.join("floor.sqlite"))?;
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;
         PRAGMA cache_size=-4096; CREATE TABLE warm (n INTEGER);
         CREATE TABLE login (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, bytes BLOB NOT NULL);",
    )?;
    Ok(connection)
}

/// The one thread that writes: takes what waits, a savepoint for each, one commit, then the answers.
fn write(database: &Connection, waiting: &mpsc::Receiver<Ask>) {
    while let Ok(first) = waiting.recv() {
        let group: Vec<Ask> = std::iter::once(first).chain(waiting.try_iter().take(GROUP - 1)).collect();
        let changed = commit(database, &group);
        for (index, ask) in group.into_iter().enumerate() {
            // Whoever asked may have gone.
            let _ = ask.answer.send(changed.as_ref().is_ok_and(|changed| changed[index] == 1));
        }
    }
}

fn commit(database: &Connection, group: &[Ask]) -> rusqlite::Result<Vec<usize>> {
    let mut changed = Vec::with_capacity(group.len());
    database.execute_batch("BEGIN IMMEDIATE")?;
    for ask in group {
        database.prepare_cached("SAVEPOINT ask")?.execute([])?;
        changed.push(database.prepare_cached(ask.statement)?.execute((ask.id, &ask.bytes))?);
        database.prepare_cached("RELEASE ask")?.execute([])?;
    }
    database.execute_batch("COMMIT")?;
    Ok(changed)
}

/// Median microseconds to append 4 KiB to a file and have it on the disk.
fn bare_fsync(folder: &Path) -> Result<u128> {
    use std::io::Write as _;
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    median(|| file.write_all(&[0; 4096]).and_then(|()| file.sync_data()))
}

fn median<E: std::error::Error + Send + Sync + 'static>(mut act: impl FnMut() -> Result<(), E>) -> Result<u128> {
    let mut times = Vec::new();
    for _ in 0..200 {
        let begin = Instant::now();
        act()?;
        times.push(begin.elapsed().as_micros());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
