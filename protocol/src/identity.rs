//! Who a server is: a chain of signed keys.
//!
//! [`ServerId`] is the SHA-256 of the *first* identity key's SPKI and never changes. Each link of the chain is a message
//! `identity+jwt {server_id, version, prev?, spki}`: the first signs itself, each later one is signed by its predecessor
//! and names it by the hash of what was signed. A phone pins what it has seen and moves only forward, one version at a
//! time, along one chain: an older version, a gap and a second branch are all refused.

use std::{fmt, num::NonZeroU32, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    bytes::{Bytes, NotBase64url},
    crypto::{Crypto, SigningKey},
    id::DeviceId,
    jws::{self, Claims, JwsError, Unverified, Verified},
    public_key::PublicKey,
    wire_text::text_serde,
};

/// The longest chain a phone reads.
pub const MAX_VERSIONS: usize = 64;

/// A server's name for ever: SHA-256 of its first identity key's SPKI. 43 characters as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(Bytes<32>);

impl ServerId {
    /// The server whose first identity key this is.
    pub fn of(first: &PublicKey) -> Self {
        Self(first.thumbprint())
    }

    /// From the hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Bytes::new(bytes))
    }

    /// The hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ServerId {
    type Err = NotBase64url;

    fn from_str(text: &str) -> Result<Self, NotBase64url> {
        text.parse().map(Self)
    }
}

text_serde!(ServerId, "a server id: 32 bytes as base64url");

/// The version of an identity key: 1, 2, 3 … A JSON number in claims, its decimal text in a header's `kid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyVersion(NonZeroU32);

/// Not a version: versions are decimal numbers from 1, without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a key version: a number from 1")]
pub struct NotAVersion;

impl KeyVersion {
    /// The first.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// From a number.
    ///
    /// # Errors
    /// [`NotAVersion`] for 0.
    pub fn new(version: u32) -> Result<Self, NotAVersion> {
        NonZeroU32::new(version).map(Self).ok_or(NotAVersion)
    }

    /// As a number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The one after this; none after the last that fits.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl fmt::Display for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyVersion {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        text.parse().ok().filter(|_| canonical).and_then(NonZeroU32::new).map(Self).ok_or(NotAVersion)
    }
}

impl Serialize for KeyVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.get())
    }
}

impl<'de> Deserialize<'de> for KeyVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// One link of the chain, `identity+jwt`. Its header's `kid` is the version of the key that signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityKey {
    /// Whose key.
    pub server_id: ServerId,
    /// Which key.
    pub version: KeyVersion,
    /// SHA-256 of the signing input of the link before; absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Bytes<32>>,
    /// The key.
    pub spki: PublicKey,
}

impl Claims for IdentityKey {
    const TYP: &'static str = "identity+jwt";
    type Kid = KeyVersion;

    fn check(&self) -> Result<(), &'static str> {
        match (self.version == KeyVersion::FIRST, self.prev) {
            (true, None) | (false, Some(_)) => Ok(()),
            _ => Err("prev is absent in version 1 and present in every other"),
        }
    }

    /// The signer: itself for the first, the predecessor for every other.
    fn fits(&self, kid: &KeyVersion) -> bool {
        (self.version == KeyVersion::FIRST && *kid == KeyVersion::FIRST) || Some(self.version) == kid.next()
    }
}

/// Why a chain, or a message of a server, was not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityError {
    /// No links, or more than [`MAX_VERSIONS`].
    #[error("the server's identity chain has no links or too many")]
    Length,
    /// A link or message cannot be read, or its signature does not verify.
    #[error("the server's signature was refused: {0}")]
    Message(#[from] JwsError),
    /// The chain does not begin with the key that names the server, or a link belongs to another server.
    #[error("this is another server than the one that is known by this name")]
    OtherServer,
    /// A link does not follow its predecessor by exactly one version and by its hash.
    #[error("the server's identity chain has a gap or a wrong link")]
    Broken,
    /// The chain ends before the version that was already seen.
    #[error("the server shows an older identity key than before")]
    RolledBack,
    /// At the version that was already seen stands another link.
    #[error("the server shows another identity key than before, under the same version")]
    Forked,
    /// The message is signed by a newer key: fetch the chain, advance, read again.
    #[error("the message is signed by a newer identity key, version {0}")]
    Newer(KeyVersion),
    /// The message is signed by an older key than the one that was seen.
    #[error("the message is signed by an older identity key, version {0}")]
    Older(KeyVersion),
    /// The message is for another device.
    #[error("the message is for another device")]
    OtherDevice,
}

/// Makes the first link: the key signs itself.
///
/// # Errors
/// [`JwsError`] when the key refuses.
pub fn first_link(key: &dyn SigningKey) -> Result<Zeroizing<String>, JwsError> {
    let spki = key.public();
    let claims = IdentityKey { server_id: ServerId::of(&spki), version: KeyVersion::FIRST, prev: None, spki };
    jws::sign(&claims, &KeyVersion::FIRST, key)
}

/// Makes the link from the key of `identity` to the next key. `current` is the key of `identity`.
///
/// # Errors
/// [`JwsError`] when the key refuses or versions are exhausted.
pub fn next_link(
    identity: &Identity,
    current: &dyn SigningKey,
    next: &PublicKey,
) -> Result<Zeroizing<String>, JwsError> {
    let version = identity.version.next().ok_or(JwsError::Kid)?;
    let claims = IdentityKey { server_id: identity.server_id, version, prev: Some(identity.link), spki: *next };
    jws::sign(&claims, &identity.version, current)
}

/// A server as it is believed: the newest link of a verified chain. This is what a phone pins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its name.
    pub server_id: ServerId,
    /// The version of its key.
    pub version: KeyVersion,
    /// Its key.
    pub key: PublicKey,
    /// SHA-256 of the signing input of its newest link.
    pub link: Bytes<32>,
}

impl Identity {
    /// Verifies a chain from its first link on.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn verify_chain<T: AsRef<str>>(crypto: &dyn Crypto, chain: &[T]) -> Result<Self, IdentityError> {
        Self::walk(crypto, chain, None)
    }

    /// Verifies a chain and that it continues what is pinned here.
    ///
    /// # Errors
    /// [`IdentityError::RolledBack`] and [`IdentityError::Forked`] besides all others.
    pub fn advance<T: AsRef<str>>(&self, crypto: &dyn Crypto, chain: &[T]) -> Result<Self, IdentityError> {
        Self::walk(crypto, chain, Some(self))
    }

    fn walk<T: AsRef<str>>(crypto: &dyn Crypto, chain: &[T], pinned: Option<&Self>) -> Result<Self, IdentityError> {
        let (first, rest) = chain.split_first().ok_or(IdentityError::Length)?;
        if chain.len() > MAX_VERSIONS {
            return Err(IdentityError::Length);
        }
        let mut newest = Self::begin(crypto, first.as_ref())?;
        newest.compare(pinned)?;
        for link in rest {
            newest = newest.follow(crypto, link.as_ref())?;
            newest.compare(pinned)?;
        }
        match pinned {
            Some(pinned) if newest.version < pinned.version => Err(IdentityError::RolledBack),
            _ => Ok(newest),
        }
    }

    fn begin(crypto: &dyn Crypto, link: &str) -> Result<Self, IdentityError> {
        let link = Unverified::<IdentityKey>::parse(link)?;
        let key = link.unverified().spki;
        if *link.kid() != KeyVersion::FIRST || link.unverified().version != KeyVersion::FIRST {
            return Err(IdentityError::Broken);
        }
        let link = link.verify(crypto, &key)?;
        if link.claims().server_id != ServerId::of(&key) {
            return Err(IdentityError::OtherServer);
        }
        Ok(Self::at(&link))
    }

    fn follow(&self, crypto: &dyn Crypto, link: &str) -> Result<Self, IdentityError> {
        let link = Unverified::<IdentityKey>::parse(link)?;
        if *link.kid() != self.version {
            return Err(IdentityError::Broken);
        }
        let link = link.verify(crypto, &self.key)?;
        let claims = link.claims();
        if claims.server_id != self.server_id {
            return Err(IdentityError::OtherServer);
        }
        if Some(claims.version) != self.version.next() || claims.prev != Some(self.link) {
            return Err(IdentityError::Broken);
        }
        Ok(Self::at(&link))
    }

    fn at(link: &Verified<IdentityKey>) -> Self {
        let claims = link.claims();
        Self { server_id: claims.server_id, version: claims.version, key: claims.spki, link: link.signing_hash() }
    }

    fn compare(&self, pinned: Option<&Self>) -> Result<(), IdentityError> {
        match pinned {
            Some(pinned) if pinned.server_id != self.server_id => Err(IdentityError::OtherServer),
            Some(pinned) if pinned.version == self.version && pinned != self => Err(IdentityError::Forked),
            _ => Ok(()),
        }
    }

    /// Reads a message that this server signed with this very key.
    ///
    /// # Errors
    /// [`IdentityError::Newer`] asks the caller to fetch the chain and to try again after [`advance`](Self::advance).
    pub fn read<C: FromServer>(&self, crypto: &dyn Crypto, text: &str) -> Result<Verified<C>, IdentityError> {
        let message = Unverified::<C>::parse(text)?;
        let version = *message.kid();
        if version > self.version {
            return Err(IdentityError::Newer(version));
        }
        if version < self.version {
            return Err(IdentityError::Older(version));
        }
        let message = message.verify(crypto, &self.key)?;
        match message.claims().issuer() {
            Some((server_id, _)) if server_id != self.server_id => Err(IdentityError::OtherServer),
            Some((_, named)) if named != version => Err(IdentityError::Broken),
            _ => Ok(message),
        }
    }

    /// Reads a message that this server signed for this device.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`IdentityError::OtherDevice`].
    pub fn read_for<C: FromServer>(
        &self,
        crypto: &dyn Crypto,
        text: &str,
        device: DeviceId,
    ) -> Result<Verified<C>, IdentityError> {
        let message = self.read::<C>(crypto, text)?;
        match message.claims().addressee() {
            Some(addressee) if addressee != device => Err(IdentityError::OtherDevice),
            _ => Ok(message),
        }
    }
}

/// A message that a server signs with its identity key.
pub trait FromServer: Claims<Kid = KeyVersion> {
    /// The server and key version the claims name, where they do.
    fn issuer(&self) -> Option<(ServerId, KeyVersion)>;

    /// The device the claims name, where they do.
    fn addressee(&self) -> Option<DeviceId>;
}

#[cfg(all(test, feature = "p256"))]
mod tests;
