//! Browsers that a user had remembered at a login: for a while they bring the second factor along. 63B-4 §2.2.3 lets a session last as
//! long; here it is a panel's choice, thirty days at most, and it ends with any change of what the user proves themselves with.

use koppel_protocol::{Bytes, id::RelyingPartyId};
use serde::{Deserialize, Serialize};

use crate::{Account, MethodKind, MethodState, Terms, Time};

/// No browser is remembered for longer.
pub const MOST: u32 = 30 * 86_400;
/// So many are remembered of one user and relying party; one more and the oldest is forgotten.
pub const MOST_BROWSERS: usize = 8;
/// So much is kept of what a browser says of itself.
const USER_AGENT: usize = 256;

/// A browser that holds a cookie of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedBrowser {
    /// Keyed hash of the cookie; names the row too.
    pub hash: Bytes<32>,
    /// Where it counts.
    pub relying_party: RelyingPartyId,
    /// What it said of itself, cut.
    pub user_agent: String,
    /// When the factor was right.
    pub since: Time,
    /// When it was last taken instead of one.
    pub used_at: Time,
}

impl RememberedBrowser {
    /// A browser in which a factor was right just now.
    pub fn new(hash: Bytes<32>, relying_party: RelyingPartyId, user_agent: &str, now: Time) -> Self {
        let user_agent = user_agent.chars().take(USER_AGENT).collect();
        Self { hash, relying_party, user_agent, since: now, used_at: now }
    }

    /// Until when it counts under these terms. Shorter terms count at once.
    pub fn until(&self, terms: &Terms) -> Time {
        self.since.plus(if terms.requires_device_signature { 0 } else { terms.remember.min(MOST) })
    }

    /// Whether it counts for this relying party now.
    pub fn counts(&self, terms: &Terms, now: Time) -> bool {
        self.relying_party == terms.id && self.since <= now && now < self.until(terms)
    }
}

/// What an account proves itself with, as far as it was loaded: where this differs before and after a verdict, no browser is
/// remembered any more. Using something up is no difference.
pub(crate) fn factors(account: &Account) -> impl PartialEq + use<> {
    let devices: Vec<_> =
        account.active_devices().map(|device| (device.id, device.keys.approve, device.keys.seal)).collect();
    // The app is its phones.
    let others = account.methods.iter().filter(|method| method.kind != MethodKind::App);
    let active = others.filter(|method| method.state != MethodState::Unproven);
    let methods: Vec<_> = active
        .map(|method| {
            let seed = method.authenticator().and_then(|authenticator| authenticator.seed.clone());
            let salts = method.recovery().map(|codes| codes.slots.iter().map(|slot| slot.salt).collect::<Vec<_>>());
            (method.kind, seed, salts)
        })
        .collect();
    (devices, methods)
}
