//! The library of the apps as a process: `koppel-companion`, driven line by line. Its folder outlives it, as a phone's storage outlives an app.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{panel_api::PanelApi, server_process::ServerProcess};

/// A phone's storage.
#[derive(Debug)]
pub struct Storage(TempDir);

impl Storage {
    /// An empty one.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new() -> Result<Self> {
        Ok(Self(TempDir::with_prefix("koppel-companion-")?))
    }

    /// What a phone would keep in its hardware, by name: nothing of it belongs into the memory of an app that was closed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn secrets(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut secrets = BTreeMap::new();
        for file in fs::read_dir(self.0.path().join("secrets"))? {
            let file = file?;
            let name = String::from_utf8(B64.decode(file.file_name().as_encoded_bytes())?)?;
            secrets.insert(name, fs::read(file.path())?);
        }
        Ok(secrets)
    }

    /// Starts the app on it.
    ///
    /// # Errors
    /// When the program is not built.
    pub fn start(&self, program: &Path) -> Result<Companion> {
        Companion::start(program, self.0.path())
    }
}

/// The program that the tests build.
#[must_use]
pub fn program() -> PathBuf {
    crate::server_process::programs().join("koppel-companion")
}

/// The process. Killed with this value.
#[derive(Debug)]
pub struct Companion {
    child: Child,
    acts: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Companion {
    fn start(program: &Path, folder: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} is not built", program.display()))?;
        let acts = child.stdin.take().context("stdin")?;
        let answers = BufReader::new(child.stdout.take().context("stdout")?);
        Ok(Self { child, acts, answers })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// One act, and what came of it.
    ///
    /// # Errors
    /// When it failed: the process said why, and ended.
    pub fn act(&mut self, act: &Value) -> Result<Value> {
        writeln!(self.acts, "{act}")?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            bail!("the companion ended at {act}");
        }
        Ok(serde_json::from_str(&answer)?)
    }

    /// Pairs the open app with a new user; confirmed, but it has not heard so yet.
    ///
    /// # Errors
    /// When something was refused.
    pub async fn pair(&mut self, server: &ServerProcess, panel: &PanelApi, user: &str) -> Result<()> {
        panel.put_user(user).await?;
        let code = panel.koppelcode(user).await?;
        let act = json!({"do": "pair", "server": server.address(), "user": user, "code": code.body["code"]});
        let waiting = self.act(&act)?;
        let known = panel.get(&format!("/v1/users/{user}")).await?;
        let pairing = known.body["pending_pairings"][0]["id"].as_str().context("nothing waits")?;
        let number = waiting["check_number"].as_str().context("no check number")?;
        let confirmed = panel.confirm(user, pairing, number).await?;
        ensure!(confirmed.ok(), "not confirmed: {confirmed:?}");
        Ok(())
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
