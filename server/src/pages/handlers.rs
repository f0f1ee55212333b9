//! What the hosted pages do: bind one browser, show it where it stands, take its digits, send it back.
//!
//! Nothing is decided here. A handler reads the account, asks for a verdict with the browser's cookie in hand, and shows what
//! stands afterwards. Every page can be loaded again and works without script.

mod bind;
pub(crate) mod cookie;
mod enrol;
mod finish;
pub(crate) mod form;
mod history;
mod own;
pub(crate) mod screen;
mod settings;
pub(crate) mod show;
mod verify;
mod wizard;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::assets;
use crate::app::App;

/// All addresses of pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/p", get(show::link))
        .route("/p/{prompt}", get(show::page))
        .route("/p/{prompt}/state", get(show::state))
        .route("/p/{prompt}/history", get(history::show))
        .route("/p/{prompt}/check", post(verify::check).get(show::again))
        .route("/p/{prompt}/deliver", post(verify::deliver).get(show::again))
        .route("/p/{prompt}/enrol", post(enrol::invite).get(show::again))
        .route("/p/{prompt}/confirm", post(enrol::confirm).get(show::again))
        .route("/p/{prompt}/choose", post(wizard::choose).get(show::again))
        .route("/p/{prompt}/prove", post(wizard::prove).get(show::again))
        .route("/p/{prompt}/codes", post(wizard::codes).get(show::again))
        .route("/p/{prompt}/kept", post(wizard::kept).get(show::again))
        .route("/p/{prompt}/change", post(settings::change).get(show::again))
        .route("/p/{prompt}/finish", post(finish::finish).get(show::again))
        .route("/static/own/{name}", get(own::serve))
        .merge(assets::routes())
}
