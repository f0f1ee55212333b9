//! The real terminal phone, `koppel --json`, as a process of its own with a folder of its own.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::server_process::programs;

/// How long a phone may take for anything that the story waits for. A phone that lost its server comes back within half of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A phone that runs.
#[derive(Debug)]
pub struct Phone {
    // Killed when the phone is dropped.
    _child: Child,
    commands: ChildStdin,
    events: mpsc::UnboundedReceiver<Value>,
    /// What came and was not asked for yet, then what was: for messages.
    seen: Vec<Value>,
    /// How many of `seen` were looked at already.
    looked_at: usize,
}

/// A phone that is paired but not started: its folder.
#[derive(Clone, Debug)]
pub struct PhoneFolder(PathBuf);

impl PhoneFolder {
    /// A new phone in a folder that does not exist yet.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path)?;
        std::fs::write(path.join("pin.txt"), "471108\n")?;
        Ok(Self(path.to_owned()))
    }

    /// Starts the phone with a subcommand: `pair …`, or none for the live screen.
    ///
    /// # Errors
    /// When the program is not there.
    pub fn start(&self, arguments: &[&str]) -> Result<Phone> {
        let mut child = Command::new(programs().join("koppel"))
            .args(["--json", "--yes", "--locale", "en", "--secrets", "file", "--folder"])
            .arg(self.0.join("phone"))
            .arg("--pin-file")
            .arg(self.0.join("pin.txt"))
            .args(arguments)
            .env_remove("KOPPEL_FOLDER")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .context("the phone `koppel` does not start")?;
        let commands = child.stdin.take().context("stdin")?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout")?).lines();
        let (sender, events) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let event = serde_json::from_str(&line).unwrap_or_else(|_| json!({"event": "not JSON", "line": line}));
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Ok(Phone { _child: child, commands, events, seen: Vec::new(), looked_at: 0 })
    }
}

impl Phone {
    /// Waits for the next event of this name that satisfies `wanted`. An `error` event that was not waited for ends the
    /// wait; what went by is not looked at again.
    ///
    /// # Errors
    /// When the phone reports an error, ends, or nothing comes in time; the message holds what came instead.
    pub async fn event(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            while let Some(event) = self.seen.get(self.looked_at) {
                self.looked_at += 1;
                if event["event"] == name && wanted(event) {
                    return Ok(event.clone());
                }
                if event["event"] == "error" {
                    bail!("the phone says {event}");
                }
            }
            match timeout_at(until, self.events.recv()).await {
                Ok(Some(event)) => self.seen.push(event),
                Ok(None) => bail!("the phone ended before `{name}`; it said {}", self.said()),
                Err(_) => bail!("no `{name}` in {} s; the phone said {}", PATIENCE.as_secs(), self.said()),
            }
        }
    }

    /// The next challenge of this mode.
    ///
    /// # Errors
    /// See [`Phone::event`].
    pub async fn challenge(&mut self, mode: &str) -> Result<Value> {
        self.event("challenge", |event| event["mode"] == mode).await
    }

    /// Types a command.
    ///
    /// # Errors
    /// When the phone has ended.
    pub async fn tell(&mut self, command: Value) -> Result<()> {
        self.commands.write_all(format!("{command}\n").as_bytes()).await.context("the phone ended")?;
        self.commands.flush().await.context("the phone ended")
    }

    /// Approves a challenge with the number that the person typed, and waits for what comes of it.
    ///
    /// # Errors
    /// See [`Phone::event`].
    pub async fn approve(&mut self, challenge: &Value, number: Option<&str>) -> Result<Value> {
        let mut command = json!({"do": "approve", "cid": challenge["cid"]});
        if let Some(number) = number {
            command["number"] = number.into();
        }
        self.answer(challenge, command).await
    }

    /// Denies a challenge: `mistake`, or `not_me`.
    ///
    /// # Errors
    /// See [`Phone::event`].
    pub async fn deny(&mut self, challenge: &Value, reason: &str) -> Result<Value> {
        self.answer(challenge, json!({"do": "deny", "cid": challenge["cid"], "reason": reason})).await
    }

    async fn answer(&mut self, challenge: &Value, command: Value) -> Result<Value> {
        self.tell(command).await?;
        let cid = challenge["cid"].clone();
        self.event("outcome", |event| event["cid"] == cid).await
    }

    /// The last of what the phone said, without codes.
    fn said(&self) -> String {
        let names = self.seen.iter().rev().take(12).rev().map(|event| {
            let more = ["state", "outcome", "code", "why"].map(|field| match event["event"].as_str() {
                Some("challenge") => "",
                _ => event[field].as_str().unwrap_or_default(),
            });
            format!("{} {}", event["event"].as_str().unwrap_or_default(), more.join(" ")).trim().to_owned()
        });
        names.collect::<Vec<_>>().join(", ")
    }
}
