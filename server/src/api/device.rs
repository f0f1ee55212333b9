//! The phone's interface, `/d/v1`. What each message means stands in `docs/protocol.md`.

mod challenges;
mod decisions;
mod devices;
mod identity;
mod inbox;
mod pairings;
mod receipts;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use koppel_protocol::phone_api;

use crate::app::App;
use crate::delivery::live;

pub(crate) use inbox::{receive, seal_notice, waiting};
pub(crate) use pairings::activation_envelope;

/// All endpoints of phones.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(phone_api::WELL_KNOWN, get(identity::show))
        .route(phone_api::PAIRINGS, post(pairings::start))
        .route("/d/v1/pairings/{pid}/reveal", post(pairings::reveal))
        .route("/d/v1/pairings/{pid}/status", post(pairings::status))
        .route(phone_api::LIVE, get(live::open))
        .route(phone_api::INBOX, post(inbox::show))
        .route(phone_api::UNLOCK, post(challenges::unlock))
        .route("/d/v1/challenges/{cid}", post(challenges::show))
        .route(phone_api::DECISIONS, post(decisions::take))
        .route(phone_api::RECEIPTS, post(receipts::take))
        .route(phone_api::DEVICES, post(devices::list_or_remove))
        .route(phone_api::TEST, post(challenges::test))
}
