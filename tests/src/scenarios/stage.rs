//! The server's side of a scenario: real servers as processes, and everybody who is not a phone: panel, browser, desk, directory,
//! and the network in between.
//!
//! [`Stage::play`] takes one act as JSON and answers with JSON. What the server refuses is an answer with `error`, the name of the
//! problem; what the stage itself cannot do is an error here.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    directory::Directory,
    road::{Lost, Road, Weather},
};
use crate::{
    panel_api::{Answer, BrowserSession, PanelApi, login},
    server_process::{ServerProcess, free_port},
    story::browser::{Browser, USER_AGENT},
};

/// How long the stage waits for what must come.
const PATIENCE: Duration = Duration::from_secs(40);
/// Where a browser would go back to: nobody is there.
const RETURN: &str = "http://127.0.0.1:1/2fa";

/// What can happen at the server's side. The README of the scenarios says what each does and answers.
#[expect(missing_docs, reason = "the README of the scenarios says what each field is")]
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Makes a server and starts it.
    Start {
        /// Its settings, each `SETTING=VALUE`.
        #[serde(default)]
        set: Vec<String>,
        /// Who may pair by logging in, and with which password.
        #[serde(default)]
        directory: BTreeMap<String, String>,
    },
    /// Makes a user.
    User { user: String },
    /// Deletes a user, with every phone.
    DeleteUser { user: String },
    /// The desk hands out a koppelcode.
    Koppelcode { user: String },
    /// A browser opens the set-up page.
    Enrol { user: String },
    /// The desk confirms the only pending pairing.
    Confirm { user: String, check_number: String },
    /// The desk lifts a lock.
    Unlock { user: String },
    /// A panel begins a login; with `again` in the browser of that one.
    BeginLogin { user: String, mode: String, again: Option<String> },
    /// Digits are typed on the page.
    Check { login: String, code: String },
    /// The page goes on after an approval.
    Consume { login: String },
    /// *Send again*, as soon as that is allowed.
    Resend { login: String },
    /// The person gives up in the browser.
    Cancel { login: String },
    /// Waits until a login is in a state.
    State { login: String, until: String },
    /// The envelope of a login, as a push would bring it.
    Envelope { login: String },
    /// kill -9.
    Kill,
    /// Starts it again on its database.
    Restart,
    /// Another server, with keys of its own, at the same address; or the first again.
    Identity { is: Identity },
    /// The network between phones and server.
    Network { is: Network },
    /// From now on connections with a POST to this path are cut.
    Cut { path: String, lost: Lost },
    /// Waits until something was cut.
    WasCut,
}

/// Which of two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The one that was started.
    Own,
    /// An impostor.
    Other,
}

/// Whether the network works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// It does.
    Up,
    /// It does not.
    Down,
}

/// All servers of a scenario.
#[derive(Debug, Default)]
pub struct Stage {
    servers: BTreeMap<String, Backstage>,
}

/// One server, and those around it.
#[derive(Debug)]
struct Backstage {
    road: Road,
    _directory: Option<Directory>,
    server: ServerProcess,
    impostor: Option<ServerProcess>,
    panel: PanelApi,
    sessions: BTreeMap<String, BrowserSession>,
}

impl Stage {
    /// Plays one act: `{"server": NAME, "do": …}`.
    ///
    /// # Errors
    /// When the act is not one, or cannot be done at all.
    pub async fn play(&mut self, mut act: Value) -> Result<Value> {
        let name = act.as_object_mut().and_then(|act| act.remove("server"));
        let name = name.as_ref().and_then(Value::as_str).context("which server?")?.to_owned();
        let act: Act = serde_json::from_value(act)?;
        if let Act::Start { set, directory } = act {
            let backstage = Backstage::start(&set, directory).await?;
            let answer = json!({"host": format!("127.0.0.1:{}", backstage.road.port())});
            self.servers.insert(name, backstage);
            return Ok(answer);
        }
        let backstage = self.servers.get_mut(&name).with_context(|| format!("no server {name}"))?;
        tokio::time::timeout(PATIENCE, backstage.play(act)).await.context("it took too long")?
    }

    /// What the servers logged, for the message of a failure.
    #[must_use]
    pub fn logs(&self) -> String {
        self.servers.iter().map(|(name, backstage)| format!("----- {name}\n{}", backstage.server.log())).collect()
    }
}

impl Backstage {
    async fn start(set: &[String], users: BTreeMap<String, String>) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let road = Road::to(port_of(&address)?).await?;
        let directory = if users.is_empty() { None } else { Some(Directory::of(users).await?) };
        let mut init: Vec<&str> = set.iter().flat_map(|setting| ["--set", setting]).collect();
        if let Some(directory) = &directory {
            init.extend(["--directory-url", &directory.url]);
        }
        let public_url = format!("http://127.0.0.1:{}", road.port());
        let (mut server, _) = ServerProcess::behind(&public_url, address, &init, &[])?;
        (server.relying_party, server.key) = server.add_relying_party("Klantpaneel", RETURN, &[])?;
        server.restart()?;
        let panel = PanelApi::new(&server.url(), &server.key);
        Ok(Self { road, _directory: directory, server, impostor: None, panel, sessions: BTreeMap::new() })
    }

    async fn play(&mut self, act: Act) -> Result<Value> {
        match act {
            Act::Start { .. } => bail!("it is started already"),
            Act::User { user } => Ok(plain(&self.panel.put_user(&user).await?)),
            Act::DeleteUser { user } => Ok(plain(&self.panel.delete(&format!("/v1/users/{user}")).await?)),
            Act::Koppelcode { user } => Ok(plain(&self.panel.koppelcode(&user).await?)),
            Act::Enrol { user } => self.enrol(&user).await,
            Act::Confirm { user, check_number } => {
                let known = self.panel.get(&format!("/v1/users/{user}")).await?;
                let pairing = known.body["pending_pairings"][0]["id"].as_str();
                let pairing = pairing.with_context(|| format!("nothing waits: {known:?}"))?;
                Ok(plain(&self.panel.confirm(&user, pairing, &check_number).await?))
            }
            Act::Unlock { user } => Ok(plain(&self.panel.unlock(&user).await?)),
            Act::BeginLogin { user, mode, again } => self.begin_login(&user, &mode, again).await,
            Act::Check { login, code } => Ok(plain(&self.panel.check(&login, self.session(&login)?, &code).await?)),
            Act::Consume { login } => Ok(plain(&self.panel.consume(&login, self.session(&login)?).await?)),
            Act::Resend { login } => self.resend(&login).await,
            Act::Cancel { login } => Ok(plain(&self.panel.cancel(&login, self.session(&login)?).await?)),
            Act::State { login, until } => self.state(&login, &until).await,
            Act::Envelope { login } => Ok(json!({"envelope": self.server.newest_envelope(&login)?})),
            Act::Kill => {
                self.server.kill();
                Ok(json!({}))
            }
            Act::Restart => self.server.restart().map(|()| json!({})),
            Act::Identity { is } => self.identity(is),
            Act::Network { is } => {
                self.road.becomes(if is == Network::Up { Weather::Fair } else { Weather::Down });
                Ok(json!({}))
            }
            Act::Cut { path, lost } => {
                self.road.becomes(Weather::Cutting { path, lost });
                Ok(json!({}))
            }
            Act::WasCut => self.road.cut().await.map(|()| json!({})),
        }
    }

    fn session(&self, login: &str) -> Result<&BrowserSession> {
        self.sessions.get(login).with_context(|| format!("no login {login}"))
    }

    /// The link and the koppelcode of the page on which somebody without a phone sets one up.
    async fn enrol(&self, user: &str) -> Result<Value> {
        let mut prompt = login(user, "code", &BrowserSession::new());
        let more = [
            ("purpose", json!("enrol")),
            ("browser", json!({"ip": "127.0.0.1", "user_agent": USER_AGENT})),
            ("return_url", json!(RETURN)),
            ("state", json!("state")),
        ];
        prompt.as_object_mut().context("a prompt")?.remove("mode");
        for (field, value) in more {
            prompt[field] = value;
        }
        let opened = self.panel.post("/v1/prompts", prompt).await?;
        let url = opened.body["url"].as_str().with_context(|| format!("no page: {opened:?}"))?;
        let page = Browser::new()?.open(url).await?;
        Ok(json!({"link": page.link()?, "code": page.koppelcode()?}))
    }

    async fn begin_login(&mut self, user: &str, mode: &str, again: Option<String>) -> Result<Value> {
        let session = match again {
            Some(former) => self.session(&former)?.clone(),
            None => BrowserSession::new(),
        };
        let begun = self.panel.challenge(user, mode, &session).await?;
        let mut answer = plain(&begun);
        if let Some(id) = begun.body["id"].as_str() {
            answer["login"] = json!(id);
            self.sessions.insert(id.to_owned(), session);
        }
        Ok(answer)
    }

    async fn resend(&self, login: &str) -> Result<Value> {
        loop {
            let answer = self.panel.resend(login, self.session(login)?).await?;
            if answer.problem() != "too-soon" {
                return Ok(plain(&answer));
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn state(&self, login: &str, until: &str) -> Result<Value> {
        // Expiry may be more than one patience away.
        for _ in 0..150 {
            let snapshot = self.panel.get(&format!("/v1/challenges/{login}")).await?;
            let ended = snapshot.body["delivery"]["state"] == "ended";
            if snapshot.body["state"] == until || (until == "delivery_ended" && ended) {
                return Ok(plain(&snapshot));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let snapshot = self.panel.get(&format!("/v1/challenges/{login}")).await?;
        Ok(json!({"state": snapshot.body["state"]}))
    }

    fn identity(&mut self, is: Identity) -> Result<Value> {
        self.server.kill();
        self.impostor = None;
        match is {
            Identity::Own => self.server.restart()?,
            Identity::Other => {
                let public_url = format!("http://127.0.0.1:{}", self.road.port());
                let address = self.server.address().to_owned();
                let (mut impostor, _) = ServerProcess::behind(&public_url, address, &[], &[])?;
                impostor.restart()?;
                self.impostor = Some(impostor);
            }
        }
        Ok(json!({}))
    }
}

fn port_of(address: &str) -> Result<u16> {
    Ok(address.rsplit(':').next().context("no port")?.parse()?)
}

/// What a panel was answered; `error` is the name of a problem.
fn plain(answer: &Answer) -> Value {
    let mut plain = if answer.body.is_object() { answer.body.clone() } else { json!({}) };
    if !answer.ok() {
        plain["error"] = json!(answer.problem());
    }
    plain
}
