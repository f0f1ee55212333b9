//! What a store is asked: where, what, by whom, and under which idempotency key.

use std::{fmt, sync::Arc, time::Instant};

use koppel_domain::{Actor, Command, ExternalId, LoginName, Proof, Refusal, Reply, SharedBytes, Source};
use koppel_protocol::{
    Bytes,
    id::{ChallengeId, DeviceId, InvitationId, OrganisationId, PairingId, PromptId, UserId},
};

/// One command for one account.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Which account.
    pub at: Locator,
    /// What is asked.
    pub command: Command,
    /// By whom.
    pub actor: Actor,
    /// From where, if from anywhere.
    pub source: Option<Source>,
    /// The device proof of the request, to be remembered in the same transaction.
    pub proof: Option<Proof>,
    /// A repeated request gets its first answer.
    pub idempotency: Option<Idempotency>,
    /// When the caller stops waiting; past it the ask is dropped unexecuted.
    pub deadline: Instant,
}

/// How an account is found. All but the login name lead to one user for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locator {
    /// By our id.
    User(UserId),
    /// By the panel's id. Commands that make users make this one.
    ExternalId(OrganisationId, ExternalId),
    /// By what the user types.
    LoginName(OrganisationId, LoginName),
    /// By a challenge.
    Challenge(ChallengeId),
    /// By a prompt.
    Prompt(PromptId),
    /// By the keyed hash of a page's token.
    PageToken(Bytes<32>),
    /// By a phone.
    Device(DeviceId),
    /// By a pairing.
    Pairing(PairingId),
    /// By an invitation: the `t` of a link.
    Invitation(InvitationId),
}

/// Renders and seals an answer for the idempotency table; none: this answer is not recorded.
pub type Seal = dyn Fn(&Result<Reply, Refusal>) -> Option<SharedBytes> + Send + Sync;

/// A request's idempotency key. Its row is written in the operation's own transaction.
#[derive(Clone)]
pub struct Idempotency {
    /// Keyed hash of caller, route and key.
    pub key: Bytes<32>,
    /// Keyed hash of the body: the same key with another body is a mismatch.
    pub body: Bytes<32>,
    /// Renders and seals the answer under the key-encryption key, inside the transaction.
    pub seal: Arc<Seal>,
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What a store answers after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The verdict.
    Decided(Result<Reply, Refusal>),
    /// The sealed answer that the same request got before.
    Replayed(SharedBytes),
}

impl Answer {
    /// The verdict of an ask without an idempotency key.
    ///
    /// # Errors
    /// The refusal.
    pub fn verdict(self) -> Result<Reply, Refusal> {
        match self {
            Self::Decided(verdict) => verdict,
            // Only an ask with a key is answered from the table.
            Self::Replayed(_) => Err(Refusal::Mismatch),
        }
    }
}
