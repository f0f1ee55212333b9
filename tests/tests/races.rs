//! Promise P1 under races: whatever collides, there is one final state, at most one consume, and no guess beyond the caps.
//!
//! Each seed is a user of its own on one running server. What the clients heard is checked against a reference model: some
//! order of the operations must explain every answer. `KOPPEL_SEED=n` replays one seed, `KOPPEL_SEEDS=n` runs more.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use koppel_protocol::decision::Verdict;
use koppel_tests::{
    panel_api::{Answer, BrowserSession, PanelApi},
    seeds,
    server_process::ServerProcess,
    soft_phone::{Received, SoftPhone},
};
use rand::{Rng as _, SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;

/// What a client did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Act {
    Approve,
    Deny,
    Fraud,
    Cancel,
    Consume,
    Resend,
}

/// Where the model's challenge stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Pending,
    Approved,
    Denied,
    Fraud,
    Cancelled,
    Consumed,
}

/// The reference model: what this act answers in this state, and where it leads.
fn model(state: State, act: Act) -> (bool, State) {
    use State as S;
    match (state, act) {
        (S::Pending, Act::Approve) => (true, S::Approved),
        (S::Pending, Act::Deny) => (true, S::Denied),
        (S::Pending | S::Approved, Act::Fraud) => (true, S::Fraud),
        (other, Act::Fraud) => (true, other),
        (S::Pending, Act::Cancel) => (true, S::Cancelled),
        (S::Approved, Act::Consume) => (true, S::Consumed),
        (other, _) => (false, other),
    }
}

/// Whether some order of the acts explains every answer and the final state.
fn explained(history: &[(Act, bool)], last: State, from: State) -> bool {
    if history.is_empty() {
        return from == last;
    }
    (0..history.len()).any(|first| {
        let (act, heard) = history[first];
        let (says, next) = model(from, act);
        let mut rest = history.to_vec();
        rest.remove(first);
        says == heard && explained(&rest, last, next)
    })
}

fn state_of(snapshot: &Answer) -> Option<State> {
    Some(match snapshot.body["state"].as_str()? {
        "pending" => State::Pending,
        "approved" => State::Approved,
        "denied" => State::Denied,
        "fraud" => State::Fraud,
        "cancelled" => State::Cancelled,
        "consumed" => State::Consumed,
        _ => return None,
    })
}

struct Login<'a> {
    panel: &'a PanelApi,
    phone: &'a SoftPhone,
    session: BrowserSession,
    id: String,
    number: String,
    received: Received,
}

impl Login<'_> {
    async fn act(&self, act: Act) -> Result<(Act, bool)> {
        let answer = match act {
            Act::Approve => self.phone.answer(&self.received, Verdict::Approve, Some(&self.number)).await?,
            Act::Deny => self.phone.answer(&self.received, Verdict::Deny, None).await?,
            Act::Fraud => self.phone.answer(&self.received, Verdict::Fraud, None).await?,
            Act::Cancel => self.panel.cancel(&self.id, &self.session).await?,
            Act::Consume => self.panel.consume(&self.id, &self.session).await?,
            Act::Resend => self.panel.resend(&self.id, &self.session).await?,
        };
        // A cancel that came too late may answer with the snapshot: what counts is what it caused.
        let caused = match act {
            Act::Cancel => answer.ok() && answer.body["state"] == "cancelled",
            _ => answer.ok(),
        };
        ensure!(answer.status < 500, "{act:?}: {answer:?}");
        Ok((act, caused))
    }
}

async fn begin<'a>(panel: &'a PanelApi, phone: &'a SoftPhone, user: &str) -> Result<Login<'a>> {
    let session = BrowserSession::new();
    let started = panel.challenge(user, "number", &session).await?;
    let id = started.body["id"].as_str().with_context(|| format!("no challenge: {started:?}"))?.to_owned();
    let number = started.body["number"].as_str().context("no number")?.to_owned();
    let received = phone.receive(&id).await?;
    Ok(Login { panel, phone, session, id, number, received })
}

/// threats rows 4 and 34
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn colliding_answers_leave_one_final_state_and_at_most_one_consume() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    for seed in seeds(100) {
        one_collision(&server, &panel, seed).await.with_context(|| format!("KOPPEL_SEED={seed}"))?;
    }
    Ok(())
}

async fn one_collision(server: &ServerProcess, panel: &PanelApi, seed: u64) -> Result<()> {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let user = format!("race-{seed}");
    panel.put_user(&user).await?;
    let phone = SoftPhone::pair(panel, &server.url(), &user).await?;
    let login = begin(panel, &phone, &user).await?;
    let mut acts = vec![Act::Approve, Act::Deny, Act::Cancel, Act::Consume, Act::Consume, Act::Resend];
    if dice.random_bool(0.3) {
        acts.push(Act::Fraud);
    }
    if dice.random_bool(0.5) {
        acts.push(Act::Approve);
    }
    acts.shuffle(&mut dice);
    let history = futures_util::future::try_join_all(acts.iter().map(|&act| login.act(act))).await?;
    let consumes = history.iter().filter(|(act, caused)| *act == Act::Consume && *caused).count();
    ensure!(consumes <= 1, "{consumes} consumes: {history:?}");
    let snapshot = panel.get(&format!("/v1/challenges/{}", login.id)).await?;
    let last = state_of(&snapshot).with_context(|| format!("{snapshot:?}"))?;
    ensure!(explained(&history, last, State::Pending), "no order explains {history:?} → {last:?}");
    // What is final stays: nobody consumes it afterwards.
    let again = panel.consume(&login.id, &login.session).await?;
    ensure!(last == State::Approved || !again.ok(), "consumed from {last:?}");
    Ok(())
}

/// threats row 13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_koppelcode_redeemed_by_many_makes_one_device() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    for seed in seeds(20) {
        let user = format!("twice-{seed}");
        panel.put_user(&user).await?;
        let code = panel.koppelcode(&user).await?;
        let code = code.body["code"].as_str().context("no code")?.to_owned();
        let url = server.url();
        // From an address of its own: one source is refused everything after twenty failed tries in an hour, and every seed
        // fails once, for a code begins three transcripts at most.
        let source = std::net::Ipv4Addr::from(0x7f01_0000 | u32::try_from(seed % 0xfffe + 1)?);
        let http = reqwest::Client::builder().local_address(std::net::IpAddr::from(source)).build()?;
        let redeem = |_| SoftPhone::redeem_over(http.clone(), &url, &user, &code);
        let redeemed = futures_util::future::join_all((0..4).map(redeem)).await;
        let won = redeemed.iter().filter(|phone| phone.is_ok()).count();
        let refusals: Vec<String> =
            redeemed.iter().filter_map(|phone| phone.as_ref().err().map(|error| format!("{error:#}"))).collect();
        ensure!(won == 1, "KOPPEL_SEED={seed}: {won} phones won; {refusals:?}");
        let shown = panel.get(&format!("/v1/users/{user}")).await?;
        let pending = shown.body["pending_pairings"].as_array().map_or(0, Vec::len);
        ensure!(pending == won, "KOPPEL_SEED={seed}: {shown:?}");
    }
    Ok(())
}

/// threats row 3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_parallel_wrong_codes_stay_within_the_caps() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    let user = "guessed";
    panel.put_user(user).await?;
    let phone = SoftPhone::pair(&panel, &server.url(), user).await?;
    let mut sessions = Vec::new();
    for _ in 0..50 {
        let session = BrowserSession::new();
        let started = panel.challenge(user, "code", &session).await?;
        if let Some(id) = started.body["id"].as_str() {
            sessions.push((id.to_owned(), session));
        }
    }
    ensure!(!sessions.is_empty(), "no challenge was made");
    let right: Vec<String> = phone.inbox().await?.iter().filter_map(Received::code).collect();
    let wrong = (0..).map(|n| format!("{n:06}")).find(|code| !right.contains(code)).context("a wrong code")?;
    let guesses = sessions.iter().cycle().take(500).map(|(id, session)| async {
        let answer = panel.check(id, session, &wrong).await?;
        anyhow::Ok((id.clone(), answer))
    });
    let mut evaluated: BTreeMap<String, u32> = BTreeMap::new();
    for (id, answer) in futures_util::future::try_join_all(guesses).await? {
        ensure!(!answer.ok(), "a wrong code opened {id}");
        ensure!(answer.status < 500, "{answer:?}");
        if answer.problem() == "wrong-code" {
            *evaluated.entry(id).or_default() += 1;
        }
    }
    ensure!(evaluated.values().all(|&guesses| guesses <= 5), "{evaluated:?}");
    // Three failures are free, then each costs a wait: a burst gets no further than a few.
    let total: u32 = evaluated.values().sum();
    ensure!(total <= 4, "{total} guesses were evaluated in one burst");
    Ok(())
}
