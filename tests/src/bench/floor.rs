//! Drives `koppel-floor`: three requests a login, and nothing else.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::{Size, TOGETHER, Took, process};
use crate::server_process::programs;

/// What the floor of this machine is.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// A bare fsync.
    pub fsync_us: f64,
    /// A durable commit of one row.
    pub commit_us: f64,
    /// One login after the other.
    pub alone: Took,
    /// 32 at the same time.
    pub together: Took,
}

/// Ends with the value that holds it.
struct FloorProcess(Child);

impl Drop for FloorProcess {
    fn drop(&mut self) {
        // It may have died by itself; both calls then fail harmlessly.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the floor, drives it, ends it.
///
/// # Errors
/// When it is not built or refuses.
pub async fn measure(size: Size) -> Result<Floor> {
    let folder = tempfile::tempdir()?;
    let mut child = Command::new(programs().join("koppel-floor"))
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .context("koppel-floor does not start")?;
    let said = child.stdout.take().context("stdout")?;
    let floor = FloorProcess(child);
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line)?;
    let said: Value = serde_json::from_str(&line)?;
    let base = format!("http://{}", said["listening"].as_str().context("no address")?);
    let pid = floor.0.id();
    let ids = AtomicI64::new(1);
    // Warms connections and caches.
    logins(&base, pid, &ids, 1, size.alone / 10).await?;
    let alone = logins(&base, pid, &ids, 1, size.alone).await?;
    let together = logins(&base, pid, &ids, TOGETHER, size.together).await?;
    let number = |name: &str| said[name].as_f64().context("no figure");
    Ok(Floor { fsync_us: number("fsync_us")?, commit_us: number("commit_us")?, alone, together })
}

async fn logins(base: &str, pid: u32, ids: &AtomicI64, users: usize, each: usize) -> Result<Took> {
    let (begin, cpu) = (Instant::now(), process::cpu(pid)?);
    let times = try_join_all((0..users).map(|_| one_user(base.to_owned(), ids, each))).await?;
    Ok(Took::of(times.concat(), begin.elapsed(), process::cpu(pid)? - cpu))
}

async fn one_user(base: String, ids: &AtomicI64, count: usize) -> Result<Vec<f64>> {
    crate::install_crypto();
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build()?;
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let id = ids.fetch_add(1, Ordering::Relaxed);
        let begin = Instant::now();
        for act in ["begin", "decide", "consume"] {
            let answer = http.post(format!("{base}/{act}")).json(&json!({"id": id})).send().await?;
            ensure!(answer.status().is_success(), "{act}: {}", answer.status());
            answer.bytes().await?;
        }
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}
