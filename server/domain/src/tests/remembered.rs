//! Remembered browsers: asked nothing for a while, and forgotten with any change of what a user proves themselves with.

use koppel_protocol::{Bytes, decision::Verdict, hash::sha256, id::PromptId};

use crate::{
    ChallengeState, Command, Holder, MethodChange, OnPage, Purpose, PutUser, Refusal, Reply, Terms, Typed,
    fixture::{World, browser, cookie, desk, expect, login_name, panel, remembering_terms, terms, v},
    remembered::MOST_BROWSERS,
};

const DAY: u32 = 86_400;

fn known(n: u8) -> Bytes<32> {
    Bytes::new([100 + n; 32])
}

/// A login by code that ends with *remember this browser*.
fn log_in(world: &mut World, session: u8, terms: &Terms, remember: Option<Bytes<32>>) -> PromptId {
    let prompt = world.bound_prompt(session, Purpose::Login);
    let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, session) else { panic!("no challenge") };
    let holder = Holder::Page { prompt, cookie: cookie(session), terms: terms.clone() };
    let typed = Typed::App(world.right_code(challenge.id));
    expect(world.run(Command::CheckCode { challenge: challenge.id, holder, typed }, browser()), "right");
    finish(world, prompt, session, terms, remember);
    prompt
}

fn finish(world: &mut World, prompt: PromptId, session: u8, terms: &Terms, remember: Option<Bytes<32>>) {
    let (terms, cookie, code) = (terms.clone(), cookie(session), sha256(b"result"));
    expect(world.run(Command::FinishPrompt { prompt, terms, cookie, code, remember }, browser()), "finished");
}

fn recall(world: &mut World, session: u8, terms: &Terms, hash: Bytes<32>) -> (PromptId, Result<Reply, Refusal>) {
    let prompt = world.bound_prompt(session, Purpose::Login);
    let page = OnPage { prompt, cookie: cookie(session), terms: terms.clone() };
    (prompt, world.run(Command::Recall { page, browser: hash }, browser()))
}

fn exchange(world: &mut World, prompt: PromptId, session: u8, terms: &Terms) -> Result<Reply, Refusal> {
    let terms = terms.clone();
    world.run(Command::ExchangeResult { prompt, terms, v: v(session), code: sha256(b"result") }, panel())
}

fn with_a_known_browser() -> (World, Terms) {
    let mut world = World::new();
    world.active_phone("a");
    let terms = remembering_terms();
    log_in(&mut world, 1, &terms, Some(known(1)));
    (world, terms)
}

#[test]
fn a_remembered_browser_is_asked_nothing_and_the_panel_is_told() {
    let (mut world, terms) = with_a_known_browser();
    world.wait(60);
    let (prompt, recalled) = recall(&mut world, 2, &terms, known(1));
    let Ok(Reply::Approved { challenge }) = recalled else { panic!("{recalled:?}") };
    assert_eq!(world.account.challenge(challenge).map(|row| row.state), Some(ChallengeState::Approved));
    finish(&mut world, prompt, 2, &terms, Some(known(2)));
    assert_eq!(world.account.user.browsers.len(), 1, "what was remembered does not remember more");
    let Ok(Reply::Verified(verified)) = exchange(&mut world, prompt, 2, &terms) else { panic!("not verified") };
    assert!(verified.remembered && verified.evidence.is_none());
    let kept = &world.account.user.browsers[0];
    assert_eq!(kept.used_at.since(kept.since), 60);
}

#[test]
fn it_counts_as_long_as_the_rules_say_and_for_that_relying_party_alone() {
    let (mut world, terms) = with_a_known_browser();
    let other = Terms { id: crate::fixture::RELYING_PARTY, remember: 0, ..terms.clone() };
    for (terms, hash, why) in [
        (&terms, known(9), "a guess"),
        (&other, known(1), "the rules remember nobody any more"),
        (&Terms { requires_device_signature: true, ..terms.clone() }, known(1), "only a signature counts"),
        (
            &Terms { methods: crate::MethodRules { backups: 1, ..crate::MethodRules::ALL }, ..terms.clone() },
            known(1),
            "a backup is missing",
        ),
    ] {
        assert_eq!(recall(&mut world.clone(), 2, terms, hash).1, Err(Refusal::NotVerified), "{why}");
    }
    let mut foreign = world.clone();
    foreign.account.user.browsers[0].relying_party = koppel_protocol::id::RelyingPartyId::from_bytes([9; 16]);
    assert_eq!(recall(&mut foreign, 2, &terms, known(1)).1, Err(Refusal::NotVerified), "another panel's");
    world.wait(DAY - 1);
    let (prompt, recalled) = recall(&mut world, 2, &terms, known(1));
    expect(recalled, "the last second");
    finish(&mut world, prompt, 2, &terms, None);
    world.wait(1);
    assert_eq!(exchange(&mut world, prompt, 2, &terms), Err(Refusal::NotVerified), "it ran out before the panel asked");
    assert_eq!(recall(&mut world, 3, &terms, known(1)).1, Err(Refusal::NotVerified));
}

#[test]
fn only_a_login_by_a_factor_remembers_and_only_where_the_rules_let_it() {
    let mut world = World::new();
    world.active_phone("a");
    log_in(&mut world, 1, &terms(), Some(known(1)));
    assert!(world.account.user.browsers.is_empty());
    log_in(&mut world, 2, &Terms { requires_device_signature: false, ..remembering_terms() }, None);
    assert!(world.account.user.browsers.is_empty(), "nobody asked for it");
    for purpose in [Purpose::Settings, Purpose::Enrol] {
        let (mut world, terms) = with_a_known_browser();
        let prompt = world.bound_prompt(3, purpose);
        let page = OnPage { prompt, cookie: cookie(3), terms };
        assert_eq!(world.run(Command::Recall { page, browser: known(1) }, browser()), Err(Refusal::NotVerified));
    }
}

#[test]
fn any_change_of_factor_or_password_forgets_every_browser() {
    type Happens = fn(&mut World);
    let changes: [(&str, Happens); 6] = [
        ("a new phone", |world| {
            world.active_phone("b");
        }),
        ("a phone less", |world| {
            let device = world.account.devices[0].id;
            expect(world.run(Command::RemoveDevice { device }, desk()), "removed");
        }),
        ("an authenticator", |world| {
            let seed = crate::fixture::sealed_seed(b"one");
            expect(world.run(Command::ImportAuthenticator { seed }, panel()), "imported");
        }),
        ("a disabled account", |world| {
            let put = PutUser { enabled: Some(false), ..PutUser::named(login_name()) };
            expect(world.run(Command::PutUser(Box::new(put)), panel()), "disabled");
        }),
        ("a new password", |world| {
            let put = PutUser { password_changed_at: Some(world.now), ..PutUser::named(login_name()) };
            expect(world.run(Command::PutUser(Box::new(put)), panel()), "told");
        }),
        ("it was not me", |world| {
            let device = world.account.devices[0].id;
            let challenge = world.challenge(7, crate::Mode::Number);
            expect(world.answer(device, challenge.id, Verdict::Fraud, None), "reported");
        }),
    ];
    for (what, happens) in changes {
        let (mut world, terms) = with_a_known_browser();
        let (prompt, recalled) = recall(&mut world, 2, &terms, known(1));
        expect(recalled, "known");
        finish(&mut world, prompt, 2, &terms, None);
        happens(&mut world);
        assert!(world.account.user.browsers.is_empty(), "{what}");
        assert!(world.entries.iter().any(|entry| entry.kind == "browsers.forgotten"), "{what}");
        assert!(exchange(&mut world, prompt, 2, &terms).is_err(), "{what}: what was under way ends too");
    }
    let (mut world, terms) = with_a_known_browser();
    assert_eq!(world.account.method(crate::MethodKind::App).map(|app| app.state), Some(crate::MethodState::Active));
    let put = PutUser { display: Some(crate::fixture::text("Anna")), ..PutUser::named(login_name()) };
    expect(world.run(Command::PutUser(Box::new(put)), panel()), "renamed");
    log_in(&mut world, 4, &terms, None);
    assert_eq!(world.account.user.browsers.len(), 1, "a name or a login is no change");
}

#[test]
fn so_many_are_kept_and_each_can_be_forgotten() {
    let (mut world, terms) = with_a_known_browser();
    for n in 2..=10 {
        world.wait(120);
        log_in(&mut world, n, &terms, Some(known(n)));
    }
    let kept: Vec<_> = world.account.user.browsers.iter().map(|browser| browser.hash).collect();
    assert_eq!(kept.len(), MOST_BROWSERS);
    assert!(!kept.contains(&known(1)) && kept.contains(&known(10)), "the oldest go");

    let prompt = world.bound_prompt(20, Purpose::Settings);
    let page = OnPage { prompt, cookie: cookie(20), terms: terms.clone() };
    let forget = Command::ChangeMethods { page, change: MethodChange::ForgetBrowser(known(10)) };
    assert_eq!(world.run(forget.clone(), browser()), Err(Refusal::NotVerified), "not before a factor");
    let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, 20) else { panic!("no challenge") };
    let holder = Holder::Page { prompt, cookie: cookie(20), terms: terms.clone() };
    let typed = Typed::App(world.right_code(challenge.id));
    expect(world.run(Command::CheckCode { challenge: challenge.id, holder, typed }, browser()), "right");
    expect(world.run(forget, browser()), "forgotten");
    assert_eq!(recall(&mut world, 21, &terms, known(10)).1, Err(Refusal::NotVerified));
    expect(recall(&mut world, 22, &terms, known(9)).1, "the others stay");
}

#[test]
fn a_remembered_login_takes_back_no_reset() {
    let (mut world, terms) = with_a_known_browser();
    let put = PutUser { protected: Some(true), ..PutUser::named(login_name()) };
    expect(world.run(Command::PutUser(Box::new(put)), panel()), "protected");
    expect(world.run(Command::Reset(crate::ResetStep::Ask), desk()), "asked");
    let (prompt, recalled) = recall(&mut world, 2, &terms, known(1));
    expect(recalled, "known");
    finish(&mut world, prompt, 2, &terms, None);
    expect(exchange(&mut world, prompt, 2, &terms), "verified");
    assert!(world.account.user.reset.is_some());
}
