//! Steps: wrong answers, late answers, thieves, and a server that dies.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use url::Url;

use super::{
    browser::Browser,
    person::{Person, code, other_than},
    stage::{Mode, Stage},
};

/// A wrong code is refused with the tries that are left; the right one still works.
pub async fn wrong_code(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Code).await?;
    let page = person.sign_in().await?;
    let challenge = phone.challenge("code").await?;
    let right = code(&challenge)?;
    let refused = person.type_code(&page, &other_than(right)).await?;
    ensure!(refused.status == 422 && refused.screen() == page.screen(), "a wrong code: {refused}");
    person.type_code(&refused, right).await?.evidence()?;
    Ok(())
}

/// A wrong number costs a try and approves nothing; the right one still works.
pub async fn wrong_number(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Number).await?;
    let page = person.sign_in().await?;
    let challenge = phone.challenge("number").await?;
    let right = page.number()?;
    let outcome = phone.approve(&challenge, Some(&other_than(&right))).await?;
    ensure!(outcome["outcome"] == "wrong_number" && outcome["tries_left"] == 2, "a wrong number: {outcome}");
    let outcome = phone.approve(&challenge, Some(&right)).await?;
    ensure!(outcome["outcome"] == "approved", "the right number: {outcome}");
    person.go_on(&page).await?.evidence()?;
    Ok(())
}

/// A code that is too late is refused; another delivery of the same login works.
pub async fn expired(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Code).await?;
    let page = person.sign_in().await?;
    let first = phone.challenge("code").await?;
    let lifetime = Duration::from_secs(60 + 15);
    let late = person.browser.within(lifetime, &page, |screen| screen == "ended-code").await?;
    let refused = person.type_code(&page, code(&first)?).await?;
    ensure!(refused.evidence().is_err() && refused.form("/check").is_err(), "a late code works: {refused}");
    let page = person.resend(&late).await?;
    let second = phone.event("challenge", |event| event["cid"] == first["cid"] && event["seq"] != first["seq"]).await?;
    person.type_code(&page, code(&second)?).await?.evidence()?;
    Ok(())
}

/// A thief opens the page's address after its owner did: 403, and the owner goes on undisturbed.
pub async fn stolen_address_opened_second(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Code).await?;
    let page = person.sign_in().await?;
    let mut thief = Browser::new()?;
    for address in [token_address(&person.browser)?, page.url.clone()] {
        let refused = thief.open(address.as_str()).await?;
        ensure!(refused.status == 403, "the thief sees {refused}");
    }
    let challenge = phone.challenge("code").await?;
    person.type_code(&page, code(&challenge)?).await?.evidence()?;
    Ok(())
}

/// A thief opens the page's address before its owner does, and even gets the code: the panel refuses the result, for it belongs to
/// the owner's session.
pub async fn stolen_address_opened_first(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Code).await?;
    let address = person.sign_in_and_stop().await?;
    let mut thief = Person::new(&stage, name, Mode::Code)?;
    let page = thief.browser.open(address.as_str()).await?;
    let challenge = phone.challenge("code").await?;
    let refused = thief.type_code(&page, code(&challenge)?).await?;
    ensure!(refused.status == 403 && refused.url.path() == "/koppel/return", "the thief gets {refused}");
    let start = thief.browser.open(stage.panel(Mode::Code)).await?;
    ensure!(start.evidence().is_err(), "the thief is in: {start}");
    let owner = person.browser.open(address.as_str()).await?;
    ensure!(owner.status == 403, "the owner is not told: {owner}");
    Ok(())
}

/// kill -9 in the middle of three logins: after the start a typed code and an approval still work, and a denial that was given
/// while nobody was there arrives by itself.
pub async fn killed_server(stage: Arc<Stage>, [typing, approving, denying]: [&str; 3]) -> Result<()> {
    let (mut typing, mut phone_with_code) = Person::with_phone(&stage, typing, Mode::Code).await?;
    let (mut approving, mut phone_that_signs) = Person::with_phone(&stage, approving, Mode::Number).await?;
    let (mut denying, mut phone_that_denies) = Person::with_phone(&stage, denying, Mode::Number).await?;
    let code_page = typing.sign_in().await?;
    let number_page = approving.sign_in().await?;
    let foreign_page = denying.sign_in().await?;
    let with_code = phone_with_code.challenge("code").await?;
    let to_sign = phone_that_signs.challenge("number").await?;
    let to_deny = phone_that_denies.challenge("number").await?;

    stage.kill_server()?;
    // The phone keeps its decision, and sends it byte for byte when it can.
    let queued = phone_that_denies.deny(&to_deny, "mistake").await?;
    ensure!(queued["outcome"] == "queued", "without a server: {queued}");
    stage.start_server()?;

    let sent = |event: &serde_json::Value| event["cid"] == to_deny["cid"] && event["outcome"] != "queued";
    let sent = phone_that_denies.event("outcome", sent).await?;
    ensure!(sent["outcome"] == "denied", "after the start: {sent}");
    denying.browser.until(&foreign_page, |screen| screen == "ended-denied").await?;
    let outcome = phone_that_signs.approve(&to_sign, Some(&number_page.number()?)).await?;
    ensure!(outcome["outcome"] == "approved", "after the start: {outcome}");
    approving.go_on(&number_page).await?.evidence()?;
    typing.type_code(&code_page, code(&with_code)?).await?.evidence()?;
    Ok(())
}

/// The one-time address of the page that the panel sent this browser to.
fn token_address(browser: &Browser) -> Result<Url> {
    let once = |url: &&Url| url.path().starts_with("/p/") && !url.path().starts_with("/p/pr_");
    browser.visited.iter().rev().find(once).cloned().context("no one-time address")
}
