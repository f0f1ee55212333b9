//! `POST /p/{prompt}/check` and `/deliver`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, Uri};
use koppel_domain::{ChallengeState, Command, Holder, MethodKind, Needs, Purpose, Reply, Typed};
use koppel_store::Locator;
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::super::{CodeProblem, Message};
use super::screen::{Complaint, Held};
use super::show::{ask, hold, refusal, show};
use super::{finish, form};
use crate::api::relying_party::{Once, Recorded, redelivery};
use crate::app::{App, Attempts};
use crate::problem::{Problem, Slug};
use crate::source::Source;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckForm {
    form_token: String,
    digits: String,
    /// `yes`: this browser is to be remembered.
    remember: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeliverForm {
    form_token: String,
    /// Another method than before.
    method: Option<String>,
}

/// A held page and the nonce of a genuine form, or the page that says what is wrong.
pub(super) struct Submitted {
    pub(super) held: Held,
    pub(super) nonce: String,
}

/// Everything a form must pass before it is looked at.
pub(super) async fn submitted(
    app: &App,
    name: &str,
    headers: &HeaderMap,
    source: Source,
    token: &str,
) -> Result<Result<Submitted, Response>, Problem> {
    let held = hold(app, name, headers, source).await?;
    let genuine = form::nonce(app, held.prompt.id.as_bytes(), &held.cookie, token).map(str::to_owned);
    match genuine.filter(|_| form::from_this_host(headers, &held.organisation.public_url)) {
        Some(nonce) => Ok(Ok(Submitted { held, nonce })),
        None => {
            let address = held.path();
            let stale = held.message(app, Message::Stale { address })?;
            Ok(Err(match stale {
                super::screen::Screen::Message(page) => super::super::respond(&page, Some(&held.prompt.return_url)),
                _ => StatusCode::BAD_REQUEST.into_response(),
            }))
        }
    }
}

/// Typed digits: counted, then compared.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let checked = async {
        let CheckForm { form_token, digits, remember } = form::read(&headers, &uri, body).await?;
        let submitted = match submitted(&app, &name, &headers, source, &form_token).await? {
            Ok(submitted) => submitted,
            Err(page) => return Ok(page),
        };
        check_digits(&app, submitted, &digits, is_wanted(remember.as_deref())).await
    };
    checked.await.unwrap_or_else(|problem| refusal(&app, &headers, &name, &problem))
}

/// A box was ticked.
pub(super) fn is_wanted(box_: Option<&str>) -> bool {
    box_ == Some("yes")
}

async fn check_digits(app: &Arc<App>, submitted: Submitted, typed: &str, remember: bool) -> Result<Response, Problem> {
    let Submitted { held, nonce } = submitted;
    let Some(challenge) = held.prompt.challenge else {
        return show(app, held, Complaint { code: Some(CodeProblem::Incomplete), ..Complaint::default() }).await;
    };
    let mut attempts = Attempts::default();
    let mut held = held;
    let was_recovery =
        held.challenge().and_then(|row| row.delivery()).is_some_and(|row| row.method == MethodKind::Recovery);
    let (once, answer) = loop {
        let ready = match app.typed(&held.account, challenge, typed).await {
            Ok(ready) if is_complete(&held, &ready) => ready,
            Ok(_) | Err(Problem { slug: Slug::InvalidField, .. }) => {
                return show(
                    app,
                    held,
                    Complaint {
                        code: Some(if was_recovery { CodeProblem::NoRecoveryCode } else { CodeProblem::Incomplete }),
                        ..Complaint::default()
                    },
                )
                .await;
            }
            Err(problem) if problem.slug == Slug::Unavailable && !app.clock.is_steady() => {
                return show(app, held, Complaint { code: Some(CodeProblem::NotNow), ..Complaint::default() }).await;
            }
            Err(problem) => return Err(problem),
        };
        // The same code from the same form is one try; another code is another.
        let once = Once::under(app, held.prompt.id.as_bytes(), "POST /p/check", &one_try(&nonce, typed), b"");
        let holder = Holder::Page { prompt: held.prompt.id, cookie: held.cookie, terms: held.relying_party.terms() };
        let command = Command::CheckCode { challenge, holder, typed: ready };
        let mut ask = app.ask(Locator::Challenge(challenge), command, held.by());
        ask.idempotency = Some(once.idempotency(approved));
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            break (once, answer);
        }
        held = held.again(app).await?;
    };
    match once.answer(answer, approved) {
        // There is more to say on this page before the panel goes on.
        Ok(_) if held.prompt.purpose == Purpose::Settings || held.paired_here(app).is_some() || was_recovery => {
            Ok(Redirect::to(&held.path()).into_response())
        }
        Ok(_) => finish::to_panel(app, held, remember).await,
        Err(problem) => {
            let complaint = Complaint { code: complaint(&problem), ..Complaint::default() };
            refused(app, held, problem, complaint).await
        }
    }
}

/// The digits are as many as the live delivery has.
fn is_complete(held: &Held, typed: &Typed) -> bool {
    let expected = held.challenge().and_then(|challenge| challenge.delivery()).map(|delivery| delivery.digits);
    match typed {
        Typed::App(code) | Typed::Totp(code, _) => expected == Some(code.count().get()),
        Typed::Recovery(_) => true,
    }
}

/// What makes two submissions one: the form, and what was typed whatever its spaces, hyphens and case.
fn one_try(nonce: &str, typed: &str) -> Zeroizing<String> {
    let kept = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase());
    Zeroizing::new(nonce.chars().chain(kept).collect())
}

fn approved(reply: &Reply) -> Recorded {
    match reply {
        Reply::Approved { .. } | Reply::Recovered => Recorded::ok(StatusCode::OK, Value::Null),
        _ => Recorded::of_problem(&Problem::new(Slug::Unavailable)),
    }
}

/// What the page says about a refusal; none: the page as it stands says it.
fn complaint(problem: &Problem) -> Option<CodeProblem> {
    let seconds = u32::try_from(problem.retry_after.unwrap_or(1)).unwrap_or(u32::MAX);
    match problem.slug {
        Slug::WrongCode => problem.tries_left.map(|tries_left| CodeProblem::Wrong { tries_left }),
        Slug::TooManyTries => Some(CodeProblem::Wait { seconds }),
        Slug::TooSoon => Some(CodeProblem::TooSoon { seconds }),
        Slug::Superseded => Some(CodeProblem::Superseded),
        _ => None,
    }
}

/// Shows the page after a refusal, as it stands now.
async fn refused(app: &App, held: Held, problem: Problem, complaint: Complaint) -> Result<Response, Problem> {
    match problem.slug {
        Slug::Unavailable | Slug::NotFound | Slug::WrongBinding => Err(problem),
        _ => show(app, held.again(app).await?, complaint).await,
    }
}

/// *Send the code again.*
pub(super) async fn deliver(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let delivered = async {
        let DeliverForm { form_token, method } = form::read(&headers, &uri, body).await?;
        let method = method.map(|method| method.parse::<MethodKind>()).transpose();
        let method = method.map_err(|_| Problem::new(Slug::NotFound))?;
        match submitted(&app, &name, &headers, source, &form_token).await? {
            Ok(submitted) => deliver_again(&app, submitted.held, method).await,
            Err(page) => Ok(page),
        }
    };
    delivered.await.unwrap_or_else(|problem| refusal(&app, &headers, &name, &problem))
}

async fn deliver_again(app: &App, held: Held, method: Option<MethodKind>) -> Result<Response, Problem> {
    let policy = &held.organisation.policy;
    let Some(challenge) = held.challenge() else {
        return Ok(Redirect::to(&held.path()).into_response());
    };
    let over = challenge.state_at(app.now(), app.epoch(), policy) != ChallengeState::Pending;
    let used_up = challenge.resends() >= policy.resends;
    let asked = if over || (method.is_none() && used_up && held.prompt.purpose == Purpose::Enrol) {
        ask(app, &held).await.map(|_| ())
    } else {
        redeliver(app, &held, challenge.id, method).await
    };
    match asked {
        Ok(()) => Ok(Redirect::to(&held.path()).into_response()),
        Err(problem) => {
            let mut complaint = complaint(&problem);
            if used_up && problem.slug == Slug::TooSoon {
                complaint = Some(CodeProblem::NoMoreSends);
            }
            refused(app, held, problem, Complaint { code: complaint, ..Complaint::default() }).await
        }
    }
}

async fn redeliver(
    app: &App,
    held: &Held,
    challenge: koppel_protocol::id::ChallengeId,
    method: Option<MethodKind>,
) -> Result<(), Problem> {
    let holder = Holder::Page { prompt: held.prompt.id, cookie: held.cookie, terms: held.relying_party.terms() };
    let mut attempts = Attempts::default();
    let answer = loop {
        let not_found = || Problem::new(Slug::NotFound);
        let prompt = Some(held.prompt.id);
        let needs = Needs { challenge: Some(challenge), prompt, devices: true, methods: true, ..Needs::default() };
        let account = app.account(Locator::Challenge(challenge), needs).await?.ok_or_else(not_found)?;
        let asked = account.challenge(challenge).cloned().ok_or_else(not_found)?;
        let ask = redelivery(app, &account, &asked, method, holder.clone(), &held.organisation, held.by())?;
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            break answer;
        }
    };
    answer.verdict()?;
    Ok(())
}
