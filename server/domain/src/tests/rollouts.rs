//! From when on a second factor is asked: off, optional, required from a date, by group; and what "later" is worth.

use koppel_protocol::{Bytes, Text, hash::sha256, id::PromptId};

use crate::{
    Command, Enforcement, Mode, OnPage, PromptState, Purpose, Refusal, Reply, Rollout, Standing, Terms,
    fixture::{World, browser, cookie, expect, panel, patient_terms, terms, text, v},
    plan::Wanted,
};

fn rule(everyone: Enforcement) -> Terms {
    Terms { rollout: Rollout { everyone, ..Rollout::REQUIRED }, ..terms() }
}

fn open(world: &mut World, session: u8, purpose: Purpose, terms: &Terms) -> Result<Reply, Refusal> {
    let token = Bytes::new([session; 32]);
    let Command::OpenPrompt(open) = world.open_prompt(session, purpose, token) else { unreachable!("it opens one") };
    let open = crate::OpenPrompt { terms: terms.clone(), ..*open };
    world.run(Command::OpenPrompt(Box::new(open)), panel())
}

fn later(world: &mut World, prompt: PromptId, terms: &Terms) -> Result<Reply, Refusal> {
    let page = OnPage { prompt, cookie: cookie(1), terms: terms.clone() };
    world.run(Command::PostponeSetUp { page, code: sha256(b"later") }, browser())
}

fn exchange(world: &mut World, prompt: PromptId, terms: &Terms) -> Result<Reply, Refusal> {
    let terms = terms.clone();
    world.run(Command::ExchangeResult { prompt, terms, v: v(1), code: sha256(b"later") }, panel())
}

fn state(world: &World, prompt: PromptId) -> Option<PromptState> {
    world.account.prompt(prompt).map(|row| row.state)
}

#[test]
fn later_goes_back_to_the_panel_once_and_verifies_nobody() {
    let (mut world, patient) = (World::new(), patient_terms());
    let prompt = world.bound_prompt(1, Purpose::Login);
    assert!(matches!(later(&mut world, prompt, &patient), Ok(Reply::Finished { .. })));
    assert_eq!(exchange(&mut world, prompt, &patient), Err(Refusal::NotRequired { from: None }));
    assert_eq!(state(&world, prompt), Some(PromptState::Exchanged));
    assert_eq!(exchange(&mut world, prompt, &patient), Err(Refusal::AlreadyDecided), "once");
    let postponed = world.account.user.postponed.expect("written down");
    assert_eq!((postponed.times, postponed.first), (1, postponed.last));
    assert!(!world.account.user.ever_enrolled);

    world.wait(60);
    let again = world.bound_prompt(1, Purpose::Login);
    expect(later(&mut world, again, &patient), "put off again");
    let postponed = world.account.user.postponed.expect("written down");
    assert_eq!((postponed.times, postponed.last.since(postponed.first)), (2, 60));
}

#[test]
fn later_ends_on_the_day_and_the_panel_is_told_which() {
    let mut world = World::new();
    let day = world.now.plus(100);
    let terms = rule(Enforcement::RequiredFrom(day));
    let prompt = world.bound_prompt(1, Purpose::Login);
    expect(later(&mut world, prompt, &terms), "a day before");
    assert_eq!(exchange(&mut world.clone(), prompt, &terms), Err(Refusal::NotRequired { from: Some(day) }));
    world.wait(100);
    assert_eq!(exchange(&mut world, prompt, &terms), Err(Refusal::NotVerified), "what was put off before is over too");
    let next = world.bound_prompt(2, Purpose::Login);
    let page = OnPage { prompt: next, cookie: cookie(2), terms };
    let late = world.run(Command::PostponeSetUp { page, code: sha256(b"later") }, browser());
    assert_eq!((late, state(&world, next)), (Err(Refusal::NotVerified), Some(PromptState::Bound)));
}

#[test]
fn nobody_who_has_or_had_a_factor_puts_it_off() {
    for lost in [false, true] {
        let (mut world, patient) = (World::new(), patient_terms());
        let prompt = world.bound_prompt(1, Purpose::Login);
        let early = world.bound_prompt(1, Purpose::Login);
        expect(later(&mut world, early, &patient), "before there is a phone");
        let phone = world.active_phone("a");
        if lost {
            expect(world.run(Command::RemoveDevice { device: phone }, crate::fixture::desk()), "removed");
        }
        assert_eq!(world.account.standing(&patient), if lost { Standing::Lost } else { Standing::SetUp });
        assert_eq!(later(&mut world, prompt, &patient), Err(Refusal::NotVerified));
        assert_eq!(
            exchange(&mut world, early, &patient),
            Err(Refusal::NotVerified),
            "there was none when it was pressed"
        );
        let off = rule(Enforcement::Off);
        assert!(
            open(&mut world, 3, Purpose::Login, &off).is_ok(),
            "off asks whoever has one, and helps whoever lost it"
        );
    }
}

#[test]
fn off_leads_nobody_to_the_set_up_but_whoever_asks_for_it() {
    let (mut world, off) = (World::new(), rule(Enforcement::Off));
    assert_eq!(open(&mut world, 1, Purpose::Login, &off), Err(Refusal::NotRequired { from: None }));
    assert!(world.account.exists(), "the user is known from now: the report counts them");
    assert!(open(&mut world, 2, Purpose::Enrol, &off).is_ok());
    assert!(open(&mut world, 3, Purpose::Login, &patient_terms()).is_ok());
}

#[test]
fn a_panel_with_pages_of_its_own_hears_the_same() {
    let mut world = World::new();
    let day = world.now.plus(100);
    let mut ask = |terms: Terms| {
        let wanted = Wanted::Login { terms: &terms, mode: Some(Mode::Code), prefer: None };
        let prepared = world.prepare(wanted);
        let login = world.begun(1, Purpose::Login);
        let request = crate::ChallengeRequest::Direct { terms, login, mode: Some(Mode::Code), prefer: None };
        world.run(Command::StartChallenge { request: Box::new(request), prepared }, panel())
    };
    assert_eq!(ask(patient_terms()), Err(Refusal::NotRequired { from: None }));
    assert_eq!(ask(rule(Enforcement::RequiredFrom(day))), Err(Refusal::NotRequired { from: Some(day) }));
    assert_eq!(ask(terms()), Err(Refusal::NotEnrolled { ever: false }));
}

#[test]
fn a_group_has_its_turn_before_the_others() {
    let mut world = World::new();
    let prompt = world.bound_prompt(1, Purpose::Login);
    let groups = [(text("staff"), Enforcement::REQUIRED)].into();
    let terms = Terms { rollout: Rollout { everyone: Enforcement::Optional, groups }, ..terms() };
    assert!(world.account.may_do_without(&terms, world.now));
    world.account.user.group = Some(text("Staff"));
    assert!(world.account.may_do_without(&terms, world.now), "the panel's own word, exactly");
    world.account.user.group = Some(text("staff"));
    assert_eq!(later(&mut world, prompt, &terms), Err(Refusal::NotVerified));
    world.account.user.group = Some(Text::default());
    expect(later(&mut world, prompt, &terms), "everyone else");
}

#[test]
fn a_report_says_how_far_each_is() {
    let mut world = World::new();
    let patient = patient_terms();
    assert_eq!(world.account.standing(&patient), Standing::NotYet);
    let prompt = world.bound_prompt(1, Purpose::Login);
    expect(later(&mut world, prompt, &patient), "put off");
    assert_eq!(world.account.standing(&patient), Standing::PutOff);
    world.active_phone("a");
    assert_eq!(world.account.standing(&patient), Standing::SetUp);
    let strict = Terms { methods: crate::MethodRules { backups: 1, ..crate::MethodRules::ALL }, ..patient };
    assert_eq!(world.account.standing(&strict), Standing::BackupMissing);
}
