use koppel_protocol::{SigningKey, soft::SoftSigningKey};

use super::*;
use crate::{
    Toolbox,
    tables::{self, FOREIGN, Maker, NOW_MS, Named, SERVER_S, Tools},
};

struct Person {
    tools: Tools,
    id: SoftSigningKey,
    approve: SoftSigningKey,
}

impl Person {
    fn new() -> Self {
        let tools = Tools::default();
        let id = SoftSigningKey::generate(tools.crypto()).unwrap();
        let approve = SoftSigningKey::generate(tools.crypto()).unwrap();
        Self { tools, id, approve }
    }

    fn keys(&self) -> Keys {
        Keys { id: self.id.public(), approve: Some((self.approve.public(), UserVerification::Pin)) }
    }

    /// The right key's signature over what a state wants signed.
    fn signature(&self, machine: &Approval) -> Vec<u8> {
        let Step::Signing { unsigned, .. } = &machine.step else { return vec![0; 64] };
        let key = if machine.verdict == Verdict::Approve { &self.approve } else { &self.id };
        key.sign(unsigned.0.signing_input()).unwrap().to_vec()
    }

    fn states(&self) -> Vec<Named<Approval>> {
        let mut generations = 0;
        let keys = self.keys();
        let mut now = tables::moment(&self.tools, &mut generations, 0);
        let number = Some("314159".parse().unwrap());
        let (checking, _) = Approval::approve(subject(), number, NOW_MS + 60_000, &mut now);
        let mut told_to_wait = checking.clone();
        let live = Liveness::TooSoon { retry_after_s: 9 };
        told_to_wait.handle(Event::Fetched { order: own(&checking), live }, &keys, &mut now).unwrap();
        let mut signing = checking.clone();
        let order = own(&signing);
        signing.handle(Event::Fetched { order, live: Liveness::Live }, &keys, &mut now).unwrap();
        let (denying, _) = Approval::refuse(subject(), Verdict::Deny, &mut now).unwrap();
        let (reporting, _) = Approval::refuse(subject(), Verdict::Fraud, &mut now).unwrap();
        let send = |signing: &Approval, now: &mut Moment<'_>| {
            let mut sending = signing.clone();
            let signed = Event::Signed { order: own(signing), signature: self.signature(signing) };
            sending.handle(signed, &keys, now).unwrap();
            sending
        };
        let sending = send(&signing, &mut now);
        let reporting_sent = send(&reporting, &mut now);
        let mut queued = sending.clone();
        queued.handle(Event::NotAnswered { order: own(&sending) }, &keys, &mut now).unwrap();
        let restored = Approval::resume(queued.stored().unwrap());
        let mut over = sending.clone();
        let reply = Reply::Outcome(Outcome::Approved);
        over.handle(Event::Answered { order: own(&sending), reply }, &keys, &mut now).unwrap();
        vec![
            ("checking", checking),
            ("told to wait", told_to_wait),
            ("signing an approval", signing),
            ("signing a denial", denying),
            ("signing a report", reporting),
            ("sending an approval", sending),
            ("sending a report", reporting_sent),
            ("queued", queued),
            ("restored", restored),
            ("over", over),
        ]
    }
}

fn subject() -> Subject {
    Subject {
        server: ServerId::from_bytes([1; 32]),
        device: DeviceId::from_bytes([2; 16]),
        cid: ChallengeId::from_bytes([3; 16]),
        seq: 2,
        hash: Bytes::new([4; 32]),
        expires_at: SERVER_S + 60,
        unlocks: false,
    }
}

/// The order that a state awaits.
fn own(machine: &Approval) -> Generation {
    match &machine.step {
        Step::Signing { order, .. } => *order,
        Step::Checking { retry, .. } | Step::Sending { retry, .. } => {
            (0..1_000).find(|order| retry.awaits(*order)).unwrap_or(FOREIGN)
        }
        Step::Over => FOREIGN,
    }
}

fn always(event: Event) -> Maker<Approval, Event> {
    Box::new(move |_| event.clone())
}

fn fetched(live: Liveness) -> Maker<Approval, Event> {
    Box::new(move |machine| Event::Fetched { order: own(machine), live })
}

fn answered(outcome: Outcome) -> Maker<Approval, Event> {
    Box::new(move |machine| Event::Answered { order: own(machine), reply: Reply::Outcome(outcome) })
}

fn events(person: &std::sync::Arc<Person>) -> Vec<Named<Maker<Approval, Event>>> {
    let signer = std::sync::Arc::clone(person);
    let late_signer = std::sync::Arc::clone(person);
    let other_signer = std::sync::Arc::clone(person);
    let later = Reply::Later { retry_after_s: Some(9) };
    vec![
        ("fetched, live", fetched(Liveness::Live)),
        ("fetched, live, another order", always(Event::Fetched { order: FOREIGN, live: Liveness::Live })),
        ("fetched, answered elsewhere", fetched(Liveness::Over(End::Elsewhere))),
        ("fetched, expired", fetched(Liveness::Over(End::Expired))),
        ("fetched, superseded", fetched(Liveness::Over(End::Superseded))),
        ("fetched, too soon", fetched(Liveness::TooSoon { retry_after_s: 9 })),
        ("fetched, no connection", fetched(Liveness::Unknown(Trouble::NoConnection))),
        (
            "signed",
            Box::new(move |machine| Event::Signed { order: own(machine), signature: signer.signature(machine) }),
        ),
        (
            "signed, another order",
            Box::new(move |machine| Event::Signed { order: FOREIGN, signature: other_signer.signature(machine) }),
        ),
        ("signed, wrongly", Box::new(|machine| Event::Signed { order: own(machine), signature: vec![1; 64] })),
        (
            "signed, after the deadline",
            Box::new(move |machine| Event::Signed { order: own(machine), signature: late_signer.signature(machine) }),
        ),
        ("cancelled", Box::new(|machine| Event::NotSigned { order: own(machine), why: NoSignature::Cancelled })),
        ("key gone", Box::new(|machine| Event::NotSigned { order: own(machine), why: NoSignature::KeyInvalidated })),
        ("cancelled, another order", always(Event::NotSigned { order: FOREIGN, why: NoSignature::Cancelled })),
        ("ended, answered elsewhere", always(Event::Ended { seq: 2, end: End::Elsewhere })),
        ("ended, superseded", always(Event::Ended { seq: 2, end: End::Superseded })),
        ("an older delivery ended", always(Event::Ended { seq: 1, end: End::Superseded })),
        ("answered, approved", answered(Outcome::Approved)),
        ("answered, denied", answered(Outcome::Denied)),
        ("answered, wrong number", answered(Outcome::WrongNumber { left: 2 })),
        ("answered, expired", answered(Outcome::Expired)),
        ("answered, locked", answered(Outcome::Locked)),
        ("answered, later", Box::new(move |machine| Event::Answered { order: own(machine), reply: later })),
        (
            "answered, another order",
            always(Event::Answered { order: FOREIGN, reply: Reply::Outcome(Outcome::Approved) }),
        ),
        ("not answered", Box::new(|machine| Event::NotAnswered { order: own(machine) })),
        ("not answered, another order", always(Event::NotAnswered { order: FOREIGN })),
        ("nudge", always(Event::Nudge)),
        ("tick", always(Event::Tick)),
        ("tick after ten seconds", always(Event::Tick)),
        ("tick after the deadline", always(Event::Tick)),
        ("tick after two days", always(Event::Tick)),
    ]
}

fn called(machine: &Approval) -> String {
    match &machine.step {
        Step::Checking { retry, .. } if retry.next_wake().is_some() => "checking, resting".into(),
        Step::Checking { .. } => "checking".into(),
        Step::Signing { .. } => "signing".into(),
        Step::Sending { queued, retry, .. } => {
            format!(
                "{}{}",
                if *queued { "queued" } else { "sending" },
                if retry.next_wake().is_some() { ", resting" } else { "" }
            )
        }
        Step::Over => "over".into(),
    }
}

#[test]
fn every_pair_of_state_and_event_is_in_the_table() {
    let person = std::sync::Arc::new(Person::new());
    let step = |machine: &mut Approval, event, name: &str| {
        let later = match name.rsplit_once("after ") {
            Some((_, "ten seconds")) => 10_000,
            Some((_, "the deadline")) => 60_000,
            Some((_, "two days")) => 48 * 3_600_000,
            _ => 0,
        };
        machine.handle(event, &person.keys(), &mut tables::moment(&person.tools, &mut 500, later))
    };
    tables::check("approval", person.states(), events(&person), step, called);
}

#[test]
fn the_same_bytes_are_sent_until_they_are_answered() {
    let person = Person::new();
    let (_, mut sending) = person.states().remove(5);
    let Step::Sending { jws, .. } = &sending.step else { panic!("sending") };
    let jws = jws.clone();
    let mut generations = 500;
    for minute in 1..20 {
        let mut moment = tables::moment(&person.tools, &mut generations, minute * 60_000);
        let order = own(&sending);
        sending.handle(Event::NotAnswered { order }, &person.keys(), &mut moment).unwrap();
        let effects = sending.handle(Event::Nudge, &person.keys(), &mut moment).unwrap();
        assert!(matches!(&effects[..], [Effect::Send { jws: again, .. }] if *again == jws));
    }
}

#[test]
fn a_signature_in_der_is_taken_as_well() {
    let person = Person::new();
    let (_, mut signing) = person.states().remove(2);
    let raw = person.signature(&signing);
    let number = |bytes: &[u8]| {
        let bytes = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
        let pad = if bytes[0] >= 0x80 { &[0][..] } else { &[] };
        [&[2, (bytes.len() + pad.len()) as u8], pad, bytes].concat()
    };
    let body = [number(&raw[..32]), number(&raw[32..])].concat();
    let signature = [&[0x30, body.len() as u8], &body[..]].concat();
    let order = own(&signing);
    let mut moment_generations = 500;
    let mut moment = tables::moment(&person.tools, &mut moment_generations, 0);
    signing.handle(Event::Signed { order, signature }, &person.keys(), &mut moment).unwrap();
    assert!(signing.is_sending());
}

#[test]
fn an_answer_shows_neither_number_nor_signature_when_printed() {
    let person = Person::new();
    for (_, state) in person.states() {
        let printed = format!("{state:?}");
        assert!(!printed.contains("314159") && !printed.contains("eyJ"), "{printed}");
    }
}
