//! What the person signs: between two calls, in the app's own way.

use std::fmt;
use std::time::SystemTime;

use koppel_client::Asked;
use koppel_core::{
    NoSignature as CoreNoSignature, Order, Outcome as CoreOutcome, SigningPurpose, SigningRequest as Core,
};

use crate::challenge::Outcome;
use crate::error::KoppelError;
use crate::foreign::approve_alias;
use crate::ids::{AccountId, ChallengeId};
use crate::moments;

/// Something to sign with a key that approves, by the person. Hand it back as it is, with the signature.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SigningRequest {
    /// The key, by the name under which `DeviceKeys` made it.
    pub alias: String,
    /// What to sign, as it is: ECDSA with SHA-256 (which is part of it), answered in DER.
    pub payload: Vec<u8>,
    /// Whom it is for, for the prompt: the organisation or the panel.
    pub title: String,
    /// After this moment of the phone's clock a signature comes too late.
    pub deadline: SystemTime,
    /// The account.
    pub account: AccountId,
    /// The challenge; none while pairing.
    pub challenge: Option<ChallengeId>,
    /// Which request it is: an older one than the newest is refused.
    pub generation: u64,
    /// The deadline on the clock that nobody can set.
    pub monotonic_deadline: u64,
}

/// Why there is no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NoSignature {
    /// The person stepped back.
    Cancelled,
    /// The key is gone for good: new biometrics, or no screen lock any more.
    KeyInvalidated,
    /// The prompt failed, or was locked after too many tries. May be tried again.
    Refused,
}

/// What became of the wish to approve.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum ApprovalStep {
    /// The person is to sign this.
    Sign {
        /// This.
        request: SigningRequest,
    },
    /// It is over before anything was signed.
    Over {
        /// How.
        outcome: Outcome,
    },
}

impl fmt::Debug for SigningRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningRequest")
            .field("alias", &self.alias)
            .field("challenge", &self.challenge)
            .finish_non_exhaustive()
    }
}

impl SigningRequest {
    pub(crate) fn of(core: Core) -> Self {
        let Core { order, purpose, payload, title, deadline } = core;
        let challenge = match purpose {
            SigningPurpose::Approval(cid) => Some(ChallengeId::new(order.account, cid)),
            SigningPurpose::Pairing => None,
        };
        Self {
            alias: approve_alias(order.account),
            payload,
            title,
            deadline: moments::on_the_wall(deadline),
            account: order.account.into(),
            challenge,
            generation: order.generation,
            monotonic_deadline: deadline,
        }
    }

    pub(crate) fn read(self) -> Result<Core, KoppelError> {
        let account = self.account.read()?;
        let purpose = match self.challenge {
            Some(challenge) => SigningPurpose::Approval(challenge.read()?.1),
            None => SigningPurpose::Pairing,
        };
        Ok(Core {
            order: Order { account, generation: self.generation },
            purpose,
            payload: self.payload,
            title: self.title,
            deadline: self.monotonic_deadline,
        })
    }
}

impl From<NoSignature> for CoreNoSignature {
    fn from(why: NoSignature) -> Self {
        match why {
            NoSignature::Cancelled => Self::Cancelled,
            NoSignature::KeyInvalidated => Self::KeyInvalidated,
            NoSignature::Refused => Self::Refused,
        }
    }
}

impl ApprovalStep {
    pub(crate) fn of(asked: Asked) -> Result<Self, KoppelError> {
        Ok(match asked {
            Asked::Sign(request) => Self::Sign { request: SigningRequest::of(request) },
            Asked::Over(outcome) => Self::Over { outcome: Outcome::of(outcome)? },
        })
    }
}

impl Outcome {
    /// A server that refuses for a reason of its own gave no outcome.
    pub(crate) fn of(outcome: CoreOutcome) -> Result<Self, KoppelError> {
        Ok(match outcome {
            CoreOutcome::Approved => Self::Approved,
            CoreOutcome::Denied => Self::Denied,
            CoreOutcome::Fraud => Self::Reported,
            CoreOutcome::Queued => Self::Queued,
            CoreOutcome::WrongNumber { left } => Self::WrongNumber { left },
            CoreOutcome::Expired => Self::Expired,
            CoreOutcome::Superseded => Self::Superseded,
            CoreOutcome::AnsweredElsewhere => Self::AnsweredElsewhere,
            CoreOutcome::Locked => Self::AccountLocked,
            CoreOutcome::Failed(trouble) => return Err(trouble.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use koppel_core::AccountId as CoreAccount;
    use koppel_protocol::id::ChallengeId as Cid;

    use super::*;

    #[test]
    fn a_request_comes_back_as_the_one_that_was_asked() {
        let order = Order { account: CoreAccount::from_bytes([1; 16]), generation: 7 };
        for purpose in [SigningPurpose::Pairing, SigningPurpose::Approval(Cid::from_bytes([2; 16]))] {
            let asked = Core { order, purpose, payload: vec![1, 2], title: "De Linden".into(), deadline: 99 };
            assert!(SigningRequest::of(asked.clone()).read().unwrap() == asked);
        }
    }
}
