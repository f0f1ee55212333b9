//! What a desk does for a caller: hand out a koppelcode, confirm a phone, lift a lock. Always by a named agent, with a reason
//! and a ticket; all three stand in the audit trail.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use http::StatusCode;
use koppel_domain::{Actor, Command, Confirmer, Issuer, Reply, Scope, Via};
use koppel_protocol::id::PairingId;
use koppel_protocol::{Digits, Text};
use koppel_store::{Locator, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::caller::{Asked, Caller};
use super::once::{Answered, Once, Recorded};
use super::prompts::unexpected;
use super::users::{UserAnswer, locate, read, show_user};
use crate::app::{App, By, unavailable};
use crate::problem::{Problem, Slug};
use crate::spelling::spell;

/// Who acts, why, and by which ticket.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeskBody {
    /// Who: 1–64 bytes.
    #[schema(value_type = String, example = "m.devries")]
    agent: Text,
    /// Why.
    #[schema(value_type = String, example = "new phone, identity checked by call-back")]
    reason: Text,
    /// By which ticket.
    #[schema(value_type = String, example = "INC-20417")]
    ticket: Text,
}

/// A confirmation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmBody {
    /// The six digits that the caller reads from the new phone.
    #[schema(example = "482913")]
    check_number: String,
    /// Who: 1–64 bytes.
    #[schema(value_type = String, example = "m.devries")]
    agent: Text,
    /// Why.
    #[schema(value_type = String, example = "new phone, identity checked by call-back")]
    reason: Text,
    /// By which ticket.
    #[schema(value_type = String, example = "INC-20417")]
    ticket: Text,
}

/// A koppelcode to read out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KoppelcodeAnswer {
    /// The code.
    #[schema(example = "7K3M-9QXT-H")]
    pub(crate) code: String,
    /// A word for each symbol.
    pub(crate) spelled: Spelled,
    /// What the caller types as server.
    #[schema(example = "2fa.example.org")]
    pub(crate) host: String,
    /// What the caller types as name.
    #[schema(example = "jansen")]
    pub(crate) login_name: String,
    /// Until when it counts, in seconds.
    pub(crate) expires_at: u64,
}

/// The spelled code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Spelled {
    /// By the Dutch telephone alphabet.
    pub(crate) nl: Vec<&'static str>,
    /// By the international alphabet.
    pub(crate) en: Vec<&'static str>,
}

/// A phone that is active now.
#[derive(Debug, Serialize, ToSchema)]
struct Confirmed {
    /// `active`.
    #[schema(example = "active")]
    state: &'static str,
}

impl KoppelcodeAnswer {
    /// The koppelcode of an invitation.
    pub(crate) fn of(
        app: &App,
        invitation: &koppel_domain::Invitation,
        host: &str,
        login_name: &str,
    ) -> KoppelcodeAnswer {
        let code = app.derive.koppelcode(invitation.id);
        let (nl, en) = spell(&code);
        KoppelcodeAnswer {
            code: code.to_text().to_string(),
            spelled: Spelled { nl, en },
            host: host.to_owned(),
            login_name: login_name.to_owned(),
            expires_at: invitation.code_until.0,
        }
    }
}

/// The desk as the actor.
fn by(caller: &Caller, body: DeskBody) -> Result<By, Problem> {
    let DeskBody { agent, reason, ticket } = body;
    if agent.is_empty() || reason.is_empty() || ticket.is_empty() {
        let advice = "Fields `agent`, `reason`, `ticket`: none may be empty; they stand in the audit trail.";
        return Err(Problem::because(Slug::InvalidField, advice));
    }
    let actor = Actor::Desk {
        organisation: caller.found.organisation.id,
        via: Via::Key(caller.found.key.id),
        agent,
        reason,
        ticket,
    };
    Ok(By::new(actor, caller.source))
}

/// Hand out a koppelcode
///
/// To be read out to a caller whose identity was checked. One lives at a time, for ten minutes; the former dies.
#[utoipa::path(
    post, path = "/v1/users/{external_id}/koppelcodes", tag = "desk", request_body = DeskBody,
    params(("external_id" = String, Path, description = "The panel's own id"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 201, description = "The code", body = KoppelcodeAnswer)),
    security(("key" = ["desk"]))
)]
pub(super) async fn koppelcode(
    State(app): State<Arc<App>>,
    Path(external_id): Path<String>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Desk).await?;
    let route = format!("POST /v1/users/{external_id}/koppelcodes");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let by = by(&asked.caller, asked.json()?)?;
    let at = locate(&asked.caller, &external_id)?;
    let user = read(&app, at.clone()).await?.user;
    let login_name = user.login_name.as_ref().map(|name| name.shown().to_string()).unwrap_or_default();
    let host = app.organisation(user.organisation)?.public_url.host().to_string();
    let render = {
        let app = app.clone();
        move |reply: &Reply| match reply {
            Reply::Invited { invitation } => {
                let answer = KoppelcodeAnswer::of(&app, invitation, &host, &login_name);
                Recorded::ok(StatusCode::CREATED, json!(answer))
            }
            _ => unexpected(),
        }
    };
    let mut ask = app.ask(at, Command::IssueInvitation { by: Issuer::Desk }, by);
    ask.idempotency = Some(once.idempotency(render.clone()));
    once.answer(app.store.execute(ask).await.map_err(unavailable)?, render)
}

/// Confirm a phone
///
/// The caller reads the check number from the new phone. Three tries; then the phone is refused.
#[utoipa::path(
    post, path = "/v1/users/{external_id}/pairings/{pairing}/confirm", tag = "desk", request_body = ConfirmBody,
    params(("external_id" = String, Path, description = "The panel's own id"),
        ("pairing" = String, Path, description = "The pairing, of `pending_pairings`"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 200, description = "The phone is active", body = Confirmed)),
    security(("key" = ["desk"]))
)]
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    Path((external_id, pairing)): Path<(String, String)>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Desk).await?;
    let route = format!("POST /v1/users/{external_id}/pairings/{pairing}/confirm");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let ConfirmBody { check_number, agent, reason, ticket } = asked.json()?;
    let by = by(&asked.caller, DeskBody { agent, reason, ticket })?;
    let at = locate(&asked.caller, &external_id)?;
    let pairing: PairingId = pairing.parse().map_err(|_| Problem::new(Slug::NotFound))?;
    // The pairing must be this user's; `decide` looks it up in the account that `at` names.
    read(&app, at.clone()).await?;
    let number = Digits::from_typed(&check_number)
        .map_err(|_| Problem::because(Slug::InvalidField, "Field `check_number`: six digits."))?;
    let command = Command::ConfirmPairing { pairing, number, by: Confirmer::Desk };
    let mut ask = app.ask(at, command, by);
    let render = |reply: &Reply| match reply {
        Reply::Confirmed { .. } => Recorded::ok(StatusCode::OK, json!(Confirmed { state: "active" })),
        _ => unexpected(),
    };
    ask.idempotency = Some(once.idempotency(render));
    once.answer(app.store.execute(ask).await.map_err(unavailable)?, render)
}

/// Lift a lock
///
/// After "this was not me". Check first that it is the user who calls, and that the password was changed.
#[utoipa::path(
    post, path = "/v1/users/{external_id}/unlock", tag = "desk", request_body = DeskBody,
    params(("external_id" = String, Path, description = "The panel's own id"),
        ("Idempotency-Key" = String, Header, description = "1–128 visible ASCII characters, new for each new request")),
    responses((status = 200, description = "The user", body = UserAnswer)),
    security(("key" = ["desk"]))
)]
pub(super) async fn unlock(
    State(app): State<Arc<App>>,
    Path(external_id): Path<String>,
    request: Request,
) -> Result<Answered, Problem> {
    let asked = Asked::read(&app, request, Scope::Desk).await?;
    let route = format!("POST /v1/users/{external_id}/unlock");
    let once = Once::of(&app, asked.caller.id(), &route, &asked.headers, &asked.body)?;
    let by = by(&asked.caller, asked.json()?)?;
    let at: Locator = locate(&asked.caller, &external_id)?;
    read(&app, at.clone()).await?;
    let mut ask = app.ask(at.clone(), Command::Unlock, by);
    let render = |_: &Reply| Recorded::ok(StatusCode::OK, Value::Null);
    ask.idempotency = Some(once.idempotency(render));
    let answered = once.answer(app.store.execute(ask).await.map_err(unavailable)?, render)?;
    Ok(Answered { body: show_user(&app, at).await?, ..answered })
}
