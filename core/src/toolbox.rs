//! What the machines borrow from their host: the curve, dice, and the phone's `seal` key.
//!
//! Core holds no private key and draws no randomness of its own. Opening an envelope is asked for here, for
//! that key may be used without a person. Signatures are asked for by effects: [`crate::Effect::Sign`] for the
//! `id` key, [`crate::Effect::Ask`] for the `approve` key, which needs the person.

use koppel_protocol::{Crypto, Envelope};
use zeroize::Zeroizing;

use crate::AccountId;

/// The host's side of what the machines compute. Every method is quick and does no I/O.
pub trait Toolbox: Send {
    /// The curve and the dice.
    fn crypto(&self) -> &dyn Crypto;

    /// Opens an envelope with the `seal` key and `auth` secret of `account`: the message inside, or none when it
    /// was not sealed for that key.
    fn open(&self, account: AccountId, envelope: &Envelope) -> Option<Zeroizing<String>>;
}
