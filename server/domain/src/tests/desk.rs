//! What a desk may do, and for whom it must wait.

use koppel_protocol::{notice::NoticeKind, phone_api::DeviceState};

use crate::{
    Actor, Command, CounterKind, Issuer, MethodKind, MethodState, Mode, Organisation, PutUser, Refusal, Reply,
    ResetStep, Role, Via,
    fixture::{ORGANISATION, World, desk, expect, login_name, panel, text, wrong},
};

fn operator(name: &str, role: Role) -> Actor {
    Actor::Desk {
        organisation: ORGANISATION,
        via: Via::Operator(role),
        agent: text(name),
        reason: text("phone lost"),
        ticket: text("T-2"),
    }
}

fn protect(world: &mut World) {
    let put = PutUser { protected: Some(true), ..PutUser::named(login_name()) };
    expect(world.run(Command::PutUser(Box::new(put)), panel()), "put");
}

fn reset(world: &mut World, step: ResetStep, by: Actor) -> Result<Reply, Refusal> {
    world.run(Command::Reset(step), by)
}

fn has_no_factor(world: &World) -> bool {
    world.account.active_devices().next().is_none() && world.account.methods.is_empty()
}

/// threats row 8
#[test]
fn an_ordinary_user_is_reset_at_once_and_a_password_alone_sets_nothing_up_afterwards() {
    let mut world = World::new();
    let device = world.active_phone("a");
    let Ok(Reply::Reset { devices }) = reset(&mut world, ResetStep::Ask, operator("anna", Role::Support)) else {
        panic!("not reset")
    };
    assert_eq!(devices.iter().map(|device| device.id).collect::<Vec<_>>(), [device]);
    assert!(has_no_factor(&world));
    assert_eq!(world.account.device(device).map(|device| device.state), Some(DeviceState::Revoked));
    assert!(world.account.user.ever_enrolled, "who once had a factor is set up by support only");
    let entry = world.entries.iter().find(|entry| entry.kind == "user.reset").expect("noted");
    assert_eq!(entry.actor, "operator:anna");
    assert!(entry.detail.as_ref().is_some_and(|detail| detail.json.contains("T-2")), "the ticket is there");
    // A koppelcode is the way back.
    expect(world.run(Command::IssueInvitation { by: Issuer::Desk }, desk()), "invited");
}

/// threats row 8
#[test]
fn a_protected_user_waits_a_day_or_for_a_second_agent() {
    let mut world = World::new();
    let device = world.active_phone("a");
    protect(&mut world);
    let invite = Command::IssueInvitation { by: Issuer::Desk };
    assert_eq!(world.run(invite.clone(), desk()), Err(Refusal::ResetFirst), "no way round by a koppelcode");
    let anna = || operator("anna", Role::Supervisor);
    let wait = world.policy.reset_wait;
    let due = world.now.plus(wait);
    assert_eq!(reset(&mut world, ResetStep::Ask, anna()), Ok(Reply::ResetAsked { due }));
    assert!(!has_no_factor(&world));
    let told: Vec<_> =
        world.account.notices.iter().filter(|notice| notice.kind == NoticeKind::ResetAsked).map(|n| n.device).collect();
    assert_eq!(told, [device], "the phone hears of it");
    assert_eq!(reset(&mut world, ResetStep::Ask, anna()), Err(Refusal::AlreadyDecided));
    assert_eq!(reset(&mut world, ResetStep::Approve, anna()), Err(Refusal::SecondAgent), "not oneself");
    assert_eq!(
        reset(&mut world, ResetStep::Approve, operator("bert", Role::Support)),
        Err(Refusal::NotYours),
        "not support"
    );
    let by_key = Actor::Desk {
        organisation: ORGANISATION,
        via: Via::Key(crate::fixture::API_KEY),
        agent: text("carla"),
        reason: text("r"),
        ticket: text("t"),
    };
    assert_eq!(reset(&mut world, ResetStep::Approve, by_key), Err(Refusal::NotYours), "not a name that a panel tells");
    let too_soon = Refusal::TooSoon { retry_after: wait };
    assert_eq!(reset(&mut world, ResetStep::CarryOut, anna()), Err(too_soon));

    let mut waited = world.clone();
    waited.wait(wait);
    assert!(matches!(reset(&mut waited, ResetStep::CarryOut, anna()), Ok(Reply::Reset { .. })));
    assert!(has_no_factor(&waited));

    let bert = operator("bert", Role::Supervisor);
    assert!(matches!(reset(&mut world, ResetStep::Approve, bert), Ok(Reply::Reset { .. })));
    assert!(has_no_factor(&world));
    let actors: Vec<_> =
        world.entries.iter().filter(|e| e.kind.contains("reset")).map(|entry| entry.actor.as_str()).collect();
    assert_eq!(actors, ["operator:anna", "operator:bert"], "both stand there");
    expect(world.run(invite, desk()), "invited");
}

/// threats row 8
#[test]
fn a_factor_that_is_right_takes_a_reset_back() {
    let mut world = World::new();
    world.active_phone("a");
    protect(&mut world);
    expect(reset(&mut world, ResetStep::Ask, desk()), "asked");
    let challenge = world.challenge(1, Mode::Code).id;
    let code = world.right_code(challenge);
    expect(world.type_code(challenge, 1, code), "in");
    assert_eq!(world.account.user.reset, None);
    let wait = world.policy.reset_wait;
    world.wait(wait);
    assert_eq!(reset(&mut world, ResetStep::CarryOut, desk()), Err(Refusal::NotFound));
    expect(reset(&mut world, ResetStep::Ask, desk()), "asked again");
    expect(reset(&mut world, ResetStep::Withdraw, desk()), "a mistake");
    assert_eq!(world.account.user.reset, None);
}

#[test]
fn nothing_at_the_desk_goes_without_agent_reason_and_ticket_or_by_somebody_else() {
    let mut world = World::new();
    world.active_phone("a");
    let nameless = Actor::Desk {
        organisation: ORGANISATION,
        via: Via::Operator(Role::Admin),
        agent: text("anna"),
        reason: text(""),
        ticket: text("T"),
    };
    for command in [
        Command::Reset(ResetStep::Ask),
        Command::EnableTyping { kind: MethodKind::App },
        Command::Unlock,
        Command::IssueInvitation { by: Issuer::Desk },
    ] {
        assert!(matches!(world.run(command.clone(), nameless.clone()), Err(Refusal::InvalidField(_))), "{command:?}");
        assert!(world.run(command, panel()).is_err(), "a panel's key for logins is no desk");
    }
    assert!(!has_no_factor(&world));
}

#[test]
fn a_desk_lets_codes_be_typed_again() {
    let mut world = World::new();
    world.active_phone("a");
    while world.account.method(MethodKind::App).map(|method| method.state) != Some(MethodState::CodesDisabled) {
        let challenge = world.challenge(1, Mode::Code).id;
        let code = wrong(&world.right_code(challenge));
        for _ in 0..world.policy.code_tries {
            let pause = world.account.counter(CounterKind::CodeFailures).wait(world.now).unwrap_or(0);
            world.wait(pause.min(60));
            let _ = world.type_code(challenge, 1, code.clone());
        }
        world.wait(3600);
    }
    expect(world.run(Command::EnableTyping { kind: MethodKind::App }, desk()), "enabled");
    assert_eq!(world.account.counter(CounterKind::CodeFailures).count, 0);
    let challenge = world.challenge(1, Mode::Code).id;
    let code = world.right_code(challenge);
    expect(world.type_code(challenge, 1, code), "in");
    assert_eq!(world.account.method(MethodKind::App).map(|method| method.state), Some(MethodState::Active));
    assert_eq!(world.run(Command::EnableTyping { kind: MethodKind::Totp }, desk()), Err(Refusal::NoSuchMethod));
}

#[test]
fn operators_and_users_have_names_apart() {
    let mut world = World::new();
    let put = |name: &str| Command::PutUser(Box::new(PutUser::named(name.parse().expect("a name"))));
    for name in ["desk/anna", "Desk/anna", "ＤＥＳＫ/anna"] {
        assert!(matches!(world.run(put(name), panel()), Err(Refusal::InvalidField(_))), "{name}");
    }
    world.account.user.organisation = Organisation::OPERATORS;
    assert!(matches!(world.run(put("anna"), Actor::Server), Err(Refusal::InvalidField(_))));
    expect(world.run(put("desk/anna"), Actor::Server), "an operator");
}

#[test]
fn an_operators_password_counts_until_a_hundred_wrong_ones() {
    let mut world = World::new();
    assert_eq!(
        world.run(Command::SignIn { right: true }, Actor::Server),
        Err(Refusal::WrongCode { tries_left: None }),
        "no such operator"
    );
    world.put_user();
    let sign_in = |world: &mut World, right| world.run(Command::SignIn { right }, Actor::Server);
    let no = Err(Refusal::WrongCode { tries_left: None });
    assert_eq!(sign_in(&mut world, true), no, "users have no password here");
    world.account.user.organisation = Organisation::OPERATORS;
    assert_eq!(sign_in(&mut world, false), no);
    assert_eq!(sign_in(&mut world, true), Ok(Reply::Done));
    for _ in 0..world.policy.failures_disable {
        assert_eq!(sign_in(&mut world, false), no);
    }
    assert_eq!(sign_in(&mut world, true), Err(Refusal::MethodDisabled), "not even the right one");
    expect(world.run(Command::PasswordChosen, Actor::Server), "a new link");
    assert_eq!(sign_in(&mut world, true), Ok(Reply::Done));
}

/// threats row 8
#[test]
fn where_everybody_is_protected_every_reset_waits_and_no_second_agent_ends_it_where_none_may() {
    let mut world = World::new();
    world.active_phone("a");
    world.policy.protect_everybody = 1;
    world.policy.second_agent = 0;
    let invite = Command::IssueInvitation { by: Issuer::Desk };
    assert_eq!(world.run(invite, desk()), Err(Refusal::ResetFirst), "no phone beside the one that is there");
    let due = world.now.plus(world.policy.reset_wait);
    let anna = || operator("anna", Role::Support);
    assert_eq!(reset(&mut world, ResetStep::Ask, anna()), Ok(Reply::ResetAsked { due }));
    let bert = operator("bert", Role::Supervisor);
    assert_eq!(reset(&mut world, ResetStep::Approve, bert), Err(Refusal::NotYours));
    world.now = due;
    assert!(reset(&mut world, ResetStep::CarryOut, anna()).is_ok());
    assert!(has_no_factor(&world));
}

#[test]
fn where_support_hands_out_no_koppelcodes_only_a_command_does() {
    let mut world = World::new();
    expect(world.run(Command::PutUser(Box::new(PutUser::named(login_name()))), panel()), "put");
    world.policy.desk_koppelcodes = 0;
    let invite = || Command::IssueInvitation { by: Issuer::Desk };
    for role in Role::ALL {
        assert_eq!(world.run(invite(), operator("anna", role)), Err(Refusal::NotYours), "{role:?}");
    }
    let by_command = Actor::Desk {
        organisation: ORGANISATION,
        via: Via::Command,
        agent: text("root"),
        reason: text("r"),
        ticket: text("T"),
    };
    expect(world.run(invite(), by_command), "invited");
}
