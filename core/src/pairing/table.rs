use koppel_protocol::{
    AgreementKey, Koppelcode, Nonce, Secret, SigningKey,
    activation::Activation,
    decision::UserVerification,
    identity, jws,
    pairing::{ApproveKey, HeldKey, KeyLevel},
    soft::SoftSigningKey,
};

use super::*;
use crate::{
    Toolbox,
    tables::{self, FOREIGN, Maker, Named, SERVER_S, Tools},
};

struct Stage {
    tools: Tools,
    server: SoftSigningKey,
    identity: Identity,
    chain: Vec<String>,
    id: SoftSigningKey,
    approve: SoftSigningKey,
}

fn pid() -> PairingId {
    PairingId::from_bytes([6; 16])
}

fn device() -> DeviceId {
    DeviceId::from_bytes([8; 16])
}

impl Stage {
    fn new() -> Self {
        let tools = Tools::default();
        let server = SoftSigningKey::generate(tools.crypto()).unwrap();
        let chain = vec![identity::first_link(&server).unwrap().to_string()];
        let identity = Identity::verify_chain(tools.crypto(), &chain).unwrap();
        let id = SoftSigningKey::generate(tools.crypto()).unwrap();
        let approve = SoftSigningKey::generate(tools.crypto()).unwrap();
        Self { tools, server, identity, chain, id, approve }
    }

    fn plan(&self, login: bool) -> Plan {
        let (origin, user) = ("https://koppel.example.org".parse().unwrap(), Text::clean("anna"));
        let invitation = match login {
            true => Invitation::Login { origin, user, password: "correct horse".parse().unwrap() },
            false => Invitation::Koppelcode { origin, user, code: Koppelcode::from_bytes(&[1; 5]) },
        };
        Plan {
            invitation,
            device_name: Text::clean("Pixel 8"),
            platform: koppel_protocol::pairing::Platform::Terminal,
            approvals: true,
            known: None,
        }
    }

    fn keys(&self, approvals: bool) -> NewKeys {
        let level = KeyLevel::Software;
        NewKeys {
            id: HeldKey { spki: self.id.public(), level },
            seal: HeldKey { spki: self.tools.seal.public(), level },
            auth: Secret::new([7; 16]),
            approve: approvals.then(|| ApproveKey { spki: self.approve.public(), level, uv: UserVerification::Pin }),
        }
    }

    fn m2(&self, m1: &Hidden, host: &str) -> String {
        let offer = PairingOffer {
            pid: pid(),
            c: PairingRequest::hash(m1.expose().as_bytes()),
            server_id: self.identity.server_id,
            version: self.identity.version,
            rs: Bytes::new([2; 32]),
            organisation: Text::clean("Example"),
            host: host.parse().unwrap(),
            account: Text::clean("anna"),
            exp: SERVER_S + 600,
            nonce: Nonce::from_bytes([3; 24]),
        };
        jws::sign(&offer, &offer.version, &self.server).unwrap().to_string()
    }

    fn activation(&self, transcript: Transcript) -> String {
        let activation = Activation {
            transcript,
            device: device(),
            server_id: self.identity.server_id,
            version: self.identity.version,
        };
        jws::sign(&activation, &activation.version, &self.server).unwrap().to_string()
    }

    fn step(&self, machine: &mut Pairing, event: Event, later_ms: u64) -> Result<Vec<Effect>, Refused> {
        machine.handle(event, &mut Attempts::default(), &mut tables::moment(&self.tools, &mut 500, later_ms))
    }

    fn signature(&self, machine: &Pairing, approve: bool) -> (Generation, Vec<u8>) {
        let Step::Proving(proving) = &machine.step else { return (FOREIGN, vec![0; 64]) };
        let (pop, key) = match approve {
            true => (proving.approve.as_ref().unwrap(), &self.approve),
            false => (&proving.id, &self.id),
        };
        (pop.order, key.sign(&pop.payload()).unwrap().to_vec())
    }

    fn states(&self) -> Vec<Named<Pairing>> {
        let begin = |login| {
            Pairing::begin(self.plan(login), &Attempts::default(), &mut tables::moment(&self.tools, &mut 0, 0))
                .unwrap()
                .0
        };
        let next = |machine: &Pairing, event: Event| {
            let mut machine = machine.clone();
            self.step(&mut machine, event, 0).unwrap();
            machine
        };
        let greeting = begin(false);
        let good = |machine: &Pairing| Event::Identified { order: own(machine), said: Said::Yes(self.chain.clone()) };
        let made = |machine: &Pairing| Event::KeysMade { order: own(machine), keys: self.keys(true) };
        let making = next(&greeting, good(&greeting));
        let committed = next(&making, made(&making));
        let login = begin(true);
        let login = next(&login, good(&login));
        let login = next(&login, made(&login));
        let offered = next(&committed, self.offered(&committed, "koppel.example.org"));
        let proving = next(&offered, Event::Accept);
        let (order, signature) = self.signature(&proving, false);
        let half = next(&proving, Event::Signed { order, signature });
        let (order, signature) = self.signature(&half, true);
        let revealing = next(&half, Event::Signed { order, signature });
        let awaiting = next(&revealing, revealed(&revealing));
        let mut asked = awaiting.clone();
        let effects = self.step(&mut asked, Event::Tick, 2_000).unwrap();
        assert!(matches!(effects[..], [Effect::Status { .. }]));
        let over = next(&awaiting, Event::Decline);
        let restored = |machine: &Pairing| Pairing::resume(machine.stored().unwrap()).unwrap();
        vec![
            ("greeting", greeting),
            ("making keys", making),
            ("committed by koppelcode", committed.clone()),
            ("committed by login", login),
            ("offered", offered.clone()),
            ("proving", proving),
            ("proving, id signed", half),
            ("revealing", revealing.clone()),
            ("awaiting", awaiting.clone()),
            ("awaiting, status asked", asked),
            ("over", over),
            ("restored, committed", restored(&committed)),
            ("restored, offered", restored(&offered)),
            ("restored, revealing", restored(&revealing)),
            ("restored, awaiting", restored(&awaiting)),
        ]
    }

    fn offered(&self, machine: &Pairing, host: &str) -> Event {
        let m1 = match &machine.step {
            Step::Committed(committed) => committed.m1.clone(),
            _ => Hidden::from(""),
        };
        Event::Offered { order: own(machine), said: Said::Yes(PairingAnswer { m2: self.m2(&m1, host) }) }
    }
}

/// An order that the state awaits.
fn own(machine: &Pairing) -> Generation {
    let retry = |retry: &Retry| (0..1_000).find(|order| retry.awaits(*order)).unwrap_or(FOREIGN);
    match &machine.step {
        Step::Greeting { order, .. } | Step::MakingKeys { order, .. } => *order,
        Step::Committed(committed) => retry(&committed.retry),
        Step::Revealing(revealing) => retry(&revealing.retry),
        Step::Awaiting(awaiting) => retry(&awaiting.retry),
        Step::Proving(proving) => proving.id.order,
        Step::Offered(_) | Step::Over => FOREIGN,
    }
}

fn revealed(machine: &Pairing) -> Event {
    let answer = RevealAnswer { device: device(), until: SERVER_S + 600, nonce: Nonce::from_bytes([4; 24]) };
    Event::Revealed { order: own(machine), said: Said::Yes(answer) }
}

fn no<T>(problem: Problem) -> Said<T> {
    Said::No(Refusal { status: problem.status(), problem: Some(problem), ..Refusal::default() })
}

fn later<T>() -> Said<T> {
    Said::Later { retry_after_s: None, trouble: Trouble::NoConnection }
}

fn transcript(machine: &Pairing) -> Transcript {
    match &machine.step {
        Step::Awaiting(awaiting) => awaiting.transcript,
        _ => Transcript::from_bytes([0; 32]),
    }
}

fn events(stage: &Arc<Stage>) -> Vec<Named<Maker<Pairing, Event>>> {
    let always = |event: Event| -> Maker<Pairing, Event> { Box::new(move |_| event.clone()) };
    let with = |make: fn(&Stage, &Pairing) -> Event| -> Maker<Pairing, Event> {
        let stage = Arc::clone(stage);
        Box::new(move |machine| make(&stage, machine))
    };
    let status = |make: fn(&Stage, &Pairing) -> Said<PairingStatus>| -> Maker<Pairing, Event> {
        let stage = Arc::clone(stage);
        Box::new(move |machine| Event::Status { order: own(machine), said: make(&stage, machine) })
    };
    vec![
        (
            "identified",
            with(|stage, machine| Event::Identified { order: own(machine), said: Said::Yes(stage.chain.clone()) }),
        ),
        (
            "identified, another order",
            with(|stage, _| Event::Identified { order: FOREIGN, said: Said::Yes(stage.chain.clone()) }),
        ),
        (
            "identified, broken chain",
            with(|_, machine| Event::Identified { order: own(machine), said: Said::Yes(vec!["x".into()]) }),
        ),
        ("not identified", with(|_, machine| Event::Identified { order: own(machine), said: later() })),
        ("keys made", with(|stage, machine| Event::KeysMade { order: own(machine), keys: stage.keys(true) })),
        ("keys made, another order", with(|stage, _| Event::KeysMade { order: FOREIGN, keys: stage.keys(true) })),
        (
            "keys made, no approve key",
            with(|stage, machine| Event::KeysMade { order: own(machine), keys: stage.keys(false) }),
        ),
        ("keys failed", with(|_, machine| Event::KeysFailed { order: own(machine) })),
        ("offered", with(|stage, machine| stage.offered(machine, "koppel.example.org"))),
        ("offered, another host", with(|stage, machine| stage.offered(machine, "evil.example.org"))),
        (
            "offered, another request",
            with(|stage, machine| {
                let m2 = stage.m2(&Hidden::from("another"), "koppel.example.org");
                Event::Offered { order: own(machine), said: Said::Yes(PairingAnswer { m2 }) }
            }),
        ),
        ("offered, refused", with(|_, machine| Event::Offered { order: own(machine), said: no(Problem::WrongCode) })),
        ("offered, used", with(|_, machine| Event::Offered { order: own(machine), said: no(Problem::CodeUsed) })),
        ("offered, later", with(|_, machine| Event::Offered { order: own(machine), said: later() })),
        ("offered, another order", always(Event::Offered { order: FOREIGN, said: later() })),
        ("accept", always(Event::Accept)),
        ("decline", always(Event::Decline)),
        (
            "id key signs",
            with(|stage, machine| {
                let (order, signature) = stage.signature(machine, false);
                Event::Signed { order, signature }
            }),
        ),
        (
            "approve key signs",
            with(|stage, machine| {
                let (order, signature) = stage.signature(machine, true);
                Event::Signed { order, signature }
            }),
        ),
        ("wrong signature", with(|_, machine| Event::Signed { order: own(machine), signature: vec![1; 64] })),
        ("signature, another order", always(Event::Signed { order: FOREIGN, signature: vec![1; 64] })),
        (
            "approve key cancelled",
            with(|stage, machine| Event::NotSigned {
                order: stage.signature(machine, true).0,
                why: NoSignature::Cancelled,
            }),
        ),
        ("revealed", with(|_, machine| revealed(machine))),
        ("revealed, used", with(|_, machine| Event::Revealed { order: own(machine), said: no(Problem::CodeUsed) })),
        ("revealed, later", with(|_, machine| Event::Revealed { order: own(machine), said: later() })),
        ("revealed, another order", always(Event::Revealed { order: FOREIGN, said: later() })),
        ("status, pending", status(|_, _| stands(PairingState::Pending, 3, None))),
        ("status, wrong number typed", status(|_, _| stands(PairingState::Pending, 2, None))),
        ("status, refused", status(|_, _| stands(PairingState::Refused, 0, None))),
        ("status, expired", status(|_, _| stands(PairingState::Expired, 3, None))),
        ("status, active, nothing inside", status(|_, _| stands(PairingState::Active, 3, None))),
        (
            "status, active, own",
            status(|stage, machine| {
                stands(PairingState::Active, 3, Some(stage.tools.sealed(&stage.activation(transcript(machine)))))
            }),
        ),
        (
            "status, active, another's",
            status(|stage, _| {
                let foreign = stage.activation(Transcript::from_bytes([9; 32]));
                stands(PairingState::Active, 3, Some(stage.tools.sealed(&foreign)))
            }),
        ),
        ("status, device revoked", status(|_, _| no(Problem::DeviceRevoked))),
        ("status, unknown", status(|_, _| no(Problem::NotFound))),
        ("status, later", status(|_, _| later())),
        ("status, another order", always(Event::Status { order: FOREIGN, said: later() })),
        (
            "own activation by itself",
            with(|stage, machine| Event::Opened { text: Zeroizing::new(stage.activation(transcript(machine))) }),
        ),
        (
            "another's activation by itself",
            with(|stage, _| Event::Opened { text: Zeroizing::new(stage.activation(Transcript::from_bytes([9; 32]))) }),
        ),
        ("started", always(Event::Started)),
        ("nudge", always(Event::Nudge)),
        ("interrupted", always(Event::Interrupted)),
        ("tick", always(Event::Tick)),
        ("tick after 3 s", always(Event::Tick)),
        ("tick after 11 min", always(Event::Tick)),
        ("tick after two days", always(Event::Tick)),
    ]
}

fn stands(state: PairingState, tries_left: u32, envelope: Option<koppel_protocol::Envelope>) -> Said<PairingStatus> {
    Said::Yes(PairingStatus { state, tries_left, until: SERVER_S + 600, envelope })
}

fn called(machine: &Pairing) -> String {
    let name = match &machine.step {
        Step::Greeting { .. } => "greeting",
        Step::MakingKeys { .. } => "making keys",
        Step::Committed(_) => "committed",
        Step::Offered(_) => "offered",
        Step::Proving(_) => "proving",
        Step::Revealing(_) => "revealing",
        Step::Awaiting(_) => "awaiting",
        Step::Over => "over",
    };
    name.into()
}

#[test]
fn every_pair_of_state_and_event_is_in_the_table() {
    let stage = Arc::new(Stage::new());
    let step = |machine: &mut Pairing, event, name: &str| {
        let later = match name.rsplit_once("after ") {
            Some((_, "3 s")) => 3_000,
            Some((_, "11 min")) => 660_000,
            Some((_, "two days")) => 48 * 3_600_000,
            _ => 0,
        };
        stage.step(machine, event, later)
    };
    tables::check("pairing", stage.states(), events(&stage), step, called);
}

#[test]
fn a_resumed_pairing_sends_the_very_bytes_it_sent_before() {
    let stage = Stage::new();
    let states = stage.states();
    let find = |name: &str| states.iter().find(|(state, _)| *state == name).unwrap().1.clone();
    let mut committed = find("restored, committed");
    let Step::Committed(before) = find("committed by koppelcode").step else { panic!() };
    let effects = stage.step(&mut committed, Event::Tick, 0).unwrap();
    assert!(matches!(&effects[..], [Effect::Commit { body, .. }] if *body == before.m1));
    let mut revealing = find("restored, revealing");
    let Step::Revealing(before) = find("revealing").step else { panic!() };
    let effects = stage.step(&mut revealing, Event::Tick, 0).unwrap();
    assert!(matches!(&effects[..], [Effect::Reveal { body, .. }] if *body == before.m3));
}

#[test]
fn a_login_leaves_nothing_to_store_until_the_server_answered() {
    let stage = Stage::new();
    let states = stage.states();
    let login = &states.iter().find(|(state, _)| *state == "committed by login").unwrap().1;
    assert!(login.stored().is_none());
}
