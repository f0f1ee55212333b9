//! `POST /p/{prompt}/change`: what a settings page changes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Uri};
use koppel_domain::{Account, Command, MethodChange, MethodKind, OnPage};
use koppel_protocol::id::DeviceId;
use koppel_protocol::{Bytes, Text};
use koppel_store::Locator;
use serde::Deserialize;

use super::super::SettingsProblem;
use super::form;
use super::screen::{Complaint, Held};
use super::show::{refusal, show};
use super::verify::submitted;
use crate::app::App;
use crate::problem::{Problem, Slug};
use crate::source::Source;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeForm {
    form_token: String,
    act: String,
    /// A method, a phone or a browser.
    what: String,
    name: Option<String>,
}

/// One change.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let changed = async {
        let fields: ChangeForm = form::read(&headers, &uri, body).await?;
        match submitted(&app, &name, &headers, source, &fields.form_token).await? {
            Ok(submitted) => make(&app, submitted.held, &fields).await,
            Err(page) => Ok(page),
        }
    };
    changed.await.unwrap_or_else(|problem: Problem| refusal(&app, &headers, &name, &problem))
}

/// What the form asks; none: nothing that there is.
fn asked(form: &ChangeForm) -> Option<MethodChange> {
    let method = || form.what.parse::<MethodKind>().ok();
    let phone = || form.what.parse::<DeviceId>().ok();
    match form.act.as_str() {
        "primary" => method().map(MethodChange::MakePrimary),
        "remove" => method().map(MethodChange::Remove),
        "remove-phone" => phone().map(MethodChange::RemovePhone),
        "forget-browser" => {
            let hash = koppel_protocol::bytes::decode(&form.what).ok()?;
            Some(MethodChange::ForgetBrowser(Bytes::new(hash.try_into().ok()?)))
        }
        "rename-phone" => {
            let name = form.name.as_deref().unwrap_or_default();
            phone().map(|phone| MethodChange::RenamePhone(phone, Text::clean(name.trim())))
        }
        _ => None,
    }
}

/// Why a change would be refused, in words of the page; `decide` looks again.
fn problem(account: &Account, held: &Held, change: &MethodChange) -> Option<SettingsProblem> {
    let rules = held.relying_party.methods;
    match change {
        MethodChange::Remove(kind) => (!account.can_spare_method(*kind, rules)).then_some(SettingsProblem::Needed),
        MethodChange::RemovePhone(id) => (!account.can_spare_phone(*id, rules)).then_some(SettingsProblem::Needed),
        MethodChange::RenamePhone(_, name) => name.is_empty().then_some(SettingsProblem::NoName),
        MethodChange::MakePrimary(_) | MethodChange::ForgetBrowser(_) => None,
    }
}

async fn make(app: &Arc<App>, held: Held, form: &ChangeForm) -> Result<Response, Problem> {
    let Some(change) = asked(form) else {
        return show(app, held, Complaint::default()).await;
    };
    if let Some(problem) = problem(&held.account, &held, &change) {
        return show(app, held, Complaint { settings: Some(problem), ..Complaint::default() }).await;
    }
    let removed = match &change {
        MethodChange::RemovePhone(id) => held.account.device(*id).cloned(),
        _ => None,
    };
    let page = OnPage { prompt: held.prompt.id, cookie: held.cookie, terms: held.relying_party.terms() };
    let command = Command::ChangeMethods { page, change };
    match app.decide(Locator::Prompt(held.prompt.id), command, held.by()).await {
        Ok(_) => {
            if let Some(phone) = removed {
                crate::delivery::unlinked::tell(app, &[phone]);
            }
            Ok(Redirect::to(&held.path()).into_response())
        }
        Err(problem) => match problem.slug {
            Slug::Unavailable | Slug::WrongBinding => Err(problem),
            _ => show(app, held.again(app).await?, Complaint::default()).await,
        },
    }
}
