//! Authenticators and recovery codes by the panel's interface: brought along, asked, changed to, removed.

use koppel_domain::{OpenSeed, SharedBytes};
use koppel_server::commands::Command;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::fixture::{Answer, Session, World, command};

const SEED: &[u8] = b"12345678901234567890";
const SEED_TEXT: &str = "gezd gnbv gy3t qojq gezd gnbv gy3t qojq";

/// What anna's authenticator shows now.
fn shown(world: &World) -> String {
    let seed = OpenSeed::new(SharedBytes::default(), Zeroizing::new(SEED.to_vec()));
    seed.code(world.clock.seconds() / 30).expose().to_owned()
}

async fn import(world: &World, user: &str) -> Answer {
    let body = json!({ "secret": SEED_TEXT });
    world.call(&world.key, Method::PUT, &format!("/v1/users/{user}/methods/totp"), Some(&body)).await
}

/// anna brings her authenticator along; half a minute later its codes count.
async fn with_an_authenticator() -> World {
    let world = World::start().await;
    world.put_user("anna").await;
    let imported = import(&world, "anna").await;
    assert_eq!(imported.status, StatusCode::NO_CONTENT, "{imported:?}");
    world.clock.forward(30);
    world
}

async fn start(world: &World, session: &Session, prefer: Option<&str>) -> Value {
    let mut body = world.login("anna", session);
    body["mode"] = Value::Null;
    body["prefer"] = prefer.into();
    let started = world.post("/v1/challenges", body).await;
    assert_eq!(started.status, StatusCode::CREATED, "{started:?}");
    started.body
}

async fn check(world: &World, challenge: &Value, session: &Session, code: &str) -> Answer {
    let path = format!("/v1/challenges/{}/check", challenge["id"].as_str().unwrap());
    world.post(&path, json!({ "v": session.v(), "code": code })).await
}

#[tokio::test]
async fn an_authenticator_brought_along_logs_in_and_each_code_once() {
    let world = with_an_authenticator().await;
    let session = Session::new();
    let challenge = start(&world, &session, None).await;
    assert_eq!(challenge["methods"], json!(["totp"]));
    assert_eq!(challenge["delivery"]["state"], "ready");
    assert!(challenge.get("number").is_none());
    let code = shown(&world);
    let checked = check(&world, &challenge, &session, &format!("{} {}", &code[..3], &code[3..])).await;
    assert_eq!(checked.status, StatusCode::OK, "{checked:?}");
    assert_eq!((&checked.body["method"], &checked.body["evidence"]), (&json!("totp"), &json!("server")));
    let other = Session::new();
    let challenge = start(&world, &other, None).await;
    let again = check(&world, &challenge, &other, &code).await;
    assert_eq!((again.status.as_u16(), again.slug()), (422, "wrong-code"), "a code counts once");
    let user = world.get("/v1/users/anna").await;
    assert_eq!(user.body["methods"][0]["kind"], "totp");
    assert_eq!((&user.body["methods"][0]["primary"], &user.body["enrolled"]), (&json!(true), &json!(true)));
    assert!(user.body["methods"][0]["used_at"].is_u64());
    let twice = import(&world, "anna").await;
    assert_eq!((twice.status, twice.slug()), (StatusCode::CONFLICT, "already-decided"));
}

#[tokio::test]
async fn another_method_stays_in_the_challenge_and_its_tries() {
    let world = with_an_authenticator().await;
    let phone = world.phone("anna").await;
    let session = Session::new();
    let challenge = start(&world, &session, None).await;
    assert_eq!(challenge["methods"], json!(["app", "totp"]), "the app is the first choice");
    assert_eq!(challenge["delivery"]["method"], "app");
    let of_app = phone.code(&world).await;
    let deliveries = format!("/v1/challenges/{}/deliveries", challenge["id"].as_str().unwrap());
    let changed = world.post(&deliveries, json!({ "v": session.v(), "method": "totp" })).await;
    assert_eq!(changed.status, StatusCode::OK, "{changed:?}");
    assert_eq!((&changed.body["delivery"]["method"], &changed.body["delivery"]["seq"]), (&json!("totp"), &json!(2)));
    let dead = check(&world, &challenge, &session, &of_app).await;
    assert_eq!((dead.status.as_u16(), dead.slug()), (422, "wrong-code"), "{dead:?}");
    assert_eq!(dead.body["tries_left"], 4);
    let back = world.post(&deliveries, json!({ "v": session.v(), "method": "app" })).await;
    assert_eq!((back.status.as_u16(), back.slug()), (429, "too-soon"), "going round is no way to ring sooner");
    let inbox = phone.proven(&world, "/d/v1/inbox", json!({})).await;
    assert_eq!(inbox.body["challenges"], json!([]), "the phone takes it off its screen");
    let right = check(&world, &challenge, &session, &shown(&world)).await;
    assert_eq!((right.status, &right.body["method"]), (StatusCode::OK, &json!("totp")), "{right:?}");
}

#[tokio::test]
async fn a_preference_counts_where_the_user_has_it() {
    let world = with_an_authenticator().await;
    let session = Session::new();
    let challenge = start(&world, &session, Some("app")).await;
    assert_eq!(challenge["delivery"]["method"], "totp", "there is no phone");
    let deliveries = format!("/v1/challenges/{}/deliveries", challenge["id"].as_str().unwrap());
    let none = world.post(&deliveries, json!({ "v": session.v(), "method": "app" })).await;
    assert_eq!((none.status, none.slug()), (StatusCode::CONFLICT, "not-enrolled"), "{none:?}");
    world.phone("anna").await;
    let session = Session::new();
    let challenge = start(&world, &session, Some("totp")).await;
    assert_eq!(challenge["delivery"]["method"], "totp");
    let unknown = world.post(&deliveries, json!({ "v": session.v(), "method": "pigeon" })).await;
    assert_eq!(unknown.status.as_u16(), 422, "{unknown:?}");
}

#[tokio::test]
async fn a_removed_method_and_a_removed_phone_ask_nobody() {
    let world = with_an_authenticator().await;
    let phone = world.phone("anna").await;
    let gone = world.call(&world.key, Method::DELETE, "/v1/users/anna/methods/totp", None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let session = Session::new();
    assert_eq!(start(&world, &session, Some("totp")).await["methods"], json!(["app"]));
    let path = format!("/v1/users/anna/devices/{}", phone.device);
    assert_eq!(world.call(&world.key, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    let told = phone.proven(&world, "/d/v1/inbox", json!({})).await;
    assert_eq!((told.status, told.slug()), (StatusCode::FORBIDDEN, "device-revoked"));
    let nobody = world.post("/v1/challenges", world.login("anna", &Session::new())).await;
    assert_eq!(nobody.slug(), "not-enrolled");
    let app = world.call(&world.key, Method::DELETE, "/v1/users/anna/methods/app", None).await;
    assert_eq!(app.status.as_u16(), 422, "phones go one by one: {app:?}");
}

#[tokio::test]
async fn what_is_no_seed_is_refused_and_named_nowhere() {
    let world = World::start().await;
    world.put_user("anna").await;
    for secret in [
        "",
        "short",
        "JBSWY3DPEHPK3PX1",
        "\u{202e}JBSWY3DPEHPK3PXP",
        "🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑",
        "٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣٣",
    ] {
        let body = json!({ "secret": secret });
        let refused = world.call(&world.key, Method::PUT, "/v1/users/anna/methods/totp", Some(&body)).await;
        assert!(matches!(refused.status.as_u16(), 400 | 422), "{secret}: {refused:?}");
        assert!(secret.is_empty() || !refused.body.to_string().contains(secret), "{refused:?}");
    }
    let nobody = import(&world, "nobody").await;
    assert_eq!(nobody.slug(), "not-found");
}

/// threats row 28: the seed stands sealed in the database, and nowhere in the clear.
#[tokio::test]
async fn a_stolen_database_holds_no_seed() {
    let world = with_an_authenticator().await;
    let folder = world.config.database.parent().unwrap().to_owned();
    let base32 = SEED_TEXT.replace(' ', "");
    let mut searched = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() || path.extension().is_some_and(|end| end == "keys") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        searched += bytes.len();
        for canary in
            [SEED, base32.as_bytes(), base32.to_uppercase().as_bytes(), koppel_protocol::bytes::encode(SEED).as_bytes()]
        {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary), "{}", path.display());
        }
    }
    assert!(searched > 10_000, "the database was searched");
}

#[tokio::test]
async fn after_the_time_jumped_no_authenticator_is_believed_until_an_operator_has_looked() {
    let world = with_an_authenticator().await;
    let phone = world.phone("anna").await;
    let clock = |confirm| command(&world.config, Command::Clock { confirm });
    assert_eq!(clock(false).await["steady"], json!(true));
    world.clock.set_forward(61);
    assert_eq!(clock(false).await["steady"], json!(false));
    let session = Session::new();
    let challenge = start(&world, &session, Some("totp")).await;
    let refused = check(&world, &challenge, &session, &shown(&world)).await;
    assert_eq!((refused.status, refused.slug()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"), "{refused:?}");
    assert!(refused.body["detail"].as_str().unwrap().contains("another method"), "{refused:?}");

    // A phone's code does not hang on the time.
    let other = Session::new();
    let by_app = start(&world, &other, Some("app")).await;
    let code = phone.code(&world).await;
    assert_eq!(check(&world, &by_app, &other, &code).await.status, StatusCode::OK);

    assert_eq!(clock(true).await["steady"], json!(true));
    let right = check(&world, &challenge, &session, &shown(&world)).await;
    assert_eq!(right.status, StatusCode::OK, "no try was spent: {right:?}");
}
