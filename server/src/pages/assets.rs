//! The files that the pages load, each under a name with the hash of its bytes, so that a browser
//! may keep them for ever and a new version is a new name.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

/// A file that a page may load.
#[derive(Debug)]
pub struct Asset {
    /// The last part of its address: `koppel-<hash>.css`.
    pub name: String,
    /// Its address: `/static/<name>`.
    pub href: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, source: String) -> Self {
        let bytes = source.into_bytes();
        let name = named(stem, extension, &bytes);
        Asset { href: format!("/static/{name}"), name, bytes, content_type }
    }
}

/// Without indentation, empty lines and lines that are only a comment: what readers of the source need, and browsers do not.
fn slim(source: &str) -> String {
    let comment = |line: &&str| line.starts_with("//") || (line.starts_with("/*") && line.ends_with("*/"));
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !comment(line));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A stylesheet of ours without spaces that only readers need. They are all written alike, so a few replacements find them.
fn tight(css: &str) -> String {
    let spaces = [("; }", "}"), (" { ", "{"), ("; ", ";"), (": ", ":"), (", ", ",")];
    spaces.into_iter().fold(slim(css), |css, (from, to)| css.replace(from, to))
}

/// A name with the hash of the bytes: `koppel-<hash>.css`.
pub(super) fn named(stem: &str, extension: &str, bytes: &[u8]) -> String {
    let hash: String = Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{stem}-{hash}.{extension}")
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let source = include_str!("../../static/koppel.css");
    Asset::new("koppel", "css", "text/css; charset=utf-8", tight(source))
});

static DESK: LazyLock<Asset> = LazyLock::new(|| {
    let source = include_str!("../../static/desk.css");
    Asset::new("desk", "css", "text/css; charset=utf-8", tight(source))
});

static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let source = include_str!("../../static/koppel.js");
    Asset::new("koppel", "js", "text/javascript; charset=utf-8", slim(source))
});

static MARK: LazyLock<Asset> = LazyLock::new(|| {
    let source = include_str!("../../static/mark.svg");
    Asset::new("mark", "svg", "image/svg+xml", slim(source))
});

/// The stylesheet of every page.
pub fn stylesheet() -> &'static Asset {
    &STYLESHEET
}

/// What pages of the desk load beside it.
pub fn desk() -> &'static Asset {
    &DESK
}

/// The one script.
pub fn script() -> &'static Asset {
    &SCRIPT
}

/// Our mark, as the icon of the tab.
pub fn mark() -> &'static Asset {
    &MARK
}

/// Every file.
pub fn all() -> [&'static Asset; 4] {
    [stylesheet(), desk(), script(), mark()]
}

/// Serves every file at `/static/{name}`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/static/{name}", get(serve))
}

async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = all().into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    kept_for_ever(asset.content_type, asset.bytes.as_slice())
}

/// A file whose name says what is in it.
pub(super) fn kept_for_ever(content_type: &'static str, bytes: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    #[test]
    fn browsers_get_no_comments_and_no_indentation() {
        let source = "/** Says. */\nfunction say() {\n  // why\n\n  return 1 / 2; // half\n}\n/* a */ b { c: d; }\n";
        assert_eq!(slim(source), "function say() {\nreturn 1 / 2; // half\n}\n/* a */ b { c: d; }\n");
        assert_eq!(
            tight("a b, c { d: e; f: 1px 2px; }\n@media (g: h) { i { j: k; } }\n"),
            "a b,c{d:e;f:1px 2px}\n@media (g:h){i{j:k} }\n"
        );
    }

    #[tokio::test]
    async fn a_file_is_served_under_its_own_name_only_and_may_be_kept_for_ever() {
        let ask = |path: String| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            routes::<()>().oneshot(request)
        };
        for asset in all() {
            let answer = ask(asset.href.clone()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers()["content-type"], asset.content_type);
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
            assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        }
        let answer = ask("/static/koppel-0000000000000000.css".to_owned()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
}
