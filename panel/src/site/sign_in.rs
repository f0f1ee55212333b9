//! User name and password, and the way out.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::visit::{Visit, with_cookie};
use super::{OutOfOrder, Panel, second_factor, to_sign_in};
use crate::attempt::Purpose;
use crate::pages::{self, SignInPage};
use crate::users::canonical;

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct SignIn {
    form_token: String,
    login_name: String,
    password: String,
}

/// `GET /sign-in`
pub(super) async fn show(State(panel): State<Arc<Panel>>, visit: Visit) -> Response {
    if visit.session.as_ref().is_some_and(|session| session.backing().is_some()) {
        return Redirect::to("/").into_response();
    }
    page(&panel, &visit, StatusCode::OK, "", None)
}

/// `POST /sign-in`: the first factor; on to the second.
pub(super) async fn submit(
    State(panel): State<Arc<Panel>>,
    visit: Visit,
    form: Result<Form<SignIn>, FormRejection>,
) -> Response {
    let t = visit.language.texts();
    let Ok(Form(form)) = form else {
        return page(&panel, &visit, StatusCode::BAD_REQUEST, "", Some(t.stale_form));
    };
    if !visit.sent(&panel, &form.form_token) {
        return page(&panel, &visit, StatusCode::FORBIDDEN, &form.login_name, Some(t.stale_form));
    }
    let (ip, name) = (visit.browser.ip, canonical(&form.login_name));
    if !panel.throttle.take(ip, &name, panel.clock.now()) {
        tracing::warn!(%ip, "too many wrong passwords");
        return page(&panel, &visit, StatusCode::TOO_MANY_REQUESTS, &form.login_name, Some(t.too_many_tries));
    }
    match panel.check_password(form.login_name.clone(), form.password).await {
        Ok(Some(user)) => {
            panel.throttle.forgive(ip, &name);
            let token = panel.sessions.open(user, visit.token.as_ref());
            let asked = second_factor::ask(&panel, &visit, &token, Purpose::Login, panel.clock.now()).await;
            // Somebody who is in by now has a session of another name already.
            let renamed = asked.headers().contains_key(SET_COOKIE);
            if renamed { asked } else { with_cookie(asked, panel.cookies.set_session(&token)) }
        }
        Ok(None) => page(&panel, &visit, StatusCode::FORBIDDEN, &form.login_name, Some(t.wrong_password)),
        Err(OutOfOrder) => {
            page(&panel, &visit, StatusCode::SERVICE_UNAVAILABLE, &form.login_name, Some(t.out_of_order))
        }
    }
}

/// A form with nothing in it but its token.
#[derive(Deserialize)]
pub(super) struct Press {
    /// The hidden field.
    pub(super) form_token: String,
}

/// `POST /sign-out`
pub(super) async fn sign_out(
    State(panel): State<Arc<Panel>>,
    visit: Visit,
    form: Result<Form<Press>, FormRejection>,
) -> Response {
    match (form, &visit.token) {
        (Ok(Form(form)), Some(token)) if visit.sent(&panel, &form.form_token) => {
            panel.sessions.close(token);
            let visit = Visit { token: None, session: None, ..visit };
            let t = visit.language.texts();
            let cookie = visit.form_cookie();
            let page = SignInPage { notice: Some(t.signed_out), ..form_page(&panel, &visit, &cookie) };
            with_cookie(pages::render(StatusCode::OK, &page), panel.cookies.set_session(&cookie))
        }
        _ => to_sign_in(),
    }
}

fn page(panel: &Panel, visit: &Visit, status: StatusCode, login_name: &str, problem: Option<&'static str>) -> Response {
    let cookie = visit.form_cookie();
    let page =
        SignInPage { login_name: login_name.chars().take(64).collect(), problem, ..form_page(panel, visit, &cookie) };
    with_cookie(pages::render(status, &page), panel.cookies.set_session(&cookie))
}

fn form_page(panel: &Panel, visit: &Visit, cookie: &crate::session::SessionToken) -> SignInPage {
    SignInPage {
        frame: visit.frame("/sign-in"),
        form_token: panel.forms.make(cookie),
        login_name: String::new(),
        problem: None,
        notice: None,
    }
}
