//! The server's own secrets, in one file outside the database.
//!
//! Whoever steals the database finds sealed values, keyed hashes and no codes; what opens them is here. The file is made
//! once, by `init`, with mode 0600, is refused when others can read it, and is replaced as a whole when the identity key
//! is renewed. Keep it apart from the backups of the database.

use std::path::{Path, PathBuf};

use koppel_protocol::digits::CodeKey;
use koppel_protocol::id::{OrganisationId, RelyingPartyId};
use koppel_protocol::identity::{self, Identity, IdentityError};
use koppel_protocol::{CryptoError, Secret, SecretText};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto::{DoesNotOpen, RingCrypto, RingSigningKey, Sealer};
use crate::private_file::{self, PrivateFileError};

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// It holds something else.
    #[error("{0} is not a keys file of this version; restore it from where it was kept")]
    Unreadable(PathBuf),
    /// Its identity chain is broken.
    #[error("{path} holds a broken identity chain ({source}); restore it from where it was kept")]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: IdentityError,
    },
    /// The system.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    v: u32,
    kek: Secret<32>,
    code: Secret<32>,
    nonce: Secret<32>,
    lookup: Secret<32>,
    session: Secret<32>,
    identity: Vec<IdentityContent>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityContent {
    /// The signed link of the chain.
    link: String,
    /// PKCS #8, of the newest key only: older ones sign nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<SecretText>,
}

/// All secrets of a server.
pub struct ServerKeys {
    /// Seals what the database must hold but nobody may read in it.
    pub sealer: Sealer,
    /// Derives codes and numbers.
    pub code: CodeKey,
    /// Authenticates nonces.
    pub nonce: Secret<32>,
    /// Keys the hashes of what people type: koppelcodes, API keys, names in budgets.
    pub lookup: Secret<32>,
    /// Keys page tokens, cookies, form tokens and result codes.
    pub session: Secret<32>,
    /// Signs what phones believe.
    pub signer: RingSigningKey,
    /// Who the server is.
    pub identity: Identity,
    /// The chain that shows it, for `/.well-known/koppel`.
    pub chain: Vec<String>,
}

impl std::fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerKeys({:?}, secrets hidden)", self.identity.server_id)
    }
}

/// Where the keys of a database are unless somebody says otherwise.
pub fn default_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".keys");
    PathBuf::from(path)
}

impl ServerKeys {
    /// Draws all keys and writes the file. Refuses to touch an existing one.
    pub fn create(path: &Path) -> Result<ServerKeys, KeysError> {
        let crypto = RingCrypto::new();
        let draw = || crypto.draw::<32>().map(Secret::new);
        let pkcs8 = RingSigningKey::generate()?;
        let signer = RingSigningKey::from_pkcs8(&pkcs8)?;
        let link = identity::first_link(&signer)
            .map_err(|_| CryptoError::Refused("the first identity could not be signed"))?;
        let content = Content {
            v: 1,
            kek: draw()?,
            code: draw()?,
            nonce: draw()?,
            lookup: draw()?,
            session: draw()?,
            identity: vec![IdentityContent {
                link: link.to_string(),
                key: SecretText::new(koppel_protocol::bytes::encode(&pkcs8)).ok(),
            }],
        };
        private_file::create(path, &to_json(&content))?;
        ServerKeys::read(path, content)
    }

    /// Reads the file.
    pub fn open(path: &Path) -> Result<ServerKeys, KeysError> {
        let bytes = private_file::read(path)?;
        let content = serde_json::from_slice(&bytes).map_err(|_| KeysError::Unreadable(path.to_owned()))?;
        ServerKeys::read(path, content)
    }

    fn read(path: &Path, content: Content) -> Result<ServerKeys, KeysError> {
        let unreadable = || KeysError::Unreadable(path.to_owned());
        if content.v != 1 {
            return Err(unreadable());
        }
        let newest = content.identity.last().and_then(|newest| newest.key.as_ref()).ok_or_else(unreadable)?;
        let pkcs8 = koppel_protocol::bytes::decode(newest.expose()).map(Zeroizing::new).map_err(|_| unreadable())?;
        let signer = RingSigningKey::from_pkcs8(&pkcs8)?;
        let chain: Vec<String> = content.identity.iter().map(|identity| identity.link.clone()).collect();
        let identity = Identity::verify_chain(&RingCrypto::new(), &chain)
            .map_err(|source| KeysError::Identity { path: path.to_owned(), source })?;
        if identity.key != koppel_protocol::SigningKey::public(&signer) {
            return Err(unreadable());
        }
        Ok(ServerKeys {
            sealer: Sealer::new(content.kek.expose())?,
            code: CodeKey::new(content.code),
            nonce: content.nonce,
            lookup: content.lookup,
            session: content.session,
            signer,
            identity,
            chain,
        })
    }
}

/// Binds a directory's secret to its organisation.
fn directory_place(organisation: OrganisationId) -> Vec<u8> {
    [b"koppel/directory-secret/v1".as_slice(), organisation.as_bytes()].concat()
}

/// Binds a webhook's secret to its relying party.
fn webhook_place(panel: RelyingPartyId) -> Vec<u8> {
    [b"koppel/webhook-secret/v1".as_slice(), panel.as_bytes()].concat()
}

impl ServerKeys {
    /// The keys that verdicts derive codes and hashes from, under a restore epoch.
    pub fn derive(&self, epoch: u64) -> koppel_domain::Keys {
        koppel_domain::Keys::new(self.code.clone(), self.lookup.clone(), self.session.clone(), epoch)
    }

    /// Seals a secret that signs what is told to a panel.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn seal_webhook_secret(&self, panel: RelyingPartyId, secret: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.sealer.seal(&webhook_place(panel), secret)
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`DoesNotOpen`].
    pub fn open_webhook_secret(&self, panel: RelyingPartyId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        self.sealer.open(&webhook_place(panel), sealed)
    }

    /// Seals the secret that signs an organisation's directory questions.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn seal_directory_secret(&self, organisation: OrganisationId, secret: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.sealer.seal(&directory_place(organisation), secret)
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`DoesNotOpen`].
    pub fn open_directory_secret(
        &self,
        organisation: OrganisationId,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        self.sealer.open(&directory_place(organisation), sealed)
    }
}

fn to_json(content: &Content) -> Zeroizing<Vec<u8>> {
    // Texts and numbers only: this cannot fail.
    Zeroizing::new(serde_json::to_vec(content).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_their_file_and_are_never_made_twice() {
        let folder = tempfile::tempdir().expect("folder");
        let path = default_path(&folder.path().join("koppel.db"));
        let made = ServerKeys::create(&path).expect("made");
        let read = ServerKeys::open(&path).expect("read");
        assert_eq!(made.identity, read.identity);
        assert_eq!(made.nonce, read.nonce);
        assert!(ServerKeys::create(&path).is_err(), "the first keys stay");
        assert!(!format!("{made:?}").contains(&*made.nonce.to_text()));
    }

    #[test]
    fn a_damaged_keys_file_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("keys");
        ServerKeys::create(&path).expect("made");
        let text = String::from_utf8(private_file::read(&path).expect("read").to_vec()).expect("text");
        for damaged in [text.replace("\"v\":1", "\"v\":2"), text[..text.len() / 2].to_owned(), String::new()] {
            private_file::replace(&path, damaged.as_bytes()).expect("written");
            let refused = ServerKeys::open(&path).expect_err("damaged").to_string();
            assert!(refused.contains("not a keys file"), "{refused}");
        }
    }
}
