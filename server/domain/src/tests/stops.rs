//! Whatever stops an account stops every step that follows, not only the beginning of a login (threats row 10).

use koppel_protocol::{
    Bytes,
    decision::Verdict,
    hash::sha256,
    id::{ChallengeId, DeviceId},
    phone_api::DeviceState,
};

use crate::{
    Command, Confirmer, Holder, Issuer, Lock, Mode, Purpose, Refusal, Reply, Typed, UserStatus,
    fixture::{ORGANISATION, World, browser, cookie, desk, expect, panel, terms, transcript, v},
    plan::Wanted,
};

/// What comes between two steps. It is written into the account by itself, so that nothing else ends the login.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stop {
    Locked,
    Disabled,
    PhoneRevoked,
}

impl Stop {
    fn falls(self, world: &mut World) {
        let device = world.account.devices[0].id;
        match self {
            Self::Locked => world.account.user.lock = Some(Lock { at: world.now, reported_by: device }),
            Self::Disabled => world.account.user.status = UserStatus::Disabled,
            Self::PhoneRevoked => world.account.devices[0].state = DeviceState::Revoked,
        }
    }
}

type Step = fn(Stop) -> Result<Reply, Refusal>;

fn with_a_phone() -> (World, DeviceId) {
    let mut world = World::new();
    let device = world.active_phone("a");
    (world, device)
}

fn waiting(mode: Mode) -> (World, DeviceId, ChallengeId) {
    let (mut world, device) = with_a_phone();
    let challenge = world.challenge(1, mode).id;
    (world, device, challenge)
}

fn begin(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _) = with_a_phone();
    stop.falls(&mut world);
    world.start(1, Mode::Code)
}

fn begin_on_a_page(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _) = with_a_phone();
    let prompt = world.bound_prompt(1, Purpose::Login);
    stop.falls(&mut world);
    world.start_page(prompt, 1)
}

fn deliver_again(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _, challenge) = waiting(Mode::Code);
    world.wait(20);
    stop.falls(&mut world);
    let terms = terms();
    let known = world.account.challenge(challenge).cloned().expect("there");
    let prepared = world.prepare(Wanted::Redelivery { challenge: &known, method: None, terms: &terms });
    world.run(
        Command::Redeliver { challenge, holder: Holder::Panel { terms, v: v(1) }, method: None, prepared },
        panel(),
    )
}

fn type_the_code(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _, challenge) = waiting(Mode::Code);
    stop.falls(&mut world);
    let code = world.right_code(challenge);
    world.type_code(challenge, 1, code)
}

fn type_the_code_on_a_page(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _) = with_a_phone();
    let prompt = world.bound_prompt(1, Purpose::Login);
    let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, 1) else { panic!("no challenge") };
    stop.falls(&mut world);
    let holder = Holder::Page { prompt, cookie: cookie(1), terms: terms() };
    let code = world.right_code(challenge.id);
    let typed = world.run(Command::CheckCode { challenge: challenge.id, holder, typed: Typed::App(code) }, browser());
    assert_eq!(world.account.challenge(challenge.id).map(|row| row.code_tries), Some(0), "not even compared");
    typed
}

fn approve(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, device, challenge) = waiting(Mode::Number);
    stop.falls(&mut world);
    world.approve(device, challenge)
}

fn consume(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, device, challenge) = waiting(Mode::Number);
    expect(world.approve(device, challenge), "approved");
    stop.falls(&mut world);
    world.run(Command::Consume { challenge, terms: terms(), v: v(1) }, panel())
}

/// A page on which the right code was typed.
fn right_page() -> (World, koppel_protocol::id::PromptId) {
    let (mut world, _) = with_a_phone();
    let prompt = world.bound_prompt(1, Purpose::Login);
    let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, 1) else { panic!("no challenge") };
    let holder = Holder::Page { prompt, cookie: cookie(1), terms: terms() };
    let code = world.right_code(challenge.id);
    expect(
        world.run(Command::CheckCode { challenge: challenge.id, holder, typed: Typed::App(code) }, browser()),
        "right",
    );
    (world, prompt)
}

fn finish_the_page(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, prompt) = right_page();
    stop.falls(&mut world);
    world.run(
        Command::FinishPrompt { prompt, terms: terms(), cookie: cookie(1), code: sha256(b"result"), remember: None },
        browser(),
    )
}

fn exchange_the_result(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, prompt) = right_page();
    let finish =
        Command::FinishPrompt { prompt, terms: terms(), cookie: cookie(1), code: sha256(b"result"), remember: None };
    expect(world.run(finish, browser()), "finished");
    stop.falls(&mut world);
    let exchange = Command::ExchangeResult { prompt, terms: terms(), v: v(1), code: sha256(b"result") };
    world.run(exchange, panel())
}

fn open_a_page(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _) = with_a_phone();
    stop.falls(&mut world);
    world.run(world.open_prompt(1, Purpose::Login, Bytes::new([5; 32])), panel())
}

fn invite(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _) = with_a_phone();
    stop.falls(&mut world);
    world.run(Command::IssueInvitation { by: Issuer::Desk }, desk())
}

const STRANGER: crate::Actor = crate::Actor::Phone { organisation: ORGANISATION, device: None };

fn knock(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _) = with_a_phone();
    let invitation = world.koppelcode();
    stop.falls(&mut world);
    let knock = world.knock("b", invitation);
    world.run(Command::StartPairing(Box::new(knock)), STRANGER)
}

fn reveal(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _) = with_a_phone();
    let invitation = world.koppelcode();
    let knock = world.knock("b", invitation);
    let pairing = knock.pairing;
    expect(world.run(Command::StartPairing(Box::new(knock)), STRANGER), "started");
    stop.falls(&mut world);
    let opening = world.opening("b", pairing);
    world.run(Command::Reveal(Box::new(opening)), STRANGER)
}

fn confirm(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, _) = with_a_phone();
    let (pairing, _) = world.pending_phone("b");
    stop.falls(&mut world);
    let number = transcript("b").check_number();
    world.run(Command::ConfirmPairing { pairing, number, by: Confirmer::Desk }, desk())
}

fn confirm_by_the_older_phone(stop: Stop) -> Result<Reply, Refusal> {
    let (mut world, older) = with_a_phone();
    world.pending_phone("b");
    let asked = world.account.challenges[0].id;
    stop.falls(&mut world);
    world.answer(older, asked, Verdict::Approve, Some(transcript("b").check_number()))
}

/// Steps of a login or of a phone: none of them goes on, whatever fell in between.
const STEPS: [(&str, Step); 10] = [
    ("begin", begin),
    ("begin on a page", begin_on_a_page),
    ("deliver again", deliver_again),
    ("type the code", type_the_code),
    ("type the code on a page", type_the_code_on_a_page),
    ("approve", approve),
    ("consume", consume),
    ("finish the page", finish_the_page),
    ("exchange the result", exchange_the_result),
    ("confirm by the older phone", confirm_by_the_older_phone),
];

/// Ways to a new phone: support helps whoever lost one, and nobody who is locked or disabled.
const WAYS: [(&str, Step); 5] =
    [("open a page", open_a_page), ("invite", invite), ("knock", knock), ("reveal", reveal), ("confirm", confirm)];

#[test]
fn a_lock_or_a_disabled_user_stops_every_step_that_follows() {
    for stop in [Stop::Locked, Stop::Disabled] {
        for (name, step) in STEPS.into_iter().chain(WAYS) {
            assert_eq!(step(stop), Err(Refusal::AccountLocked), "{stop:?}, then {name}");
        }
    }
}

#[test]
fn a_revoked_phone_stops_every_step_that_follows() {
    for (name, step) in STEPS {
        // The page says that it is over; what it leads to is refused below.
        if name == "finish the page" {
            continue;
        }
        assert!(step(Stop::PhoneRevoked).is_err(), "{name}");
    }
}
