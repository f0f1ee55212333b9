//! Prompts: a hosted page that asks one browser for a second factor, and the exchange of its result.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use http::StatusCode;
use koppel_domain::{Command, OpenPrompt, Reply, Scope};
use koppel_protocol::Bytes;
use koppel_protocol::Secret;
use koppel_protocol::id::PromptId;
use koppel_store::{Locator, Store};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::caller::Asked;
use super::fields::{BrowserField, Empty, LocaleField, LoginFields, ModeField, PreferField, PurposeField, UserField};
use super::once::{Answered, Once, Recorded};
use super::verified::Verified;
use crate::app::{App, unavailable};
use crate::problem::{Problem, Slug};

/// Longest `state`.
const STATE: usize = 256;

/// A login (or set-up) whose first factor was right.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PromptRequest {
    /// Who.
    user: UserField,
    /// What for.
    purpose: PurposeField,
    /// How; the relying party's own way when left out.
    mode: Option<ModeField>,
    /// By what first, if the user has it; else what the user put first.
    prefer: Option<PreferField>,
    /// base64url of SHA-256 of `v`, 32 random bytes in the session of the browser that began.
    #[schema(value_type = String, example = "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0")]
    binding: Bytes<32>,
    /// The browser.
    browser: BrowserField,
    /// When the first factor was right, in seconds.
    #[schema(example = 1_795_000_000_u64)]
    first_factor_at: u64,
    /// Where the browser returns to: exactly one of the registered addresses.
    #[schema(example = "https://panel.example.org/2fa")]
    return_url: String,
    /// A random word of the panel, given back untouched: 1–256 visible ASCII characters.
    #[schema(example = "3q2-7wEBAQ")]
    state: String,
    /// The page's language.
    locale: Option<LocaleField>,
    /// When the password was last changed, in seconds: lifts a lock that is older.
    password_changed_at: Option<u64>,
}

/// A hosted page.
#[derive(Debug, Serialize, ToSchema)]
struct PromptAnswer {
    /// The prompt: keep it in the session.
    #[schema(example = "pr_gaytemzugu3doobzmfrggzdfmy")]
    prompt: String,
    /// Send the browser here. It works once, in the browser that was described.
    #[schema(example = "https://2fa.example.org/p/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")]
    url: String,
}

/// The result code, as the browser brought it back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResultRequest {
    /// Parameter `code` of the return.
    #[schema(example = "AAECAwQFBgcICQoLDA0ODw")]
    code: String,
    /// base64url of the session's `v`.
    #[schema(value_type = String, example = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")]
    v: Secret<32>,
}

/// A state that ends something.
#[derive(Debug, Serialize, ToSchema)]
struct Cancelled {
    /// `cancelled`.
    #[schema(example = "cancelled")]
    state: &'static str,
}

fn check_return(asked: &Asked, request: &PromptRequest) -> Result<(), Problem> {
    if !asked.caller.found.relying_party.return_urls.contains(&request.return_url) {
        let advice =
            "Field `return_url`: not one of the relying party's registered addresses, which are compared exactly.";
        return Err(Problem::because(Slug::InvalidField, advice));
    }
    let state = &request.state;
    if !(1..=STATE).contains(&state.len()) || !state.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::because(Slug::InvalidField, "Field `state`: 1 to 256 visible ASCII characters."));
    }
    Ok(())
}

/// Begin on a hosted page
///
/// The first factor was right: ask for a page and send the browser there. An unknown user is made. Where the rules ask no second factor of this
/// user, 409 `not-required`.
#[utoipa::path(
    post, path = "/v1/prompts", tag = "prompts", request_body = PromptRequest,
    params(("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 201, description = "The page", body = PromptAnswer)),
    security(("key" = ["verify"]))
)]
pub(super) async fn open(State(app): State<Arc<App>>, request: Request) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Verify).await?;
    let once = Once::of(&app, asked.caller.id(), "POST /v1/prompts", &asked.headers, &asked.body)?;
    let prompt: PromptRequest = asked.json()?;
    check_return(&asked, &prompt)?;
    let token = koppel_protocol::bytes::encode(&app.draw::<32>()?);
    let url = asked.caller.found.organisation.public_url.clone();
    let url =
        app.registry.organisation(asked.caller.found.organisation.id).map_or(url, |known| known.public_url.clone());
    let page = url.url(&format!("/p/{token}"));
    let PromptRequest {
        user, purpose, mode, prefer, binding, browser, first_factor_at, return_url, state, locale, ..
    } = prompt;
    let password_changed_at = prompt.password_changed_at;
    let (external_id, login) =
        LoginFields { user, purpose, binding, browser, first_factor_at, password_changed_at }.begun()?;
    let command = Command::OpenPrompt(Box::new(OpenPrompt {
        terms: asked.caller.terms(),
        login,
        mode: mode.map(Into::into),
        prefer: prefer.map(Into::into),
        return_url,
        panel_state: state,
        locale: locale.map(Into::into),
        token: app.derive.page_token(token.as_bytes()),
    }));
    let render = move |reply: &Reply| match reply {
        Reply::PromptOpened { prompt } => {
            let answer = PromptAnswer { prompt: prompt.to_string(), url: page.clone() };
            Recorded::ok(StatusCode::CREATED, json!(answer))
        }
        _ => unexpected(),
    };
    let mut ask =
        app.ask(Locator::ExternalId(asked.caller.found.organisation.id, external_id), command, asked.caller.by());
    ask.idempotency = Some(once.idempotency(render.clone()));
    once.answer(app.store.execute(ask).await.map_err(unavailable)?, render)
}

/// Another reply than the command gives: fails closed.
pub(super) fn unexpected() -> Recorded {
    Recorded::of_problem(&Problem::new(Slug::Unavailable))
}

/// Exchange the result
///
/// The browser came back with `code`. Compare `state`, `prompt` and `iss` with the session first. A 200 means *verified*, once;
/// everything else means *not in*. During a roll-out 409 `not-required`, with `required_from`, says that the person chose *Later* and
/// the rules leave them to the panel.
#[utoipa::path(
    post, path = "/v1/prompts/{id}/result", tag = "prompts", request_body = ResultRequest,
    params(("id" = String, Path, description = "The prompt"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 200, description = "Verified", body = Verified)),
    security(("key" = ["verify"]))
)]
pub(super) async fn result(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Verify).await?;
    let route = format!("POST /v1/prompts/{id}/result");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let prompt = prompt_id(&id)?;
    let ResultRequest { code, v } = asked.json()?;
    let code = app.derive.result_code(code.as_bytes());
    let command = Command::ExchangeResult { prompt, terms: asked.caller.terms(), v, code };
    let mut ask = app.ask(Locator::Prompt(prompt), command, asked.caller.by());
    ask.idempotency = Some(once.idempotency(verified));
    once.answer(app.store.execute(ask).await.map_err(unavailable)?, verified)
}

/// The answer of everything that verifies.
pub(super) fn verified(reply: &Reply) -> Recorded {
    match reply {
        Reply::Verified(verified) => Recorded::ok(StatusCode::OK, json!(Verified::of(verified))),
        _ => unexpected(),
    }
}

/// Withdraw a page
///
/// The user gave up at the panel; the page and its challenge end.
#[utoipa::path(
    post, path = "/v1/prompts/{id}/cancel", tag = "prompts", request_body = Empty,
    params(("id" = String, Path, description = "The prompt"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 200, description = "Cancelled", body = Cancelled)),
    security(("key" = ["verify"]))
)]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Verify).await?;
    let route = format!("POST /v1/prompts/{id}/cancel");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let prompt = prompt_id(&id)?;
    let Empty {} = asked.json()?;
    let command = Command::CancelPrompt { prompt, relying_party: asked.caller.found.relying_party.id };
    let mut ask = app.ask(Locator::Prompt(prompt), command, asked.caller.by());
    let render = |_: &Reply| Recorded::ok(StatusCode::OK, json!(Cancelled { state: "cancelled" }));
    ask.idempotency = Some(once.idempotency(render));
    once.answer(app.store.execute(ask).await.map_err(unavailable)?, render)
}

fn prompt_id(text: &str) -> Result<PromptId, Problem> {
    text.parse().map_err(|_| Problem::new(Slug::NotFound))
}
