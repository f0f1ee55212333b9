//! Where the keys are asked for something, beside the engine.
//!
//! Keys and secrets may be somebody else's code: Keystore, Secure Enclave, an app. It may be slow, and it may call the companion
//! back and wait for the answer. So the engine never waits for it: signatures come back as events, and so do new keys. What makes
//! or deletes is done one after the other, in the order it was wanted; signing needs no order. All of it is counted, so that the end
//! can wait until nobody holds the keys any more.

use std::sync::Arc;

use koppel_core::{AccountId, Event, NewKeys, NoSignature, Order};
use koppel_protocol::bytes;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use crate::engine::{Input, report};
use crate::keys::{DeviceKeys, KeysError};
use crate::preview;
use crate::secrets::SecretStore;

/// The desk. Clones are the same one; it closes with the last.
#[derive(Clone)]
pub(crate) struct KeyDesk {
    keys: Arc<dyn DeviceKeys>,
    outbox: mpsc::WeakSender<Input>,
    jobs: mpsc::UnboundedSender<Job>,
    /// Everything that holds the keys.
    at_work: TaskTracker,
}

enum Job {
    Make(Order, bool),
    Delete(AccountId),
    Preview(Zeroizing<Vec<u8>>),
}

impl KeyDesk {
    /// Opens the desk, on the async runtime that this is called on.
    pub(crate) fn open(
        keys: Arc<dyn DeviceKeys>,
        secrets: Arc<dyn SecretStore>,
        outbox: mpsc::WeakSender<Input>,
    ) -> Self {
        let (jobs, queue) = mpsc::unbounded_channel();
        let at_work = TaskTracker::new();
        at_work.spawn(work(queue, keys.clone(), secrets, outbox.clone(), at_work.clone()));
        Self { keys, outbox, jobs, at_work }
    }

    /// Makes keys; answered by an event.
    pub(crate) fn make(&self, order: Order, approve: bool) {
        self.push(Job::Make(order, approve));
    }

    /// Deletes the keys of an account. What cannot be deleted now is an orphan, and deleted at the next start.
    pub(crate) fn delete(&self, account: AccountId) {
        self.push(Job::Delete(account));
    }

    /// Keeps the item of the notification process.
    pub(crate) fn keep_preview(&self, item: Zeroizing<Vec<u8>>) {
        self.push(Job::Preview(item));
    }

    /// Closes the desk, of which this is the last clone. Returns when everything wanted is done and nothing here holds the keys.
    pub(crate) async fn close(self) {
        let Self { keys, outbox: _, jobs, at_work } = self;
        drop((keys, jobs));
        at_work.close();
        at_work.wait().await;
    }

    /// Signs with the `id` key; answered by an event.
    pub(crate) fn sign(&self, order: Order, payload: Vec<u8>) {
        let (keys, outbox, at_work) = (self.keys.clone(), self.outbox.clone(), self.at_work.clone());
        self.at_work.spawn(async move {
            let signed = sign(keys, &at_work, order.account, payload).await;
            let event = match signed {
                Some(signature) => Event::Signed { order, signature },
                None => Event::NotSigned { order, why: NoSignature::Refused },
            };
            report(&outbox, event).await;
        });
    }

    /// A device proof: what was to be signed, and the signature behind it.
    pub(crate) async fn proof(&self, account: AccountId, signing_input: String) -> Option<String> {
        let signature = sign(self.keys.clone(), &self.at_work, account, signing_input.clone().into_bytes()).await?;
        let raw = match <[u8; 64]>::try_from(signature.as_slice()) {
            Ok(raw) => raw,
            Err(_) => koppel_core::signature::from_der(&signature)?,
        };
        Some(format!("{signing_input}.{}", bytes::encode(&raw)))
    }

    fn push(&self, job: Job) {
        // The desk outlives every clone of this sender.
        let _ = self.jobs.send(job);
    }
}

async fn sign(
    keys: Arc<dyn DeviceKeys>,
    at_work: &TaskTracker,
    account: AccountId,
    payload: Vec<u8>,
) -> Option<Vec<u8>> {
    let signed = at_work.spawn_blocking(move || keys.sign(account, &payload)).await;
    let signed = signed.unwrap_or(Err(KeysError::Unusable));
    signed.inspect_err(|error| tracing::warn!(%error, "the id key did not sign")).ok()
}

async fn work(
    mut queue: mpsc::UnboundedReceiver<Job>,
    keys: Arc<dyn DeviceKeys>,
    secrets: Arc<dyn SecretStore>,
    outbox: mpsc::WeakSender<Input>,
    at_work: TaskTracker,
) {
    while let Some(job) = queue.recv().await {
        match job {
            Job::Make(order, approve) => {
                let keys = keys.clone();
                let made = at_work.spawn_blocking(move || keys.make(order.account, approve)).await;
                let made: Result<NewKeys, _> = made.unwrap_or(Err(KeysError::Unusable));
                let event = match made {
                    Ok(keys) => Event::KeysMade { order, keys },
                    Err(error) => {
                        tracing::warn!(%error, "no keys were made");
                        Event::KeysFailed { order }
                    }
                };
                report(&outbox, event).await;
            }
            Job::Delete(account) => {
                let keys = keys.clone();
                let deleted = at_work.spawn_blocking(move || keys.delete(account)).await;
                if !matches!(deleted, Ok(Ok(()))) {
                    tracing::warn!("the keys of an account were not deleted");
                }
            }
            Job::Preview(item) => {
                let secrets = secrets.clone();
                let kept = at_work.spawn_blocking(move || preview::keep(secrets.as_ref(), &item)).await;
                if !matches!(kept, Ok(Ok(()))) {
                    // Notifications then say less, until the next change.
                    tracing::warn!("the item of the notification process was not kept");
                }
            }
        }
    }
}
