//! What time has ended is ended before anything is decided, so that no verdict waits for a sweeper.

use super::draft::Draft;
use crate::{ChallengeState, Change, Loudness, PairingState, PromptState, Refusal, Reply, Row};

/// Pairings, and phones that never became active, are kept for a day after their end: a phone deletes its keys only when
/// the server says so.
const KEEP_PAIRING: u32 = 86_400;
/// Removed phones are told so for a month.
const KEEP_REVOKED: u32 = 30 * 86_400;

impl Draft<'_> {
    /// Ends everything whose time has come, as far as it is loaded.
    pub(super) fn settle(&mut self) {
        self.settle_challenges();
        self.settle_prompts();
        self.settle_pairings();
        self.settle_devices();
    }

    fn settle_challenges(&mut self) {
        let (now, epoch, policy) = (self.now(), self.epoch(), self.policy());
        let over: Vec<_> = self
            .account
            .challenges
            .iter()
            .map(|challenge| (challenge.id, challenge.state, challenge.state_at(now, epoch, policy)))
            .filter(|(_, held, real)| held != real)
            .collect();
        for (id, _, real) in over {
            let rang = self.account.challenge(id).is_some_and(|challenge| {
                challenge.login().is_some()
                    && challenge.deliveries.iter().any(|delivery| delivery.alert == Loudness::Loud)
            });
            if real == ChallengeState::Expired && rang {
                // It rang and was left alone.
                self.account.user.alerts.unwanted(policy, now);
            }
            self.move_challenge(id, real);
        }
    }

    fn settle_prompts(&mut self) {
        let (now, epoch) = (self.now(), self.epoch());
        let over: Vec<_> =
            self.account.prompts.iter().filter(|prompt| prompt.state_at(now, epoch) != prompt.state).cloned().collect();
        for prompt in over {
            self.move_prompt(prompt, PromptState::Expired);
        }
    }

    fn settle_pairings(&mut self) {
        let (now, epoch) = (self.now(), self.epoch());
        let over: Vec<_> = self
            .account
            .pairings
            .iter()
            .filter(|pairing| pairing.state_at(now, epoch) != pairing.state)
            .map(|pairing| pairing.id)
            .collect();
        for id in over {
            self.end_pairing(id, PairingState::Expired);
        }
    }

    fn settle_devices(&mut self) {
        let (now, policy) = (self.now(), self.policy());
        let over: Vec<_> = self
            .account
            .devices
            .iter()
            .map(|device| (device.state_at(now, policy), device))
            .filter(|(real, device)| *real != device.state)
            .map(|(real, device)| (real, device.clone()))
            .collect();
        for (real, device) in over {
            self.move_device(device, real);
        }
    }

    /// Removes what is kept no longer. Challenges and prompts go by the store's own sweep.
    pub(super) fn prune(&mut self) -> Result<Reply, Refusal> {
        let now = self.now();
        for pairing in self.account.pairings.clone() {
            if pairing.state.is_final() && now >= pairing.until.plus(KEEP_PAIRING) {
                self.put(Change::Remove(Row::Pairing(pairing.id)));
            }
        }
        for device in self.account.devices.clone() {
            let keep = if device.activated_at.is_some() { KEEP_REVOKED } else { KEEP_PAIRING };
            if device.revoked_at.is_some_and(|at| now >= at.plus(keep)) {
                self.put(Change::Remove(Row::Device(device.id)));
            }
        }
        for invitation in self.account.invitations.clone() {
            if now >= invitation.until().plus(KEEP_PAIRING) {
                self.put(Change::Remove(Row::Invitation(invitation.id)));
            }
        }
        for notice in self.account.notices.clone() {
            if now >= notice.at.plus(KEEP_REVOKED) {
                self.put(Change::Remove(Row::Notice(notice.id)));
            }
        }
        Ok(Reply::Done)
    }
}
