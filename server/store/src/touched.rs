//! Who looks again after a commit.

use std::collections::BTreeSet;

use koppel_domain::{Account, Change, Row};
use koppel_protocol::id::ChallengeId;

use crate::Touched;

/// Everything that these changes of this account touch, each once.
pub(crate) fn touched(account: &Account, changes: &[Change]) -> Vec<Touched> {
    let mut touched = BTreeSet::new();
    for change in changes {
        match change {
            Change::PutUser(user) => {
                touched.insert(Touched::User(user.id));
            }
            Change::PutDevice(device) => {
                touched.insert(Touched::Device(device.id));
            }
            Change::PutPairing(pairing) => {
                touched.insert(Touched::Pairing(pairing.id));
            }
            Change::PutPrompt(prompt) => {
                touched.insert(Touched::Prompt(prompt.id));
            }
            Change::PutChallenge(challenge) => {
                touched.insert(Touched::Challenge(challenge.id));
                touched.extend(challenge.login().and_then(|login| login.prompt).map(Touched::Prompt));
                touched.extend(phones_with(account, challenge.id));
            }
            Change::PutCopy(copy) => {
                touched.insert(Touched::Challenge(copy.challenge));
                touched.insert(Touched::Device(copy.device));
            }
            Change::PutNotice(notice) => {
                touched.insert(Touched::Device(notice.device));
            }
            Change::Remove(Row::Device(device)) => {
                touched.insert(Touched::Device(*device));
            }
            Change::Erase => touched.extend(account.devices.iter().map(|device| Touched::Device(device.id))),
            _ => {}
        }
    }
    touched.into_iter().collect()
}

/// The phones that a challenge was sent to.
fn phones_with(account: &Account, challenge: ChallengeId) -> impl Iterator<Item = Touched> + '_ {
    account.copies.iter().filter(move |copy| copy.challenge == challenge).map(|copy| Touched::Device(copy.device))
}
