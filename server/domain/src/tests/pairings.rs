//! Doors identify, only a confirmer activates.

use koppel_protocol::{
    Bytes, Digits,
    decision::Verdict,
    id::{DeviceId, InvitationId, PairingId, PromptId},
    notice::NoticeKind,
    pairing::link_mac,
    phone_api::DeviceState,
};

use crate::{
    Actor, ChallengeState, Command, ConfirmedBy, Confirmer, Door, Invitation, Issuer, MethodKind, MethodState,
    PairingState, Purpose, Question, Refusal, Reply, StartPairing, Typed,
    fixture::{
        ORGANISATION, World, browser, commitment, cookie, desk, expect, key, login_name, panel, phone, signer,
        transcript, wrong,
    },
};

const STRANGER: Actor = Actor::Phone { organisation: ORGANISATION, device: None };
const WRONG: Result<Reply, Refusal> = Err(Refusal::WrongCode { tries_left: None });

fn new_user() -> World {
    let mut world = World::new();
    world.put_user();
    world
}

fn start(world: &mut World, start: StartPairing) -> Result<Reply, Refusal> {
    world.run(Command::StartPairing(Box::new(start)), STRANGER)
}

fn reveal(world: &mut World, name: &str, pairing: PairingId) -> Result<Reply, Refusal> {
    let opening = world.opening(name, pairing);
    world.run(Command::Reveal(Box::new(opening)), STRANGER)
}

fn confirm(world: &mut World, pairing: PairingId, number: Digits, by: Confirmer) -> Result<Reply, Refusal> {
    let actor = if matches!(by, Confirmer::Desk) { desk() } else { browser() };
    world.run(Command::ConfirmPairing { pairing, number, by }, actor)
}

fn page(prompt: PromptId, session: u8) -> Confirmer {
    Confirmer::Page { prompt, cookie: cookie(session) }
}

fn issue_by_page(world: &mut World, prompt: PromptId, session: u8) -> Result<Reply, Refusal> {
    world.run(Command::IssueInvitation { by: Issuer::Page { prompt, cookie: cookie(session) } }, browser())
}

fn by_link(world: &World, name: &str, invitation: InvitationId) -> StartPairing {
    let k = world.keys.link_secret(invitation);
    let mac = link_mac(&k, &signer().server_id, &Bytes::new(*invitation.as_bytes()), &commitment(name));
    world.knock_at(name, Door::Link { invitation, mac })
}

fn state(world: &World, device: DeviceId) -> Option<DeviceState> {
    world.account.device(device).map(|device| device.state)
}

#[test]
fn a_first_phone_is_paired_on_its_own_enrol_page_by_link_or_code() {
    for link in [true, false] {
        let mut world = World::new();
        let prompt = world.bound_prompt(1, Purpose::Login);
        let Ok(Reply::Invited { invitation }) = issue_by_page(&mut world, prompt, 1) else { panic!("not invited") };
        let knock = if link { by_link(&world, "a", invitation.id) } else { world.knock("a", invitation.id) };
        let pairing = knock.pairing;
        expect(start(&mut world, knock), "started");
        let Ok(Reply::Revealed { device, .. }) = reveal(&mut world, "a", pairing) else { panic!("not revealed") };
        assert_eq!(state(&world, device), Some(DeviceState::Pending));
        expect(confirm(&mut world, pairing, transcript("a").check_number(), page(prompt, 1)), "confirmed");
        assert_eq!(state(&world, device), Some(DeviceState::Active));
        assert!(world.account.user.ever_enrolled);
        assert_eq!(world.account.method(MethodKind::App).map(|method| method.state), Some(MethodState::Unproven));
        // The test challenge of the same page proves the method.
        let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, 1) else { panic!("no challenge") };
        let holder = crate::Holder::Page { prompt, cookie: cookie(1), terms: crate::fixture::terms() };
        let code = world.right_code(challenge.id);
        expect(
            world.run(Command::CheckCode { challenge: challenge.id, holder, typed: Typed::App(code) }, browser()),
            "right",
        );
        assert_eq!(world.account.method(MethodKind::App).map(|method| method.state), Some(MethodState::Active));
    }
}

/// threats row 6: {no factor, has a phone, had a phone} × {enrol page, settings page with a fresh factor, desk}
#[test]
fn a_password_alone_adds_a_phone_only_where_there_never_was_a_factor() {
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Has {
        Nothing,
        Phone,
        LostPhone,
    }
    for has in [Has::Nothing, Has::Phone, Has::LostPhone] {
        for purpose in [Purpose::Login, Purpose::Enrol, Purpose::Settings] {
            let mut world = new_user();
            if has != Has::Nothing {
                let device = world.active_phone("a");
                if has == Has::LostPhone {
                    expect(world.run(Command::RemoveDevice { device }, panel()), "removed");
                }
            }
            let prompt = world.bound_prompt(1, purpose);
            let invited = issue_by_page(&mut world, prompt, 1);
            match has {
                Has::Nothing => assert!(invited.is_ok(), "{has:?} {purpose:?}"),
                Has::Phone => assert_eq!(invited, Err(Refusal::NotVerified), "{has:?} {purpose:?}"),
                Has::LostPhone => assert_eq!(invited, Err(Refusal::NotEnrolled { ever: true }), "{has:?} {purpose:?}"),
            }
            // Nor does such a page confirm a phone that came in elsewhere.
            let (pairing, device) = world.pending_phone("b");
            let confirmed = confirm(&mut world, pairing, transcript("b").check_number(), page(prompt, 1));
            assert_eq!(confirmed.is_ok(), has == Has::Nothing, "{has:?} {purpose:?}");
            assert_eq!(state(&world, device) == Some(DeviceState::Active), has == Has::Nothing);
            // A desk may, always.
            if has != Has::Nothing {
                expect(confirm(&mut world, pairing, transcript("b").check_number(), Confirmer::Desk), "by the desk");
            }
        }
    }
}

#[test]
fn a_settings_page_adds_a_phone_for_five_minutes_after_a_factor() {
    for (wait, allowed) in [(0, true), (300, true), (301, false)] {
        let mut world = new_user();
        world.active_phone("a");
        let prompt = world.bound_prompt(1, Purpose::Settings);
        let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, 1) else { panic!("no challenge") };
        let holder = crate::Holder::Page { prompt, cookie: cookie(1), terms: crate::fixture::terms() };
        let code = world.right_code(challenge.id);
        expect(
            world.run(Command::CheckCode { challenge: challenge.id, holder, typed: Typed::App(code) }, browser()),
            "right",
        );
        world.wait(wait);
        assert_eq!(issue_by_page(&mut world, prompt, 1).is_ok(), allowed, "{wait} s");
    }
}

/// threats row 6
#[test]
fn a_pending_phone_may_do_nothing() {
    let mut world = new_user();
    let old = world.active_phone("a");
    let challenge = world.challenge(1, crate::Mode::Number).id;
    let (_, pending) = world.pending_phone("b");
    let mut answer = world.signed(old, challenge, Verdict::Approve, Some(world.right_number(challenge)));
    answer.device = pending;
    answer.key = key("b approve");
    assert_eq!(world.run(Command::Decide(Box::new(answer)), phone(pending)), Err(Refusal::DevicePending));
    assert_eq!(world.run(Command::Seen { device: pending }, phone(pending)), Err(Refusal::DevicePending));
}

/// threats row 7
#[test]
fn older_phones_hear_of_a_new_one_before_it_works() {
    let mut world = new_user();
    let old = world.active_phone("a");
    world.pending_phone("b");
    let told: Vec<_> =
        world.account.notices.iter().map(|notice| (notice.device, notice.kind, notice.detail.as_str())).collect();
    assert_eq!(told, [(old, NoticeKind::DeviceAdded, "b")]);
}

/// threats row 13
#[test]
fn an_invitation_lets_one_phone_in() {
    let mut world = new_user();
    let invitation = world.koppelcode();
    let (first, second) = (world.knock("a", invitation), world.knock("b", invitation));
    let first_pairing = first.pairing;
    expect(start(&mut world, first), "first");
    let second = StartPairing { pairing: PairingId::from_bytes([42; 16]), ..second };
    expect(start(&mut world, second), "second");
    expect(reveal(&mut world, "a", first_pairing), "the first reveals");
    assert_eq!(reveal(&mut world, "b", PairingId::from_bytes([42; 16])), Err(Refusal::CodeUsed));
    assert_eq!(world.account.devices.len(), 1);
    assert_eq!(world.entries.last().map(|entry| entry.kind.as_str()), Some("invitation.used_twice"));
    let late = world.knock("c", invitation);
    assert_eq!(start(&mut world, late), Err(Refusal::CodeUsed), "who holds the right code hears it");
}

/// threats row 13
#[test]
fn a_lost_answer_is_answered_again_and_nothing_else_is() {
    let mut world = new_user();
    let invitation = world.koppelcode();
    let knock = world.knock("a", invitation);
    let pairing = knock.pairing;
    let first = expect(start(&mut world, knock.clone()), "started");
    let again = StartPairing { m2: "another m2".into(), pairing: PairingId::from_bytes([42; 16]), ..knock };
    assert_eq!(expect(start(&mut world, again), "the same m1"), first);
    let opening = world.opening("a", pairing);
    let revealed = world.run(Command::Reveal(Box::new(opening.clone())), STRANGER);
    let other_device = crate::Reveal { device: DeviceId::from_bytes([43; 16]), ..opening.clone() };
    assert_eq!(world.run(Command::Reveal(Box::new(other_device)), STRANGER), revealed, "the same m3");
    let other = crate::Reveal { m3: Bytes::new([9; 32]), ..opening };
    assert_eq!(world.run(Command::Reveal(Box::new(other)), STRANGER), Err(Refusal::CodeUsed));
    assert_eq!(world.account.devices.len(), 1);
}

/// threats row 48
#[test]
fn an_invitation_has_three_transcripts() {
    let mut world = new_user();
    let invitation = world.koppelcode();
    for n in 0..3 {
        let knock = world.knock(&format!("relay {n}"), invitation);
        expect(start(&mut world, knock), "a transcript");
    }
    let fourth = world.knock("relay 3", invitation);
    assert_eq!(start(&mut world, fourth), WRONG);
}

/// threats row 48
#[test]
fn a_login_door_has_three_transcripts_in_ten_minutes() {
    let mut world = new_user();
    let by_login = |world: &World, n: u32| world.knock_at(&format!("relay {n}"), Door::Login { name: login_name() });
    for n in 0..3 {
        expect(
            {
                let knock = by_login(&world, n);
                start(&mut world, knock)
            },
            "a transcript",
        );
    }
    let fourth = by_login(&world, 3);
    assert!(matches!(start(&mut world, fourth), Err(Refusal::TooManyTries { .. })));
    world.wait(600);
    let later = by_login(&world, 4);
    assert!(start(&mut world, later).is_ok());
    world.policy.login_door = 0;
    let closed = by_login(&world, 5);
    assert_eq!(start(&mut world, closed), Err(Refusal::NotFound));
}

/// threats row 11
#[test]
fn what_is_opened_is_what_was_committed_to() {
    let mut world = new_user();
    let invitation = world.koppelcode();
    let knock = world.knock("a", invitation);
    let pairing = knock.pairing;
    expect(start(&mut world, knock), "started");
    assert!(matches!(reveal(&mut world, "b", pairing), Err(Refusal::InvalidField(_))));
    assert!(world.account.devices.is_empty());
}

#[test]
fn three_wrong_check_numbers_refuse_the_phone() {
    let mut world = new_user();
    let (pairing, device) = world.pending_phone("a");
    let right = transcript("a").check_number();
    for left in (0..3).rev() {
        assert_eq!(
            confirm(&mut world, pairing, wrong(&right), Confirmer::Desk),
            Err(Refusal::WrongNumber { tries_left: left })
        );
    }
    assert_eq!(confirm(&mut world, pairing, right, Confirmer::Desk), Err(Refusal::Expired));
    assert_eq!(state(&world, device), Some(DeviceState::Revoked), "kept, so that the phone hears it");
    assert_eq!(world.account.pairing(pairing).map(|row| row.state), Some(PairingState::Refused));
}

#[test]
fn an_unconfirmed_phone_is_refused_after_ten_minutes_and_forgotten_after_a_day() {
    let mut world = new_user();
    let (pairing, device) = world.pending_phone("a");
    world.wait(600);
    assert_eq!(confirm(&mut world, pairing, transcript("a").check_number(), Confirmer::Desk), Err(Refusal::Expired));
    assert_eq!(state(&world, device), Some(DeviceState::Revoked));
    world.wait(86_400);
    expect(world.run(Command::Settle, Actor::Server), "swept");
    assert_eq!((world.account.pairings.len(), world.account.devices.len()), (0, 0));
}

#[test]
fn a_phone_that_never_answers_its_activation_is_revoked_after_a_day() {
    let mut world = new_user();
    let (pairing, device) = world.pending_phone("a");
    expect(confirm(&mut world, pairing, transcript("a").check_number(), Confirmer::Desk), "confirmed");
    world.wait(86_400);
    assert_eq!(world.run(Command::Seen { device }, phone(device)), Err(Refusal::DeviceRevoked));
}

#[test]
fn an_old_phone_confirms_a_new_one_and_endorses_its_key() {
    let mut world = new_user();
    let old = world.active_phone("a");
    let (pairing, new) = world.pending_phone("b");
    let asked =
        world.account.challenges.iter().find(|row| row.question == Question::ConfirmPairing { pairing }).cloned();
    let asked = asked.expect("the old phone is asked");
    let number = transcript("b").check_number();
    let no = world.answer(old, asked.id, Verdict::Approve, Some(wrong(&number)));
    assert_eq!(no, Err(Refusal::WrongNumber { tries_left: 2 }));
    assert_eq!(world.account.pairing(pairing).map(|row| row.number_tries), Some(1), "the pairing's own tries");
    expect(world.answer(old, asked.id, Verdict::Approve, Some(number)), "confirmed");
    let device = world.account.device(new).expect("there");
    assert_eq!((device.state, device.confirmed_by), (DeviceState::Active, Some(ConfirmedBy::Phone)));
    assert_eq!(device.endorsement.as_ref().map(|endorsement| endorsement.device), Some(old));
    assert_eq!(world.account.challenge(asked.id).map(|row| row.state), Some(ChallengeState::Consumed));
}

#[test]
fn wrong_numbers_on_phone_and_page_count_together() {
    let mut world = new_user();
    let old = world.active_phone("a");
    let (pairing, new) = world.pending_phone("b");
    let asked = world.account.challenges[0].id;
    let number = transcript("b").check_number();
    let on_the_phone = world.answer(old, asked, Verdict::Approve, Some(wrong(&number)));
    assert_eq!(on_the_phone, Err(Refusal::WrongNumber { tries_left: 2 }));
    assert_eq!(
        confirm(&mut world, pairing, wrong(&number), Confirmer::Desk),
        Err(Refusal::WrongNumber { tries_left: 1 })
    );
    let last = world.answer(old, asked, Verdict::Approve, Some(wrong(&number)));
    assert_eq!(last, Err(Refusal::WrongNumber { tries_left: 0 }));
    assert_eq!(state(&world, new), Some(DeviceState::Revoked));
    assert_eq!(world.account.challenge(asked).map(|row| row.state), Some(ChallengeState::Failed));
}

#[test]
fn an_old_phone_refuses_a_new_one() {
    let mut world = new_user();
    let old = world.active_phone("a");
    let (pairing, new) = world.pending_phone("b");
    let asked = world.account.challenges[0].id;
    expect(world.answer(old, asked, Verdict::Deny, None), "denied");
    assert_eq!(state(&world, new), Some(DeviceState::Revoked));
    assert_eq!(confirm(&mut world, pairing, transcript("b").check_number(), Confirmer::Desk), Err(Refusal::Expired));
}

/// threats row 12
#[test]
fn a_koppelcode_dies_of_five_hundred_failures_of_time_and_of_the_next_one() {
    let mut world = new_user();
    let invitation = world.koppelcode();
    let guess = |world: &World, n: u32| {
        let code = world.keys.koppelcode(InvitationId::from_bytes([77; 16]));
        world.knock_at(&format!("g{n}"), Door::Code { name: login_name(), code })
    };
    for n in 0..500 {
        let guess = guess(&world, n);
        assert_eq!(start(&mut world, guess), WRONG);
    }
    let right = world.knock("right", invitation);
    assert_eq!(start(&mut world, right), WRONG, "found too late");

    let second = world.koppelcode();
    let third = world.koppelcode();
    let old = world.knock("old", second);
    assert_eq!(start(&mut world, old), WRONG, "one live per user");
    world.wait(600);
    let late = world.knock("late", third);
    assert_eq!(start(&mut world, late), WRONG);
}

#[test]
fn a_spoken_code_has_no_link_and_a_link_lives_five_minutes() {
    let mut world = new_user();
    let spoken = world.koppelcode();
    let knock = by_link(&world, "a", spoken);
    assert_eq!(start(&mut world, knock), WRONG);
    let prompt = world.bound_prompt(1, Purpose::Enrol);
    let Ok(Reply::Invited { invitation: Invitation { id, .. } }) = issue_by_page(&mut world, prompt, 1) else {
        panic!("no")
    };
    world.wait(300);
    let knock = by_link(&world, "b", id);
    assert_eq!(start(&mut world, knock), WRONG);
    let knock = world.knock("c", id);
    assert!(start(&mut world, knock).is_ok(), "its koppelcode lives ten");
}

/// threats row 8
#[test]
fn a_desk_acts_with_a_name_a_reason_and_a_ticket() {
    let mut world = new_user();
    let (pairing, _) = world.pending_phone("a");
    let nameless = Actor::Desk {
        organisation: ORGANISATION,
        via: crate::Via::Command,
        agent: crate::fixture::text("anna"),
        reason: crate::fixture::text(""),
        ticket: crate::fixture::text("T-1"),
    };
    let number = transcript("a").check_number();
    for command in [
        Command::IssueInvitation { by: Issuer::Desk },
        Command::ConfirmPairing { pairing, number, by: Confirmer::Desk },
        Command::Unlock,
    ] {
        for actor in [nameless.clone(), panel(), browser()] {
            assert!(matches!(world.run(command.clone(), actor), Err(Refusal::InvalidField(_))));
        }
    }
    expect(world.run(Command::IssueInvitation { by: Issuer::Desk }, desk()), "issued");
    let detail = world.entries.last().and_then(|entry| entry.detail.as_ref()).map(|detail| detail.json.clone());
    assert!(detail.is_some_and(|json| json.contains("\"agent\":\"anna\"") && json.contains("\"ticket\":\"T-1\"")));
}

#[test]
fn confirmed_by_support_the_activations_proof_proves_the_method() {
    let mut world = new_user();
    let device = world.active_phone("a");
    assert!(world.account.device(device).is_some_and(|device| device.proven_at.is_some()));
    assert_eq!(world.account.method(MethodKind::App).map(|method| method.state), Some(MethodState::Active));
}

#[test]
fn strangers_make_nobody() {
    let mut world = World::new();
    let code = world.keys.koppelcode(InvitationId::from_bytes([0; 16]));
    let knock = world.knock_at("a", Door::Code { name: login_name(), code });
    let outcome = world.decide(&crate::fixture::Step {
        command: Command::StartPairing(Box::new(knock)),
        actor: STRANGER,
        source: None,
        proof: None,
    });
    assert_eq!((outcome.reply, outcome.changes.len()), (WRONG, 0), "even the dummy's own code is wrong");
}
