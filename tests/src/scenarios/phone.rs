//! A phone of the Rust player: `koppel-client` with keys and secrets in memory, and a person who does what the script says.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use koppel_client::{
    Asked, ClientError, KoppelClient, Setup,
    clock::{Clock as _, SystemClock, WrongClock},
    disk::RealDisk,
    keys::{DeviceKeys, EnvelopeSecrets, KeysError, SoftKeys},
    opening,
    secrets::{MemorySecrets, Secret, SecretError, SecretStore},
    tls::Roots,
};
use koppel_core::{AccountId, Alert, DenyReason, Invitation, NewKeys, NoSignature, Road, SigningRequest};
use koppel_protocol::{
    Digits, Envelope, SecretText, Text,
    crypto::SigningKey as _,
    decision::UserVerification,
    id::ChallengeId,
    pairing::{ApproveKey, KeyLevel, Platform},
    soft::SoftSigningKey,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::{
    picture,
    script::{Door, How, PhoneAct, Prompt, Reason, Secrets},
};
use crate::soft_phone::soft_crypto;

/// A phone.
pub struct Phone {
    folder: tempfile::TempDir,
    secrets: Arc<Store>,
    keys: Arc<Keys>,
    clock: WrongClock,
    client: Option<KoppelClient>,
    online: Option<JoinHandle<()>>,
    /// What goes on while nobody waits.
    begun: Vec<JoinHandle<()>>,
}

/// What a verb failed with is an answer, as in every language.
type Answer = Result<Value, ClientError>;

impl Phone {
    /// A new phone, its app on screen, its clock ahead by so many seconds.
    ///
    /// # Errors
    /// When it does not open.
    pub async fn new(clock_s: i64) -> Result<Self> {
        let secrets = Arc::new(Store::default());
        let keys = Arc::new(Keys { soft: SoftKeys::new(secrets.clone()), secrets: secrets.clone() });
        let (folder, clock) = (tempfile::tempdir()?, WrongClock { ahead_s: clock_s });
        let mut phone = Self { folder, secrets, keys, clock, client: None, online: None, begun: Vec::new() };
        let opened = phone.open(true).await;
        ensure!(opened == json!({}), "{opened}");
        Ok(phone)
    }

    /// Does something; what comes of it, with `error` where it failed.
    ///
    /// # Errors
    /// When it makes no sense.
    pub async fn does(&mut self, act: PhoneAct) -> Result<Value> {
        match act {
            PhoneAct::Open { connected } => return Ok(self.open(connected).await),
            PhoneAct::Close => {
                let client = self.client()?;
                self.drop_all().await;
                client.stop().await;
                return Ok(json!({}));
            }
            PhoneAct::Kill => {
                self.drop_all().await;
                return Ok(json!({}));
            }
            PhoneAct::Connect => {
                self.connect()?;
                return Ok(json!({}));
            }
            PhoneAct::Disconnect => {
                if let Some(online) = self.online.take() {
                    end(online).await;
                }
                return Ok(json!({}));
            }
            PhoneAct::Secrets { are } => {
                self.secrets.become_(are);
                return Ok(json!({}));
            }
            PhoneAct::StartAfresh => {
                let setup = self.setup();
                let aside = tokio::task::spawn_blocking(move || opening::start_afresh(&setup)).await?;
                return Ok(aside.map_or_else(|error| picture::open_error(&error), |_| json!({})));
            }
            _ => {}
        }
        let client = self.client()?;
        let answer = self.asks(&client, act).await?;
        Ok(answer.unwrap_or_else(picture::error))
    }

    /// The state, in the words of the scenarios.
    ///
    /// # Errors
    /// When the app is not open.
    pub fn state(&self) -> Result<Value> {
        Ok(picture::state(&self.client()?, SystemClock.now().monotonic_ms))
    }

    async fn asks(&mut self, client: &KoppelClient, act: PhoneAct) -> Result<Answer> {
        let nothing = |done: Result<(), ClientError>| Ok(done.map(|()| json!({})));
        match act {
            PhoneAct::Refresh => nothing(client.refresh().await),
            PhoneAct::Pair { door } => self.pair(client, door).await,
            PhoneAct::Accept { prompt, waits } => {
                let account = newest(client)?;
                let accepting = accept(client.clone(), self.keys.clone(), account, prompt);
                if waits {
                    return accepting.await;
                }
                self.begun.push(tokio::spawn(async move { drop(accepting.await) }));
                Ok(Ok(json!({})))
            }
            PhoneAct::Decline => nothing(client.decline(newest(client)?).await),
            PhoneAct::Show { challenge } => {
                let (account, cid) = which(client, challenge)?;
                Ok(client.show(account, cid).await.map(|content| picture::content(&content)))
            }
            PhoneAct::Approve { challenge, number, prompt } => {
                let (account, cid) = which(client, challenge)?;
                let number = number.map(|number| Digits::from_typed(&number)).transpose()?;
                approve(client, &self.keys, (account, cid, number), prompt).await
            }
            PhoneAct::Deny { challenge, reason } => {
                let (account, cid) = which(client, challenge)?;
                let reason = if reason == Reason::NotMe { DenyReason::NotMe } else { DenyReason::Mistake };
                Ok(client.refuse(account, cid, reason).await.map(picture::outcome))
            }
            PhoneAct::Unlock { account } => nothing(client.lift_lock(nth(client, account)?).await),
            PhoneAct::Receive { envelope } => {
                let envelope = Envelope::from_bytes(&B64.decode(envelope)?)?;
                let live = client.receive(envelope, Road::Poll, Alert::Shown).await;
                Ok(live.map(|live| json!({"challenge": live.map(|(_, cid)| cid.to_string())})))
            }
            PhoneAct::Rename { account, label } => nothing(client.rename(nth(client, account)?, label).await),
            PhoneAct::Remove { account } => nothing(client.remove(nth(client, account)?).await),
            PhoneAct::Dismiss => {
                let state = client.state();
                let notice = state.notices.first().context("no notice")?;
                nothing(client.dismiss(notice.account, notice.nid).await)
            }
            _ => unreachable!("done without the client"),
        }
    }

    async fn pair(&self, client: &KoppelClient, door: Door) -> Result<Answer> {
        let mistyped = |why: &str| Ok(Ok(json!({"error": "invitation_invalid", "why": why})));
        let (invitation, How { approvals, waits }) = match door {
            Door::Link { link, how } => match link.parse() {
                Ok(link) => (Invitation::Link(link), how),
                Err(_) => return mistyped("link-invalid"),
            },
            Door::Koppelcode { host, user, code, how } => match code.parse() {
                Ok(code) => (Invitation::Koppelcode { origin: host.parse()?, user: Text::exact(&user)?, code }, how),
                Err(_) => return mistyped("koppelcode-mistyped"),
            },
            Door::Login { host, user, password, how } => {
                let password = SecretText::new(password)?;
                (Invitation::Login { origin: host.parse()?, user: Text::exact(&user)?, password }, how)
            }
        };
        let name = Text::exact("telefoon")?;
        if !waits {
            let begun = client.begin_pairing(invitation, name, approvals).await;
            return Ok(begun.map(|_| json!({})));
        }
        let offer = client.pair(invitation, name, approvals).await;
        Ok(offer.map(
            |offer| json!({"organisation": offer.organisation, "user": offer.user, "host": offer.host.to_string()}),
        ))
    }

    fn client(&self) -> Result<KoppelClient> {
        self.client.clone().context("the app is not open")
    }

    async fn open(&mut self, connected: bool) -> Value {
        match KoppelClient::open(self.setup()).await {
            Err(error) => picture::open_error(&error),
            Ok(client) => {
                self.client = Some(client);
                if connected && self.connect().is_err() {
                    return json!({"error": "internal"});
                }
                json!({})
            }
        }
    }

    fn connect(&mut self) -> Result<()> {
        let client = self.client()?;
        self.online = Some(tokio::spawn(async move {
            // Ends when the client is stopped.
            let _ = client.stay_connected().await;
        }));
        Ok(())
    }

    /// What a kill leaves: nothing that runs.
    async fn drop_all(&mut self) {
        for task in self.begun.drain(..).chain(self.online.take()) {
            end(task).await;
        }
        self.client = None;
    }

    fn setup(&self) -> Setup {
        Setup {
            folder: self.folder.path().join("koppel"),
            disk: Arc::new(RealDisk),
            secrets: self.secrets.clone(),
            keys: self.keys.clone(),
            roots: Roots::bundled(),
            platform: Platform::Android,
            clock: Arc::new(self.clock),
        }
    }
}

/// Ends a task, and waits until it holds the client no more.
async fn end(task: JoinHandle<()>) {
    task.abort();
    // An aborted task is what is wanted.
    let _ = task.await;
}

async fn accept(client: KoppelClient, keys: Arc<Keys>, account: AccountId, prompt: Prompt) -> Result<Answer> {
    let accepted = match client.begin_accept(account).await {
        Err(error) => Err(error),
        Ok(None) => Ok(()),
        Ok(Some(_)) if prompt == Prompt::StaysOpen => return Ok(Ok(json!({}))),
        Ok(Some(request)) => {
            let signature = keys.prompted(&request, prompt)?;
            client.finish_accept(&request, signature).await.map(drop)
        }
    };
    let state = client.state();
    let view = state.accounts.iter().find(|view| view.account == account);
    let number = view.and_then(|view| match &view.status {
        koppel_core::AccountStatus::AwaitingConfirmation { check_number, .. } => Some(check_number.clone()),
        _ => None,
    });
    Ok(accepted.map(|()| json!({"check_number": number})))
}

async fn approve(
    client: &KoppelClient,
    keys: &Keys,
    (account, cid, number): (AccountId, ChallengeId, Option<Digits>),
    prompt: Prompt,
) -> Result<Answer> {
    match client.ask_approval(account, cid, number).await {
        Err(error) => Ok(Err(error)),
        Ok(Asked::Over(outcome)) => Ok(Ok(picture::outcome(outcome))),
        Ok(Asked::Sign(_)) if prompt == Prompt::StaysOpen => Ok(Ok(json!({}))),
        Ok(Asked::Sign(request)) => {
            let signature = keys.prompted(&request, prompt)?;
            Ok(client.finish_approval(&request, signature).await.map(picture::outcome))
        }
    }
}

/// The challenge that is named, or the oldest live one.
fn which(client: &KoppelClient, challenge: Option<String>) -> Result<(AccountId, ChallengeId)> {
    let state = client.state();
    let Some(named) = challenge else {
        let oldest = state.challenges.first().context("no challenge")?;
        return Ok((oldest.account, oldest.cid));
    };
    let cid: ChallengeId = named.parse()?;
    let live = state.challenges.iter().find(|view| view.cid == cid).map(|view| view.account);
    let ended = || state.ended.iter().find(|view| view.cid == cid).map(|view| view.account);
    let account = live.or_else(ended).or_else(|| Some(state.accounts.first()?.account));
    Ok((account.context("no account")?, cid))
}

fn nth(client: &KoppelClient, index: usize) -> Result<AccountId> {
    Ok(client.state().accounts.get(index).context("no such account")?.account)
}

fn newest(client: &KoppelClient) -> Result<AccountId> {
    Ok(client.state().accounts.last().context("no account")?.account)
}

/// Secrets in memory that can be locked and lost.
#[derive(Default)]
struct Store {
    kept: MemorySecrets,
    locked: Mutex<bool>,
}

impl Store {
    fn become_(&self, are: Secrets) {
        *self.locked.lock().unwrap_or_else(PoisonError::into_inner) = are == Secrets::Locked;
        if are == Secrets::Gone {
            let names = self.kept.names().unwrap_or_default();
            names.iter().for_each(|name| drop(self.kept.delete(name)));
        }
    }

    fn unlocked(&self) -> Result<&MemorySecrets, SecretError> {
        match *self.locked.lock().unwrap_or_else(PoisonError::into_inner) {
            true => Err(SecretError::Locked),
            false => Ok(&self.kept),
        }
    }
}

impl SecretStore for Store {
    fn get(&self, name: &str) -> Result<Option<Secret>, SecretError> {
        self.unlocked()?.get(name)
    }

    fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretError> {
        self.unlocked()?.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.unlocked()?.delete(name)
    }

    fn names(&self) -> Result<Vec<String>, SecretError> {
        self.unlocked()?.names()
    }
}

/// The client's keys in software, and an `approve` key that no PIN seals: the person is the script.
struct Keys {
    soft: SoftKeys,
    secrets: Arc<Store>,
}

impl Keys {
    fn prompted(&self, request: &SigningRequest, prompt: Prompt) -> Result<Result<Vec<u8>, NoSignature>> {
        Ok(match prompt {
            Prompt::Agrees => {
                let scalar = self.secrets.get(&approve_name(request.order.account))?.context("no key that approves")?;
                let key = SoftSigningKey::from_scalar(scalar.as_slice().try_into()?)?;
                Ok(key.sign(&request.payload)?.to_vec())
            }
            Prompt::Cancels | Prompt::StaysOpen => Err(NoSignature::Cancelled),
            Prompt::KeyGone => Err(NoSignature::KeyInvalidated),
            Prompt::Fails => Err(NoSignature::Refused),
        })
    }
}

fn approve_name(account: AccountId) -> String {
    format!("account/{account}/approve")
}

impl DeviceKeys for Keys {
    fn prepare(&self, accounts: &[AccountId]) -> Result<(), KeysError> {
        self.soft.prepare(accounts)
    }

    fn make(&self, account: AccountId, approve: bool) -> Result<NewKeys, KeysError> {
        let mut keys = self.soft.make(account, false)?;
        if approve {
            let key = SoftSigningKey::generate(&soft_crypto())?;
            self.secrets.set(&approve_name(account), key.to_scalar().as_slice())?;
            keys.approve =
                Some(ApproveKey { spki: key.public(), level: KeyLevel::Software, uv: UserVerification::Pin });
        }
        Ok(keys)
    }

    fn sign(&self, account: AccountId, payload: &[u8]) -> Result<Vec<u8>, KeysError> {
        self.soft.sign(account, payload)
    }

    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>> {
        self.soft.open(account, envelope)
    }

    fn envelope_secrets(&self, account: AccountId) -> Option<EnvelopeSecrets> {
        self.soft.envelope_secrets(account)
    }

    fn delete(&self, account: AccountId) -> Result<(), KeysError> {
        self.soft.delete(account)
    }

    fn owners(&self) -> Result<Vec<AccountId>, KeysError> {
        self.soft.owners()
    }
}
