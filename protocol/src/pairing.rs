//! How a phone and a server meet: doors identify, only a confirmer activates.
//!
//! ```text
//! P0  the phone makes its keys and writes its Introduction O;  C = commitment(O)
//! P1 → PairingRequest (m1): a door and C            server keeps c = SHA-256(m1 as sent)
//! P2 ← PairingOffer (m2), signed                    phone checks identity, c, host
//!     both: T = transcript(m2, O);  check number = T.check_number()
//! P3 → Reveal (m3): O and proofs of possession      server: C opens, points are valid and distinct, proofs verify
//! P4   the confirmer types the check number where they already are
//! P5 ← Activation over T, sealed
//! ```
//!
//! The phone commits to O before it sees m2, and the server signs m2 before it sees O: so neither side, nor anybody
//! between, can steer the check number. Signatures do not enter it, for they can be ground.
//!
//! In what is hashed here, text fields (server id, user name, O) enter as the ASCII or UTF-8 text that is sent, byte
//! fields (t, C, ra) as their bytes.

mod introduction;
mod offer;
mod request;
mod reveal;
mod transcript;

pub use introduction::{ApproveKey, HeldKey, Introduction, IntroductionText, KeyLevel, NotAnIntroduction, Platform};
pub use offer::{OfferError, PairingOffer};
pub use request::{Door, PairingRequest, RequestHash, link_mac, verify_link_mac};
pub use reveal::{Opened, Reveal, RevealError};
pub use transcript::Transcript;

/// SHA-256 over the labelled introduction: what the phone promises in m1.
pub type Commitment = crate::bytes::Bytes<32>;

#[cfg(all(test, feature = "p256"))]
mod tests;
