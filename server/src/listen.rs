//! Connections: accepted, counted, encrypted, handed to the router, and ended when the server drains.
//!
//! Plain connections speak HTTP/1.1; behind TLS the handshake also offers HTTP/2. Every wait for a stranger has an end:
//! handshake, request head, body (in [`crate::body`]). A WebSocket leaves its connection's task when it is upgraded, so
//! an idle phone costs none of the buffers that a request needs.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::Service;

use crate::drain::Drain;
use crate::source::TrustedProxies;

/// Most TLS handshakes at one time; they are what a reconnecting crowd pays most for.
const HANDSHAKES: usize = 512;
const HANDSHAKE_WAIT: Duration = Duration::from_secs(10);
const HEAD_WAIT: Duration = Duration::from_secs(30);
/// Head of a request: a device proof is ≤ 8 KiB.
const HEAD_BYTES: usize = 16 * 1024;

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or holds nothing usable.
    #[error("{path}: {what}; give a PEM file with {expected}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// Certificate and key do not fit.
    #[error("certificate {cert} and key {key} cannot be used together: {what}")]
    Pair {
        /// The certificate file.
        cert: PathBuf,
        /// The key file.
        key: PathBuf,
        /// What rustls said.
        what: String,
    },
}

/// Reads certificate and key for TLS 1.2 and 1.3 with HTTP/2 and HTTP/1.1.
pub fn tls(cert: &Path, key: &Path) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let bad_cert = |what: String| TlsError::File {
        path: cert.to_owned(),
        what,
        expected: "the certificate chain, the server's own certificate first",
    };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad_cert(error.to_string()))?;
    if chain.is_empty() {
        return Err(bad_cert("holds no certificate".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::File {
        path: key.to_owned(),
        what: error.to_string(),
        expected: "the private key of the certificate",
    })?;
    let misfit =
        |error: rustls::Error| TlsError::Pair { cert: cert.to_owned(), key: key.to_owned(), what: error.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(misfit)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(misfit)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.max_early_data_size = 0;
    Ok(Arc::new(config))
}

/// What every connection shares.
pub struct Front {
    /// Answers requests.
    pub router: Router,
    /// Whose `X-Forwarded-For` counts.
    pub proxies: TrustedProxies,
    /// TLS, or none for loopback and behind a proxy.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Most open connections that are not WebSockets.
    pub connections: usize,
    /// Ends connections when the server stops.
    pub drain: Drain,
}

impl Front {
    /// Accepts until the server stops.
    pub async fn run(self, listener: TcpListener) {
        let connections = Arc::new(Semaphore::new(self.connections));
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
        let acceptor = self.tls.clone().map(TlsAcceptor::from);
        let front = Arc::new(self);
        loop {
            let Ok(permit) = connections.clone().acquire_owned().await else {
                return;
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = front.drain.stopped_accepting() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, mostly: waiting is the only thing that helps.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let front = front.clone();
            let tracker = front.drain.tracker();
            match acceptor.clone() {
                None => {
                    tracker.spawn(front.plain(stream, peer, permit));
                }
                Some(acceptor) => {
                    let handshakes = handshakes.clone();
                    tracker.spawn(front.encrypted(stream, peer, permit, acceptor, handshakes));
                }
            }
        }
    }

    async fn encrypted(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
        acceptor: TlsAcceptor,
        handshakes: Arc<Semaphore>,
    ) {
        let Ok(turn) = handshakes.acquire_owned().await else {
            return;
        };
        let handshake = tokio::time::timeout(HANDSHAKE_WAIT, Box::pin(acceptor.accept(stream))).await;
        drop(turn);
        let Ok(Ok(stream)) = handshake else {
            return;
        };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.http2(stream, peer, permit).await;
        } else {
            self.http1(stream, peer, permit).await;
        }
    }

    async fn plain(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
        self.http1(stream, peer, permit).await;
    }

    async fn http1<S>(self: Arc<Self>, stream: S, peer: SocketAddr, _permit: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = self.service(peer);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WAIT)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.drain.stopped_accepting() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }

    async fn http2<S>(self: Arc<Self>, stream: S, peer: SocketAddr, _permit: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = self.service(peer);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(64)
            .max_header_list_size(HEAD_BYTES as u32)
            .initial_stream_window_size(64 * 1024)
            .initial_connection_window_size(128 * 1024)
            .keep_alive_interval(Duration::from_secs(55))
            .keep_alive_timeout(Duration::from_secs(20))
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.drain.stopped_accepting() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }

    fn service(
        self: &Arc<Self>,
        peer: SocketAddr,
    ) -> impl hyper::service::Service<
        Request<Incoming>,
        Response = axum::response::Response,
        Error = Infallible,
        Future = impl Future<Output = Result<axum::response::Response, Infallible>> + Send + 'static,
    > + Send
    + 'static {
        let front = self.clone();
        hyper::service::service_fn(move |mut request: Request<Incoming>| {
            let source = front.proxies.source(peer.ip(), request.headers());
            request.extensions_mut().insert(source);
            front.router.clone().call(request.map(Body::new))
        })
    }
}
