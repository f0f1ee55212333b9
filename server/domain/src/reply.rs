//! What a verdict says when it is not a refusal.

use koppel_protocol::{
    Digits, PublicKey,
    decision::UserVerification,
    id::{ChallengeId, DeviceId, PromptId},
    phone_api::DecisionOutcome,
};

use crate::{
    Challenge, Device, Endorsement, ExternalId, Invitation, MethodKind, Prompt, Purpose, SharedBytes, SharedText, Time,
};

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It is done; there is nothing to tell.
    Done,
    /// [`PutUser`](crate::Command::PutUser).
    UserPut {
        /// The user was not there before.
        created: bool,
    },
    /// [`DeleteUser`](crate::Command::DeleteUser): the phones that were unlinked, to be told at once.
    UserDeleted {
        /// As they were.
        devices: Vec<Device>,
    },
    /// [`ResetStep::Ask`](crate::ResetStep) for a protected user: it waits.
    ResetAsked {
        /// Until then, or for a second agent.
        due: Time,
    },
    /// [`Reset`](crate::Command::Reset) carried out: the phones that were unlinked, to be told at once.
    Reset {
        /// As they were.
        devices: Vec<Device>,
    },
    /// [`OpenPrompt`](crate::Command::OpenPrompt).
    PromptOpened {
        /// The new prompt.
        prompt: PromptId,
    },
    /// [`BindPrompt`](crate::Command::BindPrompt): the page belongs to this browser now.
    PromptBound {
        /// As it stands.
        prompt: Box<Prompt>,
    },
    /// A challenge was made or delivered again.
    Challenge {
        /// As it stands.
        challenge: Box<Challenge>,
        /// What the browser shows in mode `number`: only ever in the answer to the request that made the delivery.
        number: Option<Digits>,
        /// By what the user can answer, the first choice first.
        methods: Vec<MethodKind>,
    },
    /// [`CheckCode`](crate::Command::CheckCode) by a hosted page: right.
    Approved {
        /// Which.
        challenge: ChallengeId,
    },
    /// [`CheckCode`](crate::Command::CheckCode) with a recovery code, right: the page may set up a method anew.
    Recovered,
    /// [`SetUp::OfferAuthenticator`](crate::SetUp): what the page shows, sealed.
    Offered {
        /// The seed.
        seed: SharedBytes,
    },
    /// The one answer that opens a session at a panel.
    Verified(Box<Verified>),
    /// [`Decide`](crate::Command::Decide): what is recorded.
    Decided {
        /// What is recorded.
        outcome: DecisionOutcome,
        /// About which challenge.
        challenge: ChallengeId,
    },
    /// [`FinishPrompt`](crate::Command::FinishPrompt): send the browser back with the result code.
    Finished {
        /// As it stands: return address and the panel's own word.
        prompt: Box<Prompt>,
        /// The browser is remembered from now.
        remembered: bool,
    },
    /// [`IssueInvitation`](crate::Command::IssueInvitation): derive its secrets from [`Keys`](crate::Keys).
    Invited {
        /// The invitation.
        invitation: Invitation,
    },
    /// [`StartPairing`](crate::Command::StartPairing).
    PairingStarted {
        /// The second message: the one just stored, or the one this first message got before.
        m2: SharedText,
    },
    /// [`Reveal`](crate::Command::Reveal).
    Revealed {
        /// The new device, pending.
        device: DeviceId,
        /// Until when it can be confirmed.
        until: Time,
    },
    /// [`ConfirmPairing`](crate::Command::ConfirmPairing).
    Confirmed {
        /// The device, active.
        device: DeviceId,
    },
}

/// A second factor that was right, consumed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whose.
    pub user: ExternalId,
    /// For what.
    pub purpose: Purpose,
    /// By what.
    pub method: MethodKind,
    /// By nothing of that: the browser was remembered.
    pub remembered: bool,
    /// When the person answered.
    pub at: Time,
    /// Which challenge.
    pub challenge: ChallengeId,
    /// The phone's own signature, where there is one; else it is the server's word alone.
    pub evidence: Option<Box<Evidence>>,
}

/// What a panel can check by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What the phone was asked, signed by the server.
    pub challenge: SharedText,
    /// What it answered, signed by `approve`.
    pub decision: SharedText,
    /// Which phone.
    pub device: DeviceId,
    /// Its key.
    pub key: PublicKey,
    /// How the person was verified when the key was made.
    pub uv: UserVerification,
    /// An older phone's word for the key.
    pub endorsement: Option<Endorsement>,
}
