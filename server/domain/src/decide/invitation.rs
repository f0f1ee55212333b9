//! Who may invite a phone, and with what.

use koppel_protocol::id::InvitationId;
use serde_json::json;

use super::draft::Draft;
use crate::{
    Actor, ChallengeState, Change, DeskAct, Invitation, Issuer, PairingState, Prompt, Purpose, Refusal, Reply, Row, Via,
};

impl Draft<'_> {
    pub(super) fn issue_invitation(&mut self, by: &Issuer) -> Result<Reply, Refusal> {
        if !self.exists() {
            return Err(Refusal::NotFound);
        }
        let prompt = match by {
            Issuer::Page { prompt, cookie } => Some(self.page_that_may_set_up(*prompt, *cookie)?.id),
            Issuer::Desk => {
                self.at_the_desk(DeskAct::Invite)?;
                let by_command = matches!(self.context.actor, Actor::Desk { via: Via::Command, .. });
                if self.policy().desk_koppelcodes == 0 && !by_command {
                    return Err(Refusal::NotYours);
                }
                if self.account.waits_for_a_reset(self.policy()) {
                    return Err(Refusal::ResetFirst);
                }
                None
            }
        };
        self.not_locked()?;
        if prompt.is_some() {
            self.refuse_waiting_phones();
        }
        // One live per user: the former dies.
        for former in self.account.invitations.clone() {
            self.put(Change::Remove(Row::Invitation(former.id)));
        }
        let now = self.now();
        let invitation = Invitation {
            id: InvitationId::from_bytes(self.fresh.id()),
            prompt,
            // What is spoken has no link.
            link_until: prompt.map(|_| now.plus(self.policy().link_lifetime)),
            code_until: now.plus(self.policy().koppelcode_lifetime),
            failed_tries: 0,
            transcripts: 0,
            used_by: None,
            epoch: self.epoch(),
            created: now,
        };
        self.put(Change::PutInvitation(invitation.clone()));
        self.forget_tries();
        self.note("invitation.issued", json!({ "invitation": invitation.id }));
        Ok(Reply::Invited { invitation })
    }

    /// "This is not my phone": whoever may add a phone here begins anew, and what waits for its number is refused.
    fn refuse_waiting_phones(&mut self) {
        for pairing in self.account.pairings.clone() {
            if pairing.state_at(self.now(), self.epoch()) == PairingState::Proven {
                self.end_pairing(pairing.id, PairingState::Refused);
            }
        }
    }

    /// A factor was right on this settings page, not long ago.
    pub(super) fn used_a_factor_just_now(&self, prompt: &Prompt) -> bool {
        let recent = |at| self.now().since(at) <= self.policy().settings_factor_age;
        let challenge = prompt.challenge.and_then(|id| self.account.challenge(id));
        prompt.purpose == Purpose::Settings
            && challenge.is_some_and(|challenge| {
                matches!(challenge.state, ChallengeState::Approved | ChallengeState::Consumed | ChallengeState::Lapsed)
                    && challenge.approved_at.is_some_and(recent)
            })
    }
}
