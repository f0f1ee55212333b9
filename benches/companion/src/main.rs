//! The library that apps load, in a process of its own: for the figures of `cargo xtask bench`, and for the test that looks into its memory.
//!
//! `koppel-companion FOLDER`: one act a line on standard input, one answer a line on standard output. The vault lies in `FOLDER/vault`, what a phone
//! keeps in its hardware in files of `FOLDER/secrets`.
//!
//! ```text
//! → {"do": "open"}                                     ← {"ms": 3.1}          opens the vault
//! → {"do": "pair", "server": …, "user": …, "code": …}  ← {"check_number": …}  a koppelcode, accepted
//! → {"do": "active", "accounts": 20}                   ← {}                   waits until so many are
//! → {"do": "receive", "envelope": …}                   ← {"ms": 1.2, "challenge": "ac_…/ch_…"}
//! → {"do": "show", "challenge": "ac_…/ch_…"}           ← {"code": "123456"}
//! → {"do": "close"}                                    ← {}
//! → {"do": "preview", "envelope": …}                   ← {"ms": 0.4}          as a notification extension does, without a client
//! → {"do": "weigh"}                                    ← {"peak_kib": 2412}   the most memory so far
//! ```

mod files;

use std::{
    io::{BufRead as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use files::{FileKeys, Files};
use koppel_ffi::{
    challenge::{Alert, ChallengeContent},
    client::{OpenOptions, RawClient},
    ids::ChallengeId,
    invitation::Invitation,
    platform::{DeviceKind, SecretStore as _},
    preview::{preview_item_name, preview_push},
    state::AccountStatus,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Act {
    Open,
    Pair { server: String, user: String, code: String },
    Active { accounts: usize },
    Receive { envelope: String },
    Show { challenge: String },
    Close,
    Preview { envelope: String },
    Weigh,
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("koppel-companion FOLDER")?;
    let mut companion = Companion { folder: folder.into(), client: None };
    // Waits for the library, which has threads of its own.
    let waiting = tokio::runtime::Builder::new_current_thread().build()?;
    for line in std::io::stdin().lock().lines() {
        let answer = waiting.block_on(companion.act(serde_json::from_str(&line?)?))?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

struct Companion {
    folder: PathBuf,
    client: Option<Arc<RawClient>>,
}

impl Companion {
    async fn act(&mut self, act: Act) -> Result<Value> {
        match act {
            Act::Open => self.open().await,
            Act::Pair { server, user, code } => self.pair(server, user, code).await,
            Act::Active { accounts } => self.active(accounts).await,
            Act::Receive { envelope } => {
                let (client, envelope) = (self.client()?, B64.decode(envelope)?);
                let begin = Instant::now();
                let challenge = client.receive(envelope, Alert::Shown).await?.context("nothing live was in it")?;
                let shown = client.state()?.challenges.iter().any(|live| live.id == challenge);
                let ms = milliseconds(begin);
                if !shown {
                    bail!("not in the state");
                }
                Ok(json!({"ms": ms, "challenge": challenge.text}))
            }
            Act::Show { challenge } => match self.client()?.show(ChallengeId { text: challenge }).await? {
                ChallengeContent::Code { ascii } => Ok(json!({"code": String::from_utf8(ascii)?})),
                _ => bail!("no code"),
            },
            Act::Close => {
                self.client()?.stop().await?;
                self.client = None;
                Ok(json!({}))
            }
            Act::Preview { envelope } => self.preview(&B64.decode(envelope)?),
            Act::Weigh => Ok(json!({"peak_kib": peak_kib()?})),
        }
    }

    async fn open(&mut self) -> Result<Value> {
        let options = OpenOptions {
            folder: self.folder.join("vault").display().to_string(),
            // Keeps the item of the preview.
            kind: DeviceKind::Ios,
            extra_roots: Vec::new(),
            clock_ahead_s: 0,
        };
        let (files, keys) = (Arc::new(self.files()?), Arc::new(FileKeys(self.files()?)));
        let begin = Instant::now();
        let client = RawClient::open(options, files, keys).await?;
        let _ = client.state()?;
        let ms = milliseconds(begin);
        self.client = Some(client);
        Ok(json!({"ms": ms}))
    }

    async fn pair(&self, server: String, user: String, code: String) -> Result<Value> {
        let client = self.client()?;
        let invitation = Invitation::Koppelcode { server, user, code: code.into_bytes() };
        let offer = client.pair(invitation, "bench".into(), true).await?;
        let request = client.begin_accept(offer.account.clone()).await?.context("nothing to sign")?;
        let signature = FileKeys(self.files()?).approve(&request.alias, &request.payload)?;
        client.finish_accept(request, signature).await?;
        let state = client.state()?;
        let account = state.accounts.into_iter().find(|account| account.id == offer.account).context("no account")?;
        match account.status {
            AccountStatus::AwaitingConfirmation { check_number, .. } => Ok(json!({"check_number": check_number})),
            other => bail!("{other:?}"),
        }
    }

    async fn active(&self, accounts: usize) -> Result<Value> {
        let client = self.client()?;
        let watch = client.watch()?;
        let connected = client.stay_connected();
        let seen = async {
            while let Some(state) = watch.next().await? {
                if state.accounts.iter().filter(|account| account.status == AccountStatus::Active).count() >= accounts {
                    break;
                }
            }
            anyhow::Ok(())
        };
        tokio::select! {
            seen = seen => seen?,
            ended = connected => ended?,
        }
        Ok(json!({}))
    }

    fn preview(&self, envelope: &[u8]) -> Result<Value> {
        let item = self.files()?.get(preview_item_name())?.context("no item for previews")?;
        let begin = Instant::now();
        let preview = preview_push(envelope.to_vec(), item)?;
        Ok(json!({"ms": milliseconds(begin), "organisation": preview.organisation}))
    }

    fn client(&self) -> Result<Arc<RawClient>> {
        self.client.clone().context("it is not open")
    }

    fn files(&self) -> Result<Files> {
        Files::in_folder(&self.folder.join("secrets"))
    }
}

fn milliseconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() * 1000.0
}

/// The most memory that this process had in RAM (`/proc`, Linux).
fn peak_kib() -> Result<u64> {
    let status = std::fs::read_to_string(Path::new("/proc/self/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
