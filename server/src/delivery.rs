//! How a challenge reaches a phone.

pub mod hub;
