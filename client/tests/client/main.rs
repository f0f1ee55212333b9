//! The companion's runtime, seen from outside: what a crash, a wrong PIN and a hostile server can do to it.

mod crashing_disk;
mod hostile_server;
mod keyring;
mod pin;
mod vault;
