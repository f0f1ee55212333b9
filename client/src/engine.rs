//! The engine: one task that owns core's machine, hands it what happens and runs what it asks for.
//!
//! Events come from three sides: the shell's wishes, answers of the network, and the clock. They are handed in one at a time;
//! the effects of each are run in order before the next. Writing the vault is waited for, since what follows it must not
//! happen before it is durable; questions to servers run beside the engine and come back as events. The engine decides nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use koppel_core::{
    AccountId, Alert, Call, ChallengeContent, Effect, Event, FrameOut, LiveCall, LiveEvent, Machine, Method, NoAnswer,
    Order, OtpAccount, OtpCode, OtpId, Refused, Road, State, Trouble,
};
use koppel_protocol::Envelope;
use koppel_protocol::id::ChallengeId;
use koppel_protocol::pairing::Platform;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::codes::AddedCode;
use crate::error::ClientError;
use crate::http::{Answer, HttpClient, HttpError, Question};
use crate::key_desk::KeyDesk;
use crate::keys::DeviceKeys;
use crate::live::{Heard, LiveChannel};
use crate::preview;
use crate::randomness;
use crate::secrets::SecretStore;
use crate::tls::{Roots, TlsPin};
use crate::update::Update;
use crate::vault::{VaultFile, VaultKey};

/// The longest the engine sleeps: a machine that was suspended notices within this time that its moment passed.
const LONGEST_NAP: Duration = Duration::from_secs(5);
/// A gap between two looks at the clock that can only be a suspended machine.
const SUSPENDED_MS: u64 = 30_000;
/// How long the end waits for questions that are on their way to a server. What was decided is kept, and sent again at the next start.
const LAST_QUESTIONS: Duration = Duration::from_secs(2);
/// How long the end waits for keys that are being deleted, or that sign.
const LAST_JOBS: Duration = Duration::from_secs(2);

/// What reaches the engine.
pub(crate) enum Input {
    /// Something happened.
    Event(Event),
    /// The shell wants something, and wants to know whether it was taken.
    Wish(Box<Event>, oneshot::Sender<Result<(), Refused>>),
    /// The same, of who wants to know that it will survive a kill.
    LastingWish(Box<Event>, oneshot::Sender<Result<(), ClientError>>),
    /// Authenticator accounts to keep.
    AddCodes(Vec<OtpAccount>, oneshot::Sender<Result<Vec<AddedCode>, ClientError>>),
    /// Every authenticator account with its code, for their screen.
    Codes(oneshot::Sender<Vec<OtpCode>>),
    /// The content of a challenge, for its screen.
    Content(AccountId, ChallengeId, oneshot::Sender<Option<ChallengeContent>>),
    /// An envelope that a push brought, and who wants to know which challenge is live by it.
    Received(Box<Envelope>, Road, Alert, Asker),
    /// A screen of the app came, or went.
    Screen {
        /// Came.
        on: bool,
    },
    /// The end. It has come when nobody publishes the state any more.
    Stop,
}

/// Where the answer to a received envelope goes: its live challenge, or why the account that it is for takes none.
pub(crate) type Asker = oneshot::Sender<Result<Option<(AccountId, ChallengeId)>, Refused>>;

/// What the engine is made of.
pub(crate) struct Parts {
    pub(crate) machine: Machine,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) vault: VaultFile,
    pub(crate) vault_key: VaultKey,
    pub(crate) keys: Arc<dyn DeviceKeys>,
    pub(crate) secrets: Arc<dyn SecretStore>,
    pub(crate) platform: Platform,
    pub(crate) roots: Roots,
    pub(crate) updates: broadcast::Sender<Update>,
    pub(crate) state: watch::Sender<Arc<State>>,
}

pub(crate) struct Engine {
    parts: Parts,
    inbox: mpsc::Receiver<Input>,
    /// For the tasks that work beside the engine. Weak: when the last client is gone, so is the engine.
    outbox: mpsc::WeakSender<Input>,
    desk: KeyDesk,
    /// Questions under way, and proofs for channels. Each of them has the keys.
    calls: JoinSet<()>,
    servers: HashMap<(String, Option<TlsPin>), HttpClient>,
    channels: HashMap<AccountId, Channel>,
    /// How many screens of the app want to be connected.
    screens: usize,
    looked_at_clock: u64,
}

/// A live channel that is open or opening.
struct Channel {
    order: Order,
    frames: mpsc::UnboundedSender<String>,
    task: AbortHandle,
}

impl Engine {
    pub(crate) fn new(parts: Parts, inbox: mpsc::Receiver<Input>, outbox: mpsc::WeakSender<Input>) -> Self {
        let looked_at_clock = parts.clock.now().monotonic_ms;
        let desk = KeyDesk::open(parts.keys.clone(), parts.secrets.clone(), outbox.clone());
        Self {
            parts,
            inbox,
            outbox,
            desk,
            calls: JoinSet::new(),
            servers: HashMap::new(),
            channels: HashMap::new(),
            screens: 0,
            looked_at_clock,
        }
    }

    /// Runs until it is stopped or nobody is left who could ask for anything. Says when it has begun: what an earlier run left is
    /// told by then, and not taken for an answer to what is asked next.
    pub(crate) async fn run(mut self, begun: oneshot::Sender<()>) {
        self.happen(Event::Started).await;
        self.keep_preview();
        // Whoever opened it may have stopped waiting.
        let _ = begun.send(());
        loop {
            let nap = self.nap();
            tokio::select! {
                input = self.inbox.recv() => match input {
                    None => break,
                    Some(Input::Event(event)) => self.happen(event).await,
                    Some(Input::Wish(event, taken)) => {
                        let result = self.handle(*event).await;
                        // The shell may have stopped waiting; what it wanted happened all the same.
                        let _ = taken.send(result);
                    }
                    Some(Input::LastingWish(event, asker)) => {
                        let _ = asker.send(self.handle_for_good(*event).await);
                    }
                    Some(Input::AddCodes(accounts, asker)) => {
                        let _ = asker.send(self.add_codes(accounts).await);
                    }
                    Some(Input::Codes(asker)) => {
                        let _ = asker.send(self.parts.machine.codes(self.parts.clock.now()));
                    }
                    Some(Input::Content(account, cid, answer)) => {
                        let _ = answer.send(self.parts.machine.content(account, cid, self.parts.clock.now()));
                    }
                    Some(Input::Received(envelope, road, alert, asker)) => {
                        let _ = asker.send(self.receive(*envelope, road, alert).await);
                    }
                    Some(Input::Screen { on }) => self.screen(on).await,
                    Some(Input::Stop) => {
                        // First of all: whoever asks from now on is told, instead of waiting for an engine that is ending.
                        self.inbox.close();
                        self.happen(Event::Background).await;
                        break;
                    }
                },
                Some(_) = self.calls.join_next() => {}
                () = tokio::time::sleep(nap) => self.look_at_clock().await,
            }
        }
        self.end().await;
    }

    /// Lets what is under way end, and then has no keys any more.
    async fn end(mut self) {
        self.channels.clear();
        let _ = timeout(LAST_QUESTIONS, async { while self.calls.join_next().await.is_some() {} }).await;
        self.calls.shutdown().await;
        // Keys that call us back and wait must not keep us from ending.
        let _ = timeout(LAST_JOBS, self.desk.close()).await;
    }

    fn nap(&self) -> Duration {
        let now = self.parts.clock.now();
        match self.parts.machine.next_wake(now) {
            Some(moment) => Duration::from_millis(now.until(moment)).min(LONGEST_NAP),
            None => LONGEST_NAP,
        }
    }

    async fn look_at_clock(&mut self) {
        let now = self.parts.clock.now();
        let gap = now.monotonic_ms.saturating_sub(self.looked_at_clock);
        self.looked_at_clock = now.monotonic_ms;
        if gap > SUSPENDED_MS {
            tracing::debug!(gap, "the machine slept; connecting anew");
            self.happen(Event::NetworkChanged).await;
        }
        if self.parts.machine.next_wake(now).is_some_and(|moment| now.is_past(moment)) {
            self.happen(Event::Tick).await;
        }
    }

    async fn screen(&mut self, on: bool) {
        let before = self.screens;
        self.screens = if on { before + 1 } else { before.saturating_sub(1) };
        match (before, self.screens) {
            (0, 1) => self.happen(Event::Foreground).await,
            (1, 0) => self.happen(Event::Background).await,
            _ => {}
        }
    }

    /// Takes an envelope that a push brought. One that is known already, and one that is not for this phone, are no errors: pushes
    /// come twice, and late.
    async fn receive(
        &mut self,
        envelope: Envelope,
        road: Road,
        alert: Alert,
    ) -> Result<Option<(AccountId, ChallengeId)>, Refused> {
        let Some(opened) = self.parts.machine.open(&envelope) else {
            tracing::debug!("an envelope is for no account of this phone");
            return Ok(None);
        };
        match self.handle(Event::Received { opened: opened.clone(), road, alert }).await {
            Err(refused @ (Refused::ServerChanged | Refused::NoRandomness)) => return Err(refused),
            Err(refused) => tracing::debug!(%refused, "an envelope was not taken"),
            Ok(()) => {}
        }
        Ok(self.parts.machine.live_challenge_in(&opened, self.parts.clock.now()))
    }

    /// On iOS a process of its own shows the notifications, and is told here what it may know.
    fn keep_preview(&self) {
        if self.parts.platform == Platform::Ios {
            self.desk.keep_preview(preview::item(self.parts.machine.correspondents(), self.parts.keys.as_ref()));
        }
    }

    /// Hands in an event whose refusal interests nobody: late and doubled answers are normal on a network.
    async fn happen(&mut self, event: Event) {
        if let Err(refused) = self.handle(event).await {
            tracing::debug!(%refused, "an event was not taken");
        }
    }

    /// Hands in an event, runs its effects, and everything that follows from them at once.
    async fn handle(&mut self, event: Event) -> Result<(), Refused> {
        self.looked_at_clock = self.looked_at_clock.max(self.parts.clock.now().monotonic_ms);
        let effects = self.parts.machine.handle(event, self.parts.clock.now())?;
        let mut following = VecDeque::new();
        self.run_effects(effects, &mut following).await;
        while let Some(event) = following.pop_front() {
            match self.parts.machine.handle(event, self.parts.clock.now()) {
                Ok(effects) => self.run_effects(effects, &mut following).await,
                Err(refused) => tracing::debug!(%refused, "an event was not taken"),
            }
        }
        Ok(())
    }

    /// Hands in an event of somebody who asks whether it lasts.
    async fn handle_for_good(&mut self, event: Event) -> Result<(), ClientError> {
        self.handle(event).await.map_err(ClientError::Refused)?;
        match self.parts.machine.is_persisted() {
            true => Ok(()),
            false => Err(ClientError::Trouble(Trouble::NotPersisted)),
        }
    }

    async fn add_codes(&mut self, accounts: Vec<OtpAccount>) -> Result<Vec<AddedCode>, ClientError> {
        let named: Vec<_> =
            accounts.into_iter().map(|account| (OtpId::from_bytes(randomness::bytes()), account)).collect();
        self.handle_for_good(Event::AddCodes { accounts: named.clone() }).await?;
        let added = named.iter().map(|(fresh, account)| {
            let id = self.parts.machine.code_id(account).unwrap_or(*fresh);
            AddedCode { id, known: id != *fresh }
        });
        Ok(added.collect())
    }

    async fn run_effects(&mut self, effects: Vec<Effect>, following: &mut VecDeque<Event>) {
        // Core says last that the picture changed; whoever hears the news should find it in the picture.
        let mut changed = effects.iter().any(|effect| matches!(effect, Effect::Changed));
        for effect in effects {
            if changed && !matches!(effect, Effect::Persist(_)) {
                changed = false;
                let state = self.parts.machine.snapshot(self.parts.clock.now());
                self.parts.state.send_replace(Arc::new(state));
            }
            match effect {
                Effect::Persist(contents) => {
                    let contents = Zeroizing::new(contents.as_bytes().to_vec());
                    if !self.persist(contents).await {
                        following.push_back(Event::NotPersisted);
                        return;
                    }
                    self.keep_preview();
                }
                Effect::MakeKeys { order, approve } => self.desk.make(order, approve),
                Effect::DeleteKeys(account) => self.desk.delete(account),
                Effect::Sign { order, payload } => self.desk.sign(order, payload),
                Effect::Ask(request) => self.tell(Update::Ask(request)),
                Effect::Call(call) => self.call(call, following),
                Effect::OpenLive(call) => self.open_live(call),
                Effect::SendFrame { order, frame } => self.send_frame(order, frame),
                Effect::CloseLive(order) => self.close_live(order),
                Effect::News(news) => self.tell(Update::News(Box::new(news))),
                Effect::Changed => {}
            }
        }
    }

    fn tell(&self, update: Update) {
        // With nobody listening the snapshot still says it all.
        let _ = self.parts.updates.send(update);
    }

    async fn persist(&mut self, contents: Zeroizing<Vec<u8>>) -> bool {
        let (vault, key) = (self.parts.vault.clone(), self.parts.vault_key.clone());
        let written = tokio::task::spawn_blocking(move || vault.write(&key, &contents)).await;
        match written {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the vault could not be written");
                self.tell(Update::NotWritten(Arc::new(error)));
                false
            }
            Err(_) => false,
        }
    }

    fn call(&mut self, call: Call, following: &mut VecDeque<Event>) {
        let order = call.order;
        let server = match self.server(&call) {
            Ok(server) => server,
            Err(error) => {
                following.push_back(Event::NotAnswered { order, why: reason(error) });
                return;
            }
        };
        let (outbox, clock, desk) = (self.outbox.clone(), self.parts.clock.clone(), self.desk.clone());
        self.calls.spawn(async move {
            let proof = match call.proof {
                None => None,
                Some(signing_input) => match desk.proof(order.account, signing_input).await {
                    Some(proof) => Some(proof),
                    None => return report(&outbox, Event::NotAnswered { order, why: NoAnswer::Invalid }).await,
                },
            };
            let sent_at = clock.now().monotonic_ms;
            let answer = server
                .ask(Question {
                    path: &call.path,
                    body: match call.method {
                        Method::Get => None,
                        Method::Post => Some(call.body.as_slice()),
                    },
                    content_type: call.content_type,
                    proof: proof.as_deref(),
                })
                .await;
            let event = match answer {
                Ok(answer) => Event::Answered { order, answer: for_core(answer, sent_at) },
                Err(error) => Event::NotAnswered { order, why: reason(error) },
            };
            report(&outbox, event).await;
        });
    }

    fn server(&mut self, call: &Call) -> Result<HttpClient, HttpError> {
        let origin = call.origin.to_string();
        let pin = call.tls_pin;
        if let Some(server) = self.servers.get(&(origin.clone(), pin)) {
            return Ok(server.clone());
        }
        let server = HttpClient::new(&origin, &self.parts.roots, pin)?;
        self.servers.insert((origin, pin), server.clone());
        Ok(server)
    }

    fn open_live(&mut self, call: LiveCall) {
        let order = call.order;
        if let Some(older) = self.channels.remove(&order.account) {
            older.task.abort();
        }
        let (frames, to_send) = mpsc::unbounded_channel();
        let (outbox, roots) = (self.outbox.clone(), self.parts.roots.clone());
        let task = tokio::spawn(keep_live(call, roots, to_send, outbox));
        self.channels.insert(order.account, Channel { order, frames, task: task.abort_handle() });
    }

    fn send_frame(&mut self, order: Order, frame: FrameOut) {
        let Some(channel) = self.channels.get(&order.account).filter(|channel| channel.order == order) else { return };
        // A channel that ended in the meantime has told so by an event of its own.
        match frame {
            FrameOut::Text(text) => drop(channel.frames.send(text)),
            FrameOut::Proof { signing_input } => {
                // Weak: a proof that takes its time must not keep a channel open that nobody wants any more.
                let (desk, frames) = (self.desk.clone(), channel.frames.downgrade());
                self.calls.spawn(async move {
                    let Some(proof) = desk.proof(order.account, signing_input).await else { return };
                    if let Some(frames) = frames.upgrade() {
                        let _ = frames.send(serde_json::json!({"t": "proof", "proof": proof}).to_string());
                    }
                });
            }
        }
    }

    fn close_live(&mut self, order: Order) {
        if self.channels.get(&order.account).is_some_and(|c| c.order == order) {
            // Its task ends when nobody can send on it any more, with a farewell.
            self.channels.remove(&order.account);
        }
    }
}

/// Opens a live channel and carries frames both ways until either side ends it.
async fn keep_live(
    call: LiveCall,
    roots: Roots,
    mut to_send: mpsc::UnboundedReceiver<String>,
    outbox: mpsc::WeakSender<Input>,
) {
    let order = call.order;
    let tell = async |event| report(&outbox, Event::Live { order, event }).await;
    let mut channel = match LiveChannel::open(&call.origin.to_string(), &roots, call.tls_pin).await {
        Ok(channel) => channel,
        Err(refusal) => {
            tracing::debug!(error = %refusal.error, "no live channel");
            let retry_after = refusal.retry_after.map(|wait| wait.as_secs());
            tell(LiveEvent::Closed { retry_after }).await;
            return;
        }
    };
    tell(LiveEvent::Opened).await;
    loop {
        tokio::select! {
            frame = to_send.recv() => match frame {
                Some(frame) => {
                    if channel.send(frame).await.is_err() {
                        break;
                    }
                }
                None => {
                    channel.close().await;
                    return;
                }
            },
            heard = channel.next() => match heard {
                Ok(Heard::Frame(frame)) => tell(LiveEvent::Frame(frame)).await,
                Ok(Heard::Heartbeat) => tell(LiveEvent::Heard).await,
                Ok(Heard::End) => break,
                Err(error) => {
                    tracing::debug!(%error, "the live channel broke");
                    break;
                }
            },
        }
    }
    tell(LiveEvent::Closed { retry_after: None }).await;
}

pub(crate) async fn report(outbox: &mpsc::WeakSender<Input>, event: Event) {
    if let Some(outbox) = outbox.upgrade() {
        // A full inbox slows the network down, which is right; a closed one means that the engine is gone.
        let _ = outbox.send(Input::Event(event)).await;
    }
}

fn for_core(answer: Answer, sent_at: u64) -> koppel_core::Answer {
    koppel_core::Answer {
        status: answer.status,
        nonce: answer.nonce,
        time_ms: answer.time_ms,
        retry_after: answer.retry_after.map(|wait| wait.as_secs()),
        body: answer.body,
        sent_at,
    }
}

fn reason(error: HttpError) -> NoAnswer {
    match error {
        HttpError::Unreachable => NoAnswer::NoConnection,
        HttpError::Untrusted => NoAnswer::Tls,
        HttpError::TimedOut => NoAnswer::Timeout,
        HttpError::TooLarge => NoAnswer::TooLarge,
        HttpError::Malformed => NoAnswer::Invalid,
    }
}
