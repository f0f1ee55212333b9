//! Questions to a server over HTTP, with limits on everything that comes back.
//!
//! The companion talks to servers of many owners, and any of them may be hostile. An answer is read up to 256 KiB and not a byte
//! further, whatever its `Content-Length` says; its JSON may be 16 levels deep; all of it must be there within the
//! deadline; a redirect is an error, since nothing in the protocol redirects; no content encoding is offered and none is accepted;
//! no proxy of the environment is asked, because what would be sent through it is a second factor.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::dial::Address;
use crate::tls::{Roots, TlsPin};

/// The most bytes of an answer's body.
pub const LARGEST_ANSWER: usize = 256 * 1024;
/// The deepest nesting of an answer's JSON.
pub const DEEPEST_JSON: usize = 16;
const CONNECT_WITHIN: Duration = Duration::from_secs(8);
/// A connection that lay idle longer is not used again.
const IDLE_FOR: Duration = Duration::from_secs(60);
const MOST_IDLE: usize = 2;
const AGENT: &str = concat!("koppel/", env!("CARGO_PKG_VERSION"));
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
#[derive(Clone)]
pub struct HttpClient(Arc<Inner>);

struct Inner {
    address: Address,
    deadline: Duration,
    idle: Mutex<Vec<(Line, Instant)>>,
}

/// A connection that takes one question at a time.
type Line = SendRequest<Full<Bytes>>;

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
        let address = Address::of(origin, roots, pin)?;
        Ok(Self(Arc::new(Inner { address, deadline, idle: Mutex::default() })))
    }

    /// Asks once. Retrying is the caller's decision: only they know what may be sent twice.
    pub async fn ask(&self, question: Question<'_>) -> Result<Answer, HttpError> {
        let request = self.request(question)?;
        timeout(self.0.deadline, self.exchange(request)).await.unwrap_or(Err(HttpError::TimedOut))
    }

    fn request(&self, question: Question<'_>) -> Result<Request<Full<Bytes>>, HttpError> {
        let mut request = Request::builder()
            .method(if question.body.is_some() { Method::POST } else { Method::GET })
            .uri(question.path)
            .header(HOST, self.0.address.authority())
            .header(USER_AGENT, AGENT);
        if question.body.is_some() {
            request = request.header(CONTENT_TYPE, question.content_type);
        }
        if let Some(proof) = question.proof {
            let mut value = HeaderValue::from_str(proof).map_err(|_| HttpError::Malformed)?;
            value.set_sensitive(true);
            request = request.header(DEVICE_PROOF, value);
        }
        let body = Bytes::copy_from_slice(question.body.unwrap_or_default());
        request.body(Full::new(body)).map_err(|_| HttpError::Malformed)
    }

    async fn exchange(&self, mut request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        // The server may have ended a connection while it lay idle. What never left on it leaves on another; what may have left does not.
        while let Some(mut line) = self.idle_line() {
            if line.ready().await.is_err() {
                continue;
            }
            match line.try_send_request(request).await {
                Ok(response) => return self.read(line, response).await,
                Err(mut unsent) => request = unsent.take_message().ok_or(HttpError::Unreachable)?,
            }
        }
        let mut line = timeout(CONNECT_WITHIN, self.connect()).await.map_err(|_| HttpError::TimedOut)??;
        let response = line.send_request(request).await.map_err(|_| HttpError::Unreachable)?;
        self.read(line, response).await
    }

    async fn connect(&self) -> Result<Line, HttpError> {
        let wire = TokioIo::new(self.0.address.dial().await?);
        let (line, connection) = http1::handshake(wire).await.map_err(|_| HttpError::Unreachable)?;
        tokio::spawn(async move {
            // Whoever waits for an answer on it is told.
            let _ = connection.await;
        });
        Ok(line)
    }

    async fn read(&self, line: Line, response: Response<Incoming>) -> Result<Answer, HttpError> {
        let answer = read(response).await?;
        let mut idle = self.idle();
        if idle.len() < MOST_IDLE {
            idle.push((line, Instant::now()));
        }
        Ok(answer)
    }

    /// The connection that was used last, if any is still good.
    fn idle_line(&self) -> Option<Line> {
        let mut idle = self.idle();
        idle.retain(|(line, since)| since.elapsed() < IDLE_FOR && !line.is_closed());
        idle.pop().map(|(line, _)| line)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Line, Instant)>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HttpClient({})", self.0.address.authority())
    }
}

async fn read(response: Response<Incoming>) -> Result<Answer, HttpError> {
    let status = response.status();
    if status.is_redirection() {
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

    let mut pieces = response.into_body();
    let mut body = Vec::new();
    while let Some(piece) = pieces.frame().await {
        // What is no data is a trailer, and says nothing to us.
        let Ok(piece) = piece.map_err(|_| HttpError::Unreachable)?.into_data() else { continue };
        if body.len() + piece.len() > LARGEST_ANSWER {
            return Err(HttpError::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    if is_json && !is_shallow(&body, DEEPEST_JSON) {
        return Err(HttpError::Malformed);
    }
    Ok(Answer { status: status.as_u16(), nonce, time_ms, retry_after, body })
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn number(headers: &HeaderMap, name: HeaderName) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
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
