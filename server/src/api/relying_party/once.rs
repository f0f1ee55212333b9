//! Idempotency: the same request gets the same answer, whatever happened to the first one on its way.
//!
//! The row is written in the operation's own transaction. It holds the answer sealed under the key-encryption key, because an
//! answer may hold a koppelcode or a number. What was not decided (400, 401, 429, 5xx) is not recorded.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use koppel_domain::{Refusal, Reply, SharedBytes};
use koppel_protocol::Bytes;
use koppel_store::{Answer, Idempotency};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::problem::{Problem, Slug};

const HEADER: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer as it is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    status: u16,
    body: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    problem: Option<RecordedProblem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct RecordedProblem {
    slug: Slug,
    detail: String,
    tries_left: Option<u32>,
}

impl Recorded {
    /// A success.
    pub(crate) fn ok(status: StatusCode, body: Value) -> Recorded {
        Recorded { status: status.as_u16(), body, problem: None }
    }

    /// A refusal.
    pub(crate) fn of_problem(problem: &Problem) -> Recorded {
        let recorded =
            RecordedProblem { slug: problem.slug, detail: problem.detail.to_string(), tries_left: problem.tries_left };
        Recorded { status: problem.status().as_u16(), body: Value::Null, problem: Some(recorded) }
    }

    /// The answer, or the refusal that was recorded.
    pub(crate) fn into_result(self) -> Result<(StatusCode, Value), Problem> {
        match self.problem {
            Some(problem) => {
                let RecordedProblem { slug, detail, tries_left } = problem;
                Err(Problem { tries_left, ..Problem::because(slug, detail) })
            }
            None => Ok((StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK), self.body)),
        }
    }
}

/// Whether a refusal is a verdict that stands. That no factor is required yet is none: asked again, it is looked at again.
fn is_verdict(refusal: Refusal) -> bool {
    !matches!(refusal, Refusal::NotRequired { .. }) && !matches!(refusal.problem().status(), 400 | 401 | 429 | 500..)
}

/// One request under its idempotency key.
#[derive(Clone)]
pub(crate) struct Once {
    app: Arc<App>,
    key: Bytes<32>,
    body: Bytes<32>,
}

impl Once {
    /// Reads the header.
    ///
    /// # Errors
    /// *Invalid request* when it is missing or malformed.
    pub(crate) fn of(
        app: &Arc<App>,
        caller: &[u8],
        route: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Once, Problem> {
        let mut keys = headers.get_all(HEADER).iter();
        let key = match (keys.next().and_then(|key| key.to_str().ok()), keys.next()) {
            (Some(key), None) if (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                key
            }
            _ => {
                let advice =
                    "Send one header Idempotency-Key of 1 to 128 visible ASCII characters, new for each new request.";
                return Err(Problem::because(Slug::InvalidRequest, advice));
            }
        };
        Ok(Once::under(app, caller, route, key, body))
    }

    /// Under a key that is already known to be well formed.
    pub(crate) fn under(app: &Arc<App>, caller: &[u8], route: &str, key: &str, body: &[u8]) -> Once {
        Once {
            app: app.clone(),
            key: app.derive.idempotency_key(caller, route, key),
            body: app.derive.idempotency_body(body),
        }
    }

    fn place(key: &Bytes<32>) -> Vec<u8> {
        [b"koppel/idempotency/answer/v1".as_slice(), key.as_bytes()].concat()
    }

    /// What the store needs; `render` makes the answer of a success.
    pub(crate) fn idempotency(&self, render: impl Fn(&Reply) -> Recorded + Send + Sync + 'static) -> Idempotency {
        let (app, key) = (self.app.clone(), self.key);
        let seal = move |verdict: &Result<Reply, Refusal>| {
            let recorded = match verdict {
                Ok(reply) => render(reply),
                Err(refusal) if is_verdict(*refusal) => Recorded::of_problem(&Problem::from(*refusal)),
                Err(_) => return None,
            };
            let plain = zeroize::Zeroizing::new(serde_json::to_vec(&recorded).ok()?);
            app.keys.sealer.seal(&Once::place(&key), &plain).ok().map(SharedBytes::from)
        };
        Idempotency { key: self.key, body: self.body, seal: Arc::new(seal) }
    }

    /// What the store answered, rendered or opened.
    pub(crate) fn answer(&self, answer: Answer, render: impl Fn(&Reply) -> Recorded) -> Result<Answered, Problem> {
        match answer {
            Answer::Decided(verdict) => {
                let (status, body) = render(&verdict?).into_result()?;
                Ok(Answered { status, body, replayed: false })
            }
            Answer::Replayed(sealed) => {
                let lost = |why: String| {
                    tracing::error!(why, "a recorded answer does not open");
                    Problem::new(Slug::Unavailable)
                };
                let plain = self
                    .app
                    .keys
                    .sealer
                    .open(&Once::place(&self.key), &sealed)
                    .map_err(|error| lost(error.to_string()))?;
                let recorded: Recorded = serde_json::from_slice(&plain).map_err(|error| lost(error.to_string()))?;
                let (status, body) = recorded.into_result()?;
                Ok(Answered { status, body, replayed: true })
            }
        }
    }
}

/// An answer, the first time or again.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) replayed: bool,
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let mut response =
            (self.status, [(header::CONTENT_TYPE, "application/json")], self.body.to_string()).into_response();
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
