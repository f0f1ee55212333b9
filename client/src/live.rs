//! The live channel: one WebSocket, text frames, each of them small.
//!
//! This file knows how to open one and how to read frames under limits; what the frames say is decided elsewhere. A server that
//! floods is cut off: 64 KiB a frame and no more than a few hundred frames in ten seconds. A server that falls silent is given
//! up after two missed heartbeats, since a half-open connection looks exactly like a quiet one.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::dial::{Address, Wire};
use crate::http::{DEEPEST_JSON, HttpError, is_shallow};
use crate::tls::{Roots, TlsPin};

/// The path of the live channel, as the device proof names it.
pub const PATH: &str = "/d/v1/live";
const LARGEST_FRAME: usize = 64 * 1024;
const OPEN_WITHIN: Duration = Duration::from_secs(10);
const FLOOD_FRAMES: u32 = 500;
const FLOOD_WINDOW: Duration = Duration::from_secs(10);
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// What came over a live channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A text frame: JSON of at most 16 levels, or not JSON at all.
    Frame(String),
    /// A ping or pong: the other side lives.
    Heartbeat,
    /// The other side is gone.
    End,
}

/// Why there is no live channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// What happened.
    pub error: HttpError,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
}

impl From<HttpError> for Refusal {
    fn from(error: HttpError) -> Self {
        Self { error, retry_after: None }
    }
}

/// An open live channel.
pub struct LiveChannel {
    socket: Box<WebSocketStream<Box<dyn Wire>>>,
    frames: u32,
    window: Instant,
}

impl LiveChannel {
    /// Opens the live channel of the server at `origin`. TLS is the same as for questions, but HTTP/1.1 only.
    pub async fn open(origin: &str, roots: &Roots, pin: Option<TlsPin>) -> Result<Self, Refusal> {
        match timeout(OPEN_WITHIN, Self::connect(origin, roots, pin)).await {
            Ok(opened) => opened,
            Err(_) => Err(HttpError::TimedOut.into()),
        }
    }

    async fn connect(origin: &str, roots: &Roots, pin: Option<TlsPin>) -> Result<Self, Refusal> {
        let address = Address::of(origin, roots, pin)?;
        let wire = address.dial().await?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_FRAME))
            .max_frame_size(Some(LARGEST_FRAME))
            .read_buffer_size(4 * 1024)
            .write_buffer_size(0)
            .max_write_buffer_size(LARGEST_FRAME);
        let opened = client_async_with_config(address.websocket_url(PATH), wire, Some(config)).await;
        let (socket, _) = opened.map_err(refusal)?;
        Ok(Self { socket: Box::new(socket), frames: 0, window: Instant::now() })
    }

    /// What the server says next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Heard, HttpError> {
        let message = self.socket.next().await;
        self.count_frame()?;
        match message {
            None | Some(Ok(Message::Close(_))) => Ok(Heard::End),
            Some(Err(tungstenite::Error::Capacity(_))) => Err(HttpError::TooLarge),
            Some(Err(
                tungstenite::Error::Io(_)
                | tungstenite::Error::ConnectionClosed
                | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
            )) => Ok(Heard::End),
            Some(Err(_)) => Err(HttpError::Malformed),
            Some(Ok(Message::Text(text))) => match is_shallow(text.as_bytes(), DEEPEST_JSON) {
                true => Ok(Heard::Frame(text.as_str().to_owned())),
                false => Err(HttpError::Malformed),
            },
            Some(Ok(Message::Binary(_))) => Err(HttpError::Malformed),
            // Pings are answered by the library with the next read or write.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(Heard::Heartbeat),
        }
    }

    /// Sends a text frame.
    pub async fn send(&mut self, frame: String) -> Result<(), HttpError> {
        let message = Message::Text(frame.into());
        match timeout(SEND_WITHIN, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(HttpError::Unreachable),
            Err(_) => Err(HttpError::TimedOut),
        }
    }

    /// Says good-bye, as far as the other side still listens.
    pub async fn close(mut self) {
        // Whether it was heard makes no difference: the channel is gone.
        let _ = timeout(Duration::from_secs(1), self.socket.close()).await;
    }

    fn count_frame(&mut self) -> Result<(), HttpError> {
        if self.window.elapsed() > FLOOD_WINDOW {
            self.window = Instant::now();
            self.frames = 0;
        }
        self.frames += 1;
        match self.frames > FLOOD_FRAMES {
            true => Err(HttpError::TooLarge),
            false => Ok(()),
        }
    }
}

/// A server that does not want a live channel says so by HTTP, and perhaps for how long.
fn refusal(error: tungstenite::Error) -> Refusal {
    match error {
        tungstenite::Error::Http(answer) => Refusal {
            error: HttpError::Malformed,
            retry_after: answer
                .headers()
                .get("retry-after")
                .and_then(|value| value.to_str().ok()?.trim().parse().ok())
                .map(|seconds: u64| Duration::from_secs(seconds.min(24 * 3600))),
        },
        tungstenite::Error::Io(_) | tungstenite::Error::ConnectionClosed => HttpError::Unreachable.into(),
        _ => HttpError::Malformed.into(),
    }
}

impl std::fmt::Debug for LiveChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveChannel").finish_non_exhaustive()
    }
}
