//! Every refusal a caller sees: `application/problem+json` (RFC 9457).
//!
//! A problem says *what to do next*. Its `type` is `urn:koppel:problem:<slug>`, which programs compare; its `detail` is a
//! sentence for a person. Nothing secret and nothing a stranger may not know ever stands in one. `instance` is the id of
//! this occurrence, and the same id stands in the log line of the request.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use koppel_domain::Refusal;
use koppel_protocol::problem::ProblemBody;

pub use koppel_protocol::Problem as Slug;

/// What a caller does about a problem when nothing better is known.
const fn advice(slug: Slug) -> &'static str {
    match slug {
        Slug::InvalidRequest => "Send what the reference describes.",
        Slug::Unauthenticated => "Send valid credentials.",
        Slug::UseNonce => "Make the proof again with the nonce in the header Koppel-Nonce.",
        Slug::WrongBinding => "Finish the login in the browser session that began it.",
        Slug::ScopeMissing => "Use an API key with the scope that this endpoint needs.",
        Slug::DevicePending => "Type the check number of the phone where the pairing began.",
        Slug::DeviceSuspended => "The phone was not used for a long time. Ask support, or pair it again.",
        Slug::DeviceRevoked => "Pair the phone again.",
        Slug::NotFound => "Check the address and the id.",
        Slug::NotVerified => "Wait for the answer, or begin again.",
        Slug::DeliveryEnded => "Ask for a new delivery.",
        Slug::Superseded => "Use the newest code or number.",
        Slug::AlreadyDecided => "Begin again if you still want to log in.",
        Slug::WrongMode => "Approve on the phone; a typed code is not accepted here.",
        Slug::NotEnrolled => "Let the user set up a phone, or send them to support.",
        Slug::NotRequired => {
            "Let the user in by the password alone if your own rules allow it, and lead them to the set-up when it suits."
        }
        Slug::LoginNameTaken => "Choose another login name.",
        Slug::CodeUsed => "Ask for a new code. If it was not you who used this one, tell support.",
        Slug::VersionConflict => "Read it again and repeat the request.",
        Slug::Expired => "Begin again.",
        Slug::TooLarge => "Send at most 32 KiB.",
        Slug::WrongCode => "Check the code and type it again.",
        Slug::WrongNumber => "Type the number that the other screen shows.",
        Slug::InvalidField => "Correct the field and send it again.",
        Slug::IdempotencyMismatch => "A new request needs a new Idempotency-Key, a new decision a new jti.",
        Slug::AccountLocked => "Unlock it with the phone that reported fraud, or ask support.",
        Slug::MethodDisabled => "Approve on a phone instead, or pair a phone again.",
        Slug::TooManyTries | Slug::TooSoon => "Wait as long as Retry-After says.",
        Slug::Unavailable => "Try again in a moment. Nothing was allowed.",
    }
}

/// A verdict's refusal, as a caller reads it.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let problem = match refusal {
            Refusal::InvalidField(what) => Problem::because(Slug::InvalidField, what),
            Refusal::NotEnrolled { ever: true } => Problem::because(
                Slug::NotEnrolled,
                "The user had a phone and has none now; support hands out a koppelcode.",
            ),
            Refusal::TooWeak => Problem::because(
                Slug::NotVerified,
                "This phone's approval key is not guarded as this service asks. Use a code, or pair the phone anew with a PIN, fingerprint or face.",
            ),
            _ => Problem::new(refusal.problem()),
        };
        Problem {
            tries_left: refusal.tries_left(),
            retry_after: refusal.retry_after().map(u64::from),
            required_from: refusal.required_from().map(|at| at.0),
            ..problem
        }
    }
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong.
    pub slug: Slug,
    /// What to do, for a person.
    pub detail: Cow<'static, str>,
    /// How many tries are left, where tries are counted.
    pub tries_left: Option<u32>,
    /// Seconds to wait.
    pub retry_after: Option<u64>,
    /// From when on a second factor is required, in seconds.
    pub required_from: Option<u64>,
}

impl Problem {
    /// A refusal with the slug's own advice.
    pub fn new(slug: Slug) -> Problem {
        Problem { slug, detail: Cow::Borrowed(advice(slug)), tries_left: None, retry_after: None, required_from: None }
    }

    /// A refusal with advice of its own.
    pub fn because(slug: Slug, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem { detail: detail.into(), ..Problem::new(slug) }
    }

    /// Adds the tries that are left.
    #[must_use]
    pub fn tries_left(mut self, tries: u32) -> Problem {
        self.tries_left = Some(tries);
        self
    }

    /// Adds the seconds to wait.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Problem {
        self.retry_after = Some(seconds);
        self
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.slug.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body. `instance` is the id of this occurrence.
    pub fn body(&self, instance: &str) -> ProblemBody {
        ProblemBody {
            instance: Some(format!("urn:koppel:occurrence:{instance}")),
            tries_left: self.tries_left,
            retry_after: self.retry_after,
            required_from: self.required_from,
            ..self.slug.body(self.detail.clone())
        }
    }

    /// The whole answer, for the occurrence with this id.
    pub fn response(&self, instance: &str) -> Response {
        let body = serde_json::to_vec(&self.body(instance)).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(koppel_protocol::problem::MEDIA_TYPE));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Handlers return the problem; the outermost layer ([`crate::answer`]) writes it out, because only it knows the id of the
/// occurrence. The status is set here already, so that nothing can turn a refusal into a success on the way.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_how_long_to_wait_in_body_and_header() {
        let problem = Problem::new(Slug::TooManyTries).tries_left(0).retry_after(30);
        let body = problem.body("abc");
        assert_eq!((body.retry_after, body.tries_left), (Some(30), Some(0)));
        assert_eq!(problem.response("abc").headers()["retry-after"], "30");
    }
}
