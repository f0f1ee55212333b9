//! Sending a browser to the verification server's page.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::sign_in::Press;
use super::visit::{Visit, with_cookie};
use super::{Panel, to_sign_in};
use crate::attempt::{Attempt, LIFE, Purpose};
use crate::pages::{self, MessagePage, Way};
use crate::session::{SessionToken, Standing};
use crate::verdict::Backing;
use crate::verification::{Asking, Trouble};

/// Opens a prompt for the session `token` and redirects to it, or says why not.
pub(super) async fn ask(
    panel: &Arc<Panel>,
    visit: &Visit,
    token: &SessionToken,
    purpose: Purpose,
    first_factor_at: i64,
) -> Response {
    let Some(session) = panel.sessions.find(token) else { return to_sign_in() };
    let mut attempt = Attempt::begin(purpose, session.attempt.as_ref(), panel.clock.now());
    let asking = Asking {
        user: &session.user,
        browser: &visit.browser,
        first_factor_at,
        return_url: &panel.return_url,
        locale: visit.language.tag(),
        mode: panel.settings.mode,
    };
    let opened = panel.server.open_prompt(&attempt, &asking).await;
    attempt.prompt = opened.as_ref().ok().map(|opened| opened.id.clone());
    // Also without a prompt: the next try is to have the same binding.
    if !panel.sessions.attempts(token, attempt, first_factor_at) {
        return to_sign_in();
    }
    match opened {
        Ok(opened) => Redirect::to(opened.url.as_str()).into_response(),
        Err(Trouble::NotRequired) => without(panel, visit, token, purpose, None),
        Err(trouble) => said(panel, visit, token, purpose, &trouble, None),
    }
}

/// The server requires no second factor of this user yet: in by the password alone, if the panel rolls out; else not in.
pub(super) fn without(
    panel: &Panel,
    visit: &Visit,
    token: &SessionToken,
    purpose: Purpose,
    prompt: Option<&str>,
) -> Response {
    let settings = &panel.settings;
    let Some(backing) = Backing::without(purpose, settings.roll_out, settings.require_signature) else {
        return said(panel, visit, token, purpose, &Trouble::NotRequired, None);
    };
    let user = panel.sessions.find(token).map(|session| session.user.external_id);
    match panel.sessions.complete(token, prompt, backing) {
        Some(renamed) => {
            tracing::info!(user, purpose = purpose.as_str(), "in by the password alone");
            with_cookie(Redirect::to("/").into_response(), panel.cookies.set_session(&renamed))
        }
        None => to_sign_in(),
    }
}

/// `POST /sign-in/phone`: once more, without typing the password again.
pub(super) async fn again(
    State(panel): State<Arc<Panel>>,
    visit: Visit,
    form: Result<Form<Press>, FormRejection>,
) -> Response {
    let (Ok(Form(form)), Some(token), Some(session)) = (form, &visit.token, &visit.session) else {
        return to_sign_in();
    };
    let password_is_fresh = panel.clock.now() - session.first_factor_at < LIFE;
    let waits = matches!(session.standing, Standing::FirstFactor);
    if !visit.sent(&panel, &form.form_token) || !waits || !password_is_fresh {
        return to_sign_in();
    }
    ask(&panel, &visit, token, Purpose::Login, session.first_factor_at).await
}

/// A page about trouble with the server. `retry` is an address of ours that may work if it is loaded again.
pub(super) fn said(
    panel: &Panel,
    visit: &Visit,
    token: &SessionToken,
    purpose: Purpose,
    trouble: &Trouble,
    retry: Option<String>,
) -> Response {
    tracing::warn!(%trouble, purpose = purpose.as_str(), "no second factor");
    let t = visit.language.texts();
    let (status, text, shut) = match trouble {
        Trouble::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, t.unavailable, false),
        Trouble::NotRequired => (StatusCode::FORBIDDEN, t.not_set_up, true),
        Trouble::Refused(slug) => match slug.as_str() {
            "account-locked" => (StatusCode::FORBIDDEN, t.locked, true),
            "too-many-tries" | "too-soon" => (StatusCode::TOO_MANY_REQUESTS, t.wait, false),
            "expired" => (StatusCode::FORBIDDEN, t.expired, false),
            _ => (StatusCode::FORBIDDEN, t.refused, true),
        },
    };
    let way = match (retry, trouble) {
        (Some(address), Trouble::Unavailable(_)) => Some(Way::Link(address, t.try_again)),
        _ => None,
    };
    refusal(panel, visit, token, purpose, (status, text, shut), way)
}

/// A page that says *not in* (or, to somebody who is in, *nothing changed*).
pub(super) fn refusal(
    panel: &Panel,
    visit: &Visit,
    token: &SessionToken,
    purpose: Purpose,
    (status, text, shut): (StatusCode, &'static str, bool),
    way: Option<Way>,
) -> Response {
    let t = visit.language.texts();
    let (title, usual_way) = match purpose {
        Purpose::Login => (t.not_in, Way::PhoneAgain(panel.forms.make(token))),
        Purpose::Settings => (t.not_changed, Way::Link("/security".to_owned(), t.try_again)),
    };
    let page = MessagePage { frame: visit.frame("/"), title, text, shut, way: way.unwrap_or(usual_way) };
    pages::render(status, &page)
}
