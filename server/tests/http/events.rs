//! What happened, told to panels: the feed, and webhooks with their signature, their retries and their log.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::HeaderMap;
use koppel_protocol::decision::Verdict;
use koppel_server::commands::{self, Command, WebhookAct, WebhookStep};
use reqwest::{Method, StatusCode};
use ring::hmac;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::fixture::{Answer, Session, World, add_key, command, organisation};

/// Longer than this no test waits for a webhook; rounds begin every second.
const PATIENCE: Duration = Duration::from_secs(20);

/// A panel that hears events. It answers what it was told to answer, then 200.
struct Panel {
    url: String,
    heard: mpsc::UnboundedReceiver<(String, Bytes)>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

type Heard = (mpsc::UnboundedSender<(String, Bytes)>, Arc<Mutex<VecDeque<u16>>>);

async fn hear(
    State((heard, answers)): State<Heard>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let signature = headers["koppel-signature"].to_str().expect("ascii").to_owned();
    let answer = answers.lock().expect("answers").pop_front().unwrap_or(200);
    let _ = heard.send((signature, body));
    (StatusCode::from_u16(answer).expect("a status"), [("location", "http://127.0.0.1:1/elsewhere")])
}

impl Panel {
    async fn start(answers: &[u16]) -> Panel {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/koppel?secret=x", listener.local_addr().expect("an address"));
        let (sender, heard) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let router = Router::new().route("/koppel", post(hear)).with_state((sender, answers.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Panel { url, heard, answers }
    }

    /// The next event, and its signature.
    async fn next(&mut self) -> (String, Bytes) {
        tokio::time::timeout(PATIENCE, self.heard.recv()).await.expect("an event comes").expect("an event")
    }

    /// The kinds that come, until all of these were there.
    async fn until(&mut self, wanted: &[&str]) -> Vec<Value> {
        let mut open: BTreeSet<_> = wanted.iter().copied().collect();
        let mut heard = Vec::new();
        while !open.is_empty() {
            let event: Value = serde_json::from_slice(&self.next().await.1).expect("JSON");
            open.remove(event["type"].as_str().expect("a type"));
            heard.push(event);
        }
        heard
    }
}

async fn world() -> World {
    World::arranged(organisation(), |config| config.webhook_allow = vec!["127.0.0.0/8".parse().expect("a network")])
        .await
}

fn act(step: WebhookStep) -> Command {
    Command::Webhook(WebhookAct { relying_party: "Klantpaneel".to_owned(), step, by: "command:test".to_owned() })
}

async fn set(world: &World, url: &str, only: &[&str]) -> Value {
    let only = only.iter().map(ToString::to_string).collect();
    command(&world.config, act(WebhookStep::Set { url: url.to_owned(), only })).await
}

/// As a panel checks it, from `docs/embed-panel.md` alone.
fn is_signed(header: &str, body: &[u8], secret: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let parts: Vec<_> = header.split(',').filter_map(|part| part.split_once('=')).collect();
    let time = parts.iter().find(|(name, _)| *name == "t").expect("a time").1;
    let signed = [time.as_bytes(), b".", body].concat();
    let hex: String = hmac::sign(&key, &signed).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    parts.iter().any(|(name, value)| *name == "v1" && *value == hex)
}

async fn feed(world: &World, key: &str, query: &str) -> Answer {
    world.call(key, Method::GET, &format!("/v1/events{query}"), None).await
}

fn kinds(answer: &Answer) -> Vec<&str> {
    let events = answer.body["data"].as_array().expect("events");
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

async fn log_of(world: &World, lost: bool) -> Vec<Value> {
    let log = command(&world.config, act(WebhookStep::Log { lost, limit: 100 })).await;
    log["events"].as_array().expect("events").clone()
}

/// Looks until it is so.
async fn log_until(world: &World, so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let looked = async {
        loop {
            let log = log_of(world, false).await;
            if so(&log) {
                return log;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looked).await.expect("it becomes so")
}

#[tokio::test]
async fn the_feed_tells_in_order_what_happened_and_reads_on() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "number").await;
    let number = challenge["number"].as_str().expect("a number");
    let asked = phone.inbox(&world).await.challenges;
    let asked = phone.challenge(asked.last().expect("asked"));
    phone.decide(&world, &phone.decision(&asked, Verdict::Approve, Some(number))).await;
    let consumed = world
        .post(
            &format!("/v1/challenges/{}/consume", challenge["id"].as_str().expect("an id")),
            json!({ "v": session.v() }),
        )
        .await;
    assert_eq!(consumed.status, StatusCode::OK, "{consumed:?}");

    let all = feed(&world, &world.key, "?limit=500").await;
    assert_eq!(all.status, StatusCode::OK, "{all:?}");
    let told = kinds(&all);
    let order = [
        "user.created",
        "invitation.issued",
        "device.pending",
        "device.active",
        "challenge.pending",
        "challenge.approved",
        "device.proven",
        "challenge.consumed",
    ];
    let mut order = order.iter();
    let mut next = order.next();
    for kind in &told {
        if next == Some(kind) {
            next = order.next();
        }
    }
    assert_eq!(next, None, "{told:?}");
    let last = all.body["data"].as_array().expect("events").last().expect("one");
    assert_eq!(last["data"]["user"], "anna");
    assert_eq!(last["data"]["challenge"], challenge["id"]);
    assert_eq!(last["organisation"], all.body["data"][0]["organisation"]);
    assert!(
        !all.text.contains("198.51.100.7") && !all.text.contains("\"ticket\""),
        "no address, no agent: {}",
        all.text
    );

    // By threes, nothing is missing and nothing comes twice.
    let (mut after, mut ids) = (String::new(), Vec::new());
    loop {
        let page = feed(&world, &world.key, &format!("?limit=3{after}")).await;
        ids.extend(page.body["data"].as_array().expect("events").iter().map(|event| event["id"].clone()));
        after = format!("&after={}", page.body["next"].as_str().expect("a place"));
        if page.body["more"] == false {
            break;
        }
    }
    let whole: Vec<_> = all.body["data"].as_array().expect("events").iter().map(|event| event["id"].clone()).collect();
    assert_eq!(ids, whole);
    let rest = feed(&world, &world.key, &format!("?{}", &after[1..])).await;
    assert_eq!((&rest.body["data"], &rest.body["more"]), (&json!([]), &json!(false)));

    // Another panel of the organisation hears of the phone, not of the login.
    let other = feed(&world, &world.sibling, "?limit=500").await;
    assert!(kinds(&other).contains(&"device.active") && !other.text.contains("challenge."), "{other:?}");
}

#[tokio::test]
async fn a_place_that_leads_nowhere_says_what_to_do() {
    let world = World::start().await;
    world.put_user("anna").await;
    for (query, status, slug) in [
        ("?limit=0", 422, "invalid-field"),
        ("?limit=501", 422, "invalid-field"),
        ("?limit=x", 400, "invalid-request"),
        ("?before=1", 400, "invalid-request"),
        ("?after=", 422, "invalid-field"),
        ("?after=1-", 422, "invalid-field"),
        ("?after=1--1", 422, "invalid-field"),
        ("?after=999-1", 410, "expired"),
    ] {
        let answer = feed(&world, &world.key, query).await;
        assert_eq!((answer.status.as_u16(), answer.slug()), (status, slug), "{query}: {answer:?}");
    }
    let ahead = feed(&world, &world.key, "?after=1-18446744073709551615").await;
    assert_eq!((ahead.status, &ahead.body["data"]), (StatusCode::OK, &json!([])));
    let audit = add_key(&world.config, "Klantpaneel", &["audit"]).await;
    assert_eq!(kinds(&feed(&world, &audit, "").await), ["user.created"]);
}

/// threats row 45
#[tokio::test]
async fn a_webhook_is_signed_by_each_secret_that_counts_and_told_what_the_feed_tells() {
    let world = world().await;
    world.put_user("early").await;
    let mut panel = Panel::start(&[]).await;
    let made = set(&world, &panel.url, &[]).await;
    let first = made["secret"].as_str().expect("shown once").to_owned();
    assert!(set(&world, &panel.url, &[]).await.get("secret").is_none(), "and only once");
    assert_eq!(made["webhook"].as_str().map(|url| url.contains("secret")), Some(false), "{made}");
    world.phone("anna").await;
    let heard = panel.until(&["user.created", "device.active"]).await;
    assert!(heard.iter().all(|event| event["data"]["user"] == "anna"), "nothing from before: {heard:?}");
    let fed = feed(&world, &world.key, "?limit=500").await.body["data"].as_array().expect("events").clone();
    assert!(heard.iter().all(|event| fed.contains(event)), "{heard:?}");

    let second = command(&world.config, act(WebhookStep::Rotate)).await["secret"].as_str().expect("shown").to_owned();
    let tried = command(&world.config, act(WebhookStep::Test)).await;
    assert_eq!(tried["taken"], "200");
    let (signature, body) = loop {
        let (signature, body) = panel.next().await;
        if serde_json::from_slice::<Value>(&body).expect("JSON")["type"] == "test" {
            break (signature, body);
        }
    };
    assert!(is_signed(&signature, &body, &first) && is_signed(&signature, &body, &second), "{signature}");
    assert!(!is_signed(&signature, &body, "kw_other") && !is_signed(&signature, b"{}", &second));
    command(&world.config, act(WebhookStep::Rotate)).await;
    command(&world.config, act(WebhookStep::Test)).await;
    let (signature, body) = panel.next().await;
    assert!(!is_signed(&signature, &body, &first), "the oldest counts no more");
    assert!(is_signed(&signature, &body, &second));
    let file = std::fs::read(&world.config.database).expect("readable");
    let log = std::fs::read(format!("{}-wal", world.config.database.display())).unwrap_or_default();
    for secret in [&first, &second] {
        let there = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!there(&file) && !there(&log), "sealed in the database");
    }
}

#[tokio::test]
async fn only_the_kinds_that_a_panel_asked_for_are_sent() {
    let world = world().await;
    let mut panel = Panel::start(&[]).await;
    set(&world, &panel.url, &["user", "device.active"]).await;
    world.phone("anna").await;
    world.put_user("bert").await;
    let mut heard = panel.until(&["device.active"]).await;
    while heard.len() < 3 {
        heard.extend(panel.until(&["user.created"]).await);
    }
    let mut kinds: Vec<_> = heard.iter().map(|event| event["type"].as_str().expect("a type")).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["device.active", "user.created", "user.created"]);
    let wrong = act(WebhookStep::Set { url: panel.url.clone(), only: vec!["divice".to_owned()] });
    let wrong = commands::perform(&world.config, wrong).await.expect_err("no such kind");
    assert!(wrong.0.contains("device.active"), "it names those there are: {wrong}");
}

#[tokio::test]
async fn what_is_not_taken_comes_again_later_and_every_try_is_in_the_log() {
    let world = world().await;
    let mut panel = Panel::start(&[503, 302, 200]).await;
    set(&world, &panel.url, &["user.created"]).await;
    world.put_user("anna").await;
    let first = panel.next().await;
    log_until(&world, |log| log.len() == 1 && log[0]["tries"].as_array().is_some_and(|tries| tries.len() == 1)).await;
    world.clock.forward(10);
    let second = panel.next().await;
    assert_eq!(first.1, second.1, "the same event, under the same id");
    log_until(&world, |log| log[0]["tries"].as_array().is_some_and(|tries| tries.len() == 2)).await;
    world.clock.forward(30);
    panel.next().await;
    let log = log_until(&world, |log| log[0]["state"] == "taken").await;
    let said: Vec<_> =
        log[0]["tries"].as_array().expect("tries").iter().map(|one| one["said"].as_str().expect("said")).collect();
    assert_eq!(said, ["503", "302: redirects are not followed", "200"]);

    // One that says "no more of this" is not asked again, until somebody says so.
    panel.answers.lock().expect("answers").push_back(410);
    world.put_user("bert").await;
    panel.next().await;
    log_until(&world, |log| log.iter().any(|one| one["state"] == "lost")).await;
    assert_eq!(log_of(&world, true).await.len(), 1);
    assert_eq!(command(&world.config, act(WebhookStep::Again)).await["again"], 1);
    let again: Value = serde_json::from_slice(&panel.next().await.1).expect("JSON");
    assert_eq!(again["data"]["user"], "bert");
    let shown = command(&world.config, act(WebhookStep::Show)).await;
    log_until(&world, |log| log.iter().all(|one| one["state"] == "taken")).await;
    assert_eq!(shown["secrets"], 1);

    // Whoever comes after it hears of nothing from before.
    command(&world.config, act(WebhookStep::Off)).await;
    world.put_user("chris").await;
    let mut other = Panel::start(&[]).await;
    set(&world, &other.url, &["user.created"]).await;
    world.put_user("dirk").await;
    let first: Value = serde_json::from_slice(&other.next().await.1).expect("JSON");
    assert_eq!(first["data"]["user"], "dirk");
    command(&world.config, act(WebhookStep::Off)).await;
    let refused =
        commands::perform(&world.config, act(WebhookStep::Log { lost: false, limit: 1 })).await.expect_err("off");
    assert!(refused.0.contains("webhook set"), "{refused}");
}

#[tokio::test]
async fn what_happened_before_a_restart_is_told_after_it() {
    let world = world().await;
    let mut panel = Panel::start(&[503, 503]).await;
    set(&world, &panel.url, &["user.created"]).await;
    world.put_user("anna").await;
    world.put_user("bert").await;
    panel.next().await;
    panel.next().await;
    let world = world.restart().await;
    world.clock.forward(120);
    let mut users = BTreeSet::new();
    while users.len() < 2 {
        let event: Value = serde_json::from_slice(&panel.next().await.1).expect("JSON");
        users.insert(event["data"]["user"].as_str().expect("a user").to_owned());
    }
    assert_eq!(users.into_iter().collect::<Vec<_>>(), ["anna", "bert"]);
}

/// threats row 24
#[tokio::test]
async fn a_webhook_leads_to_no_private_address() {
    let world = World::start().await;
    for url in [
        "http://127.0.0.1:1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "http://panel.example/",
        "x",
    ] {
        let step = WebhookStep::Set { url: url.to_owned(), only: Vec::new() };
        let refused = commands::perform(&world.config, act(step)).await.expect_err(url);
        assert!(!refused.0.is_empty(), "{url}");
    }
    // A name is looked up when it is asked.
    set(&world, "https://localhost/koppel", &[]).await;
    let refused = commands::perform(&world.config, act(WebhookStep::Test)).await.expect_err("private");
    assert!(refused.0.contains("--webhook-allow"), "{refused}");
}
