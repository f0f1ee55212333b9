//! A world for tests: one account, a clock that only tests move, phones whose keys are names.
//!
//! [`World::run`] decides, applies, and checks after every step what must always hold: final states stay, every transition
//! has exactly one audit entry, the version rises by one, the chain verifies. [`World::any_step`] makes up the next thing somebody
//! could do, right or wrong; property tests and the conformance test of stores are made of it.

use std::collections::{BTreeMap, BTreeSet};

use koppel_protocol::{
    Bytes, Digits, KeyVersion, PublicKey, Secret, ServerId, Text,
    decision::{UserVerification, Verdict},
    digits::CodeKey,
    hash::sha256,
    id::{ApiKeyId, ChallengeId, DeviceId, InvitationId, OrganisationId, PairingId, PromptId, RelyingPartyId, UserId},
    pairing::{Platform, Transcript, link_mac},
    phone_api::{ChallengeReceipt, NoticeReceipt, Receipt, ReceiptKind, Road},
};

use crate::{
    Account, Actor, Begun, Browser, Challenge, ChallengeRequest, ChallengeState, Change, Command, Confirmer, Context,
    Decide, DeviceKeys, Door, Enforcement, ExternalId, Found, Fresh, HashedCode, Holder, Issuer, Keys, LoginName,
    Method, MethodChange, MethodKind, MethodRules, Mode, Needs, OnPage, OpenPrompt, OpenSeed, Outcome, PairingState,
    Policy, Prepared, PreparedCopy, PromptState, Proof, Purpose, PutContacts, PutUser, Question, Refusal, Reply,
    ResetStep, Reveal, Rollout, SetUp, SharedBytes, SharedText, Signer, Source, StartPairing, Terms, Time, Typed, Via,
    audit, authenticator, decide,
    plan::{Wanted, plan},
    recovery::{self, Slot},
};
use zeroize::Zeroizing;

/// One user of one organisation, and everybody who wants something of them.
#[derive(Debug, Clone)]
pub struct World {
    /// The account, as the model has it.
    pub account: Account,
    /// The time.
    pub now: Time,
    /// The numbers.
    pub policy: Policy,
    /// The keys.
    pub keys: Keys,
    /// The audit chain so far.
    pub entries: Vec<audit::Entry>,
    /// Which variants of change were written so far, as bits.
    pub variants: u32,
    drawn: u64,
    proofs: BTreeSet<(DeviceId, Bytes<16>)>,
    answers: BTreeMap<Bytes<16>, Decide>,
    /// All that was done, when, what came of it, and how the account stood then.
    pub told: Vec<Told>,
}

/// A step that was done.
#[derive(Debug, Clone)]
pub struct Told {
    /// What was done.
    pub step: Step,
    /// When.
    pub now: Time,
    /// What was answered.
    pub reply: Result<Reply, Refusal>,
    /// How the account stood then.
    pub after: Account,
}

/// Something somebody does.
#[derive(Debug, Clone)]
pub struct Step {
    /// What.
    pub command: Command,
    /// Who.
    pub actor: Actor,
    /// From where.
    pub source: Option<Source>,
    /// With which proof.
    pub proof: Option<Proof>,
}

/// The organisation of the world.
pub const ORGANISATION: OrganisationId = OrganisationId::from_bytes([1; 16]);
/// Its relying party.
pub const RELYING_PARTY: RelyingPartyId = RelyingPartyId::from_bytes([2; 16]);
/// The relying party's key.
pub const API_KEY: ApiKeyId = ApiKeyId::from_bytes([3; 16]);
/// The name of the machine in every browser's mouth.
pub const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";

/// Text that is clean as it stands.
pub fn text(text: &str) -> Text {
    Text::clean(text)
}

/// The one user's id at the panel.
pub fn external_id() -> ExternalId {
    "1001".parse().unwrap_or_else(|_| unreachable!("a number is an external id"))
}

/// The one user's login name.
pub fn login_name() -> LoginName {
    "jan.de.vries".parse().unwrap_or_else(|_| unreachable!("a plain name is a login name"))
}

/// Keys that only this world has.
pub fn keys(epoch: u64) -> Keys {
    Keys::new(CodeKey::new(Secret::new([11; 32])), Secret::new([12; 32]), Secret::new([13; 32]), epoch)
}

/// Who signs for this world's server.
pub const fn signer() -> Signer {
    Signer { server_id: ServerId::from_bytes([9; 32]), version: KeyVersion::FIRST }
}

/// The panel with its key.
pub const fn panel() -> Actor {
    Actor::Panel { organisation: ORGANISATION, relying_party: RELYING_PARTY, key: API_KEY }
}

/// Support, accountable.
pub fn desk() -> Actor {
    Actor::Desk {
        organisation: ORGANISATION,
        via: Via::Command,
        agent: text("anna"),
        reason: text("new phone"),
        ticket: text("T-1"),
    }
}

/// A browser on a hosted page.
pub const fn browser() -> Actor {
    Actor::Browser { organisation: ORGANISATION }
}

/// A phone.
pub const fn phone(device: DeviceId) -> Actor {
    Actor::Phone { organisation: ORGANISATION, device: Some(device) }
}

/// An address.
pub fn source(last: u8) -> Source {
    let ip = format!("203.0.113.{last}");
    Source { ip: text(&ip), bucket: ip }
}

/// What the relying party wants.
pub const fn terms() -> Terms {
    Terms {
        id: RELYING_PARTY,
        mode: Mode::Code,
        requires_device_signature: false,
        methods: MethodRules::ALL,
        remember: 0,
        rollout: Rollout::REQUIRED,
    }
}

/// The same, where the set-up may be put off.
pub fn patient_terms() -> Terms {
    Terms { rollout: Rollout { everyone: Enforcement::Optional, groups: BTreeMap::new() }, ..terms() }
}

/// The same, where a browser may be remembered for a day.
pub fn remembering_terms() -> Terms {
    Terms { remember: 86_400, ..terms() }
}

/// The secret of the n-th browser session.
pub fn v(session: u8) -> Secret<32> {
    Secret::new([session; 32])
}

/// What everybody may know of it.
pub fn binding(session: u8) -> Bytes<32> {
    sha256(&[session; 32])
}

/// A name that is a key: different texts, different keys.
pub fn key(name: &str) -> PublicKey {
    let mut point = [4; 65];
    point[1..33].copy_from_slice(sha256(name.as_bytes()).as_bytes());
    point[33..].copy_from_slice(sha256(name.as_bytes()).as_bytes());
    PublicKey::from_sec1(point).unwrap_or_else(|_| unreachable!("the first byte is 4"))
}

/// The seed of the n-th transaction.
pub fn seed(transaction: u64) -> Secret<32> {
    let hash = sha256(&transaction.to_be_bytes());
    Secret::new(*hash.as_bytes())
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A world in which nobody has done anything.
    pub fn new() -> Self {
        let now = Time(1_800_000_000);
        let nobody = UserId::from_bytes([0; 16]);
        Self {
            account: Account::absent(nobody, ORGANISATION, external_id(), now),
            now,
            policy: Policy { login_door: 1, ..Policy::default() },
            keys: keys(1),
            entries: Vec::new(),
            variants: 0,
            drawn: 0,
            proofs: BTreeSet::new(),
            answers: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    /// Time passes.
    pub fn wait(&mut self, seconds: u32) {
        self.now = self.now.plus(seconds);
    }

    /// Does one thing and checks what must always hold.
    ///
    /// # Errors
    /// The refusal.
    ///
    /// # Panics
    /// When something does not hold that must always hold.
    pub fn run(&mut self, command: Command, actor: Actor) -> Result<Reply, Refusal> {
        self.step(&Step { command, actor, source: None, proof: None })
    }

    /// The same, from somewhere, with a proof.
    ///
    /// # Errors
    /// The refusal.
    ///
    /// # Panics
    /// When something does not hold that must always hold.
    pub fn step(&mut self, step: &Step) -> Result<Reply, Refusal> {
        self.decide(step).reply
    }

    /// The same, with what is written.
    ///
    /// # Panics
    /// When something does not hold that must always hold.
    pub fn decide(&mut self, step: &Step) -> Outcome {
        let mut fresh = Fresh::new(seed(self.drawn));
        self.drawn += 1;
        if self.account.user.version == 0 {
            self.account.user.id = UserId::from_bytes(fresh.id());
            self.account.user.created = self.now;
        }
        let whole = self.account.clone();
        let before = Needs::of(&step.command).select(&whole);
        let proof_used = step.proof.is_some_and(|proof| self.proofs.contains(&(proof.device, proof.jti)));
        let context = Context {
            now: self.now,
            policy: &self.policy,
            keys: &self.keys,
            signer: signer(),
            actor: &step.actor,
            source: step.source.as_ref(),
            fresh,
            found: Found { login_name_taken: false, proof_used },
            proof: step.proof,
        };
        let outcome = decide(&before, &step.command, &context);
        let (mut length, mut head) = (whole.user.chain_length, whole.user.chain_head);
        for change in &outcome.changes {
            self.account.apply(change);
            self.variants |= 1 << change.variant();
            match change {
                Change::AppendAudit(entry) => {
                    assert_eq!((entry.n, entry.prev), (length + 1, head), "the chain has no gap");
                    assert!(entry.is_sound(), "the entry is what it says");
                    (length, head) = (entry.n, entry.hash);
                    self.entries.push((**entry).clone());
                }
                Change::RememberProof(proof) => drop(self.proofs.insert((proof.device, proof.jti))),
                _ => {}
            }
        }
        check_transitions(&whole, &outcome.changes);
        self.check_account(&whole, &outcome);
        let (step, now, reply, after) = (step.clone(), self.now, outcome.reply.clone(), self.account.clone());
        self.told.push(Told { step, now, reply, after });
        outcome
    }

    fn check_account(&self, before: &Account, outcome: &Outcome) {
        let after = &self.account;
        if outcome.changes.is_empty() {
            assert_eq!(before, after, "nothing written, nothing changed");
        } else {
            assert_eq!(after.user.version, before.user.version + 1, "one transaction, one version");
            assert!(matches!(outcome.changes.last(), Some(Change::PutUser(_))), "the user row comes last");
        }
        let newest = outcome.changes.iter().rev().find_map(|change| match change {
            Change::AppendAudit(entry) => Some(entry.hash),
            _ => None,
        });
        assert_eq!(after.user.chain_head, newest.unwrap_or(before.user.chain_head), "the head is the newest entry");
        for challenge in &after.challenges {
            assert!(challenge.code_tries <= self.policy.code_tries, "typed codes of one challenge");
            assert!(challenge.number_tries <= self.policy.number_tries, "typed numbers of one challenge");
            assert!(challenge.resends() <= self.policy.resends, "resends of one challenge");
        }
        for pairing in &after.pairings {
            assert!(pairing.number_tries <= self.policy.check_tries, "check numbers of one pairing");
        }
        let waiting =
            |challenge: &&Challenge| challenge.state == ChallengeState::Pending && challenge.login().is_some();
        assert!(
            after.challenges.iter().filter(waiting).count() <= self.policy.live_challenges as usize,
            "live challenges"
        );
        assert!(after.invitations.len() <= 1, "one live invitation");
    }

    /// What is to be signed, signed without cryptography; none when the plan refuses.
    pub fn prepare(&self, wanted: Wanted<'_>) -> Option<Box<Prepared>> {
        let id = match wanted {
            Wanted::Redelivery { challenge, .. } => challenge.id,
            _ => ChallengeId::from_bytes(self.draw("challenge")),
        };
        let plan = plan(&self.account, wanted, &self.policy, self.now).ok()?;
        let copies = plan
            .devices
            .iter()
            .map(|device| PreparedCopy {
                device: *device,
                ch: ch(id, plan.seq, *device),
                jws: Some(SharedText::from(format!("challenge {id} {} {device}", plan.seq))),
                envelope: SharedBytes::from(vec![7; 2150]),
            })
            .collect();
        Some(Box::new(Prepared { challenge: id, plan, signed_by: KeyVersion::FIRST, copies }))
    }

    /// An id nobody drew before in this world.
    pub fn draw(&self, what: &str) -> [u8; 16] {
        let mut id = [0; 16];
        id.copy_from_slice(&sha256(format!("{what} {}", self.drawn).as_bytes()).as_bytes()[..16]);
        id
    }

    /// A login begins in a browser session.
    pub fn begun(&self, session: u8, purpose: Purpose) -> Begun {
        Begun {
            login_name: login_name(),
            display: Some(text("Jan de Vries")),
            purpose,
            binding: binding(session),
            browser: Browser { ip: text("198.51.100.4"), user_agent: USER_AGENT.to_owned() },
            first_factor_at: self.now,
            password_changed_at: None,
        }
    }

    /// The panel makes the user.
    pub fn put_user(&mut self) {
        let put = PutUser::named(login_name());
        expect(self.run(Command::PutUser(Box::new(put)), panel()), "the user is put");
    }

    /// A prompt, bound to a browser.
    pub fn bound_prompt(&mut self, session: u8, purpose: Purpose) -> PromptId {
        let token = Bytes::new(*sha256(&self.draw("token")).as_bytes());
        expect(self.run(self.open_prompt(session, purpose, token), panel()), "a prompt opens");
        let bind = Command::BindPrompt { token, cookie: cookie(session), user_agent: USER_AGENT.to_owned() };
        match expect(self.run(bind, browser()), "a prompt binds") {
            Reply::PromptBound { prompt } => prompt.id,
            other => panic!("{other:?}"),
        }
    }

    /// The command that opens a prompt.
    pub fn open_prompt(&self, session: u8, purpose: Purpose, token: Bytes<32>) -> Command {
        Command::OpenPrompt(Box::new(OpenPrompt {
            terms: terms(),
            login: self.begun(session, purpose),
            mode: None,
            prefer: None,
            return_url: "https://panel.example.org/back".to_owned(),
            panel_state: "s".to_owned(),
            locale: None,
            token,
        }))
    }

    /// A challenge of a panel with pages of its own.
    pub fn challenge(&mut self, session: u8, mode: Mode) -> Challenge {
        match self.start(session, mode) {
            Ok(Reply::Challenge { challenge, .. }) => *challenge,
            other => panic!("{other:?}"),
        }
    }

    /// Tries to make one.
    ///
    /// # Errors
    /// The refusal.
    pub fn start(&mut self, session: u8, mode: Mode) -> Result<Reply, Refusal> {
        let terms = terms();
        let prepared = self.prepare(Wanted::Login { terms: &terms, mode: Some(mode), prefer: None });
        let login = self.begun(session, Purpose::Login);
        let request = Box::new(ChallengeRequest::Direct { terms, login, mode: Some(mode), prefer: None });
        self.run(Command::StartChallenge { request, prepared }, panel())
    }

    /// A page asks for its challenge.
    ///
    /// # Errors
    /// The refusal.
    pub fn start_page(&mut self, prompt: PromptId, session: u8) -> Result<Reply, Refusal> {
        let terms = terms();
        let mode = self.account.prompt(prompt).and_then(|prompt| prompt.mode);
        let prepared = self.prepare(Wanted::Login { terms: &terms, mode, prefer: None });
        let request = Box::new(ChallengeRequest::Page { prompt, cookie: cookie(session), terms });
        self.run(Command::StartChallenge { request, prepared }, browser())
    }

    /// The digits the phone shows now.
    pub fn right_code(&self, challenge: ChallengeId) -> Digits {
        let (seq, digits) = self.newest(challenge);
        self.keys.code(challenge, seq, digits)
    }

    /// The digits the browser shows now.
    pub fn right_number(&self, challenge: ChallengeId) -> Digits {
        let (seq, digits) = self.newest(challenge);
        self.keys.number(challenge, seq, digits)
    }

    fn newest(&self, challenge: ChallengeId) -> (u32, u8) {
        let delivery = self.account.challenge(challenge).and_then(|challenge| challenge.delivery());
        delivery.map_or((0, 6), |delivery| (delivery.seq, delivery.digits))
    }

    /// Types digits on the panel's own page.
    ///
    /// # Errors
    /// The refusal.
    pub fn type_code(&mut self, challenge: ChallengeId, session: u8, code: Digits) -> Result<Reply, Refusal> {
        let holder = Holder::Panel { terms: terms(), v: v(session) };
        self.run(Command::CheckCode { challenge, holder, typed: Typed::App(code) }, panel())
    }

    /// A phone's signed answer to the newest delivery.
    pub fn signed(&self, device: DeviceId, challenge: ChallengeId, verdict: Verdict, number: Option<Digits>) -> Decide {
        let seq = self.newest(challenge).0;
        let phone = self.account.device(device);
        let key = match verdict {
            Verdict::Approve => phone.and_then(|phone| phone.keys.approve),
            Verdict::Deny | Verdict::Fraud => phone.map(|phone| phone.keys.id),
        };
        let jti = Bytes::new(self.draw("jti"));
        let content = format!(
            "{device} {challenge} {seq} {verdict:?} {:?} {jti}",
            number.as_ref().map(|n| n.expose().to_owned())
        );
        Decide {
            device,
            key: key.unwrap_or_else(|| crate::fixture::key("nobody's")),
            challenge,
            seq,
            ch: ch(challenge, seq, device),
            verdict,
            number,
            uv: UserVerification::Pin,
            jti,
            signing_input: sha256(content.as_bytes()),
            jws: SharedText::from(content),
        }
    }

    /// A phone answers.
    ///
    /// # Errors
    /// The refusal.
    pub fn answer(
        &mut self,
        device: DeviceId,
        challenge: ChallengeId,
        verdict: Verdict,
        number: Option<Digits>,
    ) -> Result<Reply, Refusal> {
        let answer = self.signed(device, challenge, verdict, number);
        self.run(Command::Decide(Box::new(answer)), phone(device))
    }

    /// A phone approves with the right number.
    ///
    /// # Errors
    /// The refusal.
    pub fn approve(&mut self, device: DeviceId, challenge: ChallengeId) -> Result<Reply, Refusal> {
        let number = self.right_number(challenge);
        self.answer(device, challenge, Verdict::Approve, Some(number))
    }

    /// A desk issues a koppelcode.
    pub fn koppelcode(&mut self) -> InvitationId {
        match expect(self.run(Command::IssueInvitation { by: Issuer::Desk }, desk()), "a koppelcode is issued") {
            Reply::Invited { invitation } => invitation.id,
            other => panic!("{other:?}"),
        }
    }

    /// The first message of a phone at the door of koppelcodes.
    pub fn knock(&self, name: &str, invitation: InvitationId) -> StartPairing {
        self.knock_at(name, Door::Code { name: login_name(), code: self.keys.koppelcode(invitation) })
    }

    /// The first message of a phone at any door.
    pub fn knock_at(&self, name: &str, door: Door) -> StartPairing {
        StartPairing {
            pairing: PairingId::from_bytes(self.draw(&format!("pairing of {name}"))),
            door,
            c: sha256(format!("m1 of {name}").as_bytes()),
            commitment: commitment(name),
            m2: SharedText::from(format!("m2 for {name}")),
            account: self
                .account
                .user
                .login_name
                .as_ref()
                .map_or_else(|| login_name().shown().clone(), |name| name.shown().clone()),
            iat: self.now,
            until: self.now.plus(self.policy.pairing_lifetime),
            signed_by: KeyVersion::FIRST,
        }
    }

    /// The third message of a phone.
    pub fn opening(&self, name: &str, pairing: PairingId) -> Reveal {
        let until = self.account.pairing(pairing).map_or(self.now, |pairing| pairing.until);
        Reveal {
            pairing,
            m3: sha256(format!("m3 of {name}").as_bytes()),
            commitment: commitment(name),
            transcript: transcript(name),
            device: DeviceId::from_bytes(self.draw("device")),
            keys: DeviceKeys {
                id: key(&format!("{name} id")),
                seal: key(&format!("{name} seal")),
                approve: Some(key(&format!("{name} approve"))),
                uv: UserVerification::Pin,
            },
            auth: SharedBytes::from(vec![5; 32]),
            name: text(name),
            platform: Platform::Terminal,
            handover: self.prepare(Wanted::Handover { until }),
        }
    }

    /// A phone comes as far as pending.
    pub fn pending_phone(&mut self, name: &str) -> (PairingId, DeviceId) {
        let invitation = self.koppelcode();
        let knock = self.knock(name, invitation);
        let pairing = knock.pairing;
        expect(
            self.run(Command::StartPairing(Box::new(knock)), Actor::Phone { organisation: ORGANISATION, device: None }),
            "a pairing starts",
        );
        let opening = self.opening(name, pairing);
        match expect(
            self.run(Command::Reveal(Box::new(opening)), Actor::Phone { organisation: ORGANISATION, device: None }),
            "a phone reveals",
        ) {
            Reply::Revealed { device, .. } => (pairing, device),
            other => panic!("{other:?}"),
        }
    }

    /// A phone that works, confirmed by the desk.
    pub fn active_phone(&mut self, name: &str) -> DeviceId {
        if !self.account.exists() {
            self.put_user();
        }
        let (pairing, device) = self.pending_phone(name);
        let number = transcript(name).check_number();
        expect(
            self.run(Command::ConfirmPairing { pairing, number, by: Confirmer::Desk }, desk()),
            "a phone is confirmed",
        );
        expect(self.run(Command::Seen { device }, phone(device)), "a phone is seen");
        device
    }
}

/// A value that must be there in a test.
///
/// # Panics
/// When it is not.
pub fn expect<T>(result: Result<T, Refusal>, what: &str) -> T {
    result.unwrap_or_else(|refusal| panic!("{what}: {refusal:?}"))
}

/// A seed as this world's database holds it.
pub fn sealed_seed(of: &[u8]) -> SharedBytes {
    SharedBytes::from([b"sealed ".as_slice(), of].concat())
}

/// The same, opened.
pub fn open_seed(sealed: &SharedBytes) -> OpenSeed {
    OpenSeed::new(
        sealed.clone(),
        Zeroizing::new(sealed.strip_prefix(b"sealed ".as_slice()).unwrap_or_default().to_vec()),
    )
}

/// A list of recovery codes as this world's database holds it.
pub fn slots(of: &[u8]) -> Vec<Slot> {
    (0..recovery::CODES)
        .map(|slot| {
            let hash = sha256(&[of, format!(" {slot}").as_bytes()].concat());
            let mut salt = [0; 16];
            salt.copy_from_slice(&sha256(hash.as_bytes()).as_bytes()[..16]);
            Slot { salt: Bytes::new(salt), hash, used_at: None }
        })
        .collect()
}

/// Digits that differ from the right ones.
pub fn wrong(right: &Digits) -> Digits {
    let value: u64 = right.expose().parse().unwrap_or(0);
    Digits::from_value(value + 1, right.count())
}

/// The cookie of a session's browser.
pub fn cookie(session: u8) -> Bytes<32> {
    Bytes::new([session; 32])
}

/// What a phone of this name commits to.
pub fn commitment(name: &str) -> Bytes<32> {
    sha256(format!("O of {name}").as_bytes())
}

/// What a pairing with a phone of this name comes to.
pub fn transcript(name: &str) -> Transcript {
    Transcript::from_bytes(*sha256(format!("T of {name}").as_bytes()).as_bytes())
}

fn ch(challenge: ChallengeId, seq: u32, device: DeviceId) -> Bytes<32> {
    sha256(format!("{challenge} {seq} {device}").as_bytes())
}

/// Every change of a state is an arrow of the protocol, out of no final state, and is followed by its own audit entry.
fn check_transitions(before: &Account, changes: &[Change]) {
    let mut states: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for challenge in &before.challenges {
        states.insert(challenge.id.to_string(), (challenge.state.name().into(), challenge.state.is_final()));
    }
    for prompt in &before.prompts {
        states.insert(prompt.id.to_string(), (prompt.state.name().into(), prompt.state.is_final()));
    }
    for pairing in &before.pairings {
        states.insert(pairing.id.to_string(), (pairing.state.name().into(), pairing.state.is_final()));
    }
    let mut owed: Vec<String> = Vec::new();
    for change in changes {
        let moved = match change {
            Change::PutChallenge(row) => {
                Some((row.id.to_string(), "challenge", row.state.name(), row.state.is_final()))
            }
            Change::PutPrompt(row) => Some((row.id.to_string(), "prompt", row.state.name(), row.state.is_final())),
            Change::PutPairing(row) => Some((row.id.to_string(), "pairing", row.state.name(), row.state.is_final())),
            Change::AppendAudit(entry) => {
                let transition =
                    ["challenge.", "prompt.", "pairing."].iter().any(|thing| entry.kind.starts_with(thing));
                let named =
                    transition && !["challenge.redelivered", "pairing.wrong_number"].contains(&entry.kind.as_str());
                if named {
                    assert_eq!(owed.pop().as_ref(), Some(&entry.kind), "an entry without its transition");
                }
                None
            }
            _ => None,
        };
        if let Some((id, thing, state, is_final)) = moved {
            let known = states.insert(id.clone(), (state.to_owned(), is_final));
            if known.as_ref().is_none_or(|(known, _)| known != state) {
                assert!(known.is_none_or(|(_, was_final)| !was_final), "{id} left a final state for {state}");
                owed.push(format!("{thing}.{state}"));
            }
        }
    }
    assert!(owed.is_empty(), "transitions without an entry: {owed:?}");
}

/// A small, repeatable source of choices (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// From a seed that a failing test prints.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (bound as u64)).unwrap_or(0)
    }

    /// Once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these, if there are any.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.below(of.len())].clone()) }
    }
}

impl World {
    /// Makes up the next thing that somebody could do. Most are possible now, many are wrong in one way.
    pub fn any_step(&mut self, dice: &mut Dice) -> Step {
        let session = 1 + u8::try_from(dice.below(4)).unwrap_or(0);
        let challenges: Vec<ChallengeId> = self.account.challenges.iter().map(|challenge| challenge.id).collect();
        let devices: Vec<DeviceId> = self
            .account
            .devices
            .iter()
            .filter(|device| device.is_active() || dice.once_in(5))
            .map(|device| device.id)
            .collect();
        let pairings: Vec<PairingId> = self.account.pairings.iter().map(|pairing| pairing.id).collect();
        let prompts: Vec<PromptId> = self.account.prompts.iter().map(|prompt| prompt.id).collect();
        let live: Vec<ChallengeId> =
            self.account.challenges.iter().filter(|c| !c.state.is_final()).map(|c| c.id).collect();
        let challenge = if dice.once_in(4) { dice.pick(&challenges) } else { dice.pick(&live) };
        let challenge = challenge.unwrap_or(ChallengeId::from_bytes(self.draw("no challenge")));
        let device = dice.pick(&devices).unwrap_or(DeviceId::from_bytes(self.draw("no device")));
        let pairing = dice.pick(&pairings).unwrap_or(PairingId::from_bytes(self.draw("no pairing")));
        let open: Vec<PromptId> = self.account.prompts.iter().filter(|p| !p.state.is_final()).map(|p| p.id).collect();
        let prompt = if dice.once_in(4) { dice.pick(&prompts) } else { dice.pick(&open) };
        let prompt = prompt.unwrap_or(PromptId::from_bytes(self.draw("no prompt")));
        let way_on = if dice.once_in(3) { self.way_on(dice, session) } else { None };
        let (command, actor) = match dice.below(32) {
            _ if way_on.is_some() => way_on.unwrap_or((Command::Settle, Actor::Server)),
            0 => (self.any_put(dice), panel()),
            1 if dice.once_in(12) => (Command::DeleteUser, panel()),
            1 | 2 => {
                let purpose = dice.pick(&[Purpose::Login, Purpose::Enrol, Purpose::Settings]).unwrap_or(Purpose::Login);
                let token = sha256(&self.draw("token"));
                (self.open_prompt(session, purpose, token), panel())
            }
            3 => {
                let tokens: Vec<_> = self.account.prompts.iter().map(|prompt| prompt.token).collect();
                let token = dice.pick(&tokens).unwrap_or(cookie(0));
                let of = self.account.prompts.iter().find(|prompt| prompt.token == token);
                let session = of.map_or(session, |prompt| session_of(&prompt.binding));
                let user_agent = if dice.once_in(8) { "curl" } else { USER_AGENT }.to_owned();
                (Command::BindPrompt { token, cookie: cookie(session), user_agent }, browser())
            }
            4 => (Command::NoteForeignBrowser { prompt }, browser()),
            5 if dice.once_in(3) => (Command::CancelPrompt { prompt, relying_party: RELYING_PARTY }, panel()),
            5..=7 => self.any_start(dice, session, prompt, device),
            8 => self.any_redelivery(dice, challenge),
            9..=11 => {
                let typed = self.any_typed(dice, challenge);
                let holder = self.holder(dice, challenge);
                (Command::CheckCode { challenge, holder, typed }, panel())
            }
            12 => {
                let v = self.v_of(dice, challenge);
                (Command::Consume { challenge, terms: terms(), v }, panel())
            }
            13..=16 => {
                let asked: Vec<_> =
                    self.account.copies.iter().filter(|c| c.challenge == challenge).map(|c| c.device).collect();
                let device = if dice.once_in(6) { device } else { dice.pick(&asked).unwrap_or(device) };
                (self.any_answer(dice, challenge, device), phone(device))
            }
            17 => (Command::CancelChallenge { challenge, holder: self.holder(dice, challenge) }, panel()),
            18 if dice.once_in(6) => {
                let page = OnPage { terms: remembering_terms(), ..self.on_page(prompt) };
                let known: Vec<_> = self.account.user.browsers.iter().map(|browser| browser.hash).collect();
                let browser = dice.pick(&known).unwrap_or(cookie(0));
                if dice.once_in(4) {
                    let change = MethodChange::ForgetBrowser(browser);
                    (Command::ChangeMethods { page, change }, self::browser())
                } else {
                    (Command::Recall { page, browser }, self::browser())
                }
            }
            18 if dice.once_in(4) => {
                let page = OnPage { terms: patient_terms(), ..self.on_page(prompt) };
                (Command::PostponeSetUp { page, code: sha256(b"result") }, browser())
            }
            18 => {
                let session = self.session_of_prompt(prompt);
                (
                    Command::FinishPrompt {
                        prompt,
                        terms: remembering_terms(),
                        cookie: cookie(session),
                        code: sha256(b"result"),
                        remember: dice.once_in(2).then(|| sha256(&self.draw("known"))),
                    },
                    browser(),
                )
            }
            19 => {
                let session = self.session_of_prompt(prompt);
                let v = if dice.once_in(8) { v(77) } else { v(session) };
                let code = if dice.once_in(8) { sha256(b"guess") } else { sha256(b"result") };
                let terms = if dice.once_in(2) { terms() } else { patient_terms() };
                (Command::ExchangeResult { prompt, terms, v, code }, panel())
            }
            20 => {
                if dice.once_in(2) {
                    let session = self.session_of_prompt(prompt);
                    (Command::IssueInvitation { by: Issuer::Page { prompt, cookie: cookie(session) } }, browser())
                } else {
                    (Command::IssueInvitation { by: Issuer::Desk }, desk())
                }
            }
            21 => (self.any_knock(dice), Actor::Phone { organisation: ORGANISATION, device: None }),
            22 => {
                let name = self.name_of(pairing);
                let mut opening = self.opening(&name, pairing);
                if dice.once_in(10) {
                    opening.commitment = cookie(0);
                }
                (Command::Reveal(Box::new(opening)), Actor::Phone { organisation: ORGANISATION, device: None })
            }
            23 | 24 => {
                let number = transcript(&self.name_of(pairing)).check_number();
                let number = if dice.once_in(3) { wrong(&number) } else { number };
                if dice.once_in(2) {
                    let session = self.session_of_prompt(prompt);
                    (
                        Command::ConfirmPairing {
                            pairing,
                            number,
                            by: Confirmer::Page { prompt, cookie: cookie(session) },
                        },
                        browser(),
                    )
                } else {
                    (Command::ConfirmPairing { pairing, number, by: Confirmer::Desk }, desk())
                }
            }
            25 => (Command::Seen { device }, phone(device)),
            26 => (self.any_receipts(dice, challenge, device), phone(device)),
            27..=29 => self.any_set_up(dice, prompt),
            30 => self.any_change(dice, prompt, device),
            _ => match dice.below(8) {
                0 => (Command::RemoveDevice { device }, panel()),
                7 if dice.once_in(4) => {
                    (Command::RemoveMethod { kind: dice.pick(&MethodKind::ALL).unwrap_or(MethodKind::Totp) }, panel())
                }
                6 if dice.once_in(4) => {
                    (Command::ImportAuthenticator { seed: sealed_seed(&self.draw("seed")) }, panel())
                }
                1 | 2 => (Command::Settle, Actor::Server),
                5 if dice.once_in(4) => (self.any_reset(dice), desk()),
                4 if dice.once_in(4) => {
                    (Command::EnableTyping { kind: dice.pick(&MethodKind::ALL).unwrap_or(MethodKind::App) }, desk())
                }
                _ => (Command::Unlock, desk()),
            },
        };
        let proof = match &actor {
            Actor::Phone { device: Some(device), .. } if dice.once_in(2) => {
                let jti = Bytes::new(if dice.once_in(6) { [1; 16] } else { self.draw("proof") });
                Some(Proof { device: *device, jti, until: self.now.plus(300) })
            }
            _ => None,
        };
        // The budgets of sources are the store's, and have tests of their own.
        let knocks = matches!(command, Command::StartPairing(_));
        let source = (!knocks).then(|| source(u8::try_from(dice.below(3)).unwrap_or(0)));
        Step { command, actor, source, proof }
    }

    /// A world in which a phone works already, or two, or none.
    pub fn begun_somewhere(dice: &mut Dice) -> Self {
        let mut world = Self::new();
        for name in ["a", "b"].iter().take(dice.below(3)) {
            world.active_phone(name);
        }
        world
    }

    /// Time that passes between two steps: mostly little, sometimes more than something's life.
    pub fn any_pause(&self, dice: &mut Dice) -> u32 {
        match dice.below(40) {
            0 => 86_400 + u32::try_from(dice.below(86_400)).unwrap_or(0),
            1 | 2 => 700,
            3..=6 => 130,
            7..=16 => 21,
            _ => u32::try_from(dice.below(4)).unwrap_or(0),
        }
    }

    /// What brings the story on: an unlock, a phone where there is none, a challenge where none waits.
    fn way_on(&self, dice: &mut Dice, session: u8) -> Option<(Command, Actor)> {
        let stranger = Actor::Phone { organisation: ORGANISATION, device: None };
        if !self.account.exists() {
            return Some((self.any_put(dice), panel()));
        }
        if self.account.user.lock.is_some() {
            return dice.once_in(3).then(|| (Command::Unlock, desk()));
        }
        let on_its_way =
            self.account.pairings.iter().find(|pairing| !pairing.state.is_final() && self.now < pairing.until);
        if let Some(pairing) = on_its_way {
            let name = self.name_of(pairing.id);
            let number = transcript(&name).check_number();
            return Some(match pairing.state {
                PairingState::Proven => {
                    (Command::ConfirmPairing { pairing: pairing.id, number, by: Confirmer::Desk }, desk())
                }
                _ => (Command::Reveal(Box::new(self.opening(&name, pairing.id))), stranger),
            });
        }
        if !self.account.has_a_phone() {
            let usable = self.account.invitations.first().filter(|i| i.used_by.is_none() && self.now < i.code_until);
            return Some(match usable {
                Some(invitation) => {
                    let knock = self.knock(&format!("phone {}", self.drawn), invitation.id);
                    (Command::StartPairing(Box::new(knock)), stranger)
                }
                None => (Command::IssueInvitation { by: Issuer::Desk }, desk()),
            });
        }
        let unseen = self.account.active_devices().find(|device| device.proven_at.is_none()).map(|device| device.id);
        if let Some(device) = unseen.filter(|_| dice.once_in(2)) {
            return Some((Command::Seen { device }, phone(device)));
        }
        let unopened = self.account.prompts.iter().find(|p| p.state == PromptState::Open && self.now < p.expires);
        if let Some(prompt) = unopened.filter(|_| dice.once_in(3)) {
            let cookie = cookie(session_of(&prompt.binding));
            let bind = Command::BindPrompt { token: prompt.token, cookie, user_agent: USER_AGENT.to_owned() };
            return Some((bind, browser()));
        }
        let bound = self.account.prompts.iter().find(|p| p.state == PromptState::Bound && self.now < p.expires);
        if let Some(prompt) = bound.filter(|prompt| prompt.challenge.is_none() && dice.once_in(2)) {
            let terms = terms();
            let prepared = self.prepare(Wanted::Login { terms: &terms, mode: None, prefer: None });
            let cookie = cookie(session_of(&prompt.binding));
            let request = Box::new(ChallengeRequest::Page { prompt: prompt.id, cookie, terms });
            return Some((Command::StartChallenge { request, prepared }, browser()));
        }
        let approved = self.account.challenges.iter().find(|challenge| challenge.state == ChallengeState::Approved);
        if let Some(login) = approved.and_then(|challenge| challenge.login())
            && let Some(id) = approved.map(|challenge| challenge.id)
        {
            let v = v(session_of(&login.binding));
            return Some(match login.prompt.and_then(|prompt| self.account.prompt(prompt)) {
                None => (Command::Consume { challenge: id, terms: terms(), v }, panel()),
                Some(prompt) if prompt.state == PromptState::Done => {
                    let code = sha256(b"result");
                    (Command::ExchangeResult { prompt: prompt.id, terms: terms(), v, code }, panel())
                }
                Some(prompt) => {
                    let cookie = cookie(session_of(&prompt.binding));
                    (
                        Command::FinishPrompt {
                            prompt: prompt.id,
                            terms: terms(),
                            cookie,
                            code: sha256(b"result"),
                            remember: None,
                        },
                        browser(),
                    )
                }
            });
        }
        let waits = self.account.challenges.iter().any(|challenge| challenge.state == ChallengeState::Pending);
        if !waits {
            let terms = terms();
            let mode = dice.pick(&[Mode::Code, Mode::Number]);
            let prepared = self.prepare(Wanted::Login { terms: &terms, mode, prefer: None });
            let login = self.begun(session, Purpose::Login);
            let request = Box::new(ChallengeRequest::Direct { terms, login, mode, prefer: None });
            return Some((Command::StartChallenge { request, prepared }, panel()));
        }
        None
    }

    fn any_put(&self, dice: &mut Dice) -> Command {
        Command::PutUser(Box::new(PutUser {
            display: Some(text("Jan")),
            enabled: Some(!dice.once_in(10)),
            protected: dice.pick(&[None, Some(true), Some(false)]).flatten(),
            password_changed_at: dice.once_in(4).then_some(self.now),
            contacts: any_contacts(dice),
            ..PutUser::named(login_name())
        }))
    }

    fn any_reset(&self, dice: &mut Dice) -> Command {
        let steps = [ResetStep::Ask, ResetStep::Approve, ResetStep::CarryOut, ResetStep::Withdraw];
        Command::Reset(dice.pick(&steps).unwrap_or(ResetStep::Ask))
    }

    fn any_start(&self, dice: &mut Dice, session: u8, prompt: PromptId, device: DeviceId) -> (Command, Actor) {
        let terms = terms();
        let mode = dice.pick(&[Mode::Code, Mode::Number]).unwrap_or(Mode::Code);
        let (request, prepared, actor) = match dice.below(8) {
            0..=3 => {
                let login = self.begun(session, Purpose::Login);
                let prepared = self.prepare(Wanted::Login { terms: &terms, mode: Some(mode), prefer: None });
                (ChallengeRequest::Direct { terms, login, mode: Some(mode), prefer: None }, prepared, panel())
            }
            4 | 5 => {
                let session = self.session_of_prompt(prompt);
                let prepared = self.prepare(Wanted::Login { terms: &terms, mode: None, prefer: None });
                (ChallengeRequest::Page { prompt, cookie: cookie(session), terms }, prepared, browser())
            }
            6 => (ChallengeRequest::Unlock { device }, self.prepare(Wanted::Unlock { device }), phone(device)),
            _ => (ChallengeRequest::Test { device }, self.prepare(Wanted::Test { device }), phone(device)),
        };
        let prepared = prepared.map(|mut prepared| {
            if dice.once_in(20) {
                prepared.copies.pop();
            }
            prepared
        });
        (Command::StartChallenge { request: Box::new(request), prepared }, actor)
    }

    fn any_redelivery(&self, dice: &mut Dice, challenge: ChallengeId) -> (Command, Actor) {
        let terms = terms();
        let holder = self.holder(dice, challenge);
        let known = self.account.challenge(challenge);
        let method = if dice.once_in(2) { dice.pick(&MethodKind::ALL) } else { None };
        let prepared = known.and_then(|challenge| {
            let same = challenge.delivery().map(|delivery| delivery.method);
            self.prepare(Wanted::Redelivery { challenge, method: method.or(same), terms: &terms })
        });
        (Command::Redeliver { challenge, holder, method, prepared }, panel())
    }

    fn any_typed(&self, dice: &mut Dice, challenge: ChallengeId) -> Typed {
        let delivery = self.account.challenge(challenge).and_then(|challenge| challenge.delivery());
        let is_wrong = dice.once_in(2);
        let kind = delivery.map_or(MethodKind::App, |delivery| delivery.method);
        let kind = if dice.once_in(12) { dice.pick(&MethodKind::ALL).unwrap_or(kind) } else { kind };
        let method = self.account.method(kind);
        let slot = u8::try_from(dice.below(recovery::CODES)).unwrap_or(0);
        let held = method.and_then(Method::recovery).and_then(|codes| codes.slots.get(usize::from(slot)));
        let seed = method.and_then(Method::authenticator).and_then(|authenticator| authenticator.seed.clone());
        match (kind, seed, held) {
            (MethodKind::Totp, Some(sealed), _) => {
                let seed = open_seed(&sealed);
                let code = seed.code(self.now.0 / authenticator::STEP);
                Typed::Totp(if is_wrong { wrong(&code) } else { code }, seed)
            }
            (MethodKind::Recovery, _, Some(held)) => {
                let hash = if is_wrong { cookie(0) } else { held.hash };
                Typed::Recovery(HashedCode { slot, salt: held.salt, hash })
            }
            _ => {
                let code = self.right_code(challenge);
                Typed::App(if is_wrong { wrong(&code) } else { code })
            }
        }
    }

    /// A page, most often with the right cookie.
    pub fn on_page(&self, prompt: PromptId) -> OnPage {
        OnPage { prompt, cookie: cookie(self.session_of_prompt(prompt)), terms: terms() }
    }

    fn any_set_up(&self, dice: &mut Dice, prompt: PromptId) -> (Command, Actor) {
        let waiting = self.account.method(MethodKind::Totp).and_then(Method::authenticator);
        let waiting = waiting.and_then(|authenticator| authenticator.waiting.clone());
        let step = match (dice.below(8), waiting) {
            (0..=2, Some(waiting)) => {
                let seed = open_seed(&waiting.seed);
                let code = seed.code(self.now.0 / authenticator::STEP);
                SetUp::ProveAuthenticator { code: if dice.once_in(4) { wrong(&code) } else { code }, seed }
            }
            (3, _) => SetUp::OfferRecoveryCodes { slots: slots(&self.draw("slots")) },
            (4, _) => SetUp::KeepRecoveryCodes,
            (5, _) => SetUp::Choose(dice.pick(&MethodKind::ALL)),
            _ => SetUp::OfferAuthenticator { seed: sealed_seed(&self.draw("seed")) },
        };
        (Command::SetUp { page: self.on_page(prompt), step }, browser())
    }

    fn any_change(&self, dice: &mut Dice, prompt: PromptId, device: DeviceId) -> (Command, Actor) {
        let kind = dice.pick(&MethodKind::ALL).unwrap_or(MethodKind::Totp);
        let change = match dice.below(4) {
            0 => MethodChange::MakePrimary(kind),
            1 => MethodChange::Remove(kind),
            2 => MethodChange::RemovePhone(device),
            _ => MethodChange::RenamePhone(device, text("mine")),
        };
        (Command::ChangeMethods { page: self.on_page(prompt), change }, browser())
    }

    fn any_answer(&mut self, dice: &mut Dice, challenge: ChallengeId, device: DeviceId) -> Command {
        if dice.once_in(6)
            && let Some(again) = dice.pick(&self.answers.values().cloned().collect::<Vec<_>>())
        {
            return Command::Decide(Box::new(again));
        }
        let verdict = match dice.below(14) {
            0..=10 => Verdict::Approve,
            11 | 12 => Verdict::Deny,
            _ => Verdict::Fraud,
        };
        let number = match self.account.challenge(challenge).map(|challenge| &challenge.question) {
            Some(Question::ConfirmPairing { pairing }) => Some(transcript(&self.name_of(*pairing)).check_number()),
            Some(Question::Login(_)) => Some(self.right_number(challenge)),
            _ => None,
        };
        let number = number.filter(|_| verdict == Verdict::Approve);
        let number = if dice.once_in(3) { number.map(|number| wrong(&number)) } else { number };
        let answer = self.signed(device, challenge, verdict, number);
        self.answers.insert(answer.jti, answer.clone());
        Command::Decide(Box::new(answer))
    }

    fn any_knock(&self, dice: &mut Dice) -> Command {
        let name = format!("phone {}", if dice.once_in(3) { 0 } else { self.drawn });
        let invitation =
            self.account.invitations.first().map_or(InvitationId::from_bytes([0; 16]), |invitation| invitation.id);
        let door = match dice.below(6) {
            0 => Door::Login { name: login_name() },
            1 | 2 => {
                let t = Bytes::new(*invitation.as_bytes());
                let k = self.keys.link_secret(invitation);
                Door::Link { invitation, mac: link_mac(&k, &signer().server_id, &t, &commitment(&name)) }
            }
            3 => Door::Code { name: login_name(), code: self.keys.koppelcode(InvitationId::from_bytes([99; 16])) },
            _ => Door::Code { name: login_name(), code: self.keys.koppelcode(invitation) },
        };
        Command::StartPairing(Box::new(self.knock_at(&name, door)))
    }

    fn any_receipts(&self, dice: &mut Dice, challenge: ChallengeId, device: DeviceId) -> Command {
        let kind = dice.pick(&[ReceiptKind::Arrived, ReceiptKind::Shown]).unwrap_or(ReceiptKind::Arrived);
        let seq = self.newest(challenge).0;
        let mut receipts =
            vec![Receipt::Challenge(ChallengeReceipt { cid: challenge, seq, kind, alert: None, road: Road::Live })];
        if let Some(notice) = dice.pick(&self.account.notices) {
            receipts.push(Receipt::Notice(NoticeReceipt { nid: notice.id, kind: ReceiptKind::Arrived }));
        }
        Command::Receive { device, receipts }
    }

    fn holder(&self, dice: &mut Dice, challenge: ChallengeId) -> Holder {
        let login = self.account.challenge(challenge).and_then(|challenge| challenge.login());
        match login.and_then(|login| login.prompt) {
            Some(prompt) => Holder::Page { prompt, cookie: cookie(self.session_of_prompt(prompt)), terms: terms() },
            None => Holder::Panel { terms: terms(), v: self.v_of(dice, challenge) },
        }
    }

    fn v_of(&self, dice: &mut Dice, challenge: ChallengeId) -> Secret<32> {
        let login = self.account.challenge(challenge).and_then(|challenge| challenge.login());
        match login {
            Some(login) if !dice.once_in(8) => v(session_of(&login.binding)),
            _ => v(77),
        }
    }

    fn session_of_prompt(&self, prompt: PromptId) -> u8 {
        self.account.prompt(prompt).map_or(0, |prompt| session_of(&prompt.binding))
    }

    fn name_of(&self, pairing: PairingId) -> String {
        let m2 = self.account.pairing(pairing).map(|pairing| pairing.m2.to_string());
        m2.and_then(|m2| m2.strip_prefix("m2 for ").map(str::to_owned)).unwrap_or_default()
    }
}

fn any_contacts(dice: &mut Dice) -> PutContacts {
    let numbers = ["+31612345678", "+31687654321"].map(|number| Some(number.parse().ok()));
    let addresses = ["anna@example.nl", "jan@example.nl"].map(|address| Some(address.parse().into_iter().collect()));
    PutContacts {
        mobile: dice.pick(&[None, Some(None), numbers[0].clone(), numbers[1].clone()]).flatten(),
        mobile_verified: None,
        mail: dice.pick(&[None, Some(Vec::new()), addresses[0].clone(), addresses[1].clone()]).flatten(),
    }
}

fn session_of(binding_: &Bytes<32>) -> u8 {
    (0..=16).find(|session| binding(*session) == *binding_).unwrap_or(0)
}
