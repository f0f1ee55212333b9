//! How logins begin, make room for one another, and go quiet.

use koppel_protocol::{decision::Verdict, id::ChallengeId};

use crate::{
    ChallengeState::{Pending, Superseded},
    Command, Loudness, Mode, Purpose, Refusal, Reply,
    fixture::{Step, World, expect, panel, terms},
    plan::Wanted,
};

fn states(world: &World, of: &[ChallengeId]) -> Vec<crate::ChallengeState> {
    of.iter().filter_map(|id| world.account.challenge(*id)).map(|row| row.state).collect()
}

fn with_a_phone() -> World {
    let mut world = World::new();
    world.active_phone("a");
    world
}

#[test]
fn a_login_supersedes_only_one_of_the_same_browser_session() {
    let mut world = with_a_phone();
    let first = world.challenge(1, Mode::Code).id;
    let other = world.challenge(2, Mode::Code).id;
    let again = world.challenge(1, Mode::Code).id;
    assert_eq!(states(&world, &[first, other, again]), [Superseded, Pending, Pending]);
}

#[test]
fn a_fourth_login_ends_the_oldest() {
    let mut world = with_a_phone();
    let mut ids = Vec::new();
    for session in 1..=4 {
        ids.push(world.challenge(session, Mode::Code).id);
        world.wait(1);
    }
    assert_eq!(states(&world, &ids), [Superseded, Pending, Pending, Pending]);
}

/// threats row 2
#[test]
fn budgets_silence_the_alert_and_never_the_challenge() {
    let mut world = with_a_phone();
    let alerts: Vec<_> = (1..=5)
        .map(|session| {
            let challenge = world.challenge(session, Mode::Number);
            assert!(world.account.copies.iter().any(|copy| copy.challenge == challenge.id), "it is always there");
            challenge.delivery().map(|delivery| delivery.alert)
        })
        .collect();
    let (loud, quiet) = (Some(Loudness::Loud), Some(Loudness::Quiet));
    assert_eq!(alerts, [loud, loud, loud, quiet, quiet]);
}

/// threats row 2
#[test]
fn denied_and_ignored_logins_make_phones_quiet_until_a_success() {
    let mut world = with_a_phone();
    let device = world.account.devices[0].id;
    let denied = world.challenge(1, Mode::Number).id;
    expect(world.answer(device, denied, Verdict::Deny, None), "denied");
    for session in 2..=3 {
        world.challenge(session, Mode::Number);
        world.wait(700);
    }
    let fourth = world.challenge(4, Mode::Number);
    assert_eq!(fourth.delivery().map(|delivery| delivery.alert), Some(Loudness::Quiet));
    expect(world.approve(device, fourth.id), "approved");
    let fifth = world.challenge(5, Mode::Number);
    assert_eq!(fifth.delivery().map(|delivery| delivery.alert), Some(Loudness::Loud));
}

#[test]
fn what_was_prepared_for_another_account_state_is_prepared_again() {
    let mut world = with_a_phone();
    let terms = terms();
    let request = || {
        let login = World::new().begun(1, Purpose::Login);
        Box::new(crate::ChallengeRequest::Direct {
            terms: terms.clone(),
            login,
            mode: Some(Mode::Number),
            prefer: None,
        })
    };
    let prepared = world.prepare(Wanted::Login { terms: &terms, mode: Some(Mode::Number), prefer: None });
    let start = |prepared| Command::StartChallenge { request: request(), prepared };

    let mut later = world.clone();
    later.wait(3);
    assert_eq!(later.run(start(prepared.clone()), panel()), Err(Refusal::Stale), "signed too long ago");

    let mut stricter = world.clone();
    stricter.policy.set("code_digits", 8).expect("within bounds");
    assert_eq!(stricter.run(start(prepared.clone()), panel()), Err(Refusal::Stale), "another policy");

    let mut rekeyed = prepared.clone();
    if let Some(prepared) = &mut rekeyed {
        prepared.signed_by = koppel_protocol::KeyVersion::new(2).expect("a version");
    }
    assert_eq!(world.clone().run(start(rekeyed), panel()), Err(Refusal::Stale), "another key");

    let mut more = world.clone();
    more.active_phone("b");
    assert_eq!(more.run(start(prepared.clone()), panel()), Err(Refusal::Stale), "another phone");
    assert_eq!(world.clone().run(start(None), panel()), Err(Refusal::Stale), "nothing prepared");
    assert!(world.run(start(prepared), panel()).is_ok());
}

#[test]
fn a_stale_request_may_come_again_with_its_proof() {
    let mut world = with_a_phone();
    let device = world.account.devices[0].id;
    let proof = Some(crate::Proof { device, jti: koppel_protocol::Bytes::new([3; 16]), until: world.now.plus(300) });
    let step = |world: &World, prepared| Step {
        command: Command::StartChallenge { request: Box::new(crate::ChallengeRequest::Test { device }), prepared },
        actor: crate::fixture::phone(device),
        source: None,
        proof: proof.filter(|_| world.now.0 > 0),
    };
    let stale = step(&world, None);
    assert_eq!(world.step(&stale), Err(Refusal::Stale));
    let prepared = world.prepare(Wanted::Test { device });
    let good = step(&world, prepared);
    assert!(matches!(world.step(&good), Ok(Reply::Challenge { .. })));
    assert_eq!(world.step(&good), Err(Refusal::Unauthenticated), "and then never again");
}

#[test]
fn without_a_phone_there_is_no_challenge() {
    let mut world = World::new();
    assert_eq!(world.start(1, Mode::Code), Err(Refusal::NotEnrolled { ever: false }));
    let device = world.active_phone("a");
    expect(world.run(Command::RemoveDevice { device }, panel()), "removed");
    assert_eq!(world.start(1, Mode::Code), Err(Refusal::NotEnrolled { ever: true }), "support helps");
}

#[test]
fn the_password_must_be_fresh_and_fresher_for_settings() {
    let mut world = with_a_phone();
    let mut open = |purpose, age: u32| {
        let token = koppel_protocol::hash::sha256(format!("{purpose:?}{age}").as_bytes());
        let command = match world.open_prompt(1, purpose, token) {
            Command::OpenPrompt(mut open) => {
                open.login.first_factor_at = world.now.minus(age);
                Command::OpenPrompt(open)
            }
            other => other,
        };
        world.run(command, panel()).is_ok()
    };
    assert!(open(Purpose::Login, 600));
    assert!(!open(Purpose::Login, 601));
    assert!(open(Purpose::Settings, 300));
    assert!(!open(Purpose::Settings, 301));
}

/// threats row 50
#[test]
fn after_a_restore_nothing_that_waited_goes_on() {
    let mut world = with_a_phone();
    let device = world.account.devices[0].id;
    let waiting = world.challenge(1, Mode::Number).id;
    let approved = world.challenge(2, Mode::Number).id;
    expect(world.approve(device, approved), "approved");
    world.keys = crate::fixture::keys(2);
    let take = Command::Consume { challenge: approved, terms: terms(), v: crate::fixture::v(2) };
    assert_eq!(world.run(take, panel()), Err(Refusal::Expired));
    assert_eq!(world.approve(device, waiting), Err(Refusal::Expired));
}
