//! The desk's page about itself: what it may do for the users of an organisation.

use askama::Template;
use axum::http::StatusCode;

use super::desk_page::Bar;
use super::{Frame, Page, Texts, assets};

/// The rules of the desk for one organisation.
#[derive(Clone, Debug, Template)]
#[template(path = "desk/organisation.html")]
pub struct OwnRulesPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Who is signed in.
    pub bar: Bar,
    /// The organisation.
    pub id: String,
    /// Its name.
    pub organisation: String,
    /// What came of the last form.
    pub said: Option<OwnRulesSaid>,
    /// For its form.
    pub form_token: String,
    /// Names the rules that it holds.
    pub seen: u32,
    /// Whether the desk hands out koppelcodes.
    pub koppelcodes: bool,
    /// Whether every user is protected.
    pub protect_everybody: bool,
    /// Whether a second agent ends the wait of a reset.
    pub second_agent: bool,
    /// How long a reset waits.
    pub wait_hours: u32,
}

/// What came of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnRulesSaid {
    /// It holds from now.
    Saved,
    /// Somebody else changed them.
    Meanwhile,
    /// Too short or too long a wait.
    Hours,
}

impl OwnRulesSaid {
    /// All.
    pub const ALL: [OwnRulesSaid; 3] = [OwnRulesSaid::Saved, OwnRulesSaid::Meanwhile, OwnRulesSaid::Hours];

    /// As the address of the page says it.
    pub fn name(self) -> &'static str {
        match self {
            OwnRulesSaid::Saved => "saved",
            OwnRulesSaid::Meanwhile => "meanwhile",
            OwnRulesSaid::Hours => "hours",
        }
    }

    fn text(self, texts: &Texts) -> String {
        match self {
            OwnRulesSaid::Saved => texts.desk_rules_saved(),
            OwnRulesSaid::Meanwhile => texts.desk_rules_meanwhile(),
            OwnRulesSaid::Hours => texts.desk_own_hours(),
        }
    }
}

impl Page for OwnRulesPage {
    fn status(&self) -> StatusCode {
        match self.said {
            None | Some(OwnRulesSaid::Saved) => StatusCode::OK,
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}
