//! The directory question: whether a user name and a password typed in the app are right.
//!
//! Koppel stores no end-user passwords. Where an organisation allows the login door, the question goes to its own
//! directory, signed like a webhook, answered within three seconds, never redirected. The password exists here only while
//! the question is asked; it is neither stored nor logged.

use std::sync::OnceLock;
use std::time::Duration;

use koppel_protocol::SecretText;
use reqwest::Client;
use ring::hmac;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::outgoing;

/// Longer than this nobody waits for a directory.
const WAIT: Duration = Duration::from_secs(3);
/// A directory's answer is two short texts.
const ANSWER: usize = 16 * 1024;

/// What the directory said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Right: this is the user.
    Known {
        /// The panel's stable id of the user.
        external_id: String,
        /// The name to show.
        display: Option<String>,
    },
    /// Wrong name or password.
    Wrong,
    /// No answer that means anything. Never read as "right".
    Unavailable,
}

#[derive(Serialize)]
struct Question<'a> {
    login_name: &'a str,
    password: &'a str,
}

#[derive(Deserialize)]
struct Known {
    external_id: String,
    #[serde(default)]
    display: Option<String>,
}

/// Asks directories. The HTTP client is made when it is first needed.
#[derive(Debug, Default)]
pub struct Directory {
    client: OnceLock<Option<Client>>,
    roots: Vec<rustls::pki_types::CertificateDer<'static>>,
}

impl Directory {
    /// `extra_roots` are trusted beside the bundled ones, for directories with a private CA.
    pub fn new(extra_roots: Vec<rustls::pki_types::CertificateDer<'static>>) -> Directory {
        Directory { client: OnceLock::new(), roots: extra_roots }
    }

    fn client(&self) -> Option<&Client> {
        self.client.get_or_init(|| outgoing::client(&self.roots)?.timeout(WAIT).build().ok()).as_ref()
    }

    /// Asks once. `now` in seconds stands in the signature.
    pub async fn ask(&self, url: &str, secret: &[u8], login_name: &str, password: &SecretText, now: u64) -> Answer {
        let Some(client) = self.client() else {
            tracing::error!("no HTTP client could be made; the directory was not asked");
            return Answer::Unavailable;
        };
        let question = Question { login_name, password: password.expose() };
        let Ok(body) = serde_json::to_vec(&question).map(Zeroizing::new) else {
            return Answer::Unavailable;
        };
        let request = client
            .post(url)
            .header("content-type", "application/json")
            .header("koppel-signature", signature(secret, now, &body))
            .body(body.to_vec());
        let asked = tokio::time::timeout(WAIT, async {
            let mut response = request.send().await.ok()?;
            let status = response.status().as_u16();
            let mut answer = Vec::new();
            while let Some(chunk) = response.chunk().await.ok()? {
                if answer.len() + chunk.len() > ANSWER {
                    return None;
                }
                answer.extend_from_slice(&chunk);
            }
            Some((status, answer))
        });
        match asked.await {
            Ok(Some((200, answer))) => match serde_json::from_slice::<Known>(&answer) {
                Ok(known) if !known.external_id.is_empty() => {
                    Answer::Known { external_id: known.external_id, display: known.display }
                }
                _ => Answer::Unavailable,
            },
            Ok(Some((403, _))) => Answer::Wrong,
            Ok(Some((status, _))) => {
                tracing::warn!(status, "the directory gave an answer that means nothing");
                Answer::Unavailable
            }
            Ok(None) | Err(_) => {
                tracing::warn!("the directory did not answer");
                Answer::Unavailable
            }
        }
    }
}

/// `t=<seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`
pub fn signature(secret: &[u8], now: u64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut context = hmac::Context::with_key(&key);
    context.update(now.to_string().as_bytes());
    context.update(b".");
    context.update(body);
    let mut text = format!("t={now},v1=");
    for byte in context.sign().as_ref() {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, http::StatusCode, routing::post};

    async fn ask(router: Router) -> Answer {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        let url = format!("http://{}/directory", listener.local_addr().expect("address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let password = SecretText::new("correct horse".to_owned()).expect("text");
        Directory::default().ask(&url, b"secret", "anna", &password, 7).await
    }

    #[tokio::test]
    async fn only_200_with_an_external_id_is_right_and_only_403_is_wrong() {
        let answers: &[(StatusCode, &str, Answer)] = &[
            (
                StatusCode::OK,
                r#"{"external_id":"42","display":"Anna"}"#,
                Answer::Known { external_id: "42".to_owned(), display: Some("Anna".to_owned()) },
            ),
            (StatusCode::OK, r#"{"external_id":""}"#, Answer::Unavailable),
            (StatusCode::OK, "{}", Answer::Unavailable),
            (StatusCode::OK, "welcome", Answer::Unavailable),
            (StatusCode::CREATED, r#"{"external_id":"42"}"#, Answer::Unavailable),
            (StatusCode::FORBIDDEN, "", Answer::Wrong),
            (StatusCode::UNAUTHORIZED, "", Answer::Unavailable),
            (StatusCode::INTERNAL_SERVER_ERROR, "", Answer::Unavailable),
        ];
        for (status, body, expected) in answers {
            let (status, body) = (*status, (*body).to_owned());
            let router = Router::new().route("/directory", post(move || async move { (status, body) }));
            assert_eq!(ask(router).await, *expected, "{status}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let router = Router::new()
            .route("/directory", post(|| async { axum::response::Redirect::temporary("/other") }))
            .route("/other", post(|| async { r#"{"external_id":"42"}"# }));
        assert_eq!(ask(router).await, Answer::Unavailable);
    }

    #[tokio::test]
    async fn an_endless_answer_is_not_read() {
        let router = Router::new().route("/directory", post(|| async { "x".repeat(ANSWER + 1) }));
        assert_eq!(ask(router).await, Answer::Unavailable);
    }

    #[tokio::test]
    async fn nobody_there_is_unavailable() {
        let password = SecretText::new("x".to_owned()).expect("text");
        let answer = Directory::default().ask("http://127.0.0.1:1/", b"s", "anna", &password, 7).await;
        assert_eq!(answer, Answer::Unavailable);
    }
}
