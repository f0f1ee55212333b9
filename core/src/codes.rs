//! Authenticator accounts of other services: the seeds a person's phone keeps beside its own accounts, and the codes they give.
//!
//! They come in as links ([`OtpAccount::read`]): one account as services show it in a QR code, or an export of another authenticator
//! with several; or typed by hand ([`OtpAccount::typed`]). They are computed here (RFC 6238), kept in the vault, and asked for one screen
//! at a time ([`Machine::codes`](crate::Machine::codes)): no picture of the state holds a code.
//!
//! No server is told of them, and no server's clock is believed for them: a service that never heard of Koppel counts on the time that
//! everybody has, which is the phone's own.

mod account;
mod base32;
mod error;
mod export;
mod id;
mod kept;
mod link;
mod seed;

pub use account::{OtpAccount, OtpHash};
pub use error::OtpError;
pub use export::{ExportPart, NotTaken, OtpReading};
pub use id::{NotAnOtpId, OtpId};
pub(crate) use kept::{Codes, Kept};
pub use kept::{MOST, OtpCode};
