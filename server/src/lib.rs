//! The verification server: phone API, panel API, hosted pages, the binary.

pub mod body;
pub mod config;
pub mod control;
pub mod crypto;
pub mod delivery;
pub mod directory;
pub mod drain;
pub mod epoch;
pub mod keys;
pub mod listen;
pub mod log;
pub mod nonce;
pub mod pages;
pub mod private_file;
pub mod problem;
pub mod public_url;
pub mod source;
pub mod wake;
