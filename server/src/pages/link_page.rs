//! `/p`: where a pairing link leads when a camera or a message opens it in a browser.
//!
//! The secret stands in the fragment, which browsers never send; so this page is the same for
//! every link, and the script hands the fields on to the app as `koppel:https://HOST/p#…`. Opening the
//! page binds nothing.

use askama::Template;
use axum::http::StatusCode;

use super::frame::Sign;
use super::{Frame, Page, assets};

/// The page behind a pairing link.
#[derive(Clone, Debug, Template)]
#[template(path = "link.html")]
pub struct LinkPage {
    /// The organisation of this host; no account is known.
    pub frame: Frame,
}

impl Page for LinkPage {
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }
}
