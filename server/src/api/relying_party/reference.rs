//! The reference of the panel's interface: OpenAPI 3.1, generated from the code, at `/v1/openapi.json`.

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Reference;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

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

/// Serves it.
pub(super) async fn show(reference: Reference) -> Response {
    match reference.to_json() {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => {
            tracing::error!(%error, "the reference could not be written");
            crate::problem::Problem::new(crate::problem::Slug::Unavailable).into_response()
        }
    }
}
