//! The other language.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Panel;
use super::visit::with_cookie;
use crate::language::Language;

/// Where it came from.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

/// `GET /language/{tag}?back=/path`: remembers it and goes back, to one of our own pages.
pub(super) async fn choose(
    State(panel): State<Arc<Panel>>,
    Path(tag): Path<String>,
    Query(from): Query<Back>,
) -> Response {
    let own = ["/sign-in", "/security"].into_iter().find(|own| *own == from.back);
    let back = Redirect::to(own.unwrap_or("/")).into_response();
    match Language::parse(&tag) {
        Some(language) => with_cookie(back, panel.cookies.set_language(language.tag())),
        None => back,
    }
}
