//! `POST /koppel/directory`: 200 right, 403 wrong, anything else no answer.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{OutOfOrder, Panel};
use crate::directory::{Known, Question};

/// The handler. The server throttles its askers; here only the hashing is limited.
pub(super) async fn answer(State(panel): State<Arc<Panel>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(secret) = &panel.directory else { return StatusCode::NOT_FOUND.into_response() };
    let signature = headers.get("koppel-signature").and_then(|header| header.to_str().ok());
    if !signature.is_some_and(|signature| secret.signed(signature, &body, panel.clock.now())) {
        tracing::warn!("a directory question without a good signature");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(question) = serde_json::from_slice::<Question>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match panel.check_password(question.login_name, question.password).await {
        Ok(Some(user)) => Json(Known { external_id: user.external_id, display: user.display }).into_response(),
        Ok(None) => StatusCode::FORBIDDEN.into_response(),
        Err(OutOfOrder) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
