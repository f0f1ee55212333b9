//! Typed codes: count, then compare.

use koppel_protocol::Secret;

use crate::{
    ChallengeState, Command, Confirmer, CounterKind, Holder, MethodKind, MethodState, Mode,
    Refusal::{
        self, AlreadyDecided, DeliveryEnded, MethodDisabled, NotFound, TooManyTries, WrongBinding, WrongCode, WrongMode,
    },
    Reply, Typed,
    fixture::{World, desk, expect, panel, terms, transcript, v, wrong},
};

fn with_a_phone() -> World {
    let mut world = World::new();
    world.active_phone("a");
    world
}

fn wrong_with(tries_left: u32) -> Result<Reply, Refusal> {
    Err(WrongCode { tries_left: Some(tries_left) })
}

#[test]
fn the_right_code_is_taken_once_and_at_once() {
    let mut world = with_a_phone();
    let challenge = world.challenge(1, Mode::Code).id;
    let code = world.right_code(challenge);
    let Ok(Reply::Verified(verified)) = world.type_code(challenge, 1, code.clone()) else { panic!("not verified") };
    assert_eq!(verified.evidence, None, "a typed code is the server's word alone");
    assert_eq!(world.account.challenge(challenge).map(|row| row.state), Some(ChallengeState::Consumed));
    assert_eq!(world.type_code(challenge, 1, code), Err(AlreadyDecided));
}

/// threats row 3
#[test]
fn a_challenge_takes_five_codes_whatever_is_delivered_in_between() {
    let mut world = with_a_phone();
    let challenge = world.challenge(1, Mode::Code).id;
    for left in (0..5).rev() {
        let code = wrong(&world.right_code(challenge));
        assert_eq!(world.type_code(challenge, 1, code), wrong_with(left));
        world.wait(60);
        if left > 1 {
            expect(redeliver(&mut world, challenge), "delivered again");
        }
    }
    assert_eq!(world.account.challenge(challenge).map(|row| row.state), Some(ChallengeState::Failed));
    let code = world.right_code(challenge);
    assert_eq!(world.type_code(challenge, 1, code), Err(AlreadyDecided));
}

fn redeliver(world: &mut World, challenge: koppel_protocol::id::ChallengeId) -> Result<Reply, Refusal> {
    let terms = terms();
    let known = world.account.challenge(challenge).cloned().expect("there");
    let prepared = world.prepare(crate::plan::Wanted::Redelivery { challenge: &known, method: None, terms: &terms });
    let holder = Holder::Panel { terms, v: v(1) };
    world.run(Command::Redeliver { challenge, holder, method: None, prepared }, panel())
}

/// threats row 3
#[test]
fn new_challenges_and_sessions_give_no_guess_back() {
    let mut world = with_a_phone();
    for failures in 1..=3 {
        let challenge = world.challenge(failures, Mode::Code).id;
        let code = wrong(&world.right_code(challenge));
        assert!(matches!(world.type_code(challenge, failures, code), Err(WrongCode { .. })));
    }
    let challenge = world.challenge(4, Mode::Code).id;
    let code = world.right_code(challenge);
    assert_eq!(world.type_code(challenge, 4, code.clone()), Err(TooManyTries { retry_after: 15 }), "not even compared");
    world.wait(15);
    assert!(world.type_code(challenge, 4, code).is_ok());
    assert_eq!(world.account.counter(CounterKind::CodeFailures).count, 0, "only a right code sets it back");
}

/// threats row 3
#[test]
fn a_hundred_failures_disable_codes_until_a_phone_is_paired_again() {
    let mut world = with_a_phone();
    let mut failures = 0;
    while failures < 100 {
        let challenge = world.challenge(1, Mode::Code).id;
        for _ in 0..5 {
            let code = wrong(&world.right_code(challenge));
            if world.type_code(challenge, 1, code).is_err_and(|refusal| matches!(refusal, WrongCode { .. })) {
                failures += 1;
            }
            world.wait(20);
        }
        world.wait(3600);
    }
    assert_eq!(failures, 100);
    assert_eq!(world.account.method(MethodKind::App).map(|method| method.state), Some(MethodState::CodesDisabled));
    // An approval by a phone is never disabled, and is what a login becomes now.
    let device = world.account.devices[0].id;
    let login = world.challenge(1, Mode::Code);
    assert_eq!(login.mode(), Some(Mode::Number));
    expect(world.approve(device, login.id), "approved");
    let (pairing, _) = world.pending_phone("b");
    let number = transcript("b").check_number();
    expect(world.run(Command::ConfirmPairing { pairing, number, by: Confirmer::Desk }, desk()), "confirmed");
    assert_eq!(world.account.method(MethodKind::App).map(|method| method.state), Some(MethodState::Unproven));
    assert_eq!(world.account.counter(CounterKind::CodeFailures).count, 0);
}

#[test]
fn disabled_codes_are_not_compared() {
    let mut world = with_a_phone();
    let challenge = world.challenge(1, Mode::Code).id;
    for method in &mut world.account.methods {
        method.state = MethodState::CodesDisabled;
    }
    let code = world.right_code(challenge);
    assert_eq!(world.type_code(challenge, 1, code), Err(MethodDisabled));
    assert_eq!(world.account.challenge(challenge).map(|row| row.code_tries), Some(0));
}

/// threats row 1
#[test]
fn the_right_code_from_another_browser_session_is_refused_and_counted() {
    let mut world = with_a_phone();
    let challenge = world.challenge(1, Mode::Code).id;
    let code = world.right_code(challenge);
    assert_eq!(world.type_code(challenge, 2, code.clone()), Err(WrongBinding));
    assert_eq!(world.account.counter(CounterKind::WrongBindings).count, 1);
    assert_eq!(world.account.challenge(challenge).map(|row| row.code_tries), Some(0), "it burns nobody else's tries");
    assert!(world.type_code(challenge, 1, code).is_ok());
}

#[test]
fn digits_are_not_compared_while_a_number_stands_on_the_page() {
    let mut world = with_a_phone();
    let challenge = world.challenge(1, Mode::Number).id;
    for code in [world.right_number(challenge), world.right_code(challenge)] {
        assert_eq!(world.type_code(challenge, 1, code), Err(WrongMode));
    }
    assert_eq!(world.account.challenge(challenge).map(|row| row.code_tries), Some(0));
    assert_eq!(world.account.counter(CounterKind::CodeFailures).count, 0);
}

#[test]
fn a_code_dies_with_its_delivery() {
    let mut world = with_a_phone();
    let challenge = world.challenge(1, Mode::Code).id;
    let first = world.right_code(challenge);
    world.wait(20);
    expect(redeliver(&mut world, challenge), "delivered again");
    assert_eq!(world.type_code(challenge, 1, first), wrong_with(4), "a resend kills the old code");
    world.wait(120);
    let second = world.right_code(challenge);
    assert_eq!(world.type_code(challenge, 1, second), Err(DeliveryEnded));
}

#[test]
fn resends_are_spaced_and_few() {
    let mut world = with_a_phone();
    let challenge = world.challenge(1, Mode::Code).id;
    world.wait(19);
    assert_eq!(redeliver(&mut world, challenge), Err(Refusal::TooSoon { retry_after: 1 }));
    for _ in 0..3 {
        world.wait(20);
        expect(redeliver(&mut world, challenge), "delivered again");
    }
    world.wait(20);
    assert!(matches!(redeliver(&mut world, challenge), Err(TooManyTries { .. })));
}

/// threats rows 5 and 32
#[test]
fn a_challenge_of_another_relying_party_does_not_exist() {
    let mut world = with_a_phone();
    let challenge = world.challenge(1, Mode::Code).id;
    let code = world.right_code(challenge);
    let id = koppel_protocol::id::RelyingPartyId::from_bytes([99; 16]);
    let holder = Holder::Panel { terms: crate::Terms { id, ..terms() }, v: v(1) };
    assert_eq!(world.run(Command::CheckCode { challenge, holder, typed: Typed::App(code) }, panel()), Err(NotFound));
}

/// threats row 10
#[test]
fn a_code_counts_only_while_a_phone_that_showed_it_may_still_act() {
    let mut world = with_a_phone();
    let device = world.account.devices[0].id;
    let challenge = world.challenge(1, Mode::Code).id;
    expect(world.run(Command::RemoveDevice { device }, panel()), "removed");
    let code = world.right_code(challenge);
    assert_eq!(world.type_code(challenge, 1, code), Err(Refusal::NotEnrolled { ever: true }));
}

#[test]
fn nothing_can_take_a_test_challenge() {
    let mut world = with_a_phone();
    let device = world.account.devices[0].id;
    let prepared = world.prepare(crate::plan::Wanted::Test { device });
    let request = Box::new(crate::ChallengeRequest::Test { device });
    let made = world.run(Command::StartChallenge { request, prepared }, crate::fixture::phone(device));
    let Ok(Reply::Challenge { challenge, .. }) = made else { panic!("{made:?}") };
    let code = world.right_code(challenge.id);
    assert_eq!(world.type_code(challenge.id, 1, code), Err(NotFound));
    let consume = Command::Consume { challenge: challenge.id, terms: terms(), v: Secret::new([1; 32]) };
    assert_eq!(world.run(consume, panel()), Err(NotFound));
}

/// threats row 28
#[test]
fn the_signed_challenge_that_holds_a_code_is_not_kept() {
    let mut world = with_a_phone();
    let code = world.challenge(1, Mode::Code).id;
    let number = world.challenge(2, Mode::Number).id;
    let kept = |challenge| world.account.copies.iter().any(|copy| copy.challenge == challenge && copy.jws.is_some());
    assert!(!kept(code));
    assert!(kept(number), "the other modes' are evidence");
}
