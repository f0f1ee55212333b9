//! The network between the phones and a server: a relay at the server's public address that can be closed, or that loses one
//! kind of request or its answer. The panel does not use it.

use std::sync::Arc;

use anyhow::Result;
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What the network does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weather {
    /// It carries everything.
    Fair,
    /// It carries nothing; what was connected is cut.
    Down,
    /// It cuts every connection that carries a POST to a path that ends so.
    Cutting {
        /// The last part of the path.
        path: String,
        /// Before or after the server had it.
        lost: Lost,
    },
}

/// What gets lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// The request: the server never sees it.
    Request,
    /// The answer: the server acted, the phone does not know.
    Answer,
}

/// The relay. It goes with this value.
#[derive(Debug)]
pub struct Road {
    weather: watch::Sender<Weather>,
    cuts: watch::Receiver<u64>,
    port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl Road {
    /// A road from a free port to this one, both on loopback.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(server: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (weather, seen) = watch::channel(Weather::Fair);
        let (count, cuts) = watch::channel(0);
        let count = Arc::new(count);
        let task = tokio::spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                tokio::spawn(carry(phone, server, seen.clone(), Arc::clone(&count)));
            }
        });
        Ok(Self { weather, cuts, port, task })
    }

    /// Where phones connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on.
    pub fn becomes(&mut self, weather: Weather) {
        self.cuts.mark_unchanged();
        self.weather.send_replace(weather);
    }

    /// Waits until something was cut since the weather changed.
    ///
    /// # Errors
    /// When the road is gone.
    pub async fn cut(&mut self) -> Result<()> {
        Ok(self.cuts.changed().await?)
    }
}

impl Drop for Road {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries one connection to its end. Whatever fails on it ends it, as a network does.
async fn carry(
    mut phone: TcpStream,
    server: u16,
    mut weather: watch::Receiver<Weather>,
    cuts: Arc<watch::Sender<u64>>,
) -> Option<()> {
    if *weather.borrow_and_update() == Weather::Down {
        return None;
    }
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.ok()?;
    let (mut up, mut down) = ([0; 16 * 1024], [0; 16 * 1024]);
    let mut swallow = false;
    loop {
        tokio::select! {
            read = phone.read(&mut up) => {
                let sent = &up[..read.ok().filter(|&count| count > 0)?];
                match loses(&weather.borrow(), sent) {
                    Some(Lost::Request) => {
                        cuts.send_modify(|count| *count += 1);
                        return None;
                    }
                    Some(Lost::Answer) => swallow = true,
                    None => {}
                }
                server.write_all(sent).await.ok()?;
            }
            read = server.read(&mut down) => {
                let sent = &down[..read.ok().filter(|&count| count > 0)?];
                if swallow {
                    cuts.send_modify(|count| *count += 1);
                    return None;
                }
                phone.write_all(sent).await.ok()?;
            }
            changed = weather.changed() => {
                changed.ok()?;
                if *weather.borrow() == Weather::Down {
                    return None;
                }
            }
        }
    }
}

/// A request's head comes as the first bytes of what the phone writes: it waits for each answer before it asks again.
fn loses(weather: &Weather, sent: &[u8]) -> Option<Lost> {
    let Weather::Cutting { path, lost } = weather else { return None };
    let line = sent.split(|&byte| byte == b'\r').next()?;
    let target = std::str::from_utf8(line).ok()?.strip_prefix("POST ")?.split(' ').next()?;
    (target.rsplit('/').next() == Some(path)).then_some(*lost)
}
