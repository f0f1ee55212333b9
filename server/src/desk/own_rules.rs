//! What the desk may do for the users of an organisation: numbers of its policy, which an admin changes here.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Uri};
use koppel_domain::{DeskAct, Organisation, Policy};
use koppel_protocol::Text;
use koppel_store::{Registration, Store};
use serde::Deserialize;

use super::call::refused;
use super::panels::Came;
use super::shown::bar;
use super::visitor::Visitor;
use crate::app::{App, unavailable};
use crate::pages::handlers::form;
use crate::pages::{OwnRulesPage, OwnRulesSaid, respond};
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// Seconds.
const HOUR: u32 = 3600;

/// The organisation of this id, where the visitor may change rules. Others do not exist.
fn organisation(app: &App, visitor: &Visitor, id: &str) -> Result<Arc<Organisation>, Problem> {
    let not_found = || Problem::new(Slug::NotFound);
    let organisation = app.registry.organisation(id.parse().map_err(|_| not_found())?).ok_or_else(not_found)?;
    if visitor.operator.may(DeskAct::SetRules, organisation.id) { Ok(organisation) } else { Err(not_found()) }
}

/// `GET /desk/organisations/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Query(came): Query<Came>,
    source: Source,
    headers: HeaderMap,
) -> Response {
    let shown = || {
        let visitor = Visitor::signed_in(&app, &headers, source)?;
        let organisation = organisation(&app, &visitor, &id)?;
        let policy = &organisation.policy;
        let page = OwnRulesPage {
            frame: visitor.place.frame(),
            bar: bar(&app, &visitor)?,
            id: organisation.id.to_string(),
            organisation: organisation.name.to_string(),
            said: OwnRulesSaid::ALL.into_iter().find(|said| Some(said.name()) == came.said.as_deref()),
            form_token: visitor.form_token(&app)?,
            seen: policy.version,
            koppelcodes: policy.desk_koppelcodes == 1,
            protect_everybody: policy.protect_everybody == 1,
            second_agent: policy.second_agent == 1,
            wait_hours: policy.reset_wait / HOUR,
        };
        Ok(respond(&page, None))
    };
    shown().unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    form_token: String,
    seen: String,
    koppelcodes: Option<String>,
    protect_everybody: Option<String>,
    second_agent: Option<String>,
    wait_hours: String,
}

impl Fields {
    /// The policy that comes of it; none: it cannot wait for so long.
    fn change(&self, before: &Policy) -> Option<Policy> {
        let mut policy = before.clone();
        let ticked = |box_: &Option<String>| u32::from(box_.as_deref() == Some("yes"));
        let wait = self.wait_hours.parse::<u32>().ok()?.checked_mul(HOUR)?;
        for (name, value) in [
            ("desk_koppelcodes", ticked(&self.koppelcodes)),
            ("protect_everybody", ticked(&self.protect_everybody)),
            ("second_agent", ticked(&self.second_agent)),
            ("reset_wait", wait),
        ] {
            policy.set(name, value).ok()?;
        }
        Some(policy)
    }
}

/// `POST /desk/organisations/{id}`
pub(super) async fn set(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let set = async {
        let fields: Fields = form::read(&headers, &uri, body).await?;
        let visitor = Visitor::with_form(&app, &headers, source, &fields.form_token)?;
        // One at a time: the policy is written whole.
        let _turn = app.rules.lock().await;
        let organisation = organisation(&app, &visitor, &id)?;
        let said = if fields.seen != organisation.policy.version.to_string() {
            OwnRulesSaid::Meanwhile
        } else if let Some(policy) = fields.change(&organisation.policy) {
            let by = Text::clean(&format!("operator:{}", visitor.operator.name));
            let policy = Registration::Policy { organisation: organisation.id, policy: Box::new(policy), by };
            app.store.register(policy).await.map_err(unavailable)?;
            app.registry.reload(&app.store).await.map_err(unavailable)?;
            OwnRulesSaid::Saved
        } else {
            OwnRulesSaid::Hours
        };
        Ok(Redirect::to(&format!("/desk/organisations/{}?said={}", organisation.id, said.name())).into_response())
    };
    set.await.unwrap_or_else(|problem: Problem| refused(&app, &headers, source, &problem))
}
