//! The way to a server: its address, TCP to whichever of its addresses answers, and TLS over it where the origin is https.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use koppel_protocol::Origin;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;

use crate::http::HttpError;
use crate::tls::{Roots, TlsPin};

/// How long the addresses of the kind that the resolver put first go ahead of the other's (RFC 8305, section 8).
const HEAD_START: Duration = Duration::from_millis(250);

/// A connection to a server, with TLS or without. One type for both: what is written over it is compiled once.
pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Where a server is, and how it is known there.
#[derive(Clone)]
pub(crate) struct Address {
    origin: Origin,
    name: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Address {
    /// The address of the server at `origin` (`https://host[:port]`); with TLS, only `http/1.1` is spoken.
    pub(crate) fn of(origin: &str, roots: &Roots, pin: Option<TlsPin>) -> Result<Self, HttpError> {
        let origin: Origin = origin.parse().map_err(|_| HttpError::Malformed)?;
        let name = origin.host().name().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = origin.host().port().unwrap_or(if origin.is_secure() { 443 } else { 80 });
        let tls = match origin.is_secure() {
            true => {
                let config = roots.config(pin, &[b"http/1.1"]).map_err(|_| HttpError::Untrusted)?;
                let name = ServerName::try_from(name.clone()).map_err(|_| HttpError::Malformed)?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
            false => None,
        };
        Ok(Self { origin, name, port, tls })
    }

    /// What the server is told it was asked as: the `Host` header.
    pub(crate) fn authority(&self) -> String {
        self.origin.host().to_string()
    }

    /// The address of a WebSocket there.
    pub(crate) fn websocket_url(&self, path: &str) -> String {
        self.origin.websocket_url(path)
    }

    /// Connects.
    pub(crate) async fn dial(&self) -> Result<Box<dyn Wire>, HttpError> {
        let found = tokio::net::lookup_host((self.name.as_str(), self.port)).await;
        let found: Vec<_> = found.map_err(|_| HttpError::Unreachable)?.collect();
        let tcp = connect(found).await.map_err(|_| HttpError::Unreachable)?;
        // Questions and receipts are small and should leave at once; that the option is refused costs nothing but speed.
        let _ = tcp.set_nodelay(true);
        let Some((connector, name)) = &self.tls else { return Ok(Box::new(tcp)) };
        let tls = connector.connect(name.clone(), tcp).await.map_err(|error| match is_about_tls(&error) {
            true => HttpError::Untrusted,
            false => HttpError::Unreachable,
        })?;
        Ok(Box::new(tls))
    }
}

/// Whether a TLS error is at the bottom of this. An `io::Error` hides what it wraps from `source()`, so both ways are taken.
fn is_about_tls(error: &(dyn Error + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    let wrapped =
        error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).is_some_and(|wrapped| is_about_tls(wrapped));
    wrapped || error.source().is_some_and(is_about_tls)
}

/// The first connection that stands, of IPv6 and IPv4 side by side.
async fn connect(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let kind = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == kind);
    if second.is_empty() { TcpStream::connect(first.as_slice()).await } else { side_by_side(&first, &second).await }
}

/// A network on which one kind of address leads nowhere holds up nobody.
async fn side_by_side(first: &[SocketAddr], second: &[SocketAddr]) -> io::Result<TcpStream> {
    let leading = TcpStream::connect(first);
    let following = async {
        sleep(HEAD_START).await;
        TcpStream::connect(second).await
    };
    tokio::pin!(leading, following);
    tokio::select! {
        stands = &mut leading => match stands {
            Ok(stands) => Ok(stands),
            Err(_) => TcpStream::connect(second).await,
        },
        stands = &mut following => match stands {
            Ok(stands) => Ok(stands),
            Err(_) => leading.await,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// An address where nobody accepts and nobody refuses: its queue is full. Stays so while what is returned lives.
    async fn nowhere() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            queued.push(stream);
        }
        (address, listener, queued)
    }

    #[tokio::test]
    async fn an_address_that_leads_nowhere_holds_up_nobody() {
        let (nowhere, _listener, _queued) = nowhere().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let begin = Instant::now();
        let stands = side_by_side(&[nowhere], &[there]).await.unwrap();
        assert_eq!(stands.peer_addr().unwrap(), there);
        assert!(begin.elapsed() >= HEAD_START, "the other had its head start");
        let stands = side_by_side(&[there], &[nowhere]).await.unwrap();
        assert_eq!(stands.peer_addr().unwrap(), there);
    }

    #[tokio::test]
    async fn an_address_that_refuses_is_passed_over_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refuses = gone.local_addr().unwrap();
        drop(gone);
        for (first, second) in [([refuses], [there]), ([there], [refuses])] {
            assert_eq!(side_by_side(&first, &second).await.unwrap().peer_addr().unwrap(), there);
        }
        assert!(side_by_side(&[refuses], &[refuses]).await.is_err());
        assert!(connect(vec![refuses]).await.is_err());
        assert!(connect(Vec::new()).await.is_err());
    }
}
