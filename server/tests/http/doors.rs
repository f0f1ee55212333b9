//! The other doors and confirmers: the organisation's directory, and an older phone of the user.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode as Status};
use axum::routing::post;
use koppel_protocol::challenge::Subject;
use koppel_protocol::decision::Verdict;
use koppel_protocol::letter::Letter;
use koppel_protocol::notice::NoticeKind;
use koppel_protocol::pairing::Door;
use koppel_protocol::{SecretText, Text};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{Session, Waiting, World, organisation};

/// A directory that knows anna, and how often it was asked.
#[derive(Clone, Default)]
struct Directory {
    asked: Arc<AtomicUsize>,
    broken: bool,
}

async fn answer(State(directory): State<Directory>, headers: HeaderMap, body: String) -> (Status, String) {
    directory.asked.fetch_add(1, Ordering::SeqCst);
    assert!(headers["koppel-signature"].to_str().unwrap().starts_with("t="));
    let question: Value = serde_json::from_str(&body).unwrap();
    if directory.broken {
        return (Status::INTERNAL_SERVER_ERROR, String::new());
    }
    match (question["login_name"].as_str(), question["password"].as_str()) {
        (Some("anna"), Some("right")) => (Status::OK, json!({ "external_id": "4711", "display": "Anna" }).to_string()),
        _ => (Status::FORBIDDEN, String::new()),
    }
}

async fn world(directory: Directory) -> World {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/directory", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/directory", post(answer)).with_state(directory);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut organisation = organisation();
    organisation.directory_url = Some(url);
    World::with(organisation).await
}

fn door(user: &str, password: &str) -> Door {
    Door::Login { user: Text::clean(user), password: SecretText::new(password.to_owned()).unwrap() }
}

#[tokio::test]
async fn a_password_that_the_directory_knows_makes_a_pending_phone_and_no_more() {
    let directory = Directory::default();
    let world = world(directory.clone()).await;
    let waiting = Waiting::begin(&world, door("anna", "right")).await.expect("revealed");
    let user = world.get("/v1/users/4711").await;
    assert_eq!(user.body["enrolled"], false, "a password alone activates nothing: {user:?}");
    assert_eq!(user.body["pending_pairings"][0]["id"], waiting.pairing.to_string());
    let number = waiting.transcript.check_number().expose().to_owned();
    let body = json!({ "agent": "a", "reason": "r", "ticket": "t", "check_number": number });
    let confirmed = world.post(&format!("/v1/users/4711/pairings/{}/confirm", waiting.pairing), body).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{confirmed:?}");
    waiting.activate(&world).await;
}

#[tokio::test]
async fn wrong_passwords_are_counted_before_the_directory_is_asked() {
    let directory = Directory::default();
    let world = world(directory.clone()).await;
    for _ in 0..5 {
        let Err(refused) = Waiting::begin(&world, door("anna", "wrong")).await else {
            panic!("a wrong password paired")
        };
        assert_eq!((refused.status.as_u16(), refused.slug()), (422, "wrong-code"), "{refused:?}");
    }
    let Err(refused) = Waiting::begin(&world, door("anna", "right")).await else { panic!("the sixth try counted") };
    assert_eq!(refused.slug(), "too-many-tries", "{refused:?}");
    assert_eq!(directory.asked.load(Ordering::SeqCst), 5, "the directory is not asked beyond the budget");
}

#[tokio::test]
async fn a_broken_directory_lets_nobody_in() {
    let world = world(Directory { broken: true, ..Directory::default() }).await;
    // More often than there are tries: what the directory did not answer costs none.
    for _ in 0..7 {
        let Err(refused) = Waiting::begin(&world, door("anna", "right")).await else { panic!("nobody said yes") };
        assert_eq!((refused.status, refused.slug()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"), "{refused:?}");
    }
}

#[tokio::test]
async fn an_older_phone_confirms_a_newer_one_by_its_check_number() {
    let world = World::start().await;
    let older = world.phone("anna").await;
    let code = world.koppelcode("anna").await;
    let door = Door::Code { user: Text::clean("anna"), code: code.parse().unwrap() };
    let waiting = Waiting::begin(&world, door).await.expect("revealed");
    let inbox = older.inbox(&world).await;
    let added = inbox.notices.iter().any(|notice| match older.open(&notice.envelope) {
        Letter::Notice(notice) => notice.claims().kind == NoticeKind::DeviceAdded,
        _ => false,
    });
    assert!(added, "the older phone is told: {inbox:?}");
    let asked = older.challenge(&inbox.challenges[0]);
    match &asked.claims().subject {
        Subject::ConfirmPairing { pairing } => {
            assert_eq!((pairing.pid, pairing.name.as_str()), (waiting.pairing, "Testphone"));
        }
        other => panic!("{other:?}"),
    }
    let right = waiting.transcript.check_number().expose().to_owned();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let refused = older.decide(&world, &older.decision(&asked, Verdict::Approve, Some(wrong))).await;
    assert_eq!((refused.slug(), &refused.body["tries_left"]), ("wrong-number", &json!(2)), "{refused:?}");
    let confirmed = older.decide(&world, &older.decision(&asked, Verdict::Approve, Some(&right))).await;
    assert_eq!(confirmed.body["outcome"], "approved", "{confirmed:?}");
    let newer = waiting.activate(&world).await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "number").await;
    let number = challenge["number"].as_str().unwrap();
    newer.answer(&world, Verdict::Approve, Some(number)).await;
    let path = format!("/v1/challenges/{}/consume", challenge["id"].as_str().unwrap());
    let taken = world.post(&path, json!({ "v": session.v() })).await;
    let endorsement = &taken.body["key"]["endorsement"];
    assert_eq!(endorsement["device"], older.device.to_string(), "the panel sees who vouched: {taken:?}");
}

/// Row 13: a code is used once; whoever comes second learns that it was used.
#[tokio::test]
async fn a_code_is_used_once() {
    let world = World::start().await;
    world.put_user("anna").await;
    let code = world.koppelcode("anna").await;
    let door = || Door::Code { user: Text::clean("anna"), code: code.parse().unwrap() };
    let first = Waiting::begin(&world, door()).await;
    assert!(first.is_ok());
    let Err(second) = Waiting::begin(&world, door()).await else { panic!("the code counted twice") };
    assert_eq!((second.status, second.slug()), (StatusCode::CONFLICT, "code-used"), "{second:?}");
}

/// Row 7: a koppelcode that was talked out of its owner makes a stranger that waits and can do nothing, and its owner hears of it.
#[tokio::test]
async fn a_code_that_a_stranger_used_first_pairs_nobody_and_its_owner_is_told() {
    let world = World::start().await;
    world.put_user("anna").await;
    let code = world.koppelcode("anna").await;
    let door = || Door::Code { user: Text::clean("anna"), code: code.parse().unwrap() };
    let stranger = Waiting::begin(&world, door()).await.expect("revealed").phone();
    let Err(owner) = Waiting::begin(&world, door()).await else { panic!("the code counted twice") };
    assert_eq!((owner.status, owner.slug()), (StatusCode::CONFLICT, "code-used"), "{owner:?}");
    let user = world.get("/v1/users/anna").await;
    assert_eq!((&user.body["enrolled"], &user.body["devices"]), (&json!(false), &json!([])), "{user:?}");
    assert_eq!(
        user.body["pending_pairings"][0]["name"], "Testphone",
        "support sees a phone that it can ask about: {user:?}"
    );
    assert_eq!(stranger.proven(&world, "/d/v1/inbox", json!({})).await.slug(), "device-pending");
    let login = world.post("/v1/challenges", world.login("anna", &Session::new())).await;
    assert_eq!((login.status, login.slug()), (StatusCode::CONFLICT, "not-enrolled"), "{login:?}");
}
