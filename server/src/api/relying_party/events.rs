//! What happened, for panels that were away: the same events that webhooks bring.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use http::{HeaderMap, Uri};
use koppel_domain::{Scope, event::KINDS};
use koppel_store::{Events, Store};
use serde::{Deserialize, Serialize};
use utoipa::openapi::OpenApi as Reference;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use crate::app::{App, unavailable};
use crate::outbox::webhook::EventBody;
use crate::problem::{Problem, Slug};
use crate::source::Source;

/// Events of one answer, unless the panel says how many.
const USUAL: usize = 50;
/// The most.
const MOST: usize = 500;

/// Where to read on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct From {
    /// `next` of the answer before; from the first event that is kept when left out.
    after: Option<String>,
    /// At most so many events, 1–500; 50 when left out.
    limit: Option<usize>,
}

/// Some events, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page {
    /// May be empty while `more` is true.
    data: Vec<EventBody>,
    /// Where to read on: `after` of the next request. Keep it.
    #[schema(example = "1-20417")]
    next: String,
    /// Whether there is more already.
    more: bool,
}

/// How far a panel has read: the restore epoch and the mark. After a restore the marks begin anew, and a place from before is none.
struct Place {
    epoch: u64,
    mark: u64,
}

impl Place {
    fn read(text: &str) -> Option<Place> {
        let (epoch, mark) = text.split_once('-')?;
        Some(Place { epoch: epoch.parse().ok()?, mark: mark.parse().ok()? })
    }
}

/// Writes the kinds and their fields into the reference.
pub(super) fn list_kinds(reference: &mut Reference) {
    let Some(about) = reference.tags.iter_mut().flatten().find(|tag| tag.name == "events") else { return };
    let mut text = about.description.take().unwrap_or_default();
    text.push_str("\n\n| type | fields of `data` beside `user` | |\n|---|---|---|");
    for kind in &KINDS {
        let fields: Vec<_> = kind.fields.iter().map(|field| format!("`{field}`")).collect();
        text.push_str(&format!("\n| `{}` | {} | {} |", kind.name, fields.join(", "), kind.meaning));
    }
    about.description = Some(text);
}

/// What happened
///
/// Everything that a webhook brings, in the order in which it happened, for as long as the audit trail is kept. Keep `next` and read on
/// from there: now and then, or when a webhook was missed. What concerns one login is shown to the relying party that asked for it.
/// 410 `expired`: the server was restored from a backup, and places from before lead nowhere; begin without `after`.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", params(From),
    responses((status = 200, description = "Events after that place", body = Page)),
    security(("key" = ["audit"]), ("key" = ["manage"]))
)]
pub(super) async fn show(
    State(app): State<Arc<App>>,
    source: Source,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Page>, Problem> {
    let caller = Caller::with_any(&app, &headers, source, &[Scope::Manage, Scope::Audit]).await?;
    let Query(from) = Query::<From>::try_from_uri(&uri).map_err(|_| {
        Problem::because(
            Slug::InvalidRequest,
            "The query takes `after`, as the answer before gave it, and `limit`, a whole number.",
        )
    })?;
    let limit = from.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::because(Slug::InvalidField, "Parameter `limit`: 1 to 500."));
    }
    let epoch = app.epoch();
    let after = match from.after.as_deref() {
        None => 0,
        Some(text) => {
            let unknown =
                || Problem::because(Slug::InvalidField, "Parameter `after`: the `next` of the answer before.");
            let place = Place::read(text).ok_or_else(unknown)?;
            if place.epoch != epoch {
                let advice = "The server was restored from a backup since then: read again without `after`, and leave out what you know by its id.";
                return Err(Problem::because(Slug::Expired, advice));
            }
            place.mark
        }
    };
    let (organisation, panel) = (caller.found.organisation.id, caller.found.relying_party.id);
    let view = Events { organisation: Some(organisation), panel: Some(panel), after, limit };
    let page = app.store.read(view).await.map_err(unavailable)?;
    let data = page.events.into_iter().map(|(_, _, organisation, event)| EventBody::of(event, organisation)).collect();
    Ok(Json(Page { data, next: format!("{epoch}-{}", page.next), more: page.more }))
}
