//! What every answer carries, and what no header of a caller changes (threats row 33).

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::fixture::{Answer, World};

#[tokio::test]
async fn every_answer_has_a_nonce_the_time_and_the_usual_locks() {
    let world = World::start().await;
    for (method, path) in [
        (Method::GET, "/healthz"),
        (Method::GET, "/readyz"),
        (Method::GET, "/.well-known/koppel"),
        (Method::GET, "/v1/openapi.json"),
        (Method::GET, "/p"),
        (Method::GET, "/p/pr_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        (Method::GET, "/p/pr_aaaaaaaaaaaaaaaaaaaaaaaaaa/state"),
        (Method::GET, "/nothing/here"),
        (Method::POST, "/d/v1/inbox"),
        (Method::POST, "/d/v1/decisions"),
        (Method::POST, "/d/v1/pairings"),
        (Method::GET, "/d/v1/inbox"),
        (Method::GET, "/d/v1/live"),
        (Method::POST, "/v1/prompts"),
        (Method::DELETE, "/v1/prompts"),
    ] {
        let response = world.http.request(method.clone(), format!("{}{path}", world.url)).send().await.unwrap();
        let answer = Answer::of(response).await;
        answer.nonce();
        let millis: u64 = answer.headers["koppel-time"].to_str().unwrap().parse().unwrap();
        assert_eq!(millis / 1000, world.clock.seconds(), "{method} {path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{method} {path}");
        assert!(answer.headers.contains_key("content-security-policy"), "{method} {path}");
        assert!(answer.headers.contains_key("referrer-policy"), "{method} {path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{method} {path}");
        if !answer.status.is_success() && !path.starts_with("/p/pr_aaaaaaaaaaaaaaaaaaaaaaaaaa") {
            assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {path}");
            let instance = answer.body["instance"].as_str().unwrap();
            assert!(instance.starts_with("urn:koppel:occurrence:"), "{method} {path}: {instance}");
            assert_eq!(answer.body["status"], answer.status.as_u16(), "{method} {path}");
        }
    }
}

/// Five wrong koppelcodes of one source with one name, whatever it calls itself and however it writes the name.
#[tokio::test]
async fn no_header_and_no_spelling_gives_a_guesser_more_tries() {
    let world = World::start().await;
    world.put_user("anna").await;
    let real = world.koppelcode("anna").await;
    let wrong = koppel_protocol::Koppelcode::from_bytes(&[1; 5]).to_text();
    assert_ne!(*wrong, real);
    let disguises: [(&str, &str, &str); 7] = [
        ("anna", "x-forwarded-for", "203.0.113.1"),
        ("ANNA", "x-forwarded-for", "203.0.113.2, 203.0.113.3"),
        ("Anna", "forwarded", "for=203.0.113.4"),
        ("ａｎｎａ", "x-real-ip", "203.0.113.5"),
        ("aNNa", "cf-connecting-ip", "203.0.113.6"),
        ("anna", "true-client-ip", "203.0.113.7"),
        ("anna", "x-client-ip", "203.0.113.8"),
    ];
    let mut refused = 0;
    for (user, header, value) in disguises {
        let commitment = koppel_protocol::bytes::encode(&crate::fixture::draw::<32>());
        let rq = koppel_protocol::bytes::encode(&crate::fixture::draw::<16>());
        let m1 = json!({ "v": 1, "door": "code", "C": commitment, "rq": rq, "user": user, "code": *wrong });
        let request = world.http.post(format!("{}/d/v1/pairings", world.url)).header(header, value).json(&m1);
        let answer = Answer::of(request.send().await.unwrap()).await;
        match answer.slug() {
            "wrong-code" => assert!(answer.body.get("tries_left").is_none(), "strangers are told nothing"),
            "too-many-tries" => {
                refused += 1;
                assert!(answer.headers.contains_key("retry-after"));
            }
            other => panic!("{other}: {answer:?}"),
        }
    }
    assert_eq!(refused, 2, "five tries, then none");
}

/// Unknown user, wrong code, expired code: one answer (row 12).
#[tokio::test]
async fn a_stranger_cannot_tell_users_from_nobody() {
    let world = World::start().await;
    world.put_user("anna").await;
    world.put_user("bert").await;
    let expired = world.koppelcode("bert").await;
    world.koppelcode("anna").await;
    world.clock.forward(601);
    world.koppelcode("anna").await;
    let mut answers = Vec::new();
    for (user, code) in [("anna", wrong_code()), ("nobody", wrong_code()), ("bert", expired)] {
        let commitment = koppel_protocol::bytes::encode(&crate::fixture::draw::<32>());
        let rq = koppel_protocol::bytes::encode(&crate::fixture::draw::<16>());
        let code = code.replace('-', "");
        let m1 = json!({ "v": 1, "door": "code", "C": commitment, "rq": rq, "user": user, "code": code });
        let request = world.http.post(format!("{}/d/v1/pairings", world.url)).json(&m1);
        let mut answer = Answer::of(request.send().await.unwrap()).await;
        answer.body["instance"] = "".into();
        answers.push((answer.status, answer.body));
    }
    assert_eq!(answers[0].0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

fn wrong_code() -> String {
    koppel_protocol::Koppelcode::from_bytes(&[2; 5]).to_text().to_string()
}
