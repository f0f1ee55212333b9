//! A server that means harm (row 39 of the threat list): endless, enormous, deep, slow, elsewhere.
//!
//! Each test speaks raw TCP, so that it can say what no well-behaved library would.

use std::net::SocketAddr;
use std::time::Duration;

use koppel_client::http::{Answer, HttpClient, HttpError, LARGEST_ANSWER, Question};
use koppel_client::live::LiveChannel;
use koppel_client::tls::Roots;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that reads the request's head, says `first`, and then `again` for as long as it is listened to.
async fn server_that_says(first: Vec<u8>, again: &'static [u8]) -> (SocketAddr, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let said = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        let mut sent = 0;
        if stream.write_all(&first).await.is_err() {
            return sent;
        }
        sent += first.len();
        while !again.is_empty() && stream.write_all(again).await.is_ok() {
            sent += again.len();
        }
        // Stay until the other side leaves.
        while stream.read(&mut [0; 64]).await.unwrap_or(0) > 0 {}
        sent
    });
    (address, said)
}

async fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
}

async fn ask(address: SocketAddr) -> Result<Answer, HttpError> {
    ask_within(address, Duration::from_secs(20)).await
}

async fn ask_within(address: SocketAddr, deadline: Duration) -> Result<Answer, HttpError> {
    let origin = format!("http://{address}");
    let client = HttpClient::with_deadline(&origin, &Roots::bundled(), None, deadline)?;
    client.ask(Question { path: "/d/v1/inbox", body: Some(b"{}"), content_type: "application/json", proof: None }).await
}

fn head(more: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{more}\r\n").into_bytes()
}

#[tokio::test]
async fn an_endless_body_is_cut_off_at_the_limit() {
    let first = head("Transfer-Encoding: chunked\r\n");
    let (address, said) = server_that_says(first, b"5\r\n     \r\n").await;
    assert_eq!(ask(address).await.unwrap_err(), HttpError::TooLarge);
    // What the kernel's buffers held on top of the limit is the most that was ever taken.
    assert!(said.await.unwrap() < 64 * LARGEST_ANSWER);
}

#[tokio::test]
async fn four_gigabytes_announced_are_refused_before_a_byte_of_them_is_read() {
    let (address, _said) = server_that_says(head("Content-Length: 4294967296\r\n"), b"").await;
    assert_eq!(ask(address).await.unwrap_err(), HttpError::TooLarge);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let mut first = head(&format!("Content-Length: {LARGEST_ANSWER}\r\n"));
    first.extend(vec![b' '; LARGEST_ANSWER]);
    let (address, _said) = server_that_says(first, b"").await;
    assert_eq!(ask(address).await.unwrap().body.len(), LARGEST_ANSWER);
}

#[tokio::test]
async fn deep_json_is_refused_before_it_is_parsed() {
    let body = "[".repeat(100_000);
    let first = [head(&format!("Content-Length: {}\r\n", body.len())), body.into_bytes()].concat();
    let (address, _said) = server_that_says(first, b"").await;
    assert_eq!(ask(address).await.unwrap_err(), HttpError::Malformed);
}

#[tokio::test]
async fn a_redirect_is_followed_nowhere() {
    for target in ["file:///etc/passwd", "http://127.0.0.1:1/", "intent://x#Intent;end"] {
        let first = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n");
        let (address, _said) = server_that_says(first.into_bytes(), b"").await;
        assert_eq!(ask(address).await.unwrap_err(), HttpError::Malformed);
    }
}

#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    let first = head("Content-Encoding: gzip\r\nContent-Length: 2\r\n");
    let (address, _said) = server_that_says([first, b"\x1f\x8b".to_vec()].concat(), b"").await;
    assert_eq!(ask(address).await.unwrap_err(), HttpError::Malformed);
}

#[tokio::test]
async fn a_server_that_never_finishes_is_given_up_at_the_deadline() {
    let (address, _said) = server_that_says(head("Content-Length: 100\r\n"), b"").await;
    let answer = ask_within(address, Duration::from_millis(200)).await;
    assert_eq!(answer.unwrap_err(), HttpError::TimedOut);
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let (address, _said) = server_that_says(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Y: zzzzzzzz\r\n").await;
    assert!(ask(address).await.is_err());
}

#[tokio::test]
async fn what_is_not_http_at_all_is_an_error_and_no_panic() {
    let (address, _said) = server_that_says(vec![0; 4096], b"").await;
    assert!(ask(address).await.is_err());
}

#[tokio::test]
async fn a_connection_is_used_again_until_the_server_ends_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let connections = tokio::spawn(async move {
        for connections in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            for more in ["", "", "Connection: close\r\n"] {
                read_head(&mut stream).await;
                let answer = format!("HTTP/1.1 200 OK\r\n{more}Content-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            if connections == 3 {
                return;
            }
        }
    });
    let client = HttpClient::new(&origin, &Roots::bundled(), None).unwrap();
    for _ in 0..9 {
        let question = Question { path: "/d/v1/inbox", body: None, content_type: "", proof: None };
        assert_eq!(client.ask(question).await.unwrap().status, 200);
    }
    connections.await.unwrap();
}

#[tokio::test]
async fn what_may_have_left_is_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        read_head(&mut stream).await;
        drop(stream);
        listener
    });
    let client = HttpClient::new(&origin, &Roots::bundled(), None).unwrap();
    let question = Question { path: "/d/v1/inbox", body: None, content_type: "", proof: None };
    client.ask(question).await.unwrap();
    assert_eq!(client.ask(question).await.unwrap_err(), HttpError::Unreachable);
    let listener = heard.await.unwrap();
    let second = tokio::time::timeout(Duration::from_millis(100), listener.accept());
    assert!(second.await.is_err(), "nobody connects to say it once more");
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(ask(address).await.unwrap_err(), HttpError::Unreachable);
}

#[tokio::test]
async fn a_certificate_of_unknown_origin_is_not_trusted() {
    let (address, _key) = tls_server().await;
    let origin = format!("https://localhost:{}", address.port());
    let client = HttpClient::new(&origin, &Roots::bundled(), None).unwrap();
    let answer = client.ask(Question { path: "/", body: None, content_type: "", proof: None }).await;
    assert_eq!(answer.unwrap_err(), HttpError::Untrusted);
    let opened = LiveChannel::open(&origin, &Roots::bundled(), None).await;
    assert_eq!(opened.unwrap_err().error, HttpError::Untrusted);
}

#[tokio::test]
async fn a_pinned_key_is_trusted_whoever_certified_it_and_another_key_is_not() {
    let (address, spki) = tls_server().await;
    let origin = format!("https://localhost:{}", address.port());
    let ask = Question { path: "/", body: None, content_type: "", proof: None };
    let right = koppel_protocol::hash::sha256(&spki);
    let client = HttpClient::new(&origin, &Roots::bundled(), Some(right)).unwrap();
    assert_eq!(client.ask(ask).await.unwrap().status, 200);
    let client = HttpClient::new(&origin, &Roots::bundled(), Some(koppel_protocol::Bytes::new([0; 32]))).unwrap();
    assert_eq!(client.ask(ask).await.unwrap_err(), HttpError::Untrusted);
}

/// A TLS server with a certificate of its own making; it answers every request with an empty 200.
async fn tls_server() -> (SocketAddr, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&made.signing_key);
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut piece = [0; 1024];
                let _ = stream.read(&mut piece).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                let _ = stream.flush().await;
                let _ = stream.read(&mut piece).await;
            });
        }
    });
    (address, spki)
}

mod live {
    use axum::Router;
    use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
    use axum::routing::get;
    use koppel_client::live::Heard;

    use super::*;

    /// A server that completes the WebSocket handshake and then does as `behave` says.
    async fn websocket<F>(behave: impl Fn(WebSocket) -> F + Clone + Send + Sync + 'static) -> String
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let app = Router::new()
            .route("/d/v1/live", get(move |upgrade: WebSocketUpgrade| async move { upgrade.on_upgrade(behave) }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    async fn open(origin: &str) -> LiveChannel {
        LiveChannel::open(origin, &Roots::bundled(), None).await.unwrap()
    }

    #[tokio::test]
    async fn frames_and_heartbeats_come_in_the_order_they_were_sent() {
        let origin = websocket(|mut socket| async move {
            let _ = socket.send(Message::Text("{\"t\":\"hello\"}".into())).await;
            let _ = socket.send(Message::Ping(Default::default())).await;
            let echo = socket.recv().await;
            if let Some(Ok(echo)) = echo {
                let _ = socket.send(echo).await;
            }
        })
        .await;
        let mut channel = open(&origin).await;
        assert_eq!(channel.next().await, Ok(Heard::Frame("{\"t\":\"hello\"}".into())));
        assert_eq!(channel.next().await, Ok(Heard::Heartbeat));
    }

    #[tokio::test]
    async fn a_flood_of_frames_is_cut_off() {
        let origin =
            websocket(|mut socket| async move { while socket.send(Message::Text("{}".into())).await.is_ok() {} }).await;
        let mut channel = open(&origin).await;
        let mut frames = 0;
        let end = loop {
            match channel.next().await {
                Ok(Heard::Frame(_)) => frames += 1,
                other => break other,
            }
        };
        assert_eq!(end, Err(HttpError::TooLarge));
        assert_eq!(frames, 500);
    }

    #[tokio::test]
    async fn an_enormous_frame_is_refused() {
        let origin = websocket(|mut socket| async move {
            let _ = socket.send(Message::Text("x".repeat(100_000).into())).await;
            let _ = socket.recv().await;
        })
        .await;
        assert_eq!(open(&origin).await.next().await, Err(HttpError::TooLarge));
    }

    #[tokio::test]
    async fn a_deep_frame_is_refused() {
        let origin = websocket(|mut socket| async move {
            let _ = socket.send(Message::Text("[".repeat(17).into())).await;
            let _ = socket.recv().await;
        })
        .await;
        assert_eq!(open(&origin).await.next().await, Err(HttpError::Malformed));
    }

    #[tokio::test]
    async fn a_server_that_drops_the_channel_is_an_end_and_no_error() {
        let origin = websocket(|socket| async move { drop(socket) }).await;
        assert_eq!(open(&origin).await.next().await, Ok(Heard::End));
    }

    #[tokio::test]
    async fn a_refused_upgrade_says_how_long_to_wait() {
        let first = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
        let (address, _said) = server_that_says(first.to_vec(), b"").await;
        let refused = LiveChannel::open(&format!("http://{address}"), &Roots::bundled(), None).await;
        assert_eq!(refused.unwrap_err().retry_after, Some(Duration::from_secs(7)));
    }

    #[tokio::test]
    async fn a_handshake_with_the_wrong_answer_opens_nothing() {
        let first = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n";
        let (address, _said) = server_that_says(first.to_vec(), b"").await;
        let opened = LiveChannel::open(&format!("http://{address}"), &Roots::bundled(), None).await;
        assert!(opened.is_err());
    }
}
