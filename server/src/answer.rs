//! The outermost layer: what every answer has, whoever made it.
//!
//! - a fresh nonce and the server's time, errors too;
//! - headers that keep browsers from guessing, framing and storing;
//! - problems written out, with the id of this occurrence, which also stands in the log line; a person in a browser gets a page;
//! - a panic below becomes *unavailable*: every internal error fails closed.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::app::App;
use crate::pages::handlers::show::refusal;
use crate::problem::{Problem, Slug};
use crate::source::Source;

const NONCE: HeaderName = HeaderName::from_static("koppel-nonce");
const TIME: HeaderName = HeaderName::from_static("koppel-time");

/// Finishes every answer.
pub async fn finish(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let source = request.extensions().get::<Source>().copied();
    let reader = is_person(&request).then(|| request.headers().clone());
    let mut response = closed(next.run(request)).await;
    let instance = instance(&app);
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| unreadable(&response));
    if let (Some(problem), Some(reader)) = (&problem, &reader) {
        response = refusal(&app, reader, "", problem);
    } else if let Some(problem) = &problem {
        let written = problem.response(&instance);
        let headers = std::mem::take(response.headers_mut());
        response = written;
        for (name, value) in headers.iter() {
            if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
                response.headers_mut().append(name, value.clone());
            }
        }
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allow = response.headers().get(header::ALLOW).cloned();
        response = Problem::because(Slug::NotFound, "This address wants another method.").response(&instance);
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    let secure = app.registry.is_secure();
    add_headers(&app, response.headers_mut(), secure);
    log(&LogLine {
        instance: &instance,
        method: method.as_str(),
        route: route.as_deref().unwrap_or("none"),
        status: response.status(),
        problem: problem.as_ref().map(|problem| problem.slug.slug()),
        source,
        began,
    });
    response
}

/// Somebody looks at pages: the interfaces of panels and phones have their own addresses.
fn is_person(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let path = request.uri().path();
    accepts.is_some_and(|accepts| accepts.contains("text/html"))
        && !path.starts_with("/v1/")
        && !path.starts_with("/d/")
}

/// What axum itself says of an address or a query that it cannot read.
fn unreadable(response: &Response) -> Option<Problem> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let its_own =
        response.status() == StatusCode::BAD_REQUEST && kind.is_some_and(|kind| kind.starts_with("text/plain"));
    let advice =
        "The address cannot be read: after decoding it must be UTF-8, and its query what the reference describes.";
    its_own.then(|| Problem::because(Slug::InvalidRequest, advice))
}

/// A panic below is a refusal.
async fn closed(answer: impl Future<Output = Response>) -> Response {
    let ended = AssertUnwindSafe(answer).catch_unwind().await;
    ended.unwrap_or_else(|_| Problem::new(Slug::Unavailable).into_response())
}

fn add_headers(app: &App, headers: &mut http::HeaderMap, secure: bool) {
    let millis = app.clock.millis();
    headers.insert(NONCE, app.nonces.header(millis / 1000));
    headers.insert(TIME, HeaderValue::from(millis));
    let defaults = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in defaults {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

fn instance(app: &App) -> String {
    // Without randomness there is no id; the answer itself is not less true for it.
    koppel_protocol::bytes::encode(&app.crypto.draw::<9>().unwrap_or_default())
}

struct LogLine<'a> {
    instance: &'a str,
    method: &'a str,
    route: &'a str,
    status: StatusCode,
    problem: Option<&'static str>,
    source: Option<Source>,
    began: Instant,
}

fn log(line: &LogLine<'_>) {
    let LogLine { instance, method, route, status, problem, source, began } = line;
    let status = status.as_u16();
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let source = source.map(|source| source.ip().to_string()).unwrap_or_default();
    match problem {
        Some(problem) => {
            tracing::info!(instance, method, route, status, problem, source, micros, "answered");
        }
        None => tracing::debug!(instance, method, route, status, source, micros, "answered"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise P11: an internal error fails closed.
    #[tokio::test]
    async fn a_panic_is_a_refusal() {
        let response = closed(async { panic!("inside") }).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.extensions().get::<Problem>().is_some());
        let response = closed(async { StatusCode::OK.into_response() }).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
}
