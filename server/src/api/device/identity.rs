//! `GET /.well-known/koppel`: who the server is, as a chain that a phone verifies.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, Uri};
use koppel_protocol::phone_api::WellKnown;

use crate::app::App;
use crate::problem::{Problem, Slug};

/// Shows the chain.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<WellKnown>, Problem> {
    let authority = uri.authority().map(http::uri::Authority::as_str);
    let organisation = app.registry.organisation_at(&headers, authority).ok_or_else(|| Problem::new(Slug::NotFound))?;
    let millis = app.clock.millis();
    Ok(Json(WellKnown {
        server_id: app.keys.identity.server_id,
        version: app.keys.identity.version,
        chain: app.keys.chain.clone(),
        organisation: organisation.name.clone(),
        nonce: app.nonces.issue(millis / 1000),
        time: millis,
    }))
}
