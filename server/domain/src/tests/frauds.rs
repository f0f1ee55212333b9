//! "This was not me", and how a lock is lifted. And users who go.

use koppel_protocol::{
    Bytes,
    decision::Verdict,
    id::DeviceId,
    notice::NoticeKind,
    phone_api::{DecisionOutcome, DeviceState},
};

use crate::{
    ChallengeRequest, ChallengeState, Command, Mode, Purpose, PutUser, Refusal, Reply, Time, UserStatus,
    fixture::{World, desk, expect, login_name, panel, phone, terms, v},
    plan::Wanted,
};

fn reported() -> (World, DeviceId) {
    let mut world = World::new();
    let device = world.active_phone("a");
    let challenge = world.challenge(1, Mode::Number).id;
    expect(world.answer(device, challenge, Verdict::Fraud, None), "reported");
    (world, device)
}

fn put(enabled: Option<bool>, password_changed_at: Option<Time>) -> Command {
    let login_name = login_name();
    Command::PutUser(Box::new(PutUser { enabled, password_changed_at, ..PutUser::named(login_name) }))
}

/// threats row 2
#[test]
fn a_fraud_report_ends_everything_pending_and_locks() {
    let mut world = World::new();
    let device = world.active_phone("a");
    let other = world.active_phone("b");
    for notice in world.account.notices.clone() {
        world.account.notices.retain(|held| held.id != notice.id);
    }
    let approved = world.challenge(1, Mode::Number).id;
    expect(world.approve(device, approved), "approved");
    let waiting = world.challenge(2, Mode::Number).id;
    let prompt = world.bound_prompt(3, Purpose::Login);
    let (pairing, pending) = world.pending_phone("c");
    let reported = world.answer(device, approved, Verdict::Fraud, None);
    assert_eq!(reported, Ok(Reply::Decided { outcome: DecisionOutcome::Fraud, challenge: approved }));

    let account = &world.account;
    assert_eq!(account.challenge(approved).map(|row| row.state), Some(ChallengeState::Fraud));
    assert_eq!(account.challenge(waiting).map(|row| row.state), Some(ChallengeState::Cancelled));
    assert_eq!(account.prompt(prompt).map(|row| row.state), Some(crate::PromptState::Cancelled));
    assert_eq!(account.pairing(pairing).map(|row| row.state), Some(crate::PairingState::Refused));
    assert!(!account.device(pending).is_some_and(crate::Device::is_active));
    assert!(account.invitations.is_empty());
    let locked: Vec<_> =
        account.notices.iter().filter(|notice| notice.kind == NoticeKind::Locked).map(|n| n.device).collect();
    assert_eq!(locked, [other]);

    assert_eq!(world.start(4, Mode::Code), Err(Refusal::AccountLocked));
    assert_eq!(
        world.run(world.open_prompt(4, Purpose::Login, Bytes::new([4; 32])), panel()),
        Err(Refusal::AccountLocked)
    );
    let take = Command::Consume { challenge: approved, terms: terms(), v: v(1) };
    assert!(world.run(take, panel()).is_err());
    let events = world.entries.iter().filter(|entry| entry.kind == "user.locked").count();
    assert_eq!(events, 1);
}

#[test]
fn fraud_is_taken_for_a_day_whatever_the_state() {
    for (wait, taken) in [(0, true), (86_399, true), (86_400, false)] {
        let mut world = World::new();
        let device = world.active_phone("a");
        let challenge = world.challenge(1, Mode::Number).id;
        expect(world.approve(device, challenge), "approved");
        expect(world.run(Command::Consume { challenge, terms: terms(), v: v(1) }, panel()), "consumed");
        world.wait(wait);
        let said = world.answer(device, challenge, Verdict::Fraud, None);
        assert_eq!(said.is_ok(), taken, "{wait} s");
        assert_eq!(world.account.user.lock.is_some(), taken);
        assert_eq!(
            world.account.challenge(challenge).map(|row| row.state),
            Some(ChallengeState::Consumed),
            "final is final"
        );
    }
}

#[test]
fn support_a_newer_password_or_the_reporting_phone_lift_the_lock() {
    let (mut world, _) = reported();
    expect(world.run(Command::Unlock, desk()), "by the desk");
    assert_eq!(world.account.user.lock, None);

    let (mut world, _) = reported();
    let locked = world.now;
    expect(world.run(put(None, Some(locked)), panel()), "not newer");
    assert!(world.account.user.lock.is_some());
    expect(world.run(put(None, Some(locked.plus(50))), panel()), "not yet");
    assert!(world.account.user.lock.is_some(), "a password from the future is from now");
    world.wait(60);
    expect(world.run(put(None, Some(locked.plus(1))), panel()), "newer");
    assert_eq!(world.account.user.lock, None);

    let (mut world, device) = reported();
    let prepared = world.prepare(Wanted::Unlock { device });
    let request = Box::new(ChallengeRequest::Unlock { device });
    let made = world.run(Command::StartChallenge { request, prepared }, phone(device));
    let Ok(Reply::Challenge { challenge, .. }) = made else { panic!("{made:?}") };
    expect(world.answer(device, challenge.id, Verdict::Approve, None), "by the phone");
    assert_eq!(world.account.user.lock, None);
    assert_eq!(world.account.challenge(challenge.id).map(|row| row.state), Some(ChallengeState::Consumed));
}

#[test]
fn no_other_phone_lifts_the_lock() {
    let mut world = World::new();
    let device = world.active_phone("a");
    let other = world.active_phone("b");
    let challenge = world.challenge(1, Mode::Number).id;
    expect(world.answer(device, challenge, Verdict::Fraud, None), "reported");
    assert!(world.prepare(Wanted::Unlock { device: other }).is_none());
    let request = Box::new(ChallengeRequest::Unlock { device: other });
    let refused = world.run(Command::StartChallenge { request, prepared: None }, phone(other));
    assert_eq!(refused, Err(Refusal::NotVerified));
    expect(world.run(Command::Unlock, desk()), "by the desk");
    let request = Box::new(ChallengeRequest::Unlock { device });
    let refused = world.run(Command::StartChallenge { request, prepared: None }, phone(device));
    assert_eq!(refused, Err(Refusal::NotVerified), "there is no lock");
}

#[test]
fn a_lifted_lock_is_told_to_all_phones_and_taken_back_by_the_next() {
    let told = |world: &World| -> Vec<DeviceId> {
        let told = world.account.notices.iter().filter(|notice| notice.kind == NoticeKind::Unlocked);
        told.map(|notice| notice.device).collect()
    };
    let mut world = World::new();
    let (device, other) = (world.active_phone("a"), world.active_phone("b"));
    let (first, second) = (world.challenge(1, Mode::Number).id, world.challenge(2, Mode::Number).id);
    expect(world.answer(device, first, Verdict::Fraud, None), "reported");
    expect(world.run(Command::Unlock, desk()), "by the desk");
    let phones = told(&world);
    assert!(phones.len() == 2 && phones.contains(&device) && phones.contains(&other), "{phones:?}");
    expect(world.run(Command::Unlock, desk()), "there is no lock");
    assert_eq!(told(&world).len(), 2, "nothing new");
    expect(world.answer(other, second, Verdict::Fraud, None), "reported again");
    assert_eq!(told(&world), []);
}

/// threats row 10
#[test]
fn a_disabled_user_does_nothing_until_enabled() {
    let mut world = World::new();
    let device = world.active_phone("a");
    let challenge = world.challenge(1, Mode::Number).id;
    expect(world.run(put(Some(false), None), panel()), "disabled");
    assert_eq!(world.approve(device, challenge), Err(Refusal::AccountLocked));
    assert_eq!(world.start(2, Mode::Code), Err(Refusal::AccountLocked));
    expect(world.run(put(Some(true), None), panel()), "enabled");
    assert!(world.approve(device, challenge).is_ok());
}

/// threats row 15
#[test]
fn a_deleted_user_keeps_nothing_but_the_chain_and_the_memory_of_a_factor() {
    let mut world = World::new();
    let device = world.active_phone("a");
    world.challenge(1, Mode::Number);
    let entries = world.entries.len();
    let Ok(Reply::UserDeleted { devices }) = world.run(Command::DeleteUser, panel()) else { panic!("not deleted") };
    assert_eq!(devices.iter().map(|device| device.id).collect::<Vec<_>>(), [device]);
    let account = &world.account;
    let [left] = &account.devices[..] else { panic!("a phone is told for a while that it is revoked") };
    assert_eq!((left.id, left.state, left.keys.id), (device, DeviceState::Revoked, devices[0].keys.id));
    assert_eq!((left.name.as_str(), left.auth.len(), left.keys.approve), ("", 0, None), "and that is all of it");
    assert!(account.methods.is_empty() && account.challenges.is_empty() && account.copies.is_empty());
    assert!(account.decisions.is_empty() && account.pairings.is_empty() && account.counters.is_empty());
    assert_eq!((account.user.login_name.as_ref(), account.user.ever_enrolled), (None, true));
    assert!(matches!(account.user.status, UserStatus::Deleted { .. }));
    assert_eq!(world.entries.len(), entries + 1);
    assert_eq!(world.run(Command::Seen { device }, phone(device)), Err(Refusal::DeviceRevoked));

    assert_eq!(world.run(Command::DeleteUser, panel()), Err(Refusal::NotFound));
    assert_eq!(world.run(Command::IssueInvitation { by: crate::Issuer::Desk }, desk()), Err(Refusal::NotFound));
    // Who comes back is not new: no set-up by password alone.
    let prompt = world.bound_prompt(1, Purpose::Enrol);
    let by = crate::Issuer::Page { prompt, cookie: crate::fixture::cookie(1) };
    let invited = world.run(Command::IssueInvitation { by }, crate::fixture::browser());
    assert_eq!(invited, Err(Refusal::NotEnrolled { ever: true }));

    world.wait(30 * 86_400);
    expect(world.run(Command::Settle, crate::Actor::Server), "swept");
    assert!(world.account.devices.is_empty(), "after a month nothing");
}

#[test]
fn a_phone_removes_itself_and_no_other() {
    let mut world = World::new();
    let device = world.active_phone("a");
    let other = world.active_phone("b");
    assert_eq!(world.run(Command::RemoveDevice { device: other }, phone(device)), Err(Refusal::NotFound));
    expect(world.run(Command::RemoveDevice { device }, phone(device)), "removed");
    let told: Vec<_> =
        world.account.notices.iter().filter(|n| n.kind == NoticeKind::DeviceRemoved).map(|n| n.device).collect();
    assert_eq!(told, [other]);
}

/// threats row 32
#[test]
fn users_of_another_organisation_do_not_exist() {
    let mut world = World::new();
    world.active_phone("a");
    let elsewhere = crate::Actor::Panel {
        organisation: koppel_protocol::id::OrganisationId::from_bytes([9; 16]),
        relying_party: crate::fixture::RELYING_PARTY,
        key: crate::fixture::API_KEY,
    };
    let version = world.account.user.version;
    assert_eq!(world.run(Command::DeleteUser, elsewhere.clone()), Err(Refusal::NotFound));
    assert_eq!(world.run(put(None, None), elsewhere), Err(Refusal::NotFound));
    assert_eq!(world.account.user.version, version);
}

/// threats row 1: who was talked into one approval notices it at the next.
#[test]
fn a_fraud_report_takes_back_an_approval_that_let_nobody_in_yet() {
    let mut world = World::new();
    let device = world.active_phone("a");
    let relayed = world.challenge(1, Mode::Number).id;
    expect(world.approve(device, relayed), "approved");
    let next = world.challenge(2, Mode::Number).id;
    expect(world.answer(device, next, Verdict::Fraud, None), "reported");
    assert_eq!(world.account.challenge(relayed).map(|row| row.state), Some(ChallengeState::Fraud));
    expect(world.run(Command::Unlock, desk()), "unlocked");
    let consume = Command::Consume { challenge: relayed, terms: terms(), v: v(1) };
    assert!(world.run(consume, panel()).is_err(), "unlocking revives no approval");
}

/// threats row 6: a page proves no more than a password.
#[test]
fn a_page_removes_no_phone_and_refuses_waiting_ones_only_where_it_may_add_one() {
    let mut world = World::new();
    let device = world.active_phone("a");
    let (_, waiting) = world.pending_phone("b");
    for device in [device, waiting] {
        let removed = world.run(Command::RemoveDevice { device }, crate::fixture::browser());
        assert_eq!(removed, Err(Refusal::NotFound));
    }
    let prompt = world.bound_prompt(1, Purpose::Login);
    let by = crate::Issuer::Page { prompt, cookie: crate::fixture::cookie(1) };
    let invited = world.run(Command::IssueInvitation { by }, crate::fixture::browser());
    assert_eq!(invited, Err(Refusal::NotVerified));
    let state = world.account.device(waiting).map(|device| device.state);
    assert_eq!(state, Some(koppel_protocol::phone_api::DeviceState::Pending));
}
