//! The pages, and the headers that every one of them needs.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::address::Address;
use crate::language::Language;
use crate::pins::{Origin, Pin};
use crate::texts::Texts;
use crate::verdict::{Backing, ServersWord};

/// What stands around every page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The language of every sentence.
    pub language: Language,
    /// Where the language switch comes back to: one of our own paths.
    pub path: &'static str,
}

/// User name and password.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// Around it.
    pub frame: Frame,
    /// The hidden field.
    pub form_token: String,
    /// What was typed before.
    pub login_name: String,
    /// What went wrong before.
    pub problem: Option<&'static str>,
    /// Something good to say.
    pub notice: Option<&'static str>,
}

/// A page that says something, and one way on.
#[derive(Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    /// Around it.
    pub frame: Frame,
    /// What happened.
    pub title: &'static str,
    /// What to do.
    pub text: &'static str,
    /// Whether a door was shut on purpose.
    pub shut: bool,
    /// Where to go.
    pub way: Way,
}

/// The way on from a message.
pub enum Way {
    /// A page of ours, and what the link is called.
    Link(String, &'static str),
    /// The second factor once more, by a form with this hidden field.
    PhoneAgain(String),
}

/// The start page of somebody who is in.
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// Around it.
    pub frame: Frame,
    /// The hidden field.
    pub form_token: String,
    /// The person.
    pub display: String,
    /// Their telephone.
    pub extension: String,
    /// Why they are in.
    pub backing: Backing,
}

/// The known phones, and the door to another.
#[derive(Template)]
#[template(path = "security.html")]
pub struct SecurityPage {
    /// Around it.
    pub frame: Frame,
    /// The hidden field.
    pub form_token: String,
    /// For the browser's password keeper.
    pub login_name: String,
    /// The known keys.
    pub pins: Vec<Pin>,
    /// What went wrong before.
    pub problem: Option<&'static str>,
    /// Something good to say.
    pub notice: Option<&'static str>,
}

/// A key in words.
struct KeyFacts {
    phone: String,
    key: String,
    since: String,
    guarded: &'static str,
    vouched: &'static str,
}

impl Frame {
    fn t(&self) -> &'static Texts {
        self.language.texts()
    }

    fn facts(&self, pin: &Pin) -> KeyFacts {
        let t = self.t();
        let since = Timestamp::from_second(pin.since).unwrap_or_default();
        KeyFacts {
            phone: short(pin.device.trim_start_matches("dv_")),
            key: pin.key().map(|key| short(&key.thumbprint())).unwrap_or_default(),
            // In the time zone of the exchange.
            since: since.to_zoned(TimeZone::system()).strftime("%d-%m-%Y %H:%M").to_string(),
            guarded: match pin.uv.as_str() {
                "pin" => t.uv_pin,
                "credential" => t.uv_credential,
                "biometric" => t.uv_biometric,
                _ => t.uv_none,
            },
            vouched: match pin.origin {
                Origin::First => t.origin_first,
                Origin::Endorsed { .. } => t.origin_endorsed,
                Origin::Accepted => t.origin_accepted,
                Origin::Waiting => t.origin_waiting,
            },
        }
    }
}

/// The beginning of a name made of random symbols: enough to tell two apart.
fn short(name: &str) -> String {
    name.chars().take(8).collect()
}

/// Renders a page.
pub fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The headers of every answer: nothing foreign is loaded, nothing is framed, nothing is kept.
///
/// A form's redirect counts as the form's aim, so the verification server stands in `form-action`: the sign-in form ends
/// at its page.
pub fn protect(response: &mut Response, verification_server: &Address, https: bool) {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' {verification_server}; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in [
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::VARY, "accept-language, cookie"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    if https {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}
