use koppel_protocol::{
    Digits, ServerId, SigningKey, Text,
    challenge::{Context, Login, Purpose, RelyingParty, Subject, User},
    id::RelyingPartyId,
    identity, jws,
    soft::SoftSigningKey,
};

use super::*;
use crate::{
    Toolbox,
    tables::{self, Maker, Named, SERVER_S, Tools},
};

struct Server {
    tools: Tools,
    key: SoftSigningKey,
    identity: Identity,
    /// The identity after one step.
    next: Identity,
    next_key: SoftSigningKey,
}

fn device() -> DeviceId {
    DeviceId::from_bytes([2; 16])
}

fn cid(number: u8) -> ChallengeId {
    ChallengeId::from_bytes([number; 16])
}

fn nid(number: u8) -> NoticeId {
    NoticeId::from_bytes([number; 16])
}

impl Server {
    fn new() -> Self {
        let tools = Tools::default();
        let key = SoftSigningKey::generate(tools.crypto()).unwrap();
        let first = identity::first_link(&key).unwrap();
        let identity = Identity::verify_chain(tools.crypto(), &[&*first]).unwrap();
        let next_key = SoftSigningKey::generate(tools.crypto()).unwrap();
        let second = identity::next_link(&identity, &key, &next_key.public()).unwrap();
        let next = identity.advance(tools.crypto(), &[&*first, &*second]).unwrap();
        Self { tools, key, identity, next, next_key }
    }

    fn claims(&self, seq: u32) -> Challenge {
        let login = Login {
            rp: RelyingParty {
                id: RelyingPartyId::from_bytes([1; 16]),
                name: Text::clean("Panel"),
                origin: Text::clean("https://p.example"),
            },
            bind: koppel_protocol::Bytes::new([1; 32]),
            purpose: Purpose::Login,
            context: Context {
                ip: "192.0.2.1".parse().unwrap(),
                place: None,
                browser: Text::clean("Firefox"),
                time: SERVER_S,
                page_ip: None,
            },
        };
        let code: Digits = "123456".parse().unwrap();
        Challenge {
            cid: cid(1),
            seq,
            dev: device(),
            server_id: self.identity.server_id,
            version: self.identity.version,
            iat: SERVER_S - 10,
            exp: SERVER_S + 110,
            nonce: Nonce::from_bytes([5; 24]),
            user: User { id: Text::clean("anna"), name: Text::clean("anna") },
            subject: Subject::Code { login, code },
        }
    }

    fn sign(&self, claims: &Challenge) -> Event {
        arrived(&jws::sign(claims, &claims.version, &self.key).unwrap())
    }

    fn challenge(&self, seq: u32) -> Event {
        self.sign(&self.claims(seq))
    }

    fn by_the_next_key(&self) -> Event {
        let claims = Challenge { version: self.next.version, ..self.claims(1) };
        arrived(&jws::sign(&claims, &claims.version, &self.next_key).unwrap())
    }

    fn notice(&self, kind: NoticeKind) -> Event {
        let notice = Notice { nid: nid(1), dev: device(), kind, at: SERVER_S, detail: Text::clean("Pixel 9") };
        arrived(&jws::sign(&notice, &self.identity.version, &self.key).unwrap())
    }

    fn step(&self, machine: &mut Inbox, event: Event, later_ms: u64) -> Result<Vec<Effect>, Refused> {
        let learned = matches!(event, Event::IdentityLearned);
        let identity = if learned { &self.next } else { &self.identity };
        let mut generations = 0;
        machine.handle(
            event,
            Reader { identity, device: device() },
            &tables::moment(&self.tools, &mut generations, later_ms),
        )
    }

    fn states(&self) -> Vec<Named<Inbox>> {
        let after = |events: Vec<Event>| {
            let mut inbox = Inbox::default();
            for event in events {
                self.step(&mut inbox, event, 0).unwrap();
            }
            inbox.receipts.take();
            inbox
        };
        let end = |state| Event::Ended { cid: cid(1), seq: 1, state };
        let mut stored = Inbox::from(Stored::from(&after(vec![self.challenge(2)])));
        stored.receipts = Receipts::default();
        vec![
            ("empty", Inbox::default()),
            ("delivery 1 waits", after(vec![self.challenge(1)])),
            ("delivery 2 waits", after(vec![self.challenge(1), self.challenge(2)])),
            ("delivery 1 shown", after(vec![self.challenge(1), Event::Show { cid: cid(1) }])),
            ("delivery 1 ended, challenge open", after(vec![self.challenge(1), end(ChallengeState::Pending)])),
            ("cancelled", after(vec![self.challenge(1), end(ChallengeState::Cancelled)])),
            ("ended before it came", after(vec![end(ChallengeState::Consumed)])),
            ("a notice waits", after(vec![self.notice(NoticeKind::DeviceAdded)])),
            (
                "a notice was dismissed",
                after(vec![self.notice(NoticeKind::DeviceAdded), Event::Dismiss { nid: nid(1) }]),
            ),
            ("the server said unlinked", after(vec![self.notice(NoticeKind::Unlinked)])),
            ("a refusal said unlinked", after(vec![Event::Unlinked])),
            ("held for a newer key", after(vec![self.by_the_next_key()])),
            ("restored, delivery 2", stored),
        ]
    }

    fn events(&self) -> Vec<Named<Maker<Inbox, Event>>> {
        let always = |event: Event| -> Maker<Inbox, Event> { Box::new(move |_| event.clone()) };
        let end = |seq, state| always(Event::Ended { cid: cid(1), seq, state });
        let settle = |through, how| always(Event::Settled { cid: cid(1), through, how });
        let expired = Challenge { iat: SERVER_S - 200, exp: SERVER_S - 80, ..self.claims(3) };
        let foreign = Challenge { server_id: ServerId::from_bytes([9; 32]), ..self.claims(1) };
        let elsewhere = Challenge { dev: DeviceId::from_bytes([9; 16]), ..self.claims(1) };
        let mut forged = jws::sign(&self.claims(1), &self.identity.version, &self.next_key).unwrap();
        let forgery = arrived(&forged);
        forged.push('x');
        vec![
            ("delivery 1 arrives", always(self.challenge(1))),
            ("delivery 2 arrives", always(self.challenge(2))),
            ("delivery 3 arrives", always(self.challenge(3))),
            ("an expired delivery arrives", always(self.sign(&expired))),
            ("another server's arrives", always(self.sign(&foreign))),
            ("another phone's arrives", always(self.sign(&elsewhere))),
            ("a forgery arrives", always(forgery)),
            ("rubbish arrives", always(arrived(&forged))),
            ("one by the next key arrives", always(self.by_the_next_key())),
            ("identity learned", always(Event::IdentityLearned)),
            ("delivery 1 ended", end(1, ChallengeState::Pending)),
            ("delivery 2 ended", end(2, ChallengeState::Pending)),
            ("consumed", end(1, ChallengeState::Consumed)),
            ("superseded", end(1, ChallengeState::Superseded)),
            ("settled, approved", settle(u32::MAX, Ending::As(ChallengeState::Approved))),
            ("settled, delivery 1 replaced", settle(1, Ending::Replaced)),
            ("show", always(Event::Show { cid: cid(1) })),
            ("show another", always(Event::Show { cid: cid(7) })),
            ("notice arrives", always(self.notice(NoticeKind::DeviceAdded))),
            ("refused as unlinked", always(Event::Unlinked)),
            ("dismiss", always(Event::Dismiss { nid: nid(1) })),
            ("dismiss another", always(Event::Dismiss { nid: nid(7) })),
            ("tick", always(Event::Tick)),
            ("tick after its end", always(Event::Tick)),
            ("tick after two days", always(Event::Tick)),
        ]
    }
}

fn arrived(text: &str) -> Event {
    Event::Arrived { text: Zeroizing::new(text.to_owned()), road: Road::Live, alert: Alert::Silent }
}

fn called(inbox: &Inbox) -> String {
    let items: Vec<_> = inbox.items.iter().map(|item| format!("#{}", item.seq())).collect();
    let over: Vec<_> = inbox
        .tombstones
        .iter()
        .map(|stone| if stone.through == u32::MAX { "all".into() } else { format!("≤{}", stone.through) })
        .collect();
    let parts = [
        ("waits", items.join(" ")),
        ("over", over.join(" ")),
        ("notices", if inbox.notices.is_empty() { String::new() } else { inbox.notices.len().to_string() }),
        ("held", if inbox.held.is_empty() { String::new() } else { inbox.held.len().to_string() }),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(_, what)| !what.is_empty()).map(|(name, what)| format!("{name} {what}")).collect();
    if parts.is_empty() { "empty".into() } else { parts.join(", ") }
}

#[test]
fn every_pair_of_state_and_event_is_in_the_table() {
    let server = Server::new();
    let step = |machine: &mut Inbox, event, name: &str| {
        let later = match name.rsplit_once("after ") {
            Some((_, "its end")) => 110_000,
            Some((_, "two days")) => 48 * 3_600_000,
            _ => 0,
        };
        server.step(machine, event, later)
    };
    tables::check("inbox", server.states(), server.events(), step, called);
}

#[test]
fn what_waits_and_what_is_remembered_is_bounded_whatever_a_server_sends() {
    let server = Server::new();
    let mut inbox = Inbox::default();
    for number in 0..=255_u8 {
        let claims = Challenge { cid: cid(number), ..server.claims(1) };
        server.step(&mut inbox, server.sign(&claims), 0).unwrap();
        let held = Challenge { cid: cid(number), version: server.next.version, ..server.claims(1) };
        server.step(&mut inbox, arrived(&jws::sign(&held, &held.version, &server.next_key).unwrap()), 0).unwrap();
        for end in 0..4 {
            let cid = ChallengeId::from_bytes([number, end, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            server.step(&mut inbox, Event::Ended { cid, seq: 1, state: ChallengeState::Cancelled }, 0).unwrap();
        }
    }
    assert_eq!(inbox.items.len(), MOST_WAITING);
    assert_eq!(inbox.held.len(), MOST_HELD);
    assert_eq!(inbox.tombstones.len(), MOST_REMEMBERED);
}

#[test]
fn receipts_that_were_lent_and_not_taken_are_told_again() {
    let server = Server::new();
    let mut inbox = Inbox::default();
    server.step(&mut inbox, server.challenge(1), 0).unwrap();
    let lent = inbox.receipts.lend(7);
    assert_eq!(lent.len(), 1);
    assert!(inbox.receipts.lend(8).is_empty(), "one request carries them at a time");
    inbox.receipts.settle(7, false);
    assert_eq!(inbox.receipts.lend(9), lent);
    inbox.receipts.settle(9, true);
    assert!(!inbox.receipts.wait());
}
