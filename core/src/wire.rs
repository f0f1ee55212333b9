//! What the server said: HTTP answers, read into three kinds.

use koppel_protocol::{Problem, json, problem};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    event::{Answer, NoAnswer},
    trouble::Trouble,
};

/// What a request brought.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said<T> {
    /// What was asked for.
    Yes(T),
    /// A refusal that the same request would meet again.
    No(Refusal),
    /// Nothing, or *not now*: the same request may go well later.
    Later { retry_after_s: Option<u64>, trouble: Trouble },
}

/// A refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) problem: Option<Problem>,
    pub(crate) tries_left: Option<u32>,
    pub(crate) retry_after_s: Option<u64>,
}

/// A problem document, of which only what is understood is read: a newer server may have newer problems.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    tries_left: Option<u32>,
    retry_after: Option<u64>,
}

impl Refusal {
    fn of(answer: &Answer) -> Self {
        let body = json::object::<Body>(&answer.body).ok();
        let kind = body.as_ref().and_then(|body| body.kind.strip_prefix(problem::URN));
        Self {
            status: answer.status,
            problem: kind.and_then(Problem::from_slug),
            tries_left: body.as_ref().and_then(|body| body.tries_left),
            retry_after_s: answer.retry_after.or_else(|| body.as_ref().and_then(|body| body.retry_after)),
        }
    }

    /// In words for a person, where there is nothing more particular to say.
    pub(crate) fn trouble(self) -> Trouble {
        match self.problem {
            Some(Problem::DeviceRevoked) => Trouble::DeviceRevoked,
            Some(Problem::DeviceSuspended) => Trouble::DeviceSuspended,
            Some(Problem::TooManyTries) => Trouble::TooManyTries { retry_after: self.retry_after_s },
            Some(Problem::AccountLocked) => Trouble::Locked,
            Some(Problem::Expired) => Trouble::Expired,
            Some(Problem::CodeUsed) => Trouble::CodeUsed,
            _ => Trouble::Refused { status: self.status },
        }
    }
}

impl<T> Said<T> {
    /// Makes something else of what was asked for.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Said<U> {
        match self {
            Self::Yes(what) => Said::Yes(change(what)),
            Self::No(refusal) => Said::No(refusal),
            Self::Later { retry_after_s, trouble } => Said::Later { retry_after_s, trouble },
        }
    }
}

impl<T> From<NoAnswer> for Said<T> {
    fn from(why: NoAnswer) -> Self {
        Self::Later { retry_after_s: None, trouble: why.into() }
    }
}

/// Whether the server wants the request signed again, with the nonce of this answer.
pub(crate) fn wants_nonce(answer: &Answer) -> bool {
    answer.status == 401 && Refusal::of(answer).problem == Some(Problem::UseNonce)
}

/// The seconds after which the server wants to be asked again, when it was asked too often.
pub(crate) fn too_soon(answer: &Answer) -> Option<u64> {
    let refusal = Refusal::of(answer);
    let asked_too_often = answer.status == 429 && matches!(refusal.problem, None | Some(Problem::TooSoon));
    refusal.retry_after_s.filter(|_| asked_too_often)
}

/// Reads an answer whose body is JSON.
pub(crate) fn read<T: DeserializeOwned>(answer: &Answer) -> Said<T> {
    said(answer, || json::object(&answer.body).ok())
}

/// Reads an answer whose body does not matter.
pub(crate) fn read_nothing(answer: &Answer) -> Said<()> {
    said(answer, || Some(()))
}

fn said<T>(answer: &Answer, body: impl FnOnce() -> Option<T>) -> Said<T> {
    if (200..300).contains(&answer.status) {
        // A body that makes no sense is no answer: what was asked may well have happened.
        let nonsense = Said::Later { retry_after_s: answer.retry_after, trouble: Trouble::AnswerInvalid };
        return body().map_or(nonsense, Said::Yes);
    }
    let refusal = Refusal::of(answer);
    let later = matches!(refusal.problem, Some(Problem::TooSoon | Problem::Unavailable | Problem::UseNonce))
        || matches!(answer.status, 408 | 425 | 500..)
        || (answer.status == 429 && refusal.problem.is_none());
    match later {
        true => {
            let retry_after = refusal.retry_after_s;
            Said::Later { retry_after_s: retry_after, trouble: Trouble::Unavailable { retry_after } }
        }
        false => Said::No(refusal),
    }
}
