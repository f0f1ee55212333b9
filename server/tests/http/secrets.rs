//! What must not be found: secrets in logs and in the database (threats rows 28 and 36, promise P12).

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use koppel_protocol::decision::Verdict;
use reqwest::Method;
use serde_json::json;

use crate::fixture::{Answer, Session, USER_AGENT, World};

/// A whole life of a user; what comes back are the secrets that were in play.
async fn life(world: &World) -> Vec<(&'static str, String)> {
    let mut secrets = vec![("api key", world.key.clone())];
    let koppelcode = {
        world.put_user("anna").await;
        world.koppelcode("anna").await
    };
    secrets.push(("koppelcode", koppelcode.replace('-', "")));
    let phone = world.phone("anna").await;
    secrets.push(("auth secret", phone.keys.auth.to_text().to_string()));
    let session = Session::new();
    secrets.push(("v", session.v()));
    let challenge = world.challenge("anna", &session, "code").await;
    let code = phone.code(world).await;
    secrets.push(("code", format!("\"{code}\"")));
    let path = format!("/v1/challenges/{}/check", challenge["id"].as_str().unwrap());
    world.post(&path, json!({ "v": session.v(), "code": "000001" })).await;
    world.post(&path, json!({ "v": session.v(), "code": code })).await;
    let session = Session::new();
    let challenge = world.challenge("anna", &session, "number").await;
    let number = challenge["number"].as_str().unwrap().to_owned();
    phone.answer(world, Verdict::Approve, Some(&number)).await;
    let path = format!("/v1/challenges/{}/consume", challenge["id"].as_str().unwrap());
    world.post(&path, json!({ "v": session.v() })).await;
    let prompt = world.post("/v1/prompts", world.prompt("anna", &session)).await;
    let url = prompt.body["url"].as_str().unwrap().to_owned();
    let token = url.rsplit('/').next().unwrap().to_owned();
    let bound = world.http.get(&url).header("user-agent", USER_AGENT).send().await.unwrap();
    let bound = Answer::of(bound).await;
    let cookie = bound.headers["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    secrets.push(("page token", token));
    secrets.push(("cookie", cookie));
    let password = "correct-horse-battery-canary";
    let login = json!({
        "v": 1, "door": "login", "C": koppel_protocol::bytes::encode(&[7; 32]), "rq": koppel_protocol::bytes::encode(&[7; 16]),
        "user": "anna", "password": password,
    });
    world.http.post(format!("{}/d/v1/pairings", world.url)).json(&login).send().await.unwrap();
    secrets.push(("password", password.to_owned()));
    secrets
}

/// Where a user is reached; what comes back must be nowhere but in the user's own row.
async fn told_contacts(world: &World) -> Vec<(&'static str, String)> {
    let body = json!({ "login_name": "bas", "mobile": "06-87654321", "mail": ["bas.canary@example.nl"] });
    let told = world.call(&world.key, Method::PUT, "/v1/users/bas", Some(&body)).await;
    assert!(told.status.is_success(), "{told:?}");
    let wrong = json!({ "login_name": "bas", "mobile": "06-876543210", "mail": ["bas.canary"] });
    assert_eq!(world.call(&world.key, Method::PUT, "/v1/users/bas", Some(&wrong)).await.slug(), "invalid-field");
    world.get("/v1/users/bas").await;
    vec![("number", "87654321".to_owned()), ("address", "bas.canary".to_owned())]
}

fn find(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[tokio::test]
async fn whoever_reads_the_database_finds_no_secret() {
    let world = World::start().await;
    let mut secrets = life(&world).await;
    let keys = std::fs::read_to_string(&world.config.keys).unwrap();
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    for name in ["kek", "code", "nonce", "lookup", "session"] {
        secrets.push(("server key", keys[name].as_str().unwrap().to_owned()));
    }
    let World { running, folder, .. } = world;
    let mut checked = holds_no_secret(folder.path(), &secrets);
    running.stop().await;
    checked += holds_no_secret(folder.path(), &secrets);
    assert!(checked >= 3, "database and log were read, before and after the end");
}

/// threats row 15: of whoever is deleted no number and no address is left in any file.
#[tokio::test]
async fn a_deleted_user_s_number_is_in_no_file() {
    let world = World::start().await;
    let told = told_contacts(&world).await;
    let files = || std::fs::read_dir(world.folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let stands = |needle: &str| files().any(|path| path.is_file() && find(&std::fs::read(path).unwrap(), needle));
    assert!(told.iter().all(|(_, secret)| stands(secret)), "it was there");
    let deleted = world.call(&world.key, Method::DELETE, "/v1/users/bas", None).await;
    assert!(deleted.status.is_success(), "{deleted:?}");
    let World { running, folder, .. } = world;
    running.stop().await;
    assert!(holds_no_secret(folder.path(), &told) >= 1, "the database was read");
}

/// How many files of the database were read.
fn holds_no_secret(folder: &std::path::Path, secrets: &[(&str, String)]) -> usize {
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".keys") || name.ends_with(".sock") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        checked += 1;
        for (what, secret) in secrets {
            assert!(!find(&bytes, secret), "{name} holds the {what}");
            let raw = koppel_protocol::bytes::decode(secret).unwrap_or_default();
            let found = raw.len() >= 16 && bytes.windows(raw.len()).any(|window| window == raw);
            assert!(!found, "{name} holds the {what} in bytes");
        }
    }
    checked
}

/// The real program, its log at its most talkative.
#[tokio::test]
async fn the_log_of_a_whole_life_holds_no_secret() {
    let world = World::start().await;
    let World { running, folder, config, http, clock, key, sibling, .. } = world;
    running.stop().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let url = format!("http://{address}");
    let mut server = Command::new(env!("CARGO_BIN_EXE_koppel-server"))
        .args(["serve", "--listen", &address, "--public-url", &url, "--database"])
        .arg(&config.database)
        .env("KOPPEL_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first.trim(), format!("listening on {url}"));
    let mut log = server.stderr.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).unwrap();
        text
    });
    // A second server only to borrow its helpers: this world talks to the process.
    let other = World::start().await;
    let World { running: unused, folder: _other_folder, .. } = other;
    let world = World { running: unused, url, folder, config, http, clock, key, sibling };
    let mut secrets = life(&world).await;
    secrets.extend(told_contacts(&world).await);
    std::process::Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(server.wait().unwrap().success(), "it stops by itself");
    let log = reading.join().unwrap();
    assert!(log.lines().count() > 20, "the log is talkative: {log}");
    for (what, secret) in secrets {
        assert!(!log.contains(&secret), "the log holds the {what}");
    }
}
