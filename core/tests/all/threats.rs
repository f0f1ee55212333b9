//! Rows of the threat list, each with the defence that the phone has against it.

use koppel_core::{
    AccountStatus, Alert, ChallengeContent, ChallengeKind, DenyReason, Event, Invitation, News, Outcome, PairingEnd,
    Refused, Road, SigningPurpose, Trouble,
};
use koppel_protocol::{
    Envelope,
    challenge::{Challenge, Subject, User},
    id::DeviceId,
    jws,
    notice::NoticeKind,
    phone_api::ChallengeState,
};

use crate::{
    fixtures::{Curve, cid, text},
    network::{World, account},
    server::{Fact, Server},
};

fn device(world: &mut World) -> DeviceId {
    *world.server().devices.keys().next().unwrap()
}

fn number(digits: &str) -> Option<koppel_protocol::Digits> {
    Some(digits.parse().unwrap())
}

fn approve(world: &mut World, which: u8, digits: &str) -> Result<(), Refused> {
    world.take(Event::Approve { account: account(1), cid: cid(which), number: number(digits) })
}

/// Seals any message for the phone, as whoever knows its public keys could.
fn sealed(world: &mut World, message: &str) -> Envelope {
    let device = device(world);
    world.server().seal(device, message)
}

fn push(world: &mut World, message: &str) -> Result<(), Refused> {
    let envelope = sealed(world, message);
    let opened = world.phone.machine.open(&envelope).expect("it was sealed for this phone");
    world.take(Event::Received { opened, road: Road::Live, alert: Alert::Shown })
}

/// A challenge of the server for this phone, before it is signed.
fn question(world: &mut World, which: u8, seq: u32, subject: Subject) -> Challenge {
    let (dev, now) = (device(world), world.server().now_s());
    let server = world.server();
    Challenge {
        cid: cid(which),
        seq,
        dev,
        server_id: server.id(),
        version: server.identity.version,
        iat: now,
        exp: now + 120,
        nonce: koppel_protocol::Nonce::from_bytes([0; 24]),
        user: User { id: text("anna"), name: text("anna") },
        subject,
    }
}

fn code_question(world: &mut World, which: u8, seq: u32) -> Challenge {
    let login = world.server().login("Example Panel");
    question(world, which, seq, Subject::Code { login, code: "271828".parse().unwrap() })
}

fn shown(world: &World, which: u8) -> Option<ChallengeContent> {
    world.phone.machine.content(account(1), cid(which), world.now())
}

// Row 1: a relay between the person and the panel.

#[test]
fn row_1_context_that_was_changed_on_its_way_is_not_shown() {
    let mut world = World::paired(10);
    let login = world.server().login("Example Panel");
    let question = question(&mut world, 1, 1, Subject::Number { login });
    let message = world.server().sign(&question);
    let mut parts = message.split('.');
    let (header, payload, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let payload = String::from_utf8(koppel_protocol::bytes::decode(payload).unwrap()).unwrap();
    for (true_one, convenient) in [
        ("192.0.2.7", "192.0.2.8"),
        ("Example Panel", "Exampel Panel"),
        ("https://panel.example.org", "https://panel.example.com"),
        ("Firefox on Linux", "Safari on iPhone"),
        (r#""purpose":"login""#, r#""purpose":"enrol""#),
    ] {
        assert!(payload.contains(true_one), "{true_one} is in the message");
        let bent = payload.replacen(true_one, convenient, 1);
        let bent = format!("{header}.{}.{signature}", koppel_protocol::bytes::encode(bent.as_bytes()));
        assert_eq!(push(&mut world, &bent), Err(Refused::NotGenuine), "{convenient}");
    }
    assert!(world.announced(cid(1)).is_empty());
    push(&mut world, &message).unwrap();
}

// Row 5: cross-transaction bleed.

#[test]
fn row_5_an_approval_of_one_login_never_approves_another() {
    let mut world = World::paired(5);
    world.server().pose_number(cid(1), "anna");
    world.server().pose_number(cid(2), "anna");
    world.run_for(1_000);
    let waiting: Vec<_> =
        world.phone.machine.snapshot(world.now()).challenges.iter().map(|view| view.waiting).collect();
    assert_eq!(waiting, [2, 2], "the person is told that two logins wait");

    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Approved]);
    assert_eq!(world.server().challenges[&cid(1)].state, ChallengeState::Approved);
    assert_eq!(world.server().challenges[&cid(2)].state, ChallengeState::Pending);
}

#[test]
fn row_5_a_signature_asked_for_one_login_is_refused_for_another() {
    let mut world = World::paired(6);
    world.phone.signs = false;
    world.server().pose_number(cid(1), "anna");
    world.server().pose_number(cid(2), "anna");
    world.run_for(1_000);
    approve(&mut world, 1, "314159").unwrap();
    approve(&mut world, 2, "314159").unwrap();
    world.run_for(1_000);
    let first = world.phone.asked.pop_front().unwrap();
    let mut second = world.phone.asked.pop_front().unwrap();
    assert_eq!(first.purpose, SigningPurpose::Approval(cid(1)));
    // A shell that mixes up two prompts: what was signed for the first comes under the order of the second.
    second.payload.clone_from(&first.payload);
    let mixed_up = world.phone.sign(&second);
    assert_eq!(world.take(mixed_up), Err(Refused::SignatureInvalid));
    world.run_for(1_000);
    assert!(world.decisions_sent.is_empty());
}

#[test]
fn row_5_a_late_signature_never_acts_on_a_newer_approval() {
    let mut world = World::paired(7);
    world.phone.signs = false;
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    approve(&mut world, 1, "111111").unwrap();
    world.run_for(1_000);
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    let (old, new) = (world.phone.asked.pop_front().unwrap(), world.phone.asked.pop_front().unwrap());
    let (old, new) = (world.phone.sign(&old), world.phone.sign(&new));
    assert_eq!(world.take(old), Err(Refused::Late));
    world.take(new).unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Approved]);
}

#[test]
fn row_5_an_approval_begun_before_a_resend_is_superseded_by_it() {
    let mut world = World::paired(8);
    world.phone.signs = false;
    world.server().pose_number(cid(1), "anna");
    world.run_for(1_000);
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    world.server().deliver_again(cid(1));
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Superseded]);
    let late = world.phone.asked.pop_front().unwrap();
    let late = world.phone.sign(&late);
    assert_eq!(world.take(late), Err(Refused::Late));
    assert_eq!(world.announced(cid(1)), [1, 2]);
}

// Row 7: coupling codes and links as bait.

#[test]
fn row_7_a_link_alone_binds_nothing_until_the_person_agrees() {
    let mut world = World::new(70);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    world.begin_pairing(1, link).unwrap();
    world.run_for(300_000);
    assert!(
        matches!(world.phone.news.last(), Some(News::Offer { .. })),
        "the person is asked, and nothing more happens"
    );
    assert!(world.server().devices.is_empty());
    world.take(Event::Decline { account: account(1) }).unwrap();
    world.run_for(1_000);
    assert!(world.server().devices.is_empty());
    assert!(world.phone.keys.lock().unwrap().is_empty(), "declining deletes the keys");
}

#[test]
fn row_7_the_offer_names_host_organisation_and_account() {
    let mut world = World::new(71);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    world.begin_pairing(1, link).unwrap();
    world.run_for(1_000);
    let Some(News::Offer { host, organisation, user, .. }) = world.phone.news.last() else { panic!("an offer") };
    assert_eq!(
        (host.to_string().as_str(), organisation.as_str(), user.as_str()),
        ("koppel.example.org", "Example", "anna")
    );
}

#[test]
fn row_7_the_victim_of_a_stolen_code_is_told_that_it_was_used() {
    let mut world = World::new(72);
    world.take(Event::Foreground).unwrap();
    let place = world.server().invite("anna");
    world.server().invitations[place].used = true;
    let (origin, code) = (world.server().origin.clone(), world.server().invitations[place].code.clone());
    world.begin_pairing(1, Invitation::Koppelcode { origin, user: text("anna"), code }).unwrap();
    world.run_for(1_000);
    let Some(News::PairingEnded { why, .. }) = world.phone.news.last() else { panic!("an end") };
    assert_eq!(*why, PairingEnd::Failed(Trouble::CodeUsed));
    assert!(world.phone.keys.lock().unwrap().is_empty());
}

#[test]
fn row_7_the_old_phone_is_told_of_a_new_one_once() {
    let mut world = World::paired(73);
    let device = device(&mut world);
    world.server().notify(device, 1, NoticeKind::DeviceAdded);
    world.run_for(1_000);
    world.restart();
    world.run_for(10_000);
    let notices = world.phone.news.iter().filter(|news| matches!(news, News::Notice(_))).count();
    assert_eq!(notices, 1);
    let state = world.phone.machine.snapshot(world.now());
    assert_eq!(state.notices.len(), 1, "it stays until it is dismissed");
    world.take(Event::Dismiss { account: account(1), nid: state.notices[0].nid }).unwrap();
    assert!(world.phone.machine.snapshot(world.now()).notices.is_empty());
}

#[test]
fn row_7_the_old_phone_confirms_a_new_one_only_with_its_check_number() {
    let mut world = World::paired(74);
    let pid = world.server().pid();
    world.server().pose_confirm(cid(1), "anna", pid, "Pixel 9");
    world.run_for(1_000);
    assert_eq!(shown(&world, 1), Some(ChallengeContent::ConfirmPairing { name: "Pixel 9".into() }));
    let without = world.take(Event::Approve { account: account(1), cid: cid(1), number: None });
    assert_eq!(without, Err(Refused::NumberNeeded));
    approve(&mut world, 1, "314159").unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Approved]);
}

// Row 11: a rogue server at pairing, and afterwards.

fn rogue(world: &mut World) -> Server {
    let mut rogue = Server::new("https://koppel.example.org", Curve::real(0xbad));
    rogue.now_ms = world.server_ms();
    rogue
}

#[test]
fn row_11_a_link_sends_nothing_to_a_server_with_another_identity() {
    let mut world = World::new(110);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    let rogue = rogue(&mut world);
    world.add_server(rogue);
    world.begin_pairing(1, link).unwrap();
    world.run_for(5_000);
    let Some(News::PairingEnded { why, .. }) = world.phone.news.last() else { panic!("an end") };
    assert_eq!(*why, PairingEnd::Failed(Trouble::ServerMismatch));
    assert!(world.server().pairings.is_empty(), "m1 was never sent");
    assert_eq!(world.phone.run, 0);
    assert!(world.phone.keys.lock().unwrap().is_empty(), "no keys were made");
}

#[test]
fn row_11_an_offer_for_another_host_is_refused() {
    let mut world = World::new(111);
    world.take(Event::Foreground).unwrap();
    let place = world.server().invite("anna");
    let code = world.server().invitations[place].code.clone();
    let origin = world.server().origin.clone();
    // The server thinks it is somebody else: a relay that passes on another server's answers.
    world.server().origin = "https://other.example.org".parse().unwrap();
    world.begin_pairing(1, Invitation::Koppelcode { origin, user: text("anna"), code }).unwrap();
    world.run_for(1_000);
    let Some(News::PairingEnded { why, .. }) = world.phone.news.last() else { panic!("an end") };
    assert_eq!(*why, PairingEnd::Failed(Trouble::HostMismatch));
    assert!(world.server().history.is_empty(), "O was never revealed");
}

#[test]
fn row_11_one_code_gives_a_relay_three_guesses_and_no_more() {
    let mut world = World::new(112);
    world.take(Event::Foreground).unwrap();
    let place = world.server().invite("anna");
    for attempt in 1..=4 {
        let (origin, code) = (world.server().origin.clone(), world.server().invitations[place].code.clone());
        let begun = world.begin_pairing(attempt, Invitation::Koppelcode { origin, user: text("anna"), code });
        world.run_for(1_000);
        if attempt == 3 {
            world.phone.kill();
            world.restart();
            world.run_for(100);
        }
        match attempt {
            4 => assert_eq!(begun, Err(Refused::InvitationWornOut), "also after a restart"),
            _ => world.take(Event::Decline { account: account(attempt) }).unwrap(),
        }
    }
}

#[test]
fn row_11_an_identity_that_does_not_continue_the_known_one_stops_the_account() {
    let mut world = World::paired(113);
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(1_000);
    let honest = std::mem::replace(world.server(), Server::new("https://koppel.example.org", Curve::real(0xbad)));
    world.take(Event::Refresh).unwrap();
    world.run_for(5_000);
    assert_eq!(world.status(1), Some(AccountStatus::ServerChanged));
    assert_eq!(shown(&world, 1), None, "nothing is shown");
    assert!(world.phone.machine.snapshot(world.now()).challenges.is_empty());
    assert_eq!(approve(&mut world, 1, "314159"), Err(Refused::ServerChanged), "nothing is approved");
    let deny = world.take(Event::Deny { account: account(1), cid: cid(1), reason: DenyReason::Mistake });
    assert_eq!(deny, Err(Refused::ServerChanged), "nothing is sent");
    world.restart();
    world.run_for(60_000);
    assert_eq!(world.status(1), Some(AccountStatus::ServerChanged), "a restart does not forget it");

    *world.server() = honest;
    world.take(Event::Refresh).unwrap();
    world.run_for(5_000);
    assert_eq!(world.status(1), Some(AccountStatus::Active), "only the known identity lifts it");
}

#[test]
fn row_11_a_rolled_back_chain_stops_the_account_and_a_signed_step_does_not() {
    let mut world = World::paired(114);
    let old_chain = world.server().chain.clone();
    world.server().rotate();
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(2_000);
    assert_eq!(world.announced(cid(1)), [1], "the chain was fetched because of a message, which was then read");
    world.server().chain = old_chain;
    world.take(Event::Refresh).unwrap();
    world.run_for(2_000);
    assert_eq!(world.status(1), Some(AccountStatus::ServerChanged));
}

#[test]
fn row_11_a_second_account_on_a_host_is_only_paired_with_the_server_that_is_known_there() {
    let mut world = World::paired(115);
    let rogue = rogue(&mut world);
    *world.server() = rogue;
    let place = world.server().invite("bert");
    let (origin, code) = (world.server().origin.clone(), world.server().invitations[place].code.clone());
    world.begin_pairing(2, Invitation::Koppelcode { origin, user: text("bert"), code }).unwrap();
    world.run_for(1_000);
    let ended = world.phone.news.iter().rev().find_map(|news| match news {
        News::PairingEnded { why, .. } => Some(*why),
        _ => None,
    });
    assert_eq!(ended, Some(PairingEnd::Failed(Trouble::ServerChanged)));
}

#[test]
fn row_11_only_its_own_activation_makes_an_account_active() {
    let mut world = World::new(116);
    world.take(Event::Foreground).unwrap();
    let link = world.link("anna");
    world.begin_pairing(1, link).unwrap();
    world.run_for(1_000);
    world.take(Event::Accept { account: account(1) }).unwrap();
    world.run_for(1_000);
    let device = device(&mut world);
    let own = world.server().pairings.values().next().unwrap().transcript.unwrap();
    let foreign = koppel_protocol::pairing::Transcript::from_bytes([1; 32]);
    let message = world.server().activation(foreign, device);
    assert_eq!(push(&mut world, &message), Err(Refused::NotGenuine));
    let other = Server::new("https://koppel.example.org", Curve::real(0xbad)).activation(own, device);
    assert_eq!(push(&mut world, &other), Err(Refused::NotGenuine));
    assert!(matches!(world.status(1), Some(AccountStatus::AwaitingConfirmation { .. })));
    let message = world.server().activation(own, device);
    push(&mut world, &message).unwrap();
    assert_eq!(world.status(1), Some(AccountStatus::Active));
}

// Row 22: ambiguous or unsigned context.

#[test]
fn row_22_every_field_on_the_screen_is_one_that_was_signed() {
    let mut world = World::paired(220);
    let mut login = world.server().login("Example Panel");
    login.context.place = Some(text("Utrecht"));
    login.context.page_ip = Some("198.51.100.9".parse().unwrap());
    world.server().pose(cid(1), "anna", Subject::Number { login });
    world.run_for(1_000);
    let view = world.phone.machine.snapshot(world.now()).challenges.remove(0);
    assert_eq!(view.kind, ChallengeKind::Number);
    assert_eq!((view.relying_party.as_str(), view.origin.as_str()), ("Example Panel", "https://panel.example.org"));
    assert_eq!((view.user.as_str(), view.purpose.as_str()), ("anna", "login"));
    assert_eq!((view.ip.as_deref(), view.page_ip.as_deref()), (Some("192.0.2.7"), Some("198.51.100.9")));
    assert_eq!((view.browser.as_deref(), view.place.as_deref()), (Some("Firefox on Linux"), Some("Utrecht")));
    assert!(view.began_at.is_some() && view.can_approve);
}

#[test]
fn row_22_a_message_changed_in_one_character_is_not_shown() {
    let mut world = World::paired(221);
    let question = code_question(&mut world, 1, 1);
    let message = world.server().sign(&question);
    for place in (0..message.len()).step_by(7) {
        let mut bent = message.clone().into_bytes();
        bent[place] = if bent[place] == b'A' { b'B' } else { b'A' };
        let bent = String::from_utf8(bent).unwrap();
        if bent != message {
            assert_eq!(push(&mut world, &bent), Err(Refused::NotGenuine), "character {place}");
        }
    }
    assert!(world.announced(cid(1)).is_empty());
    push(&mut world, &message).unwrap();
}

#[test]
fn row_22_text_that_lies_is_refused_whoever_signed_it() {
    let mut world = World::paired(222);
    let question = code_question(&mut world, 1, 1);
    let message = world.server().sign(&question);
    let mut parts = message.split('.');
    let (header, payload) = (parts.next().unwrap(), parts.next().unwrap());
    let payload = String::from_utf8(koppel_protocol::bytes::decode(payload).unwrap()).unwrap();
    let payload = payload.replace("Example Panel", "Example \u{202e}lenaP");
    let input = format!("{header}.{}", koppel_protocol::bytes::encode(payload.as_bytes()));
    let signature = world.server().sign_bytes(input.as_bytes());
    let message = format!("{input}.{}", koppel_protocol::bytes::encode(&signature));
    assert_eq!(push(&mut world, &message), Err(Refused::NotGenuine));
}

#[test]
fn row_22_a_challenge_for_another_phone_or_of_another_server_is_not_shown() {
    let mut world = World::paired(223);
    let mut question = code_question(&mut world, 1, 1);
    question.dev = DeviceId::from_bytes([1; 16]);
    let message = world.server().sign(&question);
    assert_eq!(push(&mut world, &message), Err(Refused::NotGenuine));

    let question = code_question(&mut world, 1, 1);
    let stranger = Curve::real(9).signing_key();
    let message = jws::sign(&question, &question.version, stranger.as_ref()).unwrap();
    assert_eq!(push(&mut world, &message), Err(Refused::NotGenuine));
}

#[test]
fn row_22_a_challenge_by_a_replaced_identity_key_is_not_shown() {
    let mut world = World::paired(224);
    let question = code_question(&mut world, 1, 1);
    let message = world.server().sign(&question);
    world.server().rotate();
    world.take(Event::Refresh).unwrap();
    world.run_for(1_000);
    assert_eq!(push(&mut world, &message), Err(Refused::OldIdentity));
}

#[test]
fn row_22_a_mode_from_the_future_may_be_denied_and_never_approved() {
    let mut world = World::paired(225);
    world.server().pose(cid(1), "anna", Subject::Unknown { mode: text("hologram") });
    world.run_for(1_000);
    assert_eq!(shown(&world, 1), Some(ChallengeContent::Unsupported));
    assert_eq!(approve(&mut world, 1, "314159"), Err(Refused::UpdateRequired));
    world.take(Event::Deny { account: account(1), cid: cid(1), reason: DenyReason::Mistake }).unwrap();
    world.run_for(1_000);
    assert_eq!(world.outcomes(cid(1)), [Outcome::Denied]);
}

#[test]
fn row_22_a_code_cannot_be_approved() {
    let mut world = World::paired(226);
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(1_000);
    assert_eq!(approve(&mut world, 1, "123456"), Err(Refused::NothingToApprove));
}

// Row 23: a road that belongs to somebody else.

/// Requests and frames of the phone that are on their way, and what the person was shown.
fn noticed(world: &World) -> (usize, usize, koppel_core::State) {
    (world.phone.effects_run, world.phone.news.len(), world.phone.machine.snapshot(world.now()))
}

#[test]
fn row_23_what_a_road_makes_up_or_repeats_shows_nothing_and_asks_nothing() {
    let mut world = World::paired(230);
    let question = code_question(&mut world, 1, 1);
    let genuine = world.server().sign(&question);
    push(&mut world, &genuine).unwrap();
    world.run_for(1_000);
    let envelope = sealed(&mut world, &genuine);
    world.server().pose_code(cid(2), "anna", "123456");
    world.run_for(1_000);
    world.server().end(cid(2), ChallengeState::Cancelled);
    world.run_for(1_000);
    let device = device(&mut world);
    let ended = world.server().challenges[&cid(2)].messages[&(device, 1)].clone();
    let stranger = Curve::real(9).signing_key();
    let forged = code_question(&mut world, 3, 1);
    let forged = jws::sign(&forged, &forged.version, stranger.as_ref()).unwrap();

    let before = noticed(&world);
    let mut bent = *envelope.as_bytes();
    for place in [0, 20, 90, 2_000, 2_149] {
        bent[place] ^= 1;
        let envelope = Envelope::from_bytes(&bent).unwrap();
        assert!(world.phone.machine.open(&envelope).is_none(), "byte {place}");
        bent[place] ^= 1;
    }
    for garbage in ["", "hello", "a.b.c", &forged] {
        assert_eq!(push(&mut world, garbage), Err(Refused::NotGenuine), "{garbage}");
    }
    for _ in 0..3 {
        assert_eq!(push(&mut world, &genuine), Err(Refused::Duplicate));
        assert_eq!(push(&mut world, &ended), Err(Refused::Stale));
    }
    assert_eq!(noticed(&world), before, "no request, no news, no change on the screen");
}

#[test]
fn row_23_a_made_up_newer_key_costs_one_question_and_shows_nothing() {
    let mut world = World::paired(231);
    world.run_for(10_000);
    let mut forged = code_question(&mut world, 1, 1);
    forged.version = forged.version.next().unwrap();
    let stranger = Curve::real(9).signing_key();
    let before = (world.phone.news.len(), world.phone.effects_run);
    for seq in 1..=20 {
        forged.seq = seq;
        let message = jws::sign(&forged, &forged.version, stranger.as_ref()).unwrap();
        push(&mut world, &message).unwrap();
    }
    assert_eq!(world.phone.effects_run - before.1, 1, "the chain is asked for once");
    world.run_for(1_000);
    assert_eq!(world.phone.news.len(), before.0, "nothing is said");
    assert!(world.phone.machine.snapshot(world.now()).challenges.is_empty(), "nothing is shown");
    assert_eq!(world.status(1), Some(AccountStatus::Active));
}

// Row 25: duplicates, reordering, lateness.

#[test]
fn row_25_a_delivery_is_announced_once_over_all_roads() {
    let mut world = World::paired(250);
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(1_000);
    let device = device(&mut world);
    let message = world.server().challenges[&cid(1)].messages[&(device, 1)].clone();
    for _ in 0..3 {
        assert_eq!(push(&mut world, &message), Err(Refused::Duplicate));
        world.take(Event::Refresh).unwrap();
        world.run_for(3_000);
    }
    assert_eq!(world.announced(cid(1)), [1]);
    let arrived = world.server().history.iter().filter(|fact| matches!(fact, Fact::Received(_))).count();
    assert_eq!(arrived, 1, "and its arrival is told once");
}

#[test]
fn row_25_shown_is_told_once() {
    let mut world = World::paired(251);
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(1_000);
    for _ in 0..3 {
        world.take(Event::Show { account: account(1), cid: cid(1) }).unwrap();
        world.run_for(1_000);
    }
    world.restart();
    world.run_for(1_000);
    world.take(Event::Show { account: account(1), cid: cid(1) }).unwrap();
    world.run_for(1_000);
    let told: Vec<_> = world.server().history.iter().filter(|fact| matches!(fact, Fact::Received(_))).collect();
    assert_eq!(told.len(), 2, "arrived and shown, once each: {told:?}");
}

#[test]
fn row_25_an_older_delivery_does_not_come_back() {
    let mut world = World::paired(252);
    let (first, second) = (code_question(&mut world, 1, 1), code_question(&mut world, 1, 2));
    let (first, second) = (world.server().sign(&first), world.server().sign(&second));
    push(&mut world, &second).unwrap();
    assert_eq!(push(&mut world, &first), Err(Refused::Stale));
    assert_eq!(world.announced(cid(1)), [2]);
}

#[test]
fn row_25_what_ended_before_it_arrived_is_never_shown() {
    let mut world = World::paired(253);
    let question = code_question(&mut world, 1, 1);
    let message = world.server().sign(&question);
    world.server().pose_code(cid(1), "nobody", "123456");
    world.server().challenges.get_mut(&cid(1)).unwrap().user = "anna".into();
    world.server().end(cid(1), ChallengeState::Cancelled);
    world.run_for(1_000);
    assert_eq!(push(&mut world, &message), Err(Refused::Stale), "its end came first");
    world.restart();
    assert_eq!(push(&mut world, &message), Err(Refused::Stale), "also after a restart");
    assert!(world.announced(cid(1)).is_empty());
}

#[test]
fn row_25_an_expired_challenge_is_not_shown_however_wrong_the_phones_clock() {
    let mut world = World::paired(254);
    let question = code_question(&mut world, 1, 1);
    let message = world.server().sign(&question);
    world.run_for(121_000);
    assert_eq!(push(&mut world, &message), Err(Refused::Expired));
    let question = code_question(&mut world, 2, 1);
    let message = world.server().sign(&question);
    push(&mut world, &message).unwrap();
    assert!(shown(&world, 2).is_some());
    world.run_for(120_000);
    assert_eq!(shown(&world, 2), None);
    assert_eq!(approve(&mut world, 2, "314159"), Err(Refused::NoSuchChallenge));
}

#[test]
fn row_25_a_code_that_was_delivered_shows_after_a_restart_without_network() {
    let mut world = World::paired(255);
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(1_000);
    world.weather.loss = 100;
    world.phone.kill();
    world.restart();
    assert_eq!(shown(&world, 1), Some(ChallengeContent::Code("123456".parse().unwrap())));
    world.run_for(130_000);
    assert_eq!(shown(&world, 1), None, "and not longer than it lives");
}

// Row 34, the phone's part, is in `kills`; row 35 here.

#[test]
fn row_35_a_phone_whose_clock_is_a_day_off_counts_down_by_the_servers() {
    let mut world = World::paired(350);
    world.server().pose_code(cid(1), "anna", "123456");
    world.run_for(1_000);
    let state = world.phone.machine.snapshot(world.now());
    let left = state.challenges[0].deadline - world.t;
    assert!((118_000..=120_000).contains(&left), "{left} ms left");
    assert_eq!(state.accounts[0].clock_skew_s, Some(26 * 3_600));
}
