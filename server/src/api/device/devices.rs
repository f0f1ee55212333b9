//! `POST /d/v1/devices`: the account's phones, or the removal of this one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use koppel_domain::{Command, Needs};
use koppel_protocol::json;
use koppel_protocol::phone_api::{DeviceInfo, DeviceState, Devices, DevicesRequest};
use koppel_store::Locator;

use super::pairings::json_problem;
use crate::app::App;
use crate::problem::{Problem, Slug};
use crate::proof::{self, Changes};

/// Lists, or removes.
pub(super) async fn list_or_remove(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    // Whether it changes something is known only from the body, so the `jti` goes to the transaction or to memory below.
    let phone = proof::prove_active(&app, request, Changes::Something).await?;
    let asked: DevicesRequest = json::object(&phone.body).map_err(json_problem)?;
    match asked.remove {
        Some(device) if device == phone.device.id => {
            app.decide(Locator::Device(device), Command::RemoveDevice { device }, phone.by_proof()).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Some(_) => {
            Err(Problem::because(Slug::NotFound, "A phone removes only itself; others are removed at the panel."))
        }
        None => {
            app.proofs.remember(phone.device.id, phone.proof.jti, app.now().0)?;
            app.pace.take(phone.device.id, app.clock.millis())?;
            let needs = Needs { devices: true, ..Needs::default() };
            let account = app.account(Locator::Device(phone.device.id), needs).await?;
            let account = account.ok_or_else(|| Problem::new(Slug::Unauthenticated))?;
            let listed = account.devices.iter().filter(|device| device.state != DeviceState::Revoked);
            let devices = listed.map(|device| DeviceInfo {
                id: device.id,
                name: device.name.clone(),
                platform: device.platform,
                state: device.state,
                this: device.id == phone.device.id,
                approve: device.keys.approve.is_some(),
                last_seen: device.last_seen.0,
            });
            Ok(Json(Devices { devices: devices.collect() }).into_response())
        }
    }
}
