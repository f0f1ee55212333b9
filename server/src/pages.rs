//! The hosted pages: what a person at the panel sees while they verify or add a phone.
//!
//! This module only *shows*. A handler fills one of the page structs ([`VerifyPage`],
//! [`EnrolPage`], [`WizardPage`], [`CallPage`] …) with what the store knows and hands it to
//! [`respond`], which renders it and adds the headers every page needs, the strict content
//! security policy among them. No struct here holds an id, a code or a name that its page does
//! not show.
//!
//! - [`Texts`] gives every sentence in Dutch and English; a missing or unused one fails the build.
//! - [`assets`] holds the one stylesheet, the one script and the mark, each under a name with
//!   its own hash.
//! - Every page works without script. With it, the script asks [`LiveState`] by long poll and
//!   loads the page again when its `screen` is another one.

mod accent;
pub mod assets;
mod delivery;
mod desk_own_rules_page;
mod desk_page;
mod desk_panels_page;
mod enrol_page;
pub(crate) mod event;
mod frame;
pub mod handlers;
mod history_page;
mod language;
mod link_page;
mod look;
mod message_page;
mod moment;
#[cfg(test)]
mod page_tests;
mod qr_code;
mod reached;
mod response;
#[cfg(test)]
mod samples;
mod settings_page;
mod texts;
mod verify_page;
mod wizard_page;

pub(crate) use accent::Accent;
pub use accent::TooPale;
pub use delivery::{Delivery, LiveState, Progress, Resend};
pub use desk_own_rules_page::{OwnRulesPage, OwnRulesSaid};
pub use desk_page::{
    AuditPage, Bar, CallPage, DeskEntry, DeskMethod, DeskPhone, DeskQuestion, FindProblem, Finding, HomePage, ResetNow,
    Said, SignInPage, SignInProblem, SpokenCode, WelcomePage, WelcomeProblem,
};
pub use desk_panels_page::{GroupLine, PanelCard, PanelPage, PanelsPage, RuleShown, RulesForm, RulesSaid};
pub use enrol_page::{ConfirmProblem, EnrolPage, EnrolReason, EnrolStep, Invitation, PendingDevice};
pub use frame::{Forms, Frame, Support};
pub use history_page::{HistoryPage, PastEvent};
pub use language::Language;
pub use link_page::LinkPage;
pub use look::{LogoShown, Look, OwnFile, own_files};
pub use message_page::{Message, MessagePage};
pub use moment::Moment;
pub use qr_code::{QrCode, TooLong};
pub use reached::Reached;
pub use response::{Page, content_security_policy, respond};
pub use settings_page::{KnownBrowser, OwnMethod, OwnPhone, Removal, SettingsPage, SettingsProblem};
pub use texts::Texts;
pub use verify_page::{CodeProblem, Ending, VerifyPage, VerifyStep};
pub use wizard_page::{Card, CardState, Codes, Later, Offer, OfferProblem, Way, Why, WizardPage, WizardStep};
