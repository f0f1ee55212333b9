//! A phone's signed answers, in the protocol's order.

use koppel_protocol::{
    Bytes,
    decision::{UserVerification, Verdict},
    hash::sha256,
    id::{ChallengeId, DeviceId},
    phone_api::DecisionOutcome,
};

use crate::{
    ChallengeState::{self, Consumed, Denied, Failed, Pending},
    Command, Mode,
    Refusal::{
        self, AlreadyDecided, Expired, NotFound, NotVerified, Superseded, TooWeak, Unauthenticated, WrongMode,
        WrongNumber,
    },
    Reply, Typed,
    fixture::{World, expect, key, panel, phone, terms, v, wrong},
};

fn asked() -> (World, DeviceId, ChallengeId) {
    let mut world = World::new();
    let device = world.active_phone("a");
    let challenge = world.challenge(1, Mode::Number).id;
    (world, device, challenge)
}

fn state(world: &World, challenge: ChallengeId) -> Option<ChallengeState> {
    world.account.challenge(challenge).map(|row| row.state)
}

fn consume(world: &mut World, challenge: ChallengeId, session: u8) -> Result<Reply, Refusal> {
    world.run(Command::Consume { challenge, terms: terms(), v: v(session) }, panel())
}

fn said(outcome: DecisionOutcome, challenge: ChallengeId) -> Result<Reply, Refusal> {
    Ok(Reply::Decided { outcome, challenge })
}

#[test]
fn an_approval_is_taken_once_with_the_phones_own_words() {
    let (mut world, device, challenge) = asked();
    assert_eq!(world.approve(device, challenge), said(DecisionOutcome::Approved, challenge));
    assert_eq!(consume(&mut world, challenge, 2), Err(Refusal::WrongBinding), "another session takes nothing");
    let Ok(Reply::Verified(verified)) = consume(&mut world, challenge, 1) else { panic!("not verified") };
    let evidence = verified.evidence.expect("signed");
    assert_eq!((evidence.device, evidence.key), (device, key("a approve")));
    assert_eq!(state(&world, challenge), Some(Consumed));
    assert_eq!(consume(&mut world, challenge, 1), Err(AlreadyDecided));
}

/// threats row 5
#[test]
fn approving_one_login_approves_no_other() {
    let (mut world, device, first) = asked();
    let second = world.challenge(2, Mode::Number).id;
    expect(world.approve(device, first), "approved");
    assert_eq!(state(&world, second), Some(Pending));
    assert_eq!(consume(&mut world, second, 2), Err(NotVerified));
}

/// threats row 5
#[test]
fn an_answer_must_name_exactly_what_was_shown() {
    let (mut world, device, challenge) = asked();
    let second = world.challenge(2, Mode::Number).id;
    let right = world.signed(device, challenge, Verdict::Approve, Some(world.right_number(challenge)));
    let mut swapped = right.clone();
    swapped.challenge = second;
    assert_eq!(world.run(Command::Decide(Box::new(swapped)), phone(device)), Err(NotFound));
    let mut other = right.clone();
    other.ch = sha256(b"another challenge");
    assert_eq!(world.run(Command::Decide(Box::new(other)), phone(device)), Err(NotFound));
    assert!(world.run(Command::Decide(Box::new(right)), phone(device)).is_ok());
}

#[test]
fn each_answer_is_signed_by_its_own_key() {
    let (mut world, device, challenge) = asked();
    for (verdict, wrong_key) in [(Verdict::Approve, "a id"), (Verdict::Deny, "a approve"), (Verdict::Fraud, "b id")] {
        let mut answer = world.signed(device, challenge, verdict, None);
        answer.key = key(wrong_key);
        assert_eq!(world.run(Command::Decide(Box::new(answer)), phone(device)), Err(Unauthenticated));
    }
    assert_eq!(state(&world, challenge), Some(Pending));
}

#[test]
fn the_same_bytes_get_the_same_outcome_and_other_bytes_under_their_id_none() {
    let (mut world, device, challenge) = asked();
    let answer = world.signed(device, challenge, Verdict::Approve, Some(wrong(&world.right_number(challenge))));
    for _ in 0..3 {
        let again = world.run(Command::Decide(Box::new(answer.clone())), phone(device));
        assert_eq!(again, Err(WrongNumber { tries_left: 2 }), "sent again, counted once");
    }
    let mut other = answer.clone();
    other.signing_input = Bytes::new([9; 32]);
    other.number = Some(world.right_number(challenge));
    assert_eq!(world.run(Command::Decide(Box::new(other)), phone(device)), Err(Refusal::Mismatch));

    let right = world.signed(device, challenge, Verdict::Approve, Some(world.right_number(challenge)));
    for _ in 0..2 {
        let again = world.run(Command::Decide(Box::new(right.clone())), phone(device));
        assert_eq!(again, said(DecisionOutcome::Approved, challenge));
    }
}

/// threats row 3
#[test]
fn three_wrong_numbers_end_the_challenge() {
    let (mut world, device, challenge) = asked();
    for left in (0..3).rev() {
        let number = wrong(&world.right_number(challenge));
        assert_eq!(
            world.answer(device, challenge, Verdict::Approve, Some(number)),
            Err(WrongNumber { tries_left: left })
        );
    }
    assert_eq!(state(&world, challenge), Some(Failed));
    assert_eq!(world.approve(device, challenge), Err(AlreadyDecided));
}

#[test]
fn an_older_delivery_approves_nothing_and_costs_nothing() {
    let (mut world, device, challenge) = asked();
    let old = world.signed(device, challenge, Verdict::Approve, Some(world.right_number(challenge)));
    let denial = world.signed(device, challenge, Verdict::Deny, None);
    world.wait(20);
    let terms = terms();
    let known = world.account.challenge(challenge).cloned().expect("there");
    let prepared = world.prepare(crate::plan::Wanted::Redelivery { challenge: &known, method: None, terms: &terms });
    let holder = crate::Holder::Panel { terms, v: v(1) };
    expect(world.run(Command::Redeliver { challenge, holder, method: None, prepared }, panel()), "delivered again");
    assert_eq!(world.run(Command::Decide(Box::new(old)), phone(device)), Err(Superseded));
    assert_eq!(world.account.challenge(challenge).map(|row| row.number_tries), Some(0));
    assert_eq!(
        world.run(Command::Decide(Box::new(denial)), phone(device)),
        said(DecisionOutcome::Denied, challenge),
        "no is no"
    );
    assert_eq!(state(&world, challenge), Some(Denied));
}

#[test]
fn time_ends_deliveries_challenges_and_approvals() {
    let (mut world, device, challenge) = asked();
    world.wait(120);
    assert_eq!(world.approve(device, challenge), Err(Expired));
    world.wait(480);
    assert_eq!(world.answer(device, challenge, Verdict::Deny, None), Err(Expired));
    assert_eq!(state(&world, challenge), Some(ChallengeState::Expired));

    let second = world.challenge(1, Mode::Number).id;
    expect(world.approve(device, second), "approved");
    world.wait(120);
    assert_eq!(consume(&mut world, second, 1), Err(Expired));
    assert_eq!(state(&world, second), Some(ChallengeState::Lapsed));
}

#[test]
fn a_yes_counts_only_as_the_policy_wants_the_person_verified() {
    let (mut world, device, challenge) = asked();
    let number = Some(world.right_number(challenge));
    let mut answer = world.signed(device, challenge, Verdict::Approve, number);
    answer.uv = UserVerification::None;
    assert_eq!(world.run(Command::Decide(Box::new(answer.clone())), phone(device)), Err(TooWeak));
    world.policy.biometric_only = 1;
    answer.uv = UserVerification::Biometric;
    assert_eq!(world.run(Command::Decide(Box::new(answer)), phone(device)), Err(TooWeak), "its key takes a PIN");
    assert_eq!(world.account.challenge(challenge).map(|row| row.number_tries), Some(0));
}

#[test]
fn a_code_challenge_cannot_be_approved_and_can_be_denied() {
    let mut world = World::new();
    let device = world.active_phone("a");
    let challenge = world.challenge(1, Mode::Code).id;
    assert_eq!(world.approve(device, challenge), Err(WrongMode));
    assert_eq!(world.answer(device, challenge, Verdict::Deny, None), said(DecisionOutcome::Denied, challenge));
}

/// threats row 10
#[test]
fn whatever_falls_between_approval_and_consumption_stops_it() {
    type Stop = fn(DeviceId) -> Command;
    let disable: Stop = |_| {
        let put = crate::PutUser { enabled: Some(false), ..crate::PutUser::named(crate::fixture::login_name()) };
        Command::PutUser(Box::new(put))
    };
    let remove: Stop = |device| Command::RemoveDevice { device };
    let delete: Stop = |_| Command::DeleteUser;
    for (name, stop) in [("disabled", disable), ("removed", remove), ("deleted", delete)] {
        let (mut world, device, challenge) = asked();
        expect(world.approve(device, challenge), "approved");
        expect(world.run(stop(device), panel()), name);
        assert!(consume(&mut world, challenge, 1).is_err(), "{name}");
    }
    let (mut world, device, challenge) = asked();
    expect(world.approve(device, challenge), "approved");
    let second = world.challenge(2, Mode::Number).id;
    expect(world.answer(device, second, Verdict::Fraud, None), "reported");
    assert_eq!(consume(&mut world, challenge, 1), Err(Refusal::AccountLocked));
}

/// threats row 10
#[test]
fn a_phone_that_may_not_act_answers_nothing() {
    let (mut world, device, challenge) = asked();
    expect(world.run(Command::RemoveDevice { device }, panel()), "removed");
    assert_eq!(world.approve(device, challenge), Err(Refusal::DeviceRevoked));

    let (mut world, device, _) = asked();
    world.wait(world.policy.device_idle);
    assert_eq!(world.start(3, Mode::Number), Err(Refusal::NotEnrolled { ever: true }), "idle phones are suspended");
    assert_eq!(world.run(Command::Seen { device }, phone(device)), Err(Refusal::DeviceSuspended));
}

#[test]
fn where_only_a_signature_counts_a_code_opens_nothing() {
    let (mut world, _, _) = asked();
    let challenge = world.challenge(2, Mode::Code).id;
    let strict = crate::Terms { requires_device_signature: true, ..terms() };
    let code = world.right_code(challenge);
    let holder = crate::Holder::Panel { terms: strict.clone(), v: v(2) };
    assert_eq!(world.run(Command::CheckCode { challenge, holder, typed: Typed::App(code) }, panel()), Err(NotVerified));
    let plan = crate::plan::plan(
        &world.account,
        crate::plan::Wanted::Login { terms: &strict, mode: Some(Mode::Code), prefer: None },
        &world.policy,
        world.now,
    );
    assert_eq!(plan.map(|plan| plan.mode), Ok(Mode::Number));
}
