//! `KoppelClient`: the companion as a shell sees it.
//!
//! Verbs go in, whole snapshots come out ([`KoppelClient::watch`]), and what happens in between is told as it happens
//! ([`KoppelClient::updates`]). A verb returns as soon as it was taken; what came of it is an update. Approving is two calls,
//! [`begin_approval`](KoppelClient::begin_approval) and [`finish`](KoppelClient::finish): between them the shell asks the person for finger, face or
//! PIN, in its own way. Verbs that wait for their end are in [`conversation`](crate::conversation).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use koppel_core::{
    AccountId, Alert, ChallengeContent, DenyReason, Event, Invitation, Machine, NoSignature, Question, Refused, Road,
    SigningRequest, State,
};
use koppel_protocol::id::{ChallengeId, NoticeId};
use koppel_protocol::pairing::Platform;
use koppel_protocol::{Digits, Envelope, Text};
use tokio::sync::{OwnedMutexGuard, broadcast, mpsc, oneshot, watch};

use crate::engine::{Engine, Input, Parts};
use crate::error::ClientError;
use crate::keys::Tools;
use crate::opening::{self, OpenError, Setup};
use crate::randomness;
use crate::update::Update;

/// Wishes and answers that may wait for the engine before the network is slowed down.
const INBOX: usize = 256;
/// Updates a slow reader may lag behind before it must read the snapshot.
const UPDATES: usize = 1024;

/// The companion. Clones are the same one.
#[derive(Clone)]
pub struct KoppelClient(Arc<Inner>);

struct Inner {
    inputs: mpsc::Sender<Input>,
    updates: broadcast::Sender<Update>,
    first_updates: Mutex<Option<broadcast::Receiver<Update>>>,
    state: watch::Receiver<Arc<State>>,
    platform: Platform,
}

/// The clients of this process, by folder. The only state that is shared behind everybody's back: two engines on one vault
/// would each overwrite what the other acknowledged.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Arc<Folder>>>> = LazyLock::new(Default::default);

/// What this process does with one folder.
#[derive(Default)]
struct Folder {
    /// Its client, once there is one. Locked while it is opened: whoever opens the same folder meanwhile waits for that, and nobody
    /// else does.
    client: tokio::sync::Mutex<Weak<Inner>>,
    /// Held by its engine, which may outlive the client by a moment: it still writes.
    engine: Arc<tokio::sync::Mutex<()>>,
}

fn folder(path: PathBuf) -> Arc<Folder> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    // A folder that nobody is opening and whose client is gone is no longer known.
    open.retain(|_, folder| Arc::strong_count(folder) > 1 || Arc::strong_count(&folder.engine) > 1);
    open.entry(path).or_default().clone()
}

impl KoppelClient {
    /// Opens the companion of a folder and starts its engine, on the async runtime that this is called on. A folder that is
    /// open in this process already gives the same companion again.
    ///
    /// # Errors
    /// [`OpenError`], each of which leaves everything where it was.
    pub async fn open(setup: Setup) -> Result<Self, OpenError> {
        let path = std::path::absolute(&setup.folder).unwrap_or_else(|_| setup.folder.clone());
        let folder = folder(path);
        let mut client = folder.client.lock().await;
        if let Some(inner) = client.upgrade().filter(|inner| !inner.inputs.is_closed()) {
            return Ok(Self(inner));
        }
        let alone = folder.engine.clone().lock_owned().await;
        let opened = Self::start(setup, alone).await?;
        *client = Arc::downgrade(&opened.0);
        Ok(opened)
    }

    async fn start(setup: Setup, alone: OwnedMutexGuard<()>) -> Result<Self, OpenError> {
        let looked = tokio::task::spawn_blocking(move || {
            let opened = opening::open(&setup)?;
            let machine = Machine::new(opened.vault, Box::new(Tools::new(setup.keys.clone())));
            opening::delete_keys(&setup, &machine.key_owners())?;
            setup.keys.prepare(&machine.key_owners())?;
            Ok::<_, OpenError>((setup, opened.file, opened.key, machine))
        });
        let (setup, vault, vault_key, machine) = looked.await.map_err(|_| OpenError::Locked)??;

        let (inputs, inbox) = mpsc::channel(INBOX);
        let (updates, first_updates) = broadcast::channel(UPDATES);
        let (publish, state) = watch::channel(Arc::new(machine.snapshot(setup.clock.now())));
        let platform = setup.platform;
        let parts = Parts {
            machine,
            clock: setup.clock,
            vault,
            vault_key,
            keys: setup.keys,
            secrets: setup.secrets,
            platform,
            roots: setup.roots,
            updates: updates.clone(),
            state: publish,
        };
        let engine = Engine::new(parts, inbox, inputs.downgrade());
        let (begun, wait) = oneshot::channel();
        tokio::spawn(async move {
            engine.run(begun).await;
            drop(alone);
        });
        // An engine that ended already is found to be stopped.
        let _ = wait.await;
        let first_updates = Mutex::new(Some(first_updates));
        Ok(Self(Arc::new(Inner { inputs, updates, first_updates, state, platform })))
    }

    /// The newest snapshot, and a wait for newer ones. Older ones are skipped, never queued.
    pub fn watch(&self) -> watch::Receiver<Arc<State>> {
        self.0.state.clone()
    }

    /// The newest snapshot.
    pub fn state(&self) -> Arc<State> {
        self.0.state.borrow().clone()
    }

    /// What happens from now on; whoever asks first also hears what happened since the client was opened.
    pub fn updates(&self) -> broadcast::Receiver<Update> {
        let first = self.0.first_updates.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.unwrap_or_else(|| self.0.updates.subscribe())
    }

    /// What happens from now on, and nothing from before.
    pub(crate) fn later_updates(&self) -> broadcast::Receiver<Update> {
        self.0.updates.subscribe()
    }

    /// Begins to pair (P0 to P2), after the person agreed to the host. Binds nothing. Answered by
    /// [`News::Offer`](koppel_core::News::Offer) for the account that is returned, or by its end.
    pub async fn begin_pairing(
        &self,
        invitation: Invitation,
        device_name: Text,
        approvals: bool,
    ) -> Result<AccountId, ClientError> {
        let account = AccountId::from_bytes(randomness::bytes());
        let platform = self.0.platform;
        self.wish(Event::Pair { account, invitation, device_name, platform, approvals }).await?;
        Ok(account)
    }

    /// The person agreed to an offer (P3). What follows is told by updates: an [`Update::Ask`] when the pairing has an `approve`
    /// key, then the check number.
    pub async fn accept(&self, account: AccountId) -> Result<(), ClientError> {
        self.wish(Event::Accept { account }).await
    }

    /// The person gave up pairing, at any step before it is active.
    pub async fn decline(&self, account: AccountId) -> Result<(), ClientError> {
        self.wish(Event::Decline { account }).await
    }

    /// Takes an envelope that a push brought, also without a network. Returns the live challenge in it, whichever way it came first; `None`
    /// when it holds something else, is over, or is not for this phone.
    ///
    /// # Errors
    /// [`Refused::ServerChanged`]: the account it is for is stopped.
    pub async fn receive(
        &self,
        envelope: Envelope,
        road: Road,
        alert: Alert,
    ) -> Result<Option<(AccountId, ChallengeId)>, ClientError> {
        let (asker, answer) = oneshot::channel();
        self.send(Input::Received(Box::new(envelope), road, alert, asker)).await?;
        answer.await.map_err(|_| ClientError::Stopped)?.map_err(ClientError::Refused)
    }

    /// A challenge comes on screen: tells the server, and gives the content for that screen alone.
    pub async fn show(&self, account: AccountId, cid: ChallengeId) -> Result<ChallengeContent, ClientError> {
        self.wish(Event::Show { account, cid }).await?;
        let (answer, content) = oneshot::channel();
        self.send(Input::Content(account, cid, answer)).await?;
        content.await.map_err(|_| ClientError::Stopped)?.ok_or(ClientError::Refused(Refused::NoSuchChallenge))
    }

    /// The person wants to approve, and typed `number` where the challenge asks for one. Answered by [`Update::Ask`], or at once
    /// by an outcome. Nothing is stored before [`finish`](Self::finish).
    pub async fn begin_approval(
        &self,
        account: AccountId,
        cid: ChallengeId,
        number: Option<Digits>,
    ) -> Result<(), ClientError> {
        self.wish(Event::Approve { account, cid, number }).await
    }

    /// Answers a request to sign: with the signature, or with why there is none. What follows is told by updates.
    pub async fn finish(
        &self,
        request: &SigningRequest,
        signature: Result<Vec<u8>, NoSignature>,
    ) -> Result<(), ClientError> {
        let order = request.order;
        self.wish(match signature {
            Ok(signature) => Event::Signed { order, signature },
            Err(why) => Event::NotSigned { order, why },
        })
        .await
    }

    /// The person says no; [`DenyReason::NotMe`] is a fraud report, which locks the account. The outcome is told by updates.
    pub async fn deny(&self, account: AccountId, cid: ChallengeId, reason: DenyReason) -> Result<(), ClientError> {
        self.wish(Event::Deny { account, cid, reason }).await
    }

    /// After a fraud report of this phone: asks for a challenge whose approval lifts the lock.
    pub async fn lift_lock(&self, account: AccountId) -> Result<(), ClientError> {
        self.wish(Event::Unlock { account }).await
    }

    /// Stays connected for as long as the returned future lives; the app is on screen. Never returns by itself. With several of them
    /// the last one counts.
    pub async fn stay_connected(&self) -> Result<std::convert::Infallible, ClientError> {
        struct Leave(mpsc::Sender<Input>);
        impl Drop for Leave {
            fn drop(&mut self) {
                // With a full inbox the engine is busy; it disconnects when it is stopped.
                let _ = self.0.try_send(Input::Screen { on: false });
            }
        }
        self.send(Input::Screen { on: true }).await?;
        let _leave = Leave(self.0.inputs.clone());
        self.0.inputs.closed().await;
        Err(ClientError::Stopped)
    }

    /// Fetches now instead of at the next turn.
    pub async fn refresh(&self) -> Result<(), ClientError> {
        self.wish(Event::Refresh).await
    }

    /// Asks the server something that changes nothing here; answered by [`News::Answer`](koppel_core::News::Answer).
    pub async fn inquire(&self, account: AccountId, question: Question) -> Result<(), ClientError> {
        self.wish(Event::Inquire { account, question }).await
    }

    /// Gives an account another label, on this phone only.
    pub async fn rename(&self, account: AccountId, label: String) -> Result<(), ClientError> {
        self.wish(Event::Rename { account, label }).await
    }

    /// Removes an account: tells its server if it can be reached, and deletes the keys. Done when it has left the snapshot.
    pub async fn remove(&self, account: AccountId) -> Result<(), ClientError> {
        self.wish(Event::Remove { account }).await
    }

    /// A notice was read.
    pub async fn dismiss(&self, account: AccountId, nid: NoticeId) -> Result<(), ClientError> {
        self.wish(Event::Dismiss { account, nid }).await
    }

    /// Disconnects and ends the engine, and returns when it has ended, whoever stopped it. Everything that matters is already on disk. The folder can
    /// be opened anew then; every verb here gives [`ClientError::Stopped`].
    pub async fn stop(&self) {
        // A closed inbox: it is ending already.
        let _ = self.0.inputs.send(Input::Stop).await;
        // The engine alone publishes the state, so it is gone when nobody does.
        let mut state = self.0.state.clone();
        while state.changed().await.is_ok() {}
    }

    /// Whether it was stopped, or is being stopped.
    pub fn is_stopped(&self) -> bool {
        self.0.inputs.is_closed()
    }

    /// Returns once it takes nothing any more.
    pub async fn stopped(&self) {
        self.0.inputs.closed().await;
    }

    /// Gives up a pairing without waiting for the engine: for whoever is being dropped.
    pub(crate) fn try_decline(&self, account: AccountId) {
        // With a full inbox it stays, and is in the snapshot to be declined.
        let _ = self.0.inputs.try_send(Input::Event(Event::Decline { account }));
    }

    async fn wish(&self, event: Event) -> Result<(), ClientError> {
        let (taken, answer) = oneshot::channel();
        self.send(Input::Wish(Box::new(event), taken)).await?;
        let taken = answer.await.map_err(|_| ClientError::Stopped)?;
        taken.map_err(ClientError::Refused)
    }

    pub(crate) async fn send(&self, input: Input) -> Result<(), ClientError> {
        self.0.inputs.send(input).await.map_err(|_| ClientError::Stopped)
    }
}

impl std::fmt::Debug for KoppelClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KoppelClient").finish_non_exhaustive()
    }
}
