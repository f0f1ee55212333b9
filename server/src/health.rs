//! `/healthz`: the process lives. `/readyz`: it may be sent requests.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use koppel_store::{Mark, Store};

use crate::app::{App, unavailable};
use crate::problem::{Problem, Slug};

/// Both addresses.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// Ready when the database answers and the server does not stop.
async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.drain.is_draining() {
        return Err(Problem::because(Slug::Unavailable, "The server is stopping."));
    }
    app.store.read(Mark {}).await.map_err(unavailable)?;
    Ok("ready\n")
}
