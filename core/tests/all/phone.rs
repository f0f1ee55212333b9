//! The host of a machine, in memory: a key store and a disk that outlive the app, and a person.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use koppel_core::{
    AccountId, Effect, Event, FrameOut, Machine, Method, NewKeys, News, NoSignature, Now, Order, Refused,
    SigningRequest, Toolbox, Vault,
};
use koppel_protocol::{
    AgreementKey, Crypto, Envelope, Secret, SigningKey, bytes,
    decision::UserVerification,
    live::PhoneFrame,
    pairing::{ApproveKey, HeldKey, KeyLevel},
};
use zeroize::Zeroizing;

use crate::{fixtures::Curve, server::Sent};

/// The private keys of one account.
pub(crate) struct Keys {
    id: Arc<dyn SigningKey>,
    seal: Arc<dyn AgreementKey>,
    auth: Secret<16>,
    approve: Option<Arc<dyn SigningKey>>,
}

type KeyStore = Arc<Mutex<BTreeMap<AccountId, Keys>>>;

struct Tools {
    curve: Curve,
    keys: KeyStore,
    tried: Arc<AtomicUsize>,
}

impl Toolbox for Tools {
    fn crypto(&self) -> &dyn Crypto {
        self.curve.crypto.as_ref()
    }

    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        let keys = self.keys.lock().unwrap();
        let keys = keys.get(&account)?;
        envelope.open(keys.seal.as_ref(), &keys.auth).ok()
    }
}

/// What the phone puts on the network.
#[derive(Clone, Debug)]
pub(crate) enum Out {
    Request { order: Order, sent: Sent },
    Open { order: Order },
    Frame { order: Order, text: String },
    Close { order: Order },
}

pub(crate) struct Phone {
    pub(crate) machine: Machine,
    curve: Curve,
    pub(crate) keys: KeyStore,
    /// How often a `seal` key was tried on an envelope.
    pub(crate) tried: Arc<AtomicUsize>,
    pub(crate) disk: Option<Vec<u8>>,
    pub(crate) disk_full: bool,
    /// The person signs at once.
    pub(crate) signs: bool,
    pub(crate) asked: VecDeque<SigningRequest>,
    pub(crate) out: Vec<Out>,
    pub(crate) news: Vec<News>,
    /// Effects until the app is killed.
    pub(crate) fuse: Option<usize>,
    pub(crate) dead: bool,
    pub(crate) run: u64,
    pub(crate) effects_run: usize,
}

impl Phone {
    pub(crate) fn new(curve: Curve) -> Self {
        let (keys, tried) = (KeyStore::default(), Arc::default());
        let tools = Tools { curve: curve.clone(), keys: Arc::clone(&keys), tried: Arc::clone(&tried) };
        Self {
            machine: Machine::new(Vault::fresh(), Box::new(tools)),
            curve,
            keys,
            tried,
            disk: None,
            disk_full: false,
            signs: true,
            asked: VecDeque::new(),
            out: Vec::new(),
            news: Vec::new(),
            fuse: None,
            dead: false,
            run: 0,
            effects_run: 0,
        }
    }

    /// What a machine of this phone borrows.
    pub(crate) fn tools(&self) -> Box<dyn Toolbox> {
        let (curve, keys, tried) = (self.curve.clone(), Arc::clone(&self.keys), Arc::clone(&self.tried));
        Box::new(Tools { curve, keys, tried })
    }

    /// The app is killed: only disk and key store are left.
    pub(crate) fn kill(&mut self) {
        self.dead = true;
        self.fuse = None;
        self.out.clear();
        self.asked.clear();
    }

    /// The app is opened again.
    pub(crate) fn restart(&mut self, now: Now) {
        let vault = self
            .disk
            .as_ref()
            .map_or_else(Vault::fresh, |disk| Vault::read(disk).expect("what was written can be read"));
        self.machine = Machine::new(vault, self.tools());
        self.dead = false;
        self.run += 1;
        let owners = self.machine.key_owners();
        self.keys.lock().unwrap().retain(|account, _| owners.contains(account));
        self.take(Event::Started, now).unwrap();
        self.take(Event::Foreground, now).unwrap();
    }

    /// Hands in an event and does what follows, as a careful host would.
    pub(crate) fn take(&mut self, event: Event, now: Now) -> Result<(), Refused> {
        if self.dead {
            return Err(Refused::NotNow);
        }
        let mut todo = VecDeque::from(self.machine.handle(event, now)?);
        while let Some(effect) = todo.pop_front() {
            if let Some(fuse) = &mut self.fuse {
                if *fuse == 0 {
                    self.kill();
                    return Ok(());
                }
                *fuse -= 1;
            }
            self.effects_run += 1;
            let follows = match effect {
                Effect::Persist(contents) if self.disk_full => {
                    let _ = contents;
                    todo.clear();
                    Some(Event::NotPersisted)
                }
                other => self.run(other),
            };
            if let Some(event) = follows {
                todo.extend(self.machine.handle(event, now).unwrap_or_default());
            }
        }
        Ok(())
    }

    fn run(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Persist(contents) => self.disk = Some(contents.as_bytes().to_vec()),
            Effect::MakeKeys { order, approve } => return Some(self.make_keys(order, approve)),
            Effect::DeleteKeys(account) => drop(self.keys.lock().unwrap().remove(&account)),
            Effect::Sign { order, payload } => {
                let signature = self.id_signature(order.account, &payload)?;
                return Some(Event::Signed { order, signature });
            }
            Effect::Ask(request) if self.signs => return Some(self.sign(&request)),
            Effect::Ask(request) => self.asked.push_back(request),
            Effect::Call(call) => {
                let proof = call.proof.as_ref().and_then(|input| self.jws(call.order.account, input));
                let method = if call.method == Method::Get { "GET" } else { "POST" };
                let sent = Sent { method, path: call.path.clone(), body: call.body.to_vec(), proof };
                self.out.push(Out::Request { order: call.order, sent });
            }
            Effect::OpenLive(call) => self.out.push(Out::Open { order: call.order }),
            Effect::CloseLive(order) => self.out.push(Out::Close { order }),
            Effect::SendFrame { order, frame } => {
                let text = match frame {
                    FrameOut::Text(text) => text,
                    FrameOut::Proof { signing_input } => {
                        let proof = self.jws(order.account, &signing_input)?;
                        serde_json::to_string(&PhoneFrame::Proof { proof }).unwrap()
                    }
                };
                self.out.push(Out::Frame { order, text });
            }
            Effect::News(news) => self.news.push(news),
            Effect::Changed => {}
        }
        None
    }

    fn make_keys(&mut self, order: Order, approve: bool) -> Event {
        let keys = Keys {
            id: self.curve.signing_key(),
            seal: self.curve.agreement_key(),
            auth: Secret::new(self.curve.roll()),
            approve: approve.then(|| self.curve.signing_key()),
        };
        let level = KeyLevel::Software;
        let public = NewKeys {
            id: HeldKey { spki: keys.id.public(), level },
            seal: HeldKey { spki: keys.seal.public(), level },
            auth: keys.auth.clone(),
            approve: keys.approve.as_ref().map(|key| ApproveKey {
                spki: key.public(),
                level,
                uv: UserVerification::Pin,
            }),
        };
        self.keys.lock().unwrap().insert(order.account, keys);
        Event::KeysMade { order, keys: public }
    }

    /// The person lets the `approve` key sign.
    pub(crate) fn sign(&self, request: &SigningRequest) -> Event {
        let keys = self.keys.lock().unwrap();
        match keys.get(&request.order.account).and_then(|keys| keys.approve.as_ref()) {
            Some(key) => {
                Event::Signed { order: request.order, signature: key.sign(&request.payload).unwrap().to_vec() }
            }
            None => Event::NotSigned { order: request.order, why: NoSignature::KeyInvalidated },
        }
    }

    fn id_signature(&self, account: AccountId, payload: &[u8]) -> Option<Vec<u8>> {
        Some(self.keys.lock().unwrap().get(&account)?.id.sign(payload).unwrap().to_vec())
    }

    fn jws(&self, account: AccountId, signing_input: &str) -> Option<String> {
        let signature = self.id_signature(account, signing_input.as_bytes())?;
        Some(format!("{signing_input}.{}", bytes::encode(&signature)))
    }
}
