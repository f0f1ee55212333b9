//! Whatever is wrong with the server, nobody gets in: the verdict is *denied* or *unavailable*.

use std::time::Duration;

use serde_json::{Value, json};

use crate::phone::servers_word;
use crate::verification_server::Manner;
use crate::world::{Run, World};

fn json_body(status: u16, body: &str) -> Manner {
    Manner::Say(status, "application/json", body.to_owned())
}

/// A verified answer with one thing changed.
fn but(name: &'static str, value: Value) -> Manner {
    Manner::answer(move |prompt| {
        let mut answer = servers_word(prompt);
        answer[name] = value.clone();
        answer
    })
}

fn without(name: &'static str) -> Manner {
    Manner::answer(move |prompt| {
        let mut answer = servers_word(prompt);
        answer.as_object_mut().unwrap().remove(name);
        answer
    })
}

/// Every bad result and the status of the panel's page.
fn bad_results() -> Vec<(&'static str, Manner, u16)> {
    let word = |status: u16| {
        let everything = servers_word(&json!({ "user": { "external_id": "linden-anna" }, "purpose": "login" }));
        json_body(status, &everything.to_string())
    };
    let huge = format!("{{\"verified\":true,\"pad\":\"{}\"}}", "x".repeat(100_000));
    vec![
        ("500", word(500), 503),
        ("502 of a proxy", Manner::Say(502, "text/html", "<h1>Bad gateway</h1>".to_owned()), 503),
        ("503 problem", Manner::problem(503, "unavailable"), 503),
        ("201 instead of 200", word(201), 503),
        ("202", word(202), 503),
        ("204", json_body(204, ""), 503),
        ("a redirect to a yes", word(302), 503),
        ("a permanent redirect to a yes", word(308), 503),
        ("400", Manner::problem(400, "invalid-request"), 503),
        ("401", Manner::problem(401, "unauthenticated"), 503),
        ("403", Manner::problem(403, "wrong-binding"), 403),
        ("404", Manner::problem(404, "not-found"), 403),
        ("404 of something else", word(404), 503),
        ("409", Manner::problem(409, "not-verified"), 403),
        ("410", Manner::problem(410, "expired"), 403),
        ("423", Manner::problem(423, "account-locked"), 403),
        ("429", Manner::problem(429, "too-many-tries"), 429),
        ("an unknown refusal", Manner::problem(418, "verified"), 503),
        ("a refusal with 200", Manner::problem(200, "not-verified"), 503),
        ("nothing", json_body(200, ""), 503),
        ("not JSON", json_body(200, "yes"), 503),
        ("half a JSON", json_body(200, "{\"verified\":true,"), 503),
        ("true", json_body(200, "true"), 503),
        ("an empty object", json_body(200, "{}"), 503),
        ("an array", json_body(200, "[true]"), 503),
        ("too much", json_body(200, &huge), 503),
        ("not verified", but("verified", false.into()), 503),
        ("verified as text", but("verified", "true".into()), 503),
        ("verified as number", but("verified", 1.into()), 503),
        ("verified null", but("verified", Value::Null), 503),
        ("verified missing", without("verified"), 503),
        ("user as number", but("user", 7.into()), 503),
        ("user null", but("user", Value::Null), 503),
        ("user missing", without("user"), 503),
        ("another user", but("user", "linden-bram".into()), 403),
        ("a longer user", but("user", "linden-anna ".into()), 403),
        ("no user", but("user", "".into()), 403),
        ("purpose missing", without("purpose"), 503),
        ("another purpose", but("purpose", "settings".into()), 403),
        ("an unknown purpose", but("purpose", "everything".into()), 503),
        ("evidence missing", without("evidence"), 503),
        ("unknown evidence", but("evidence", "trust_me".into()), 503),
        ("evidence without a phone", but("evidence", "device_signature".into()), 403),
        ("method as number", but("method", 1.into()), 503),
        ("key as text", but("key", "key".into()), 503),
        ("challenge as object", but("challenge", json!({})), 503),
    ]
}

#[tokio::test]
async fn row_14_no_bad_result_lets_anybody_in() {
    let world = World::new().await;
    for (what, manner, status) in bad_results() {
        world.server.results(manner);
        let browser = world.browser();
        let page = world.log_in(&browser, "anna").await;
        assert_eq!(page.status, status, "{what}");
        assert!(page.text.contains("U bent niet ingelogd"), "{what}");
        assert_eq!(world.evidence(&browser).await, None, "{what}");
    }
}

#[tokio::test]
async fn row_14_no_bad_prompt_lets_anybody_in() {
    let world = World::new().await;
    let server = world.server.address();
    let prompt = |id: &str, url: &str| json!({ "prompt": id, "url": url }).to_string();
    let id = format!("pr_{}", "a".repeat(26));
    let good_url = format!("{server}/p/x");
    for (what, manner, status) in [
        ("500", json_body(500, &prompt(&id, &good_url)), 503),
        ("200 instead of 201", json_body(200, &prompt(&id, &good_url)), 503),
        ("a redirect", json_body(303, ""), 503),
        ("not JSON", json_body(201, "<html>"), 503),
        ("url missing", json_body(201, &json!({ "prompt": id }).to_string()), 503),
        ("an id that is a path", json_body(201, &prompt("pr_../../v1/users", &good_url)), 503),
        ("a page elsewhere", json_body(201, &prompt(&id, "https://evil.example/p/x")), 503),
        ("a script", json_body(201, &prompt(&id, "javascript:alert(1)")), 503),
        ("401", Manner::problem(401, "unauthenticated"), 503),
        ("403", Manner::problem(403, "scope-missing"), 503),
        ("409", Manner::problem(409, "login-name-taken"), 503),
        ("422", Manner::problem(422, "invalid-field"), 503),
        ("423", Manner::problem(423, "account-locked"), 403),
    ] {
        world.server.prompts(manner);
        let browser = world.browser();
        let page = world.password(&browser, "anna").await;
        assert_eq!(page.status, status, "{what}");
        assert!(page.text.contains("U bent niet ingelogd"), "{what}");
        assert_eq!(world.evidence(&browser).await, None, "{what}");
    }
}

#[tokio::test]
async fn row_14_a_server_that_never_answers_or_breaks_off_lets_nobody_in() {
    let world = World::run(Run { answer_within: Duration::from_secs(1), ..Run::default() }).await;
    for manner in [Manner::Hang, Manner::Cut(std::sync::Arc::new(servers_word))] {
        world.server.results(manner);
        let browser = world.browser();
        assert_eq!(world.log_in(&browser, "anna").await.status, 503);
        assert_eq!(world.evidence(&browser).await, None);
    }
    world.server.prompts(Manner::Hang);
    assert_eq!(world.password(&world.browser(), "anna").await.status, 503);
}

#[tokio::test]
async fn row_14_a_server_that_is_away_lets_nobody_in() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let world = World::run(Run { api: Some(api), ..Run::default() }).await;
    let browser = world.browser();
    let page = world.password(&browser, "anna").await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("Opnieuw proberen"));
    assert_eq!(world.evidence(&browser).await, None);
}

#[tokio::test]
async fn row_14_a_damaged_file_of_keys_lets_nobody_in_by_signature_or_word() {
    let world = World::new().await;
    let browser = world.browser();
    world.password(&browser, "anna").await;
    let path = world.pins_path();
    let before = std::fs::read(&path).unwrap();
    std::fs::write(&path, "{\"users\":").unwrap();
    assert_eq!(browser.get(&world.way_back()).await.status, 503);
    assert_eq!(world.evidence(&browser).await, None);
    // Nothing was used up: once the file is mended, the same way back leads in.
    std::fs::write(&path, before).unwrap();
    assert_eq!(browser.get(&world.way_back()).await.to(), "/");
}

#[tokio::test]
async fn after_an_outage_the_same_page_loaded_again_leads_in() {
    let world = World::new().await;
    let browser = world.browser();
    world.server.results(json_body(500, ""));
    assert_eq!(world.log_in(&browser, "anna").await.status, 503);
    world.server.results(Manner::answer(servers_word));
    assert_eq!(browser.get(&world.way_back()).await.to(), "/");
    let keys = world.server.idempotency_keys();
    assert_eq!(keys[1], keys[2], "a repeated exchange is the same request");
}

#[tokio::test]
async fn after_a_refusal_the_phone_is_asked_again_with_the_same_binding_and_no_password() {
    let world = World::new().await;
    let browser = world.browser();
    world.server.results(Manner::problem(409, "not-verified"));
    let page = world.log_in(&browser, "anna").await;
    let first = world.server.last_prompt();
    world.server.results(Manner::answer(servers_word));
    browser.post("/sign-in/phone", &[("form_token", &page.form_token())]).await.to();
    let second = world.server.last_prompt();
    assert_eq!(first["binding"], second["binding"]);
    assert_ne!(first["state"], second["state"]);
    assert_eq!(browser.get(&world.way_back()).await.to(), "/");
}
