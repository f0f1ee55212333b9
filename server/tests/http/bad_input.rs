//! Bad input at every endpoint: a clear refusal that says what to do, never a server error, never an echo of what was sent.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{Answer, RETURN_URL, Session, World};

const CANARY: &str = "hunter2canary";

/// Every endpoint of panels that takes a body.
fn panel_endpoints() -> Vec<(Method, &'static str)> {
    vec![
        (Method::POST, "/v1/prompts"),
        (Method::POST, "/v1/prompts/pr_aaaaaaaaaaaaaaaaaaaaaaaaaa/result"),
        (Method::POST, "/v1/prompts/pr_aaaaaaaaaaaaaaaaaaaaaaaaaa/cancel"),
        (Method::POST, "/v1/challenges"),
        (Method::POST, "/v1/challenges/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa/check"),
        (Method::POST, "/v1/challenges/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa/consume"),
        (Method::POST, "/v1/challenges/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa/deliveries"),
        (Method::POST, "/v1/challenges/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa/cancel"),
        (Method::PUT, "/v1/users/anna"),
        (Method::POST, "/v1/users/anna/koppelcodes"),
        (Method::POST, "/v1/users/anna/pairings/pa_aaaaaaaaaaaaaaaaaaaaaaaaaa/confirm"),
        (Method::POST, "/v1/users/anna/unlock"),
    ]
}

fn is_clear(answer: &Answer, status: u16, slug: &str, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.slug()), (status, slug), "{what}: {answer:?}");
    let detail = answer.body["detail"].as_str().unwrap_or("");
    assert!(detail.len() > 5, "{what} says what to do: {answer:?}");
    assert!(!answer.text.contains(CANARY), "{what} repeats what was sent: {answer:?}");
}

async fn send(world: &World, method: &Method, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = world.http.request(method.clone(), format!("{}{path}", world.url)).bearer_auth(&world.key);
    let request = request.header("idempotency-key", koppel_protocol::bytes::encode(&crate::fixture::draw::<16>()));
    Answer::of(request.header("content-type", kind).body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn broken_bodies_are_refused_with_a_sentence_everywhere() {
    let world = World::start().await;
    world.put_user("anna").await;
    let json = "application/json";
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
    for (method, path) in panel_endpoints() {
        let bodies: [(&str, Vec<u8>, u16, &str); 8] = [
            ("nothing", Vec::new(), 400, "invalid-request"),
            ("half", b"{\"".to_vec(), 400, "invalid-request"),
            ("text", CANARY.as_bytes().to_vec(), 400, "invalid-request"),
            ("not UTF-8", vec![b'{', b'"', 0xff, 0xfe, b'"', b':', b'1', b'}'], 400, "invalid-request"),
            ("too deep", deep.clone().into_bytes(), 400, "invalid-request"),
            ("a list", b"[1,2]".to_vec(), 422, "invalid-field"),
            ("an unknown field", format!("{{\"unheard_of\":\"{CANARY}\"}}").into_bytes(), 422, "invalid-field"),
            ("too large", vec![b' '; 33 * 1024], 413, "too-large"),
        ];
        for (what, body, status, slug) in bodies {
            let answer = send(&world, &method, path, json, body).await;
            is_clear(&answer, status, slug, &format!("{method} {path} with {what}"));
        }
        let answer = send(&world, &method, path, "text/plain", b"{}".to_vec()).await;
        is_clear(&answer, 400, "invalid-request", &format!("{method} {path} as text/plain"));
        let encoded = world.http.request(method.clone(), format!("{}{path}", world.url)).bearer_auth(&world.key);
        let encoded =
            encoded.header("content-type", json).header("content-encoding", "gzip").header("idempotency-key", "k");
        let answer = Answer::of(encoded.body("{}").send().await.unwrap()).await;
        is_clear(&answer, 400, "invalid-request", &format!("{method} {path} encoded"));
        if method == Method::POST {
            for key in [None, Some(""), Some("with space"), Some(&*"x".repeat(129))] {
                let request = world.http.post(format!("{}{path}", world.url)).bearer_auth(&world.key).json(&json!({}));
                let request = match key {
                    Some(key) => request.header("idempotency-key", key),
                    None => request,
                };
                let answer = Answer::of(request.send().await.unwrap()).await;
                is_clear(&answer, 400, "invalid-request", &format!("{path} with Idempotency-Key {key:?}"));
                assert!(answer.body["detail"].as_str().unwrap().contains("Idempotency-Key"));
            }
        }
    }
}

#[tokio::test]
async fn each_wrong_field_of_a_login_is_named() {
    let world = World::start().await;
    let session = Session::new();
    let good = world.prompt("anna", &session);
    assert_eq!(world.post("/v1/prompts", good.clone()).await.status, StatusCode::CREATED);
    let long = "x".repeat(65);
    let table: Vec<(&str, Value, &str)> = vec![
        ("/user/external_id", json!(""), "external_id"),
        ("/user/external_id", json!(long), "external_id"),
        ("/user/external_id", json!(7), "external_id"),
        ("/user/login_name", json!("a\u{202e}b"), "login_name"),
        ("/user/login_name", json!("line\nbreak"), "login_name"),
        ("/user/display", json!(long), "display"),
        ("/purpose", json!("sudo"), "purpose"),
        ("/binding", json!("short"), "binding"),
        ("/binding", json!(format!("{}=", session.binding())), "binding"),
        ("/browser/ip", json!("localhost"), "ip"),
        ("/browser/user_agent", json!("x".repeat(2000)), "user_agent"),
        ("/first_factor_at", json!("now"), "first_factor_at"),
        ("/first_factor_at", json!(-1), "first_factor_at"),
        ("/first_factor_at", json!(world.clock.seconds() - 100_000), "first_factor_at"),
        ("/first_factor_at", json!(world.clock.seconds() + 100_000), "first_factor_at"),
        ("/return_url", json!("https://evil.example/2fa"), "return_url"),
        ("/return_url", json!(format!("{RETURN_URL}&x=1")), "return_url"),
        ("/state", json!(""), "state"),
        ("/state", json!("with space"), "state"),
        ("/state", json!("x".repeat(257)), "state"),
    ];
    for (pointer, value, field) in table {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap_or(&mut json!(null)) = value.clone();
        if pointer == "/user/display" {
            body["user"]["display"] = value.clone();
        }
        let answer = world.post("/v1/prompts", body).await;
        is_clear(&answer, 422, "invalid-field", &format!("{pointer} = {value}"));
        assert!(answer.body["detail"].as_str().unwrap().contains(field), "{pointer}: {answer:?}");
    }
    for field in ["user", "purpose", "binding", "browser", "first_factor_at", "return_url", "state"] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        let answer = world.post("/v1/prompts", body).await;
        is_clear(&answer, 422, "invalid-field", &format!("without {field}"));
        assert!(answer.body["detail"].as_str().unwrap().contains(field), "{answer:?}");
    }
}

#[tokio::test]
async fn ids_that_are_none_and_queries_that_are_wrong_are_refused() {
    let world = World::start().await;
    for id in [
        "x",
        "ch_",
        "pr_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "ch_AAAAAAAAAAAAAAAAAAAAAAAAAA",
        "..%2f..",
        "%00",
        "ch_aaaaaaaaaaaaaaaaaaaaaaaaab",
    ] {
        let answer = world.get(&format!("/v1/challenges/{id}")).await;
        is_clear(&answer, 404, "not-found", id);
    }
    for query in ["?wait=x", "?after=-1", "?wait=5&wait=6", "?unknown=1"] {
        let answer = world.get(&format!("/v1/challenges/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa{query}")).await;
        is_clear(&answer, 400, "invalid-request", query);
    }
    let answer = world.get("/v1/challenges/ch_aaaaaaaaaaaaaaaaaaaaaaaaaa?wait=26").await;
    is_clear(&answer, 422, "invalid-field", "wait too long");
    let answer = world.call(&world.key, Method::PATCH, "/v1/users/anna", Some(&json!({}))).await;
    is_clear(&answer, 404, "not-found", "another method");
    assert!(answer.headers.contains_key("allow"));
}

#[tokio::test]
async fn a_second_user_cannot_take_a_login_name_in_other_letters() {
    let world = World::start().await;
    world.put_user("anna").await;
    let body = json!({ "login_name": "ＡＮＮＡ" });
    let answer = world.call(&world.key, Method::PUT, "/v1/users/4711", Some(&body)).await;
    is_clear(&answer, 409, "login-name-taken", "the same name in other letters");
}

#[tokio::test]
async fn wrong_first_messages_of_a_pairing_are_refused() {
    let world = World::start().await;
    world.put_user("anna").await;
    let code = world.koppelcode("anna").await.replace('-', "");
    let commitment = koppel_protocol::bytes::encode(&[7; 32]);
    let rq = koppel_protocol::bytes::encode(&[7; 16]);
    let good = json!({ "v": 1, "door": "code", "C": commitment, "rq": rq, "user": "anna", "code": code });
    let changed = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let swapped: String = {
        let mut symbols: Vec<char> = code.chars().collect();
        let place = (1..8).find(|place| symbols[*place] != symbols[*place - 1]).unwrap_or(1);
        symbols.swap(place, place - 1);
        symbols.into_iter().collect()
    };
    for (what, body) in [
        ("another version", changed("v", json!(2))),
        ("another door", changed("door", json!("window"))),
        ("a short commitment", changed("C", json!("AAAA"))),
        ("two swapped symbols", changed("code", json!(swapped))),
        ("an unknown field", changed("extra", json!(CANARY))),
        ("a password at the code door", changed("password", json!(CANARY))),
    ] {
        let request = world.http.post(format!("{}/d/v1/pairings", world.url)).json(&body);
        is_clear(&Answer::of(request.send().await.unwrap()).await, 422, "invalid-field", what);
    }
    let login = json!({ "v": 1, "door": "login", "C": commitment, "rq": rq, "user": "anna", "password": CANARY });
    let request = world.http.post(format!("{}/d/v1/pairings", world.url)).json(&login);
    is_clear(&Answer::of(request.send().await.unwrap()).await, 404, "not-found", "a closed login door");
    let request = world.http.post(format!("{}/d/v1/pairings", world.url)).header("content-type", "application/json");
    let answer = Answer::of(request.body(vec![b' '; 65 * 1024]).send().await.unwrap()).await;
    is_clear(&answer, 413, "too-large", "a huge first message");
    let request = world.http.post(format!("{}/d/v1/pairings", world.url)).json(&good);
    assert_eq!(
        Answer::of(request.send().await.unwrap()).await.status,
        StatusCode::OK,
        "after all that the code still counts"
    );
}

#[tokio::test]
async fn wrong_phone_requests_and_decisions_are_refused() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    for (path, body) in [
        ("/d/v1/inbox", json!({ "unknown": 1 })),
        ("/d/v1/inbox", json!({ "receipts": [{ "cid": "x" }] })),
        ("/d/v1/receipts", json!({})),
        ("/d/v1/devices", json!({ "remove": "all" })),
        ("/d/v1/test", json!({ "to": CANARY })),
        ("/d/v1/challenges/unlock", json!({ "x": 1 })),
    ] {
        let answer = phone.proven(&world, path, body.clone()).await;
        is_clear(&answer, 422, "invalid-field", &format!("{path} {body}"));
    }
    let many: Vec<_> = (0..65).map(|_| json!({ "nid": "no_aaaaaaaaaaaaaaaaaaaaaaaaaa", "kind": "arrived" })).collect();
    is_clear(
        &phone.proven(&world, "/d/v1/receipts", json!({ "receipts": many })).await,
        422,
        "invalid-field",
        "65 receipts",
    );
    let query = world.http.post(format!("{}/d/v1/inbox?x=1", world.url)).json(&json!({}));
    is_clear(&Answer::of(query.send().await.unwrap()).await, 400, "invalid-request", "a query");
    for (what, decision) in
        [("empty", ""), ("text", CANARY), ("two parts", "AAAA.AAAA"), ("three parts", "AAAA.AAAA.AAAA")]
    {
        is_clear(&phone.decide(&world, decision).await, 400, "invalid-request", what);
    }
    let as_json = world.http.post(format!("{}/d/v1/decisions", world.url)).json(&json!({}));
    is_clear(&Answer::of(as_json.send().await.unwrap()).await, 400, "invalid-request", "a decision as JSON");
    let long = phone.decide(&world, &"A".repeat(9000)).await;
    is_clear(&long, 413, "too-large", "a long decision");
}

#[tokio::test]
async fn a_changed_decision_changes_nothing() {
    use koppel_protocol::decision::{Decision, UserVerification, Verdict};
    use koppel_protocol::{Bytes, ServerId, jws};
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let other = world.phone("bert").await;
    let challenge = world.challenge("anna", &Session::new(), "number").await;
    let number = challenge["number"].as_str().unwrap();
    let asked = phone.waiting(&world).await;
    let good = crate::fixture::read_decision(&phone.decision(&asked, Verdict::Approve, Some(number)));
    let sign = |decision: &Decision, key| jws::sign(decision, &decision.dev, key).unwrap().to_string();
    let table = [
        (
            "another server",
            sign(&Decision { aud: ServerId::from_bytes([7; 32]), ..good.clone() }, &phone.keys.approve),
            401,
        ),
        ("another device", sign(&Decision { dev: other.device, ..good.clone() }, &phone.keys.approve), 401),
        ("the id key for a yes", sign(&good, &phone.keys.id), 401),
        ("another phone's key", sign(&good, &other.keys.approve), 401),
        (
            "another challenge's hash",
            sign(&Decision { ch: Bytes::new([7; 32]), ..good.clone() }, &phone.keys.approve),
            404,
        ),
        ("another delivery", sign(&Decision { seq: 9, ..good.clone() }, &phone.keys.approve), 404),
    ];
    for (what, decision, status) in table {
        let answer = phone.decide(&world, &decision).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {answer:?}");
    }
    let unverified = Decision { uv: UserVerification::None, ..good.clone() };
    let answer = phone.decide(&world, &sign(&unverified, &phone.keys.approve)).await;
    assert!(answer.status.is_client_error(), "nobody was verified: {answer:?}");
    let state = world.get(&format!("/v1/challenges/{}", challenge["id"].as_str().unwrap())).await;
    assert_eq!(state.body["state"], "pending");
    let answer = phone.decide(&world, &sign(&good, &phone.keys.approve)).await;
    assert_eq!(answer.body["outcome"], "approved", "{answer:?}");
}
