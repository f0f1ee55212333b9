//! Scenarios that every language plays: `tests/scenarios/*.json`, steps and what is expected after each.
//!
//! What happens at the server's side ([`stage`]: panel, desk, directory, network) is one program, `koppel-stage`, that all players
//! drive; each language has a player of its own for what the phones do. The Rust one is [`player`], on `koppel-client`. The
//! language of the files is in [`script`], and described in `tests/scenarios/README.md`.

pub mod directory;
pub mod phone;
pub mod picture;
pub mod player;
pub mod road;
pub mod script;
pub mod stage;
