//! The phone's machine against a model of a server, on a network that is as bad as a seed says.

mod fixtures;
mod kills;
mod members;
mod network;
mod phone;
mod server;
mod simulation;
mod threats;
mod vaults;
