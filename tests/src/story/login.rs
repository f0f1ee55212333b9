//! Steps: logins that go well, and the ways in which a person stops one.

use std::sync::Arc;

use anyhow::{Result, ensure};
use serde_json::json;

use super::{
    person::{Person, code},
    stage::{Mode, Stage},
};

/// The code from the phone, typed on the page.
pub async fn by_code(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Code).await?;
    let evidence = person.log_in(&mut phone).await?.evidence()?;
    ensure!(evidence == "server", "behind a typed code stands {evidence}");
    Ok(())
}

/// The number from the page, typed into the phone, which signs; the panel checks that signature itself.
pub async fn by_approval(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Number).await?;
    let evidence = person.log_in(&mut phone).await?.evidence()?;
    ensure!(evidence == "device_signature", "behind an approval stands {evidence}");
    Ok(())
}

/// *No* on the phone: the page says so, nobody is in, and the account is not locked.
pub async fn denied(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Number).await?;
    let page = person.sign_in().await?;
    let challenge = phone.challenge("number").await?;
    let outcome = phone.deny(&challenge, "mistake").await?;
    ensure!(outcome["outcome"] == "denied", "not denied: {outcome}");
    let page = person.browser.until(&page, |screen| screen == "ended-denied").await?;
    ensure!(page.form("/check").is_err() && page.form("/deliver").is_err(), "it can go on: {page}");
    let start = person.browser.open(person.stage.panel(person.mode)).await?;
    ensure!(start.evidence().is_err(), "in after a refusal: {start}");
    person.log_in(&mut phone).await?.evidence()?;
    Ok(())
}

/// *This was not me*: the page says 423, so does every later login, until the phone that reported it unlocks.
pub async fn not_me(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Number).await?;
    let page = person.sign_in().await?;
    let challenge = phone.challenge("number").await?;
    let outcome = phone.deny(&challenge, "not_me").await?;
    ensure!(outcome["outcome"] == "fraud", "not reported: {outcome}");
    let page = person.browser.until(&page, |screen| screen == "ended-fraud").await?;
    ensure!(page.status == 423, "the page of the reported login: {page}");
    let refused = person.sign_in().await?;
    ensure!(refused.status == 423 || refused.status == 403, "a locked account: {refused}");
    ensure!(refused.form("/check").is_err(), "a locked account is asked for a code: {refused}");

    phone.tell(json!({"do": "unlock", "account": challenge["account"]})).await?;
    let unlock = phone.challenge("unlock").await?;
    let outcome = phone.approve(&unlock, None).await?;
    ensure!(outcome["outcome"] == "approved", "not unlocked: {outcome}");
    person.log_in(&mut phone).await?.evidence()?;
    Ok(())
}

/// *Send the code again*: the old code is dead at once, the new one works.
pub async fn resent(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Code).await?;
    let page = person.sign_in().await?;
    let first = phone.challenge("code").await?;
    ensure!((10..=20).contains(&page.resend_after()), "policy is 20 s between deliveries: {page}");
    let page = person.resend(&page).await?;
    let second = phone.event("challenge", |event| event["cid"] == first["cid"] && event["seq"] != first["seq"]).await?;
    if code(&first)? != code(&second)? {
        let refused = person.type_code(&page, code(&first)?).await?;
        ensure!(refused.evidence().is_err() && refused.screen() == page.screen(), "the old code works: {refused}");
    }
    person.type_code(&page, code(&second)?).await?.evidence()?;
    Ok(())
}
