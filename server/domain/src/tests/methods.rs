//! Methods beside the app: set up on a page, used in one challenge with the others, changed, removed.

use koppel_protocol::id::{ChallengeId, PromptId};

use crate::{
    ChallengeState, Command, CounterKind, DeliveryState, HashedCode, Holder, Method, MethodChange, MethodKind,
    MethodRules, MethodState, Mode, OnPage, Purpose, Refusal,
    Refusal::{
        AlreadyDecided, BackupMissing, LastMethod, NoSuchMethod, NotEnrolled, NotVerified, Stale, TooManyTries,
        WrongCode, WrongMode,
    },
    Reply, SetUp, Terms, Typed,
    authenticator::STEP,
    fixture::{World, browser, cookie, expect, open_seed, panel, sealed_seed, slots, terms, v, wrong},
    plan::Wanted,
    recovery::CODES,
};

fn page(prompt: PromptId, session: u8) -> OnPage {
    OnPage { prompt, cookie: cookie(session), terms: terms() }
}

fn set_up(world: &mut World, prompt: PromptId, session: u8, step: SetUp) -> Result<Reply, Refusal> {
    world.run(Command::SetUp { page: page(prompt, session), step }, browser())
}

/// The page shows a seed, the person types its first code.
fn add_authenticator(world: &mut World, prompt: PromptId, session: u8) -> Result<Reply, Refusal> {
    let seed = sealed_seed(&world.draw("seed"));
    let Reply::Offered { seed } = set_up(world, prompt, session, SetUp::OfferAuthenticator { seed })? else {
        panic!("no seed")
    };
    let seed = open_seed(&seed);
    let code = seed.code(world.now.0 / STEP);
    set_up(world, prompt, session, SetUp::ProveAuthenticator { code, seed })
}

fn add_recovery_codes(world: &mut World, prompt: PromptId, session: u8) -> Result<Reply, Refusal> {
    let slots = slots(&world.draw("slots"));
    set_up(world, prompt, session, SetUp::OfferRecoveryCodes { slots })?;
    set_up(world, prompt, session, SetUp::KeepRecoveryCodes)
}

/// A user with an authenticator, set up on an enrol page in session 1.
fn with_an_authenticator() -> (World, PromptId) {
    let mut world = World::new();
    let prompt = world.bound_prompt(1, Purpose::Enrol);
    expect(add_authenticator(&mut world, prompt, 1), "added");
    (world, prompt)
}

/// What the authenticator shows `ahead` seconds from now.
fn typed(world: &World, ahead: u64) -> Typed {
    let sealed = world.account.method(MethodKind::Totp).and_then(Method::authenticator);
    let seed = open_seed(&sealed.and_then(|held| held.seed.clone()).expect("a seed"));
    Typed::Totp(seed.code((world.now.0 + ahead) / STEP), seed)
}

fn recovery(world: &World, slot: u8) -> Typed {
    let codes = world.account.method(MethodKind::Recovery).and_then(Method::recovery).expect("codes");
    let held = &codes.slots[usize::from(slot)];
    Typed::Recovery(HashedCode { slot, salt: held.salt, hash: held.hash })
}

fn start_login(world: &mut World, session: u8, prefer: Option<MethodKind>) -> Result<ChallengeId, Refusal> {
    let terms = terms();
    let prepared = world.prepare(Wanted::Login { terms: &terms, mode: None, prefer });
    let login = world.begun(session, Purpose::Login);
    let request = Box::new(crate::ChallengeRequest::Direct { terms, login, mode: None, prefer });
    match world.run(Command::StartChallenge { request, prepared }, panel())? {
        Reply::Challenge { challenge, .. } => Ok(challenge.id),
        other => panic!("{other:?}"),
    }
}

fn check(world: &mut World, challenge: ChallengeId, session: u8, typed: Typed) -> Result<Reply, Refusal> {
    let holder = Holder::Panel { terms: terms(), v: v(session) };
    world.run(Command::CheckCode { challenge, holder, typed }, panel())
}

fn change_to(world: &mut World, challenge: ChallengeId, holder: Holder, kind: MethodKind) -> Result<Reply, Refusal> {
    let terms = terms();
    let known = world.account.challenge(challenge).cloned().expect("there");
    let prepared = world.prepare(Wanted::Redelivery { challenge: &known, method: Some(kind), terms: &terms });
    world.run(Command::Redeliver { challenge, holder, method: Some(kind), prepared }, panel())
}

fn on_page(prompt: PromptId, session: u8) -> Holder {
    Holder::Page { prompt, cookie: cookie(session), terms: terms() }
}

fn finish(world: &mut World, prompt: PromptId, session: u8, terms: Terms) -> Result<Reply, Refusal> {
    let code = koppel_protocol::hash::sha256(b"result");
    world.run(Command::FinishPrompt { prompt, terms, cookie: cookie(session), code, remember: None }, browser())
}

fn exchange(world: &mut World, prompt: PromptId, session: u8) -> Result<Reply, Refusal> {
    let code = koppel_protocol::hash::sha256(b"result");
    world.run(Command::ExchangeResult { prompt, terms: terms(), v: v(session), code }, panel())
}

#[test]
fn an_authenticator_counts_after_its_first_code_and_is_the_pages_factor() {
    let mut world = World::new();
    let prompt = world.bound_prompt(1, Purpose::Enrol);
    let drawn = sealed_seed(b"one");
    let offer = SetUp::OfferAuthenticator { seed: drawn.clone() };
    assert_eq!(set_up(&mut world, prompt, 1, offer), Ok(Reply::Offered { seed: drawn.clone() }));
    let again = SetUp::OfferAuthenticator { seed: sealed_seed(b"two") };
    assert_eq!(set_up(&mut world, prompt, 1, again), Ok(Reply::Offered { seed: drawn.clone() }), "the same page");
    assert!(
        !world.account.is_protected(MethodRules::ALL) && !world.account.user.ever_enrolled,
        "it proved nothing yet"
    );

    let seed = open_seed(&drawn);
    let code = seed.code(world.now.0 / STEP);
    let step = SetUp::ProveAuthenticator { code: wrong(&code), seed: seed.clone() };
    assert_eq!(set_up(&mut world, prompt, 1, step), Err(WrongCode { tries_left: None }));
    assert!(!world.account.user.ever_enrolled);
    expect(set_up(&mut world, prompt, 1, SetUp::ProveAuthenticator { code, seed }), "proven");

    let method = world.account.method(MethodKind::Totp).expect("there");
    assert!(method.primary && method.state == MethodState::Active && method.takes_codes());
    assert_eq!(world.account.counter(CounterKind::TotpFailures).count, 0);
    expect(finish(&mut world, prompt, 1, terms()), "finished");
    let Ok(Reply::Verified(verified)) = exchange(&mut world, prompt, 1) else { panic!("not verified") };
    assert_eq!((verified.method, verified.evidence), (MethodKind::Totp, None));
}

#[test]
fn another_page_neither_shows_nor_proves_a_waiting_seed() {
    let mut world = World::new();
    let (one, two) = (world.bound_prompt(1, Purpose::Enrol), world.bound_prompt(2, Purpose::Enrol));
    let offer = |seed: &[u8]| SetUp::OfferAuthenticator { seed: sealed_seed(seed) };
    expect(set_up(&mut world, one, 1, offer(b"one")), "offered");
    assert_eq!(
        set_up(&mut world, two, 2, offer(b"two")),
        Ok(Reply::Offered { seed: sealed_seed(b"two") }),
        "a seed of its own"
    );
    let seed = open_seed(&sealed_seed(b"two"));
    let code = seed.code(world.now.0 / STEP);
    let step = SetUp::ProveAuthenticator { code, seed };
    assert_eq!(set_up(&mut world, one, 1, step.clone()), Err(Refusal::NotFound));
    assert_eq!(set_up(&mut world, two, 1, step), Err(Refusal::WrongBinding), "another browser");
}

/// threats row 16
#[test]
fn a_step_is_accepted_once_at_set_up_too_and_never_again_after_the_clock_went_back() {
    let (mut world, _) = with_an_authenticator();
    let challenge = expect(start_login(&mut world, 2, None), "asked");
    let code = typed(&world, 0);
    assert_eq!(check(&mut world, challenge, 2, code), wrong_with(4), "the code of the set-up");
    world.wait(30);
    let code = typed(&world, 0);
    assert!(matches!(check(&mut world, challenge, 2, code.clone()), Ok(Reply::Verified(_))));
    let challenge = expect(start_login(&mut world, 2, None), "asked");
    assert_eq!(check(&mut world, challenge, 2, code.clone()), wrong_with(4), "once");
    world.now = world.now.minus(3600);
    let challenge = expect(start_login(&mut world, 3, None), "asked");
    let old = typed(&world, 0);
    assert!(matches!(check(&mut world, challenge, 3, old), Err(WrongCode { .. })), "an hour back");
}

fn wrong_with(tries_left: u32) -> Result<Reply, Refusal> {
    Err(WrongCode { tries_left: Some(tries_left) })
}

#[test]
fn an_authenticator_one_step_off_is_taken_and_two_steps_off_is_not() {
    let (mut world, _) = with_an_authenticator();
    world.wait(300);
    let challenge = expect(start_login(&mut world, 2, None), "asked");
    let far = typed(&world, 60);
    assert_eq!(check(&mut world, challenge, 2, far), wrong_with(4));
    let near = typed(&world, 30);
    assert!(check(&mut world, challenge, 2, near).is_ok());
}

/// threats row 3: one budget of tries over all methods of a challenge.
#[test]
fn going_to_another_method_gives_no_try_back() {
    let (mut world, _) = with_an_authenticator();
    world.active_phone("a");
    world.wait(60);
    let challenge = world.challenge(1, Mode::Code).id;
    let holder = || Holder::Panel { terms: terms(), v: v(1) };
    assert_eq!(
        world.account.challenge(challenge).and_then(|row| row.delivery()).map(|row| row.method),
        Some(MethodKind::App)
    );
    for left in [4, 3] {
        let code = wrong(&world.right_code(challenge));
        assert_eq!(check(&mut world, challenge, 1, Typed::App(code)), wrong_with(left));
    }
    let right_of_app = world.right_code(challenge);
    expect(change_to(&mut world, challenge, holder(), MethodKind::Totp), "changed");
    let delivery = world.account.challenge(challenge).and_then(|row| row.delivery()).cloned().expect("there");
    assert_eq!((delivery.seq, delivery.method, delivery.state), (2, MethodKind::Totp, DeliveryState::Ready));
    assert_eq!(check(&mut world, challenge, 1, Typed::App(right_of_app)), Err(Stale), "the former code is dead");
    for left in [2, 1, 0] {
        world.wait(60);
        let Typed::Totp(code, seed) = typed(&world, 0) else { panic!() };
        assert_eq!(check(&mut world, challenge, 1, Typed::Totp(wrong(&code), seed)), wrong_with(left));
    }
    assert_eq!(world.account.challenge(challenge).map(|row| row.state), Some(ChallengeState::Failed));
}

/// threats row 31: a full bucket of one method closes no other.
#[test]
fn a_method_in_its_pause_leaves_the_others_open() {
    let (mut world, _) = with_an_authenticator();
    let device = world.active_phone("a");
    world.wait(60);
    let challenge = expect(start_login(&mut world, 1, Some(MethodKind::Totp)), "asked");
    for _ in 0..3 {
        let Typed::Totp(code, seed) = typed(&world, 0) else { panic!() };
        let _ = check(&mut world, challenge, 1, Typed::Totp(wrong(&code), seed));
    }
    let right = typed(&world, 0);
    assert!(matches!(check(&mut world, challenge, 1, right), Err(TooManyTries { .. })));
    let holder = Holder::Panel { terms: terms(), v: v(1) };
    expect(change_to(&mut world, challenge, holder, MethodKind::App), "changed");
    let code = world.right_code(challenge);
    assert!(matches!(check(&mut world, challenge, 1, Typed::App(code)), Ok(Reply::Verified(_))));
    let number = world.challenge(2, Mode::Number).id;
    expect(world.approve(device, number), "a phone approves");
}

#[test]
fn a_hundred_failures_disable_an_authenticator_until_it_is_set_up_anew() {
    let (mut world, _) = with_an_authenticator();
    let mut failures = 0;
    while failures < 100 {
        let Ok(challenge) = start_login(&mut world, 1, None) else { break };
        for _ in 0..5 {
            let Typed::Totp(code, seed) = typed(&world, 0) else { panic!() };
            failures += u32::from(
                check(&mut world, challenge, 1, Typed::Totp(wrong(&code), seed))
                    .is_err_and(|refusal| matches!(refusal, WrongCode { .. })),
            );
            world.wait(3600);
        }
    }
    assert_eq!(failures, 100);
    assert_eq!(start_login(&mut world, 1, None), Err(NotEnrolled { ever: true }), "support helps");
}

#[test]
fn recovery_codes_open_the_page_and_let_nobody_in() {
    let (mut world, enrol) = with_an_authenticator();
    expect(add_recovery_codes(&mut world, enrol, 1), "kept");
    expect(world.run(Command::RemoveMethod { kind: MethodKind::Totp }, panel()), "removed");
    assert!(!world.account.is_protected(MethodRules::ALL));
    assert_eq!(start_login(&mut world, 2, None), Err(NotEnrolled { ever: true }), "not on a panel's own page");

    let prompt = world.bound_prompt(2, Purpose::Login);
    let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, 2) else { panic!("not asked") };
    assert_eq!(challenge.delivery().map(|row| row.method), Some(MethodKind::Recovery));
    assert_eq!(set_up(&mut world, prompt, 2, SetUp::KeepRecoveryCodes), Err(NotVerified), "nothing yet");
    let code = recovery(&world, 3);
    let command = Command::CheckCode { challenge: challenge.id, holder: on_page(prompt, 2), typed: code.clone() };
    assert_eq!(world.run(command, browser()), Ok(Reply::Recovered));
    assert_eq!(finish(&mut world, prompt, 2, terms()), Err(NotVerified), "no login");
    assert_eq!(world.account.challenge(challenge.id).map(|row| row.state), Some(ChallengeState::Consumed));

    expect(add_authenticator(&mut world, prompt, 2), "a method anew");
    expect(finish(&mut world, prompt, 2, terms()), "the new method is the factor");
    let Ok(Reply::Verified(verified)) = exchange(&mut world, prompt, 2) else { panic!("not verified") };
    assert_eq!(verified.method, MethodKind::Totp);

    let prompt = world.bound_prompt(3, Purpose::Login);
    let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, 3) else { panic!("not asked") };
    expect(change_to(&mut world, challenge.id, on_page(prompt, 3), MethodKind::Recovery), "changed");
    let command = Command::CheckCode { challenge: challenge.id, holder: on_page(prompt, 3), typed: code };
    assert_eq!(world.run(command, browser()), wrong_with(4), "a code is used once");
    let left = world.account.method(MethodKind::Recovery).and_then(Method::recovery).map(|codes| codes.left());
    assert_eq!(left, Some(CODES - 1));
}

#[test]
fn a_new_list_takes_the_place_of_the_former_when_it_is_kept() {
    let (mut world, enrol) = with_an_authenticator();
    expect(add_recovery_codes(&mut world, enrol, 1), "kept");
    let first = recovery(&world, 0);
    let offer = SetUp::OfferRecoveryCodes { slots: slots(b"second") };
    expect(set_up(&mut world, enrol, 1, offer), "offered");
    let Typed::Recovery(first) = first else { panic!() };
    let held =
        |world: &World| world.account.method(MethodKind::Recovery).and_then(Method::recovery).cloned().expect("there");
    assert_eq!(held(&world).slots[0].hash, first.hash, "not before");
    expect(set_up(&mut world, enrol, 1, SetUp::KeepRecoveryCodes), "kept");
    assert_ne!(held(&world).slots[0].hash, first.hash);
    assert_eq!(held(&world).waiting, None);
}

#[test]
fn recovery_codes_are_no_first_method() {
    let mut world = World::new();
    let prompt = world.bound_prompt(1, Purpose::Enrol);
    assert_eq!(add_recovery_codes(&mut world, prompt, 1), Err(NotEnrolled { ever: false }));
}

/// threats rows 6 and 15: the password alone sets up a method only while the account never had one.
#[test]
fn with_the_password_alone_nothing_is_set_up_once_there_was_a_factor() {
    let (mut world, _) = with_an_authenticator();
    for purpose in [Purpose::Login, Purpose::Enrol, Purpose::Settings] {
        let prompt = world.bound_prompt(5, purpose);
        assert_eq!(add_authenticator(&mut world, prompt, 5), Err(NotVerified), "{purpose:?}");
        assert_eq!(add_recovery_codes(&mut world, prompt, 5), Err(NotVerified), "{purpose:?}");
    }
    expect(world.run(Command::RemoveMethod { kind: MethodKind::Totp }, panel()), "removed");
    let prompt = world.bound_prompt(6, Purpose::Enrol);
    assert_eq!(add_authenticator(&mut world, prompt, 6), Err(NotEnrolled { ever: true }), "support helps");
    world.wait(400 * 86_400);
    let prompt = world.bound_prompt(7, Purpose::Enrol);
    assert_eq!(add_authenticator(&mut world, prompt, 7), Err(NotEnrolled { ever: true }), "years later, too");
}

fn verified_page(world: &mut World, session: u8, purpose: Purpose) -> PromptId {
    let prompt = world.bound_prompt(session, purpose);
    let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, session) else { panic!("not asked") };
    world.wait(30);
    let typed = match challenge.delivery().map(|row| row.method) {
        Some(MethodKind::Totp) => typed(world, 0),
        _ => Typed::App(world.right_code(challenge.id)),
    };
    let command = Command::CheckCode { challenge: challenge.id, holder: on_page(prompt, session), typed };
    expect(world.run(command, browser()), "right");
    prompt
}

#[test]
fn a_page_lets_go_only_when_the_backup_is_there_and_its_yes_lasts_until_then() {
    let strict = Terms { methods: MethodRules { backups: 1, ..MethodRules::ALL }, ..terms() };
    let mut world = World::new();
    let prompt = world.bound_prompt(1, Purpose::Login);
    let seed = sealed_seed(b"one");
    let with = |step| Command::SetUp { page: OnPage { prompt, cookie: cookie(1), terms: strict.clone() }, step };
    expect(world.run(with(SetUp::OfferAuthenticator { seed: seed.clone() }), browser()), "offered");
    let seed = open_seed(&seed);
    let code = seed.code(world.now.0 / STEP);
    expect(world.run(with(SetUp::ProveAuthenticator { code, seed }), browser()), "proven");
    assert_eq!(finish(&mut world, prompt, 1, strict.clone()), Err(BackupMissing));
    world.wait(900);
    expect(add_recovery_codes(&mut world, prompt, 1), "a quarter of an hour later");
    expect(finish(&mut world, prompt, 1, strict), "finished");
    assert!(matches!(exchange(&mut world, prompt, 1), Ok(Reply::Verified(_))));
}

#[test]
fn settings_change_what_is_there_and_never_below_the_policy() {
    let (mut world, enrol) = with_an_authenticator();
    expect(add_recovery_codes(&mut world, enrol, 1), "kept");
    let phone = world.active_phone("a");
    assert!(world.account.method(MethodKind::App).is_some_and(|method| method.primary), "the app becomes the first");
    let login = world.bound_prompt(2, Purpose::Login);
    let change = |world: &mut World, prompt, session, change| {
        world.run(Command::ChangeMethods { page: page(prompt, session), change }, browser())
    };
    assert_eq!(change(&mut world, login, 2, MethodChange::MakePrimary(MethodKind::Totp)), Err(NotVerified));
    let settings = world.bound_prompt(3, Purpose::Settings);
    assert_eq!(
        change(&mut world, settings, 3, MethodChange::Remove(MethodKind::Totp)),
        Err(NotVerified),
        "no factor yet"
    );

    let settings = verified_page(&mut world, 4, Purpose::Settings);
    expect(change(&mut world, settings, 4, MethodChange::MakePrimary(MethodKind::Totp)), "first");
    assert_eq!(world.account.usable_methods(MethodRules::ALL).next(), Some(MethodKind::Totp));
    assert_eq!(change(&mut world, settings, 4, MethodChange::MakePrimary(MethodKind::Recovery)), Err(NoSuchMethod));
    expect(change(&mut world, settings, 4, MethodChange::RenamePhone(phone, crate::fixture::text("work"))), "renamed");
    assert_eq!(world.account.device(phone).map(|device| device.name.as_str()), Some("work"));
    expect(change(&mut world, settings, 4, MethodChange::Remove(MethodKind::Totp)), "removed");
    assert!(world.account.method(MethodKind::App).is_some_and(|method| method.primary), "who is left is first");
    assert_eq!(change(&mut world, settings, 4, MethodChange::RemovePhone(phone)), Err(LastMethod));
    world.wait(301);
    assert_eq!(
        change(&mut world, settings, 4, MethodChange::Remove(MethodKind::Recovery)),
        Err(NotVerified),
        "too late"
    );
}

#[test]
fn an_imported_authenticator_counts_at_once_but_not_the_code_of_this_moment() {
    let mut world = World::new();
    world.put_user();
    let import = |seed: &[u8]| Command::ImportAuthenticator { seed: sealed_seed(seed) };
    assert_eq!(world.run(import(b"theirs"), browser()), Err(Refusal::NotFound), "not by a browser");
    expect(world.run(import(b"theirs"), panel()), "imported");
    assert_eq!(world.run(import(b"other"), panel()), Err(AlreadyDecided), "never in the place of another");
    let challenge = expect(start_login(&mut world, 1, None), "asked");
    let now = typed(&world, 0);
    assert_eq!(check(&mut world, challenge, 1, now), wrong_with(4));
    world.wait(30);
    let later = typed(&world, 0);
    assert!(check(&mut world, challenge, 1, later).is_ok());
}

/// threats row 10: what was typed counts only while what it came by does.
#[test]
fn a_removed_authenticator_takes_its_approval_with_it() {
    let (mut world, _) = with_an_authenticator();
    let prompt = verified_page(&mut world, 2, Purpose::Login);
    expect(finish(&mut world, prompt, 2, terms()), "finished");
    expect(world.run(Command::RemoveMethod { kind: MethodKind::Totp }, panel()), "removed");
    assert_eq!(exchange(&mut world, prompt, 2), Err(NotVerified));
}

#[test]
fn where_only_a_signature_counts_nothing_else_is_asked() {
    let (mut world, _) = with_an_authenticator();
    world.active_phone("a");
    let strict = Terms { requires_device_signature: true, ..terms() };
    for prefer in [None, Some(MethodKind::Totp)] {
        let prepared = world.prepare(Wanted::Login { terms: &strict, mode: None, prefer }).expect("a plan");
        assert_eq!((prepared.plan.method, prepared.plan.mode), (MethodKind::App, Mode::Number));
    }
}

#[test]
fn a_method_the_relying_party_does_not_take_is_not_asked() {
    let (mut world, _) = with_an_authenticator();
    let picky = Terms { methods: MethodRules { totp: false, ..MethodRules::ALL }, ..terms() };
    assert!(world.prepare(Wanted::Login { terms: &picky, mode: None, prefer: None }).is_none());
    let challenge = expect(start_login(&mut world, 2, None), "asked");
    world.wait(30);
    let holder = Holder::Panel { terms: picky, v: v(2) };
    let typed = typed(&world, 0);
    let refused = world.run(Command::CheckCode { challenge, holder, typed }, panel());
    assert_eq!(refused, Err(Refusal::MethodDisabled), "not even what was asked before");
}

#[test]
fn a_number_on_the_page_takes_no_code_of_any_method() {
    let (mut world, _) = with_an_authenticator();
    world.active_phone("a");
    world.wait(60);
    let challenge = world.challenge(2, Mode::Number).id;
    let code = typed(&world, 0);
    assert_eq!(check(&mut world, challenge, 2, code), Err(WrongMode));
    assert_eq!(world.account.challenge(challenge).map(|row| row.code_tries), Some(0));
}

#[test]
fn deleting_a_user_removes_every_secret() {
    let (mut world, enrol) = with_an_authenticator();
    expect(add_recovery_codes(&mut world, enrol, 1), "kept");
    expect(world.run(Command::DeleteUser, panel()), "deleted");
    assert_eq!((world.account.methods.len(), world.account.counters.len()), (0, 0));
    assert!(world.account.user.ever_enrolled, "it is remembered that there was one");
}
