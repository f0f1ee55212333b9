//! `POST /p/{prompt}/choose`, `/prove`, `/codes` and `/kept`: methods are set up.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Uri};
use koppel_domain::{Command, Method, MethodKind, OnPage, Reply, SetUp};
use koppel_protocol::{Digits, Text};
use koppel_store::{Answer, Locator};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::{Codes, Offer, OfferProblem, QrCode, WizardStep, respond};
use super::form;
use super::screen::{Complaint, Held, Screen};
use super::show::{refusal, show};
use super::verify::submitted;
use crate::app::{App, Attempts};
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// An authenticator's code has six digits.
const CODE_DIGITS: u8 = koppel_domain::authenticator::DIGITS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChooseForm {
    form_token: String,
    /// Empty: the cards again.
    method: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProveForm {
    form_token: String,
    digits: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodesForm {
    form_token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptForm {
    form_token: String,
    kept: Option<String>,
}

/// What every handler here gets: the page, if this browser holds it and the form is genuine.
macro_rules! handler {
    ($(#[$doc:meta])* $name:ident($form:ident) => |$app:ident, $held:ident, $fields:ident| $work:expr) => {
        $(#[$doc])*
        pub(super) async fn $name(
            State($app): State<Arc<App>>,
            Path(name): Path<String>,
            source: Source,
            uri: Uri,
            headers: HeaderMap,
            body: Body,
        ) -> Response {
            let done = async {
                let $fields: $form = form::read(&headers, &uri, body).await?;
                let $held = match submitted(&$app, &name, &headers, source, &$fields.form_token).await? {
                    Ok(submitted) => submitted.held,
                    Err(page) => return Ok(page),
                };
                $work.await
            };
            done.await.unwrap_or_else(|problem: Problem| refusal(&$app, &headers, &name, &problem))
        }
    };
}

handler! {
    /// A card was chosen, or the cards again.
    choose(ChooseForm) => |app, held, fields| choose_method(&app, held, &fields.method)
}

handler! {
    /// The authenticator's first code.
    prove(ProveForm) => |app, held, fields| prove_authenticator(&app, held, &fields.digits)
}

handler! {
    /// A list of recovery codes, shown in this answer and never again.
    codes(CodesForm) => |app, held, fields| show_codes(&app, held)
}

handler! {
    /// "I have kept them."
    kept(KeptForm) => |app, held, fields| keep_codes(&app, held, fields.kept.as_deref())
}

impl Held {
    /// This page for verdicts.
    pub(super) fn on_page(&self) -> OnPage {
        OnPage { prompt: self.prompt.id, cookie: self.cookie, terms: self.relying_party.terms() }
    }

    async fn set_up_step(&self, app: &App, step: SetUp) -> Result<Reply, Problem> {
        let command = Command::SetUp { page: self.on_page(), step };
        app.decide(Locator::Prompt(self.prompt.id), command, self.by()).await
    }
}

/// The page as it stands, after a refusal that it explains by itself.
async fn as_it_stands(app: &App, held: Held, problem: Problem) -> Result<Response, Problem> {
    match problem.slug {
        Slug::Unavailable | Slug::WrongBinding => Err(problem),
        _ => show(app, held.again(app).await?, Complaint::default()).await,
    }
}

async fn choose_method(app: &App, held: Held, method: &str) -> Result<Response, Problem> {
    let chosen = match method {
        "" => Ok(None),
        method => method.parse::<MethodKind>().map(Some),
    };
    let Ok(chosen) = chosen else {
        return show(app, held, Complaint::default()).await;
    };
    match held.set_up_step(app, SetUp::Choose(chosen)).await {
        Ok(_) => Ok(Redirect::to(&held.path()).into_response()),
        Err(problem) => as_it_stands(app, held, problem).await,
    }
}

/// Draws a seed for this page; a page that has one keeps it.
pub(super) async fn offer(app: &App, held: &Held) -> Result<Reply, Problem> {
    let seed = app.draw_seed(held.account.user.id)?;
    held.set_up_step(app, SetUp::OfferAuthenticator { seed }).await
}

/// A seed as a picture, as an address and as text. The key URI format of Google Authenticator: what it leaves out is SHA-1, six
/// digits and 30 seconds, for every authenticator.
pub(super) fn offer_of(party: &Text, account: &str, seed: &[u8]) -> Result<Offer, Problem> {
    let secret = Zeroizing::new(data_encoding::BASE32_NOPAD.encode(seed));
    let encode =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let (issuer, account) = (encode(party.as_str()), encode(account));
    let address = format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", *secret);
    let qr = QrCode::new(&address).map_err(|_| {
        tracing::error!("an authenticator's address does not fit into a QR code");
        Problem::new(Slug::Unavailable)
    })?;
    let fours: Vec<&str> = secret.as_bytes().chunks(4).filter_map(|four| std::str::from_utf8(four).ok()).collect();
    Ok(Offer { qr, address, key: fours.join(" ") })
}

async fn prove_authenticator(app: &App, held: Held, typed: &str) -> Result<Response, Problem> {
    let complain = |problem| Complaint { offer: Some(problem), ..Complaint::default() };
    let code = Digits::from_typed(typed).ok().filter(|digits| digits.count().get() == CODE_DIGITS);
    let Some(code) = code else {
        return show(app, held, complain(OfferProblem::Incomplete)).await;
    };
    if app.time_is_steady().is_err() {
        return show(app, held, complain(OfferProblem::NotNow)).await;
    }
    let mut held = held;
    let mut attempts = Attempts::default();
    let answer = loop {
        let waiting = held.account.method(MethodKind::Totp).and_then(Method::authenticator);
        let waiting = waiting.and_then(|authenticator| authenticator.waiting.as_ref());
        let Some(waiting) = waiting.filter(|waiting| waiting.prompt == held.prompt.id) else {
            // Proven a moment ago by the same form, or never shown here.
            return Ok(Redirect::to(&held.path()).into_response());
        };
        let seed = app.open_seed(held.account.user.id, &waiting.seed)?;
        let step = SetUp::ProveAuthenticator { code: code.clone(), seed };
        let command = Command::SetUp { page: held.on_page(), step };
        let ask = app.ask(Locator::Prompt(held.prompt.id), command, held.by());
        match app.attempt(ask, &mut attempts).await? {
            Some(answer) => break answer,
            None => held = held.again(app).await?,
        }
    };
    match verdict(answer) {
        Ok(_) => Ok(Redirect::to(&held.path()).into_response()),
        Err(problem) => match problem.slug {
            Slug::WrongCode => show(app, held.again(app).await?, complain(OfferProblem::Wrong)).await,
            Slug::TooManyTries => {
                let seconds = u32::try_from(problem.retry_after.unwrap_or(1)).unwrap_or(u32::MAX);
                show(app, held.again(app).await?, complain(OfferProblem::Wait { seconds })).await
            }
            _ => as_it_stands(app, held, problem).await,
        },
    }
}

fn verdict(answer: Answer) -> Result<Reply, Problem> {
    Ok(answer.verdict()?)
}

async fn show_codes(app: &App, held: Held) -> Result<Response, Problem> {
    // Hashing ten codes is work: whoever may not make them is told so before.
    if !held.offers_codes(app) {
        return show(app, held, Complaint::default()).await;
    }
    let (codes, slots) = app.draw_recovery_codes().await?;
    match held.set_up_step(app, SetUp::OfferRecoveryCodes { slots }).await {
        Ok(_) => {
            let held = held.again(app).await?;
            let codes = Codes(codes.iter().map(|code| code.printed().to_string()).collect());
            wizard_page(app, &held, WizardStep::Codes(codes))
        }
        Err(problem) => as_it_stands(app, held, problem).await,
    }
}

async fn keep_codes(app: &App, held: Held, kept: Option<&str>) -> Result<Response, Problem> {
    if kept != Some("yes") {
        return wizard_page(app, &held, WizardStep::CodesNotKept);
    }
    match held.set_up_step(app, SetUp::KeepRecoveryCodes).await {
        Ok(_) => Ok(Redirect::to(&held.path()).into_response()),
        Err(problem) => as_it_stands(app, held, problem).await,
    }
}

fn wizard_page(app: &App, held: &Held, step: WizardStep) -> Result<Response, Problem> {
    match held.wizard(app, step)? {
        Screen::Wizard(page) => Ok(respond(&*page, Some(&held.prompt.return_url))),
        _ => Err(Problem::new(Slug::Unavailable)),
    }
}
