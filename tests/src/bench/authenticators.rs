//! Ten thousand users with an authenticator each: how many codes the server checks a second, and what a hosted page costs beside the
//! call it stands for.

use std::{collections::VecDeque, fmt::Write as _, time::Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use koppel_domain::{OpenSeed, SharedBytes, authenticator::STEP};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Size, TOGETHER, Took, process};
use crate::{
    panel_api::{BrowserSession, PanelApi, login},
    server_process::ServerProcess,
    unix_seconds,
};

const RETURN_URL: &str = "http://127.0.0.1:1/2fa";

/// What authenticators cost.
#[derive(Clone, Copy, Debug)]
pub struct Authenticators {
    /// Checks of a code, 32 at the same time, each of another user: right, durable, and none counts twice.
    pub checks: Took,
    /// The page of a login, first shown.
    pub page: Took,
    /// `POST /v1/challenges`.
    pub call: Took,
}

/// A user who began to log in.
struct Begun {
    challenge: String,
    session: BrowserSession,
    seed: OpenSeed,
}

/// Brings users along, lets them log in, ends the server.
///
/// # Errors
/// When a program is not built or something is refused.
pub async fn measure(size: Size) -> Result<Authenticators> {
    let server = ServerProcess::start()?;
    let pid = server.pid().context("the server runs")?;
    let panel = PanelApi::new(&server.url(), &server.key);
    server.command(&["relying-party", "set", "Klantpaneel", "--methods", "app,totp", "--backups", "0"])?;
    let checks = TOGETHER * size.together;
    ensure!(size.idle + 2 * size.alone >= checks, "more users than checks");
    import(&server, size.idle + 2 * size.alone)?;

    let users = stream::iter(0..checks).map(|number| begin(&panel, number));
    let users: Vec<Begun> = users.buffer_unordered(TOGETHER).try_collect().await?;
    let mut lanes: Vec<VecDeque<Begun>> = (0..TOGETHER).map(|_| VecDeque::new()).collect();
    for (number, user) in users.into_iter().enumerate() {
        lanes[number % TOGETHER].push_back(user);
    }
    let (began, cpu) = (Instant::now(), process::cpu(pid)?);
    let times = try_join_all(lanes.into_iter().map(|lane| check_each(&panel, lane))).await?;
    let checks = Took::of(times.concat(), began.elapsed(), process::cpu(pid)? - cpu);

    let (mut pages, mut calls) = (Vec::new(), Vec::new());
    let (began, cpu) = (Instant::now(), process::cpu(pid)?);
    for number in 0..size.alone {
        pages.push(page(&panel, &name(size.idle + number)).await?);
        let session = BrowserSession::new();
        let asked = asking(&name(size.idle + size.alone + number), &session);
        let begin = Instant::now();
        let answer = panel.post("/v1/challenges", asked).await?;
        calls.push(begin.elapsed().as_secs_f64() * 1000.0);
        ensure!(answer.ok(), "challenge: {answer:?}");
    }
    let (all, cpu) = (began.elapsed(), process::cpu(pid)? - cpu);
    Ok(Authenticators { checks, page: Took::of(pages, all, cpu), call: Took::of(calls, all, cpu) })
}

fn name(number: usize) -> String {
    format!("user-{number}")
}

/// Twenty bytes that only this user has.
fn seed(number: usize) -> Vec<u8> {
    Sha256::digest(name(number).as_bytes())[..20].to_vec()
}

/// The seed as files bring it: base 32 (RFC 4648 §6).
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    let symbol = |five: &[u8]| ALPHABET[five.iter().fold(0, |value, bit| value << 1 | usize::from(*bit))] as char;
    bits.chunks(5).map(symbol).collect()
}

fn import(server: &ServerProcess, users: usize) -> Result<()> {
    let mut csv = "external_id,login_name,totp_secret\n".to_owned();
    for number in 0..users {
        writeln!(csv, "{0},{0},{1}", name(number), base32(&seed(number)))?;
    }
    let file = server.folder().join("users.csv");
    std::fs::write(&file, csv)?;
    let file = file.to_str().context("a path")?;
    server.command(&["user", "import", file, "--reason", "bench", "--ticket", "B-1"])?;
    Ok(())
}

fn asking(name: &str, session: &BrowserSession) -> Value {
    let mut asking = login(name, "code", session);
    asking["mode"] = Value::Null;
    asking
}

async fn begin(panel: &PanelApi, number: usize) -> Result<Begun> {
    let session = BrowserSession::new();
    let begun = panel.post("/v1/challenges", asking(&name(number), &session)).await?;
    ensure!(begun.ok(), "begin: {begun:?}");
    let challenge = begun.body["id"].as_str().context("no id")?.to_owned();
    Ok(Begun { challenge, session, seed: OpenSeed::new(SharedBytes::default(), Zeroizing::new(seed(number))) })
}

async fn check_each(panel: &PanelApi, mut lane: VecDeque<Begun>) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(lane.len());
    while let Some(user) = lane.pop_front() {
        // The next one: that of the step in which they were brought along counts no more, and a clock may be one step ahead.
        let code = user.seed.code(unix_seconds() / STEP + 1);
        let begin = Instant::now();
        let checked = panel.check(&user.challenge, &user.session, code.expose()).await?;
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
        ensure!(checked.ok(), "check: {checked:?}");
    }
    Ok(times)
}

/// Opens a page as a browser does; how long its first showing took.
async fn page(panel: &PanelApi, name: &str) -> Result<f64> {
    let session = BrowserSession::new();
    let mut prompt = asking(name, &session);
    prompt["return_url"] = json!(RETURN_URL);
    prompt["state"] = json!("bench");
    let agent = prompt["browser"]["user_agent"].as_str().context("a browser")?.to_owned();
    let opened = panel.post("/v1/prompts", prompt).await?;
    let url = opened.body["url"].as_str().with_context(|| format!("{opened:?}"))?.to_owned();
    let browser = reqwest::Client::builder().user_agent(agent).redirect(reqwest::redirect::Policy::none()).build()?;
    let bound = browser.get(&url).send().await?;
    let header = |name: &str| bound.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let path = header("location").with_context(|| format!("not bound: {}", bound.status()))?;
    let cookie = header("set-cookie").context("no cookie")?;
    let address = reqwest::Url::parse(&url)?.join(&path)?;
    let asked = browser.get(address).header("cookie", cookie.split(';').next().unwrap_or_default());
    let begin = Instant::now();
    let shown = asked.send().await?;
    let status = shown.status();
    let body = shown.text().await?;
    let took = begin.elapsed().as_secs_f64() * 1000.0;
    ensure!(status == 200 && body.contains("name=\"digits\""), "the page: {status}");
    Ok(took)
}
