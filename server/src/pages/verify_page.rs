//! "Wacht even … we moeten uw identiteit verifiëren": a person who gave the right password proves
//! that they hold the phone.

use askama::Template;
use axum::http::StatusCode;

use super::frame::Sign;
use super::{Delivery, Forms, Frame, LiveState, Page, Texts, Way, assets};

/// The page of a login.
///
/// On a `GET` the problem is `None`; a `POST` that did not go on renders the same page with what
/// went wrong, under the status that [`Page::status`] gives.
#[derive(Clone, Debug, Template)]
#[template(path = "verify.html")]
pub struct VerifyPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Where the forms go.
    pub forms: Forms,
    /// The version of the challenge that is shown, for the first long poll.
    pub version: u64,
    /// What the page asks or says.
    pub step: VerifyStep,
    /// By what else this account can answer.
    pub others: Vec<Way>,
    /// For how many days the browser can be remembered, if it can.
    pub remember: Option<u32>,
}

/// What a verification asks or says.
#[derive(Clone, Debug)]
pub enum VerifyStep {
    /// The person types the code from the phone here.
    Code {
        /// The live delivery.
        delivery: Delivery,
        /// What was wrong with the last attempt.
        problem: Option<CodeProblem>,
    },
    /// The person types the code that their authenticator shows.
    Authenticator {
        /// Which delivery of the challenge this is.
        seq: u32,
        /// What was wrong with the last attempt.
        problem: Option<CodeProblem>,
    },
    /// The person types one of their recovery codes.
    Recovery {
        /// Which delivery of the challenge this is.
        seq: u32,
        /// What was wrong with the last attempt.
        problem: Option<CodeProblem>,
    },
    /// The person types this number into the phone.
    Number {
        /// Its digits.
        number: String,
        /// The live delivery.
        delivery: Delivery,
        /// Why it was not sent again.
        problem: Option<CodeProblem>,
    },
    /// Done: one form leads on to the relying party. The script submits it at once.
    Approved,
    /// It goes no further, or only after another delivery.
    Ended(Ending),
}

/// A number in the groups in which a person reads it: halves, the longer one first; up to three digits stay together.
pub(crate) fn groups(number: &str) -> [&str; 2] {
    let middle = if number.len() <= 3 { number.len() } else { number.len().div_ceil(2) };
    number.split_at_checked(middle).unwrap_or((number, "")).into()
}

/// Why the last form did not go on. Nothing is lost in any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// The code was wrong; so many tries are left.
    Wrong {
        /// At least 1.
        tries_left: u32,
    },
    /// Not all digits: no try was spent.
    Incomplete,
    /// It cannot be a recovery code: no try was spent.
    NoRecoveryCode,
    /// Too many wrong codes for this account: wait.
    Wait {
        /// Until the next try.
        seconds: u32,
    },
    /// It was sent a moment ago.
    TooSoon {
        /// Until it may be sent again.
        seconds: u32,
    },
    /// All resends are used.
    NoMoreSends,
    /// The code belonged to an earlier delivery.
    Superseded,
    /// An authenticator's code cannot be checked now: no try was spent.
    NotNow,
}

/// Why a verification or one delivery of it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The code ran out of time; another may be sent.
    CodeExpired,
    /// The number ran out of time; another request may be sent.
    NumberExpired,
    /// The whole challenge ran out of time, or its approval was not collected.
    Expired,
    /// Denied on a phone.
    Denied,
    /// Reported as "this was not me"; the account is locked now.
    Fraud,
    /// The account was locked or disabled before.
    Locked,
    /// All tries are spent.
    TooManyTries,
    /// The same browser began again.
    Superseded,
    /// The person or the panel stopped it.
    Cancelled,
    /// The database or the signing key is away: nobody gets in, nothing is lost.
    Unavailable,
}

impl VerifyPage {
    fn remember(&self, texts: &Texts) -> Option<String> {
        self.remember.map(|days| texts.verify_remember(days))
    }

    /// What the state of this page is now, for `GET <path>/state`.
    pub fn live(&self) -> LiveState {
        self.step.live(self.version, &self.frame.texts())
    }
}

impl Page for VerifyPage {
    fn status(&self) -> StatusCode {
        self.step.status()
    }
}

/// Digits of an authenticator's code.
pub(crate) const AUTHENTICATOR_DIGITS: u32 = 6;

impl VerifyStep {
    /// What to do, over the field.
    pub(crate) fn intro(&self, texts: &Texts) -> String {
        match self {
            VerifyStep::Number { .. } => texts.verify_number_intro(),
            VerifyStep::Authenticator { .. } => texts.verify_totp_intro(),
            VerifyStep::Recovery { .. } => texts.verify_recovery_intro(),
            _ => texts.verify_code_intro(),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            VerifyStep::Code { problem, .. }
            | VerifyStep::Authenticator { problem, .. }
            | VerifyStep::Recovery { problem, .. }
            | VerifyStep::Number { problem, .. } => problem.map_or(StatusCode::OK, CodeProblem::status),
            VerifyStep::Approved => StatusCode::OK,
            VerifyStep::Ended(ending) => ending.status(),
        }
    }

    pub(crate) fn live(&self, version: u64, texts: &Texts) -> LiveState {
        let (state, line, hint) = match self {
            VerifyStep::Code { delivery, .. } => {
                let hint = delivery.hint(texts, false);
                (delivery.progress.name(), delivery.line(texts), hint)
            }
            VerifyStep::Number { delivery, .. } => {
                let hint = delivery.hint(texts, true);
                (delivery.progress.name(), delivery.line(texts), hint)
            }
            VerifyStep::Authenticator { .. } | VerifyStep::Recovery { .. } => ("waiting", String::new(), String::new()),
            VerifyStep::Approved => ("approved", texts.line_approved(), texts.hint_approved()),
            VerifyStep::Ended(_) => ("ended", texts.line_ended(), String::new()),
        };
        LiveState { version, screen: self.screen(), state, line, hint }
    }

    /// The screen's name; a page that stands on another one loads itself again.
    pub(crate) fn screen(&self) -> String {
        match self {
            VerifyStep::Code { delivery, .. } => format!("code-{}", delivery.seq),
            VerifyStep::Authenticator { seq, .. } => format!("authenticator-{seq}"),
            VerifyStep::Recovery { seq, .. } => format!("recovery-{seq}"),
            VerifyStep::Number { delivery, .. } => format!("number-{}", delivery.seq),
            VerifyStep::Approved => "approved".to_owned(),
            VerifyStep::Ended(ending) => format!("ended-{}", ending.name()),
        }
    }
}

impl CodeProblem {
    fn status(self) -> StatusCode {
        match self {
            CodeProblem::Wrong { .. } | CodeProblem::Incomplete | CodeProblem::NoRecoveryCode => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            CodeProblem::Wait { .. } | CodeProblem::TooSoon { .. } | CodeProblem::NoMoreSends => {
                StatusCode::TOO_MANY_REQUESTS
            }
            CodeProblem::Superseded => StatusCode::CONFLICT,
            CodeProblem::NotNow => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// `digits` is how many the code has.
    pub(crate) fn text(self, texts: &Texts, digits: &u32) -> String {
        match self {
            CodeProblem::Wrong { tries_left } => texts.problem_wrong_code(tries_left),
            CodeProblem::Incomplete => texts.problem_incomplete(*digits),
            CodeProblem::NoRecoveryCode => texts.problem_recovery_form(),
            CodeProblem::Wait { seconds } => texts.problem_wait(seconds),
            CodeProblem::TooSoon { seconds } => texts.problem_too_soon(seconds),
            CodeProblem::NoMoreSends => texts.problem_no_more_sends(),
            CodeProblem::Superseded => texts.problem_superseded(),
            CodeProblem::NotNow => texts.problem_not_now(),
        }
    }
}

impl Ending {
    fn status(self) -> StatusCode {
        match self {
            Ending::CodeExpired | Ending::NumberExpired | Ending::Denied => StatusCode::OK,
            Ending::Expired | Ending::Superseded | Ending::Cancelled => StatusCode::GONE,
            Ending::Fraud | Ending::Locked => StatusCode::LOCKED,
            Ending::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            Ending::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Ending::CodeExpired => "code",
            Ending::NumberExpired => "number",
            Ending::Expired => "expired",
            Ending::Denied => "denied",
            Ending::Fraud => "fraud",
            Ending::Locked => "locked",
            Ending::TooManyTries => "tries",
            Ending::Superseded => "superseded",
            Ending::Cancelled => "cancelled",
            Ending::Unavailable => "unavailable",
        }
    }

    /// Whether another delivery continues the same challenge.
    pub(crate) fn sends_again(self) -> bool {
        matches!(self, Ending::CodeExpired | Ending::NumberExpired)
    }

    /// Only support may help.
    pub(crate) fn needs_support(self) -> bool {
        matches!(self, Ending::Fraud | Ending::Locked)
    }

    /// Whether loading the page again may help.
    pub(crate) fn may_retry(self) -> bool {
        self == Ending::Unavailable
    }

    pub(crate) fn sign(self) -> Sign {
        match self {
            Ending::CodeExpired | Ending::NumberExpired | Ending::Expired => Sign::Time,
            Ending::Denied | Ending::Fraud | Ending::Locked => Sign::Shut,
            Ending::TooManyTries | Ending::Superseded | Ending::Cancelled | Ending::Unavailable => Sign::Notice,
        }
    }

    pub(crate) fn title(self, texts: &Texts) -> String {
        match self {
            Ending::CodeExpired | Ending::NumberExpired => texts.ended_delivery_title(),
            Ending::Expired => texts.ended_expired_title(),
            Ending::Denied => texts.ended_denied_title(),
            Ending::Fraud => texts.ended_fraud_title(),
            Ending::Locked => texts.ended_locked_title(),
            Ending::TooManyTries => texts.ended_tries_title(),
            Ending::Superseded => texts.ended_superseded_title(),
            Ending::Cancelled => texts.ended_cancelled_title(),
            Ending::Unavailable => texts.ended_unavailable_title(),
        }
    }

    pub(crate) fn text(self, texts: &Texts, party: &str) -> String {
        match self {
            Ending::CodeExpired => texts.ended_delivery_code(),
            Ending::NumberExpired => texts.ended_delivery_number(),
            Ending::Expired => texts.ended_expired_text(),
            Ending::Denied => texts.ended_denied_text(),
            Ending::Fraud => texts.ended_fraud_text(party),
            Ending::Locked => texts.ended_locked_text(party),
            Ending::TooManyTries => texts.ended_tries_text(),
            Ending::Superseded => texts.ended_superseded_text(),
            Ending::Cancelled => texts.ended_cancelled_text(),
            Ending::Unavailable => texts.ended_unavailable_text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_halves() {
        let cases = [("482913", ["482", "913"]), ("4829137", ["4829", "137"]), ("48291370", ["4829", "1370"])];
        for (number, halves) in cases.into_iter().chain([("482", ["482", ""]), ("4829", ["48", "29"]), ("", ["", ""])])
        {
            assert_eq!(groups(number), halves);
        }
    }
}
