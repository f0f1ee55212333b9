//! What passes between the session and whoever shows it: wishes one way, happenings the other.
//!
//! There are three faces: [`json`](crate::json) for programs, [`lines`](crate::lines) for screen readers and pipes, [`screen`](crate::screen) for
//! everybody else. None of them knows the client; the session knows none of them.

use koppel_client::phone_test;
use koppel_client::pin::Pin;
use koppel_client::secrets::home::Kind;
use koppel_core::{
    AccountId, AccountView, ChallengeContent, ChallengeKind, ChallengeView, ConnectionView, DenyReason, EndedView,
    Invitation, NoticeView, Outcome, State,
};
use koppel_protocol::Text;
use koppel_protocol::id::{ChallengeId, NoticeId};
use serde_json::Value;

use crate::complaint::Complaint;

/// What a person or a program wants.
#[derive(Debug)]
pub(crate) enum Wish {
    /// Show a challenge: its content comes back.
    Show(AccountId, ChallengeId),
    /// Approve, with the number where one is asked for.
    Approve {
        /// The challenge.
        cid: ChallengeId,
        /// What was typed.
        number: Option<String>,
        /// The PIN, if it was given with the wish.
        pin: Option<Pin>,
    },
    /// Say no.
    Deny {
        /// The challenge.
        cid: ChallengeId,
        /// Why.
        reason: DenyReason,
    },
    /// The answer to [`Happening::PinWanted`]; none steps back.
    Pin(Option<Pin>),
    /// Ask for a challenge that lifts the lock.
    Unlock(AccountId),
    /// Pair.
    Pair(Box<PairWish>),
    /// The answer to an offer.
    Answer {
        /// Its number.
        offer: u32,
        /// Whether the person agrees.
        agree: bool,
    },
    /// Give up a pairing.
    GiveUp(AccountId),
    /// Test the phone; all accounts when none is named.
    Test(Option<AccountId>),
    /// Fetch now.
    Refresh,
    /// Tell the whole state.
    State,
    /// Give an account another label.
    Rename(AccountId, String),
    /// Remove an account.
    Remove(AccountId),
    /// A notice was read.
    Dismiss(AccountId, NoticeId),
    /// What was said makes no sense.
    Nonsense(String),
    /// End.
    Quit,
}

/// A pairing that is wanted.
#[derive(Debug)]
pub(crate) struct PairWish {
    /// The door.
    pub(crate) invitation: Invitation,
    /// The phone's name.
    pub(crate) name: Text,
    /// Whether it shall approve.
    pub(crate) approvals: bool,
    /// The PIN, if it was given with the wish.
    pub(crate) pin: Option<Pin>,
}

/// A wish, and what its answers must repeat.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The wish.
    pub(crate) wish: Wish,
    /// Repeated in every answer.
    pub(crate) reference: Option<Value>,
}

impl From<Wish> for Asked {
    fn from(wish: Wish) -> Self {
        Self { wish, reference: None }
    }
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Happening {
    /// The first one.
    Ready {
        /// Where the secrets lie.
        secrets: Kind,
        /// The accounts.
        state: State,
    },
    /// Does the person agree?
    Offer {
        /// Its number.
        offer: u32,
        /// The account it would be.
        account: AccountId,
        /// The server.
        host: String,
        /// The organisation.
        organisation: String,
        /// The user's name there.
        user: String,
        /// Whether `--yes` agreed already.
        agreed: bool,
    },
    /// The number to type at the confirmer.
    CheckNumber {
        /// The account.
        account: AccountId,
        /// Six digits.
        check_number: String,
        /// Until when, server time.
        until: u64,
    },
    /// Somebody typed a wrong one.
    WrongCheckNumber {
        /// The account.
        account: AccountId,
        /// Tries left.
        tries_left: u32,
    },
    /// Paired.
    Active(AccountView),
    /// Not paired.
    PairingEnded {
        /// The account that did not come to be.
        account: AccountId,
        /// Why.
        why: Complaint,
    },
    /// The connection of an account.
    Connection {
        /// The account.
        account: AccountId,
        /// How it is connected.
        state: ConnectionView,
        /// Until the next attempt.
        retry_in_ms: Option<u64>,
    },
    /// An account changed.
    Account(AccountView),
    /// A challenge arrived, or its next delivery; its content, if it was shown at once.
    Challenge(ChallengeView, Option<ChallengeContent>),
    /// A challenge is over.
    Ended {
        /// How.
        view: EndedView,
        /// Whether the outcome of this phone's own answer says so, so that a person need not hear it twice.
        told: bool,
    },
    /// What became of an answer.
    Outcome {
        /// The account.
        account: AccountId,
        /// The challenge.
        cid: ChallengeId,
        /// Whether it was an approval.
        approve: bool,
        /// What was answered, as far as it was answered here.
        kind: Option<ChallengeKind>,
        /// What became of it.
        outcome: Outcome,
    },
    /// A notice.
    Notice(NoticeView),
    /// A step of a test ended.
    TestStep(AccountId, phone_test::Ended),
    /// A test ended.
    Tested {
        /// The account.
        account: AccountId,
        /// Whether a login would work.
        well: bool,
        /// For support.
        support_code: String,
    },
    /// The snapshot changed.
    Changed,
    /// The whole state, as asked.
    State(State),
    /// A wish without an outcome of its own was fulfilled.
    Done(&'static str),
    /// An account is gone.
    Removed(AccountId),
    /// The PIN is needed to sign.
    PinWanted {
        /// For which challenge; none while pairing.
        cid: Option<ChallengeId>,
        /// Whom it is for.
        title: String,
        /// What was wrong with the last one.
        again: Option<Complaint>,
    },
    /// Something went wrong.
    Complaint {
        /// What.
        complaint: Complaint,
        /// The account it is about.
        account: Option<AccountId>,
        /// The challenge it is about.
        cid: Option<ChallengeId>,
    },
    /// The last one.
    Bye,
}

/// Whoever shows a session.
pub(crate) trait Face {
    /// The next wish. Dropping the future loses nothing.
    async fn next(&mut self) -> Asked;
    /// Shows what happened. `state` is the newest snapshot.
    fn tell(&mut self, happening: &Happening, reference: Option<&Value>, state: &State);
    /// Whether every challenge comes on screen the moment it arrives.
    fn shows_at_once(&self) -> bool;
    /// Whether somebody can be asked for a PIN.
    fn can_ask_pin(&self) -> bool;
    /// Whether the end of input is to end the session.
    fn ends_with_input(&self) -> bool {
        false
    }
}
