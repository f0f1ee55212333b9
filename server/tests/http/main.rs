//! The server over real HTTP, in one process: what it does, what it refuses, and what it never says.

mod bad_input;
mod contacts;
mod desk;
mod doors;
mod events;
mod files;
mod fixture;
mod headers;
mod import;
mod live;
mod login;
mod look;
mod mail;
mod methods;
mod pages;
mod proofs;
mod relay;
mod remembered;
mod roads;
mod roles;
mod rollout;
mod secrets;
mod tls;
mod wizard;
