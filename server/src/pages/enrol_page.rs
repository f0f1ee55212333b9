//! "Wacht even … we moeten eerst uw account beveiligen": a phone is added.
//!
//! The page shows one invitation as a QR code, as a link and as a koppelcode, then asks for the
//! check number that only the new phone shows, and ends with a test of the whole road.

use askama::Template;
use axum::http::StatusCode;

use super::frame::Sign;
use super::verify_page::{AUTHENTICATOR_DIGITS, groups};
use super::{Forms, Frame, Later, LiveState, Page, QrCode, Texts, VerifyStep, assets};

/// The page that adds a phone.
#[derive(Clone, Debug, Template)]
#[template(path = "enrol.html")]
pub struct EnrolPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Where the forms go.
    pub forms: Forms,
    /// The version of the prompt (or, in [`EnrolStep::Test`], of the challenge) that is shown.
    pub version: u64,
    /// Why a phone is added.
    pub reason: EnrolReason,
    /// Whether the person may choose another method instead.
    pub choice: bool,
    /// Whether it may be put off, where the page does not say so before.
    pub later: Option<Later>,
    /// What the page asks or says.
    pub step: EnrolStep,
}

/// Why a phone is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnrolReason {
    /// The account never had a second factor.
    First,
    /// One more phone, from the settings.
    Another,
}

/// What the enrolment asks or says.
#[derive(Clone, Debug)]
pub enum EnrolStep {
    /// No phone has come yet.
    Waiting(Invitation),
    /// One phone, or several, wait for their check number.
    Pending {
        /// At least one.
        devices: Vec<PendingDevice>,
        /// Seconds until the first of them is deleted, rounded up.
        expires_in: u32,
        /// Seconds that a pending phone lives in all.
        lifetime: u32,
        /// What was wrong with the last attempt.
        problem: Option<ConfirmProblem>,
    },
    /// The check number was wrong too often, or the phone gave up: nothing is paired.
    Refused,
    /// The invitation ran out of time: nothing is paired.
    Expired,
    /// The phone is paired; one challenge tries it. After [`VerifyStep::Ended`] the form
    /// `deliver` makes a new one.
    Test(VerifyStep),
    /// Everything works.
    Done {
        /// The name of the new phone.
        device: String,
    },
}

/// One invitation in its three forms. All of it is secret: no `Debug`.
#[derive(Clone)]
pub struct Invitation {
    /// The link as a picture.
    pub qr: QrCode,
    /// `https://HOST/p#v=1&…`
    pub link: String,
    /// Eight symbols and the check symbol, in groups of 4, 4 and 1.
    pub koppelcode: String,
    /// What the person types in the app as the server.
    pub host: String,
    /// What the person types in the app as the user name.
    pub login_name: String,
    /// Seconds until it ends, rounded up.
    pub expires_in: u32,
    /// Seconds that it lives in all.
    pub lifetime: u32,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation")
            .field("host", &self.host)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// A phone that waits to be confirmed. The person has it in the hand, so its name may stand here.
#[derive(Clone, Debug)]
pub struct PendingDevice {
    /// The pairing, sent as `pairing`.
    pub pairing: String,
    /// What the phone calls itself.
    pub name: String,
    /// Such as `Android 16`; may be empty.
    pub platform: String,
}

/// Why a check number was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmProblem {
    /// The number was wrong; so many tries are left.
    Wrong {
        /// At least 1.
        tries_left: u32,
    },
    /// Not six digits: no try was spent.
    Incomplete,
    /// Several phones wait and none was chosen.
    ChooseOne,
}

/// How many digits a check number has, whatever the policy says of codes.
const CHECK_DIGITS: u32 = 6;

impl ConfirmProblem {
    fn text(self, texts: &Texts) -> String {
        match self {
            ConfirmProblem::Wrong { tries_left } => texts.enrol_wrong_number(tries_left),
            ConfirmProblem::Incomplete => texts.problem_incomplete(CHECK_DIGITS),
            ConfirmProblem::ChooseOne => texts.enrol_choose_one(),
        }
    }
}

impl EnrolPage {
    /// A trial remembers nothing: the account is only being set up.
    #[expect(clippy::unused_self, reason = "the part of the template is a login's too")]
    fn remember(&self, _: &Texts) -> Option<String> {
        None
    }

    /// What the state of this page is now, for `GET <path>/state`.
    pub fn live(&self) -> LiveState {
        let texts = self.frame.texts();
        let (state, line, hint) = match &self.step {
            EnrolStep::Waiting(_) => ("waiting", texts.enrol_waiting(), texts.enrol_waiting_hint()),
            EnrolStep::Pending { .. } => ("pending", texts.enrol_pending_line(), texts.enrol_pending_hint()),
            EnrolStep::Refused | EnrolStep::Expired | EnrolStep::Done { .. } => {
                ("ended", texts.line_ended(), String::new())
            }
            EnrolStep::Test(step) => return step.live(self.version, &texts),
        };
        LiveState { version: self.version, screen: self.screen(), state, line, hint }
    }

    fn screen(&self) -> String {
        match &self.step {
            EnrolStep::Waiting(_) => "waiting".to_owned(),
            EnrolStep::Pending { devices, .. } => {
                let pairings = devices.iter().map(|device| device.pairing.as_str());
                format!("pending-{}", pairings.collect::<Vec<_>>().join("-"))
            }
            EnrolStep::Refused => "refused".to_owned(),
            EnrolStep::Expired => "expired".to_owned(),
            EnrolStep::Test(step) => step.screen(),
            EnrolStep::Done { .. } => "done".to_owned(),
        }
    }
}

impl Page for EnrolPage {
    fn status(&self) -> StatusCode {
        match &self.step {
            EnrolStep::Pending { problem: Some(_), .. } => StatusCode::UNPROCESSABLE_ENTITY,
            EnrolStep::Test(step) => step.status(),
            _ => StatusCode::OK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_does_not_print_its_secrets() {
        let invitation = Invitation {
            qr: QrCode::new("https://2fa.voorbeeld.nl/p#k=geheim").unwrap(),
            link: "https://2fa.voorbeeld.nl/p#k=geheim".to_owned(),
            koppelcode: "7K3M-9QXT-H".to_owned(),
            host: "2fa.voorbeeld.nl".to_owned(),
            login_name: "jansen".to_owned(),
            expires_in: 300,
            lifetime: 300,
        };
        let shown = format!("{:?}", EnrolStep::Waiting(invitation));
        assert!(!shown.contains("geheim") && !shown.contains("7K3M"), "{shown}");
    }
}
