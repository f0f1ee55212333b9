//! The panel's interface, `/v1`. The reference is generated from the code and served at `/v1/openapi.json`.
//!
//! Three rules hold for every endpoint: the key's scope decides what may be asked, ids of others do not exist (404), and a
//! POST carries an `Idempotency-Key`. On `check`, `consume` and `result` a 2xx means *verified*, and nothing else does.

mod caller;
mod challenges;
mod contacts;
mod desk;
mod events;
mod examples;
mod fields;
mod methods;
mod once;
mod prompts;
mod reference;
mod refusals;
mod snapshot;
mod users;
mod verified;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

pub(crate) use caller::key_text;
pub(crate) use challenges::redelivery;
pub(crate) use desk::KoppelcodeAnswer;
pub(crate) use methods::seed;
pub(crate) use once::{Once, Recorded};
pub(crate) use users::show_user;

/// All endpoints of panels.
pub fn routes() -> Router<Arc<App>> {
    let (router, mut reference) = OpenApiRouter::with_openapi(reference::about())
        .routes(routes!(prompts::open))
        .routes(routes!(prompts::result))
        .routes(routes!(prompts::cancel))
        .routes(routes!(challenges::start))
        .routes(routes!(challenges::show))
        .routes(routes!(challenges::check))
        .routes(routes!(challenges::consume))
        .routes(routes!(challenges::redeliver))
        .routes(routes!(challenges::cancel))
        .routes(routes!(users::put, users::show, users::delete))
        .routes(routes!(methods::import, methods::remove))
        .routes(routes!(methods::remove_device))
        .routes(routes!(desk::koppelcode))
        .routes(routes!(desk::confirm))
        .routes(routes!(desk::unlock))
        .routes(routes!(events::show))
        .split_for_parts();
    events::list_kinds(&mut reference);
    let reference = Arc::new(reference::complete(&reference));
    router.route("/v1/openapi.json", get(move || reference::show(reference.clone())))
}
