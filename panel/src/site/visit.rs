//! One request, as far as every page wants to know it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::Panel;
use crate::browser::Browser;
use crate::language::Language;
use crate::session::{Session, SessionToken};

/// Who asks, from where, in which language.
#[derive(Debug)]
pub(super) struct Visit {
    /// Where the browser is.
    pub(super) browser: Browser,
    /// What the person reads.
    pub(super) language: Language,
    /// What the cookie says; it need not be a session.
    pub(super) token: Option<SessionToken>,
    /// The session behind it.
    pub(super) session: Option<Session>,
    /// Whether the browser says that another site made it ask.
    pub(super) cross_site: bool,
}

impl FromRequestParts<Arc<Panel>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, panel: &Arc<Panel>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let token = panel.cookies.session(&parts.headers);
        Ok(Self {
            browser: Browser::of(peer.unwrap_or(nowhere), &parts.headers, &panel.settings.trusted_proxies),
            language: Language::of(&parts.headers),
            session: token.as_ref().and_then(|token| panel.sessions.find(token)),
            token,
            cross_site: is_cross_site(&parts.headers),
        })
    }
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    site.is_some_and(|site| site != "same-origin" && site != "none")
}

impl Visit {
    /// The cookie that forms of this browser are bound to, fresh when there is none yet.
    pub(super) fn form_cookie(&self) -> SessionToken {
        self.token.clone().unwrap_or_else(SessionToken::fresh)
    }

    /// Whether a form was ours and filled in at this browser.
    pub(super) fn sent(&self, panel: &Panel, form_token: &str) -> bool {
        !self.cross_site && self.token.as_ref().is_some_and(|token| panel.forms.check(token, form_token))
    }
}

/// Sends a cookie along.
pub(super) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
