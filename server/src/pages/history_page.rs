//! What happened with one's own account, reached from the settings.

use askama::Template;
use axum::http::StatusCode;

use super::{Frame, Moment, Page, assets};

/// The page of the history.
#[derive(Clone, Debug, Template)]
#[template(path = "history.html")]
pub struct HistoryPage {
    /// Whose page, in which language.
    pub frame: Frame,
    /// The address of the settings.
    pub settings: String,
    /// The newest first.
    pub events: Vec<PastEvent>,
    /// Whether these are not the newest.
    pub past: bool,
    /// Older ones stand before this number; none: there are none.
    pub older: Option<u64>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEvent {
    /// What, as a sentence.
    pub what: String,
    /// When.
    pub at: Moment,
    /// By what and where: method, phone, browser.
    pub about: Vec<String>,
}

impl Page for HistoryPage {
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }
}
