//! Somebody stands between the person and the panel (threats row 1).
//!
//! Against a relay that begins the login itself and talks the person into answering it, no second device helps: what this
//! server does is to say so. A result never claims to resist phishing, the phone shows where the login really began, and
//! what a person gave to a relay counts in no other session than the one that began.

use koppel_protocol::challenge::{Context, Subject};
use koppel_protocol::decision::Verdict;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::fixture::{Answer, Phone, Session, USER_AGENT, World};

/// What the phone is told of the login it shows.
async fn context(world: &World, phone: &Phone) -> Context {
    match &phone.waiting(world).await.claims().subject {
        Subject::Code { login, .. } | Subject::Number { login } => login.context.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_given_to_a_relay_counts_only_in_the_session_that_began() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let (owner, relay) = (Session::new(), Session::new());

    // The relay has the right code, and even the right challenge.
    let challenge = world.challenge("anna", &owner, "code").await;
    let check = format!("/v1/challenges/{}/check", challenge["id"].as_str().unwrap());
    let code = phone.code(&world).await;
    for _ in 0..6 {
        let refused = world.post(&check, json!({ "v": relay.v(), "code": code })).await;
        assert_eq!((refused.status, refused.slug()), (StatusCode::FORBIDDEN, "wrong-binding"), "{refused:?}");
    }
    let taken = world.post(&check, json!({ "v": owner.v(), "code": code })).await;
    assert_eq!(taken.status, StatusCode::OK, "the relay's tries cost the owner none: {taken:?}");

    // The person approved on the phone; the relay knows the challenge.
    let challenge = world.challenge("anna", &owner, "number").await;
    let path = format!("/v1/challenges/{}", challenge["id"].as_str().unwrap());
    phone.answer(&world, Verdict::Approve, challenge["number"].as_str()).await;
    for action in ["consume", "deliveries", "cancel"] {
        let refused = world.post(&format!("{path}/{action}"), json!({ "v": relay.v() })).await;
        assert_eq!((refused.status, refused.slug()), (StatusCode::FORBIDDEN, "wrong-binding"), "{action}: {refused:?}");
    }
    let seen = world.get(&path).await;
    assert_eq!(seen.body["state"], "approved", "{seen:?}");
    for verdict in ["verified", "user", "decision", "challenge", "key"] {
        assert!(seen.body.get(verdict).is_none(), "a look is no verdict: {seen:?}");
    }
    let taken = world.post(&format!("{path}/consume"), json!({ "v": owner.v() })).await;
    assert_eq!(taken.status, StatusCode::OK, "{taken:?}");
}

/// Field names, and texts that are not signed messages or keys.
fn words(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(name.clone());
                words(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| words(value, found)),
        Value::String(text) if text.len() < 40 => found.push(text.clone()),
        _ => {}
    }
}

#[tokio::test]
async fn a_result_says_what_stands_behind_it_and_never_that_it_resists_phishing() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "code").await;
    let path = format!("/v1/challenges/{}/check", challenge["id"].as_str().unwrap());
    let by_code = world.post(&path, json!({ "v": session.v(), "code": phone.code(&world).await })).await;
    let challenge = world.challenge("anna", &session, "number").await;
    phone.answer(&world, Verdict::Approve, challenge["number"].as_str()).await;
    let path = format!("/v1/challenges/{}/consume", challenge["id"].as_str().unwrap());
    let by_phone = world.post(&path, json!({ "v": session.v() })).await;

    let fields = |answer: &Answer| answer.body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&by_code), ["at", "evidence", "method", "purpose", "user", "verified"]);
    assert_eq!(by_code.body["evidence"], "server", "a typed code is the server's word alone");
    let signed = ["at", "challenge", "decision", "evidence", "key", "method", "purpose", "user", "verified"];
    assert_eq!(fields(&by_phone), signed);
    assert_eq!(by_phone.body["evidence"], "device_signature");
    let mut said = Vec::new();
    words(&by_code.body, &mut said);
    words(&by_phone.body, &mut said);
    for word in said {
        let word = word.to_lowercase();
        assert!(
            !["phish", "resist", "hwk", "webauthn", "acr", "aal"].iter().any(|claim| word.contains(claim)),
            "{word}"
        );
    }
    let reference = world.get("/v1/openapi.json").await;
    assert!(!reference.text.to_lowercase().contains("phishing-resistant"));
}

#[tokio::test]
async fn the_phone_is_told_where_a_login_began_and_that_its_page_was_opened_elsewhere() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    world.challenge("anna", &session, "number").await;
    let own_pages = context(&world, &phone).await;
    assert_eq!((own_pages.ip.to_string().as_str(), own_pages.page_ip), ("198.51.100.7", None));
    assert!(!own_pages.browser.is_empty() && own_pages.time.abs_diff(world.clock.seconds()) < 60);
    let other = phone.answer(&world, Verdict::Deny, None).await;
    assert_eq!(other.status, StatusCode::OK);

    // The relay began the login from its own address and lets the person open the genuine page.
    let prompt = world.post("/v1/prompts", world.prompt("anna", &Session::new())).await;
    let open = |address: String, cookie: Option<String>| {
        let request = world.http.get(address).header("user-agent", USER_AGENT);
        cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie)).send()
    };
    let bound = Answer::of(open(prompt.body["url"].as_str().unwrap().to_owned(), None).await.unwrap()).await;
    let header = |name: &str| bound.headers[name].to_str().unwrap().to_owned();
    let cookie = header("set-cookie").split(';').next().unwrap().to_owned();
    let page = format!("{}{}", world.url, header("location"));
    assert_eq!(open(page, Some(cookie)).await.unwrap().status(), StatusCode::OK);
    let shown = context(&world, &phone).await;
    assert_eq!(shown.ip.to_string(), "198.51.100.7", "where the panel saw the browser");
    assert_eq!(shown.page_ip.map(|ip| ip.to_string()).as_deref(), Some("127.0.0.1"), "where the page was opened");
}
