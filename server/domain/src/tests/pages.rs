//! Hosted pages: one browser, one token, one result.

use koppel_protocol::{Bytes, hash::sha256, id::PromptId};

use crate::{
    Command, Holder, Mode, PromptState, Purpose, Refusal, Reply, Typed,
    fixture::{USER_AGENT, World, browser, cookie, expect, panel, terms, v},
};

fn with_a_phone() -> World {
    let mut world = World::new();
    world.active_phone("a");
    world
}

fn finish(world: &mut World, prompt: PromptId, session: u8) -> Result<Reply, Refusal> {
    world.run(
        Command::FinishPrompt {
            prompt,
            terms: terms(),
            cookie: cookie(session),
            code: sha256(b"result"),
            remember: None,
        },
        browser(),
    )
}

fn exchange(world: &mut World, prompt: PromptId, session: u8, code: &[u8]) -> Result<Reply, Refusal> {
    world.run(Command::ExchangeResult { prompt, terms: terms(), v: v(session), code: sha256(code) }, panel())
}

fn logged_in_page(world: &mut World, session: u8) -> PromptId {
    let prompt = world.bound_prompt(session, Purpose::Login);
    let Ok(Reply::Challenge { challenge, .. }) = world.start_page(prompt, session) else { panic!("no challenge") };
    let holder = Holder::Page { prompt, cookie: cookie(session), terms: terms() };
    let code = world.right_code(challenge.id);
    let checked = world.run(Command::CheckCode { challenge: challenge.id, holder, typed: Typed::App(code) }, browser());
    assert_eq!(checked, Ok(Reply::Approved { challenge: challenge.id }));
    prompt
}

#[test]
fn a_login_by_page_ends_in_one_verified_result() {
    let mut world = with_a_phone();
    let prompt = logged_in_page(&mut world, 1);
    assert!(matches!(finish(&mut world, prompt, 1), Ok(Reply::Finished { .. })));
    let Ok(Reply::Verified(verified)) = exchange(&mut world, prompt, 1, b"result") else { panic!("not verified") };
    assert_eq!((verified.user, verified.purpose), (crate::fixture::external_id(), Purpose::Login));
    assert_eq!(exchange(&mut world, prompt, 1, b"result"), Err(Refusal::AlreadyDecided));
    assert_eq!(world.account.prompt(prompt).map(|row| row.state), Some(PromptState::Exchanged));
}

/// threats row 46
#[test]
fn the_token_is_burnt_by_the_first_browser_and_kept_for_the_right_one() {
    let mut world = with_a_phone();
    let token = Bytes::new([5; 32]);
    expect(world.run(world.open_prompt(1, Purpose::Login, token), panel()), "opened");
    let bind =
        |agent: &str, session: u8| Command::BindPrompt { token, cookie: cookie(session), user_agent: agent.into() };
    assert_eq!(world.run(bind("WhatsApp/2", 9), browser()), Err(Refusal::WrongBinding), "a preview burns nothing");
    assert!(world.run(bind(USER_AGENT, 1), browser()).is_ok());
    assert_eq!(world.run(bind(USER_AGENT, 1), browser()), Err(Refusal::WrongBinding), "opened a second time");
    let kinds: Vec<_> = world.entries.iter().map(|entry| entry.kind.as_str()).collect();
    assert!(kinds.contains(&"page.other_user_agent") && kinds.contains(&"page.token_burnt"));
    let other = Command::BindPrompt { token: Bytes::new([6; 32]), cookie: cookie(1), user_agent: USER_AGENT.into() };
    assert_eq!(world.run(other, browser()), Err(Refusal::NotFound));
}

/// threats row 46
#[test]
fn a_foreign_browser_finishes_nothing_and_is_written_down() {
    let mut world = with_a_phone();
    let prompt = logged_in_page(&mut world, 1);
    assert_eq!(finish(&mut world, prompt, 2), Err(Refusal::WrongBinding));
    assert_eq!(world.entries.last().map(|entry| entry.kind.as_str()), Some("page.foreign_browser"));
    expect(finish(&mut world, prompt, 1), "finished");
    assert_eq!(
        exchange(&mut world, prompt, 2, b"result"),
        Err(Refusal::WrongBinding),
        "without v of the session that began"
    );
    assert!(exchange(&mut world, prompt, 1, b"result").is_ok());
}

#[test]
fn a_result_code_counts_once_for_two_minutes() {
    let mut world = with_a_phone();
    let prompt = logged_in_page(&mut world, 1);
    expect(finish(&mut world, prompt, 1), "finished");
    assert_eq!(exchange(&mut world, prompt, 1, b"guess"), Err(Refusal::NotVerified));
    world.wait(119);
    let early =
        world.clone().account.challenge(world.account.prompts[0].challenge.expect("asked")).map(|row| row.state);
    assert!(early.is_some());
    world.wait(1);
    assert!(exchange(&mut world, prompt, 1, b"result").is_err());
}

#[test]
fn nothing_is_finished_before_it_is_approved() {
    let mut world = with_a_phone();
    let prompt = world.bound_prompt(1, Purpose::Login);
    assert_eq!(finish(&mut world, prompt, 1), Err(Refusal::NotVerified));
    expect(world.start_page(prompt, 1), "asked");
    assert_eq!(finish(&mut world, prompt, 1), Err(Refusal::NotVerified));
    assert_eq!(exchange(&mut world, prompt, 1, b"result"), Err(Refusal::NotVerified));
}

#[test]
fn a_reloaded_page_gets_its_challenge_again_and_no_second_delivery() {
    let mut world = with_a_phone();
    let prompt = world.bound_prompt(1, Purpose::Login);
    let first = expect(world.start_page(prompt, 1), "asked");
    world.wait(30);
    assert_eq!(expect(world.start_page(prompt, 1), "asked again"), first);
}

#[test]
fn a_panel_takes_nothing_past_a_page() {
    let mut world = with_a_phone();
    let prompt = logged_in_page(&mut world, 1);
    let challenge = world.account.prompt(prompt).and_then(|row| row.challenge).expect("asked");
    let take = Command::Consume { challenge, terms: terms(), v: v(1) };
    assert_eq!(world.run(take, panel()), Err(Refusal::NotFound));
}

#[test]
fn a_cancelled_page_ends_its_challenge() {
    let mut world = with_a_phone();
    let prompt = world.bound_prompt(1, Purpose::Login);
    expect(world.start_page(prompt, 1), "asked");
    let challenge = world.account.prompt(prompt).and_then(|row| row.challenge).expect("asked");
    let cancel = || Command::CancelPrompt { prompt, relying_party: crate::fixture::RELYING_PARTY };
    assert_eq!(world.run(cancel(), panel()), Ok(Reply::Done));
    assert_eq!(world.run(cancel(), panel()), Ok(Reply::Done), "twice is once");
    assert_eq!(world.account.challenge(challenge).map(|row| row.state), Some(crate::ChallengeState::Cancelled));
    assert_eq!(world.start_page(prompt, 1), Err(Refusal::Expired));
    let _ = Mode::Code;
}
