//! "2FA instellingen": the methods and phones of an account, changed by whoever proved themselves a moment ago.

use askama::Template;
use axum::http::StatusCode;

use super::{Card, CardState, Forms, Frame, LiveState, Page, Reached, Texts, Way, assets};

/// The page of the settings.
#[derive(Clone, Debug, Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// Where the forms go.
    pub forms: Forms,
    /// The version of the account that is shown.
    pub version: u64,
    /// What is set up.
    pub methods: Vec<OwnMethod>,
    /// The phones of the app.
    pub phones: Vec<OwnPhone>,
    /// What can be added.
    pub cards: Vec<Card>,
    /// Whether another phone can be added.
    pub more_phones: bool,
    /// Browsers that are remembered, the newest first.
    pub browsers: Vec<KnownBrowser>,
    /// Where the user is reached; the panel changes it.
    pub reached: Reached,
    /// What was wrong with the last change.
    pub problem: Option<SettingsProblem>,
}

/// A browser that is remembered.
#[derive(Clone, Debug)]
pub struct KnownBrowser {
    /// Names it, sent as `what`; opens nothing.
    pub id: String,
    /// Browser and system; empty: neither is known.
    pub name: String,
    /// When it was last taken, as a date.
    pub used: String,
    /// Until when it counts, as a date.
    pub until: String,
}

/// A method that is set up.
#[derive(Clone, Debug)]
pub struct OwnMethod {
    /// Which.
    pub way: Way,
    /// Whether it is asked first.
    pub primary: bool,
    /// Whether it may be asked first.
    pub may_be_primary: bool,
    /// When it was last right, as a date.
    pub used: Option<String>,
    /// How many recovery codes are left.
    pub codes_left: Option<u32>,
    /// Whether it can go; the app goes by its phones.
    pub removal: Removal,
}

/// A phone of the app.
#[derive(Clone, Debug)]
pub struct OwnPhone {
    /// The phone, sent as `what`.
    pub id: String,
    /// As its owner called it.
    pub name: String,
    /// What it runs on.
    pub platform: String,
    /// When it was last heard of, as a date.
    pub seen: String,
    /// Whether it approves, or shows codes only.
    pub approves: bool,
    /// Whether it can go.
    pub removal: Removal,
}

/// Whether something can be removed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It can.
    Open,
    /// It is the least there must be: something else comes first.
    Needed,
    /// Not here.
    Elsewhere,
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsProblem {
    /// It is the least there must be.
    Needed,
    /// A phone has a name.
    NoName,
}

impl SettingsProblem {
    fn text(self, texts: &Texts) -> String {
        match self {
            SettingsProblem::Needed => texts.settings_needed(),
            SettingsProblem::NoName => texts.settings_no_name(),
        }
    }
}

impl OwnMethod {
    /// What is known of it, in one line.
    fn line(&self, texts: &Texts) -> String {
        match (self.codes_left, &self.used) {
            (Some(left), _) => texts.settings_codes_left(left),
            (None, Some(date)) => texts.settings_used(date),
            (None, None) => texts.settings_never_used(),
        }
    }
}

impl SettingsPage {
    /// What the state of this page is now, for `GET <path>/state`.
    pub fn live(&self) -> LiveState {
        LiveState {
            version: self.version,
            screen: "settings".to_owned(),
            state: "waiting",
            line: String::new(),
            hint: String::new(),
        }
    }
}

impl Page for SettingsPage {
    fn status(&self) -> StatusCode {
        if self.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}
