//! Promise P2: what was acknowledged is there after kill -9. The server dies in a loop while logins run.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use koppel_protocol::decision::Verdict;
use koppel_tests::{
    panel_api::{BrowserSession, PanelApi},
    server_process::ServerProcess,
    soft_phone::SoftPhone,
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Notify;

/// What a client was told and must find again.
#[derive(Debug)]
struct Acknowledged {
    challenge: String,
    session: BrowserSession,
    state: &'static str,
}

/// How many kills: `KOPPEL_KILLS`.
fn kills() -> u64 {
    std::env::var("KOPPEL_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// One login, answered by the dice. An error means that the server died under it, which proves nothing.
async fn login(panel: &PanelApi, phone: &SoftPhone, user: &str, deny: bool) -> Result<Acknowledged> {
    let session = BrowserSession::new();
    let started = panel.challenge(user, "number", &session).await?;
    let challenge = started.body["id"].as_str().with_context(|| format!("{started:?}"))?.to_owned();
    let number = started.body["number"].as_str().context("no number")?.to_owned();
    let received = phone.receive(&challenge).await?;
    let (verdict, number) = if deny { (Verdict::Deny, None) } else { (Verdict::Approve, Some(number.as_str())) };
    let answer = phone.answer(&received, verdict, number).await?;
    ensure!(answer.ok(), "{answer:?}");
    if deny {
        return Ok(Acknowledged { challenge, session, state: "denied" });
    }
    let consumed = panel.consume(&challenge, &session).await;
    let state = if consumed.is_ok_and(|answer| answer.ok()) { "consumed" } else { "approved" };
    Ok(Acknowledged { challenge, session, state })
}

/// threats row 34
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_kill_9() -> Result<()> {
    let mut server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    let mut dice = ChaCha8Rng::seed_from_u64(koppel_tests::seeds(1).start);
    let mut phones = Vec::new();
    for worker in 0..4 {
        let user = format!("crash-{worker}");
        panel.put_user(&user).await?;
        let phone = SoftPhone::pair(&panel, &server.url(), &user).await?;
        phones.push(Arc::new((user, phone)));
    }
    for kill in 0..kills() {
        let stop = Arc::new(AtomicBool::new(false));
        let count = Arc::new(AtomicU64::new(0));
        let progress = Arc::new(Notify::new());
        let workers: Vec<_> = phones
            .iter()
            .map(|owner| {
                let (owner, panel) = (Arc::clone(owner), panel.clone());
                let (stop, count, progress) = (Arc::clone(&stop), Arc::clone(&count), Arc::clone(&progress));
                let deny = dice.random_bool(0.2);
                tokio::spawn(async move {
                    let mut told = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        if let Ok(acknowledged) = login(&panel, &owner.1, &owner.0, deny && told.is_empty()).await {
                            told.push(acknowledged);
                        }
                        count.fetch_add(1, Ordering::Relaxed);
                        progress.notify_one();
                    }
                    told
                })
            })
            .collect();
        let enough = dice.random_range(2..12);
        while count.load(Ordering::Relaxed) < enough {
            progress.notified().await;
        }
        server.kill();
        stop.store(true, Ordering::Relaxed);
        let mut told = Vec::new();
        for worker in workers {
            told.extend(worker.await?);
        }
        server.restart()?;
        for acknowledged in &told {
            still_there(&panel, acknowledged).await.with_context(|| format!("after kill {kill}"))?;
        }
    }
    Ok(())
}

async fn still_there(panel: &PanelApi, told: &Acknowledged) -> Result<()> {
    let snapshot = panel.get(&format!("/v1/challenges/{}", told.challenge)).await?;
    let state = snapshot.body["state"].as_str().unwrap_or_default();
    // An approval whose consume was cut off may have been consumed all the same.
    let kept =
        state == told.state || (told.state == "approved" && matches!(state, "consumed" | "superseded" | "lapsed"));
    ensure!(kept, "told {}, found {state}: {snapshot:?}", told.state);
    if told.state != "approved" {
        let again = panel.consume(&told.challenge, &told.session).await?;
        ensure!(!again.ok(), "consumed twice: {}", told.challenge);
    }
    Ok(())
}
