//! The live channel over a real WebSocket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use koppel_protocol::live::ServerFrame;
use koppel_protocol::phone_api::{ChallengeState, WaitingChallenge};
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::fixture::{Phone, Session, World};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Nothing on loopback takes longer; a test that waits for this fails.
const SOON: Duration = Duration::from_secs(10);

async fn connect(world: &World) -> Socket {
    let url = format!("{}/d/v1/live", world.url.replacen("http", "ws", 1));
    connect_async(url).await.expect("a WebSocket").0
}

async fn next(socket: &mut Socket) -> Option<ServerFrame> {
    loop {
        match tokio::time::timeout(SOON, socket.next()).await.expect("a frame in time") {
            // Until the phone is known to have taken it, the activation comes first.
            Some(Ok(Message::Text(text))) => match serde_json::from_str(&text).expect("a frame") {
                ServerFrame::Activation { .. } => {}
                frame => return Some(frame),
            },
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return None,
        }
    }
}

async fn live(world: &World, phone: &Phone) -> Socket {
    let mut socket = connect(world).await;
    let Some(ServerFrame::Hello { nonce }) = next(&mut socket).await else { panic!("hello comes first") };
    let proof = phone.proof("GET", "/d/v1/live", b"", nonce);
    say(&mut socket, json!({ "t": "proof", "proof": proof })).await;
    socket
}

async fn say(socket: &mut Socket, frame: serde_json::Value) {
    socket.send(Message::text(frame.to_string())).await.expect("sent");
}

#[tokio::test]
async fn a_challenge_is_on_a_connected_phone_at_once_and_so_is_its_end() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let mut socket = live(&world, &phone).await;
    let session = Session::new();
    // Until the proof was taken the server may not know of the connection; then it sends what is live.
    let made = world.challenge("anna", &session, "code").await;
    let Some(ServerFrame::Challenge { cid, seq, envelope }) = next(&mut socket).await else { panic!("a challenge") };
    assert_eq!((cid.to_string(), seq), (made["id"].as_str().unwrap().to_owned(), 1));
    let challenge = phone.challenge(&WaitingChallenge { cid, seq, envelope });
    let polled = phone.inbox(&world).await;
    assert_eq!(polled.challenges.len(), 1);
    assert_eq!(phone.challenge(&polled.challenges[0]).text(), challenge.text(), "the same bytes over every road");
    let receipt = json!({ "cid": cid, "seq": seq, "kind": "arrived", "alert": "shown", "road": "live" });
    say(&mut socket, json!({ "t": "receipt", "receipts": [receipt] })).await;
    let version = made["version"].as_u64().unwrap();
    let state = world.get(&format!("/v1/challenges/{cid}?after={version}&wait=10")).await;
    assert_eq!(state.body["delivery"]["state"], "arrived", "{state:?}");
    world.post(&format!("/v1/challenges/{cid}/cancel"), json!({ "v": session.v() })).await;
    match next(&mut socket).await {
        Some(ServerFrame::Ended { cid: ended, state, .. }) => {
            assert_eq!((ended, state), (cid, ChallengeState::Cancelled))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_waits_is_sent_on_connecting() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let made = world.challenge("anna", &Session::new(), "number").await;
    let mut socket = live(&world, &phone).await;
    match next(&mut socket).await {
        Some(ServerFrame::Challenge { cid, .. }) => assert_eq!(cid.to_string(), made["id"].as_str().unwrap()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_newest_connection_wins() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let mut first = live(&world, &phone).await;
    let mut second = live(&world, &phone).await;
    match next(&mut first).await {
        Some(ServerFrame::Bye { why, .. }) => assert_eq!(why.as_deref(), Some("replaced")),
        other => panic!("{other:?}"),
    }
    world.challenge("anna", &Session::new(), "code").await;
    assert!(matches!(next(&mut second).await, Some(ServerFrame::Challenge { .. })));
}

/// P10: a removed phone loses its open channel too.
#[tokio::test]
async fn a_removed_phone_is_cut_off_and_a_deleted_account_says_so() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let mut socket = live(&world, &phone).await;
    // The channel is open for certain once something came over it.
    world.challenge("anna", &Session::new(), "code").await;
    assert!(matches!(next(&mut socket).await, Some(ServerFrame::Challenge { .. })));
    world.call(&world.key, Method::DELETE, "/v1/users/anna", None).await;
    let mut last = Vec::new();
    while let Some(frame) = next(&mut socket).await {
        last.push(frame);
    }
    assert!(last.iter().any(|frame| matches!(frame, ServerFrame::Notice { .. })), "{last:?}");
    match last.last() {
        Some(ServerFrame::Bye { why, .. }) => assert_eq!(why.as_deref(), Some("device-revoked")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_proof_gets_a_farewell_and_nothing_else() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let other = world.phone("bert").await;
    for wrong in ["nonce", "key", "path", "form"] {
        let mut socket = connect(&world).await;
        let Some(ServerFrame::Hello { nonce }) = next(&mut socket).await else { panic!("hello comes first") };
        let proof = match wrong {
            "nonce" => phone.proof("GET", "/d/v1/live", b"", koppel_protocol::Nonce::from_bytes([7; 24])),
            "key" => {
                let mut mixed = world.phone("carla").await;
                mixed.device = other.device;
                mixed.proof("GET", "/d/v1/live", b"", nonce)
            }
            "path" => phone.proof("GET", "/d/v1/inbox", b"", nonce),
            _ => "hello".to_owned(),
        };
        say(&mut socket, json!({ "t": "proof", "proof": proof })).await;
        let farewell = next(&mut socket).await;
        assert!(matches!(farewell, Some(ServerFrame::Bye { .. })), "{wrong}: {farewell:?}");
        assert!(next(&mut socket).await.is_none(), "{wrong}: the channel is closed");
    }
}

#[tokio::test]
async fn a_stopping_server_says_goodbye_first() {
    let world = World::start().await;
    let phone = world.phone("anna").await;
    let mut socket = live(&world, &phone).await;
    world.challenge("anna", &Session::new(), "code").await;
    assert!(matches!(next(&mut socket).await, Some(ServerFrame::Challenge { .. })));
    let World { running, .. } = world;
    let stopping = tokio::spawn(running.stop());
    match next(&mut socket).await {
        Some(ServerFrame::Bye { reconnect_in, why }) => {
            assert!((1..=30).contains(&reconnect_in));
            assert_eq!(why.as_deref(), Some("server-stops"));
        }
        other => panic!("{other:?}"),
    }
    tokio::time::timeout(SOON, stopping).await.expect("stopped in time").expect("stopped");
}
