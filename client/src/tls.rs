//! How the companion trusts a server's certificate.
//!
//! The bundled roots, and the operator's own (`--ca FILE`) beside them. A pairing link may instead carry the hash of one public
//! key: then that key, proved by its signature in the handshake, is the whole trust, and neither name nor issuer nor date
//! counts (a private server with a certificate of its own making). The platform's own verifier is never used: on Android it
//! panics when nobody initialised it.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 of a server's SubjectPublicKeyInfo, as a link carries it.
pub type TlsPin = koppel_protocol::Bytes<32>;

/// A file of roots could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// A certificate in it is not one.
    #[error("a certificate of the file cannot be read")]
    Unreadable,
    /// Nothing in it.
    #[error("the file holds no certificate")]
    Empty,
}

/// The certificates from which a server's may descend.
#[derive(Clone)]
pub struct Roots(Arc<RootCertStore>);

impl Roots {
    /// The roots that browsers trust, as bundled.
    pub fn bundled() -> Self {
        let mut store = RootCertStore::empty();
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        Self(Arc::new(store))
    }

    /// These roots and some of one's own.
    pub fn and(&self, own: Vec<CertificateDer<'static>>) -> Result<Self, RootsError> {
        if own.is_empty() {
            return Err(RootsError::Empty);
        }
        let mut store = self.0.as_ref().clone();
        for certificate in own {
            store.add(certificate).map_err(|_| RootsError::Unreadable)?;
        }
        Ok(Self(Arc::new(store)))
    }

    /// The rustls configuration for these roots, or for one pinned key. `alpn` lists the protocols, best first.
    pub(crate) fn config(&self, pin: Option<TlsPin>, alpn: &[&[u8]]) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
        let mut config = match pin {
            None => {
                let verifier = WebPkiServerVerifier::builder_with_provider(self.0.clone(), provider)
                    .build()
                    .map_err(|e| rustls::Error::General(e.to_string()))?;
                builder.with_webpki_verifier(verifier).with_no_client_auth()
            }
            Some(pin) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(PinnedKey { pin, provider }))
                .with_no_client_auth(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

impl std::fmt::Debug for Roots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Roots({})", self.0.len())
    }
}

/// Accepts one public key, whoever certified it.
#[derive(Debug)]
struct PinnedKey {
    pin: TlsPin,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let found = Sha256::digest(certificate.subject_public_key_info().as_ref());
        if bool::from(found.as_slice().ct_eq(self.pin.as_bytes())) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(rustls::CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
