//! A server with one organisation, two relying parties, a panel and phones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use koppel_protocol::activation::Activation;
use koppel_protocol::bytes;
use koppel_protocol::challenge::{Challenge, Subject};
use koppel_protocol::decision::{Decision, UserVerification, Verdict};
use koppel_protocol::device_proof::{DeviceProof, Request};
use koppel_protocol::hash::sha256;
use koppel_protocol::id::{DeviceId, PairingId};
use koppel_protocol::jws::{self, Unverified, Verified};
use koppel_protocol::letter::Letter;
use koppel_protocol::pairing::{
    ApproveKey, Door, HeldKey, Introduction, IntroductionText, KeyLevel, PairingOffer, PairingRequest, Platform,
    Reveal, Transcript,
};
use koppel_protocol::phone_api::{Inbox, PairingAnswer, PairingStatus, RevealAnswer, WaitingChallenge, WellKnown};
use koppel_protocol::pop::PopUse;
use koppel_protocol::soft::{SoftAgreementKey, SoftCrypto, SoftSigningKey};
use koppel_protocol::{
    AgreementKey, Bytes, Digits, Envelope, Host, Identity, Nonce, PairingLink, Secret, SigningKey, Text,
};
use koppel_server::commands::{self, ApiKeyAdd, Command, OrganisationAdd, RelyingPartyAdd};
use koppel_server::{Clock, Config, Running, Server, StartError};
use koppel_store::OpenError;
use reqwest::{Client, Method, Response, StatusCode};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};

pub(crate) fn draw<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("randomness");
    bytes
}

pub(crate) fn soft() -> SoftCrypto {
    SoftCrypto::new(|bytes: &mut [u8]| {
        SystemRandom::new().fill(bytes).map_err(|_| koppel_protocol::CryptoError::Refused("no randomness"))
    })
}

/// A clock that tests move.
#[derive(Clone)]
pub(crate) struct TestClock {
    wall: Arc<AtomicU64>,
    unset: Arc<AtomicU64>,
}

impl TestClock {
    pub(crate) fn new() -> TestClock {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let hand = || Arc::new(AtomicU64::new(now.as_millis() as u64));
        TestClock { wall: hand(), unset: hand() }
    }

    pub(crate) fn seconds(&self) -> u64 {
        self.wall.load(Ordering::SeqCst) / 1000
    }

    pub(crate) fn forward(&self, seconds: u64) {
        self.unset.fetch_add(seconds * 1000, Ordering::SeqCst);
        self.set_forward(seconds);
    }

    /// Somebody sets the time.
    pub(crate) fn set_forward(&self, seconds: u64) {
        self.wall.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let (wall, unset) = (self.wall.clone(), self.unset.clone());
        Clock::beside(Arc::new(move || wall.load(Ordering::SeqCst)), Arc::new(move || unset.load(Ordering::SeqCst)))
    }
}

pub(crate) const RETURN_URL: &str = "http://127.0.0.1:1/2fa?from=panel";
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

pub(crate) struct World {
    pub(crate) running: Running,
    pub(crate) url: String,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) config: Config,
    pub(crate) http: Client,
    pub(crate) clock: TestClock,
    /// verify, manage, desk
    pub(crate) key: String,
    /// The same of another relying party of the same organisation.
    pub(crate) sibling: String,
}

pub(crate) async fn command(config: &Config, command: Command) -> Value {
    let begun = std::time::Instant::now();
    loop {
        match commands::perform(config, command.clone()).await {
            Err(refused) if refused.0.contains("in use") && begun.elapsed().as_secs() < 10 => {
                tokio::task::yield_now().await;
            }
            done => return done.expect("the command is done"),
        }
    }
}

pub(crate) async fn add_key(config: &Config, relying_party: &str, scopes: &[&str]) -> String {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let add = ApiKeyAdd { relying_party: relying_party.to_owned(), scopes };
    let answer = command(config, Command::KeyAdd(add)).await;
    answer["key"].as_str().expect("a key").to_owned()
}

pub(crate) async fn add_relying_party(config: &Config, name: &str, mode: &str) {
    let add = RelyingPartyAdd {
        name: name.to_owned(),
        organisation: None,
        return_urls: vec![RETURN_URL.to_owned()],
        origin: None,
        mode: mode.to_owned(),
        requires_device_signature: false,
        methods: None,
        backups: Some(0),
    };
    command(config, Command::RelyingPartyAdd(add)).await;
}

pub(crate) fn organisation() -> OrganisationAdd {
    OrganisationAdd {
        name: "De Linden".to_owned(),
        public_url: "http://127.0.0.1:9".to_owned(),
        directory_url: None,
        locale: None,
        region: None,
        policy: Vec::new(),
    }
}

pub(crate) fn client() -> Client {
    // Whoever comes first installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("an HTTP client")
}

/// Starts a server whose file was just let go. A child that another test forks holds the lock for the moment until its exec.
pub(crate) async fn start(config: &Config, clock: Clock) -> Running {
    let begun = std::time::Instant::now();
    loop {
        match Server::start_with(config.clone(), clock.clone()).await {
            Err(StartError::Database(OpenError::InUse(_))) if begun.elapsed().as_secs() < 10 => {
                tokio::task::yield_now().await;
            }
            started => return started.expect("started"),
        }
    }
}

impl World {
    pub(crate) async fn start() -> World {
        World::with(organisation()).await
    }

    pub(crate) async fn with(organisation: OrganisationAdd) -> World {
        World::arranged(organisation, |_| ()).await
    }

    /// With another configuration.
    pub(crate) async fn arranged(organisation: OrganisationAdd, arrange: impl FnOnce(&mut Config)) -> World {
        let folder = tempfile::tempdir().expect("folder");
        let mut config = Config::new(folder.path().join("koppel.sqlite"));
        arrange(&mut config);
        commands::init(&config, organisation).await.expect("made");
        add_relying_party(&config, "Klantpaneel", "code").await;
        add_relying_party(&config, "Beheerpaneel", "number").await;
        let key = add_key(&config, "Klantpaneel", &["verify", "manage", "desk"]).await;
        let sibling = add_key(&config, "Beheerpaneel", &["verify", "manage", "desk"]).await;
        let clock = TestClock::new();
        let running = start(&config, clock.clock()).await;
        let url = running.url();
        World { running, url, folder, config, http: client(), clock, key, sibling }
    }

    /// The same database, another process life.
    pub(crate) async fn restart(self) -> World {
        let World { running, folder, config, http, clock, key, sibling, .. } = self;
        running.stop().await;
        let running = start(&config, clock.clock()).await;
        let url = running.url();
        World { running, url, folder, config, http, clock, key, sibling }
    }

    pub(crate) async fn call(&self, key: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url)).bearer_auth(key);
        if method == Method::POST {
            request = request.header("idempotency-key", bytes::encode(&draw::<16>()));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = Answer::of(request.send().await.expect("an answer")).await;
        crate::reference::holds(self, &method, path, &answer).await;
        answer
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(&self.key, Method::POST, path, Some(&body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(&self.key, Method::GET, path, None).await
    }

    pub(crate) async fn put_user(&self, name: &str) {
        let body = json!({ "login_name": name, "display": name });
        let answer = self.call(&self.key, Method::PUT, &format!("/v1/users/{name}"), Some(&body)).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }

    pub(crate) async fn koppelcode(&self, name: &str) -> String {
        let body = json!({ "agent": "a", "reason": "r", "ticket": "t" });
        let answer = self.post(&format!("/v1/users/{name}/koppelcodes"), body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.body["code"].as_str().expect("code").to_owned()
    }

    /// A user with one active phone.
    pub(crate) async fn phone(&self, name: &str) -> Phone {
        self.put_user(name).await;
        let code = self.koppelcode(name).await;
        let door = Door::Code { user: Text::clean(name), code: code.parse().expect("a koppelcode") };
        let waiting = Waiting::begin(self, door).await.expect("revealed");
        let number = waiting.transcript.check_number().expose().to_owned();
        let body = json!({ "agent": "a", "reason": "r", "ticket": "t", "check_number": number });
        let answer = self.post(&format!("/v1/users/{name}/pairings/{}/confirm", waiting.pairing), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        waiting.activate(self).await
    }

    pub(crate) fn login(&self, name: &str, session: &Session) -> Value {
        json!({
            "user": { "external_id": name, "login_name": name },
            "purpose": "login",
            "binding": session.binding(),
            "browser": { "ip": "198.51.100.7", "user_agent": USER_AGENT },
            "first_factor_at": self.clock.seconds(),
        })
    }

    pub(crate) fn prompt(&self, name: &str, session: &Session) -> Value {
        let mut prompt = self.login(name, session);
        prompt["return_url"] = RETURN_URL.into();
        prompt["state"] = "s-123".into();
        prompt
    }

    pub(crate) async fn challenge(&self, name: &str, session: &Session, mode: &str) -> Value {
        let mut body = self.login(name, session);
        body["mode"] = mode.into();
        let answer = self.post("/v1/challenges", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.body
    }
}

/// The session of the browser that began.
pub(crate) struct Session(pub(crate) [u8; 32]);

impl Session {
    pub(crate) fn new() -> Session {
        Session(draw())
    }

    pub(crate) fn v(&self) -> String {
        bytes::encode(&self.0)
    }

    pub(crate) fn binding(&self) -> String {
        sha256(&self.0).to_string()
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, body }
    }

    pub(crate) fn slug(&self) -> &str {
        self.body["type"].as_str().and_then(|urn| urn.strip_prefix("urn:koppel:problem:")).unwrap_or("")
    }

    pub(crate) fn nonce(&self) -> Nonce {
        self.headers["koppel-nonce"].to_str().expect("ascii").parse().expect("a nonce")
    }
}

pub(crate) struct Keys {
    pub(crate) id: SoftSigningKey,
    pub(crate) approve: SoftSigningKey,
    pub(crate) seal: SoftAgreementKey,
    pub(crate) auth: Secret<16>,
}

impl Keys {
    pub(crate) fn new() -> Keys {
        let crypto = soft();
        Keys {
            id: SoftSigningKey::generate(&crypto).expect("key"),
            approve: SoftSigningKey::generate(&crypto).expect("key"),
            seal: SoftAgreementKey::generate(&crypto).expect("key"),
            auth: Secret::new(draw()),
        }
    }

    pub(crate) fn introduction(&self) -> IntroductionText {
        let level = KeyLevel::Software;
        let introduction = Introduction {
            id: HeldKey { spki: self.id.public(), level },
            seal: HeldKey { spki: self.seal.public(), level },
            approve: Some(ApproveKey { spki: self.approve.public(), level, uv: UserVerification::Pin }),
            auth: self.auth.clone(),
            ra: Bytes::new(draw()),
            name: Text::clean("Testphone"),
            platform: Platform::Terminal,
        };
        introduction.to_text().expect("written")
    }
}

/// A phone that shows its check number.
pub(crate) struct Waiting {
    pub(crate) keys: Keys,
    pub(crate) pairing: PairingId,
    pub(crate) device: DeviceId,
    pub(crate) transcript: Transcript,
    pub(crate) identity: Identity,
}

impl Waiting {
    /// P0 to P3. The error is what the server said to m1.
    pub(crate) async fn begin(world: &World, door: Door) -> Result<Waiting, Answer> {
        let crypto = soft();
        let known: WellKnown = world
            .http
            .get(format!("{}/.well-known/koppel", world.url))
            .send()
            .await
            .expect("answer")
            .json()
            .await
            .expect("json");
        let identity = Identity::verify_chain(&crypto, &known.chain).expect("a chain");
        let keys = Keys::new();
        let introduction = keys.introduction();
        let request = PairingRequest { commitment: introduction.commitment(), rq: Bytes::new(draw()), door };
        let body = request.to_body().expect("written").to_vec();
        let answer = post_raw(world, "/d/v1/pairings", body.clone()).await;
        if answer.status != StatusCode::OK {
            return Err(answer);
        }
        let again = post_raw(world, "/d/v1/pairings", body.clone()).await;
        assert_eq!(again.body["m2"], answer.body["m2"], "the same m1 gets the same m2");
        let PairingAnswer { m2 } = serde_json::from_value(answer.body).expect("m2");
        let host: Host = world.url.trim_start_matches("http://").parse().expect("host");
        let offer =
            PairingOffer::accept(&crypto, &identity, &m2, &PairingRequest::hash(&body), &host).expect("an offer");
        let transcript = Transcript::of(offer.signing_input(), &introduction);
        let m3 = Reveal {
            introduction,
            pop_id: Reveal::pop(transcript, PopUse::Id, &keys.id).expect("pop"),
            pop_approve: Some(Reveal::pop(transcript, PopUse::Approve, &keys.approve).expect("pop")),
            attestation: None,
        };
        let pairing = offer.claims().pid;
        let body = serde_json::to_vec(&m3).expect("json");
        let answer = post_raw(world, &format!("/d/v1/pairings/{pairing}/reveal"), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let RevealAnswer { device, .. } = serde_json::from_value(answer.body).expect("revealed");
        Ok(Waiting { keys, pairing, device, transcript, identity })
    }

    pub(crate) fn link_door(link: &str, introduction: &IntroductionText) -> Door {
        let link: PairingLink = link.parse().expect("a link");
        let mac = koppel_protocol::pairing::link_mac(&link.k, &link.server_id, &link.t, &introduction.commitment());
        Door::Link { t: link.t, mac }
    }

    pub(crate) fn phone(self) -> Phone {
        let Waiting { keys, pairing, device, transcript, identity } = self;
        Phone { keys, pairing, device, transcript, identity }
    }

    pub(crate) async fn activate(self, world: &World) -> Phone {
        let phone = self.phone();
        let status: PairingStatus =
            phone.ask(world, &format!("/d/v1/pairings/{}/status", phone.pairing), json!({})).await;
        let envelope = status.envelope.expect("an activation");
        match phone.open(&envelope) {
            Letter::Activation(activation) => {
                let Activation { transcript, device, .. } = activation.claims();
                assert_eq!((*transcript, *device), (phone.transcript, phone.device));
            }
            other => panic!("{other:?}"),
        }
        phone
    }
}

async fn post_raw(world: &World, path: &str, body: Vec<u8>) -> Answer {
    let request = world.http.post(format!("{}{path}", world.url)).header("content-type", "application/json").body(body);
    Answer::of(request.send().await.expect("answer")).await
}

/// A paired phone.
pub(crate) struct Phone {
    pub(crate) keys: Keys,
    pub(crate) pairing: PairingId,
    pub(crate) device: DeviceId,
    pub(crate) transcript: Transcript,
    pub(crate) identity: Identity,
}

impl Phone {
    pub(crate) fn proof(&self, method: &str, path: &str, body: &[u8], nonce: Nonce) -> String {
        let request = Request { server_id: &self.identity.server_id, method, path, body };
        let proof = DeviceProof::new(request, Bytes::new(draw()), nonce, 0);
        proof.sign(self.device, &self.keys.id).expect("signed").to_string()
    }

    pub(crate) async fn nonce(&self, world: &World) -> Nonce {
        let answer = world.http.get(format!("{}/healthz", world.url)).send().await.expect("answer");
        Answer::of(answer).await.nonce()
    }

    pub(crate) async fn proven(&self, world: &World, path: &str, body: Value) -> Answer {
        let body = serde_json::to_vec(&body).expect("json");
        let proof = self.proof("POST", path, &body, self.nonce(world).await);
        self.send(world, path, body, &proof).await
    }

    pub(crate) async fn send(&self, world: &World, path: &str, body: Vec<u8>, proof: &str) -> Answer {
        let request = world.http.post(format!("{}{path}", world.url));
        let request = request.header("content-type", "application/json").header("device-proof", proof).body(body);
        Answer::of(request.send().await.expect("answer")).await
    }

    pub(crate) async fn ask<T: serde::de::DeserializeOwned>(&self, world: &World, path: &str, body: Value) -> T {
        let answer = self.proven(world, path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        serde_json::from_value(answer.body).expect("the answer's type")
    }

    pub(crate) fn open(&self, envelope: &Envelope) -> Letter {
        let text = envelope.open(&self.keys.seal, &self.keys.auth).expect("opens");
        Letter::read(&soft(), &self.identity, self.device, &text).expect("a letter")
    }

    pub(crate) async fn inbox(&self, world: &World) -> Inbox {
        self.ask(world, "/d/v1/inbox", json!({})).await
    }

    pub(crate) fn challenge(&self, waiting: &WaitingChallenge) -> Verified<Challenge> {
        match self.open(&waiting.envelope) {
            Letter::Challenge(challenge) => *challenge,
            other => panic!("{other:?}"),
        }
    }

    /// The one challenge that waits.
    pub(crate) async fn waiting(&self, world: &World) -> Verified<Challenge> {
        let inbox = self.inbox(world).await;
        assert_eq!(inbox.challenges.len(), 1, "{inbox:?}");
        self.challenge(&inbox.challenges[0])
    }

    /// The code on the screen.
    pub(crate) async fn code(&self, world: &World) -> String {
        match &self.waiting(world).await.claims().subject {
            Subject::Code { code, .. } => code.expose().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn decision(&self, challenge: &Verified<Challenge>, verdict: Verdict, number: Option<&str>) -> String {
        let number = number.map(|number| number.parse::<Digits>().expect("digits"));
        let uv = if verdict == Verdict::Approve { UserVerification::Pin } else { UserVerification::None };
        let decision = Decision::answer(challenge, verdict, number, uv, 0, Bytes::new(draw()));
        let key = if verdict == Verdict::Approve { &self.keys.approve } else { &self.keys.id };
        jws::sign(&decision, &self.device, key).expect("signed").to_string()
    }

    pub(crate) async fn decide(&self, world: &World, decision: &str) -> Answer {
        let request = world.http.post(format!("{}/d/v1/decisions", world.url));
        let request = request.header("content-type", "application/jose").body(decision.to_owned());
        Answer::of(request.send().await.expect("answer")).await
    }

    pub(crate) async fn answer(&self, world: &World, verdict: Verdict, number: Option<&str>) -> Answer {
        let challenge = self.waiting(world).await;
        self.decide(world, &self.decision(&challenge, verdict, number)).await
    }
}

/// A decision's claims, unverified.
pub(crate) fn read_decision(text: &str) -> Decision {
    Unverified::<Decision>::parse(text).expect("a decision").unverified().clone()
}
