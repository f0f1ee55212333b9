//! How a challenge reaches a phone.

pub mod hub;
pub mod jobs;
pub mod live;
pub mod sent;
pub mod unlinked;
