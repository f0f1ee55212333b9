//! What the companion decides: pure state machines for pairing, challenges, approvals and the vault's contents.
//!
//! There is one [`Machine`] for a phone. The host (a terminal, an app) hands it [`Event`]s and runs the [`Effect`]s it
//! gives back; the machine itself does no I/O, reads no clock and rolls no dice:
//!
//! ```text
//! let effects = machine.handle(event, now)?;       // refused: nothing changed
//! for effect in effects { run(effect) }            // in this order; Persist is durable before the next is run
//! ```
//!
//! Three rules carry the rest:
//!
//! 1. **Nothing is said before its cause is on disk.** Whenever an event changed what must survive a kill,
//!    [`Effect::Persist`] is the first effect. A killed phone goes on with the same bytes.
//! 2. **A late answer never acts on a newer thing.** Every effect that is answered carries an [`Order`]; an answer to
//!    anything but the open order is [`Refused::Late`].
//! 3. **What a person is shown is what the server signed**, read by `koppel-protocol`, for this phone, by the newest
//!    identity key that is known.
//!
//! Inside, each account is a [pairing](crate::AccountStatus::Pairing) first and a member later; a member has an inbox, the
//! person's answers on their way, and a connection. Each of these is a machine of its own, tested over every pair of
//! state and event, and all of them together against a model of a server on a network that loses, delays, repeats
//! and reorders.
//!
//! Beside the accounts the phone keeps [authenticator accounts](codes) of other services: seeds in the vault, codes computed when a
//! screen asks for them, and no network at all.

mod account;
mod account_id;
mod approval;
mod attempts;
mod clock;
pub mod codes;
mod connection;
mod correspondent;
mod effect;
mod event;
mod hidden;
mod inbox;
mod label;
mod machine;
mod moment;
mod opened;
mod pairing;
mod refused;
mod retry;
pub mod signature;
mod snapshot;
#[cfg(test)]
mod tables;
mod toolbox;
mod trouble;
pub mod vault;
mod wire;

pub use account_id::{AccountId, NotAnAccountId};
pub use approval::Outcome;
pub use clock::{Now, ServerClock};
pub use codes::{ExportPart, NotTaken, OtpAccount, OtpCode, OtpError, OtpId, OtpReading};
pub use correspondent::Correspondent;
pub use effect::{
    Call, Contents, Effect, FrameOut, LiveCall, Method, News, Order, PairingEnd, Question, Reply, SigningPurpose,
    SigningRequest,
};
pub use event::{Alert, Answer, DenyReason, Event, Invitation, LiveEvent, NewKeys, NoAnswer, NoSignature, Road};
pub use machine::Machine;
pub use opened::Opened;
pub use refused::Refused;
pub use snapshot::{
    AccountStatus, AccountView, Approving, ChallengeContent, ChallengeKind, ChallengeView, ConnectionView, EndedView,
    NoticeView, State,
};
pub use toolbox::Toolbox;
pub use trouble::Trouble;
pub use vault::{Found, Opening, Unreadable, Vault};
