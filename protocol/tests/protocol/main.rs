//! The protocol from outside: the published vectors, the encodings, and an attacker who grinds.

mod encodings;
mod grinding;
mod page;
mod vectors;
