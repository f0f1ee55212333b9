//! A panel with its example users beside a fake server, and the story of a login in one line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use koppel_panel::clock::Clock;
use koppel_panel::directory::DirectorySecret;
use koppel_panel::json_file::JsonFile;
use koppel_panel::pins::Pins;
use koppel_panel::site::{Panel, Settings};
use koppel_panel::users::Users;
use koppel_panel::verification::{Mode, VerificationServer};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use url::form_urlencoded;

use crate::browser::{Browser, Page};
use crate::verification_server::FakeServer;

pub const DIRECTORY_SECRET: &str = "a secret between two servers";

pub struct World {
    pub server: FakeServer,
    pub panel: String,
    time: Arc<AtomicI64>,
    folder: TempDir,
}

/// How the panel is run.
pub struct Run {
    pub require_signature: bool,
    pub roll_out: bool,
    pub answer_within: Duration,
    /// Another place to ask than the fake server.
    pub api: Option<String>,
}

impl Default for Run {
    fn default() -> Self {
        Self { require_signature: false, roll_out: false, answer_within: Duration::from_secs(30), api: None }
    }
}

impl World {
    pub async fn new() -> Self {
        Self::run(Run::default()).await
    }

    pub async fn requiring_signatures() -> Self {
        Self::run(Run { require_signature: true, ..Run::default() }).await
    }

    pub async fn rolling_out() -> Self {
        Self::run(Run { roll_out: true, ..Run::default() }).await
    }

    pub async fn run(run: Run) -> Self {
        let server = FakeServer::start().await;
        let folder = tempfile::tempdir().unwrap();
        let time = Arc::new(AtomicI64::new(1_790_000_000));
        let clock = Clock::new({
            let time = time.clone();
            move || time.load(Ordering::Relaxed)
        });
        let issuer = server.address().parse().unwrap();
        let api = run.api.unwrap_or_else(|| server.address()).parse().unwrap();
        let key = "kp_test".to_owned().into();
        let verification = VerificationServer::new(api, issuer, key, Vec::new(), run.answer_within).unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings {
            public_url: address.parse().unwrap(),
            mode: Some(Mode::Number),
            require_signature: run.require_signature,
            roll_out: run.roll_out,
            trusted_proxies: Vec::new(),
        };
        let pins = JsonFile::at(folder.path().join("state.json"));
        pins.create::<Pins>().unwrap();
        let users = Users::none().unwrap().with_examples().unwrap();
        let panel = Panel::new(settings, users, pins, verification, DirectorySecret::new(DIRECTORY_SECRET), clock);
        let service = panel.router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { server, panel: address, time, folder }
    }

    pub fn browser(&self) -> Browser {
        Browser::at(&self.panel)
    }

    pub fn now(&self) -> i64 {
        self.time.load(Ordering::Relaxed)
    }

    pub fn wait(&self, seconds: i64) {
        self.time.fetch_add(seconds, Ordering::Relaxed);
    }

    pub fn pins_path(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    pub fn pins(&self) -> JsonFile {
        JsonFile::at(self.pins_path())
    }

    /// Name and password; answers what the panel says.
    pub async fn password(&self, browser: &Browser, name: &str) -> Page {
        let form_token = browser.get("/sign-in").await.form_token();
        let password = format!("linden-{name}");
        let fields = [("form_token", form_token.as_str()), ("login_name", name), ("password", &password)];
        browser.post("/sign-in", &fields).await
    }

    /// The address at which the browser comes back from the last prompt.
    pub fn way_back(&self) -> String {
        self.way_back_from(&self.server.last_prompt())
    }

    pub fn way_back_from(&self, prompt: &Value) -> String {
        let text = |name: &str| prompt[name].as_str().unwrap().to_owned();
        self.way_back_with(&[("prompt", &text("id")), ("state", &text("state")), ("code", "the-code")])
    }

    /// A way back with other values; `iss` is the honest one unless it is among them.
    pub fn way_back_with(&self, values: &[(&str, &str)]) -> String {
        let issuer = self.server.address();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(values);
        if !values.iter().any(|(name, _)| *name == "iss") {
            query.append_pair("iss", &issuer);
        }
        format!("/koppel/return?{}", query.finish())
    }

    /// A whole login; answers what the panel says to the browser that came back.
    pub async fn log_in(&self, browser: &Browser, name: &str) -> Page {
        let page = self.password(browser, name).await;
        assert!(page.to().starts_with(&self.server.address()), "{}", page.text);
        browser.get(&self.way_back()).await
    }

    /// What stands behind the login of a browser that is in; `None` when it is not.
    pub async fn evidence(&self, browser: &Browser) -> Option<String> {
        let page = browser.get("/").await;
        if page.status != 200 {
            assert_eq!(page.to(), "/sign-in");
            return None;
        }
        let (_, rest) = page.text.split_once("data-evidence=\"").unwrap();
        Some(rest.split_once('"').unwrap().0.to_owned())
    }
}
