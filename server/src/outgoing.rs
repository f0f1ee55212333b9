//! How the server asks others: directories, webhooks. Never redirected, never through a proxy that the surroundings name.

use std::sync::Arc;

use reqwest::{ClientBuilder, redirect};
use rustls::pki_types::CertificateDer;

/// A client that trusts the bundled roots and these. None: the system gives no cryptography.
pub(crate) fn client(extra_roots: &[CertificateDer<'static>]) -> Option<ClientBuilder> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in extra_roots {
        roots.add(root.clone()).ok()?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("koppel-server/", env!("CARGO_PKG_VERSION")));
    Some(client)
}
