//! The library in an app: what opening, receiving and a notification extension cost. Built as it is shipped, in a process of its own.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    companion::Storage,
    panel_api::{BrowserSession, PanelApi},
    server_process::ServerProcess,
};

/// Accounts on the phone.
const ACCOUNTS: usize = 20;
/// Processes of which the median counts.
const STARTS: usize = 7;
/// Logins of one user that wait.
const LOGINS: usize = 5;

/// What the library costs.
#[derive(Clone, Copy, Debug)]
pub struct Companion {
    /// The stripped shared library.
    pub library_mb: f64,
    /// Opening a client with twenty accounts, in a process that just started.
    pub open_ms: f64,
    /// From an envelope to the state that holds its challenge, for the phone's first account.
    pub receive_ms: f64,
    /// The same for its last: an envelope does not say whose it is, so that each account tries.
    pub receive_last_ms: f64,
    /// The first preview of a process.
    pub preview_ms: f64,
    /// The most memory of a process that previewed, over one that did nothing.
    pub preview_mib: f64,
    /// One method through the Kotlin binding.
    pub kotlin_us: f64,
    /// The empty calls that it consists of.
    pub empty_us: f64,
}

/// What `cargo xtask bench` built and measured before.
struct Built {
    library: PathBuf,
    program: PathBuf,
    calls: Value,
}

impl Built {
    fn find() -> Result<Self> {
        let said = |name| std::env::var(name).with_context(|| format!("{name}: cargo xtask bench sets it"));
        Ok(Self {
            library: said("KOPPEL_PHONE_LIBRARY")?.into(),
            program: said("KOPPEL_PHONE_PROGRAM")?.into(),
            calls: serde_json::from_str(&said("KOPPEL_KOTLIN_CALLS")?)?,
        })
    }
}

/// Pairs a phone with twenty users, lets a login wait for each, and measures.
///
/// # Errors
/// When a program is not built or something is refused.
pub async fn measure() -> Result<Companion> {
    let built = Built::find()?;
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    let storage = Storage::new()?;
    let users: Vec<String> = (0..ACCOUNTS).map(|number| format!("user-{number}")).collect();
    let mut phone = storage.start(&built.program)?;
    phone.act(&json!({"do": "open"}))?;
    for user in &users {
        phone.pair(&server, &panel, user).await?;
    }
    phone.act(&json!({"do": "active", "accounts": ACCOUNTS}))?;
    phone.act(&json!({"do": "close"}))?;
    let first = waiting(&server, &panel, &users[0]).await?;
    let last = waiting(&server, &panel, &users[ACCOUNTS - 1]).await?;

    let ms = |answer: Value| answer["ms"].as_f64().context("ms");
    let open = median(STARTS, || ms(storage.start(&built.program)?.act(&json!({"do": "open"}))?))?;
    let mut phone = storage.start(&built.program)?;
    phone.act(&json!({"do": "open"}))?;
    let mut receive = |envelopes: &[String]| {
        let mut envelopes = envelopes.iter();
        median(LOGINS, || ms(phone.act(&json!({"do": "receive", "envelope": envelopes.next()}))?))
    };
    let (receive_ms, receive_last_ms) = (receive(&first)?, receive(&last)?);
    let preview = json!({"do": "preview", "envelope": first[0]});
    let preview_ms = median(STARTS, || ms(storage.start(&built.program)?.act(&preview)?))?;
    let weighed = |acts: &[&Value]| {
        median(STARTS, || {
            let mut process = storage.start(&built.program)?;
            for act in acts {
                process.act(act)?;
            }
            process.act(&json!({"do": "weigh"}))?["peak_kib"].as_f64().context("peak_kib")
        })
    };
    let nanoseconds = |name: &str| built.calls[name].as_f64().context("the calls of Kotlin");
    #[expect(clippy::cast_precision_loss, reason = "some million bytes")]
    let library_mb = fs::metadata(&built.library)?.len() as f64 / 1e6;
    Ok(Companion {
        library_mb,
        open_ms: open,
        receive_ms,
        receive_last_ms,
        preview_ms,
        preview_mib: (weighed(&[&preview])? - weighed(&[])?) / 1024.0,
        kotlin_us: nanoseconds("method_ns")? / 1000.0,
        empty_us: nanoseconds("empty_ns")? / 1000.0,
    })
}

/// The envelopes of some logins of a user, as pushes would bring them.
async fn waiting(server: &ServerProcess, panel: &PanelApi, user: &str) -> Result<Vec<String>> {
    let mut envelopes = Vec::new();
    for _ in 0..LOGINS {
        let begun = panel.challenge(user, "code", &BrowserSession::new()).await?;
        let login = begun.body["id"].as_str().with_context(|| format!("no login: {begun:?}"))?;
        envelopes.push(server.newest_envelope(login)?);
    }
    Ok(envelopes)
}

fn median(count: usize, mut measured: impl FnMut() -> Result<f64>) -> Result<f64> {
    let mut all = (0..count).map(|_| measured()).collect::<Result<Vec<f64>>>()?;
    all.sort_by(f64::total_cmp);
    Ok(all[count / 2])
}
