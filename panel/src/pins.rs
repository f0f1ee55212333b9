//! The phones' keys that this panel knows, one JSON file.
//!
//! A key that the panel has seen before cannot be exchanged behind its back: that is what makes a later break-in at the
//! server visible. The first key of a user is taken as it comes, and said so; a later one counts when a phone that is
//! already known signed for it, or when the operator of the panel accepts it (`koppel-panel key accept`). Until then it is
//! written down as *waiting*, and a login with it is worth the server's word and no more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::jws::PhonePublicKey;

/// Waiting keys kept for one user; a server cannot fill the disk.
const MOST_WAITING: usize = 16;

/// How a key came to be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "lowercase", deny_unknown_fields)]
pub enum Origin {
    /// The user had none: the server's word was taken, once.
    First,
    /// A known phone signed for it.
    Endorsed {
        /// The device of that phone.
        by: String,
    },
    /// The operator said so.
    Accepted,
    /// Nobody said anything. Not trusted.
    Waiting,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The device that holds it.
    pub device: String,
    /// base64url of its SubjectPublicKeyInfo.
    pub spki: String,
    /// How the phone said it was guarded when it was made: a claim.
    pub uv: String,
    /// Since when it is known, seconds since 1970.
    pub since: i64,
    /// How it came.
    pub origin: Origin,
}

impl Pin {
    /// The public key.
    pub fn key(&self) -> Option<PhonePublicKey> {
        PhonePublicKey::parse(&self.spki)
    }

    /// Whether a signature with it counts.
    pub fn is_trusted(&self) -> bool {
        self.origin != Origin::Waiting
    }
}

/// The whole file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pins {
    /// Our own id at the server, learned from the first phone that named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relying_party: Option<String>,
    users: BTreeMap<String, Vec<Pin>>,
}

impl Pins {
    /// Every key of a user, the oldest first.
    pub fn of(&self, user: &str) -> &[Pin] {
        self.users.get(user).map_or(&[], Vec::as_slice)
    }

    /// All users that have keys.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// The trusted key of a user's device.
    pub fn trusted(&self, user: &str, device: &str) -> Option<&Pin> {
        self.of(user).iter().find(|pin| pin.device == device && pin.is_trusted())
    }

    /// Whether the user has a trusted key at all.
    pub fn knows(&self, user: &str) -> bool {
        self.of(user).iter().any(Pin::is_trusted)
    }

    /// Writes a key down, in the place of what was known of its device. A waiting key never replaces a trusted one.
    pub fn pin(&mut self, user: &str, new: Pin) {
        if !new.is_trusted() && self.trusted(user, &new.device).is_some() {
            return;
        }
        let keys = self.users.entry(user.to_owned()).or_default();
        keys.retain(|pin| pin.device != new.device);
        if !new.is_trusted() && keys.iter().filter(|pin| !pin.is_trusted()).count() >= MOST_WAITING {
            return;
        }
        keys.push(new);
    }

    /// Trusts a waiting key; `false` when there is none.
    pub fn accept(&mut self, user: &str, device: &str) -> bool {
        let keys = self.users.get_mut(user).into_iter().flatten();
        let waiting = keys.into_iter().find(|pin| pin.device == device && !pin.is_trusted());
        waiting.map(|pin| pin.origin = Origin::Accepted).is_some()
    }

    /// Forgets a key (a lost phone); `false` when there is none.
    pub fn forget(&mut self, user: &str, device: &str) -> bool {
        let Some(keys) = self.users.get_mut(user) else { return false };
        let before = keys.len();
        keys.retain(|pin| pin.device != device);
        let forgotten = keys.len() < before;
        if keys.is_empty() {
            self.users.remove(user);
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(device: &str, origin: Origin) -> Pin {
        Pin { device: device.to_owned(), spki: format!("key of {device}"), uv: "pin".to_owned(), since: 1, origin }
    }

    #[test]
    fn a_waiting_key_counts_only_after_the_operator_accepted_it() {
        let mut pins = Pins::default();
        pins.pin("anna", pin("dv_b", Origin::Waiting));
        assert!(!pins.knows("anna") && pins.trusted("anna", "dv_b").is_none());
        assert!(pins.accept("anna", "dv_b"));
        assert_eq!(pins.trusted("anna", "dv_b").unwrap().origin, Origin::Accepted);
        assert!(!pins.accept("anna", "dv_b") && !pins.accept("bram", "dv_b"));
    }

    #[test]
    fn a_waiting_key_never_replaces_a_trusted_one() {
        let mut pins = Pins::default();
        pins.pin("anna", pin("dv_a", Origin::First));
        let before = pins.of("anna").to_vec();
        pins.pin("anna", Pin { spki: "other".to_owned(), ..pin("dv_a", Origin::Waiting) });
        assert_eq!(pins.of("anna"), before);
    }

    #[test]
    fn waiting_keys_are_few() {
        let mut pins = Pins::default();
        for n in 0..100 {
            pins.pin("anna", pin(&format!("dv_{n}"), Origin::Waiting));
        }
        assert_eq!(pins.of("anna").len(), MOST_WAITING);
    }

    #[test]
    fn a_forgotten_key_is_gone() {
        let mut pins = Pins::default();
        pins.pin("anna", pin("dv_a", Origin::First));
        assert!(pins.forget("anna", "dv_a") && !pins.forget("anna", "dv_a"));
        assert_eq!(pins.users().count(), 0);
    }

    #[test]
    fn the_file_reads_as_it_was_written_and_refuses_what_it_does_not_know() {
        let mut pins = Pins { relying_party: Some("rp_a".to_owned()), ..Pins::default() };
        pins.pin("anna", pin("dv_a", Origin::Endorsed { by: "dv_b".to_owned() }));
        let text = serde_json::to_string(&pins).unwrap();
        let again: Pins = serde_json::from_str(&text).unwrap();
        assert_eq!(again.of("anna"), pins.of("anna"));
        assert!(serde_json::from_str::<Pins>(r#"{"users":{},"version":2}"#).is_err());
        assert!(serde_json::from_str::<Pins>("{}").is_err());
    }
}
