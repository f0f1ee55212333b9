//! Row 34, the phone's part: a kill at any step loses nothing and doubles nothing.
//!
//! A story is told once without a kill, counting what the host does. Then it is told again for each of these
//! steps, killed right before it; the app is opened again and the person goes on with what they see.

use koppel_core::{AccountStatus, Event, Invitation, News, Outcome};
use koppel_protocol::phone_api::ChallengeState;

use crate::{
    fixtures::{cid, text},
    network::{World, account},
    server::Fact,
};

#[derive(Clone, Copy, Debug)]
enum Door {
    Link,
    Code,
    Login,
}

fn invitation(world: &mut World, door: Door) -> Invitation {
    let place = world.server().invite("anna");
    let origin = world.server().origin.clone();
    let (link, code) = (world.server().invitations[place].link.clone(), world.server().invitations[place].code.clone());
    world.server().passwords.insert("anna".into(), "correct horse".into());
    match door {
        Door::Link => Invitation::Link(link),
        Door::Code => Invitation::Koppelcode { origin, user: text("anna"), code },
        Door::Login => Invitation::Login { origin, user: text("anna"), password: "correct horse".parse().unwrap() },
    }
}

/// Does what a person does who wants to pair, and reopens the app when it died. Returns whether it was killed.
fn pair(world: &mut World, door: Door, fuse: Option<usize>) -> bool {
    world.take(Event::Foreground).unwrap();
    let invitation = invitation(world, door);
    world.phone.fuse = fuse;
    world.begin_pairing(1, invitation).unwrap();
    let mut killed = false;
    let mut numbers = Vec::new();
    for _ in 0..40 {
        if world.phone.dead {
            killed = true;
            world.run_for(700);
            world.restart();
        }
        match world.status(1) {
            Some(AccountStatus::Offered) => world.suggest(Event::Accept { account: account(1) }),
            Some(AccountStatus::AwaitingConfirmation { check_number, .. }) => {
                numbers.push(check_number.clone());
                let pid = *world.server().pairings.iter().find(|(_, pairing)| pairing.m3.is_some()).unwrap().0;
                world.server().confirm(pid, &check_number);
            }
            _ => {}
        }
        world.run_for(1_000);
    }
    numbers.dedup();
    assert!(numbers.len() <= 1, "one pairing shows one number");
    killed
}

fn assert_paired_or_clean(world: &mut World, killed: bool) {
    let revealed = world.server().history.iter().filter(|fact| matches!(fact, Fact::Revealed(_))).count();
    let activated = world.server().history.iter().filter(|fact| matches!(fact, Fact::Activated(_))).count();
    match world.status(1) {
        Some(AccountStatus::Active) => {
            assert_eq!((revealed, activated), (1, 1), "one device, and one only");
            let device = world.server().devices.values().next().unwrap();
            assert!(device.answered_activation, "the server knows that the activation arrived");
            assert_eq!(world.phone.keys.lock().unwrap().len(), 1);
        }
        None => {
            assert!(killed, "without a kill it succeeds");
            assert_eq!(revealed, 0, "what the server has, the phone has");
            assert!(world.phone.keys.lock().unwrap().is_empty(), "nothing half-paired stays");
        }
        other => panic!("stuck at {other:?}"),
    }
}

fn tell_pairing(door: Door) {
    let mut world = World::quick(1);
    assert!(!pair(&mut world, door, None));
    assert_paired_or_clean(&mut world, false);
    let steps = world.phone.effects_run;
    let mut finished = 0;
    for fuse in 0..steps {
        let mut world = World::quick(1);
        let killed = pair(&mut world, door, Some(fuse));
        assert_paired_or_clean(&mut world, killed);
        finished += usize::from(world.status(1).is_some());
    }
    assert!(finished > steps / 2, "{door:?}: most kills are survived: {finished} of {steps}");
}

#[test]
fn row_34_a_kill_at_any_step_of_pairing_by_link_loses_and_doubles_nothing() {
    tell_pairing(Door::Link);
}

#[test]
fn row_34_a_kill_at_any_step_of_pairing_by_koppelcode_loses_and_doubles_nothing() {
    tell_pairing(Door::Code);
}

#[test]
fn row_34_a_kill_at_any_step_of_pairing_by_login_loses_and_doubles_nothing() {
    tell_pairing(Door::Login);
}

#[test]
fn a_login_is_never_on_disk() {
    let mut world = World::new(2);
    world.take(Event::Foreground).unwrap();
    let invitation = invitation(&mut world, Door::Login);
    world.weather.loss = 100;
    world.begin_pairing(1, invitation).unwrap();
    world.run_for(60_000);
    let disk = world.phone.disk.clone().unwrap_or_default();
    assert!(!String::from_utf8_lossy(&disk).contains("correct horse"));
}

#[test]
fn m1_of_a_koppelcode_is_on_disk_before_it_is_sent_and_resent_as_it_was() {
    let mut world = World::new(3);
    world.take(Event::Foreground).unwrap();
    let invitation = invitation(&mut world, Door::Code);
    world.begin_pairing(1, invitation).unwrap();
    world.run_for(20);
    assert!(world.phone.disk.is_some());
    world.phone.kill();
    world.restart();
    world.run_for(2_000);
    assert_eq!(world.server().pairings.len(), 1, "the same m1 is one pairing");
    assert_eq!(world.status(1), Some(AccountStatus::Offered));
}

#[test]
fn a_check_number_is_on_disk_before_it_is_shown_and_shown_again_after_a_kill() {
    let mut world = World::new(4);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    world.begin_pairing(1, link).unwrap();
    world.run_for(1_000);
    world.take(Event::Accept { account: account(1) }).unwrap();
    world.run_for(1_000);
    let before = world.check_number(1).unwrap();
    world.phone.kill();
    world.run_for(60_000);
    world.phone.news.clear();
    world.restart();
    assert_eq!(world.check_number(1), Some(before.clone()));
    let again = world
        .phone
        .news
        .iter()
        .any(|news| matches!(news, News::CheckNumber { check_number, .. } if *check_number == before));
    assert!(again);
}

/// What the person does who wants to approve (or not) one login.
fn answer(world: &mut World, deny: bool, fuse: Option<usize>) {
    world.server().pose_number(cid(1), "anna");
    world.phone.fuse = fuse;
    for _ in 0..20 {
        if world.phone.dead {
            world.run_for(700);
            world.restart();
        }
        let state = world.phone.machine.snapshot(world.now());
        if state.challenges.iter().any(|view| view.cid == cid(1) && !view.answered) {
            let number = Some("314159".parse().unwrap());
            let (account, cid) = (account(1), cid(1));
            let event = match deny {
                true => Event::Deny { account, cid, reason: koppel_core::DenyReason::Mistake },
                false => Event::Approve { account, cid, number },
            };
            world.suggest(event);
        }
        world.run_for(1_000);
    }
}

fn tell_answer(deny: bool) {
    let mut world = World::quick(5).pair();
    let before = world.phone.effects_run;
    answer(&mut world, deny, None);
    let steps = world.phone.effects_run - before;
    for fuse in 0..steps {
        let mut world = World::quick(5).pair();
        answer(&mut world, deny, Some(fuse));
        let wanted = if deny { ChallengeState::Denied } else { ChallengeState::Approved };
        assert_eq!(world.server().challenges[&cid(1)].state, wanted, "killed before step {fuse}");
        let decided = world.server().history.iter().filter(|fact| matches!(fact, Fact::Decided { .. })).count();
        assert_eq!(decided, 1, "killed before step {fuse}");
        world.decisions_sent.dedup();
        assert_eq!(world.decisions_sent.len(), 1, "resent byte for byte, killed before step {fuse}");
        assert!(world.outcomes(cid(1)).len() <= 1);
    }
}

#[test]
fn row_34_a_kill_at_any_step_of_an_approval_loses_and_doubles_nothing() {
    tell_answer(false);
}

#[test]
fn row_34_a_kill_at_any_step_of_a_denial_loses_and_doubles_nothing() {
    tell_answer(true);
}

#[test]
fn a_decision_is_on_disk_before_it_is_sent() {
    let mut world = World::paired(6);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    world.phone.disk_full = true;
    world.suggest(Event::Approve { account: account(1), cid: cid(1), number: Some("314159".parse().unwrap()) });
    world.run_for(10_000);
    assert!(world.decisions_sent.is_empty(), "what cannot be stored is not sent");
    assert!(world.phone.news.iter().any(|news| matches!(news, News::Trouble { .. })), "and the person is told");
    world.phone.disk_full = false;
    world.run_for(10_000);
    if world.outcomes(cid(1)).is_empty() {
        world.suggest(Event::Approve { account: account(1), cid: cid(1), number: Some("314159".parse().unwrap()) });
        world.run_for(10_000);
    }
    assert_eq!(world.outcomes(cid(1)).last(), Some(&Outcome::Approved));
    assert_eq!(world.server().challenges[&cid(1)].state, ChallengeState::Approved);
}
