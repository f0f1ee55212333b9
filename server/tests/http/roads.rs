//! What somebody reads who owns a road between server and phone (threats row 23).
//!
//! The roads that are built, the live channel and the poll, carry the very bytes that push services will carry: whatever
//! names a person, a panel, a place or a code is inside the envelope, and every envelope is as long as any other.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use koppel_protocol::bytes;
use koppel_protocol::decision::Verdict;
use koppel_protocol::envelope;
use koppel_protocol::pairing::Door;
use koppel_protocol::{Envelope, Text};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::fixture::{Phone, Session, Waiting, World};

const USER: &str = "wilhelmina.canary";

/// Everything that can be read in a text without a key: itself, and what its base64url parts decode to, as deep as it goes.
fn readable(text: &[u8], depth: u8, found: &mut Vec<u8>) {
    found.extend_from_slice(text);
    found.push(b'\n');
    if depth == 0 {
        return;
    }
    let is_base64url = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    for part in text.split(|byte| !is_base64url(byte)).filter(|part| part.len() >= 16) {
        let part = std::str::from_utf8(part).expect("ascii");
        if let Ok(decoded) = bytes::decode(part) {
            readable(&decoded, depth - 1, found);
        }
    }
}

fn read_off(text: &str) -> Vec<u8> {
    let mut found = Vec::new();
    readable(text.as_bytes(), 4, &mut found);
    found
}

fn holds(text: &[u8], canary: &str) -> bool {
    text.windows(canary.len()).any(|window| window.eq_ignore_ascii_case(canary.as_bytes()))
}

/// Every envelope in a JSON text.
fn envelopes(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if name == "envelope" => found.push(text.to_owned()),
                    _ => envelopes(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| envelopes(value, found)),
        _ => {}
    }
}

/// The frames of a live channel, as they come, until so many with an envelope came.
async fn frames(world: &World, phone: &Phone, wanted: usize) -> Vec<String> {
    let url = format!("{}/d/v1/live", world.url.replacen("http", "ws", 1));
    let mut socket = connect_async(url).await.expect("a WebSocket").0;
    let mut heard: Vec<String> = Vec::new();
    while heard.iter().filter(|frame| frame.contains("\"envelope\":")).count() < wanted {
        let next = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.expect("a frame in time");
        let Some(Ok(Message::Text(frame))) = next else { continue };
        let frame = frame.to_string();
        let read: Value = serde_json::from_str(&frame).expect("a frame");
        if read["t"] == "hello" {
            let nonce = read["nonce"].as_str().expect("a nonce").parse().expect("a nonce");
            let proof = phone.proof("GET", "/d/v1/live", b"", nonce);
            socket.send(Message::text(json!({ "t": "proof", "proof": proof }).to_string())).await.expect("sent");
        }
        heard.push(frame);
    }
    heard
}

#[tokio::test]
async fn a_road_sees_envelopes_of_one_length_and_nothing_that_names_anybody() {
    let world = World::start().await;
    let phone = world.phone(USER).await;
    let with_code = world.challenge(USER, &Session::new(), "code").await;
    let with_number = world.challenge(USER, &Session::new(), "number").await;
    let number = with_number["number"].as_str().unwrap().to_owned();
    // A new phone: a question to the old one, and a notice.
    let koppelcode = world.koppelcode(USER).await;
    let door = Door::Code { user: Text::clean(USER), code: koppelcode.parse().unwrap() };
    let newcomer = Waiting::begin(&world, door).await.expect("revealed").phone();

    let mut carried = frames(&world, &phone, 4).await;
    let path = format!("/d/v1/challenges/{}", with_code["id"].as_str().unwrap());
    carried.push(phone.proven(&world, &path, json!({})).await.text);
    carried.push(phone.proven(&world, "/d/v1/inbox", json!({})).await.text);
    carried.push(phone.proven(&world, "/d/v1/receipts", json!({ "receipts": [] })).await.text);
    let status = format!("/d/v1/pairings/{}/status", phone.pairing);
    carried.push(phone.proven(&world, &status, json!({})).await.text);
    carried.push(phone.proven(&world, &format!("/d/v1/pairings/{}/status", newcomer.pairing), json!({})).await.text);

    let mut sealed = Vec::new();
    for text in &carried {
        if let Ok(value) = serde_json::from_str(text) {
            envelopes(&value, &mut sealed);
        }
    }
    assert!(sealed.len() >= 10, "{} envelopes were carried", sealed.len());
    for text in &sealed {
        assert_eq!(text.len(), envelope::TEXT_LEN);
        assert_eq!(bytes::decode(text).expect("base64url").len(), envelope::LEN);
    }

    // What is inside, as the phone reads it: it must be nowhere outside.
    let mut code = None;
    let mut inside = Vec::new();
    for text in &sealed {
        let opened: Envelope = text.parse().expect("an envelope");
        let letter = opened.open(&phone.keys.seal, &phone.keys.auth);
        let Ok(letter) = letter else { continue };
        inside.extend(read_off(&letter));
        let claims = letter.split('.').nth(1).and_then(|part| bytes::decode(part).ok()).expect("a JWS");
        let claims: Value = serde_json::from_slice(&claims).expect("claims");
        code = code.or(claims["code"].as_str().map(str::to_owned));
    }
    let code = code.expect("a code was carried");
    let outside: Vec<u8> = carried.iter().flat_map(|text| read_off(text)).collect();
    let names = [USER, "Klantpaneel", "198.51.100.7", "127.0.0.1", "Firefox", "Testphone", "\"login\"", &code];
    for name in names {
        assert!(holds(&inside, name), "the search finds what is there: {name}");
        assert!(!holds(&outside, name), "a road reads {name}");
    }
    for name in [number.as_str(), newcomer.transcript.check_number().expose(), "De Linden"] {
        assert!(!holds(&inside, name) && !holds(&outside, name), "{name} is not even inside");
    }
}

#[tokio::test]
async fn an_answer_of_the_phone_names_no_person_and_no_panel() {
    let world = World::start().await;
    let phone = world.phone(USER).await;
    world.challenge(USER, &Session::new(), "number").await;
    let asked = phone.waiting(&world).await;
    for (verdict, number) in [(Verdict::Approve, Some("314159")), (Verdict::Deny, None), (Verdict::Fraud, None)] {
        let said = read_off(&phone.decision(&asked, verdict, number));
        for name in [USER, "Klantpaneel", "198.51.100.7", "Firefox", "De Linden"] {
            assert!(!holds(&said, name), "{verdict:?} says {name}");
        }
    }
}
