//! Questions to a server over HTTP, with limits on everything that comes back.
//!
//! The companion talks to servers of many owners, and any of them may be hostile. An answer is read up to 256 KiB and not a byte
//! further, whatever its `Content-Length` says; its JSON may be 16 levels deep; all of it must be there within the
//! deadline; a redirect is an error, since nothing in the protocol redirects; no content encoding is offered and none is accepted;
//! no proxy of the environment is asked, because what would be sent through it is a second factor.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{Client, Method, Response, redirect};
use serde::de::DeserializeOwned;

use crate::tls::{Roots, TlsPin};

/// The most bytes of an answer's body.
pub const LARGEST_ANSWER: usize = 256 * 1024;
/// The deepest nesting of an answer's JSON.
pub const DEEPEST_JSON: usize = 16;
const CONNECT_WITHIN: Duration = Duration::from_secs(8);
/// The whole exchange, body included.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(15);
const DEVICE_PROOF: HeaderName = HeaderName::from_static("device-proof");
const KOPPEL_NONCE: HeaderName = HeaderName::from_static("koppel-nonce");
const KOPPEL_TIME: HeaderName = HeaderName::from_static("koppel-time");

/// Why there is no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection: no network, no such name, nobody listens.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The certificate is not trusted, or TLS failed otherwise.
    #[error("the server's certificate is not trusted")]
    Untrusted,
    /// No whole answer within the deadline.
    #[error("the server did not answer in time")]
    TimedOut,
    /// More than 256 KiB.
    #[error("the server's answer is too large")]
    TooLarge,
    /// Not HTTP, not JSON, too deep, encoded, redirected.
    #[error("the server's answer makes no sense")]
    Malformed,
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The literal path, `/d/v1/…`.
    pub path: &'a str,
    /// `None` asks by GET, `Some` posts.
    pub body: Option<&'a [u8]>,
    /// `application/json` or `application/jose`.
    pub content_type: &'static str,
    /// The compact JWS of the `Device-Proof` header.
    pub proof: Option<&'a str>,
}

/// What came back, its limits already checked.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The server's newest nonce.
    pub nonce: Option<String>,
    /// The server's clock, milliseconds since 1970.
    pub time_ms: Option<i64>,
    /// How long to wait before asking again.
    pub retry_after: Option<Duration>,
    /// The body: JSON of at most 16 levels, or empty.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the server did what was asked.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as `T`; unknown fields are ignored.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|_| HttpError::Malformed)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// A client for one server (its trust can be its own).
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: Client,
    origin: String,
}

impl HttpClient {
    /// A client for the server at `origin` (`https://host[:port]`, no slash at the end).
    pub fn new(origin: &str, roots: &Roots, pin: Option<TlsPin>) -> Result<Self, HttpError> {
        Self::with_deadline(origin, roots, pin, ANSWER_WITHIN)
    }

    /// The same with another deadline for a whole exchange.
    pub fn with_deadline(
        origin: &str,
        roots: &Roots,
        pin: Option<TlsPin>,
        deadline: Duration,
    ) -> Result<Self, HttpError> {
        let tls = roots.config(pin, &[b"http/1.1"]).map_err(|_| HttpError::Untrusted)?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("koppel/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(deadline)
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(2)
            .build()
            .map_err(|_| HttpError::Untrusted)?;
        Ok(Self { client, origin: origin.to_owned() })
    }

    /// Asks once. Retrying is the caller's decision: only they know what may be sent twice.
    pub async fn ask(&self, question: Question<'_>) -> Result<Answer, HttpError> {
        let method = match question.body {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let mut request = self.client.request(method, format!("{}{}", self.origin, question.path));
        if let Some(body) = question.body {
            request = request.header(CONTENT_TYPE, question.content_type).body(body.to_vec());
        }
        if let Some(proof) = question.proof {
            let mut value = HeaderValue::from_str(proof).map_err(|_| HttpError::Malformed)?;
            value.set_sensitive(true);
            request = request.header(DEVICE_PROOF, value);
        }
        let response = request.send().await.map_err(translate)?;
        read(response).await
    }
}

async fn read(mut response: Response) -> Result<Answer, HttpError> {
    let status = response.status().as_u16();
    if response.status().is_redirection() {
        return Err(HttpError::Malformed);
    }
    let headers = response.headers();
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(HttpError::Malformed);
    }
    if number(headers, CONTENT_LENGTH).is_some_and(|length| length > LARGEST_ANSWER as i64) {
        return Err(HttpError::TooLarge);
    }
    let nonce = text(headers, KOPPEL_NONCE).filter(|nonce| nonce.len() <= 128);
    let time_ms = number(headers, KOPPEL_TIME);
    let retry_after = number(headers, RETRY_AFTER)
        .and_then(|seconds| u64::try_from(seconds).ok())
        .map(|seconds| Duration::from_secs(seconds.min(24 * 3600)));
    let is_json = text(headers, CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/"));

    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(translate)? {
        if body.len() + piece.len() > LARGEST_ANSWER {
            return Err(HttpError::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    if is_json && !is_shallow(&body, DEEPEST_JSON) {
        return Err(HttpError::Malformed);
    }
    Ok(Answer { status, nonce, time_ms, retry_after, body })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn number(headers: &HeaderMap, name: HeaderName) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn translate(error: reqwest::Error) -> HttpError {
    if error.is_timeout() {
        HttpError::TimedOut
    } else if error.source().is_some_and(is_about_tls) {
        HttpError::Untrusted
    } else if error.is_builder() {
        HttpError::Malformed
    } else {
        HttpError::Unreachable
    }
}

/// Whether a TLS error is at the bottom of this. An `io::Error` hides what it wraps from `source()`, so both ways are taken.
pub(crate) fn is_about_tls(error: &(dyn Error + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    let wrapped =
        error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).is_some_and(|wrapped| is_about_tls(wrapped));
    wrapped || error.source().is_some_and(is_about_tls)
}

/// Whether no value of this JSON is nested deeper than `limit`. Looks at brackets outside strings only, so it is safe on
/// anything, JSON or not.
pub fn is_shallow(json: &[u8], limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return false;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_shallow;

    #[test]
    fn brackets_in_strings_do_not_count_as_depth() {
        assert!(is_shallow(br#"{"a":"[[[[[[[[[[\"[[[["}"#, 1));
        assert!(is_shallow(br#"[[1],[2],[3]]"#, 2));
        assert!(!is_shallow(br#"[[[1]]]"#, 2));
        assert!(is_shallow(b"]]]]", 1));
    }
}
