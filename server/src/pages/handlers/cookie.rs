//! The cookie that ties a page to the one browser that opened it: 32 random bytes, per prompt, for this host alone.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use koppel_protocol::Bytes;
use koppel_protocol::id::{PromptId, RelyingPartyId, UserId};

use super::screen::Held;
use crate::app::App;
use crate::problem::Problem;

/// `__Host-` pins a cookie to host, path and https; on loopback http browsers would refuse it.
fn name(prompt: PromptId, secure: bool) -> String {
    if secure { format!("__Host-koppel-{prompt}") } else { format!("koppel-{prompt}") }
}

/// A new cookie: its header, and the hash the prompt keeps.
pub(super) struct NewCookie {
    value: String,
    pub(super) hash: Bytes<32>,
}

impl NewCookie {
    /// Draws one.
    pub(super) fn draw(app: &App) -> Result<NewCookie, Problem> {
        let value = koppel_protocol::bytes::encode(&app.draw::<32>()?);
        let hash = app.derive.page_cookie(value.as_bytes());
        Ok(NewCookie { value, hash })
    }

    /// The hash a remembered browser is kept by.
    pub(super) fn remembered(&self, app: &App) -> Bytes<32> {
        app.derive.remembered_browser(self.value.as_bytes())
    }

    /// `Set-Cookie` of a remembered browser.
    pub(super) fn of_browser(&self, app: &App, held: &Held) -> Option<HeaderValue> {
        let secure = held.organisation.public_url.is_secure();
        let (user, party) = (held.account.user.id, &held.relying_party);
        header(&known_name(app, user, party.id, secure), &self.value, secure, party.remember)
    }

    /// `Set-Cookie`. `Lax`, because the panel's redirect leads here from another site.
    pub(super) fn header(&self, prompt: PromptId, secure: bool, lifetime: u32) -> Option<HeaderValue> {
        header(&name(prompt, secure), &self.value, secure, lifetime)
    }
}

/// What a remembered browser's cookie is called.
fn known_name(app: &App, user: UserId, party: RelyingPartyId, secure: bool) -> String {
    let tag = app.derive.remembered_name(user, party);
    let tag = koppel_protocol::bytes::encode(&tag.as_bytes()[..12]);
    if secure { format!("__Host-koppel-known-{tag}") } else { format!("koppel-known-{tag}") }
}

/// The hash of the cookie by which a browser says that it is remembered.
pub(super) fn known(
    app: &App,
    headers: &HeaderMap,
    user: UserId,
    party: RelyingPartyId,
    secure: bool,
) -> Option<Bytes<32>> {
    let value = only(headers, &known_name(app, user, party, secure))?;
    Some(app.derive.remembered_browser(value.as_bytes()))
}

/// `Set-Cookie` for this host alone.
pub(crate) fn header(name: &str, value: &str, secure: bool, lifetime: u32) -> Option<HeaderValue> {
    let flag = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Lax{flag}");
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// The hash of the cookie that a browser holds for a prompt.
pub(super) fn held(app: &App, headers: &HeaderMap, prompt: PromptId, secure: bool) -> Option<Bytes<32>> {
    let value = only(headers, &name(prompt, secure))?;
    Some(app.derive.page_cookie(value.as_bytes()))
}

/// The one cookie of a name, as we make them: 43 characters. Two of one name: somebody planted one, so none counts.
pub(crate) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) if value.len() == 43 => Some(value),
        _ => None,
    }
}
