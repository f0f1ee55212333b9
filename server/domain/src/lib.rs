//! Every verdict of the server, pure: [`decide`] looks at an [`Account`], a [`Command`] and a [`Context`] and says what is
//! answered and what is written. No input or output, no clock, no dice.
//!
//! How it is used, by every store, in one transaction that holds the user's row:
//!
//! 1. load what the command [needs](Needs) of the account;
//! 2. [`decide`];
//! 3. write the [`Change`]s, also of a [`Refusal`]: its counters and audit entries count;
//! 4. commit, and only then answer.
//!
//! What is expensive happens before: signatures are verified, challenges signed and sealed by a [`plan`] from a snapshot.
//! `decide` makes the plan again and says [`Refusal::Stale`] when it no longer fits.
//!
//! The rules, in one line each: count, then compare. Look at lock, status, device, key and time again whenever a verdict is
//! given. A final state is final. Codes are derived, not stored. When in doubt, no.

pub mod account;
pub mod alerts;
pub mod audit;
pub mod authenticator;
pub mod challenge;
pub mod change;
pub mod command;
pub mod contacts;
pub mod context;
pub mod counter;
pub mod decide;
pub mod decision;
pub mod device;
pub mod due;
pub mod event;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod invitation;
pub mod job;
pub mod keys;
pub mod look;
pub mod method;
pub mod name;
pub mod needs;
pub mod notice;
pub mod operator;
pub mod outbox;
pub mod pairing;
pub mod plan;
pub mod policy;
pub mod prompt;
pub mod recovery;
pub mod refusal;
pub mod registry;
pub mod remembered;
pub mod reply;
pub mod rollout;
pub mod shared;
pub mod time;
pub mod user;

pub use account::Account;
pub use alerts::Loudness;
pub use authenticator::{Authenticator, OpenSeed};
pub use challenge::{Approval, Challenge, ChallengeState, Delivery, DeliveryState, DeviceCopy, Login, Mode, Question};
pub use change::{Change, Row};
pub use command::{
    Begun, ChallengeRequest, Command, Confirmer, Decide, Door, Holder, Issuer, MethodChange, OnPage, OpenPrompt, Plan,
    Prepared, PreparedCopy, PutUser, ResetStep, Reveal, SetUp, StartPairing, Typed,
};
pub use contacts::{Contacts, E164, MailAddress, Mobile, PutContacts, Region};
pub use context::{Actor, Context, Found, Proof, Signer, Source, Via};
pub use counter::{Counter, CounterKind, SourceCounter, SourceTry};
pub use decide::{Outcome, decide};
pub use decision::{Decision, Ruling};
pub use device::{ConfirmedBy, Device, DeviceKeys, Endorsement};
pub use due::Due;
pub use event::Event;
pub use invitation::Invitation;
pub use job::{Job, Task};
pub use keys::{Fresh, Keys};
pub use look::{Colour, Logo, NotAColour};
pub use method::{Material, Method, MethodKind, MethodState};
pub use name::{ExternalId, LoginName, NotAName};
pub use needs::Needs;
pub use notice::Notice;
pub use operator::{DeskAct, Operator, PasswordHash, Role, Welcome};
pub use outbox::{Parcel, Subscriber};
pub use pairing::{DoorKind, Pairing, PairingState, Revealed};
pub use policy::{Policy, Setting, SettingError};
pub use prompt::{Browser, Prompt, PromptState, Purpose, ResultCode};
pub use recovery::{HashedCode, RecoveryCode, RecoveryCodes};
pub use refusal::Refusal;
pub use registry::{ApiKey, MethodRules, Organisation, RelyingParty, Scope, SupportContact, Terms};
pub use remembered::RememberedBrowser;
pub use reply::{Evidence, Reply, Verified};
pub use rollout::{Enforcement, Postponed, Rollout, Standing};
pub use shared::{SharedBytes, SharedText};
pub use time::Time;
pub use user::{Locale, Lock, NotALocale, Reset, User, UserStatus};

#[cfg(test)]
mod tests;
