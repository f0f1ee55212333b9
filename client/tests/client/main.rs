//! The companion's runtime, seen from outside: what a crash, a wrong PIN and a hostile server can do to it.

mod codes;
mod crashing_disk;
mod engine;
mod hostile_server;
mod keyring;
mod opening;
mod pin;
mod slow_keys;
mod stopping;
mod vault;
