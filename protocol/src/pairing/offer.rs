//! m2: the server answers, signed.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::RequestHash;
use crate::{
    bytes::Bytes,
    crypto::Crypto,
    host::Host,
    id::{DeviceId, PairingId},
    identity::{FromServer, Identity, IdentityError, KeyVersion, ServerId},
    jws::{Claims, Verified},
    nonce::Nonce,
    text::Text,
};

/// m2, `pairing+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingOffer {
    /// The pairing.
    pub pid: PairingId,
    /// The request it answers.
    pub c: RequestHash,
    /// The server.
    pub server_id: ServerId,
    /// The version of the key that signs; the header's `kid`.
    pub version: KeyVersion,
    /// The server's randomness in the check number.
    pub rs: Bytes<32>,
    /// The organisation's name.
    pub organisation: Text,
    /// The host as the server knows itself.
    pub host: Host,
    /// The account's login name.
    pub account: Text,
    /// When the pairing ends, in seconds of the server: 10 minutes from now.
    pub exp: u64,
    /// A nonce for the first device proof.
    pub nonce: Nonce,
}

impl Claims for PairingOffer {
    const TYP: &'static str = "pairing+jwt";
    type Kid = KeyVersion;

    fn fits(&self, kid: &KeyVersion) -> bool {
        self.version == *kid
    }
}

impl FromServer for PairingOffer {
    fn issuer(&self) -> Option<(ServerId, KeyVersion)> {
        Some((self.server_id, self.version))
    }

    fn addressee(&self) -> Option<DeviceId> {
        None
    }
}

/// Why a phone does not go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OfferError {
    /// Not signed by the server that is known.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Answers another request.
    #[error("the server answered another request")]
    OtherRequest,
    /// Names another host than the one that was contacted.
    #[error("the server calls itself {named}, not {contacted}")]
    OtherHost {
        /// The host in the message.
        named: Host,
        /// The host that was contacted.
        contacted: Host,
    },
}

impl PairingOffer {
    /// What a phone checks before it shows anything: signature by the known identity, its own request, the host.
    ///
    /// # Errors
    /// [`OfferError`].
    pub fn accept(
        crypto: &dyn Crypto,
        identity: &Identity,
        text: &str,
        request: &RequestHash,
        contacted: &Host,
    ) -> Result<Verified<Self>, OfferError> {
        let offer = identity.read::<Self>(crypto, text)?;
        let claims = offer.claims();
        if claims.c != *request {
            return Err(OfferError::OtherRequest);
        }
        if claims.host != *contacted {
            return Err(OfferError::OtherHost { named: claims.host.clone(), contacted: contacted.clone() });
        }
        Ok(offer)
    }
}
