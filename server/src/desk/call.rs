//! A call: one user, why, and by which ticket; and what is done for them.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Uri};
use koppel_domain::audit::{self, Chain};
use koppel_domain::{
    Account, Command, Confirmer, DeskAct, Issuer, LoginName, MethodKind, Needs, Organisation, Reply, ResetStep,
};
use koppel_protocol::{Digits, Text};
use koppel_store::{AuditEntries, Locator, Store, Touched};
use serde::Deserialize;

use super::sessions::Call;
use super::shown;
use super::sign_in::sign_in_page;
use super::visitor::{Place, Visitor};
use crate::app::{App, unavailable};
use crate::pages::handlers::form;
use crate::pages::handlers::show::Poll;
use crate::pages::{FindProblem, Frame, Language, LiveState, Message, MessagePage, Said, SignInProblem, respond};
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// What the pages of the desk look at. The past too: why it did not work stands there.
fn needs() -> Needs {
    Needs { closed: true, ..Needs::everything() }
}

/// A refusal, as a page; whoever is not signed in signs in.
pub(super) fn refused(app: &App, headers: &HeaderMap, source: Source, problem: &Problem) -> Response {
    let message = match problem.slug {
        Slug::Unauthenticated => return signed_out(app, headers, source),
        Slug::NotFound | Slug::ScopeMissing => Message::Unknown,
        Slug::InvalidRequest | Slug::InvalidField | Slug::TooLarge | Slug::WrongBinding => {
            Message::Stale { address: "/desk".to_owned() }
        }
        Slug::AccountLocked => Message::Locked,
        Slug::TooManyTries | Slug::TooSoon => {
            Message::Busy { seconds: u32::try_from(problem.retry_after.unwrap_or(1)).unwrap_or(u32::MAX) }
        }
        _ => Message::Unavailable,
    };
    let frame = Place::of(app, headers, source).ok().map(|place| place.frame());
    let frame = frame.unwrap_or_else(|| Frame::of(Language::default(), "Koppel"));
    respond(&MessagePage { frame, message, forms: None }, None)
}

/// Where one signs in. Whoever was signed in hears that it is over.
fn signed_out(app: &App, headers: &HeaderMap, source: Source) -> Response {
    match Place::of(app, headers, source) {
        Ok(place) if place.was_signed_in(app, headers) => sign_in_page(&place, Some(SignInProblem::Over)),
        _ => Redirect::to("/desk").into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FindForm {
    form_token: String,
    organisation: Option<String>,
    name: String,
    reason: String,
    ticket: String,
}

/// `POST /desk/find`: begins a call.
pub(super) async fn find(
    State(app): State<Arc<App>>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let found = async {
        let fields: FindForm = form::read(&headers, &uri, body).await?;
        let visitor = Visitor::with_form(&app, &headers, source, &fields.form_token)?;
        match begin(&app, &visitor, &fields).await? {
            Ok(call) => {
                app.desk.put_call(&visitor.key, Some(call));
                Ok(Redirect::to("/desk/call").into_response())
            }
            Err(problem) => {
                let typed = [&*fields.name, &*fields.reason, &*fields.ticket];
                Ok(respond(&shown::home(&app, &visitor, Some(problem), typed)?, None))
            }
        }
    };
    found.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

/// The organisations whose users an operator helps.
pub(super) fn helps(app: &App, visitor: &Visitor) -> Vec<Arc<Organisation>> {
    let own = visitor.operator.organisations.iter();
    own.filter_map(|id| app.registry.organisation(*id)).collect()
}

async fn begin(app: &App, visitor: &Visitor, form: &FindForm) -> Result<Result<Call, FindProblem>, Problem> {
    let (reason, ticket) = (Text::clean(form.reason.trim()), Text::clean(form.ticket.trim()));
    if reason.is_empty() || ticket.is_empty() {
        return Ok(Err(FindProblem::NoReason));
    }
    let own = helps(app, visitor);
    let named = form.organisation.as_deref();
    let organisation = match own.as_slice() {
        [only] => Some(only),
        several => several.iter().find(|organisation| Some(organisation.id.to_string().as_str()) == named),
    };
    let Some(organisation) = organisation else { return Ok(Err(FindProblem::NobodyThere)) };
    let Some(account) = look_for(app, organisation, form.name.trim()).await? else {
        return Ok(Err(FindProblem::NobodyThere));
    };
    let call = Call {
        user: account.user.id,
        organisation: organisation.id,
        reason,
        ticket,
        invitation: None,
        said: None,
        about: None,
    };
    let by = visitor.acts(&call, DeskAct::Look)?;
    app.decide(Locator::User(call.user), Command::LookUp, by).await?;
    Ok(Ok(call))
}

/// By what the user types, else by the panel's own id.
async fn look_for(app: &App, organisation: &Organisation, name: &str) -> Result<Option<Account>, Problem> {
    if let Ok(name) = name.parse::<LoginName>() {
        let at = Locator::LoginName(organisation.id, name);
        if let Some(account) = app.account(at, Needs::default()).await?.filter(Account::exists) {
            return Ok(Some(account));
        }
    }
    let Ok(external_id) = name.parse() else { return Ok(None) };
    let at = Locator::ExternalId(organisation.id, external_id);
    Ok(app.account(at, Needs::default()).await?.filter(Account::exists))
}

/// The call of a visitor, and the account as it stands.
async fn open_call(app: &App, visitor: &Visitor) -> Result<Option<(Call, Account)>, Problem> {
    let Some(call) = visitor.call().cloned() else { return Ok(None) };
    visitor.acts(&call, DeskAct::Look)?;
    let account = app.account(Locator::User(call.user), needs()).await?.filter(Account::exists);
    Ok(account.map(|account| (call, account)))
}

/// `GET /desk/call`
pub(super) async fn show(State(app): State<Arc<App>>, source: Source, headers: HeaderMap) -> Response {
    let shown = async {
        let visitor = Visitor::signed_in(&app, &headers, source)?;
        let Some((mut call, account)) = open_call(&app, &visitor).await? else {
            app.desk.put_call(&visitor.key, None);
            return Ok(Redirect::to("/desk").into_response());
        };
        let page = shown::call(&app, &visitor, &call, &account)?;
        if call.said.take().is_some() {
            app.desk.put_call(&visitor.key, Some(call));
        }
        Ok(respond(&page, None))
    };
    shown.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

/// `GET /desk/call/state?after=&wait=`
pub(super) async fn state(
    State(app): State<Arc<App>>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<LiveState>, Problem> {
    let poll = Poll::of(&uri)?;
    let visitor = Visitor::signed_in(&app, &headers, source)?;
    let not_found = || Problem::new(Slug::NotFound);
    let user = visitor.call().ok_or_else(not_found)?.user;
    let mut waiter = app.wakes.watch(Touched::User(user));
    let (call, account) = open_call(&app, &visitor).await?.ok_or_else(not_found)?;
    let turn = app.long_polls.clone().try_acquire_owned();
    let wait = poll.wait();
    if poll.after != Some(account.user.version) || wait.is_zero() || turn.is_err() {
        return Ok(Json(shown::call(&app, &visitor, &call, &account)?.live()));
    }
    tokio::select! {
        _ = waiter.changed_within(wait) => {}
        () = app.drain.draining() => {}
    }
    let (call, account) = open_call(&app, &visitor).await?.ok_or_else(not_found)?;
    Ok(Json(shown::call(&app, &visitor, &call, &account)?.live()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActForm {
    form_token: String,
    /// A pairing, a method, or a step of a reset.
    what: Option<String>,
    check_number: Option<String>,
}

/// `POST /desk/call/{act}`
pub(super) async fn act(
    State(app): State<Arc<App>>,
    Path(act): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let acted = async {
        let fields: ActForm = form::read(&headers, &uri, body).await?;
        let visitor = Visitor::with_call_form(&app, &headers, source, &fields.form_token)?;
        let Some(mut call) = visitor.call().cloned() else {
            return Ok(Redirect::to("/desk").into_response());
        };
        if act == "close" {
            app.desk.put_call(&visitor.key, None);
            return Ok(Redirect::to("/desk").into_response());
        }
        call.about = fields.what.as_deref().and_then(|what| what.parse().ok());
        let (kind, command) = match command(&act, &fields) {
            Ok(asked) => asked,
            Err(Asked::Nothing) => return Err(Problem::new(Slug::NotFound)),
            Err(Asked::Incomplete) => {
                call.said = Some(Said::Incomplete);
                app.desk.put_call(&visitor.key, Some(call));
                return Ok(Redirect::to("/desk/call").into_response());
            }
        };
        let done = match visitor.acts(&call, kind) {
            Ok(by) => app.decide(Locator::User(call.user), command.clone(), by).await,
            Err(problem) => Err(problem),
        };
        call.said = match done {
            Ok(reply) => happened(&app, &mut call, &command, reply),
            Err(problem) => Some(shown::said(&problem).ok_or(problem)?),
        };
        app.desk.put_call(&visitor.key, Some(call));
        Ok(Redirect::to("/desk/call").into_response())
    };
    acted.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

/// Why a form asks nothing.
enum Asked {
    /// There is no such act.
    Nothing,
    /// Its number is not six digits.
    Incomplete,
}

fn command(act: &str, form: &ActForm) -> Result<(DeskAct, Command), Asked> {
    let what = form.what.as_deref().unwrap_or_default();
    match act {
        "koppelcode" => Ok((DeskAct::Invite, Command::IssueInvitation { by: Issuer::Desk })),
        "confirm" => {
            let pairing = what.parse().map_err(|_| Asked::Nothing)?;
            let number = form.check_number.as_deref().unwrap_or_default();
            let number = Digits::from_typed(number).map_err(|_| Asked::Incomplete)?;
            Ok((DeskAct::Confirm, Command::ConfirmPairing { pairing, number, by: Confirmer::Desk }))
        }
        "unlock" => Ok((DeskAct::Unlock, Command::Unlock)),
        "typing" => {
            let kind = what.parse::<MethodKind>().map_err(|_| Asked::Nothing)?;
            Ok((DeskAct::EnableTyping, Command::EnableTyping { kind }))
        }
        "reset" => match what {
            "ask" => Ok((DeskAct::Reset, Command::Reset(ResetStep::Ask))),
            "carry-out" => Ok((DeskAct::Reset, Command::Reset(ResetStep::CarryOut))),
            "withdraw" => Ok((DeskAct::Reset, Command::Reset(ResetStep::Withdraw))),
            "approve" => Ok((DeskAct::ApproveReset, Command::Reset(ResetStep::Approve))),
            _ => Err(Asked::Nothing),
        },
        _ => Err(Asked::Nothing),
    }
}

/// What follows from what was done, and what the page says of it.
fn happened(app: &Arc<App>, call: &mut Call, command: &Command, reply: Reply) -> Option<Said> {
    match (reply, command) {
        (Reply::Invited { invitation }, _) => {
            call.invitation = Some(invitation.id);
            None
        }
        (Reply::Confirmed { .. }, _) => {
            call.invitation = None;
            Some(Said::Confirmed)
        }
        (Reply::ResetAsked { .. }, _) => Some(Said::ResetAsked),
        (Reply::Reset { devices }, _) => {
            crate::delivery::unlinked::tell(app, &devices);
            call.invitation = None;
            Some(Said::ResetDone)
        }
        (_, Command::Unlock) => Some(Said::Unlocked),
        (_, Command::EnableTyping { .. }) => Some(Said::TypingEnabled),
        (_, Command::Reset(ResetStep::Withdraw)) => Some(Said::ResetWithdrawn),
        _ => None,
    }
}

/// A form's address, opened again from the history: back to the call.
pub(super) async fn again() -> Redirect {
    Redirect::to("/desk/call")
}

/// `GET /desk/call/audit`: what happened, and whether all of it is still there.
pub(super) async fn audit(State(app): State<Arc<App>>, source: Source, headers: HeaderMap) -> Response {
    let shown = async {
        let visitor = Visitor::signed_in(&app, &headers, source)?;
        let Some(call) = visitor.call() else { return Ok(Redirect::to("/desk").into_response()) };
        visitor.acts(call, DeskAct::ReadAudit)?;
        let not_found = || Problem::new(Slug::NotFound);
        let account = app.account(Locator::User(call.user), Needs::default()).await?.ok_or_else(not_found)?;
        let user = &account.user;
        let limit = u32::try_from(user.chain_length).unwrap_or(u32::MAX);
        let chain = AuditEntries { chain: Chain::User(user.id), after: 0, limit };
        let entries = app.store.read(chain).await.map_err(unavailable)?;
        let verdict = audit::verify(&entries, user.chain_head, user.chain_length);
        Ok(respond(&shown::audit(&app, &visitor, &account, &entries, verdict)?, None))
    };
    shown.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}
