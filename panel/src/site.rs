//! The panel as a web site: what it is made of and which address leads where.

mod coming_back;
mod directory_question;
mod home;
mod language_switch;
mod second_factor;
mod security;
mod sign_in;
mod visit;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use tokio::task;

use crate::address::Address;
use crate::clock::Clock;
use crate::cookie::{Cookies, FormTokens};
use crate::directory::DirectorySecret;
use crate::json_file::JsonFile;
use crate::pages::{self, Frame, MessagePage, Way};
use crate::session::Sessions;
use crate::throttle::Throttle;
use crate::users::{User, Users};
use crate::verification::{Mode, VerificationServer};

use visit::Visit;

/// Where browsers come back to; this path behind the public URL is what is registered as the return URL.
pub const RETURN_PATH: &str = "/koppel/return";
/// Where the directory question arrives.
pub const DIRECTORY_PATH: &str = "/koppel/directory";

/// Passwords hashed at the same time: each takes 19 MiB.
const HASHES_AT_ONCE: usize = 4;
/// No form of ours is larger.
const LARGEST_BODY: usize = 16 * 1024;

/// What an operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Under which address browsers find the panel.
    pub public_url: Address,
    /// Code or number; without a wish the server's policy says.
    pub mode: Option<Mode>,
    /// Whether only a known phone's signature lets anybody in.
    pub require_signature: bool,
    /// Whether the password is enough while the server says that no second factor is required yet.
    pub roll_out: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Everything that the panel's pages need.
pub struct Panel {
    settings: Settings,
    return_url: String,
    cookies: Cookies,
    forms: FormTokens,
    sessions: Sessions,
    users: Users,
    throttle: Throttle,
    hashing: Semaphore,
    pins: JsonFile,
    server: VerificationServer,
    directory: Option<DirectorySecret>,
    clock: Clock,
}

impl Panel {
    /// Puts it together. `pins` must exist ([`JsonFile::create`]).
    pub fn new(
        settings: Settings,
        users: Users,
        pins: JsonFile,
        server: VerificationServer,
        directory: Option<DirectorySecret>,
        clock: Clock,
    ) -> Arc<Self> {
        Arc::new(Self {
            return_url: format!("{}{RETURN_PATH}", settings.public_url),
            cookies: Cookies::of(&settings.public_url),
            forms: FormTokens::default(),
            sessions: Sessions::new(clock.clone()),
            throttle: Throttle::default(),
            hashing: Semaphore::new(HASHES_AT_ONCE),
            settings,
            users,
            pins,
            server,
            directory,
            clock,
        })
    }

    /// The site, ready to be served with the addresses of its visitors
    /// (`into_make_service_with_connect_info::<SocketAddr>`).
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/", get(home::show))
            .route("/sign-in", get(sign_in::show).post(sign_in::submit))
            .route("/sign-in/phone", post(second_factor::again))
            .route("/sign-out", post(sign_in::sign_out))
            .route("/security", get(security::show).post(security::couple))
            .route(RETURN_PATH, get(coming_back::from_server))
            .route(DIRECTORY_PATH, post(directory_question::answer))
            .route("/language/{tag}", get(language_switch::choose))
            .route("/static/panel.css", get(|| file("text/css; charset=utf-8", include_str!("../static/panel.css"))))
            .route("/static/mark.svg", get(|| file("image/svg+xml", include_str!("../static/mark.svg"))))
            .route("/healthz", get(|| async { "ok" }))
            .fallback(lost)
            .layer(DefaultBodyLimit::max(LARGEST_BODY))
            .layer(middleware::map_response_with_state(self.clone(), protect))
            .with_state(self.clone())
    }

    /// Checks a password off the async threads, a few at a time. The error is already logged.
    async fn check_password(self: &Arc<Self>, name: String, password: String) -> Result<Option<User>, OutOfOrder> {
        let _permit = self.hashing.acquire().await.map_err(|_| OutOfOrder)?;
        let panel = self.clone();
        let checked = task::spawn_blocking(move || panel.users.check(&name, &password)).await;
        match checked {
            Ok(Ok(user)) => Ok(user),
            Ok(Err(error)) => {
                tracing::error!(%error, "no password can be checked");
                Err(OutOfOrder)
            }
            Err(_) => Err(OutOfOrder),
        }
    }
}

/// Something of our own is broken; it was logged, and nobody gets in.
#[derive(Debug)]
struct OutOfOrder;

async fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text).into_response()
}

async fn protect(State(panel): State<Arc<Panel>>, mut response: Response) -> Response {
    pages::protect(&mut response, panel.server.issuer(), panel.settings.public_url.is_https());
    response
}

async fn lost(visit: Visit) -> Response {
    let t = visit.language.texts();
    let page = MessagePage {
        frame: visit.frame("/"),
        title: t.lost_page,
        text: t.lost_page_text,
        shut: false,
        way: Way::Link("/".to_owned(), t.to_start),
    };
    pages::render(StatusCode::NOT_FOUND, &page)
}

impl Visit {
    fn frame(&self, path: &'static str) -> Frame {
        Frame { language: self.language, path }
    }
}

/// Where somebody goes who is not in.
fn to_sign_in() -> Response {
    Redirect::to("/sign-in").into_response()
}
