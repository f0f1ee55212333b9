//! `GET /static/own/{name}`: the colour and the logo of a relying party.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue};

use super::super::{assets, own_files};
use crate::app::App;

/// Serves what relying parties have now, and nothing else.
pub(super) async fn serve(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    let parties = app.registry.relying_parties();
    let mut files = parties.iter().flat_map(|party| own_files(party.accent, party.logo.as_ref()));
    let Some(file) = files.find(|file| file.name == name) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = assets::kept_for_ever(file.content_type, file.bytes);
    // Opened by itself it is still only a picture.
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    response
}
