//! `POST /p/{prompt}/enrol` and `/confirm`: a phone is invited, and its check number is typed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, Uri};
use koppel_domain::{Command, Confirmer, Reply};
use koppel_protocol::Digits;
use koppel_protocol::id::PairingId;
use koppel_store::{Locator, Store};
use serde::Deserialize;
use serde_json::Value;

use super::super::ConfirmProblem;
use super::form;
use super::screen::Complaint;
use super::show::{invite as issue, refusal, show};
use super::verify::{Submitted, submitted};
use crate::api::relying_party::{Once, Recorded};
use crate::app::{App, unavailable};
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// A check number has six digits, whatever the policy says about codes.
const CHECK_DIGITS: usize = 6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InviteForm {
    form_token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmForm {
    form_token: String,
    #[serde(default)]
    pairing: String,
    check_number: String,
}

/// A new invitation. "This is not my phone" ends here too: what was pending is refused.
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let invited = async {
        let InviteForm { form_token } = form::read(&headers, &uri, body).await?;
        let held = match submitted(&app, &name, &headers, source, &form_token).await? {
            Ok(submitted) => submitted.held,
            Err(page) => return Ok(page),
        };
        issue(&app, &held).await?;
        Ok(Redirect::to(&held.path()).into_response())
    };
    invited.await.unwrap_or_else(|problem: Problem| refusal(&app, &headers, &name, &problem))
}

/// The check number of the new phone, typed here.
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let confirmed = async {
        let ConfirmForm { form_token, pairing, check_number } = form::read(&headers, &uri, body).await?;
        match submitted(&app, &name, &headers, source, &form_token).await? {
            Ok(submitted) => check_number_typed(&app, submitted, &pairing, &check_number).await,
            Err(page) => Ok(page),
        }
    };
    confirmed.await.unwrap_or_else(|problem| refusal(&app, &headers, &name, &problem))
}

async fn check_number_typed(
    app: &Arc<App>,
    submitted: Submitted,
    pairing: &str,
    typed: &str,
) -> Result<Response, Problem> {
    let Submitted { held, nonce } = submitted;
    let complain = |problem| Complaint { confirm: Some(problem), ..Complaint::default() };
    let number = Digits::from_typed(typed).ok().filter(|digits| digits.expose().len() == CHECK_DIGITS);
    let Some(number) = number else {
        return show(app, held, complain(ConfirmProblem::Incomplete)).await;
    };
    let pending: Vec<PairingId> = held.pending_pairings(app).into_iter().map(|pairing| pairing.id).collect();
    let chosen = match (pairing.parse::<PairingId>(), pending.as_slice()) {
        (Ok(chosen), _) if pending.contains(&chosen) => chosen,
        (Err(_), [only]) => *only,
        (_, []) => return show(app, held, Complaint::default()).await,
        _ => return show(app, held, complain(ConfirmProblem::ChooseOne)).await,
    };
    let key = format!("{nonce}{chosen}{}", number.expose());
    let once = Once::under(app, held.prompt.id.as_bytes(), "POST /p/confirm", &key, b"");
    let by = Confirmer::Page { prompt: held.prompt.id, cookie: held.cookie };
    let command = Command::ConfirmPairing { pairing: chosen, number, by };
    let mut ask = app.ask(Locator::Pairing(chosen), command, held.by());
    ask.idempotency = Some(once.idempotency(confirmed));
    let answer = app.store.execute(ask).await.map_err(unavailable)?;
    match once.answer(answer, confirmed) {
        Ok(_) => Ok(Redirect::to(&held.path()).into_response()),
        Err(problem) => {
            let complaint = match (problem.slug, problem.tries_left) {
                (Slug::WrongNumber, Some(tries_left)) => complain(ConfirmProblem::Wrong { tries_left }),
                (Slug::Unavailable | Slug::WrongBinding, _) => return Err(problem),
                _ => Complaint::default(),
            };
            show(app, held.again(app).await?, complaint).await
        }
    }
}

fn confirmed(reply: &Reply) -> Recorded {
    match reply {
        Reply::Confirmed { .. } => Recorded::ok(StatusCode::OK, Value::Null),
        _ => Recorded::of_problem(&Problem::new(Slug::Unavailable)),
    }
}
