//! What was used once is used: decisions, result codes, koppelcodes, and a database that is put back.

use anyhow::{Context as _, Result, ensure};
use koppel_protocol::decision::Verdict;
use koppel_tests::{
    panel_api::{BrowserSession, PanelApi},
    server_process::ServerProcess,
    soft_phone::SoftPhone,
};

/// threats rows 20 and 21
#[tokio::test]
async fn a_decision_sent_twice_gets_the_recorded_outcome() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    panel.put_user("twice").await?;
    let phone = SoftPhone::pair(&panel, &server.url(), "twice").await?;
    let session = BrowserSession::new();
    let started = panel.challenge("twice", "number", &session).await?;
    let id = started.body["id"].as_str().context("no challenge")?;
    let received = phone.receive(id).await?;
    let decision = phone.decide(&received, Verdict::Approve, started.body["number"].as_str())?;
    let (first, second) = (phone.send(&decision).await?, phone.send(&decision).await?);
    ensure!(first.ok() && second.ok(), "{first:?} {second:?}");
    ensure!(first.body["outcome"] == second.body["outcome"]);
    ensure!(panel.consume(id, &session).await?.ok());
    ensure!(!panel.consume(id, &session).await?.ok(), "consumed twice");
    Ok(())
}

/// threats row 5
#[tokio::test]
async fn the_approval_of_one_login_opens_no_other() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    panel.put_user("two").await?;
    let phone = SoftPhone::pair(&panel, &server.url(), "two").await?;
    let (mine, theirs) = (BrowserSession::new(), BrowserSession::new());
    let a = panel.challenge("two", "number", &mine).await?;
    let b = panel.challenge("two", "number", &theirs).await?;
    let (a_id, b_id) = (a.body["id"].as_str().context("a")?, b.body["id"].as_str().context("b")?);
    let received = phone.receive(a_id).await?;
    ensure!(phone.answer(&received, Verdict::Approve, a.body["number"].as_str()).await?.ok());
    ensure!(!panel.consume(b_id, &theirs).await?.ok(), "somebody else's login was opened");
    ensure!(!panel.consume(a_id, &theirs).await?.ok(), "another browser session took it");
    ensure!(panel.consume(a_id, &mine).await?.ok());
    Ok(())
}

/// threats row 10
#[tokio::test]
async fn a_user_disabled_after_the_approval_is_not_let_in() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    panel.put_user("disabled").await?;
    let phone = SoftPhone::pair(&panel, &server.url(), "disabled").await?;
    let session = BrowserSession::new();
    let started = panel.challenge("disabled", "number", &session).await?;
    let id = started.body["id"].as_str().context("no challenge")?;
    let received = phone.receive(id).await?;
    ensure!(phone.answer(&received, Verdict::Approve, started.body["number"].as_str()).await?.ok());
    let body = serde_json::json!({"login_name": "disabled", "display": "disabled", "status": "disabled"});
    ensure!(panel.put("/v1/users/disabled", body).await?.ok());
    ensure!(!panel.consume(id, &session).await?.ok(), "a disabled user was let in");
    Ok(())
}

/// threats row 2
#[tokio::test]
async fn a_fraud_report_ends_everything_pending_and_locks_until_support_unlocks() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    panel.put_user("victim").await?;
    let phone = SoftPhone::pair(&panel, &server.url(), "victim").await?;
    let (one, other) = (BrowserSession::new(), BrowserSession::new());
    let first = panel.challenge("victim", "number", &one).await?;
    let second = panel.challenge("victim", "number", &other).await?;
    let received = phone.receive(first.body["id"].as_str().context("id")?).await?;
    ensure!(phone.answer(&received, Verdict::Fraud, None).await?.ok());
    for started in [&first, &second] {
        let id = started.body["id"].as_str().context("id")?;
        let state = panel.get(&format!("/v1/challenges/{id}")).await?;
        ensure!(state.body["state"] != "pending", "{state:?}");
    }
    let locked = panel.challenge("victim", "number", &BrowserSession::new()).await?;
    ensure!(locked.status == 423, "{locked:?}");
    ensure!(panel.unlock("victim").await?.ok());
    let open = panel.challenge("victim", "number", &BrowserSession::new()).await?;
    ensure!(open.ok(), "{open:?}");
    Ok(())
}
