//! `GET /koppel/return`: a browser comes back from the verification server's page.
//!
//! Three gates stand in a row, and behind each only fewer get on: the return belongs to the attempt of *this* browser
//! (`state`, `iss`, `prompt`); the server exchanges the code for a *verified* answer; the answer holds against what was
//! asked and against the keys that are known. Then the session gets another name.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{OriginalUri, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tokio::task;

use super::visit::{Visit, with_cookie};
use super::{Panel, second_factor};
use crate::attempt::{Attempt, Foreign, Purpose};
use crate::pages::{self, MessagePage, Way};
use crate::pins::Pins;
use crate::session::{Session, SessionToken};
use crate::verdict::{self, Backing, Denial, Question};
use crate::verification::{Trouble, Verified};

/// What the server writes behind the return URL.
#[derive(Deserialize)]
pub(super) struct Returned {
    prompt: String,
    state: String,
    iss: String,
    code: Option<String>,
    error: Option<String>,
}

/// The handler.
pub(super) async fn from_server(
    State(panel): State<Arc<Panel>>,
    visit: Visit,
    OriginalUri(address): OriginalUri,
    returned: Result<Query<Returned>, QueryRejection>,
) -> Response {
    let (Ok(Query(returned)), Some(token), Some(session)) = (returned, &visit.token, &visit.session) else {
        return foreign(&visit);
    };
    let Some(attempt) = &session.attempt else { return foreign(&visit) };
    let purpose = attempt.purpose;

    let came = (returned.state.as_str(), returned.iss.as_str(), returned.prompt.as_str());
    if let Err(why) = attempt.expects(came, panel.server.issuer().as_str(), panel.clock.now()) {
        tracing::warn!(user = session.user.external_id, ?why, "a return that was not asked for");
        let t = visit.language.texts();
        return match why {
            Foreign::Expired => {
                let said = (StatusCode::FORBIDDEN, t.expired, false);
                second_factor::refusal(&panel, &visit, token, purpose, said, None)
            }
            _ => foreign(&visit),
        };
    }
    let code = match (&returned.code, &returned.error) {
        (Some(code), None) => code,
        (_, error) => {
            let t = visit.language.texts();
            let (text, shut) = match error.as_deref() {
                Some("cancelled") => (t.cancelled, false),
                Some("not-verified") => (t.took_long, false),
                _ => (t.refused, true),
            };
            let said = (StatusCode::FORBIDDEN, text, shut);
            return second_factor::refusal(&panel, &visit, token, purpose, said, None);
        }
    };

    let verified = match panel.server.exchange(&returned.prompt, code, &attempt.v).await {
        Ok(verified) => verified,
        Err(Trouble::NotRequired) => {
            return second_factor::without(&panel, &visit, token, purpose, Some(&returned.prompt));
        }
        Err(trouble) => {
            let retry = address.path_and_query().map(ToString::to_string);
            return second_factor::said(&panel, &visit, token, purpose, &trouble, retry);
        }
    };

    let user = session.user.external_id.as_str();
    match weigh(&panel, session, attempt, verified).await {
        Some(Ok(backing)) => {
            tracing::info!(user, purpose = purpose.as_str(), backing = name(&backing), "verified");
            let Some(renamed) = panel.sessions.complete(token, Some(&returned.prompt), backing) else {
                return foreign(&visit);
            };
            let to = if purpose == Purpose::Login { "/" } else { "/security?done" };
            with_cookie(Redirect::to(to).into_response(), panel.cookies.set_session(&renamed))
        }
        Some(Err(denial)) => {
            tracing::error!(user, purpose = purpose.as_str(), %denial, "denied");
            denied(&panel, &visit, token, purpose, &denial)
        }
        None => {
            let said = (StatusCode::SERVICE_UNAVAILABLE, visit.language.texts().out_of_order, false);
            let retry = address.path_and_query().map(|a| Way::Link(a.to_string(), visit.language.texts().try_again));
            second_factor::refusal(&panel, &visit, token, purpose, said, retry)
        }
    }
}

/// The verdict, with the keys read and written; `None` when the file of keys is out of order.
async fn weigh(
    panel: &Arc<Panel>,
    session: &Session,
    attempt: &Attempt,
    verified: Verified,
) -> Option<Result<Backing, Denial>> {
    let (user, purpose, binding) = (session.user.external_id.clone(), attempt.purpose, attempt.binding());
    let (require_signature, now) = (panel.settings.require_signature, panel.clock.now());
    let pins = panel.pins.clone();
    let weighed = task::spawn_blocking(move || {
        let question = Question { user: &user, purpose, binding: &binding, require_signature, now };
        pins.change(|pins: &mut Pins| verdict::weigh(&question, &verified, pins))
    });
    match weighed.await {
        Ok(Ok(verdict)) => Some(verdict),
        Ok(Err(error)) => {
            tracing::error!(%error, "no signature can be compared");
            None
        }
        Err(_) => None,
    }
}

fn name(backing: &Backing) -> &'static str {
    match backing {
        Backing::Phone { .. } => "device_signature",
        Backing::Server { .. } => "server",
        Backing::Password => "none",
    }
}

/// A verified answer that is none. Its binding is used up, and so is a session that was to become a login.
fn denied(panel: &Panel, visit: &Visit, token: &SessionToken, purpose: Purpose, denial: &Denial) -> Response {
    let t = visit.language.texts();
    let text = if *denial == Denial::SignatureRequired { t.signature_required } else { t.denied };
    let said = (StatusCode::FORBIDDEN, text, true);
    if purpose == Purpose::Login {
        panel.sessions.close(token);
        let way = Way::Link("/sign-in".to_owned(), t.to_sign_in);
        let page = second_factor::refusal(panel, visit, token, purpose, said, Some(way));
        return with_cookie(page, panel.cookies.clear_session());
    }
    panel.sessions.abandon(token);
    second_factor::refusal(panel, visit, token, purpose, said, None)
}

/// A return that does not belong to this browser. Nothing of the session is touched: anybody can send anybody here.
fn foreign(visit: &Visit) -> Response {
    let t = visit.language.texts();
    let is_in = visit.session.as_ref().is_some_and(|session| session.backing().is_some());
    let (title, way) = if is_in {
        (t.not_changed, Way::Link("/".to_owned(), t.to_start))
    } else {
        (t.not_in, Way::Link("/sign-in".to_owned(), t.to_sign_in))
    };
    let page = MessagePage { frame: visit.frame("/"), title, text: t.foreign, shut: true, way };
    pages::render(StatusCode::FORBIDDEN, &page)
}
