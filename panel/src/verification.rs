//! Talking to the verification server: two questions, and everything that can go wrong with them.
//!
//! Only an answer with the right status and the right form is an answer. A timeout, a 5xx, a redirect, broken JSON, a text
//! where a number should be: all of it is [`Trouble::Unavailable`], and nobody gets in. The server is never asked through
//! a proxy of the environment, and its answers are read up to 64 KiB.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, RequestBuilder, redirect};
use rustls::pki_types::CertificateDer;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::Zeroizing;

use crate::address::Address;
use crate::attempt::{Attempt, Purpose};
use crate::browser::Browser;
use crate::secret::{Secret, b64u, sha256};
use crate::users::User;

const LARGEST_ANSWER: usize = 64 * 1024;
/// Refusals that are about this login. Every other one is about the panel, and a person can do nothing about it.
const ABOUT_THE_LOGIN: [&str; 12] = [
    "wrong-binding",
    "not-found",
    "not-verified",
    "delivery-ended",
    "superseded",
    "already-decided",
    "not-enrolled",
    "expired",
    "account-locked",
    "method-disabled",
    "too-many-tries",
    "too-soon",
];
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// How long a person is let wait before they are told to try again.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Whether a phone is asked for a code to type here or for the number that stands on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The phone shows a code.
    Code,
    /// The person types a number on the phone, which signs.
    Number,
}

/// A page that checks the second factor, made for one attempt.
#[derive(Debug)]
pub struct Prompt {
    /// Its id.
    pub id: String,
    /// Where to send the browser: a page of the server.
    pub url: Url,
}

#[derive(Deserialize)]
struct Opened {
    prompt: String,
    url: String,
}

/// A second factor that was right, in the server's words.
#[derive(Debug, Deserialize)]
pub struct Verified {
    verified: bool,
    /// The external id.
    pub user: String,
    /// What for.
    pub purpose: Purpose,
    /// By which method.
    pub method: String,
    /// What the server says stands behind it.
    pub evidence: Evidence,
    /// The JWS that the phone showed.
    pub challenge: Option<String>,
    /// The JWS that the phone signed.
    pub decision: Option<String>,
    /// The key that it signed with.
    pub key: Option<PhoneKey>,
}

/// What the server says stands behind a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A phone signed.
    DeviceSignature,
    /// Nobody but the server.
    Server,
}

/// A phone's key, in the server's words.
#[derive(Debug, Deserialize)]
pub struct PhoneKey {
    /// Whose.
    pub device: String,
    /// base64url of its SubjectPublicKeyInfo.
    pub spki: String,
    /// base64url SHA-256 of that.
    pub thumbprint: String,
    /// How it is guarded.
    pub uv: String,
    /// An older phone's yes to it.
    pub endorsement: Option<Endorsement>,
}

/// An older phone's yes to a new key.
#[derive(Debug, Deserialize)]
pub struct Endorsement {
    /// The older phone.
    pub device: String,
    /// What it showed.
    pub challenge: String,
    /// What it signed.
    pub decision: String,
}

/// No answer that opens anything.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The server said no, and why (the end of the problem's type).
    #[error("the server refused: {0}")]
    Refused(String),
    /// The user has no second factor, and the server's rules ask none of them yet. Nobody was verified.
    #[error("no second factor is required yet")]
    NotRequired,
    /// No usable answer.
    #[error("no usable answer: {0}")]
    Unavailable(String),
}

#[derive(Serialize)]
struct NewPrompt<'a> {
    user: NewUser<'a>,
    purpose: Purpose,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
    binding: String,
    browser: &'a Browser,
    first_factor_at: i64,
    return_url: &'a str,
    state: String,
    locale: &'a str,
    password_changed_at: i64,
}

#[derive(Serialize)]
struct NewUser<'a> {
    external_id: &'a str,
    login_name: &'a str,
    display: &'a str,
}

#[derive(Serialize)]
struct Exchange<'a> {
    code: &'a str,
    v: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    #[serde(rename = "type")]
    kind: String,
    detail: String,
}

/// Where the verification server is, and as whom we speak to it.
pub struct VerificationServer {
    client: Client,
    api: Address,
    issuer: Address,
    key: Zeroizing<String>,
}

/// What a prompt is opened with, beside the attempt.
#[derive(Debug)]
pub struct Asking<'a> {
    /// Who.
    pub user: &'a User,
    /// From where.
    pub browser: &'a Browser,
    /// When the password was right.
    pub first_factor_at: i64,
    /// Where the browser comes back to.
    pub return_url: &'a str,
    /// `nl` or `en`.
    pub locale: &'a str,
    /// Code or number, where the panel has a wish.
    pub mode: Option<Mode>,
}

impl VerificationServer {
    /// `api` is where the panel asks, `issuer` the public address that comes back as `iss`; mostly they are the same.
    /// `roots` are trusted beside the bundled ones.
    pub fn new(
        api: Address,
        issuer: Address,
        key: Zeroizing<String>,
        roots: Vec<CertificateDer<'static>>,
        answer_within: Duration,
    ) -> anyhow::Result<Self> {
        let mut trusted = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in roots {
            trusted.add(root).context("a certificate of the --ca file cannot be used")?;
        }
        let provider = rustls::crypto::ring::default_provider();
        let mut tls = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(answer_within)
            .user_agent(concat!("koppel-panel/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, api, issuer, key })
    }

    /// The server's public address: `iss`, and where its pages are.
    pub fn issuer(&self) -> &Address {
        &self.issuer
    }

    /// Asks for a page that checks the second factor.
    pub async fn open_prompt(&self, attempt: &Attempt, asking: &Asking<'_>) -> Result<Prompt, Trouble> {
        let body = NewPrompt {
            user: NewUser {
                external_id: &asking.user.external_id,
                login_name: &asking.user.login_name,
                display: &asking.user.display,
            },
            purpose: attempt.purpose,
            mode: asking.mode,
            binding: attempt.binding(),
            browser: asking.browser,
            first_factor_at: asking.first_factor_at,
            return_url: asking.return_url,
            state: attempt.state.text(),
            locale: asking.locale,
            password_changed_at: asking.user.password_changed_at,
        };
        let request = self.post("/v1/prompts", &Secret::<16>::fresh().text()).json(&body);
        let opened: Opened = answer(request, 201).await?;
        // The id becomes part of an address, the address is where a person is sent.
        let url = Url::parse(&opened.url).ok().filter(|url| self.issuer.holds(url));
        match url {
            Some(url) if is_prompt_id(&opened.prompt) => Ok(Prompt { id: opened.prompt, url }),
            _ => Err(Trouble::Unavailable("the prompt leads somewhere else".to_owned())),
        }
    }

    /// Exchanges the code that a browser brought back. The idempotency key follows from the code, so that a reload of the
    /// page after a lost answer gets the same answer.
    pub async fn exchange(&self, prompt: &str, code: &str, v: &Secret<32>) -> Result<Verified, Trouble> {
        let once = b64u(&sha256(format!("result {prompt} {code}").as_bytes()));
        let request = self.post(&format!("/v1/prompts/{prompt}/result"), &once);
        let verified: Verified = answer(request.json(&Exchange { code, v: v.text() }), 200).await?;
        if !verified.verified {
            return Err(Trouble::Unavailable("200 without `verified`".to_owned()));
        }
        Ok(verified)
    }

    fn post(&self, path: &str, idempotency_key: &str) -> RequestBuilder {
        self.client
            .post(format!("{}{path}", self.api))
            .bearer_auth(self.key.as_str())
            .header("idempotency-key", idempotency_key)
    }
}

/// One answer with exactly this status and this form.
async fn answer<T: DeserializeOwned>(request: RequestBuilder, expected: u16) -> Result<T, Trouble> {
    let gone = |error: reqwest::Error| Trouble::Unavailable(format!("{:#}", anyhow::Error::from(error.without_url())));
    let mut response = request.send().await.map_err(gone)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(gone)? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(Trouble::Unavailable("the answer is too large".to_owned()));
        }
    }
    if status == expected {
        return serde_json::from_slice(&body).map_err(|error| Trouble::Unavailable(error.to_string()));
    }
    let problem = serde_json::from_slice::<Problem>(&body).unwrap_or_default();
    match problem.kind.strip_prefix("urn:koppel:problem:") {
        Some("not-required") if status == 409 => Err(Trouble::NotRequired),
        Some(slug) if (400..500).contains(&status) && ABOUT_THE_LOGIN.contains(&slug) => {
            Err(Trouble::Refused(slug.to_owned()))
        }
        // The detail is for whoever runs the panel: an unregistered return URL, a key without its scope.
        _ => {
            let detail: String = problem.detail.chars().take(300).collect();
            Err(Trouble::Unavailable(format!("status {status} {} {detail}", problem.kind)))
        }
    }
}

fn is_prompt_id(text: &str) -> bool {
    let base32 = |c: char| c.is_ascii_lowercase() || ('2'..='7').contains(&c);
    text.strip_prefix("pr_").is_some_and(|id| id.len() == 26 && id.chars().all(base32))
}
