//! The settings page *Beveiliging*: which phones are known, and pairing another.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tokio::task;

use super::visit::Visit;
use super::{OutOfOrder, Panel, second_factor, to_sign_in};
use crate::attempt::Purpose;
use crate::pages::{self, SecurityPage};
use crate::pins::Pins;
use crate::session::{Session, SessionToken};
use crate::users::canonical;

/// `GET /security`, with `?done` after a phone was paired.
pub(super) async fn show(State(panel): State<Arc<Panel>>, visit: Visit, RawQuery(query): RawQuery) -> Response {
    let Some((token, session)) = signed_in(&visit) else { return to_sign_in() };
    let done = query.as_deref() == Some("done");
    let says = Says { problem: None, notice: done.then_some(visit.language.texts().coupled) };
    page(&panel, &visit, token, session, StatusCode::OK, says).await
}

/// What the form sends; the name that stands in it is only for the browser's password keeper.
#[derive(Deserialize)]
pub(super) struct Couple {
    form_token: String,
    password: String,
}

/// `POST /security`: the password again, then the server's page for a new phone.
pub(super) async fn couple(
    State(panel): State<Arc<Panel>>,
    visit: Visit,
    form: Result<Form<Couple>, FormRejection>,
) -> Response {
    let Some((token, session)) = signed_in(&visit) else { return to_sign_in() };
    let t = visit.language.texts();
    let refuse =
        |status, problem| page(&panel, &visit, token, session, status, Says { problem: Some(problem), notice: None });
    let Ok(Form(form)) = form else { return refuse(StatusCode::BAD_REQUEST, t.stale_form).await };
    if !visit.sent(&panel, &form.form_token) {
        return refuse(StatusCode::FORBIDDEN, t.stale_form).await;
    }
    let (ip, name) = (visit.browser.ip, canonical(&session.user.login_name));
    if !panel.throttle.take(ip, &name, panel.clock.now()) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, t.wait).await;
    }
    match panel.check_password(name.clone(), form.password).await {
        Ok(Some(user)) if user.external_id == session.user.external_id => {
            panel.throttle.forgive(ip, &name);
            second_factor::ask(&panel, &visit, token, Purpose::Settings, panel.clock.now()).await
        }
        Ok(_) => refuse(StatusCode::FORBIDDEN, t.wrong_password_again).await,
        Err(OutOfOrder) => refuse(StatusCode::SERVICE_UNAVAILABLE, t.out_of_order).await,
    }
}

struct Says {
    problem: Option<&'static str>,
    notice: Option<&'static str>,
}

fn signed_in(visit: &Visit) -> Option<(&SessionToken, &Session)> {
    let session = visit.session.as_ref().filter(|session| session.backing().is_some())?;
    Some((visit.token.as_ref()?, session))
}

async fn page(
    panel: &Arc<Panel>,
    visit: &Visit,
    token: &SessionToken,
    session: &Session,
    status: StatusCode,
    says: Says,
) -> Response {
    let (file, user) = (panel.pins.clone(), session.user.external_id.clone());
    let known = task::spawn_blocking(move || file.read::<Pins>().map(|pins| pins.of(&user).to_vec())).await;
    let pins = match known {
        Ok(Ok(pins)) => Some(pins),
        Ok(Err(error)) => {
            tracing::error!(%error, "the known phones cannot be read");
            None
        }
        Err(_) => None,
    };
    let out_of_order = pins.is_none().then_some(visit.language.texts().out_of_order);
    let page = SecurityPage {
        frame: visit.frame("/security"),
        form_token: panel.forms.make(token),
        login_name: session.user.login_name.clone(),
        pins: pins.unwrap_or_default(),
        problem: says.problem.or(out_of_order),
        notice: says.notice,
    };
    pages::render(if out_of_order.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { status }, &page)
}
