//! Drives the server: whole logins by push, with the panel and the phones in this process.
//!
//! A login begins with the panel's `POST /v1/challenges` and ends when its `consume` has been answered. In between the phone hears
//! of it on the live channel, opens and verifies it, sends its receipts, asks whether it still lives, signs, and sends the decision.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use koppel_protocol::{decision::Verdict, phone_api};
use serde_json::{Value, json};

use super::{Size, TOGETHER, Took, process};
use crate::{
    panel_api::{BrowserSession, PanelApi},
    server_process::ServerProcess,
    soft_phone::{SoftPhone, live::LivePhone},
};

/// Logins of one user: more in a few seconds is more than the server lets one phone ask.
const A_USER: usize = 10;

/// What logins cost.
#[derive(Clone, Copy, Debug)]
pub struct Logins {
    /// One after the other.
    pub alone: Took,
    /// 32 at the same time, each of another user.
    pub together: Took,
}

/// A user at work.
struct User {
    name: String,
    panel: PanelApi,
    phone: LivePhone,
}

/// Starts a server, pairs the phones, drives it, ends it.
///
/// # Errors
/// When a program is not built or something is refused.
pub async fn measure(size: Size) -> Result<Logins> {
    let server = ServerProcess::start()?;
    let pid = server.pid().context("the server runs")?;
    let warm = size.alone / 10;
    let logins = warm + size.alone + TOGETHER * size.together;
    let users = stream::iter(0..TOGETHER + logins / A_USER).map(|number| user(&server, number));
    let users = Users(Mutex::new(users.buffer_unordered(TOGETHER).try_collect().await?));
    // Warms connections and caches.
    users.log_in(pid, 1, warm).await?;
    let alone = users.log_in(pid, 1, size.alone).await?;
    let together = users.log_in(pid, TOGETHER, size.together).await?;
    Ok(Logins { alone, together })
}

async fn user(server: &ServerProcess, number: usize) -> Result<User> {
    let name = format!("user-{number}");
    let panel = PanelApi::new(&server.url(), &server.key);
    panel.put_user(&name).await?;
    let phone = Arc::new(SoftPhone::pair(&panel, &server.url(), &name).await?);
    Ok(User { phone: LivePhone::open(&phone).await?, name, panel })
}

/// Everybody who waits for their turn; who has waited longest is next.
struct Users(Mutex<VecDeque<User>>);

impl Users {
    async fn log_in(&self, pid: u32, at_once: usize, each: usize) -> Result<Took> {
        let (begin, cpu) = (Instant::now(), process::cpu(pid)?);
        let times = try_join_all((0..at_once).map(|_| self.one_after_the_other(each))).await?;
        Ok(Took::of(times.concat(), begin.elapsed(), process::cpu(pid)? - cpu))
    }

    async fn one_after_the_other(&self, count: usize) -> Result<Vec<f64>> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let mut user = self.waiting().pop_front().context("nobody waits")?;
            let session = BrowserSession::new();
            let begin = Instant::now();
            user.login(&session).await?;
            times.push(begin.elapsed().as_secs_f64() * 1000.0);
            self.waiting().push_back(user);
        }
        Ok(times)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<User>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl User {
    async fn login(&mut self, session: &BrowserSession) -> Result<()> {
        let begun = self.panel.challenge(&self.name, "number", session).await?;
        ensure!(begun.ok(), "begin: {begun:?}");
        let number = begun.body["number"].as_str().context("no number")?;
        let challenge = begun.body["id"].as_str().context("no id")?;
        let received = self.phone.challenge().await?;
        let phone = &self.phone.phone;
        let _: Value = phone.ask(&phone_api::challenge_path(received.id()), json!({})).await?;
        let decided = phone.answer(&received, Verdict::Approve, Some(number)).await?;
        ensure!(decided.ok(), "decide: {decided:?}");
        let consumed = self.panel.consume(challenge, session).await?;
        ensure!(consumed.ok(), "consume: {consumed:?}");
        Ok(())
    }
}
