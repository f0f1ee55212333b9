//! The start page.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::visit::Visit;
use super::{Panel, to_sign_in};
use crate::pages::{self, HomePage};

/// `GET /`
pub(super) async fn show(State(panel): State<Arc<Panel>>, visit: Visit) -> Response {
    let (Some(token), Some(session)) = (&visit.token, &visit.session) else { return to_sign_in() };
    let Some(backing) = session.backing() else { return to_sign_in() };
    let page = HomePage {
        frame: visit.frame("/"),
        form_token: panel.forms.make(token),
        display: session.user.display.clone(),
        extension: session.user.extension.clone(),
        backing: backing.clone(),
    };
    pages::render(StatusCode::OK, &page)
}
