//! How the server asks others: directories, webhooks. Never redirected, never through a proxy that the surroundings name.

use std::error::Error;
use std::io;
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

/// The first error of this kind among an error and what lies behind it. What lies behind an I/O error is in it, not behind it.
pub(crate) fn cause<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(one) = next {
        if let Some(found) = one.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = one.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| one.source());
    }
    None
}

/// What somebody reads whose certificate we do not trust.
pub(crate) const TLS_FAILED: &str =
    "TLS failed: is its certificate for this name, not expired and from a CA that is trusted?";
