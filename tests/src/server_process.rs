//! A real `koppel-server` as a process on loopback, with a database of its own; it dies with the value that holds it.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use koppel_protocol::id::ChallengeId;
use rusqlite::OptionalExtension as _;
use serde_json::Value;

/// A server process, its folder and the key of its one relying party.
#[derive(Debug)]
pub struct ServerProcess {
    child: Option<Child>,
    folder: tempfile::TempDir,
    address: String,
    extra: Vec<String>,
    /// The key with every scope.
    pub key: String,
    /// The relying party's id.
    pub relying_party: String,
}

/// Where the programs under test are: `KOPPEL_BIN_DIR`, or the folder above the test program's own.
///
/// # Panics
/// When the running program has no path.
#[must_use]
pub fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("KOPPEL_BIN_DIR") {
        return folder.into();
    }
    let mut path = std::env::current_exe().expect("the path of this program");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path
}

impl ServerProcess {
    /// Makes a database with organisation *De Linden*, relying party *Klantpaneel* and one key, and starts the server.
    ///
    /// # Errors
    /// When a command or the server does not do what it should; the message holds what it said.
    pub fn start() -> Result<Self> {
        Self::start_with(&[], &[])
    }

    /// The same with more arguments for `relying-party add` and for `serve`.
    ///
    /// # Errors
    /// See [`ServerProcess::start`].
    pub fn start_with(relying_party: &[&str], serve: &[&str]) -> Result<Self> {
        let (mut server, _) = Self::with_organisation(&[], serve)?;
        let party = server.add_relying_party("Klantpaneel", "http://127.0.0.1:1/2fa", relying_party)?;
        (server.relying_party, server.key) = party;
        server.restart()?;
        Ok(server)
    }

    /// Makes a database with organisation *De Linden* and nothing more, not yet started; and what `init` answered.
    ///
    /// # Errors
    /// See [`ServerProcess::start`].
    pub fn with_organisation(init: &[&str], serve: &[&str]) -> Result<(Self, Value)> {
        let address = format!("127.0.0.1:{}", free_port()?);
        Self::behind(&format!("http://{address}"), address, init, serve)
    }

    /// The same at an address of its own, while phones and browsers reach it at another one.
    ///
    /// # Errors
    /// See [`ServerProcess::start`].
    pub fn behind(public_url: &str, address: String, init: &[&str], serve: &[&str]) -> Result<(Self, Value)> {
        let server = Self {
            child: None,
            folder: tempfile::tempdir()?,
            address,
            extra: serve.iter().map(|&argument| argument.to_owned()).collect(),
            key: String::new(),
            relying_party: String::new(),
        };
        let mut arguments = vec!["init", "--organisation", "De Linden", "--public-url", public_url];
        arguments.extend(init);
        let answer = server.command(&arguments)?;
        Ok((server, answer))
    }

    /// Makes a relying party of *De Linden* and a key with every scope: its id, and the key.
    ///
    /// # Errors
    /// When a command fails.
    pub fn add_relying_party(&self, name: &str, return_url: &str, more: &[&str]) -> Result<(String, String)> {
        let mut add = vec!["relying-party", "add", name, "--organisation", "De Linden", "--return-url", return_url];
        // One way in, so that a story is about what it is about; the wizard has stories of its own.
        add.extend(["--methods", "app"]);
        add.extend(more);
        let party = text(&self.command(&add)?, "relying_party")?;
        let key = self.command(&["key", "add", "--relying-party", name, "--scope", "verify,manage,desk"])?;
        Ok((party, text(&key, "key")?))
    }

    /// Where the server listens, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("koppel.sqlite")
    }

    /// The folder that holds database, keys and log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Runs one of the server's commands with `--json` on this database and reads its answer.
    ///
    /// # Errors
    /// When the command fails; the message holds what it said.
    pub fn command(&self, arguments: &[&str]) -> Result<Value> {
        let output = Command::new(programs().join("koppel-server"))
            .args(arguments)
            .arg("--database")
            .arg(self.database())
            .arg("--json")
            .output()
            .context("koppel-server is not built: cargo build --profile ci --workspace")?;
        if !output.status.success() {
            bail!(
                "koppel-server {}: {}{}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        serde_json::from_slice(&output.stdout).context("the command's JSON")
    }

    /// Starts the server (again) on the same database and address, and waits until it listens.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("server.log"))?;
        let mut child = Command::new(programs().join("koppel-server"))
            .arg("serve")
            .arg("--database")
            .arg(self.database())
            .args(["--listen", &self.address])
            .args(&self.extra)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut line)?;
        self.child = Some(child);
        if !line.starts_with("listening on ") {
            bail!("the server did not come up: {line}{}", self.log());
        }
        Ok(())
    }

    /// The newest delivery of a login, as a push would bring it, in base64url: it lies in the database as it travels.
    ///
    /// # Errors
    /// When there is none.
    pub fn newest_envelope(&self, login: &str) -> Result<String> {
        let id: ChallengeId = login.parse()?;
        let database = rusqlite::Connection::open(self.database())?;
        let newest = "SELECT envelope FROM copy WHERE challenge = ?1 ORDER BY seq DESC LIMIT 1";
        let envelope: Option<Vec<u8>> =
            database.query_row(newest, [id.as_bytes().as_slice()], |row| row.get(0)).optional()?;
        Ok(B64.encode(envelope.context("no envelope")?))
    }

    /// What the server logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default()
    }

    /// kill -9, at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have died by itself; both calls then fail harmlessly.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

fn text(answer: &Value, field: &str) -> Result<String> {
    answer[field].as_str().map(str::to_owned).with_context(|| format!("no `{field}` in {answer}"))
}

/// A port that nobody listens on at this moment.
///
/// # Errors
/// When the machine has none left.
pub fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
