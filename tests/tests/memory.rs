//! What stays in the memory of an app that closed its companion: none of the keys. Read where Linux shows it.
#![cfg(target_os = "linux")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
};

use anyhow::{Context as _, Result};
use koppel_tests::{
    companion::{Storage, program},
    panel_api::{BrowserSession, PanelApi},
    server_process::ServerProcess,
};
use serde_json::json;

/// Of memory, in bytes.
const PAGE: u64 = 4096;

/// The heap of a process: what it can write that is neither a file's nor a stack's.
fn heap(pid: u32) -> Result<Vec<u8>> {
    let mut memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut heap = Vec::new();
    let mut guard_ends = 0;
    for line in fs::read_to_string(format!("/proc/{pid}/maps"))?.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (range, rights, what) = (fields[0], fields[1], fields.get(5).copied().unwrap_or_default());
        let (from, to) = range.split_once('-').context("a range")?;
        let (from, to) = (u64::from_str_radix(from, 16)?, u64::from_str_radix(to, 16)?);
        // Below the stack of a thread lies one page that nobody may touch.
        let stack = from == guard_ends;
        if rights.starts_with("---") && to - from == PAGE {
            guard_ends = to;
        }
        if !rights.starts_with("rw") || !["", "[heap]"].contains(&what) || stack {
            continue;
        }
        let mut piece = vec![0; usize::try_from(to - from)?];
        memory.seek(SeekFrom::Start(from))?;
        memory.read_exact(&mut piece)?;
        heap.append(&mut piece);
    }
    Ok(heap)
}

fn count(heap: &[u8], secret: &[u8]) -> usize {
    heap.windows(secret.len()).filter(|window| *window == secret).count()
}

/// How often each key and secret of the companion lies there. Those that sign (`key/…`) are in a phone's hardware, and here in what plays it: the
/// library never has them.
fn found(storage: &Storage, pid: u32) -> Result<BTreeMap<String, usize>> {
    let heap = heap(pid)?;
    let secrets = storage.secrets()?.into_iter().filter(|(name, _)| !name.starts_with("key/"));
    Ok(secrets.map(|(name, secret)| (name, count(&heap, &secret))).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_that_was_closed_leaves_no_key_in_memory() -> Result<()> {
    let server = ServerProcess::start()?;
    let panel = PanelApi::new(&server.url(), &server.key);
    let storage = Storage::new()?;
    let mut phone = storage.start(&program())?;
    phone.act(&json!({"do": "open"}))?;
    phone.pair(&server, &panel, "anna").await?;
    phone.act(&json!({"do": "active", "accounts": 1}))?;
    let begun = panel.challenge("anna", "code", &BrowserSession::new()).await?;
    let login = begun.body["id"].as_str().context("no login")?;
    let envelope = server.newest_envelope(login)?;
    let received = phone.act(&json!({"do": "receive", "envelope": envelope}))?;
    phone.act(&json!({"do": "show", "challenge": received["challenge"]}))?;

    let open = found(&storage, phone.pid())?;
    assert!(open.len() >= 4, "the storage holds less than a paired phone has: {open:?}");
    assert!(open.values().any(|times| *times > 0), "nothing is found while it is open: the search is blind");
    phone.act(&json!({"do": "close"}))?;
    let closed = found(&storage, phone.pid())?;
    assert!(closed.values().all(|times| *times == 0), "still there after the end: {closed:?}, before it {open:?}");
    Ok(())
}
