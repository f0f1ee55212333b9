//! Keys and secrets that are somebody else's: slow, and calling back.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use koppel_client::keys::{DeviceKeys, EnvelopeSecrets, KeysError, SoftKeys};
use koppel_client::secrets::MemorySecrets;
use koppel_client::{ClientError, KoppelClient, Setup};
use koppel_core::{AccountId, Alert, NewKeys, Road};
use koppel_protocol::{Envelope, Text};
use zeroize::Zeroizing;

use crate::engine::{by_code, genuine, serve};
use crate::opening::setup;

/// Makes no key before it is told to.
struct SlowKeys {
    keys: SoftKeys,
    go: Mutex<Receiver<()>>,
}

impl DeviceKeys for SlowKeys {
    fn prepare(&self, accounts: &[AccountId]) -> Result<(), KeysError> {
        self.keys.prepare(accounts)
    }
    fn make(&self, account: AccountId, approve: bool) -> Result<NewKeys, KeysError> {
        // An error is a test that ended.
        let _ = self.go.lock().unwrap().recv();
        self.keys.make(account, approve)
    }
    fn sign(&self, account: AccountId, payload: &[u8]) -> Result<Vec<u8>, KeysError> {
        self.keys.sign(account, payload)
    }
    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>> {
        self.keys.open(account, envelope)
    }
    fn envelope_secrets(&self, account: AccountId) -> Option<EnvelopeSecrets> {
        self.keys.envelope_secrets(account)
    }
    fn delete(&self, account: AccountId) -> Result<(), KeysError> {
        self.keys.delete(account)
    }
    fn owners(&self) -> Result<Vec<AccountId>, KeysError> {
        self.keys.owners()
    }
}

#[tokio::test]
async fn keys_that_take_their_time_hold_up_nobody_else() {
    let server = serve(genuine()).await;
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    let (release, go) = channel();
    let keys = SlowKeys { keys: SoftKeys::new(secrets.clone()), go: Mutex::new(go) };
    let client = KoppelClient::open(Setup { keys: Arc::new(keys), ..setup(&folder, secrets) }).await.unwrap();
    let account = client.begin_pairing(by_code(&server), Text::clean("telefoon"), false).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(server.pairings.lock().unwrap().is_empty(), "no keys, no m1");
    tokio::time::timeout(Duration::from_secs(1), client.refresh()).await.unwrap().unwrap();
    tokio::time::timeout(Duration::from_secs(1), client.decline(account)).await.unwrap().unwrap();
    assert!(client.state().accounts.is_empty());
    release.send(()).unwrap();
    client.stop().await;
}

#[tokio::test]
async fn whoever_waits_when_the_client_is_stopped_is_told() {
    let server = serve(genuine()).await;
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(MemorySecrets::new());
    let (_release, go) = channel();
    let keys = SlowKeys { keys: SoftKeys::new(secrets.clone()), go: Mutex::new(go) };
    let client = KoppelClient::open(Setup { keys: Arc::new(keys), ..setup(&folder, secrets) }).await.unwrap();
    let waiting = client.clone();
    let pairing = tokio::spawn(async move { waiting.pair(by_code(&server), Text::clean("telefoon"), false).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.stop().await;
    assert_eq!(pairing.await.unwrap().unwrap_err(), ClientError::Stopped);
    assert_eq!(client.refresh().await, Err(ClientError::Stopped));
}

#[tokio::test]
async fn an_envelope_for_nobody_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let client = KoppelClient::open(setup(&folder, Arc::new(MemorySecrets::new()))).await.unwrap();
    let envelope = Envelope::from_bytes(&[4; koppel_protocol::envelope::LEN]).unwrap();
    assert_eq!(client.receive(envelope, Road::Poll, Alert::Shown).await, Ok(None));
}
