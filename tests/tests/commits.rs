//! How many durable commits a login costs: approval 3 (challenge, decision, consume), typed code 2. Receipts ride along.

use anyhow::{Context as _, Result, ensure};
use koppel_protocol::decision::Verdict;
use koppel_tests::{
    panel_api::{BrowserSession, PanelApi},
    server_process::ServerProcess,
    soft_phone::SoftPhone,
};
use serde_json::json;

/// The server counts its commits; `koppel-server status --json` says how many.
fn commits(server: &ServerProcess) -> Result<u64> {
    server.command(&["status"])?["commits"].as_u64().context("no commit count")
}

#[tokio::test]
async fn an_approval_costs_three_durable_commits_and_a_typed_code_two() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    panel.put_user("counted").await?;
    let phone = SoftPhone::pair(&panel, &server.url(), "counted").await?;

    let before = commits(&server)?;
    let session = BrowserSession::new();
    let started = panel.challenge("counted", "number", &session).await?;
    let id = started.body["id"].as_str().with_context(|| format!("{started:?}"))?;
    let received = phone.receive(id).await?;
    let approved = phone.answer(&received, Verdict::Approve, started.body["number"].as_str()).await?;
    ensure!(approved.ok(), "{approved:?}");
    let consumed = panel.consume(id, &session).await?;
    ensure!(consumed.ok(), "{consumed:?}");
    ensure!(commits(&server)? - before == 3, "an approval cost {} commits", commits(&server)? - before);

    let before = commits(&server)?;
    let session = BrowserSession::new();
    let started = panel.challenge("counted", "code", &session).await?;
    let id = started.body["id"].as_str().with_context(|| format!("{started:?}"))?;
    let received = phone.receive(id).await?;
    let seq = received.challenge.claims().seq;
    let receipt = json!({"cid": id, "seq": seq, "kind": "shown", "road": "poll"});
    ensure!(phone.proven("/d/v1/inbox", json!({"receipts": [receipt]})).await?.ok());
    let checked = panel.check(id, &session, &received.code().context("no code")?).await?;
    ensure!(checked.ok(), "{checked:?}");
    ensure!(commits(&server)? - before == 2, "a typed code cost {} commits", commits(&server)? - before);
    Ok(())
}
