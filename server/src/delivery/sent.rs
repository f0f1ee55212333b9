//! Which deliveries a road took, for the line on the page: *sent* is true the moment a phone's channel has it, long before
//! the phone says that it arrived. Lost in a restart without harm: the phone's receipts say more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use koppel_domain::{Delivery, DeliveryState, Time};
use koppel_protocol::id::ChallengeId;

/// No challenge lives longer.
const REMEMBERED: u32 = 900;
/// A delivery that nobody took for so long did not reach a phone.
const UNREACHED_AFTER: u32 = 5;

/// Challenge → newest delivery that was sent, and when.
#[derive(Debug, Default)]
pub struct Sent(Mutex<HashMap<ChallengeId, (u32, Time)>>);

impl Sent {
    /// A road took it.
    pub fn note(&self, challenge: ChallengeId, seq: u32, now: Time) {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.insert(challenge, (seq, now));
    }

    /// Forgets what is long over.
    pub fn forget(&self, now: Time) {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.retain(|_, (_, at)| now.since(*at) < REMEMBERED);
    }

    /// How far a delivery came, as far as anybody knows.
    pub fn state(&self, challenge: ChallengeId, delivery: &Delivery, now: Time) -> DeliveryState {
        if delivery.state != DeliveryState::Queued {
            return delivery.state;
        }
        let sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match sent.get(&challenge) {
            Some((seq, _)) if *seq >= delivery.seq => DeliveryState::Sent,
            _ if now.since(delivery.created) >= UNREACHED_AFTER => DeliveryState::Unreached,
            _ => DeliveryState::Queued,
        }
    }
}
