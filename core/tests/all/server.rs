//! A model of a server: everything a phone talks to, with none of a server's cares. What it did is its history.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use koppel_core::Answer;
use koppel_protocol::{
    Bytes, Digits, Envelope, Identity, KeyVersion, Koppelcode, Nonce, Origin, PairingLink, Problem, Secret, ServerId,
    SigningKey,
    activation::Activation,
    challenge::{Challenge, Context, Login, NewDevice, Purpose, RelyingParty, Subject, User},
    decision::{Decision, Verdict},
    device_proof::{DeviceProof, Request},
    hash::sha256,
    id::{ChallengeId, DeviceId, NoticeId, PairingId, RelyingPartyId},
    identity, jws,
    jws::Unverified,
    live::{PhoneFrame, ServerFrame},
    nonce::NonceKey,
    notice::{Notice, NoticeKind},
    pairing::{Commitment, Door, Introduction, PairingOffer, PairingRequest, Reveal, Transcript, verify_link_mac},
    phone_api::{self, ChallengeState, DecisionAnswer, Ended, PairingState, PairingStatus, Receipt, RevealAnswer},
};
use serde::Serialize;

use crate::fixtures::{Curve, text};

/// What a phone sends.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) proof: Option<String>,
}

/// What the server did, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    Revealed(PairingId),
    Activated(DeviceId),
    Decided { cid: ChallengeId, device: DeviceId, verdict: Verdict },
    Received(Receipt),
}

pub(crate) struct Invitation {
    pub(crate) user: String,
    pub(crate) link: PairingLink,
    pub(crate) code: Koppelcode,
    pub(crate) used: bool,
    pub(crate) transcripts: u32,
}

pub(crate) struct Pairing {
    pub(crate) user: String,
    commitment: Commitment,
    m2: String,
    invitation: Option<usize>,
    pub(crate) m3: Option<(Vec<u8>, RevealAnswer)>,
    pub(crate) transcript: Option<Transcript>,
    pub(crate) state: PairingState,
    pub(crate) tries_left: u32,
    pub(crate) until: u64,
}

pub(crate) struct Device {
    pub(crate) user: String,
    pub(crate) introduction: Introduction,
    pub(crate) active: bool,
    pub(crate) revoked: bool,
    pub(crate) answered_activation: bool,
}

pub(crate) struct Posed {
    pub(crate) user: String,
    pub(crate) state: ChallengeState,
    pub(crate) seq: u32,
    pub(crate) expires_at: u64,
    pub(crate) number: Digits,
    pub(crate) tries_left: u32,
    pub(crate) subject: Subject,
    pub(crate) messages: BTreeMap<(DeviceId, u32), String>,
}

pub(crate) struct Server {
    pub(crate) now_ms: i64,
    pub(crate) origin: Origin,
    pub(crate) curve: Curve,
    pub(crate) identity: Identity,
    pub(crate) chain: Vec<String>,
    key: Arc<dyn SigningKey>,
    nonces: NonceKey,
    pub(crate) epoch: u64,
    pub(crate) invitations: Vec<Invitation>,
    pub(crate) passwords: BTreeMap<String, String>,
    m1s: BTreeMap<Bytes<32>, PairingId>,
    pub(crate) pairings: BTreeMap<PairingId, Pairing>,
    pub(crate) devices: BTreeMap<DeviceId, Device>,
    pub(crate) challenges: BTreeMap<ChallengeId, Posed>,
    notices: Vec<(DeviceId, NoticeId, Envelope, bool)>,
    /// What was signed, and what was answered: status and body.
    pub(crate) decisions: BTreeMap<(DeviceId, Bytes<16>), Recorded>,
    proofs: BTreeSet<Bytes<16>>,
    pub(crate) locked: BTreeSet<String>,
    /// How many more questions about a challenge are too soon.
    pub(crate) sheds: u32,
    pub(crate) history: Vec<Fact>,
    pub(crate) channels: BTreeMap<u64, Channel>,
    pub(crate) pushed: Vec<(u64, String)>,
}

pub(crate) struct Channel {
    nonce: Nonce,
    device: Option<DeviceId>,
}

/// The seconds after which a question that came too soon may be asked again.
pub(crate) const SHEDS_FOR_S: u64 = 5;

type Recorded = (Bytes<32>, (u16, Vec<u8>));

pub(crate) type Said = Result<Vec<u8>, (Problem, Option<u32>)>;

impl Server {
    pub(crate) fn new(host: &str, curve: Curve) -> Self {
        let key = curve.signing_key();
        let first = identity::first_link(key.as_ref()).unwrap().to_string();
        let identity = Identity::verify_chain(curve.crypto.as_ref(), &[&first]).unwrap();
        let nonces = NonceKey::new(Secret::new(curve.roll()));
        Self {
            now_ms: 1_800_000_000_000,
            origin: host.parse().unwrap(),
            curve,
            identity,
            chain: vec![first],
            key,
            nonces,
            epoch: 1,
            invitations: Vec::new(),
            passwords: BTreeMap::new(),
            m1s: BTreeMap::new(),
            pairings: BTreeMap::new(),
            devices: BTreeMap::new(),
            challenges: BTreeMap::new(),
            notices: Vec::new(),
            decisions: BTreeMap::new(),
            proofs: BTreeSet::new(),
            locked: BTreeSet::new(),
            sheds: 0,
            history: Vec::new(),
            channels: BTreeMap::new(),
            pushed: Vec::new(),
        }
    }

    pub(crate) fn now_s(&self) -> u64 {
        (self.now_ms / 1_000) as u64
    }

    pub(crate) fn id(&self) -> ServerId {
        self.identity.server_id
    }

    /// Goes over to a new identity key, signed by the old one.
    pub(crate) fn rotate(&mut self) {
        let next = self.curve.signing_key();
        self.chain.push(identity::next_link(&self.identity, self.key.as_ref(), &next.public()).unwrap().to_string());
        self.identity = self.identity.advance(self.curve.crypto.as_ref(), &self.chain).unwrap();
        self.key = next;
    }

    fn roll<const N: usize>(&self) -> [u8; N] {
        self.curve.roll()
    }

    pub(crate) fn sign<C: jws::Claims<Kid = KeyVersion>>(&self, claims: &C) -> String {
        jws::sign(claims, &self.identity.version, self.key.as_ref()).unwrap().to_string()
    }

    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).unwrap()
    }

    pub(crate) fn invite(&mut self, user: &str) -> usize {
        let link = PairingLink {
            origin: self.origin.clone(),
            server_id: self.id(),
            t: Bytes::new(self.roll()),
            k: Secret::new(self.roll()),
            tls_pin: None,
        };
        let code = Koppelcode::from_bytes(&self.roll());
        self.invitations.push(Invitation { user: user.into(), link, code, used: false, transcripts: 0 });
        self.invitations.len() - 1
    }

    /// The confirmer types a check number.
    pub(crate) fn confirm(&mut self, pid: PairingId, number: &str) -> bool {
        let pairing = self.pairings.get_mut(&pid).unwrap();
        let right = pairing.transcript.unwrap().check_number().expose() == number;
        if pairing.state != PairingState::Pending {
            return false;
        }
        let device = pairing.m3.as_ref().unwrap().1.device;
        if right {
            pairing.state = PairingState::Active;
            self.devices.get_mut(&device).unwrap().active = true;
            self.history.push(Fact::Activated(device));
        } else {
            pairing.tries_left -= 1;
            if pairing.tries_left == 0 {
                pairing.state = PairingState::Refused;
                self.devices.get_mut(&device).unwrap().revoked = true;
            }
        }
        right
    }

    /// The newest pairing: the one that ends last.
    pub(crate) fn pid(&self) -> PairingId {
        *self.pairings.iter().max_by_key(|(_, pairing)| pairing.until).expect("a pairing").0
    }

    pub(crate) fn login(&self, panel: &str) -> Login {
        Login {
            rp: RelyingParty {
                id: RelyingPartyId::from_bytes([7; 16]),
                name: text(panel),
                origin: text("https://panel.example.org"),
            },
            bind: Bytes::new([9; 32]),
            purpose: Purpose::Login,
            context: Context {
                ip: "192.0.2.7".parse().unwrap(),
                place: None,
                browser: text("Firefox on Linux"),
                time: self.now_s(),
                page_ip: None,
            },
        }
    }

    /// Asks every phone of a user: the first delivery of a challenge.
    pub(crate) fn pose(&mut self, cid: ChallengeId, user: &str, subject: Subject) {
        let number = "314159".parse().unwrap();
        let posed = Posed {
            user: user.into(),
            state: ChallengeState::Pending,
            seq: 0,
            expires_at: 0,
            number,
            tries_left: 3,
            subject,
            messages: BTreeMap::new(),
        };
        self.challenges.insert(cid, posed);
        self.deliver_again(cid);
    }

    pub(crate) fn pose_code(&mut self, cid: ChallengeId, user: &str, code: &str) {
        let (login, code) = (self.login("Example Panel"), code.parse().unwrap());
        self.pose(cid, user, Subject::Code { login, code });
    }

    pub(crate) fn pose_number(&mut self, cid: ChallengeId, user: &str) {
        let login = self.login("Example Panel");
        self.pose(cid, user, Subject::Number { login });
    }

    pub(crate) fn pose_confirm(&mut self, cid: ChallengeId, user: &str, pid: PairingId, name: &str) {
        let pairing = NewDevice {
            pid,
            name: text(name),
            platform: koppel_protocol::pairing::Platform::Android,
            approve_thumbprint: None,
            ip: "192.0.2.8".parse().unwrap(),
            place: None,
        };
        self.pose(cid, user, Subject::ConfirmPairing { pairing });
    }

    /// The next delivery.
    pub(crate) fn deliver_again(&mut self, cid: ChallengeId) {
        let (now, nonce) = (self.now_s(), self.nonces.issue(self.epoch, self.now_s()));
        let posed = self.challenges.get_mut(&cid).unwrap();
        if posed.state != ChallengeState::Pending {
            return;
        }
        posed.seq += 1;
        posed.expires_at = now + 120;
        let (seq, subject, user) = (posed.seq, posed.subject.clone(), posed.user.clone());
        let to: Vec<_> = self
            .devices
            .iter()
            .filter(|(_, device)| device.active && !device.revoked && device.user == user)
            .map(|(id, _)| *id)
            .collect();
        for dev in to {
            let claims = Challenge {
                cid,
                seq,
                dev,
                server_id: self.id(),
                version: self.identity.version,
                iat: now,
                exp: now + 120,
                nonce,
                user: User { id: text(&user), name: text(&user) },
                subject: subject.clone(),
            };
            let message = self.sign(&claims);
            let envelope = self.seal(dev, &message);
            self.challenges.get_mut(&cid).unwrap().messages.insert((dev, seq), message);
            self.push(dev, &ServerFrame::Challenge { cid, seq, envelope });
        }
    }

    pub(crate) fn seal(&self, device: DeviceId, message: &str) -> Envelope {
        let introduction = &self.devices[&device].introduction;
        Envelope::seal(self.curve.crypto.as_ref(), &introduction.seal.spki, &introduction.auth, message).unwrap()
    }

    pub(crate) fn notify(&mut self, device: DeviceId, number: u8, kind: NoticeKind) {
        let nid = NoticeId::from_bytes([number; 16]);
        let notice = Notice { nid, dev: device, kind, at: self.now_s(), detail: text("Pixel 8") };
        let envelope = self.seal(device, &self.sign(&notice));
        self.notices.push((device, nid, envelope.clone(), false));
        self.push(device, &ServerFrame::Notice { nid, envelope });
    }

    fn push(&mut self, device: DeviceId, frame: &ServerFrame) {
        let frame = serde_json::to_string(frame).unwrap();
        let open = self.channels.iter().filter(|(_, channel)| channel.device == Some(device)).map(|(id, _)| *id);
        self.pushed.extend(open.map(|id| (id, frame.clone())));
    }

    /// Ends a challenge, and says so.
    pub(crate) fn end(&mut self, cid: ChallengeId, state: ChallengeState) {
        let posed = self.challenges.get_mut(&cid).unwrap();
        if posed.state.is_final() || (posed.state == ChallengeState::Approved && state != ChallengeState::Consumed) {
            return;
        }
        posed.state = state;
        let seq = posed.seq;
        let user = posed.user.clone();
        let to: Vec<_> = self.devices.iter().filter(|(_, device)| device.user == user).map(|(id, _)| *id).collect();
        for device in to {
            self.push(device, &ServerFrame::Ended { cid, seq, state });
        }
    }

    fn expire(&mut self) {
        let now = self.now_s();
        let over: Vec<_> = self
            .challenges
            .iter()
            .filter(|(_, posed)| posed.state == ChallengeState::Pending && now >= posed.expires_at)
            .map(|(cid, _)| *cid)
            .collect();
        for cid in over {
            self.end(cid, ChallengeState::Expired);
        }
        for pairing in self.pairings.values_mut().filter(|pairing| pairing.m3.is_some() && now >= pairing.until) {
            if pairing.state == PairingState::Pending {
                pairing.state = PairingState::Expired;
            }
        }
    }

    /// Lets time pass.
    pub(crate) fn at(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        self.expire();
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, sent: &Sent) -> Answer {
        self.expire();
        let said = self.route(sent);
        let nonce = Some(self.nonces.issue(self.epoch, self.now_s()).to_string());
        let (status, retry_after, body) = match said {
            Ok(body) => (200, None, body),
            Err((problem, tries_left)) => {
                let retry_after = (problem == Problem::TooSoon).then_some(SHEDS_FOR_S);
                let body = koppel_protocol::problem::ProblemBody { tries_left, ..problem.body("") };
                (problem.status(), retry_after, serde_json::to_vec(&body).unwrap())
            }
        };
        Answer { status, nonce, time_ms: Some(self.now_ms), retry_after, body, sent_at: 0 }
    }

    fn route(&mut self, sent: &Sent) -> Said {
        let path = sent.path.as_str();
        if path == phone_api::WELL_KNOWN {
            return said(&phone_api::WellKnown {
                server_id: self.id(),
                version: self.identity.version,
                chain: self.chain.clone(),
                organisation: text("Example"),
                nonce: self.nonces.issue(self.epoch, self.now_s()),
                time: self.now_ms as u64,
            });
        }
        if path == phone_api::PAIRINGS {
            return self.knock(&sent.body);
        }
        if path == phone_api::DECISIONS {
            return self.decide(&sent.body);
        }
        if let Some(pid) = inside(path, "/d/v1/pairings/", "/reveal") {
            return self.reveal(pid.parse().unwrap(), &sent.body);
        }
        let device = self.prove(sent)?;
        if let Some(pid) = inside(path, "/d/v1/pairings/", "/status") {
            return self.status(pid.parse().unwrap(), device);
        }
        let known = self.devices.get_mut(&device).unwrap();
        if known.revoked {
            return Err((Problem::DeviceRevoked, None));
        }
        if !known.active {
            return Err((Problem::DevicePending, None));
        }
        known.answered_activation = true;
        match path {
            phone_api::INBOX => self.inbox(device, &sent.body),
            phone_api::RECEIPTS => {
                let receipts: phone_api::Receipts = serde_json::from_slice(&sent.body).unwrap();
                self.receive(device, receipts.receipts);
                Ok(Vec::new())
            }
            phone_api::UNLOCK => self.unlock(device),
            phone_api::TEST => {
                said(&phone_api::TestAnswer { time: self.now_ms as u64, cid: ChallengeId::from_bytes([0xee; 16]) })
            }
            phone_api::DEVICES => {
                self.devices.get_mut(&device).unwrap().revoked = true;
                Ok(Vec::new())
            }
            _ => self.state(inside(path, "/d/v1/challenges/", "").unwrap().parse().unwrap(), device),
        }
    }

    fn prove(&mut self, sent: &Sent) -> Result<DeviceId, (Problem, Option<u32>)> {
        let header = sent.proof.as_ref().ok_or((Problem::UseNonce, None))?;
        let proof = DeviceProof::parse(header).map_err(|_| (Problem::Unauthenticated, None))?;
        self.nonces.check(self.epoch, proof.nonce(), self.now_s()).map_err(|_| (Problem::UseNonce, None))?;
        let device = self.devices.get(&proof.device()).ok_or((Problem::Unauthenticated, None))?;
        let proof = proof
            .verify(self.curve.crypto.as_ref(), &device.introduction.id.spki)
            .map_err(|_| (Problem::Unauthenticated, None))?;
        let request = Request { server_id: &self.id(), method: sent.method, path: &sent.path, body: &sent.body };
        let proven = proof.matches(request).map_err(|_| (Problem::Unauthenticated, None))?;
        if !self.proofs.insert(proven.jti) {
            return Err((Problem::Unauthenticated, None));
        }
        Ok(proven.device)
    }

    fn knock(&mut self, body: &[u8]) -> Said {
        let c = PairingRequest::hash(body);
        if let Some(pid) = self.m1s.get(&c) {
            return said(&phone_api::PairingAnswer { m2: self.pairings[pid].m2.clone() });
        }
        let m1 = PairingRequest::from_body(body).map_err(|_| (Problem::InvalidField, None))?;
        let id = self.id();
        let place = self.invitations.iter().position(|invitation| match &m1.door {
            Door::Link { t, mac } => {
                invitation.link.t == *t && verify_link_mac(&invitation.link.k, &id, t, &m1.commitment, mac)
            }
            Door::Code { user, code } => invitation.user == user.as_str() && invitation.code == *code,
            Door::Login { .. } => false,
        });
        let user = match (&m1.door, place) {
            (Door::Login { user, password }, _) => {
                let right = self.passwords.get(user.as_str()).is_some_and(|known| known == password.expose());
                right.then(|| user.to_string()).ok_or((Problem::WrongCode, None))?
            }
            (_, Some(place)) => {
                let invitation = &mut self.invitations[place];
                if invitation.used {
                    return Err((Problem::CodeUsed, None));
                }
                if invitation.transcripts == 3 {
                    return Err((Problem::TooManyTries, None));
                }
                invitation.transcripts += 1;
                invitation.user.clone()
            }
            _ => return Err((Problem::WrongCode, None)),
        };
        let pid = PairingId::from_bytes(self.roll());
        let offer = PairingOffer {
            pid,
            c,
            server_id: id,
            version: self.identity.version,
            rs: Bytes::new(self.roll()),
            organisation: text("Example"),
            host: self.origin.host().clone(),
            account: text(&user),
            exp: self.now_s() + 600,
            nonce: self.nonces.issue(self.epoch, self.now_s()),
        };
        let m2 = self.sign(&offer);
        self.m1s.insert(c, pid);
        let pairing = Pairing {
            user,
            commitment: m1.commitment,
            m2: m2.clone(),
            invitation: place,
            m3: None,
            transcript: None,
            state: PairingState::Pending,
            tries_left: 3,
            until: offer.exp,
        };
        self.pairings.insert(pid, pairing);
        said(&phone_api::PairingAnswer { m2 })
    }

    fn reveal(&mut self, pid: PairingId, body: &[u8]) -> Said {
        let pairing = self.pairings.get_mut(&pid).ok_or((Problem::NotFound, None))?;
        if let Some((m3, answer)) = &pairing.m3 {
            return if m3 == body { said(answer) } else { Err((Problem::CodeUsed, None)) };
        }
        let now = (self.now_ms / 1_000) as u64;
        if now >= pairing.until {
            return Err((Problem::Expired, None));
        }
        let m3: Reveal = serde_json::from_slice(body).map_err(|_| (Problem::InvalidField, None))?;
        let m2 = Unverified::<PairingOffer>::parse(&pairing.m2).unwrap();
        let opened = m3
            .open(self.curve.crypto.as_ref(), &pairing.commitment, m2.signing_input())
            .map_err(|_| (Problem::InvalidField, None))?;
        if let Some(place) = pairing.invitation {
            if self.invitations[place].used {
                return Err((Problem::CodeUsed, None));
            }
            self.invitations[place].used = true;
        }
        let device = DeviceId::from_bytes(self.curve.roll());
        let nonce = self.nonces.issue(self.epoch, now);
        let answer = RevealAnswer { device, until: now + 600, nonce };
        pairing.until = answer.until;
        pairing.transcript = Some(opened.transcript);
        pairing.m3 = Some((body.to_vec(), answer.clone()));
        let user = pairing.user.clone();
        let introduction = opened.introduction;
        self.devices
            .insert(device, Device { user, introduction, active: false, revoked: false, answered_activation: false });
        self.history.push(Fact::Revealed(pid));
        said(&answer)
    }

    fn status(&mut self, pid: PairingId, device: DeviceId) -> Said {
        let pairing = self.pairings.get(&pid).ok_or((Problem::NotFound, None))?;
        let (state, tries_left, until) = (pairing.state, pairing.tries_left, pairing.until);
        let transcript = pairing.transcript.unwrap();
        let envelope = (state == PairingState::Active).then(|| self.seal(device, &self.activation(transcript, device)));
        said(&PairingStatus { state, tries_left, until, envelope })
    }

    pub(crate) fn activation(&self, transcript: Transcript, device: DeviceId) -> String {
        self.sign(&Activation { transcript, device, server_id: self.id(), version: self.identity.version })
    }

    fn inbox(&mut self, device: DeviceId, body: &[u8]) -> Said {
        let request: phone_api::InboxRequest = serde_json::from_slice(body).unwrap();
        self.receive(device, request.receipts);
        let mut inbox = phone_api::Inbox::default();
        for (cid, posed) in &self.challenges {
            match posed.messages.get(&(device, posed.seq)) {
                Some(message) if posed.state == ChallengeState::Pending => {
                    inbox.challenges.push(phone_api::WaitingChallenge {
                        cid: *cid,
                        seq: posed.seq,
                        envelope: self.seal(device, message),
                    })
                }
                Some(_) => inbox.ended.push(Ended { cid: *cid, seq: posed.seq, state: posed.state }),
                None => {}
            }
        }
        for (to, nid, envelope, received) in &self.notices {
            if *to == device && !received {
                inbox.notices.push(phone_api::WaitingNotice { nid: *nid, envelope: envelope.clone() });
            }
        }
        said(&inbox)
    }

    fn receive(&mut self, device: DeviceId, receipts: Vec<Receipt>) {
        for receipt in receipts {
            if let Receipt::Notice(notice) = &receipt {
                let mine =
                    |(to, nid, ..): &&mut (DeviceId, NoticeId, Envelope, bool)| *to == device && *nid == notice.nid;
                self.notices.iter_mut().filter(mine).for_each(|(.., received)| *received = true);
            }
            self.history.push(Fact::Received(receipt));
        }
    }

    fn unlock(&mut self, device: DeviceId) -> Said {
        let user = self.devices[&device].user.clone();
        if !self.locked.contains(&user) {
            return Err((Problem::VersionConflict, None));
        }
        let cid = ChallengeId::from_bytes(self.roll());
        self.pose(cid, &user, Subject::Unlock);
        let message = &self.challenges[&cid].messages[&(device, 1)];
        said(&phone_api::WaitingChallenge { cid, seq: 1, envelope: self.seal(device, message) })
    }

    fn state(&mut self, cid: ChallengeId, device: DeviceId) -> Said {
        if self.sheds > 0 {
            self.sheds -= 1;
            return Err((Problem::TooSoon, None));
        }
        let posed = self.challenges.get(&cid).ok_or((Problem::NotFound, None))?;
        let message = posed.messages.get(&(device, posed.seq)).filter(|_| posed.state == ChallengeState::Pending);
        said(&phone_api::ChallengeAnswer {
            cid,
            seq: posed.seq,
            state: posed.state,
            expires_at: posed.expires_at,
            envelope: message.map(|message| self.seal(device, message)),
        })
    }

    fn decide(&mut self, body: &[u8]) -> Said {
        let jws = std::str::from_utf8(body).map_err(|_| (Problem::InvalidRequest, None))?;
        let decision = Unverified::<Decision>::parse(jws).map_err(|_| (Problem::InvalidRequest, None))?;
        let claims = decision.unverified().clone();
        let device = self.devices.get(&claims.dev).ok_or((Problem::Unauthenticated, None))?;
        let key = match claims.dec {
            Verdict::Approve => device.introduction.approve.as_ref().map(|key| key.spki),
            Verdict::Deny | Verdict::Fraud => Some(device.introduction.id.spki),
        };
        let user = device.user.clone();
        let decision = decision
            .verify(self.curve.crypto.as_ref(), &key.ok_or((Problem::Unauthenticated, None))?)
            .map_err(|_| (Problem::Unauthenticated, None))?;
        let (known, hash) = ((claims.dev, claims.jti), decision.signing_hash());
        if let Some((recorded, (status, answer))) = self.decisions.get(&known) {
            if *recorded != hash {
                return Err((Problem::IdempotencyMismatch, None));
            }
            return match status {
                200 => Ok(answer.clone()),
                _ => Err(serde_json::from_slice::<koppel_protocol::problem::ProblemBody>(answer)
                    .map(|body| (body.problem, body.tries_left))
                    .unwrap()),
            };
        }
        let verdict = self.judge(&claims, &user);
        let recorded = match &verdict {
            Ok(answer) => (200, answer.clone()),
            Err((problem, tries_left)) => {
                let body = koppel_protocol::problem::ProblemBody { tries_left: *tries_left, ..problem.body("") };
                (problem.status(), serde_json::to_vec(&body).unwrap())
            }
        };
        self.decisions.insert(known, (hash, recorded));
        verdict
    }

    fn judge(&mut self, claims: &Decision, user: &str) -> Said {
        let posed = self.challenges.get_mut(&claims.cid).ok_or((Problem::NotFound, None))?;
        let message = posed.messages.get(&(claims.dev, claims.seq)).ok_or((Problem::NotFound, None))?;
        if sha256(message.as_bytes()) != claims.ch || claims.aud != self.identity.server_id {
            return Err((Problem::NotFound, None));
        }
        let state = match claims.dec {
            Verdict::Approve => {
                if self.locked.contains(user) && posed.subject != Subject::Unlock {
                    return Err((Problem::AccountLocked, None));
                }
                match posed.state {
                    ChallengeState::Pending => {}
                    ChallengeState::Expired => return Err((Problem::Expired, None)),
                    _ => return Err((Problem::AlreadyDecided, None)),
                }
                if claims.seq != posed.seq {
                    return Err((Problem::Superseded, None));
                }
                if posed.subject != Subject::Unlock && claims.num.as_ref() != Some(&posed.number) {
                    posed.tries_left -= 1;
                    let left = posed.tries_left;
                    if left == 0 {
                        self.end(claims.cid, ChallengeState::Failed);
                    }
                    return Err((Problem::WrongNumber, Some(left)));
                }
                if posed.subject == Subject::Unlock {
                    self.locked.remove(user);
                }
                ChallengeState::Approved
            }
            Verdict::Deny => match posed.state {
                ChallengeState::Pending => ChallengeState::Denied,
                ChallengeState::Expired => return Err((Problem::Expired, None)),
                _ => return Err((Problem::AlreadyDecided, None)),
            },
            Verdict::Fraud => {
                self.locked.insert(user.to_owned());
                if posed.state == ChallengeState::Approved {
                    posed.state = ChallengeState::Pending;
                }
                ChallengeState::Fraud
            }
        };
        self.end(claims.cid, state);
        self.history.push(Fact::Decided { cid: claims.cid, device: claims.dev, verdict: claims.dec });
        said(&DecisionAnswer { outcome: claims.dec.into(), cid: claims.cid })
    }

    /// A channel was opened: the hello.
    pub(crate) fn open_channel(&mut self, id: u64) {
        let nonce = self.nonces.issue(self.epoch, self.now_s());
        self.channels.insert(id, Channel { nonce, device: None });
        self.pushed.push((id, serde_json::to_string(&ServerFrame::Hello { nonce }).unwrap()));
    }

    /// A frame of the phone came; false: the channel is closed for it.
    pub(crate) fn frame(&mut self, id: u64, frame: &str) -> bool {
        let Some(channel) = self.channels.get(&id) else { return false };
        match serde_json::from_str(frame).unwrap() {
            PhoneFrame::Proof { proof } => {
                let nonce = channel.nonce;
                let sent =
                    Sent { method: "GET", path: phone_api::LIVE.into(), body: Vec::new(), proof: Some(proof.clone()) };
                let answers = DeviceProof::parse(&proof).is_ok_and(|proof| *proof.nonce() == nonce);
                let Some(device) = self.prove(&sent).ok().filter(|_| answers) else { return false };
                let known = &self.devices[&device];
                if !known.active || known.revoked {
                    return false;
                }
                self.devices.get_mut(&device).unwrap().answered_activation = true;
                self.channels.retain(|other, channel| *other == id || channel.device != Some(device));
                self.channels.get_mut(&id).unwrap().device = Some(device);
                let inbox: phone_api::Inbox = serde_json::from_slice(&self.inbox(device, b"{}").unwrap()).unwrap();
                let challenges = inbox.challenges.into_iter().map(|waiting| ServerFrame::Challenge {
                    cid: waiting.cid,
                    seq: waiting.seq,
                    envelope: waiting.envelope,
                });
                let ended =
                    inbox.ended.into_iter().map(|Ended { cid, seq, state }| ServerFrame::Ended { cid, seq, state });
                let notices = inbox
                    .notices
                    .into_iter()
                    .map(|waiting| ServerFrame::Notice { nid: waiting.nid, envelope: waiting.envelope });
                let nonce = ServerFrame::Nonce { nonce, time: self.now_ms as u64 };
                let frames = challenges.chain(ended).chain(notices).chain([nonce]);
                self.pushed.extend(frames.map(|frame| (id, serde_json::to_string(&frame).unwrap())));
            }
            PhoneFrame::Receipt { receipts } => {
                let Some(device) = channel.device else { return false };
                self.receive(device, receipts);
            }
        }
        true
    }
}

fn said(body: &impl Serialize) -> Said {
    Ok(serde_json::to_vec(body).unwrap())
}

fn inside<'a>(path: &'a str, before: &str, after: &str) -> Option<&'a str> {
    path.strip_prefix(before)?.strip_suffix(after)
}
