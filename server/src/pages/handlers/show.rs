//! `GET /p`, `GET /p/{token}`, `GET /p/{prompt}` and the long poll of a page.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{ACCEPT_LANGUAGE, SET_COOKIE};
use http::{HeaderMap, Method, Uri};
use koppel_domain::plan::Wanted;
use koppel_domain::{Actor, ChallengeRequest, Command, Issuer, Locale, Needs, Reply};
use koppel_protocol::id::{ChallengeId, PromptId};
use koppel_store::{Locator, Touched};
use serde::Deserialize;

use super::super::{Frame, Language, LinkPage, LiveState, Message, MessagePage, Support, respond};
use super::screen::{Complaint, Held, Screen, is_token};
use super::{bind, cookie};
use crate::app::{App, Attempts, By};
use crate::prepare::LoginContext;
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// Longest wait of a page's long poll.
const LONGEST_WAIT: u64 = 25;

/// The browser's language, when nothing better is known.
fn browser_language(headers: &HeaderMap, explicit: Option<&str>) -> Language {
    Language::negotiate(explicit, headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

pub(super) fn language(headers: &HeaderMap, locale: Option<Locale>) -> Language {
    let explicit = locale.map(|locale| match locale {
        Locale::Nl => "nl",
        Locale::En => "en",
    });
    browser_language(headers, explicit)
}

/// A message for a browser that holds no page.
pub(super) fn message(app: &App, headers: &HeaderMap, message: Message) -> Response {
    respond(&MessagePage { frame: frame(app, headers), message, forms: None }, None)
}

/// The frame of a page that is no relying party's. Where there is only one, people ring its support.
fn frame(app: &App, headers: &HeaderMap) -> Frame {
    let organisation = app.registry.organisation_at(headers, None);
    let parties = app.registry.relying_parties();
    let own: Vec<_> = parties
        .iter()
        .filter(|party| organisation.as_ref().is_some_and(|organisation| party.organisation == organisation.id))
        .collect();
    let support = if let [only] = own.as_slice() { Support::of(&only.support) } else { None };
    let party = organisation.map(|organisation| organisation.name.to_string()).unwrap_or_default();
    Frame { support, ..Frame::of(browser_language(headers, None), party) }
}

/// A refusal, as a page. `name` is what the address calls the page that was asked for.
pub(crate) fn refusal(app: &App, headers: &HeaderMap, name: &str, problem: &Problem) -> Response {
    let shown = match problem.slug {
        Slug::NotFound => Message::Unknown,
        // Not a form of ours, or not whole any more: the page itself is still there.
        Slug::InvalidRequest | Slug::InvalidField | Slug::TooLarge => match name.parse::<PromptId>() {
            Ok(prompt) => Message::Stale { address: format!("/p/{prompt}") },
            Err(_) => Message::Unknown,
        },
        Slug::WrongBinding => Message::Stolen,
        Slug::Expired => Message::Expired,
        Slug::AlreadyDecided => Message::Used,
        Slug::AccountLocked => Message::Locked,
        Slug::NotEnrolled => Message::NeedsSupport,
        Slug::TooManyTries | Slug::TooSoon => {
            Message::Busy { seconds: u32::try_from(problem.retry_after.unwrap_or(1)).unwrap_or(u32::MAX) }
        }
        _ => Message::Unavailable,
    };
    message(app, headers, shown)
}

/// `GET /p`: hands the link in the fragment to the app.
pub(super) async fn link(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    respond(&LinkPage { frame: frame(&app, &headers) }, None)
}

/// A form's address, opened again from the history: back to its page.
pub(super) async fn again(State(app): State<Arc<App>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    match name.parse::<PromptId>() {
        Ok(prompt) => Redirect::to(&format!("/p/{prompt}")).into_response(),
        Err(_) => message(&app, &headers, Message::Unknown),
    }
}

/// `GET /p/{token}` binds; `GET /p/{prompt}` shows.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    method: Method,
    source: Source,
    headers: HeaderMap,
) -> Response {
    if is_token(&name) {
        return bind::bind(&app, &name, &method, source, &headers).await;
    }
    let shown = async {
        let held = hold(&app, &name, &headers, source).await?;
        if recall(&app, &held).await? {
            return super::finish::to_panel(&app, held.again(&app).await?, false).await;
        }
        show(&app, held, Complaint::default()).await
    };
    shown.await.unwrap_or_else(|problem| refusal(&app, &headers, &name, &problem))
}

/// What a page looks at.
fn needs(prompt: PromptId) -> Needs {
    Needs {
        prompt: Some(prompt),
        devices: true,
        methods: true,
        invitations: true,
        pairings: true,
        open_challenges: true,
        ..Needs::default()
    }
}

/// The page, if this browser holds it.
///
/// # Errors
/// *Not found*, or *wrong binding* for any other browser, which is written down.
pub(super) async fn hold(app: &App, name: &str, headers: &HeaderMap, source: Source) -> Result<Held, Problem> {
    let not_found = || Problem::new(Slug::NotFound);
    let id: PromptId = name.parse().map_err(|_| not_found())?;
    let account = app.account(Locator::Prompt(id), needs(id)).await?.ok_or_else(not_found)?;
    let prompt = account.prompt(id).cloned().ok_or_else(not_found)?;
    let organisation = app.organisation(account.user.organisation)?;
    let relying_party = app.registry.relying_party(prompt.relying_party).ok_or_else(not_found)?;
    let held = cookie::held(app, headers, id, organisation.public_url.is_secure());
    let own = prompt.cookie.zip(held).is_some_and(|(kept, held)| {
        bool::from(subtle::ConstantTimeEq::ct_eq(kept.as_bytes().as_slice(), held.as_bytes().as_slice()))
    });
    match held.filter(|_| own) {
        Some(cookie) => {
            let language = language(headers, prompt.locale);
            let secure = organisation.public_url.is_secure();
            let known = cookie::known(app, headers, account.user.id, relying_party.id, secure);
            Ok(Held { account, prompt, organisation, relying_party, cookie, known, language, source })
        }
        None => {
            let by = By::new(Actor::Browser { organisation: organisation.id }, source);
            app.lazily(Locator::Prompt(id), Command::NoteForeignBrowser { prompt: id }, by);
            Err(Problem::new(Slug::WrongBinding))
        }
    }
}

impl Held {
    /// Who asks.
    pub(super) fn by(&self) -> By {
        By::new(Actor::Browser { organisation: self.organisation.id }, self.source)
    }

    /// Reads the account again.
    pub(super) async fn again(self, app: &App) -> Result<Held, Problem> {
        let id = self.prompt.id;
        let not_found = || Problem::new(Slug::NotFound);
        let account = app.account(Locator::Prompt(id), needs(id)).await?.ok_or_else(not_found)?;
        let prompt = account.prompt(id).cloned().ok_or_else(not_found)?;
        Ok(Held { account, prompt, ..self })
    }
}

/// Shows the page, after doing what must come first: asking the phones, inviting a phone.
pub(super) async fn show(app: &App, held: Held, complaint: Complaint) -> Result<Response, Problem> {
    let screen = held.screen(app, complaint)?;
    let (held, screen) = match screen {
        Screen::Ask => {
            ask(app, &held).await?;
            let held = held.again(app).await?;
            let screen = held.screen(app, complaint)?;
            (held, screen)
        }
        Screen::Invite => {
            invite(app, &held).await?;
            let held = held.again(app).await?;
            let screen = held.screen(app, complaint)?;
            (held, screen)
        }
        Screen::Offer => {
            super::wizard::offer(app, &held).await?;
            let held = held.again(app).await?;
            let screen = held.screen(app, complaint)?;
            (held, screen)
        }
        screen => (held, screen),
    };
    let back = Some(held.prompt.return_url.as_str());
    Ok(match screen {
        Screen::Verify(page) => respond(&page, back),
        Screen::Enrol(page) => respond(&*page, back),
        Screen::Wizard(page) => respond(&*page, back),
        Screen::Settings(page) => respond(&*page, back),
        Screen::Message(page) => respond(&page, back),
        Screen::Ask | Screen::Invite | Screen::Offer => return Err(Problem::new(Slug::Unavailable)),
    })
}

/// Whether this browser is remembered, and nothing is asked where the phones would be asked now.
async fn recall(app: &App, held: &Held) -> Result<bool, Problem> {
    let Some(browser) = held.known else { return Ok(false) };
    if !matches!(held.screen(app, Complaint::default())?, Screen::Ask) {
        return Ok(false);
    }
    let command = Command::Recall { page: held.on_page(), browser };
    match app.decide(Locator::Prompt(held.prompt.id), command, held.by()).await {
        Ok(_) => Ok(true),
        Err(problem) if problem.slug == Slug::NotVerified => Ok(false),
        Err(problem) => Err(problem),
    }
}

/// Asks the phones.
pub(super) async fn ask(app: &App, held: &Held) -> Result<Reply, Problem> {
    let prompt = &held.prompt;
    let terms = held.relying_party.terms();
    let at = Locator::Prompt(prompt.id);
    let mut attempts = Attempts::default();
    let answer = loop {
        let needs = Needs { devices: true, methods: true, prompt: Some(prompt.id), ..Needs::default() };
        let account = app.account(at.clone(), needs).await?.ok_or_else(|| Problem::new(Slug::NotFound))?;
        let cid = ChallengeId::from_bytes(app.draw()?);
        let context = LoginContext {
            relying_party: &held.relying_party,
            binding: prompt.binding,
            purpose: prompt.purpose,
            browser: &prompt.browser,
            began: prompt.created.0,
            page_ip: prompt.page_ip.as_ref(),
        };
        let wanted = Wanted::Login { terms: &terms, mode: prompt.mode, prefer: prompt.prefer };
        let policy = &held.organisation.policy;
        let prepared = app.prepare(&account, wanted, policy, cid, |plan| context.subject(app, cid, plan))?;
        let terms = terms.clone();
        let request = Box::new(ChallengeRequest::Page { prompt: prompt.id, cookie: held.cookie, terms });
        let ask = app.ask(at.clone(), Command::StartChallenge { request, prepared }, held.by());
        if let Some(answer) = app.attempt(ask, &mut attempts).await? {
            break answer;
        }
    };
    Ok(answer.verdict()?)
}

/// Makes an invitation.
pub(super) async fn invite(app: &App, held: &Held) -> Result<Reply, Problem> {
    let by = Issuer::Page { prompt: held.prompt.id, cookie: held.cookie };
    app.decide(Locator::Prompt(held.prompt.id), Command::IssueInvitation { by }, held.by()).await
}

/// The long poll of a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Poll {
    /// The version that the page shows.
    pub(crate) after: Option<u64>,
    wait: Option<u64>,
}

impl Poll {
    /// Reads the query.
    ///
    /// # Errors
    /// *Invalid request*.
    pub(crate) fn of(uri: &Uri) -> Result<Poll, Problem> {
        let Query(poll) = Query::try_from_uri(uri).map_err(|_| {
            Problem::because(Slug::InvalidRequest, "The query takes `after` and `wait`, both whole numbers.")
        })?;
        Ok(poll)
    }

    /// How long it may wait; zero: not at all.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait.unwrap_or(0).min(LONGEST_WAIT))
    }
}

/// `GET /p/{prompt}/state?after=&wait=`
pub(super) async fn state(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    uri: Uri,
    source: Source,
    headers: HeaderMap,
) -> Result<Json<LiveState>, Problem> {
    let poll = Poll::of(&uri)?;
    let held = hold(&app, &name, &headers, source).await?;
    let mut waiter = app.wakes.watch(Touched::User(held.account.user.id));
    // Registered, then read: what changes from here on wakes the poll.
    let held = held.again(&app).await?;
    let wait = poll.wait();
    let turn = app.long_polls.clone().try_acquire_owned();
    let waits = poll.after == Some(held.account.user.version) && !wait.is_zero() && turn.is_ok();
    let held = if waits {
        tokio::select! {
            _ = waiter.changed_within(wait) => {}
            () = app.drain.draining() => {}
        }
        held.again(&app).await?
    } else {
        held
    };
    match held.screen(&app, Complaint::default())? {
        Screen::Verify(page) => Ok(Json(page.live())),
        Screen::Enrol(page) => Ok(Json(page.live())),
        Screen::Wizard(page) => Ok(Json(page.live())),
        Screen::Settings(page) => Ok(Json(page.live())),
        // The page is another one by now: the script loads it again.
        Screen::Message(_) | Screen::Ask | Screen::Invite | Screen::Offer => {
            let version = held.account.user.version;
            let (line, hint) = (String::new(), String::new());
            Ok(Json(LiveState { version, screen: "reload".to_owned(), state: "ended", line, hint }))
        }
    }
}

/// A cookie on a redirect.
pub(crate) fn with_cookie(mut response: Response, header: Option<http::HeaderValue>) -> Response {
    if let Some(header) = header {
        response.headers_mut().append(SET_COOKIE, header);
    }
    response.into_response()
}
