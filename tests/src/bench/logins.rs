//! Drives the server: whole logins by push, with the panel and the phones in this process.
//!
//! A login begins with the panel's `POST /v1/challenges` and ends when its `consume` has been answered. In between the phone hears
//! of it on the live channel, opens and verifies it, sends its receipts, asks whether it still lives, signs, and sends the decision.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use koppel_protocol::{decision::Verdict, phone_api};
use serde_json::{Value, json};

use super::{Size, TOGETHER, Took, process};
use crate::{
    panel_api::{BrowserSession, PanelApi},
    server_process::ServerProcess,
    soft_phone::{SoftPhone, live::LivePhone},
};

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
    let mut users = try_join_all((0..TOGETHER).map(|number| user(&server, number))).await?;
    // Warms connections and caches.
    logins(pid, &mut users[..1], size.alone / 10).await?;
    let alone = logins(pid, &mut users[..1], size.alone).await?;
    let together = logins(pid, &mut users, size.together).await?;
    Ok(Logins { alone, together })
}

async fn user(server: &ServerProcess, number: usize) -> Result<User> {
    let name = format!("user-{number}");
    let panel = PanelApi::new(&server.url(), &server.key);
    panel.put_user(&name).await?;
    let phone = Arc::new(SoftPhone::pair(&panel, &server.url(), &name).await?);
    Ok(User { phone: LivePhone::open(&phone).await?, name, panel })
}

async fn logins(pid: u32, users: &mut [User], each: usize) -> Result<Took> {
    let (begin, cpu) = (Instant::now(), process::cpu(pid)?);
    let times = try_join_all(users.iter_mut().map(|user| user.logins(each))).await?;
    Ok(Took::of(times.concat(), begin.elapsed(), process::cpu(pid)? - cpu))
}

impl User {
    async fn logins(&mut self, count: usize) -> Result<Vec<f64>> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let session = BrowserSession::new();
            let begin = Instant::now();
            self.login(&session).await?;
            times.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(times)
    }

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
