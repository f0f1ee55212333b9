//! Pairing and login, the straight way.

use koppel_protocol::{Text, decision::Verdict, pairing::Door};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::fixture::{Session, Waiting, World};

#[tokio::test]
async fn a_phone_is_paired_and_a_typed_code_opens_one_session() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "code").await;
    assert_eq!(challenge["state"], "pending");
    assert!(challenge.get("number").is_none());
    let code = phone.code(&world).await;
    let path = format!("/v1/challenges/{}/check", challenge["id"].as_str().unwrap());
    let checked = world.post(&path, json!({ "v": session.v(), "code": code })).await;
    assert_eq!(checked.status, StatusCode::OK, "{checked:?}");
    assert_eq!(checked.body["verified"], true);
    assert_eq!((&checked.body["user"], &checked.body["evidence"]), (&json!("anna"), &json!("server")));
    let again = world.post(&path, json!({ "v": session.v(), "code": code })).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{again:?}");
}

#[tokio::test]
async fn an_approval_opens_one_session_with_the_phones_signature() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "number").await;
    let number = challenge["number"].as_str().expect("the number, once");
    let id = challenge["id"].as_str().unwrap();
    let seen = world.get(&format!("/v1/challenges/{id}")).await;
    assert!(seen.body.get("number").is_none(), "a GET never shows the number");
    let early = world.post(&format!("/v1/challenges/{id}/consume"), json!({ "v": session.v() })).await;
    assert_eq!((early.status, early.slug()), (StatusCode::CONFLICT, "not-verified"));
    let decided = phone.answer(&world, Verdict::Approve, Some(number)).await;
    assert_eq!(decided.body["outcome"], "approved", "{decided:?}");
    let foreign = world.post(&format!("/v1/challenges/{id}/consume"), json!({ "v": Session::new().v() })).await;
    assert_eq!((foreign.status, foreign.slug()), (StatusCode::FORBIDDEN, "wrong-binding"));
    let taken = world.post(&format!("/v1/challenges/{id}/consume"), json!({ "v": session.v() })).await;
    assert_eq!(taken.status, StatusCode::OK, "{taken:?}");
    assert_eq!(taken.body["evidence"], "device_signature");
    assert_eq!(taken.body["key"]["device"], phone.device.to_string());
    let twice = world.post(&format!("/v1/challenges/{id}/consume"), json!({ "v": session.v() })).await;
    assert!(!twice.status.is_success(), "{twice:?}");
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_and_another_body_is_refused() {
    let world = World::start().await;
    world.phone("anna").await;
    let session = Session::new();
    let body = world.login("anna", &session);
    let post = |body: serde_json::Value| {
        let request = world.http.post(format!("{}/v1/challenges", world.url)).bearer_auth(&world.key);
        request.header("idempotency-key", "k-1").json(&body).send()
    };
    let first = crate::fixture::Answer::of(post(body.clone()).await.unwrap()).await;
    let second = crate::fixture::Answer::of(post(body.clone()).await.unwrap()).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert!(!first.headers.contains_key("idempotent-replayed"));
    assert_eq!(second.headers["idempotent-replayed"], "true");
    let mut other = body;
    other["mode"] = "number".into();
    let third = crate::fixture::Answer::of(post(other).await.unwrap()).await;
    assert_eq!((third.status.as_u16(), third.slug()), (422, "idempotency-mismatch"));
}

#[tokio::test]
async fn this_was_not_me_locks_until_the_reporting_phone_unlocks() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    world.challenge("anna", &session, "number").await;
    let reported = phone.answer(&world, Verdict::Fraud, None).await;
    assert_eq!(reported.body["outcome"], "fraud", "{reported:?}");
    let locked = world.post("/v1/challenges", world.login("anna", &session)).await;
    assert_eq!((locked.status, locked.slug()), (StatusCode::LOCKED, "account-locked"));
    let unlock: koppel_protocol::phone_api::UnlockAnswer =
        phone.ask(&world, "/d/v1/challenges/unlock", json!({})).await;
    let challenge = phone.challenge(&unlock);
    let lifted = phone.decide(&world, &phone.decision(&challenge, Verdict::Approve, None)).await;
    assert_eq!(lifted.body["outcome"], "approved", "{lifted:?}");
    let open = world.post("/v1/challenges", world.login("anna", &session)).await;
    assert_eq!(open.status, StatusCode::CREATED, "{open:?}");
    let refused = phone.proven(&world, "/d/v1/challenges/unlock", json!({})).await;
    assert_eq!((refused.status, refused.slug()), (StatusCode::CONFLICT, "not-verified"));
}

#[tokio::test]
async fn test_my_phone_shows_a_code_that_nothing_takes() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let made: koppel_protocol::phone_api::TestAnswer = phone.ask(&world, "/d/v1/test", json!({})).await;
    let challenge = phone.waiting(&world).await;
    assert_eq!(challenge.claims().cid, made.cid);
    let path = format!("/v1/challenges/{}/check", made.cid);
    let refused = world.post(&path, json!({ "v": Session::new().v(), "code": "123456" })).await;
    assert_eq!(refused.slug(), "not-found");
}

#[tokio::test]
async fn a_phone_of_a_deleted_user_that_comes_back_later_is_told_so() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let deleted = world.call(&world.key, Method::DELETE, "/v1/users/anna", None).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get("/v1/users/anna").await.slug(), "not-found");
    let told = phone.proven(&world, "/d/v1/inbox", json!({})).await;
    assert_eq!((told.status, told.slug()), (StatusCode::FORBIDDEN, "device-revoked"));
    world.put_user("anna").await;
    let user = world.get("/v1/users/anna").await;
    assert_eq!(user.body["devices"], json!([]), "who comes back has no phone");
    let refused = world.post("/v1/challenges", world.login("anna", &Session::new())).await;
    assert_eq!(refused.slug(), "not-enrolled");
    assert_eq!(phone.proven(&world, "/d/v1/inbox", json!({})).await.slug(), "device-revoked", "nor that phone a user");
}

#[tokio::test]
async fn a_phone_that_waits_to_be_confirmed_is_told_that_its_user_is_deleted() {
    let world = World::start().await;
    world.put_user("anna").await;
    let code = world.koppelcode("anna").await.parse().unwrap();
    let phone = Waiting::begin(&world, Door::Code { user: Text::clean("anna"), code }).await.unwrap().phone();
    world.call(&world.key, Method::DELETE, "/v1/users/anna", None).await;
    let status = phone.proven(&world, &format!("/d/v1/pairings/{}/status", phone.pairing), json!({})).await;
    assert_eq!((status.status, status.slug()), (StatusCode::FORBIDDEN, "device-revoked"), "{status:?}");
}

#[tokio::test]
async fn a_code_outlives_a_restart_and_not_its_two_minutes() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "code").await;
    let code = phone.code(&world).await;
    let world = world.restart().await;
    world.clock.forward(121);
    let path = format!("/v1/challenges/{}/check", challenge["id"].as_str().unwrap());
    let late = world.post(&path, json!({ "v": session.v(), "code": code })).await;
    assert_eq!((late.status, late.slug()), (StatusCode::CONFLICT, "delivery-ended"), "{late:?}");
    let path = format!("/v1/challenges/{}/deliveries", challenge["id"].as_str().unwrap());
    let again = world.post(&path, json!({ "v": session.v() })).await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
    let code = phone.code(&world).await;
    let path = format!("/v1/challenges/{}/check", challenge["id"].as_str().unwrap());
    let checked = world.post(&path, json!({ "v": session.v(), "code": code })).await;
    assert_eq!(checked.status, StatusCode::OK, "{checked:?}");
}

#[tokio::test]
async fn the_reference_describes_every_endpoint() {
    let world = World::start().await;
    let reference = world.http.get(format!("{}/v1/openapi.json", world.url)).send().await.unwrap();
    let reference: serde_json::Value = reference.json().await.unwrap();
    assert!(reference["openapi"].as_str().unwrap().starts_with("3.1"), "{}", reference["openapi"]);
    for path in [
        "/v1/prompts",
        "/v1/prompts/{id}/result",
        "/v1/prompts/{id}/cancel",
        "/v1/challenges",
        "/v1/challenges/{id}",
        "/v1/challenges/{id}/check",
        "/v1/challenges/{id}/consume",
        "/v1/challenges/{id}/deliveries",
        "/v1/challenges/{id}/cancel",
        "/v1/users/{external_id}",
        "/v1/users/{external_id}/koppelcodes",
        "/v1/users/{external_id}/pairings/{pairing}/confirm",
        "/v1/users/{external_id}/unlock",
    ] {
        assert!(reference["paths"][path].is_object(), "{path}");
    }
}
