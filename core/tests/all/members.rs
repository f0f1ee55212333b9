//! The life of an account: answers without a network, locks, removal, and how accounts leave each other alone.

use std::sync::atomic::Ordering;

use koppel_core::{
    AccountStatus, Alert, Approving, ConnectionView, DenyReason, Event, News, NoSignature, Now, Outcome, PairingEnd,
    Question, Refused, Reply, Road, Trouble,
};
use koppel_protocol::{notice::NoticeKind, phone_api::ChallengeState};

use crate::{
    fixtures::{Curve, cid},
    network::{FAIR, Weather, World, account},
    server::{Fact, SHEDS_FOR_S, Server},
};

fn approve(world: &mut World, which: u8, digits: &str) -> Result<(), Refused> {
    world.take(Event::Approve { account: account(1), cid: cid(which), number: Some(digits.parse().unwrap()) })
}

fn deny(world: &mut World, which: u8, reason: DenyReason) -> Result<(), Refused> {
    world.take(Event::Deny { account: account(1), cid: cid(which), reason })
}

fn troubles(world: &World) -> Vec<Trouble> {
    let of = |news: &News| match news {
        News::Trouble { trouble, .. } => Some(*trouble),
        _ => None,
    };
    world.phone.news.iter().filter_map(of).collect()
}

fn told(world: &World) -> Vec<NoticeKind> {
    world.phone.machine.snapshot(world.now()).notices.iter().map(|notice| notice.kind).collect()
}

fn view(world: &World) -> koppel_core::AccountView {
    world.phone.machine.snapshot(world.now()).accounts.remove(0)
}

#[test]
fn a_denial_without_a_network_is_queued_and_sent_when_there_is_one() {
    let mut world = World::paired(1);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    world.weather.loss = 100;
    deny(&mut world, 1, DenyReason::Mistake).unwrap();
    world.run_for(20_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Queued], "queued is said once");
    assert_eq!(deny(&mut world, 1, DenyReason::Mistake), Err(Refused::AlreadyAnswered));
    world.weather = FAIR;
    world.take(Event::NetworkChanged).unwrap();
    world.run_for(35_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Queued, Outcome::Denied]);
    world.decisions_sent.dedup();
    assert_eq!(world.decisions_sent.len(), 1, "the same bytes each time");
}

#[test]
fn a_number_is_not_approved_unseen_by_the_server() {
    let mut world = World::paired(2);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    world.weather.loss = 100;
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(20_000);
    assert!(world.decisions_sent.is_empty() && world.phone.asked.is_empty(), "the key is not even asked");
    assert!(troubles(&world).contains(&Trouble::Timeout));
    world.weather = FAIR;
    world.run_for(30_000);
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Approved], "and may be approved again");
}

#[test]
fn an_approval_that_is_asked_about_too_soon_waits_as_long_as_the_server_says() {
    let mut world = World::paired(21);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    world.server().sheds = 2;
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(SHEDS_FOR_S * 1_000 - 500);
    assert_eq!(world.server().sheds, 1, "nobody asks before");
    world.run_for(15_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Approved]);
    assert_eq!(troubles(&world), []);
}

#[test]
fn an_approval_does_not_wait_longer_than_its_challenge_lives() {
    let mut world = World::paired(22);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    world.server().sheds = u32::MAX;
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(125_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Expired]);
    assert!(world.decisions_sent.is_empty() && world.phone.asked.is_empty(), "the key is not even asked");
}

#[test]
fn a_wrong_number_costs_a_try_and_the_third_ends_the_challenge() {
    let mut world = World::paired(3);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    for left in [2, 1, 0] {
        approve(&mut world, 1, "000000").unwrap();
        world.run_for(1_000);
        assert_eq!(world.outcomes(cid(1)).last(), Some(&Outcome::WrongNumber { left }));
    }
    assert_eq!(approve(&mut world, 1, "314159"), Err(Refused::NoSuchChallenge));
    world.decisions_sent.sort();
    world.decisions_sent.dedup();
    assert_eq!(world.decisions_sent.len(), 3, "a corrected number is a new answer");
}

#[test]
fn what_another_phone_answered_is_said_so() {
    let mut world = World::paired(4);
    world.phone.signs = false;
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    world.server().end(cid(1), ChallengeState::Denied);
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::AnsweredElsewhere]);
}

#[test]
fn an_approval_not_signed_in_time_is_expired() {
    let mut world = World::paired(5);
    world.phone.signs = false;
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(125_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Expired]);
    let late = world.phone.asked.pop_front().unwrap();
    let late = world.phone.sign(&late);
    assert_eq!(world.take(late), Err(Refused::Late));
}

#[test]
fn the_person_may_step_back_and_approve_again() {
    let mut world = World::paired(6);
    world.phone.signs = false;
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    let asked = world.phone.asked.pop_front().unwrap();
    world.take(Event::NotSigned { order: asked.order, why: NoSignature::Cancelled }).unwrap();
    assert_eq!(troubles(&world).last(), Some(&Trouble::Cancelled));
    world.phone.signs = true;
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Approved]);
}

#[test]
fn a_key_that_is_gone_is_shown_and_remembered() {
    let mut world = World::paired(7);
    world.phone.signs = false;
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    let asked = world.phone.asked.pop_front().unwrap();
    world.take(Event::NotSigned { order: asked.order, why: NoSignature::KeyInvalidated }).unwrap();
    assert_eq!(view(&world).approval, Approving::KeyInvalidated);
    world.restart();
    assert_eq!(view(&world).approval, Approving::KeyInvalidated);
    assert!(deny(&mut world, 1, DenyReason::Mistake).is_ok(), "denying needs no such key");
}

#[test]
fn a_fraud_report_locks_and_an_unlock_challenge_lifts_it() {
    let mut world = World::paired(8);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    deny(&mut world, 1, DenyReason::NotMe).unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Fraud]);
    assert!(view(&world).locked);
    world.restart();
    world.run_for(3_000);
    assert!(view(&world).locked);

    world.take(Event::Unlock { account: account(1) }).unwrap();
    world.run_for(1_000);
    let unlock = world.phone.machine.snapshot(world.now()).challenges.remove(0);
    world.take(Event::Approve { account: account(1), cid: unlock.cid, number: None }).unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(unlock.cid), [Outcome::Approved]);
    assert!(!view(&world).locked && world.server().locked.is_empty());
    world.take(Event::Unlock { account: account(1) }).unwrap();
    world.run_for(1_000);
    assert_eq!(troubles(&world).last(), Some(&Trouble::NotLocked));
}

#[test]
fn a_lock_that_somebody_else_lifts_is_gone_as_soon_as_the_server_says_so() {
    let mut world = World::paired(23);
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(1_000);
    deny(&mut world, 1, DenyReason::NotMe).unwrap();
    world.run_for(1_000);
    assert!(view(&world).locked);
    let device = *world.server().devices.keys().next().unwrap();
    world.server().notify(device, 1, NoticeKind::Unlocked);
    world.run_for(1_000);
    assert!(!view(&world).locked);
    world.restart();
    assert!(!view(&world).locked, "nor after a kill");
}

#[test]
fn an_unlock_lifts_the_lock_whether_its_end_or_its_answer_comes_first() {
    for seed in 0..20 {
        let mut world = World::quick(seed).pair();
        world.server().pose_number(cid(1), "anna");
        world.run_for(1_000);
        deny(&mut world, 1, DenyReason::NotMe).unwrap();
        world.run_for(1_000);
        world.take(Event::Unlock { account: account(1) }).unwrap();
        world.run_for(1_000);
        let unlock = world.phone.machine.snapshot(world.now()).challenges.remove(0);
        world.weather = Weather { delay_ms: 500, ..FAIR };
        world.take(Event::Approve { account: account(1), cid: unlock.cid, number: None }).unwrap();
        world.run_for(5_000);
        assert!(!view(&world).locked, "seed {seed}");
    }
}

#[test]
fn this_was_not_me_counts_after_the_challenge_was_approved_and_after_a_restart() {
    let mut world = World::paired(9);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    assert_eq!(deny(&mut world, 1, DenyReason::Mistake), Err(Refused::NoSuchChallenge));
    world.restart();
    world.run_for(1_000);
    deny(&mut world, 1, DenyReason::NotMe).unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Approved, Outcome::Fraud]);
    assert_eq!(world.server().challenges[&cid(1)].state, ChallengeState::Fraud);
}

#[test]
fn a_challenge_that_ended_unseen_is_ended_at_the_next_look() {
    let mut world = World::paired(19);
    world.server().pose_code(cid(1), "anna", "314159");
    world.run_for(1_000);
    assert_eq!(world.phone.machine.snapshot(world.now()).challenges.len(), 1);
    let now = world.now();
    let late = Now { wall_ms: now.wall_ms + 600_000, monotonic_ms: now.monotonic_ms + 600_000 };
    assert!(world.phone.machine.next_wake(late).is_some_and(|moment| moment <= late.monotonic_ms));
}

#[test]
fn a_phone_of_a_deleted_account_stops_and_says_why() {
    let mut world = World::paired(18);
    let device = *world.server().devices.keys().next().unwrap();
    world.server().notify(device, 1, NoticeKind::Unlinked);
    world.run_for(1_000);
    assert_eq!(world.status(1), Some(AccountStatus::Revoked));
    assert_eq!(view(&world).connection, ConnectionView::Offline);
    assert_eq!(told(&world), [NoticeKind::Unlinked], "once, as the server said it");
    world.restart();
    assert_eq!(world.status(1), Some(AccountStatus::Revoked));
    assert_eq!(told(&world), [NoticeKind::Unlinked]);
}

#[test]
fn a_revoked_phone_stops_and_says_why() {
    let mut world = World::paired(10);
    world.server().devices.values_mut().for_each(|device| device.revoked = true);
    world.take(Event::Refresh).unwrap();
    world.run_for(3_000);
    assert_eq!(world.status(1), Some(AccountStatus::Revoked));
    assert_eq!(troubles(&world), [Trouble::DeviceRevoked]);
    assert_eq!(view(&world).connection, ConnectionView::Offline);
    world.restart();
    world.run_for(3_000);
    assert_eq!(told(&world), [NoticeKind::Unlinked], "no notice came, the refusal is told as one");
    let nid = world.phone.machine.snapshot(world.now()).notices[0].nid;
    world.take(Event::Dismiss { account: account(1), nid }).unwrap();
    assert_eq!(told(&world), []);
    world.take(Event::Remove { account: account(1) }).unwrap();
    assert!(world.phone.machine.snapshot(world.now()).accounts.is_empty());
    assert!(world.phone.keys.lock().unwrap().is_empty());
}

#[test]
fn removing_tells_the_server_and_deletes_the_keys() {
    let mut world = World::paired(11);
    world.take(Event::Remove { account: account(1) }).unwrap();
    assert_eq!(world.status(1), Some(AccountStatus::Removing));
    world.run_for(1_000);
    assert_eq!(world.status(1), None);
    assert!(world.server().devices.values().all(|device| device.revoked));
    assert!(world.phone.keys.lock().unwrap().is_empty());
    world.restart();
    assert!(world.phone.machine.key_owners().is_empty());
}

#[test]
fn removing_without_a_network_removes_all_the_same() {
    let mut world = World::paired(12);
    world.weather.loss = 100;
    world.take(Event::Remove { account: account(1) }).unwrap();
    world.phone.kill();
    world.restart();
    world.run_for(20_000);
    assert_eq!(world.status(1), None);
    assert!(world.phone.keys.lock().unwrap().is_empty());
}

#[test]
fn a_label_is_the_persons_own_and_stays() {
    let mut world = World::paired(13);
    assert_eq!(view(&world).label, "Example");
    world.take(Event::Rename { account: account(1), label: " Work ".into() }).unwrap();
    world.restart();
    assert_eq!(view(&world).label, "Work");
    for label in ["", "  ", "a\u{7}b", &"x".repeat(65)] {
        let refused = world.take(Event::Rename { account: account(1), label: label.into() });
        assert_eq!(refused, Err(Refused::NameInvalid));
    }
}

#[test]
fn what_one_server_does_never_touches_the_account_on_another() {
    let mut world = World::paired(14);
    let mut other = Server::new("https://other.example.org", Curve::real(99));
    other.now_ms = world.server_ms();
    other.invite("bert");
    let link = other.invitations[0].link.clone();
    let host = other.origin.host().clone();
    world.add_server(other);
    world.begin_pairing(2, koppel_core::Invitation::Link(link)).unwrap();
    world.run_for(1_000);
    world.take(Event::Accept { account: account(2) }).unwrap();
    world.run_for(1_000);
    let check = world.check_number(2).unwrap();
    let other = world.servers.get_mut(&host).unwrap();
    let pid = other.pid();
    assert!(other.confirm(pid, &check));
    world.run_for(5_000);
    assert_eq!(world.status(2), Some(AccountStatus::Active));

    // The other server asks with the same id, and then becomes another one altogether.
    world.server().pose_code(cid(1), "anna", "123456");
    world.servers.get_mut(&host).unwrap().pose_code(cid(1), "bert", "654321");
    world.run_for(1_000);
    let shown = |world: &World, number| world.phone.machine.content(account(number), cid(1), world.now());
    assert_ne!(shown(&world, 1), shown(&world, 2));
    assert!(shown(&world, 1).is_some());
    let now_ms = world.server_ms();
    let mut rogue = Server::new("https://other.example.org", Curve::real(100));
    rogue.now_ms = now_ms;
    world.servers.insert(host, rogue);
    world.take(Event::Refresh).unwrap();
    world.run_for(3_000);
    assert_eq!(world.status(2), Some(AccountStatus::ServerChanged));
    assert_eq!(world.status(1), Some(AccountStatus::Active));
    assert!(shown(&world, 1).is_some() && shown(&world, 2).is_none());
}

#[test]
fn in_the_background_nothing_is_asked() {
    let mut world = World::paired(15);
    world.take(Event::Background).unwrap();
    world.run_for(1_000);
    let before = world.phone.effects_run;
    world.run_for(3_600_000);
    assert_eq!(world.phone.effects_run, before);
    world.take(Event::Foreground).unwrap();
    world.run_for(1_000);
    assert_eq!(view(&world).connection, ConnectionView::Live);
}

#[test]
fn a_dead_channel_is_noticed_and_the_poll_takes_over() {
    let mut world = World::paired(16);
    assert_eq!(view(&world).connection, ConnectionView::Live);
    world.server().channels.clear();
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(140_000);
    world.server().pose_code(cid(2), "anna", "123456");
    world.run_for(5_000);
    assert_eq!(world.announced(cid(2)), [1]);
}

#[test]
fn questions_are_answered() {
    let mut world = World::paired(17);
    world.take(Event::Inquire { account: account(1), question: Question::Server }).unwrap();
    world.take(Event::Inquire { account: account(1), question: Question::Test }).unwrap();
    world.run_for(1_000);
    let replies: Vec<_> = world
        .phone
        .news
        .iter()
        .filter_map(|news| match news {
            News::Answer { reply, .. } => Some(reply.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(replies.len(), 2);
    assert!(replies.contains(&Ok(Reply::Server { version: 1 })));
    assert!(replies.iter().any(|reply| matches!(reply, Ok(Reply::Test { .. }))));
}

#[test]
fn a_refused_pairing_deletes_its_keys_and_says_why() {
    let mut world = World::new(18);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    world.begin_pairing(1, link).unwrap();
    world.run_for(1_000);
    world.take(Event::Accept { account: account(1) }).unwrap();
    world.run_for(1_000);
    let pid = world.server().pid();
    for _ in 0..3 {
        world.server().confirm(pid, "000000");
        world.run_for(2_500);
    }
    let lefts: Vec<_> = world
        .phone
        .news
        .iter()
        .filter_map(|news| match news {
            News::WrongCheckNumber { tries_left, .. } => Some(*tries_left),
            _ => None,
        })
        .collect();
    assert_eq!(lefts, [2, 1]);
    assert!(matches!(world.phone.news.last(), Some(News::PairingEnded { why: PairingEnd::Refused, .. })));
    assert!(world.phone.keys.lock().unwrap().is_empty());
}

#[test]
fn an_unconfirmed_pairing_expires() {
    let mut world = World::new(19);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    world.begin_pairing(1, link).unwrap();
    world.run_for(1_000);
    world.take(Event::Accept { account: account(1) }).unwrap();
    world.run_for(610_000);
    assert!(matches!(world.phone.news.last(), Some(News::PairingEnded { why: PairingEnd::Expired, .. })));
    assert!(world.phone.keys.lock().unwrap().is_empty());
}

#[test]
fn a_status_is_asked_at_most_every_two_seconds() {
    let mut world = World::new(20);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    world.begin_pairing(1, link).unwrap();
    world.run_for(1_000);
    world.take(Event::Accept { account: account(1) }).unwrap();
    world.run_for(1_000);
    let before = world.phone.effects_run;
    for _ in 0..100 {
        world.take(Event::NetworkChanged).unwrap();
        world.take(Event::Refresh).unwrap();
        world.run_for(200);
    }
    let asked = world.phone.effects_run - before;
    assert!((9..=13).contains(&asked), "{asked} in 20 s");
}

#[test]
fn what_waits_is_announced_to_the_new_screen_after_a_restart_and_received_once() {
    let mut world = World::paired(21);
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    world.restart();
    world.run_for(1_000);
    assert_eq!(world.announced(cid(1)), [1, 1]);
    let received = world.server().history.iter().filter(|fact| matches!(fact, Fact::Received(_))).count();
    assert_eq!(received, 1);
}

// What a push brings.

#[test]
fn an_envelope_is_known_by_its_live_challenge_whichever_way_it_came_first() {
    let mut world = World::paired(91);
    world.server().pose_number(cid(1), "anna");
    let device = *world.server().devices.keys().next().unwrap();
    world.run_for(1_000);
    let text = world.server().challenges[&cid(1)].messages[&(device, 1)].clone();
    let envelope = world.server().seal(device, &text);
    let opened = world.phone.machine.open(&envelope).unwrap();
    assert_eq!(world.phone.machine.live_challenge_in(&opened, world.now()), Some((account(1), cid(1))));
    world.run_for(600_000);
    assert_eq!(world.phone.machine.live_challenge_in(&opened, world.now()), None, "it is over");
    let rubbish = world.server().seal(device, "no message");
    let rubbish = world.phone.machine.open(&rubbish).unwrap();
    assert_eq!(world.phone.machine.live_challenge_in(&rubbish, world.now()), None);
    world.take(Event::Remove { account: account(1) }).unwrap();
    world.run_for(1_000);
    assert_eq!(world.phone.machine.live_challenge_in(&opened, world.now()), None, "nor has it an account");
    let late = world.take(Event::Received { opened, road: Road::Poll, alert: Alert::Shown });
    assert_eq!(late, Err(Refused::NoSuchAccount));
}

#[test]
fn each_key_is_tried_once_on_an_envelope_until_one_fits() {
    let mut world = World::paired(93);
    world.pair_active(2, "bert");
    world.pair_active(3, "carla");
    world.run_for(1_000);
    world.take(Event::Background).unwrap();
    let devices: Vec<_> = world.server().devices.keys().copied().collect();
    let envelopes = devices.iter().map(|device| world.server().seal(*device, "no message"));
    let mut tries = Vec::new();
    for envelope in envelopes.collect::<Vec<_>>() {
        let before = world.phone.tried.load(Ordering::SeqCst);
        let opened = world.phone.machine.open(&envelope).unwrap();
        let received = world.take(Event::Received { opened: opened.clone(), road: Road::Poll, alert: Alert::Shown });
        assert_eq!(received, Err(Refused::NotGenuine));
        assert_eq!(world.phone.machine.live_challenge_in(&opened, world.now()), None);
        tries.push(world.phone.tried.load(Ordering::SeqCst) - before);
    }
    tries.sort_unstable();
    assert_eq!(tries, [1, 2, 3]);
}

#[test]
fn an_account_that_is_stopped_hears_from_nobody() {
    let mut world = World::paired(92);
    let heard: Vec<_> = world.phone.machine.correspondents().into_iter().map(|from| from.account).collect();
    assert_eq!(heard, [account(1)]);
    world.take(Event::Remove { account: account(1) }).unwrap();
    assert!(world.phone.machine.correspondents().is_empty());
}
