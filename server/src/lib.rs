//! The verification server: phone API, panel API, hosted pages, the binary.
//!
//! A request comes in by [`listen`], is finished by [`answer`], and in between one handler reads it strictly
//! ([`body`], [`proof`]), prepares what is expensive ([`prepare`]) and asks the store for a verdict ([`app`]). After each commit the
//! store tells whom it touched: long polls wake ([`wake`]), connected phones look again ([`delivery`]).
//!
//! ```no_run
//! # async fn run() -> Result<(), koppel_server::StartError> {
//! use koppel_server::{Config, Server};
//! let running = Server::start(Config::new("koppel.sqlite")).await?;
//! println!("listening on {}", running.url());
//! running.stop().await;
//! # Ok(()) }
//! ```

pub mod answer;
pub mod api;
pub mod app;
pub mod body;
pub mod clock;
pub mod commands;
pub mod config;
pub mod contacts;
pub mod control;
pub mod crypto;
pub mod delivery;
pub mod desk;
pub mod directory;
pub mod drain;
pub mod epoch;
pub mod health;
pub mod keeper;
pub mod keys;
pub mod listen;
pub mod log;
pub mod logo;
pub mod methods;
pub mod nonce;
pub mod outbox;
mod outgoing;
pub mod pace;
pub mod pages;
pub mod prepare;
pub mod private_file;
pub mod problem;
pub mod progress;
pub mod proof;
pub mod proof_memory;
pub mod registry;
pub mod rules;
pub mod server;
pub mod slow_hash;
pub mod source;
pub mod spelling;
mod support;
pub mod user_agent;
pub mod wake;

pub use clock::Clock;
pub use config::Config;
pub use server::{Running, Server, StartError};
