//! Steps: a phone and an account come together.

use std::sync::Arc;

use anyhow::{Result, ensure};

use super::{
    person::{PASSWORD, Person, check_number},
    stage::{Mode, Stage},
};

/// The koppelcode from the set-up page, typed into the phone.
pub async fn by_koppelcode(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut phone) = Person::with_phone(&stage, name, Mode::Code).await?;
    person.log_in(&mut phone).await?.evidence()?;
    Ok(())
}

/// The link (or QR code) from the set-up page.
pub async fn by_link(stage: Arc<Stage>, name: &str) -> Result<()> {
    let mut person = Person::new(&stage, name, Mode::Code)?;
    let page = person.sign_in().await?;
    let mut phone = stage.new_phone(name)?.start(&["pair", &page.link()?, "--stay"])?;
    person.confirm_and_finish(page, &mut phone).await
}

/// User name and password typed into the phone; the panel's directory says whether they are right.
pub async fn by_login(stage: Arc<Stage>, name: &str) -> Result<()> {
    let mut person = Person::new(&stage, name, Mode::Code)?;
    let page = person.sign_in().await?;
    let password = tempfile::NamedTempFile::new()?;
    std::fs::write(password.path(), PASSWORD)?;
    let file = password.path().display().to_string();
    let pair = ["pair", "--server", stage.host(), "--user", name, "--login", "--password-file", &file, "--stay"];
    let mut phone = stage.new_phone(name)?.start(&pair)?;
    person.confirm_and_finish(page, &mut phone).await
}

/// A koppelcode from support for a second phone; the first phone confirms it with the number that the second one shows.
pub async fn second_phone_by_the_first(stage: Arc<Stage>, name: &str) -> Result<()> {
    let (mut person, mut old) = Person::with_phone(&stage, name, Mode::Number).await?;
    let code = stage.koppelcode_from_support(name)?;
    let mut new = person.pair_by_code(&stage.new_phone(&format!("{name}-new"))?, &code)?;
    let number = check_number(&mut new).await?;
    let question = old.challenge("confirm_pairing").await?;
    let outcome = old.approve(&question, Some(&number)).await?;
    ensure!(outcome["outcome"] == "approved", "not confirmed: {outcome}");
    new.event("active", |_| true).await?;
    // The panel takes the new key because the old phone signed for it.
    let evidence = person.log_in(&mut new).await?.evidence()?;
    ensure!(evidence == "device_signature", "behind the login stands {evidence}");
    Ok(())
}
