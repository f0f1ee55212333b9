//! Ten thousand users with a phone each: what an idle phone costs the server, and how soon a server with so many is there.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use koppel_protocol::live::HEARTBEAT;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::process;
use crate::{
    panel_api::PanelApi,
    server_process::ServerProcess,
    soft_phone::{SoftPhone, live::LivePhone},
};

/// Pairings at the same time.
const AT_ONCE: usize = 16;
/// Starts of which the median counts.
const STARTS: usize = 5;

/// What a crowd costs.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// Memory of the server for each idle phone, after a heartbeat to all.
    pub kib_a_phone: f64,
    /// From the start of the process to its first 200, with all users in the database.
    pub start_ms: f64,
    /// Its memory then.
    pub start_mib: f64,
}

/// Pairs, connects, waits for a heartbeat, measures; then starts the server anew, some times.
///
/// # Errors
/// When a program is not built or something is refused.
pub async fn measure(count: usize) -> Result<Crowd> {
    let mut server = ServerProcess::start()?;
    let phones = pair(&server, count).await?;
    // A fresh process: what pairing left in its memory is not the idle phones'.
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(start(&mut server).await?);
    }
    starts.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (start_ms, start_mib) = starts[STARTS / 2];

    let pid = server.pid().context("the server runs")?;
    let before = process::memory_kib(pid)?;
    let connected: Vec<LivePhone> =
        stream::iter(&phones).map(LivePhone::open).buffer_unordered(AT_ONCE).try_collect().await?;
    let staying: Vec<_> = connected.into_iter().map(|phone| tokio::spawn(phone.stay())).collect();
    tokio::time::sleep(Duration::from_secs(HEARTBEAT + 10)).await;
    let gone = staying.iter().filter(|phone| phone.is_finished()).count();
    ensure!(gone == 0, "{gone} phones were disconnected");
    #[expect(clippy::cast_precision_loss, reason = "some thousand phones")]
    let kib_a_phone = (process::memory_kib(pid)? - before) / count as f64;
    Ok(Crowd { kib_a_phone, start_ms, start_mib })
}

async fn pair(server: &ServerProcess, count: usize) -> Result<Vec<Arc<SoftPhone>>> {
    let panel = PanelApi::new(&server.url(), &server.key);
    let http = reqwest::Client::builder().timeout(Duration::from_secs(40)).no_proxy().build()?;
    let url = server.url();
    stream::iter(0..count)
        .map(|number| {
            let (panel, http, url) = (&panel, http.clone(), url.as_str());
            async move {
                let name = format!("user-{number}");
                panel.put_user(&name).await?;
                let code = panel.koppelcode(&name).await?;
                let code = code.body["code"].as_str().with_context(|| format!("no koppelcode: {code:?}"))?;
                let waiting = SoftPhone::redeem_over(http, url, &name, code).await?;
                let confirmed = panel.confirm(&name, &waiting.pairing.to_string(), &waiting.check_number).await?;
                ensure!(confirmed.ok(), "not confirmed: {confirmed:?}");
                Ok(Arc::new(waiting.activate().await?))
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Ends the server and starts it again: milliseconds to the first 200, and MiB then.
async fn start(server: &mut ServerProcess) -> Result<(f64, f64)> {
    server.kill();
    let begin = Instant::now();
    server.restart()?;
    while !ready(server.address()).await {
        tokio::task::yield_now().await;
    }
    let took = begin.elapsed().as_secs_f64() * 1000.0;
    let pid = server.pid().context("the server runs")?;
    Ok((took, process::memory_kib(pid)? / 1024.0))
}

/// Whether `/readyz` says 200, asked without a client's ceremony.
async fn ready(address: &str) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    ask.await.unwrap_or(false)
}
