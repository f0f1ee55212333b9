//! `POST /p/{prompt}/finish`: back to the panel, with a result code or without. *Later* has one too: only the panel may ask what it is
//! worth, and hears that nobody is verified.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Uri};
use koppel_domain::{Command, Prompt, Purpose, Reply};
use koppel_store::Locator;
use serde::Deserialize;
use url::Url;

use super::screen::{Complaint, Held};
use super::show::{refusal, show, with_cookie};
use super::verify::{is_wanted, submitted};
use super::{cookie, form};
use crate::app::App;
use crate::problem::{Problem, Slug};
use crate::source::Source;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FinishForm {
    form_token: String,
    leave: Option<String>,
    /// `yes`: this browser is to be remembered.
    remember: Option<String>,
}

/// *Continue*, or *back to the panel*.
pub(super) async fn finish(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let finished = async {
        let FinishForm { form_token, leave, remember } = form::read(&headers, &uri, body).await?;
        let held = match submitted(&app, &name, &headers, source, &form_token).await? {
            Ok(submitted) => submitted.held,
            Err(page) => return Ok(page),
        };
        match leave.as_deref() {
            None => to_panel(&app, held, is_wanted(remember.as_deref())).await,
            Some("cancel") => leave_page(&app, &held, "cancelled").await,
            Some("later") => postpone(&app, held).await,
            Some(_) => Err(Problem::because(Slug::InvalidField, "Field `leave`: `cancel`, `later` or nothing.")),
        }
    };
    finished.await.unwrap_or_else(|problem| refusal(&app, &headers, &name, &problem))
}

/// Back with a result code, if the factor was right; the browser is remembered if the person wants that and the rules let it.
pub(super) async fn to_panel(app: &App, held: Held, remember: bool) -> Result<Response, Problem> {
    let code = koppel_protocol::bytes::encode(&app.draw::<16>()?);
    let hash = app.derive.result_code(code.as_bytes());
    let terms = held.relying_party.terms();
    let known = if remember { Some(cookie::NewCookie::draw(app)?) } else { None };
    let remember = known.as_ref().map(|known| known.remembered(app));
    let command = Command::FinishPrompt { prompt: held.prompt.id, terms, cookie: held.cookie, code: hash, remember };
    match app.decide(Locator::Prompt(held.prompt.id), command, held.by()).await {
        Ok(Reply::Finished { prompt, remembered }) => {
            let response = back(&held, &prompt, &[("code", &code)])?;
            let known = known.filter(|_| remembered);
            Ok(with_cookie(response, known.and_then(|known| known.of_browser(app, &held))))
        }
        Ok(_) => Err(Problem::new(Slug::Unavailable)),
        // A settings page that took its time: what was changed there stays, and the panel learns no more than that.
        Err(problem) if problem.slug == Slug::NotVerified && held.prompt.purpose == Purpose::Settings => {
            leave_page(app, &held, "not-verified").await
        }
        Err(problem) if matches!(problem.slug, Slug::Unavailable | Slug::WrongBinding) => Err(problem),
        Err(_) => show(app, held.again(app).await?, Complaint::default()).await,
    }
}

/// Back with a code that verifies nobody.
async fn postpone(app: &App, held: Held) -> Result<Response, Problem> {
    let code = koppel_protocol::bytes::encode(&app.draw::<16>()?);
    let command = Command::PostponeSetUp { page: held.on_page(), code: app.derive.result_code(code.as_bytes()) };
    match app.decide(Locator::Prompt(held.prompt.id), command, held.by()).await {
        Ok(Reply::Finished { prompt, .. }) => back(&held, &prompt, &[("code", &code)]),
        Ok(_) => Err(Problem::new(Slug::Unavailable)),
        Err(problem) if matches!(problem.slug, Slug::Unavailable | Slug::WrongBinding) => Err(problem),
        // The day has come, or something was set up elsewhere meanwhile: the page says what is to be done now.
        Err(_) => show(app, held.again(app).await?, Complaint::default()).await,
    }
}

/// Back without one, and why: whatever was open ends.
async fn leave_page(app: &App, held: &Held, why: &str) -> Result<Response, Problem> {
    let prompt = held.prompt.id;
    let command = Command::CancelPrompt { prompt, relying_party: held.prompt.relying_party };
    match app.decide(Locator::Prompt(prompt), command, held.by()).await {
        Err(problem) if problem.slug == Slug::Unavailable => Err(problem),
        // Ended already: the way back is open all the same.
        _ => back(held, &held.prompt, &[("error", why)]),
    }
}

/// `return_url?prompt&…&state&iss`
fn back(held: &Held, prompt: &Prompt, what: &[(&str, &str)]) -> Result<Response, Problem> {
    let mut url = Url::parse(&prompt.return_url).map_err(|_| Problem::new(Slug::Unavailable))?;
    url.query_pairs_mut()
        .append_pair("prompt", &prompt.id.to_string())
        .extend_pairs(what)
        .append_pair("state", &prompt.panel_state)
        .append_pair("iss", &held.organisation.public_url.to_string());
    Ok(Redirect::to(url.as_str()).into_response())
}
