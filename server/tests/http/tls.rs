//! TLS by itself, and the way down.

use std::time::Duration;

use koppel_server::{Config, Server};
use reqwest::{Client, Version};

use crate::fixture::{World, organisation};

async fn encrypted() -> (tempfile::TempDir, Config, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::new(folder.path().join("koppel.sqlite"));
    let mut organisation = organisation();
    organisation.public_url = "https://localhost:8443".to_owned();
    koppel_server::commands::init(&config, organisation).await.unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    config.tls = Some((cert, key));
    (folder, config, made.cert.der().to_vec())
}

fn client(root: &[u8]) -> Client {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.to_vec().into()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

#[tokio::test]
async fn the_server_speaks_tls_and_http_2_by_itself() {
    let (_folder, config, root) = encrypted().await;
    let running = Server::start(config).await.unwrap();
    let url = format!("https://localhost:{}/.well-known/koppel", running.address().port());
    let answer = client(&root).get(&url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let plain = Client::builder().no_proxy().build();
    let plain = plain.unwrap().get(url.replacen("https", "http", 1)).send().await;
    assert!(plain.is_err(), "plain text is not answered on the TLS port");
    running.stop().await;
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused_with_both_names() {
    let (folder, mut config, _) = encrypted().await;
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = folder.path().join("other.pem");
    std::fs::write(&key, other.signing_key.serialize_pem()).unwrap();
    config.tls = config.tls.map(|(cert, _)| (cert, key));
    let said = Server::start(config).await.expect_err("a wrong pair").to_string();
    assert!(said.contains("cert.pem") && said.contains("other.pem"), "{said}");
}

#[tokio::test]
async fn a_long_poll_ends_when_the_server_stops() {
    let world = World::start().await;
    world.phone("anna").await;
    let made = world.challenge("anna", &crate::fixture::Session::new(), "code").await;
    let (id, version) = (made["id"].as_str().unwrap().to_owned(), made["version"].as_u64().unwrap());
    let url = format!("{}/v1/challenges/{id}?after={version}&wait=25", world.url);
    let poll = world.http.get(url).bearer_auth(&world.key).send();
    let poll = tokio::spawn(poll);
    // The poll waits once the server counts it.
    while world.running.waiting_polls() == 0 {
        tokio::task::yield_now().await;
    }
    let World { running, .. } = world;
    tokio::time::timeout(Duration::from_secs(10), running.stop()).await.expect("it does not wait for the poll");
    assert_eq!(poll.await.unwrap().unwrap().status().as_u16(), 200, "the poll got its answer");
}
