//! Every refusal of the server, as `application/problem+json` (RFC 9457). The list is closed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::wire_text::text_serde;

/// The media type of a refusal.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What every problem's `type` begins with.
pub const URN: &str = "urn:koppel:problem:";

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident $slug:literal $status:literal $title:literal;)*) => {
        /// What kind of refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Problem {
            $($(#[$doc])* $name,)*
        }

        impl Problem {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The last part of `type`.
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$name => $slug,)*
                }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                }
            }

            /// One sentence for a developer, in English.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

problems! {
    /// The request cannot be understood at all.
    InvalidRequest "invalid-request" 400 "The request cannot be understood";
    /// No valid key, session or device proof.
    Unauthenticated "unauthenticated" 401 "The request is not authenticated";
    /// The device proof has no usable nonce; the answer's header has a fresh one. Costs nothing.
    UseNonce "use-nonce" 401 "Sign again with the nonce of this answer";
    /// The browser session that asks is not the one that began.
    WrongBinding "wrong-binding" 403 "Another browser session began this";
    /// The key may not do this.
    ScopeMissing "scope-missing" 403 "The key has not the scope for this";
    /// The device waits for its confirmation.
    DevicePending "device-pending" 403 "The device is not confirmed yet";
    /// The device is suspended.
    DeviceSuspended "device-suspended" 403 "The device is suspended";
    /// The device was removed.
    DeviceRevoked "device-revoked" 403 "The device was removed";
    /// No such thing, or not for you.
    NotFound "not-found" 404 "There is no such thing";
    /// The user has not proven themselves (yet).
    NotVerified "not-verified" 409 "The user is not verified";
    /// This delivery is over.
    DeliveryEnded "delivery-ended" 409 "This delivery is over";
    /// A newer delivery took this one's place. Costs nothing.
    Superseded "superseded" 409 "A newer request took this one's place";
    /// A final decision is recorded.
    AlreadyDecided "already-decided" 409 "This was decided already";
    /// The live delivery takes something else.
    WrongMode "wrong-mode" 409 "The request takes something else in its present mode";
    /// The user has no second factor.
    NotEnrolled "not-enrolled" 409 "The user has no second factor";
    /// The user has no second factor, and the relying party's rules ask none of them yet. It verifies nobody: the panel decides.
    NotRequired "not-required" 409 "No second factor is asked of this user yet";
    /// Another user has this login name.
    LoginNameTaken "login-name-taken" 409 "Another user has this login name";
    /// The invitation was used.
    CodeUsed "code-used" 409 "This code or link was used already";
    /// Somebody else changed it in between.
    VersionConflict "version-conflict" 409 "It was changed in between";
    /// It was there, and its time is over.
    Expired "expired" 410 "Its time is over";
    /// Body or proof too large.
    TooLarge "too-large" 413 "The request is too large";
    /// The code is wrong; `tries_left` says how many tries are left.
    WrongCode "wrong-code" 422 "The code is wrong";
    /// The number is wrong; `tries_left` says how many tries are left.
    WrongNumber "wrong-number" 422 "The number is wrong";
    /// A field is missing, unknown or malformed.
    InvalidField "invalid-field" 422 "A field is missing, unknown or malformed";
    /// The idempotency key was used with another body.
    IdempotencyMismatch "idempotency-mismatch" 422 "The idempotency key was used for another request";
    /// The account is locked.
    AccountLocked "account-locked" 423 "The account is locked";
    /// This way to prove oneself is disabled.
    MethodDisabled "method-disabled" 423 "This method is disabled";
    /// A budget is used up; `retry_after` says when to come back.
    TooManyTries "too-many-tries" 429 "Too many tries";
    /// Asked again too soon; `retry_after` says when to come back.
    TooSoon "too-soon" 429 "Too soon; try again later";
    /// The server, or something it needs, is not available. Nothing was allowed.
    Unavailable "unavailable" 503 "Not available at the moment";
}

/// The text is not the `type` of a problem of this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected urn:koppel:problem: and a known name")]
pub struct NotAProblem;

impl Problem {
    /// By the last part of `type`.
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|problem| problem.slug() == slug)
    }

    /// The body of an answer, without the optional fields.
    pub fn body(self, detail: impl Into<String>) -> ProblemBody {
        ProblemBody {
            problem: self,
            title: self.title().into(),
            status: self.status(),
            detail: detail.into(),
            instance: None,
            tries_left: None,
            retry_after: None,
            required_from: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{URN}{}", self.slug())
    }
}

impl FromStr for Problem {
    type Err = NotAProblem;

    fn from_str(text: &str) -> Result<Self, NotAProblem> {
        text.strip_prefix(URN).and_then(Self::from_slug).ok_or(NotAProblem)
    }
}

text_serde!(Problem, "the type of a problem");

/// The body of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemBody {
    /// `urn:koppel:problem:<slug>`
    #[serde(rename = "type")]
    pub problem: Problem,
    /// What kind of refusal, in English, for a developer.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// What to do about it.
    pub detail: String,
    /// The request's id in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Tries that are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u32>,
    /// Seconds to wait, as in the header `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// With `not-required`: from when on a second factor is required, in seconds, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_from: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_its_own_name_and_survives_it() {
        let mut slugs: Vec<_> = Problem::ALL.iter().map(|problem| problem.slug()).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Problem::ALL.len());
        for problem in Problem::ALL {
            assert_eq!(problem.to_string().parse(), Ok(*problem));
            assert!((400..600).contains(&problem.status()));
        }
        assert_eq!("urn:koppel:problem:unheard-of".parse::<Problem>(), Err(NotAProblem));
    }

    #[test]
    fn a_refusal_says_only_what_it_has() {
        let body = serde_json::to_string(&Problem::TooSoon.body("Wait 20 seconds.")).unwrap();
        assert_eq!(
            body,
            r#"{"type":"urn:koppel:problem:too-soon","title":"Too soon; try again later","status":429,"detail":"Wait 20 seconds."}"#
        );
    }
}
