//! A panel in a test: the public HTTP API of the server as typed calls, and the browser session that belongs to a login.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use rand::RngCore as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// One answer: the status and the JSON body (`null` when there was none).
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, or `null`.
    pub body: Value,
}

impl Answer {
    /// Whether the status is 2xx, which on `check`, `consume` and `result` means *verified*.
    #[must_use]
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The slug of a problem, the empty string for a success.
    #[must_use]
    pub fn problem(&self) -> &str {
        self.body["type"].as_str().and_then(|urn| urn.rsplit(':').next()).unwrap_or_default()
    }
}

/// The random `v` in a browser's session, and the binding that the server sees.
#[derive(Clone, Debug)]
pub struct BrowserSession {
    /// base64url of 32 random bytes; proves the session at check, consume and result.
    pub v: String,
    /// base64url of SHA-256 of those bytes.
    pub binding: String,
}

impl BrowserSession {
    /// A fresh session.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self { v: B64.encode(bytes), binding: B64.encode(Sha256::digest(bytes)) }
    }
}

impl Default for BrowserSession {
    fn default() -> Self {
        Self::new()
    }
}

/// The public API of one server with one key.
#[derive(Clone, Debug)]
pub struct PanelApi {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl PanelApi {
    /// A panel that talks to `base` (no trailing slash) with an API key.
    ///
    /// # Panics
    /// When no HTTP client can be made at all.
    #[must_use]
    pub fn new(base: &str, key: &str) -> Self {
        crate::install_crypto();
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(40))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client");
        Self { http, base: base.to_owned(), key: key.to_owned() }
    }

    /// Posts a body under a fresh idempotency key.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn post(&self, path: &str, body: Value) -> reqwest::Result<Answer> {
        let mut key = [0; 16];
        rand::rng().fill_bytes(&mut key);
        self.post_as(&B64.encode(key), path, body).await
    }

    /// Posts a body under a given idempotency key.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> reqwest::Result<Answer> {
        self.send(self.http.post(format!("{}{path}", self.base)).header("idempotency-key", key).json(&body)).await
    }

    /// Asks for a resource.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn get(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    /// Puts a resource.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn put(&self, path: &str, body: Value) -> reqwest::Result<Answer> {
        self.send(self.http.put(format!("{}{path}", self.base)).json(&body)).await
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn delete(&self, path: &str) -> reqwest::Result<Answer> {
        self.send(self.http.delete(format!("{}{path}", self.base))).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let answer = request.bearer_auth(&self.key).send().await?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status, body })
    }

    /// Makes a user whose external id and login name are the same word.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn put_user(&self, name: &str) -> reqwest::Result<Answer> {
        self.put(&format!("/v1/users/{name}"), json!({"login_name": name, "display": name})).await
    }

    /// A fresh koppelcode for a user, as the desk hands it out.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn koppelcode(&self, name: &str) -> reqwest::Result<Answer> {
        self.post(
            &format!("/v1/users/{name}/koppelcodes"),
            json!({"agent": "agent 7", "reason": "new phone", "ticket": "T-1"}),
        )
        .await
    }

    /// Confirms a pairing, as the desk does with the number that the caller reads out.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn confirm(&self, name: &str, pairing: &str, number: &str) -> reqwest::Result<Answer> {
        self.post(
            &format!("/v1/users/{name}/pairings/{pairing}/confirm"),
            json!({"check_number": number, "agent": "agent 7", "reason": "new phone", "ticket": "T-1"}),
        )
        .await
    }

    /// Lifts a lock, as the desk does.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn unlock(&self, name: &str) -> reqwest::Result<Answer> {
        self.post(
            &format!("/v1/users/{name}/unlock"),
            json!({"agent": "agent 7", "reason": "caller verified", "ticket": "T-2"}),
        )
        .await
    }

    /// Begins a login with pages of its own: the snapshot of a new challenge.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn challenge(&self, name: &str, mode: &str, session: &BrowserSession) -> reqwest::Result<Answer> {
        self.post("/v1/challenges", login(name, mode, session)).await
    }

    /// Checks typed digits.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn check(&self, challenge: &str, session: &BrowserSession, code: &str) -> reqwest::Result<Answer> {
        self.post(&format!("/v1/challenges/{challenge}/check"), json!({"v": session.v, "code": code})).await
    }

    /// Consumes an approval.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn consume(&self, challenge: &str, session: &BrowserSession) -> reqwest::Result<Answer> {
        self.post(&format!("/v1/challenges/{challenge}/consume"), json!({"v": session.v})).await
    }

    /// Asks for a new delivery: *Code nogmaals versturen*.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn resend(&self, challenge: &str, session: &BrowserSession) -> reqwest::Result<Answer> {
        self.post(&format!("/v1/challenges/{challenge}/deliveries"), json!({"v": session.v})).await
    }

    /// Cancels a login.
    ///
    /// # Errors
    /// When the server did not answer.
    pub async fn cancel(&self, challenge: &str, session: &BrowserSession) -> reqwest::Result<Answer> {
        self.post(&format!("/v1/challenges/{challenge}/cancel"), json!({"v": session.v})).await
    }
}

/// The body of a login for `name`, who typed the right password just now.
#[must_use]
pub fn login(name: &str, mode: &str, session: &BrowserSession) -> Value {
    json!({
        "user": {"external_id": name, "login_name": name},
        "purpose": "login",
        "mode": mode,
        "binding": session.binding,
        "browser": {"ip": "192.0.2.7", "user_agent": "Mozilla/5.0 (X11; Linux) Firefox/150.0"},
        "first_factor_at": crate::unix_seconds(),
    })
}
