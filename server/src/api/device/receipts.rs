//! `POST /d/v1/receipts`: what arrived and what is shown, by itself.

use std::sync::Arc;

use axum::extract::{Request, State};
use http::StatusCode;
use koppel_protocol::json;
use koppel_protocol::phone_api::Receipts;

use super::inbox::receive;
use super::pairings::json_problem;
use crate::app::App;
use crate::problem::Problem;
use crate::proof::{self, Changes};

/// Takes receipts.
pub(super) async fn take(State(app): State<Arc<App>>, request: Request) -> Result<StatusCode, Problem> {
    let phone = proof::prove_active(&app, request, Changes::Nothing).await?;
    app.pace.take(phone.device.id, app.clock.millis())?;
    let told: Receipts = json::object(&phone.body).map_err(json_problem)?;
    receive(&app, phone.device.id, told.receipts, phone.by())?;
    Ok(StatusCode::NO_CONTENT)
}
