//! What the companion does: HTTP, the live channel, the vault on disk, the keyring.
//!
//! * what must not be lost: [`vault`] on [`disk`]; what must not be read: [`secrets`], [`pin`]
//! * what comes from outside, under limits: [`http`], [`live`], [`tls`]

pub mod disk;
pub mod http;
pub mod live;
pub mod pin;
mod randomness;
pub mod secrets;
pub mod tls;
pub mod vault;
