//! Challenges for panels with pages of their own: the same machine as the hosted pages, the same rules.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use http::{HeaderMap, StatusCode, Uri};
use koppel_domain::plan::Wanted;
use koppel_domain::{
    Account, Challenge, ChallengeRequest, Command, ExternalId, Holder, MethodKind, Needs, Organisation, Policy, Reply,
    Scope,
};
use koppel_protocol::id::ChallengeId;
use koppel_protocol::{Bytes, Secret};
use koppel_store::{Answer, Ask, Locator, Store, Touched};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::caller::{Asked, Caller};
use super::fields::{BrowserField, LoginFields, ModeField, PreferField, PurposeField, SessionField, UserField};
use super::once::{Answered, Once, Recorded};
use super::prompts::{unexpected, verified};
use super::snapshot::Snapshot;
use super::verified::Verified;
use crate::app::{App, Attempts, unavailable};
use crate::prepare::LoginContext;
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// Longest wait of a long poll.
const LONGEST_WAIT: u64 = 25;

/// A login whose first factor was right, for pages of the panel's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChallengeBody {
    /// Who.
    user: UserField,
    /// What for.
    purpose: PurposeField,
    /// How; the relying party's own way when left out.
    mode: Option<ModeField>,
    /// By what, if the user has it; else what the user put first.
    prefer: Option<PreferField>,
    /// base64url of SHA-256 of `v`, 32 random bytes in the session of the browser that began.
    #[schema(value_type = String, example = "Yw3NKWbEM2aRElRIu7JbT_QSpJxzLbLIq8G4WBvXEN0")]
    binding: Bytes<32>,
    /// The browser.
    browser: BrowserField,
    /// When the first factor was right, in seconds.
    #[schema(example = 1_795_000_000_u64)]
    first_factor_at: u64,
    /// When the password was last changed, in seconds: lifts a lock that is older.
    password_changed_at: Option<u64>,
}

/// Typed digits.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckBody {
    /// base64url of the session's `v`.
    #[schema(value_type = String, example = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")]
    v: Secret<32>,
    /// The digits that the app or authenticator shows, as typed; spaces and hyphens are left out.
    #[schema(example = "482 913")]
    code: String,
}

/// A delivery again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryBody {
    /// base64url of the session's `v`.
    #[schema(value_type = String, example = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")]
    v: Secret<32>,
    /// By what; by the same as before when left out. Another method ends the former delivery and gives no try back.
    method: Option<PreferField>,
}

/// The long poll.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Poll {
    /// Answer when the version is another one than this.
    after: Option<u64>,
    /// Wait at most so many seconds, 0–25.
    wait: Option<u64>,
}

/// Ask for a second factor
///
/// The first factor was right. 409 `not-enrolled` when the user can be asked by nothing.
#[utoipa::path(
    post, path = "/v1/challenges", tag = "challenges", request_body = ChallengeBody,
    params(("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 201, description = "The challenge", body = Snapshot)),
    security(("key" = ["verify"]))
)]
pub(super) async fn start(State(app): State<Arc<App>>, request: Request) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Verify).await?;
    let once = Once::of(&app, asked.caller.id(), "POST /v1/challenges", &asked.headers, &asked.body)?;
    let ChallengeBody { user, purpose, mode, prefer, binding, browser, first_factor_at, password_changed_at } =
        asked.json()?;
    let (mode, prefer) = (mode.map(Into::into), prefer.map(Into::into));
    let (external_id, login) =
        LoginFields { user, purpose, binding, browser, first_factor_at, password_changed_at }.begun()?;
    let organisation = app.organisation(asked.caller.found.organisation.id)?;
    let terms = asked.caller.terms();
    let at = Locator::ExternalId(organisation.id, external_id.clone());
    let render = renderer(&app, StatusCode::CREATED, &organisation.policy);
    let mut attempts = Attempts::default();
    let answer = loop {
        let account = snapshot_of(&app, &at, &organisation, &external_id).await?;
        let cid = ChallengeId::from_bytes(app.draw()?);
        let context = LoginContext {
            relying_party: &asked.caller.found.relying_party,
            binding: login.binding,
            purpose: login.purpose,
            browser: &login.browser,
            began: app.now().0,
            page_ip: None,
        };
        let wanted = Wanted::Login { terms: &terms, mode, prefer };
        let prepared =
            app.prepare(&account, wanted, &organisation.policy, cid, |plan| context.subject(&app, cid, plan))?;
        let request = Box::new(ChallengeRequest::Direct { terms: terms.clone(), login: login.clone(), mode, prefer });
        let mut ask = app.ask(at.clone(), Command::StartChallenge { request, prepared }, asked.caller.by());
        ask.idempotency = Some(once.idempotency(render.clone()));
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            break answer;
        }
    };
    once.answer(answer, render)
}

/// The account, or one with nothing in it when the user is not there yet.
async fn snapshot_of(
    app: &App,
    at: &Locator,
    organisation: &Organisation,
    external_id: &ExternalId,
) -> Result<Account, Problem> {
    let needs = Needs { devices: true, methods: true, ..Needs::default() };
    let nobody = koppel_protocol::id::UserId::from_bytes(app.draw()?);
    let known = app.account(at.clone(), needs).await?;
    Ok(known.unwrap_or_else(|| Account::absent(nobody, organisation.id, external_id.clone(), app.now())))
}

/// Renders a challenge that was made or delivered again.
fn renderer(
    app: &Arc<App>,
    status: StatusCode,
    policy: &Policy,
) -> impl Fn(&Reply) -> Recorded + Clone + Send + Sync + 'static {
    let (app, policy) = (app.clone(), policy.clone());
    move |reply| match reply {
        Reply::Challenge { challenge, number, methods } => {
            let snapshot = Snapshot::of(&app, challenge, &policy, number.as_ref(), methods.iter().copied());
            Recorded::ok(status, json!(snapshot))
        }
        _ => unexpected(),
    }
}

/// See how it goes
///
/// A long poll: answers when the version is another than `after`, or after `wait` seconds. It never carries a verdict that
/// opens a session: `approved` must be taken by *consume*.
#[utoipa::path(
    get, path = "/v1/challenges/{id}", tag = "challenges",
    params(("id" = String, Path, description = "The challenge"), Poll),
    responses((status = 200, description = "As it stands", body = Snapshot)),
    security(("key" = ["verify"]))
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Snapshot>, Problem> {
    let caller = Caller::of(&app, &headers, source, Scope::Verify).await?;
    let Query(poll) = Query::<Poll>::try_from_uri(&uri).map_err(|_| {
        Problem::because(Slug::InvalidRequest, "The query takes `after` and `wait`, both whole numbers.")
    })?;
    let wait = poll.wait.unwrap_or(0);
    if wait > LONGEST_WAIT {
        return Err(Problem::because(Slug::InvalidField, "Parameter `wait`: 0 to 25 seconds."));
    }
    let cid = challenge_id(&id)?;
    let mut waiter = app.wakes.watch(Touched::Challenge(cid));
    let mut snapshot = own_snapshot(&app, &caller, cid).await?;
    let turn = app.long_polls.clone().try_acquire_owned();
    if poll.after == Some(snapshot.version) && wait > 0 && turn.is_ok() {
        tokio::select! {
            _ = waiter.changed_within(Duration::from_secs(wait)) => {}
            () = app.drain.draining() => {}
        }
        snapshot = own_snapshot(&app, &caller, cid).await?;
    }
    Ok(Json(snapshot))
}

/// A challenge of the caller's own relying party.
async fn own_snapshot(app: &App, caller: &Caller, cid: ChallengeId) -> Result<Snapshot, Problem> {
    let needs = Needs { challenge: Some(cid), devices: true, methods: true, ..Needs::default() };
    let (account, challenge) = own_challenge(app, caller, cid, needs).await?;
    let policy = app.policy(caller.found.organisation.id)?;
    let methods = account.usable_methods(caller.terms().methods);
    Ok(Snapshot::of(app, &challenge, &policy, None, methods))
}

async fn own_challenge(
    app: &App,
    caller: &Caller,
    cid: ChallengeId,
    needs: Needs,
) -> Result<(Account, Challenge), Problem> {
    let not_found = || Problem::new(Slug::NotFound);
    let account = app.account(Locator::Challenge(cid), needs).await?.ok_or_else(not_found)?;
    let challenge = account.challenge(cid).cloned().ok_or_else(not_found)?;
    let own = challenge.login().is_some_and(|login| login.relying_party == caller.found.relying_party.id);
    if own && account.user.organisation == caller.found.organisation.id {
        Ok((account, challenge))
    } else {
        Err(not_found())
    }
}

/// Check typed digits
///
/// A 200 means *verified*, once. A wrong code is 422 `wrong-code` with `tries_left`; in mode `number` digits are refused with 409
/// `wrong-mode`, whatever they are.
#[utoipa::path(
    post, path = "/v1/challenges/{id}/check", tag = "challenges", request_body = CheckBody,
    params(("id" = String, Path, description = "The challenge"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 200, description = "Verified", body = Verified)),
    security(("key" = ["verify"]))
)]
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Verify).await?;
    let route = format!("POST /v1/challenges/{id}/check");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let challenge = challenge_id(&id)?;
    let CheckBody { v, code } = asked.json()?;
    let holder = Holder::Panel { terms: asked.caller.terms(), v };
    let mut attempts = Attempts::default();
    loop {
        let needs = Needs { challenge: Some(challenge), methods: true, ..Needs::default() };
        let (account, _) = own_challenge(&app, &asked.caller, challenge, needs).await?;
        let typed = app.typed(&account, challenge, &code).await?;
        let command = Command::CheckCode { challenge, holder: holder.clone(), typed };
        let mut ask = app.ask(Locator::Challenge(challenge), command, asked.caller.by());
        ask.idempotency = Some(once.idempotency(verified));
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            return once.answer(answer, verified);
        }
    }
}

/// Take an approval
///
/// After `approved`: a 200 means *verified*, once.
#[utoipa::path(
    post, path = "/v1/challenges/{id}/consume", tag = "challenges", request_body = SessionField,
    params(("id" = String, Path, description = "The challenge"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 200, description = "Verified", body = Verified)),
    security(("key" = ["verify"]))
)]
pub(super) async fn consume(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Verify).await?;
    let route = format!("POST /v1/challenges/{id}/consume");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let challenge = challenge_id(&id)?;
    let SessionField { v } = asked.json()?;
    let command = Command::Consume { challenge, terms: asked.caller.terms(), v };
    let mut ask = app.ask(Locator::Challenge(challenge), command, asked.caller.by());
    ask.idempotency = Some(once.idempotency(verified));
    once.answer(app.store.execute(ask).await.map_err(unavailable)?, verified)
}

/// Deliver again, or by another method
///
/// The next delivery; the former ends at once and its code or number counts no more. At most three go to phones again, 20
/// seconds apart; no change of method gives a try back. 404 when the user has no such method.
#[utoipa::path(
    post, path = "/v1/challenges/{id}/deliveries", tag = "challenges", request_body = DeliveryBody,
    params(("id" = String, Path, description = "The challenge"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 200, description = "As it stands, with the new number", body = Snapshot)),
    security(("key" = ["verify"]))
)]
pub(super) async fn redeliver(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Verify).await?;
    let route = format!("POST /v1/challenges/{id}/deliveries");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let cid = challenge_id(&id)?;
    let DeliveryBody { v, method } = asked.json()?;
    let method = method.map(Into::into);
    let holder = Holder::Panel { terms: asked.caller.terms(), v };
    let organisation = app.organisation(asked.caller.found.organisation.id)?;
    let render = renderer(&app, StatusCode::OK, &organisation.policy);
    let mut attempts = Attempts::default();
    let answer = loop {
        let needs = Needs { challenge: Some(cid), devices: true, methods: true, ..Needs::default() };
        let (account, challenge) = own_challenge(&app, &asked.caller, cid, needs).await?;
        let mut ask = redelivery(&app, &account, &challenge, method, holder.clone(), &organisation, asked.caller.by())?;
        ask.idempotency = Some(once.idempotency(render.clone()));
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            break answer;
        }
    };
    once.answer(answer, render)
}

/// The next delivery of a challenge, prepared.
pub(crate) fn redelivery(
    app: &App,
    account: &Account,
    challenge: &Challenge,
    method: Option<MethodKind>,
    holder: Holder,
    organisation: &Organisation,
    by: crate::app::By,
) -> Result<Ask, Problem> {
    let not_found = || Problem::new(Slug::NotFound);
    let login = challenge.login().ok_or_else(not_found)?;
    let relying_party = app.registry.relying_party(login.relying_party).ok_or_else(not_found)?;
    let page_ip = login.prompt.and_then(|prompt| account.prompt(prompt)).and_then(|prompt| prompt.page_ip.as_ref());
    let context = LoginContext {
        relying_party: &relying_party,
        binding: login.binding,
        purpose: login.purpose,
        browser: &login.browser,
        began: challenge.created.0,
        page_ip,
    };
    let terms = holder.terms();
    let next = method.or_else(|| challenge.delivery().map(|delivery| delivery.method));
    let wanted = Wanted::Redelivery { challenge, method: next, terms };
    let prepared = app.prepare(account, wanted, &organisation.policy, challenge.id, |plan| {
        context.subject(app, challenge.id, plan)
    })?;
    let command = Command::Redeliver { challenge: challenge.id, holder, method, prepared };
    Ok(app.ask(Locator::Challenge(challenge.id), command, by))
}

/// Give up
#[utoipa::path(
    post, path = "/v1/challenges/{id}/cancel", tag = "challenges", request_body = SessionField,
    params(("id" = String, Path, description = "The challenge"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 200, description = "As it stands", body = Snapshot)),
    security(("key" = ["verify"]))
)]
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Verify).await?;
    let route = format!("POST /v1/challenges/{id}/cancel");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let cid = challenge_id(&id)?;
    let SessionField { v } = asked.json()?;
    let holder = Holder::Panel { terms: asked.caller.terms(), v };
    let mut ask =
        app.ask(Locator::Challenge(cid), Command::CancelChallenge { challenge: cid, holder }, asked.caller.by());
    // The answer is the challenge as it stands then, read after the commit.
    let render = |_: &Reply| Recorded::ok(StatusCode::OK, serde_json::Value::Null);
    ask.idempotency = Some(once.idempotency(render));
    let answer: Answer = app.store.execute(ask).await.map_err(unavailable)?;
    let answered = once.answer(answer, render)?;
    let snapshot = own_snapshot(&app, &asked.caller, cid).await?;
    Ok(Answered { body: json!(snapshot), ..answered })
}

fn challenge_id(text: &str) -> Result<ChallengeId, Problem> {
    text.parse().map_err(|_| Problem::new(Slug::NotFound))
}
