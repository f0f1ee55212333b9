//! Who may do what: each key with each endpoint, and the ids of others (threats rows 32 and 47).

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fixture::{Session, World, add_key};

/// Every endpoint of panels, with the scopes that open it.
fn endpoints(
    user: &str,
    prompt: &str,
    challenge: &str,
    pairing: &str,
) -> Vec<(Method, String, Value, &'static [&'static str])> {
    let desk = json!({ "agent": "a", "reason": "r", "ticket": "t" });
    let v = json!({ "v": Session::new().v() });
    let confirm = json!({ "agent": "a", "reason": "r", "ticket": "t", "check_number": "123456" });
    vec![
        (Method::POST, "/v1/prompts".to_owned(), json!({}), &["verify"]),
        (
            Method::POST,
            format!("/v1/prompts/{prompt}/result"),
            json!({ "code": "x", "v": Session::new().v() }),
            &["verify"],
        ),
        (Method::POST, format!("/v1/prompts/{prompt}/cancel"), json!({}), &["verify"]),
        (Method::POST, "/v1/challenges".to_owned(), json!({}), &["verify"]),
        (Method::GET, format!("/v1/challenges/{challenge}"), Value::Null, &["verify"]),
        (
            Method::POST,
            format!("/v1/challenges/{challenge}/check"),
            json!({ "v": Session::new().v(), "code": "123456" }),
            &["verify"],
        ),
        (Method::POST, format!("/v1/challenges/{challenge}/consume"), v.clone(), &["verify"]),
        (Method::POST, format!("/v1/challenges/{challenge}/deliveries"), v.clone(), &["verify"]),
        (Method::POST, format!("/v1/challenges/{challenge}/cancel"), v, &["verify"]),
        (Method::PUT, format!("/v1/users/{user}"), json!({}), &["manage"]),
        (Method::GET, format!("/v1/users/{user}"), Value::Null, &["manage", "desk"]),
        (Method::POST, format!("/v1/users/{user}/koppelcodes"), desk.clone(), &["desk"]),
        (Method::POST, format!("/v1/users/{user}/pairings/{pairing}/confirm"), confirm, &["desk"]),
        (Method::POST, format!("/v1/users/{user}/unlock"), desk, &["desk"]),
        (Method::DELETE, format!("/v1/users/{user}"), Value::Null, &["manage"]),
    ]
}

const PROMPT: &str = "pr_aaaaaaaaaaaaaaaaaaaaaaaaaa";
const CHALLENGE: &str = "ch_aaaaaaaaaaaaaaaaaaaaaaaaaa";
const PAIRING: &str = "pa_aaaaaaaaaaaaaaaaaaaaaaaaaa";

#[tokio::test]
async fn every_endpoint_asks_for_its_own_scope() {
    let world = World::start().await;
    let keys = {
        let mut keys = Vec::new();
        for scope in ["verify", "manage", "desk", "audit"] {
            keys.push((scope, add_key(&world.config, "Klantpaneel", &[scope]).await));
        }
        keys
    };
    for (method, path, body, scopes) in endpoints("nobody", PROMPT, CHALLENGE, PAIRING) {
        for (scope, key) in &keys {
            let body = (!body.is_null()).then_some(&body);
            let answer = world.call(key, method.clone(), &path, body).await;
            let may = scopes.contains(scope);
            assert_eq!(answer.slug() != "scope-missing", may, "{method} {path} with {scope}: {answer:?}");
            assert!(may || answer.status == StatusCode::FORBIDDEN, "{method} {path} with {scope}: {answer:?}");
            assert!(!answer.status.is_server_error(), "{method} {path} with {scope}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn without_a_key_that_counts_nothing_is_answered() {
    let world = World::start().await;
    let revoked = add_key(&world.config, "Klantpaneel", &["verify", "manage", "desk"]).await;
    let revoke = koppel_server::commands::Command::KeyRevoke { key: revoked.clone() };
    crate::fixture::command(&world.config, revoke).await;
    let (start, secret) = world.key.rsplit_once('_').unwrap();
    let other_secret = format!("{start}_{}", secret.chars().rev().collect::<String>());
    let other_id = world.key.replacen("kp_", "kp_a", 1);
    let wrong =
        ["", "x", "kp_", revoked.as_str(), other_secret.as_str(), other_id.as_str(), &world.key[..world.key.len() - 1]];
    for (method, path, body, _) in endpoints("nobody", PROMPT, CHALLENGE, PAIRING) {
        for key in wrong {
            let answer = world.call(key, method.clone(), &path, (!body.is_null()).then_some(&body)).await;
            assert_eq!(
                (answer.status, answer.slug()),
                (StatusCode::UNAUTHORIZED, "unauthenticated"),
                "{method} {path} {key}"
            );
        }
        let bare = world.http.request(method.clone(), format!("{}{path}", world.url)).send().await.unwrap();
        assert_eq!(bare.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

/// Another relying party of the same organisation sees users, and nothing of the other's challenges and prompts.
#[tokio::test]
async fn ids_of_another_relying_party_do_not_exist() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "code").await;
    let challenge = challenge["id"].as_str().unwrap();
    let prompt = world.post("/v1/prompts", world.prompt("anna", &session)).await;
    let prompt = prompt.body["prompt"].as_str().unwrap();
    let code = phone.code(&world).await;
    let v = json!({ "v": session.v() });
    let table = [
        (Method::GET, format!("/v1/challenges/{challenge}"), Value::Null),
        (Method::POST, format!("/v1/challenges/{challenge}/check"), json!({ "v": session.v(), "code": code })),
        (Method::POST, format!("/v1/challenges/{challenge}/consume"), v.clone()),
        (Method::POST, format!("/v1/challenges/{challenge}/deliveries"), v.clone()),
        (Method::POST, format!("/v1/challenges/{challenge}/cancel"), v),
        (Method::POST, format!("/v1/prompts/{prompt}/result"), json!({ "code": "x", "v": session.v() })),
        (Method::POST, format!("/v1/prompts/{prompt}/cancel"), json!({})),
    ];
    for (method, path, body) in table {
        let answer = world.call(&world.sibling, method.clone(), &path, (!body.is_null()).then_some(&body)).await;
        assert_eq!((answer.status, answer.slug()), (StatusCode::NOT_FOUND, "not-found"), "{method} {path}: {answer:?}");
    }
    let own = world.get(&format!("/v1/challenges/{challenge}")).await;
    assert_eq!(own.body["state"], "pending", "nobody touched it");
}

/// Another organisation's users, challenges, prompts and pairings are not there at all.
#[tokio::test]
async fn ids_of_another_organisation_do_not_exist() {
    use koppel_server::commands::{ApiKeyAdd, Command, OrganisationAdd, RelyingPartyAdd};
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "code").await;
    let prompt = world.post("/v1/prompts", world.prompt("anna", &session)).await;
    let add = OrganisationAdd {
        name: "De Eik".to_owned(),
        public_url: "http://127.0.0.2:9".to_owned(),
        directory_url: None,
        locale: None,
        policy: Vec::new(),
    };
    crate::fixture::command(&world.config, Command::OrganisationAdd(add)).await;
    let add = RelyingPartyAdd {
        name: "Ander paneel".to_owned(),
        organisation: Some("De Eik".to_owned()),
        return_urls: vec!["https://eik.example/2fa".to_owned()],
        origin: None,
        mode: "code".to_owned(),
        requires_device_signature: false,
    };
    crate::fixture::command(&world.config, Command::RelyingPartyAdd(add)).await;
    let scopes = ["verify", "manage", "desk"].map(str::to_owned).to_vec();
    let add = ApiKeyAdd { relying_party: "Ander paneel".to_owned(), scopes };
    let key = crate::fixture::command(&world.config, Command::KeyAdd(add)).await;
    let key = key["key"].as_str().unwrap();
    let prompt = prompt.body["prompt"].as_str().unwrap();
    let pairing = phone.pairing.to_string();
    for (method, path, mut body, _) in endpoints("anna", prompt, challenge["id"].as_str().unwrap(), &pairing) {
        if path == "/v1/prompts" || path == "/v1/challenges" || method == Method::PUT {
            continue;
        }
        if body.get("v").is_some() {
            body["v"] = session.v().into();
        }
        let answer = world.call(key, method.clone(), &path, (!body.is_null()).then_some(&body)).await;
        assert_eq!((answer.status, answer.slug()), (StatusCode::NOT_FOUND, "not-found"), "{method} {path}: {answer:?}");
    }
    assert!(world.get("/v1/users/anna").await.body["enrolled"].as_bool().unwrap(), "anna is untouched");
}

/// Secrets never come by GET, and an answer to a desk shows no more than the desk is to read out (row 47).
#[tokio::test]
async fn no_get_shows_a_secret() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let koppelcode = world.koppelcode("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "number").await;
    let number = challenge["number"].as_str().unwrap();
    let auth = phone.keys.auth.to_text();
    let canaries = [koppelcode.as_str(), &koppelcode.replace('-', ""), number, &session.v(), &auth, &world.key];
    let id = challenge["id"].as_str().unwrap();
    for path in [format!("/v1/challenges/{id}"), "/v1/users/anna".to_owned(), "/v1/openapi.json".to_owned()] {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK);
        for canary in canaries {
            assert!(!answer.text.contains(canary), "{path} shows {canary}");
        }
    }
}
