//! Pages that say why it goes no further, whether anything was lost, and what to do.

use askama::Template;
use axum::http::StatusCode;

use super::frame::Sign;
use super::{Ending, Forms, Frame, Page, Texts, assets};

/// A page with one message.
#[derive(Clone, Debug, Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    /// Whose page; the organisation's where the prompt is not this browser's.
    pub frame: Frame,
    /// What it says.
    pub message: Message,
    /// With the forms of a prompt that this browser holds there is a way back to the relying
    /// party; `None` for everyone else.
    pub forms: Option<Forms>,
}

/// What a page can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The address was opened before, or its cookie is another browser's (threat 46). 403
    Stolen,
    /// The browser that opens it is not the one in which the login began; the address stays good. 403
    OtherBrowser,
    /// Not opened as a page of its own (embedded, or loaded in advance); the address stays good. 403
    NotAWindow {
        /// The address to open.
        address: String,
    },
    /// The prompt ran out of time. 410
    Expired,
    /// The prompt was finished or cancelled before. 410
    Used,
    /// No such page. 404
    Unknown,
    /// The account had a factor and has none now: only support can help. 409
    NeedsSupport,
    /// The account is locked or disabled. 423
    Locked,
    /// The form's token is not this page's, or the form is not one of ours. 400
    Stale {
        /// The address to open again.
        address: String,
    },
    /// Too many requests. 429
    Busy {
        /// Until the next one; also say it in `Retry-After`.
        seconds: u32,
    },
    /// The store is away. 503
    Unavailable,
}

impl Page for MessagePage {
    fn status(&self) -> StatusCode {
        match self.message {
            Message::Stolen | Message::OtherBrowser | Message::NotAWindow { .. } => StatusCode::FORBIDDEN,
            Message::Expired | Message::Used => StatusCode::GONE,
            Message::Unknown => StatusCode::NOT_FOUND,
            Message::NeedsSupport => StatusCode::CONFLICT,
            Message::Locked => StatusCode::LOCKED,
            Message::Stale { .. } => StatusCode::BAD_REQUEST,
            Message::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
            Message::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl Message {
    fn title(&self, texts: &Texts) -> String {
        match self {
            Message::Stolen => texts.message_stolen_title(),
            Message::OtherBrowser => texts.message_other_browser_title(),
            Message::NotAWindow { .. } => texts.message_window_title(),
            Message::Expired => texts.message_expired_title(),
            Message::Used => texts.message_used_title(),
            Message::Unknown => texts.message_unknown_title(),
            Message::NeedsSupport => texts.message_support_title(),
            Message::Locked => Ending::Locked.title(texts),
            Message::Stale { .. } => texts.message_stale_title(),
            Message::Busy { .. } => texts.message_busy_title(),
            Message::Unavailable => Ending::Unavailable.title(texts),
        }
    }

    fn sign(&self) -> Sign {
        match self {
            Message::Stolen
            | Message::OtherBrowser
            | Message::NotAWindow { .. }
            | Message::NeedsSupport
            | Message::Locked => Sign::Shut,
            Message::Expired => Sign::Time,
            Message::Used | Message::Unknown | Message::Stale { .. } | Message::Busy { .. } | Message::Unavailable => {
                Sign::Notice
            }
        }
    }

    fn text(&self, texts: &Texts, party: &str) -> String {
        match self {
            Message::Stolen => texts.message_stolen_text(),
            Message::OtherBrowser => texts.message_other_browser_text(),
            Message::NotAWindow { .. } => texts.message_window_text(),
            Message::Expired => texts.message_expired_text(),
            Message::Used => texts.message_used_text(),
            Message::Unknown => texts.message_unknown_text(),
            Message::NeedsSupport => texts.message_support_text(),
            Message::Locked => Ending::Locked.text(texts, party),
            Message::Stale { .. } => texts.message_stale_text(),
            Message::Busy { seconds } => texts.message_busy_text(*seconds),
            Message::Unavailable => Ending::Unavailable.text(texts, party),
        }
    }

    /// Only support helps, or whoever sees it may need them.
    fn needs_support(&self) -> bool {
        matches!(self, Message::Stolen | Message::NeedsSupport | Message::Locked | Message::Unavailable)
    }

    /// A second paragraph that stands out.
    fn advice(&self, texts: &Texts, party: &str) -> Option<String> {
        match self {
            Message::Stolen => Some(texts.message_stolen_advice()),
            Message::NeedsSupport => Some(texts.message_support_advice(party)),
            _ => None,
        }
    }

    /// The address that a button opens, with the text on it.
    fn address(&self, texts: &Texts) -> Option<(&str, String)> {
        match self {
            Message::NotAWindow { address } => Some((address, texts.message_window_open())),
            Message::Stale { address } => Some((address, texts.page_retry())),
            _ => None,
        }
    }
}
