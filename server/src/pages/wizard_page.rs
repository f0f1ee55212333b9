//! "Wacht even … we moeten eerst uw account beveiligen": which way to prove oneself, and each way set up until it has proven
//! itself by its own code. Phones have pages of their own ([`EnrolPage`](super::EnrolPage)).

use askama::Template;
use axum::http::StatusCode;

use super::frame::Sign;
use super::{Forms, Frame, LiveState, Page, QrCode, Texts, assets};

/// A page of the set-up.
#[derive(Clone, Debug, Template)]
#[template(path = "wizard.html")]
pub struct WizardPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Where the forms go.
    pub forms: Forms,
    /// The version of the account that is shown.
    pub version: u64,
    /// What the page asks or says.
    pub step: WizardStep,
}

/// What the set-up asks or says.
#[derive(Clone, Debug)]
pub enum WizardStep {
    /// Which method is added.
    Choose {
        /// Why the page is there.
        why: Why,
        /// The ways there are, in the order of the advice.
        cards: Vec<Card>,
        /// Whether it may be put off.
        later: Option<Later>,
    },
    /// An authenticator is added.
    Authenticator {
        /// What it scans.
        offer: Offer,
        /// What was wrong with the last code.
        problem: Option<OfferProblem>,
    },
    /// Recovery codes are about to be shown.
    BeforeCodes {
        /// They were shown on this page already, and are not shown twice.
        shown_before: bool,
    },
    /// Recovery codes, this once.
    Codes(Codes),
    /// They were shown, and the box that says so was not ticked.
    CodesNotKept,
    /// Everything that must be there is there.
    Done,
}

/// Why a method is to be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The account has none.
    First,
    /// The account has one and must have one more.
    Backup,
    /// A recovery code was right: a method is set up anew.
    Recovered,
    /// Nothing must be added, something may.
    More,
}

/// The set-up may be put off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// The day from which it may not, as people write it; none: nobody has named one.
    pub until: Option<String>,
}

/// One way, as a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Which.
    pub way: Way,
    /// Whether it can be added.
    pub state: CardState,
    /// The number that would be called, masked, if one is known.
    pub number: Option<String>,
}

impl Card {
    /// A way that needs nothing known.
    pub fn new(way: Way, state: CardState) -> Self {
        Card { way, state, number: None }
    }
}

/// A way to prove oneself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The app.
    App,
    /// A call to the mobile number.
    Call,
    /// An authenticator.
    Authenticator,
    /// Recovery codes.
    Codes,
}

/// Whether a way can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardState {
    /// It can.
    Open,
    /// It is there.
    Added,
    /// Nobody has set it up on this server.
    Unavailable,
}

/// A seed in its three forms. All of it is secret: no `Debug`.
#[derive(Clone)]
pub struct Offer {
    /// The `otpauth` address as a picture.
    pub qr: QrCode,
    /// The `otpauth` address, for an authenticator on this very phone.
    pub address: String,
    /// The seed in base 32, in groups of four.
    pub key: String,
}

impl std::fmt::Debug for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Offer").finish_non_exhaustive()
    }
}

/// Recovery codes as they are printed. All of it is secret: no `Debug`.
#[derive(Clone)]
pub struct Codes(pub Vec<String>);

impl std::fmt::Debug for Codes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Codes({})", self.0.len())
    }
}

/// Why an authenticator's first code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferProblem {
    /// It is not what the authenticator shows now.
    Wrong,
    /// Not six digits: no try was spent.
    Incomplete,
    /// Too many wrong codes: wait.
    Wait {
        /// Until the next try.
        seconds: u32,
    },
    /// It cannot be checked now: no try was spent.
    NotNow,
}

/// Digits of an authenticator's code.
const CODE_DIGITS: u32 = 6;

impl OfferProblem {
    fn text(self, texts: &Texts) -> String {
        match self {
            OfferProblem::Wrong => texts.wizard_totp_wrong(),
            OfferProblem::Incomplete => texts.problem_incomplete(CODE_DIGITS),
            OfferProblem::Wait { seconds } => texts.problem_wait(seconds),
            OfferProblem::NotNow => texts.problem_not_now(),
        }
    }
}

impl Why {
    fn title(self, texts: &Texts) -> String {
        match self {
            Why::First => texts.enrol_title(),
            Why::Backup => texts.wizard_backup_title(),
            Why::Recovered => texts.wizard_recovered_title(),
            Why::More => texts.wizard_more_title(),
        }
    }

    /// What is best here.
    fn advises(self, way: &Way) -> bool {
        matches!((self, way), (Why::First, Way::App) | (Why::Backup, Way::Codes))
    }

    /// What a way is good for here.
    fn text_of(self, way: &Way, texts: &Texts) -> String {
        match (self, way) {
            // On the phone that is lost it is lost too.
            (Why::Backup, Way::Authenticator) => texts.wizard_totp_backup_text(),
            _ => way.text(texts),
        }
    }

    fn lead(self, texts: &Texts) -> String {
        match self {
            Why::First => texts.wizard_why(),
            Why::Backup => texts.wizard_backup_text(),
            Why::Recovered => texts.wizard_recovered_text(),
            Why::More => texts.wizard_more_text(),
        }
    }
}

impl Way {
    /// What the form sends.
    pub(crate) fn value(self) -> &'static str {
        match self {
            Way::App => "app",
            Way::Call => "voice",
            Way::Authenticator => "totp",
            Way::Codes => "recovery",
        }
    }

    pub(crate) fn name(self, texts: &Texts) -> String {
        match self {
            Way::App => texts.wizard_app(),
            Way::Call => texts.wizard_call(),
            Way::Authenticator => texts.wizard_totp(),
            Way::Codes => texts.wizard_codes(),
        }
    }

    /// What it is called where it is used, not set up.
    pub(crate) fn short_name(self, texts: &Texts) -> String {
        match self {
            Way::App => texts.verify_other_app(),
            Way::Call => texts.wizard_call(),
            Way::Authenticator => texts.verify_other_totp(),
            Way::Codes => texts.verify_other_recovery(),
        }
    }

    pub(crate) fn text(self, texts: &Texts) -> String {
        match self {
            Way::App => texts.wizard_app_text(),
            Way::Call => texts.wizard_call_text(),
            Way::Authenticator => texts.wizard_totp_text(),
            Way::Codes => texts.wizard_codes_text(),
        }
    }
}

impl WizardPage {
    /// What the state of this page is now, for `GET <path>/state`.
    pub fn live(&self) -> LiveState {
        LiveState {
            version: self.version,
            screen: self.screen().to_owned(),
            state: "waiting",
            line: String::new(),
            hint: String::new(),
        }
    }

    fn screen(&self) -> &'static str {
        match &self.step {
            WizardStep::Choose { why: Why::First, .. } => "choose",
            WizardStep::Choose { why: Why::Backup, .. } => "choose-backup",
            WizardStep::Choose { why: Why::Recovered, .. } => "choose-anew",
            WizardStep::Choose { why: Why::More, .. } => "choose-more",
            WizardStep::Authenticator { .. } => "authenticator",
            // What is shown once stays on the screen until the person says that it is kept.
            WizardStep::BeforeCodes { .. } | WizardStep::Codes(_) | WizardStep::CodesNotKept => "codes",
            WizardStep::Done => "set-up",
        }
    }
}

impl Page for WizardPage {
    fn status(&self) -> StatusCode {
        match &self.step {
            WizardStep::Authenticator { problem: Some(OfferProblem::NotNow), .. } => StatusCode::SERVICE_UNAVAILABLE,
            WizardStep::Authenticator { problem: Some(OfferProblem::Wait { .. }), .. } => StatusCode::TOO_MANY_REQUESTS,
            WizardStep::Authenticator { problem: Some(_), .. } | WizardStep::CodesNotKept => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            _ => StatusCode::OK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_secret_is_printed() {
        let offer = Offer {
            qr: QrCode::new("otpauth://totp/x?secret=GEHEIM").unwrap(),
            address: "otpauth://totp/x?secret=GEHEIM".to_owned(),
            key: "GEHE IM".to_owned(),
        };
        let steps = [
            WizardStep::Authenticator { offer, problem: None },
            WizardStep::Codes(Codes(vec!["1-GEHE-IM".to_owned()])),
        ];
        for step in steps {
            let shown = format!("{step:?}");
            assert!(!shown.contains("GEHE"), "{shown}");
        }
    }
}
