//! In and out: a password, then the second factor on its own page. And the first time: a link with which one chooses the password.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::USER_AGENT;
use http::{HeaderMap, Uri};
use koppel_domain::{
    Actor, Begun, Browser, Command, ExternalId, LoginName, OpenPrompt, Operator, Organisation, PasswordHash, Purpose,
    Reply, SourceTry,
};
use koppel_protocol::hash::sha256;
use koppel_protocol::{Bytes, Secret, SecretText, Text};
use koppel_store::{Locator, Registration, Store};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::call::refused;
use super::sessions::Stage;
use super::shown::{self, sign_in_problem};
use super::visitor::{NewSession, Place, Visitor, sign_out};
use crate::app::{App, By, unavailable};
use crate::pages::handlers::form;
use crate::pages::{SignInPage, SignInProblem, WelcomePage, WelcomeProblem, respond};
use crate::problem::{Problem, Slug};
use crate::slow_hash;
use crate::source::Source;

/// The shortest and longest password. 63B-4 §3.1.1.2 with a second factor; ours is stricter.
const PASSWORD: std::ops::RangeInclusive<usize> = 12..=128;

/// `GET /desk`: where one signs in, or begins a call.
pub(super) async fn home(State(app): State<Arc<App>>, source: Source, headers: HeaderMap) -> Response {
    let shown = || -> Result<Response, Problem> {
        match Visitor::signed_in(&app, &headers, source) {
            Ok(visitor) if visitor.call().is_some() => Ok(Redirect::to("/desk/call").into_response()),
            Ok(visitor) => Ok(respond(&shown::home(&app, &visitor, None, [""; 3])?, None)),
            Err(problem) if problem.slug == Slug::Unauthenticated => {
                Ok(sign_in_page(&Place::of(&app, &headers, source)?, None))
            }
            Err(problem) => Err(problem),
        }
    };
    shown().unwrap_or_else(|problem| refused(&app, &headers, source, &problem))
}

pub(super) fn sign_in_page(place: &Place, problem: Option<SignInProblem>) -> Response {
    respond(&SignInPage { frame: place.frame(), problem }, None)
}

/// A form's address, opened again from the history: back to where the desk stands.
pub(super) async fn again() -> Redirect {
    Redirect::to("/desk")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInForm {
    name: String,
    password: SecretText,
}

/// `POST /desk/sign-in`
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let signed = async {
        let fields: SignInForm = form::read(&headers, &uri, body).await?;
        let place = Place::of(&app, &headers, source)?;
        place.sent_from_here(&headers)?;
        let name = match check_password(&app, source, &fields).await {
            Ok(name) => name,
            Err(problem) => {
                return sign_in_problem(&problem).map(|shown| sign_in_page(&place, Some(shown))).ok_or(problem);
            }
        };
        ask_second_factor(&app, &place, &headers, name).await
    };
    signed.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

/// Counts, then compares, and takes as long for a name that nobody has.
async fn check_password(app: &App, source: Source, fields: &SignInForm) -> Result<ExternalId, Problem> {
    let wrong = || Problem::new(Slug::WrongCode);
    let typed = fields.name.trim().to_ascii_lowercase();
    let name: ExternalId = typed.parse().map_err(|_| wrong())?;
    let login_name = LoginName::of_operator(&typed).ok_or_else(wrong)?;
    let bucket = app.derive.name_in_budgets(Organisation::OPERATORS.as_bytes(), &login_name);
    let attempt = SourceTry { source: source.bucket(), name: Some(bucket) };
    app.store.reserve(Organisation::OPERATORS, attempt.clone()).await.map_err(unavailable)??;
    let operator = app.registry.operator(&name).filter(|operator| operator.is_active());
    let held = operator.as_deref().and_then(|operator| operator.password.clone());
    let salt = held.as_ref().map_or(Bytes::new([0; 16]), |held| held.salt);
    let password = fields.password.clone();
    let hash = app.hashing(move || slow_hash::hash(password.expose().as_bytes(), &salt)).await?;
    let right = held.is_some_and(|held| bool::from(held.hash.as_bytes().ct_eq(hash.as_bytes())));
    let by = By::new(Actor::Browser { organisation: Organisation::OPERATORS }, source);
    app.decide(Locator::ExternalId(Organisation::OPERATORS, name.clone()), Command::SignIn { right }, by).await?;
    app.store.give_back(attempt).await.map_err(unavailable)?;
    Ok(name)
}

/// Opens the page of the second factor for this browser, which gets a session that can do no more than come back from it.
async fn ask_second_factor(
    app: &App,
    place: &Place,
    headers: &HeaderMap,
    name: ExternalId,
) -> Result<Response, Problem> {
    let closed = || Problem::new(Slug::Unavailable);
    let desk = app.registry.desk().ok_or_else(closed)?;
    let login_name = LoginName::of_operator(name.as_str()).ok_or_else(closed)?;
    let v = Secret::new(app.draw::<32>()?);
    let state = koppel_protocol::bytes::encode(&app.draw::<16>()?);
    let token = koppel_protocol::bytes::encode(&app.draw::<32>()?);
    let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let open = OpenPrompt {
        terms: desk.terms(),
        login: Begun {
            login_name,
            display: None,
            purpose: Purpose::Login,
            binding: sha256(v.expose()),
            browser: Browser { ip: Text::clean(&place.source.ip().to_string()), user_agent },
            first_factor_at: app.now(),
            password_changed_at: None,
        },
        mode: None,
        prefer: None,
        return_url: desk.return_urls.first().cloned().ok_or_else(closed)?,
        panel_state: state.clone(),
        locale: Some(place.language.locale()),
        token: app.derive.page_token(token.as_bytes()),
    };
    let by = By::new(Actor::Browser { organisation: Organisation::OPERATORS }, place.source);
    let at = Locator::ExternalId(Organisation::OPERATORS, name.clone());
    let Reply::PromptOpened { prompt } = app.decide(at, Command::OpenPrompt(Box::new(open)), by).await? else {
        return Err(closed());
    };
    let session = NewSession::draw(app)?;
    app.desk.begin(session.key, name, Stage::Asked { prompt, v, state }, app.now());
    Ok(session.redirect(place, &format!("/p/{token}")))
}

/// What the page of the second factor brings back.
#[derive(Deserialize)]
struct Return {
    prompt: String,
    code: Option<String>,
    state: String,
    iss: String,
}

/// `GET /desk/in`: in, if the second factor was right.
pub(super) async fn back(State(app): State<Arc<App>>, source: Source, uri: Uri, headers: HeaderMap) -> Response {
    let came = async {
        let visitor = match Visitor::of(&app, &headers, source) {
            Ok(visitor) => visitor,
            Err(problem) if problem.slug == Slug::Unauthenticated => {
                let place = Place::of(&app, &headers, source)?;
                return Ok(sign_in_page(&place, Some(SignInProblem::Again)));
            }
            Err(problem) => return Err(problem),
        };
        let place = visitor.place.clone();
        let again = || Ok(sign_in_page(&place, Some(SignInProblem::Again)));
        let Stage::Asked { prompt, v, state } = &visitor.session.stage else {
            return Ok(Redirect::to("/desk").into_response());
        };
        let Ok(Query(returned)) = Query::<Return>::try_from_uri(&uri) else { return again() };
        let own = returned.prompt == prompt.to_string()
            && bool::from(returned.state.as_bytes().ct_eq(state.as_bytes()))
            && returned.iss == place.organisation.public_url.to_string();
        let (Some(code), true) = (returned.code, own) else {
            app.desk.end(&visitor.key);
            return again();
        };
        let desk = app.registry.desk().ok_or_else(|| Problem::new(Slug::Unavailable))?;
        let code = app.derive.result_code(code.as_bytes());
        let command = Command::ExchangeResult { prompt: *prompt, terms: desk.terms(), v: v.clone(), code };
        let by = By::new(Actor::Browser { organisation: Organisation::OPERATORS }, source);
        match app.decide(Locator::Prompt(*prompt), command, by).await {
            Ok(Reply::Verified(verified)) if verified.user == visitor.operator.name => {
                let session = NewSession::draw(&app)?;
                app.desk.rotate(&visitor.key, session.key, app.now());
                Ok(session.redirect(&place, "/desk"))
            }
            Ok(_) => Err(Problem::new(Slug::Unavailable)),
            Err(problem) if problem.slug == Slug::Unavailable => Err(problem),
            Err(_) => {
                app.desk.end(&visitor.key);
                again()
            }
        }
    };
    came.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaveForm {
    form_token: String,
}

/// `POST /desk/leave`
pub(super) async fn leave(
    State(app): State<Arc<App>>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let left = async {
        let LeaveForm { form_token } = form::read(&headers, &uri, body).await?;
        let visitor = Visitor::with_form(&app, &headers, source, &form_token)?;
        app.desk.end(&visitor.key);
        Ok(sign_out(&visitor.place))
    };
    left.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

/// `GET /desk/welcome`: where a one-time link leads. Its secret stays in the fragment; the script puts it into the form.
pub(super) async fn welcome(State(app): State<Arc<App>>, source: Source, headers: HeaderMap) -> Response {
    match Place::of(&app, &headers, source) {
        Ok(place) => respond(&WelcomePage { frame: place.frame(), problem: None }, None),
        Err(problem) => refused(&app, &headers, source, &problem),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WelcomeForm {
    code: String,
    password: SecretText,
    again: SecretText,
}

/// `POST /desk/welcome`: the password is chosen, and the second factor comes next.
pub(super) async fn choose_password(
    State(app): State<Arc<App>>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let chosen = async {
        let fields: WelcomeForm = form::read(&headers, &uri, body).await?;
        let place = Place::of(&app, &headers, source)?;
        place.sent_from_here(&headers)?;
        let shown = |problem| respond(&WelcomePage { frame: place.frame(), problem: Some(problem) }, None);
        let attempt = SourceTry { source: source.bucket(), name: None };
        if let Err(refusal) = app.store.reserve(Organisation::OPERATORS, attempt.clone()).await.map_err(unavailable)? {
            let seconds = refusal.retry_after().unwrap_or(1);
            return Ok(shown(WelcomeProblem::Wait { seconds }));
        }
        let Some(operator) = welcomed(&app, fields.code.trim()) else { return Ok(shown(WelcomeProblem::Link)) };
        app.store.give_back(attempt).await.map_err(unavailable)?;
        let password = fields.password.expose();
        if !PASSWORD.contains(&password.chars().count()) || password.len() > 4 * PASSWORD.end() {
            return Ok(shown(WelcomeProblem::Length));
        }
        if password != fields.again.expose() {
            return Ok(shown(WelcomeProblem::Differs));
        }
        let name = operator.name.clone();
        let salt = Bytes::new(app.draw::<16>()?);
        let password = fields.password.clone();
        let hash = app.hashing(move || slow_hash::hash(password.expose().as_bytes(), &salt)).await?;
        // A link that was used meanwhile, in another tab, is used.
        let Some(operator) = welcomed(&app, fields.code.trim()) else { return Ok(shown(WelcomeProblem::Link)) };
        let row = Operator { password: Some(PasswordHash { salt, hash }), welcome: None, ..Operator::clone(&operator) };
        app.store.register(Registration::Operator(Box::new(row))).await.map_err(unavailable)?;
        app.registry.reload(&app.store).await.map_err(unavailable)?;
        let by = By::new(Actor::Browser { organisation: Organisation::OPERATORS }, source);
        let at = Locator::ExternalId(Organisation::OPERATORS, name.clone());
        app.decide(at, Command::PasswordChosen, by).await?;
        ask_second_factor(&app, &place, &headers, name).await
    };
    chosen.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

/// Whose link this is, while it counts.
fn welcomed(app: &App, code: &str) -> Option<Arc<Operator>> {
    let hash = app.derive.welcome(code.as_bytes());
    let now = app.now();
    app.registry.all_operators().into_iter().find(|operator| {
        operator.is_active()
            && operator.welcome.as_ref().is_some_and(|welcome| {
                now < welcome.until && bool::from(welcome.hash.as_bytes().ct_eq(hash.as_bytes()))
            })
    })
}
