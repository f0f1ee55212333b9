//! What the companion does: HTTP, the live channel, the vault on disk, the keyring.
//!
//! `core` decides and never waits; this crate waits and never decides. A shell opens a [`KoppelClient`] with a [`Setup`] (folder,
//! secrets, keys, roots, clock), watches its state, and calls its verbs:
//!
//! ```text
//! shell ── pair, show, begin_approval, finish, deny … ──▶ KoppelClient ──▶ engine ──▶ core::Machine
//!       ◀── watch (whole snapshots) · updates (as it happens) ──────────── effects: vault · keys · http · live
//! ```
//!
//! * what must not be lost: [`vault`] on [`disk`]; what must not be read: [`secrets`], [`pin`], [`keys`]
//! * what comes from outside, under limits: [`http`], [`live`], [`tls`]
//! * the start and its cases: [`opening`]; what notifications may say without it: [`preview`]

pub mod client;
pub mod clock;
pub mod codes;
pub mod conversation;
mod dial;
pub mod disk;
mod engine;
pub mod error;
pub mod http;
mod key_desk;
pub mod keys;
pub mod live;
pub mod opening;
pub mod phone_test;
pub mod pin;
pub mod preview;
mod randomness;
pub mod secrets;
pub mod tls;
pub mod update;
pub mod vault;

pub use client::KoppelClient;
pub use codes::{AddedCode, CodesWatch};
pub use conversation::{Asked, PairingOffer};
pub use error::ClientError;
pub use opening::{OpenError, Setup};
pub use update::Update;
