//! The companion for Kotlin and Swift.
//!
//! This crate says in types that cross a language border what `koppel-client` says in Rust, and nothing else: it decides nothing and
//! keeps nothing. [`RawClient`](client::RawClient) is the companion, [`platform`] what an app brings for it.
//!
//! * Verbs are async, run on a runtime of their own, and end in a value or a [`KoppelError`](error::KoppelError); a panic is one too.
//! * State is pulled: [`watch`](client::RawClient::watch) gives whole pictures, newest only.
//! * What hides something crosses as bytes: neither language prints those.
//! * Nothing here asks the person: approving is `begin_approval`, then the app's own prompt, then `finish_approval`.
//!
//! The sources for the two languages are written by `cargo xtask bindings`; what they look like is kept in `bindings/api`.

// UniFFI's macros write the C interface, which is unsafe by nature; `tests/own_code.rs` sees to it that we write none ourselves.
#![allow(unsafe_code, reason = "only what UniFFI's macros write")]

pub mod challenge;
pub mod client;
pub mod codes;
pub mod error;
mod foreign;
pub mod ids;
pub mod invitation;
mod moments;
pub mod phone_test;
pub mod platform;
pub mod preview;
mod runtime;
pub mod signing;
pub mod state;
pub mod watch;

uniffi::setup_scaffolding!("koppel_ffi");

/// What is freed is overwritten first: what crossed the border, and what a library of somebody else forgot to wipe.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
