//! The reference of the panel's interface: OpenAPI 3.1, generated from the code, at `/v1/openapi.json`.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Reference;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::{examples, refusals};
use crate::problem::{Problem, Slug};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Koppel, for panels",
        description = "A phone as the second key of a web login.\n\n\
            Every request carries `Authorization: Bearer <key>`; every POST an `Idempotency-Key` (the same key and body within 24 \
            hours gets the same answer, with `Idempotent-Replayed: true`; another body is 422 `idempotency-mismatch`). Ids of \
            others do not exist: 404. Errors are `application/problem+json` with `type` `urn:koppel:problem:<slug>`; `detail` says \
            what to do.\n\n\
            On `result`, `check` and `consume` a 2xx means *verified*, and nothing else does. With anything else, a time-out \
            or a 5xx too, the user is not in.\n\n\
            `/v1` changes by addition only: ignore fields you do not know.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "prompts", description = "Hosted pages: the panel sends the browser there and gets it back with a result code."),
        (name = "challenges", description = "The same for panels with pages of their own."),
        (name = "users", description = "Users of the organisation. Scope `manage`."),
        (name = "events", description = "What happened, for panels that keep up with it. Scope `manage` or `audit`."),
        (name = "desk", description = "Support, always with a named agent, a reason and a ticket. Scope `desk`."),
    ),
)]
struct About;

/// The part that is not generated from handlers.
pub(super) fn about() -> Reference {
    let mut reference = About::openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key of a relying party: `kp_…`. Scopes: `verify`, `manage`, `desk`, `audit`."))
        .build();
    let components = reference.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    reference
}

/// The reference as it is served: what the types say, and beside that the refusals of each operation and an example of each body.
pub(super) fn complete(reference: &Reference) -> serde_json::Result<String> {
    let mut whole = serde_json::to_value(reference)?;
    let schemas = whole["components"]["schemas"].clone();
    for (path, methods) in whole["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            examples::add(&schemas, operation);
            refusals::add(method, path, operation);
        }
    }
    whole["components"]["schemas"]["Problem"] = refusals::schema();
    serde_json::to_string(&whole)
}

/// Serves it.
pub(super) async fn show(reference: Arc<serde_json::Result<String>>) -> Response {
    match &*reference {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json.clone()).into_response(),
        Err(error) => {
            tracing::error!(%error, "the reference could not be written");
            Problem::new(Slug::Unavailable).into_response()
        }
    }
}
