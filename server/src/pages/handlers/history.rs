//! `GET /p/{prompt}/history?before=`: what happened with one's own account, while the settings are open.
//!
//! The account is the person's, and so is its history. The page is a relying party's: what they did elsewhere is told without saying
//! where, by what, or in which browser.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use koppel_domain::audit::{Chain, Entry};
use koppel_domain::{Account, Challenge, Login, MethodKind, Needs, Purpose, RelyingParty};
use koppel_protocol::id::{ChallengeId, DeviceId};
use koppel_store::{AuditEntries, Locator, Store};
use serde::Deserialize;

use super::super::{HistoryPage, Language, Moment, PastEvent, Texts, event, respond};
use super::screen::{Complaint, Held, Screen, way};
use super::show::{hold, refusal};
use crate::app::{App, unavailable};
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// So many events stand on one page.
const SHOWN: usize = 20;
/// So many entries are read at once, and so often: most entries tell a person nothing.
const READ: u32 = 100;
const READS: usize = 5;

#[derive(Deserialize)]
pub(super) struct Where {
    before: Option<u64>,
}

/// The history.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(from): Query<Where>,
    source: Source,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let held = hold(&app, &name, &headers, source).await?;
        if !matches!(held.screen(&app, Complaint::default())?, Screen::Settings(_)) {
            return Ok(Redirect::to(&held.path()).into_response());
        }
        let page = page(&app, &held, from.before).await?;
        Ok(respond(&page, Some(held.prompt.return_url.as_str())))
    };
    shown.await.unwrap_or_else(|problem: Problem| refusal(&app, &headers, &name, &problem))
}

async fn page(app: &App, held: &Held, before: Option<u64>) -> Result<HistoryPage, Problem> {
    let needs = Needs { devices: true, closed: true, ..Needs::default() };
    let account = app.account(Locator::Prompt(held.prompt.id), needs).await?;
    let account = account.ok_or_else(|| Problem::new(Slug::NotFound))?;
    let past = Past { account: &account, relying_party: &held.relying_party, language: held.language };
    let newest = account.user.chain_length.saturating_add(1);
    let mut before_this = before.unwrap_or(newest).min(newest);
    let mut events = Vec::new();
    for _ in 0..READS {
        let after = before_this.saturating_sub(u64::from(READ) + 1);
        let limit = u32::try_from(before_this.saturating_sub(after + 1)).unwrap_or(READ);
        let entries = AuditEntries { chain: Chain::User(account.user.id), after, limit };
        let entries = app.store.read(entries).await.map_err(unavailable)?;
        for entry in entries.iter().rev() {
            if events.len() == SHOWN {
                break;
            }
            before_this = entry.n;
            events.extend(past.told(entry));
        }
        if events.len() == SHOWN || entries.is_empty() {
            break;
        }
    }
    let (frame, settings) = (held.frame(), held.path());
    let older = (before_this > 1).then_some(before_this);
    Ok(HistoryPage { frame, settings, events, past: before.is_some_and(|before| before < newest), older })
}

/// Kinds that tell a person something, whatever else is known of them.
const TOLD: [&str; 31] = [
    "code.wrong",
    "number.wrong",
    "device.active",
    "device.suspended",
    "device.renamed",
    "invitation.wrong_code",
    "invitation.wrong_link",
    "pairing.refused",
    "method.added",
    "method.imported",
    "method.primary",
    "method.removed",
    "method.codes_disabled",
    "method.typing_enabled",
    "browser.remembered",
    "browser.forgotten",
    "browsers.forgotten",
    "page.other_user_agent",
    "page.foreign_browser",
    "page.recovered",
    "set_up.postponed",
    "user.contacts",
    "user.created",
    "user.enabled",
    "user.disabled",
    "user.locked",
    "user.unlocked",
    "user.reset",
    "reset.asked",
    "reset.withdrawn",
    "desk.looked",
];

/// What is known of the past beside the chain. Challenges are kept for some weeks, entries for longer.
struct Past<'a> {
    account: &'a Account,
    relying_party: &'a RelyingParty,
    language: Language,
}

/// What an entry says more, as far as it was not erased.
#[derive(Default, Deserialize)]
struct More {
    #[serde(default)]
    challenge: Option<ChallengeId>,
    #[serde(default)]
    device: Option<DeviceId>,
    #[serde(default)]
    method: Option<MethodKind>,
}

impl Past<'_> {
    /// What an entry tells the person; none: nothing.
    fn told(&self, entry: &Entry) -> Option<PastEvent> {
        let texts = Texts::new(self.language);
        let more: More =
            entry.detail.as_ref().and_then(|detail| serde_json::from_str(&detail.json).ok()).unwrap_or_default();
        let by_support = entry.actor.starts_with("desk:") || entry.actor.starts_with("operator:");
        let challenge = more.challenge.and_then(|id| self.account.challenge(id));
        let login = challenge.and_then(Challenge::login);
        let kind = entry.kind.as_str();
        let told = match kind {
            _ if more.challenge.is_some() && challenge.is_some() && login.is_none() => false,
            "challenge.approved" => login.is_some_and(|login| login.purpose != Purpose::Login),
            "challenge.consumed" | "challenge.lapsed" => login.is_none_or(|login| login.purpose == Purpose::Login),
            "challenge.denied" | "challenge.fraud" | "challenge.failed" | "challenge.expired" => true,
            // A phone that was never active was refused, and that is told.
            "device.revoked" => {
                let device = more.device.and_then(|id| self.account.device(id));
                device.is_none_or(|device| device.activated_at.is_some())
            }
            "invitation.issued" => by_support,
            _ => TOLD.contains(&kind),
        };
        if !told {
            return None;
        }
        let what = match (kind, login.map(|login| login.purpose)) {
            ("challenge.consumed", Some(_)) => texts.event_logged_in(),
            ("challenge.approved", Some(_)) => texts.event_settings_opened(),
            _ => event::in_words(kind, more.method.map(way), texts)?,
        };
        let mut about = Vec::new();
        match challenge.zip(login) {
            Some((_, login)) if login.relying_party != self.relying_party.id => about.push(texts.event_elsewhere()),
            Some((challenge, login)) => self.login(challenge, login, &mut about),
            None => {}
        }
        if let Some(device) = more.device.and_then(|id| self.account.device(id)) {
            about.push(device.name.to_string());
        }
        if by_support {
            about.push(texts.event_by_support());
        }
        Some(PastEvent { what, at: Moment::of(entry.at.0, self.language), about })
    }

    /// By what and where somebody logged in here.
    fn login(&self, challenge: &Challenge, login: &Login, about: &mut Vec<String>) {
        let texts = Texts::new(self.language);
        let phone = challenge.approval.and_then(|approval| self.account.device(approval.device));
        let by = match (phone, challenge.delivery()) {
            _ if login.remembered.is_some() => Some(texts.desk_remembered()),
            (Some(phone), _) => Some(phone.name.to_string()),
            (None, Some(delivery)) => Some(way(delivery.method).name(&texts)),
            (None, None) => None,
        };
        let browser = crate::user_agent::in_words(&login.browser.user_agent).to_string();
        about.extend(by.into_iter().chain([browser]).filter(|part| !part.is_empty()));
    }
}
