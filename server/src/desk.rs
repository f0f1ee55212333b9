//! The support desk: where operators help users, in a browser.
//!
//! An operator signs in with a password, and then with a second factor on the same hosted pages as everybody: the desk is a relying
//! party of its own server. What an operator does for a user needs a *call*: which user, why, by which ticket. All three stand in
//! the user's audit trail beside the operator's name, and [`decide`](koppel_domain::decide()) asks for them again. No page here
//! holds a code that lets somebody in, or a secret; a koppelcode is shown to whoever handed it out, while it lives.

mod call;
mod own_rules;
mod panels;
mod sessions;
mod shown;
mod sign_in;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use sessions::Sessions;

use crate::app::App;
use crate::registry::DESK_RETURN;

/// All addresses of the desk.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/desk", get(sign_in::home))
        .route("/desk/sign-in", post(sign_in::sign_in).get(sign_in::again))
        .route("/desk/welcome", get(sign_in::welcome).post(sign_in::choose_password))
        .route(DESK_RETURN, get(sign_in::back))
        .route("/desk/leave", post(sign_in::leave).get(sign_in::again))
        .route("/desk/find", post(call::find).get(sign_in::again))
        .route("/desk/call", get(call::show))
        .route("/desk/call/state", get(call::state))
        .route("/desk/call/audit", get(call::audit))
        .route("/desk/call/{act}", post(call::act).get(call::again))
        .route("/desk/panels", get(panels::list))
        .route("/desk/panels/{id}", get(panels::show))
        .route("/desk/panels/{id}/{what}", post(panels::set).get(panels::again))
        .route("/desk/organisations/{id}", get(own_rules::show).post(own_rules::set))
}
