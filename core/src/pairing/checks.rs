//! What is checked on the way, and what a person is told when it fails.

use koppel_protocol::{
    Crypto, Identity, Problem, activation::Activation, identity::IdentityError, pairing::OfferError,
};

use super::{Awaiting, Plan};
use crate::{event::Invitation, trouble::Trouble, wire::Refusal};

/// The server at this address, if it is the one that the link names and that other accounts know.
pub(super) fn identity(plan: &Plan, chain: &[String], crypto: &dyn Crypto) -> Result<Identity, Trouble> {
    let identity = match &plan.known {
        Some(known) => known.advance(crypto, chain).map_err(|_| Trouble::ServerChanged)?,
        None => Identity::verify_chain(crypto, chain).map_err(|_| Trouble::ServerMismatch)?,
    };
    match &plan.invitation {
        Invitation::Link(link) if link.server_id != identity.server_id => Err(Trouble::ServerMismatch),
        _ => Ok(identity),
    }
}

/// Why m2 is not believed.
pub(super) fn not_accepted(error: &OfferError) -> Trouble {
    match error {
        OfferError::OtherHost { .. } => Trouble::HostMismatch,
        OfferError::OtherRequest => Trouble::AnswerInvalid,
        OfferError::Identity(_) => Trouble::ServerMismatch,
    }
}

/// Why m1 was refused. Wrong, unknown and ended invitations look the same, on purpose.
pub(super) fn knock_refused(refusal: Refusal) -> Trouble {
    match refusal.problem {
        Some(Problem::CodeUsed | Problem::Expired | Problem::TooManyTries) => refusal.trouble(),
        _ => Trouble::InvitationRefused,
    }
}

/// Why m3 was refused.
pub(super) fn reveal_refused(refusal: Refusal) -> Trouble {
    match refusal.problem {
        Some(Problem::NotFound) => Trouble::Expired,
        _ => refusal.trouble(),
    }
}

/// What a message says that should be an activation.
pub(super) enum Activated {
    /// It is this pairing's own.
    Yes,
    /// It is signed by a newer identity key than the one that is known.
    NewerIdentity,
    /// It is none, or somebody else's.
    No,
}

/// Reads an activation: signed by the known server, for this device, over this very transcript.
pub(super) fn activation(awaiting: &Awaiting, text: &str, crypto: &dyn Crypto) -> Activated {
    match awaiting.identity.read_for::<Activation>(crypto, text, awaiting.device) {
        Ok(activation) if activation.claims().transcript == awaiting.transcript => Activated::Yes,
        Err(IdentityError::Newer(_)) => Activated::NewerIdentity,
        _ => Activated::No,
    }
}
