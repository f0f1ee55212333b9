//! A person with a browser and a phone: what they do at the panel, one verb a function.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{
    browser::{Browser, Page},
    phone::{Phone, PhoneFolder},
    stage::{Mode, Stage},
};

/// Everybody's password at the panel.
pub const PASSWORD: &str = "a-linden-tree-in-may";

/// A user of the panel.
#[derive(Debug)]
pub struct Person {
    /// Where they live.
    pub stage: Arc<Stage>,
    /// Their user name.
    pub name: String,
    /// Which panel they use.
    pub mode: Mode,
    /// Their browser.
    pub browser: Browser,
}

impl Person {
    /// Somebody with a fresh browser and no phone.
    ///
    /// # Errors
    /// When no browser can be made.
    pub fn new(stage: &Arc<Stage>, name: &str, mode: Mode) -> Result<Self> {
        Ok(Self { stage: Arc::clone(stage), name: name.to_owned(), mode, browser: Browser::new()? })
    }

    /// Somebody who paired a phone by koppelcode a moment ago, and that phone's live screen.
    ///
    /// # Errors
    /// When any step fails.
    pub async fn with_phone(stage: &Arc<Stage>, name: &str, mode: Mode) -> Result<(Self, Phone)> {
        let mut person = Self::new(stage, name, mode)?;
        let page = person.sign_in().await?;
        let code = page.koppelcode()?;
        let mut phone = person.pair_by_code(&person.stage.new_phone(name)?, &code)?;
        person.confirm_and_finish(page, &mut phone).await?;
        Ok((person, phone))
    }

    /// Types user name and password; the page that follows.
    ///
    /// # Errors
    /// When a page is not what it should be.
    pub async fn sign_in(&mut self) -> Result<Page> {
        let (page, form) = self.sign_in_form().await?;
        self.browser.submit(&page, form).await
    }

    /// Types user name and password, and does not follow: the address that the panel sends the browser to.
    ///
    /// # Errors
    /// When the panel does not redirect.
    pub async fn sign_in_and_stop(&mut self) -> Result<url::Url> {
        let (page, form) = self.sign_in_form().await?;
        self.browser.submit_and_stop(&page, form).await
    }

    async fn sign_in_form(&mut self) -> Result<(Page, super::html::Form)> {
        // Another browser session, as on the next morning.
        self.browser = Browser::new()?;
        let page = self.browser.open(&format!("{}/sign-in", self.stage.panel(self.mode))).await?;
        let form = page.form("/sign-in")?.with("login_name", &self.name).with("password", PASSWORD);
        Ok((page, form))
    }

    /// Starts a phone that redeems a koppelcode and stays.
    ///
    /// # Errors
    /// When the phone does not start.
    pub fn pair_by_code(&self, folder: &PhoneFolder, code: &str) -> Result<Phone> {
        folder.start(&["pair", "--server", self.stage.host(), "--user", &self.name, "--code", code, "--stay"])
    }

    /// From the enrol page to the panel: types the check number of the phone, tries the new phone, goes on.
    ///
    /// # Errors
    /// When any step fails.
    pub async fn confirm_and_finish(&mut self, page: Page, phone: &mut Phone) -> Result<()> {
        let check_number = check_number(phone).await?;
        let page = self.browser.until(&page, |screen| screen.starts_with("pending")).await?;
        let page = self.browser.submit(&page, page.form("/confirm")?.with("check_number", &check_number)).await?;
        phone.event("active", |_| true).await?;
        let welcome = self.answer(page, phone).await?;
        welcome.evidence()?;
        Ok(())
    }

    /// Signs in and answers with the phone, to the panel's start page.
    ///
    /// # Errors
    /// When any step fails.
    pub async fn log_in(&mut self, phone: &mut Phone) -> Result<Page> {
        let page = self.sign_in().await?;
        self.answer(page, phone).await
    }

    /// Answers what the server's page asks with the phone, in the panel's mode; the page where that leads.
    ///
    /// # Errors
    /// When any step fails.
    pub async fn answer(&mut self, page: Page, phone: &mut Phone) -> Result<Page> {
        match self.mode {
            Mode::Code => {
                let challenge = phone.challenge("code").await?;
                self.type_code(&page, code(&challenge)?).await
            }
            Mode::Number => {
                let challenge = phone.challenge("number").await?;
                let outcome = phone.approve(&challenge, Some(&page.number()?)).await?;
                ensure!(outcome["outcome"] == "approved", "not approved: {outcome}");
                self.go_on(&page).await
            }
        }
    }

    /// Types a code on the page; where that leads, on to the panel when it was right.
    ///
    /// # Errors
    /// When a server does not answer.
    pub async fn type_code(&mut self, page: &Page, code: &str) -> Result<Page> {
        let next = self.browser.submit(page, page.form("/check")?.with("digits", code)).await?;
        self.finish_if_done(next).await
    }

    /// Waits until an approval has reached the page, and goes on to the panel.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn go_on(&mut self, page: &Page) -> Result<Page> {
        let asked = page.screen();
        let next = self.browser.until(page, |screen| screen != asked).await?;
        self.finish_if_done(next).await
    }

    /// Presses *continue* where the page says that everything is right.
    async fn finish_if_done(&mut self, page: Page) -> Result<Page> {
        match page.screen().as_str() {
            "approved" | "done" => self.browser.submit(&page, page.form("/finish")?).await,
            _ => Ok(page),
        }
    }

    /// Asks for another delivery, once the time is over that the page tells to wait.
    ///
    /// # Errors
    /// When the page refuses.
    pub async fn resend(&mut self, page: &Page) -> Result<Page> {
        // Real time, as for a person: the story has no clock of its own.
        tokio::time::sleep(Duration::from_secs(page.resend_after())).await;
        let before = page.screen();
        let next = self.browser.submit(page, page.form("/deliver")?).await?;
        if next.screen() == before {
            bail!("not sent again: {next}");
        }
        Ok(next)
    }
}

/// The check number that a pairing phone shows.
///
/// # Errors
/// When it shows none.
pub async fn check_number(phone: &mut Phone) -> Result<String> {
    let event = phone.event("check_number", |_| true).await?;
    event["check_number"].as_str().map(str::to_owned).context("no check number")
}

/// The code of a challenge.
///
/// # Errors
/// When it has none.
pub fn code(challenge: &Value) -> Result<&str> {
    challenge["code"].as_str().context("a challenge without code")
}

/// Another code than this one, as somebody guesses it.
#[must_use]
pub fn other_than(code: &str) -> String {
    code.chars()
        .map(|digit| match digit {
            '9' => '0',
            digit => char::from(digit as u8 + 1),
        })
        .collect()
}
