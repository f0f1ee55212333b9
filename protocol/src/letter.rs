//! What is inside an envelope: one of three signed messages.

use crate::{
    activation::Activation,
    challenge::Challenge,
    crypto::Crypto,
    id::DeviceId,
    identity::{Identity, IdentityError},
    jws::{self, Claims, JwsError, Verified},
    notice::Notice,
};

/// The content of an envelope, its signature checked.
#[derive(Debug)]
pub enum Letter {
    /// A question.
    Challenge(Box<Verified<Challenge>>),
    /// Something to be told.
    Notice(Box<Verified<Notice>>),
    /// The end of a pairing.
    Activation(Box<Verified<Activation>>),
}

impl Letter {
    /// Reads what an envelope held, signed by this server for this device.
    ///
    /// # Errors
    /// [`IdentityError`]; a message of any other type is [`JwsError::Type`].
    pub fn read(crypto: &dyn Crypto, identity: &Identity, device: DeviceId, text: &str) -> Result<Self, IdentityError> {
        match jws::typ(text)?.as_str() {
            Challenge::TYP => identity.read_for(crypto, text, device).map(Box::new).map(Self::Challenge),
            Notice::TYP => identity.read_for(crypto, text, device).map(Box::new).map(Self::Notice),
            Activation::TYP => identity.read_for(crypto, text, device).map(Box::new).map(Self::Activation),
            _ => Err(JwsError::Type { expected: Challenge::TYP }.into()),
        }
    }
}
