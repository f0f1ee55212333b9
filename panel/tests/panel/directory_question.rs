//! The server's question about a password typed on a phone.

use reqwest::Client;
use ring::hmac;
use serde_json::{Value, json};

use crate::world::{DIRECTORY_SECRET, World};

async fn ask(world: &World, secret: &str, at: i64, body: &str) -> (u16, Value) {
    // A browser's client, for its crypto.
    let _ = world.browser();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let response = Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(format!("{}/koppel/directory", world.panel))
        .header("koppel-signature", format!("t={at},v1={hex}"))
        .header("content-type", "application/json")
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

fn question(name: &str, password: &str) -> String {
    json!({ "login_name": name, "password": password }).to_string()
}

#[tokio::test]
async fn a_right_password_is_answered_with_the_user_and_a_wrong_one_with_403() {
    let world = World::new().await;
    let right = ask(&world, DIRECTORY_SECRET, world.now(), &question("Anna", "linden-anna")).await;
    assert_eq!(right, (200, json!({ "external_id": "linden-anna", "display": "Anna de Wit" })));
    for (name, password) in [("anna", "linden-bram"), ("nobody", "linden-anna"), ("", "")] {
        assert_eq!(ask(&world, DIRECTORY_SECRET, world.now(), &question(name, password)).await.0, 403);
    }
}

#[tokio::test]
async fn a_question_with_another_secret_or_from_another_time_is_not_answered() {
    let world = World::new().await;
    let body = question("anna", "linden-anna");
    assert_eq!(ask(&world, "a secret of somebody else", world.now(), &body).await.0, 401);
    assert_eq!(ask(&world, DIRECTORY_SECRET, world.now() - 300, &body).await.0, 200);
    assert_eq!(ask(&world, DIRECTORY_SECRET, world.now() - 301, &body).await.0, 401);
    assert_eq!(ask(&world, DIRECTORY_SECRET, world.now() + 301, &body).await.0, 401);
}

#[tokio::test]
async fn a_question_of_another_form_is_no_question() {
    let world = World::new().await;
    for body in ["", "{", "[]", r#"{"login_name":"anna"}"#, r#"{"login_name":"anna","password":7}"#] {
        assert_eq!(ask(&world, DIRECTORY_SECRET, world.now(), body).await.0, 400, "{body}");
    }
}
