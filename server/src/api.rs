//! What programs talk to: phones and panels.

pub mod device;
pub mod relying_party;
