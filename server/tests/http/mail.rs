//! Mail to users: what goes out, to whom, in whose language, over TLS, and what becomes of it when a mail server says no.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use koppel_protocol::SecretText;
use koppel_server::commands::{self, Command, MailStep};
use koppel_server::outbox::mail::{MailConfig, MailRoad};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use crate::fixture::{World, command, organisation};

/// Longer than this no test waits for a mail; rounds begin every second.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail as a server took it: to whom, and what.
struct Mail {
    to: String,
    text: String,
}

/// A mail server behind TLS (RFC 5321, RFC 4954, RFC 8314) that asks for a login and refuses who it is told to refuse.
struct Post {
    url: String,
    root: std::path::PathBuf,
    mails: mpsc::UnboundedReceiver<Mail>,
    answers: Arc<Mutex<Vec<(&'static str, &'static str)>>>,
}

impl Post {
    /// `answers`: an address and what RCPT TO of it hears, once.
    async fn start(folder: &std::path::Path) -> Post {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let root = folder.join("mail-ca.pem");
        std::fs::write(&root, made.cert.pem()).expect("written");
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a pair");
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtps://localhost:{}", listener.local_addr().expect("an address").port());
        let (sender, mails) = mpsc::unbounded_channel();
        let answers: Arc<Mutex<Vec<(&str, &str)>>> = Arc::default();
        let told = answers.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, sender, told) = (acceptor.clone(), sender.clone(), told.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = talk(stream, &sender, &told).await;
                    }
                });
            }
        });
        Post { url, root, mails, answers }
    }

    async fn next(&mut self) -> Mail {
        tokio::time::timeout(PATIENCE, self.mails.recv()).await.expect("a mail comes").expect("a mail")
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    mails: &mpsc::UnboundedSender<Mail>,
    answers: &Mutex<Vec<(&str, &str)>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 post.example ESMTP\r\n").await?;
    let (mut to, mut known) = (String::new(), false);
    loop {
        stream.flush().await?;
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let upper = line.to_ascii_uppercase();
        let answer = match upper.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-post.example\r\n250 AUTH PLAIN\r\n".to_owned(),
            // \0koppel\0correct horse
            "AUTH" if line.trim_end().ends_with("AGtvcHBlbABjb3JyZWN0IGhvcnNl") => {
                known = true;
                "235 2.7.0 welcome\r\n".to_owned()
            }
            "AUTH" => "535 5.7.8 no\r\n".to_owned(),
            "MAIL" if known => "250 2.1.0 fine\r\n".to_owned(),
            "MAIL" => "530 5.7.0 who are you\r\n".to_owned(),
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let mut answers = answers.lock().expect("answers");
                match answers.iter().position(|(address, _)| *address == to) {
                    Some(at) => format!("{}\r\n", answers.remove(at).1),
                    None => "250 2.1.5 fine\r\n".to_owned(),
                }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                stream.flush().await?;
                let mut text = String::new();
                while !text.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut text).await? == 0 {
                        return Ok(());
                    }
                }
                let _ = mails.send(Mail { to: to.clone(), text });
                "250 2.0.0 taken\r\n".to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                stream.flush().await?;
                return Ok(());
            }
            _ => "250 fine\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// What a mail says, with its quoted-printable undone (RFC 2045 §6.7) and its header lines unfolded.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace("=\n", "").replace("\n ", " ");
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'=' && after.len() >= 2)
            .then(|| std::str::from_utf8(&after[..2]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .flatten();
        match escaped {
            Some(escaped) => {
                bytes.push(escaped);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

async fn by_post(post: &Post, password: &str) -> World {
    let password = SecretText::new(password.to_owned()).expect("text");
    let login = Some(("koppel".to_owned(), password));
    let road = MailRoad::Server { url: post.url.clone(), login };
    World::arranged(organisation(), |config| {
        config.directory_ca = Some(post.root.clone());
        config.mail = Some(MailConfig { from: "Koppel <koppel@linden.example>".to_owned(), road });
    })
    .await
}

async fn put(world: &World, name: &str, mail: &[&str], locale: &str) {
    let body = json!({ "login_name": name, "mail": mail, "locale": locale });
    let answer = world.call(&world.key, Method::PUT, &format!("/v1/users/{name}"), Some(&body)).await;
    assert!(answer.status.is_success(), "{answer:?}");
}

async fn mail_log_until(world: &World, so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let looked = async {
        loop {
            let log = command(&world.config, Command::Mail(MailStep::Log { lost: false, limit: 50 })).await;
            let log = log["events"].as_array().expect("events").clone();
            if so(&log) {
                return log;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, looked).await.expect("it becomes so")
}

/// threats row 8: every known address is told.
#[tokio::test]
async fn every_address_is_told_what_changed_in_the_users_language_and_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut post = Post::start(folder.path()).await;
    let world = by_post(&post, "correct horse").await;
    put(&world, "anna", &["anna@klant.example", "werk@klant.example"], "nl").await;
    put(&world, "bert", &[], "nl").await;
    world.phone("bert").await;
    let phone = world.phone("anna").await;
    let (one, other) = (post.next().await, post.next().await);
    let mut to = [one.to.as_str(), other.to.as_str()];
    to.sort_unstable();
    assert_eq!(to, ["anna@klant.example", "werk@klant.example"]);
    let said = plain(&one.text);
    assert!(said.contains("Er is een telefoon gekoppeld bij De Linden"), "{said}");
    assert!(said.contains("Account: anna") && said.contains("Was u dit niet?"), "{said}");
    assert!(
        said.contains("Auto-Submitted: auto-generated") && said.contains("From: Koppel <koppel@linden.example>"),
        "{said}"
    );
    assert!(!said.contains("http"), "no link: {said}");

    // An address that is taken away hears of it, and for three days of what comes after.
    put(&world, "anna", &["anna@klant.example"], "en").await;
    let (one, other) = (post.next().await, post.next().await);
    assert!([&one, &other].iter().all(|mail| plain(&mail.text).contains("addresses of your account were changed")));
    assert!([one, other].iter().any(|mail| mail.to == "werk@klant.example"));
    world.clock.forward(3 * 86_400 + 1);
    let path = format!("/v1/users/anna/devices/{}", phone.device);
    assert_eq!(world.call(&world.key, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    let said = plain(&post.next().await.text);
    assert!(said.contains("A phone was unlinked at De Linden") && said.contains("Was this not you?"), "{said}");
    let log = mail_log_until(&world, |log| log.len() == 5 && log.iter().all(|one| one["state"] == "taken")).await;
    assert!(!json!(log).to_string().contains('@'), "no address in the log: {log:?}");
}

#[tokio::test]
async fn what_a_mail_server_does_not_take_now_comes_later_and_what_it_refuses_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut post = Post::start(folder.path()).await;
    let world = by_post(&post, "correct horse").await;
    post.answers.lock().expect("answers").extend([
        ("grey@klant.example", "451 4.7.1 greylisted, grey@klant.example, come again"),
        ("gone@klant.example", "550 5.1.1 gone@klant.example is not here"),
    ]);
    put(&world, "anna", &["grey@klant.example", "gone@klant.example"], "nl").await;
    world.phone("anna").await;
    let tried = |log: &[Value]| {
        log.len() == 2 && log.iter().all(|one| one["tries"].as_array().is_some_and(|tries| tries.len() == 1))
    };
    let log = mail_log_until(&world, tried).await;
    let mut states: Vec<_> =
        log.iter().map(|one| (one["state"].as_str().unwrap(), one["tries"][0]["said"].as_str().unwrap())).collect();
    states.sort_unstable();
    assert_eq!(
        states,
        [("lost", "550: the mail server refuses the address"), ("waiting", "451: the mail server does not take it")]
    );
    world.clock.forward(10);
    assert_eq!(post.next().await.to, "grey@klant.example");
    mail_log_until(&world, |log| log.iter().any(|one| one["state"] == "taken")).await;
    assert_eq!(command(&world.config, Command::Mail(MailStep::Again)).await["again"], 1);
    assert_eq!(post.next().await.to, "gone@klant.example");
}

#[tokio::test]
async fn a_mail_server_with_another_certificate_or_that_does_not_know_us_gets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut post = Post::start(folder.path()).await;
    let test = || Command::Mail(MailStep::Test { to: "anna@klant.example".to_owned() });
    let world = by_post(&post, "wrong horse").await;
    let refused = commands::perform(&world.config, test()).await.expect_err("no login");
    assert!(refused.0.contains("535"), "{refused}");
    world.running.stop().await;
    let road = MailRoad::Server { url: post.url.clone(), login: None };
    let from = "koppel@linden.example".to_owned();
    let stranger = World::arranged(organisation(), |config| config.mail = Some(MailConfig { from, road })).await;
    let refused = commands::perform(&stranger.config, test()).await.expect_err("no TLS");
    assert!(refused.0.contains("TLS failed") && !refused.0.contains("anna"), "{refused}");
    assert!(post.mails.try_recv().is_err());
}

#[tokio::test]
async fn a_folder_gets_mail_while_somebody_develops() {
    let folder = tempfile::tempdir().expect("a folder");
    let road = MailRoad::Folder(folder.path().to_owned());
    let from = "Koppel <koppel@linden.example>".to_owned();
    let world = World::arranged(organisation(), |config| config.mail = Some(MailConfig { from, road })).await;
    put(&world, "anna", &["anna@klant.example"], "nl").await;
    world.phone("anna").await;
    mail_log_until(&world, |log| log.len() == 1 && log[0]["state"] == "taken").await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(files[0].as_ref().expect("a file").path()).expect("a mail");
    assert!(plain(&text).contains("Er is een telefoon gekoppeld"), "{text}");
    let off = World::start().await;
    let refused = commands::perform(&off.config, Command::Mail(MailStep::Again)).await.expect_err("off");
    assert!(refused.0.contains("--mail-server"), "{refused}");
}
