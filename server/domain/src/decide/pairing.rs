//! A phone knocks, and opens what it committed to. Doors identify; only a confirmer activates.

use koppel_protocol::{Bytes, id::InvitationId, notice::NoticeKind, pairing::verify_link_mac, phone_api::DeviceState};
use serde_json::json;

use super::{draft::Draft, guard::same};
use crate::{
    Change, Device, Door, DoorKind, Invitation, Pairing, PairingState, Question, Refusal, Reply, Reveal, Revealed,
    StartPairing,
    plan::{self, Wanted},
};

/// How far the signed `iat` of the second message may lie from the transaction's time.
const SKEW: u64 = 2;
/// The window of the login door's transcripts.
const LOGIN_WINDOW: u32 = 600;
const WRONG: Refusal = Refusal::WrongCode { tries_left: None };

impl Draft<'_> {
    pub(super) fn start_pairing(&mut self, start: &StartPairing) -> Result<Reply, Refusal> {
        // A lost answer: the same first message gets the same second one.
        if let Some(known) = self.account.pairings.iter().find(|pairing| same(&pairing.c, &start.c)) {
            return Ok(Reply::PairingStarted { m2: known.m2.clone() });
        }
        let (door, invitation) = match &start.door {
            Door::Link { invitation, mac } => (DoorKind::Link, Some(self.by_link(*invitation, mac, start)?)),
            Door::Code { code, .. } => (DoorKind::Code, Some(self.by_code(code)?)),
            Door::Login { name } => {
                self.by_login(name)?;
                (DoorKind::Login, None)
            }
        };
        self.not_locked()?;
        self.still_fits(start)?;
        if let Some(invitation) = &invitation {
            self.put(Change::PutInvitation(Invitation {
                transcripts: invitation.transcripts + 1,
                ..invitation.clone()
            }));
        }
        let pairing = Pairing {
            id: start.pairing,
            door,
            invitation: invitation.map(|invitation| invitation.id),
            c: start.c,
            commitment: start.commitment,
            m2: start.m2.clone(),
            revealed: None,
            number_tries: 0,
            until: start.until,
            state: PairingState::Committed,
            ip: self.context.source.map(|source| source.ip.clone()),
            epoch: self.epoch(),
            created: self.now(),
        };
        self.move_pairing(pairing, PairingState::Committed);
        Ok(Reply::PairingStarted { m2: start.m2.clone() })
    }

    fn by_link(&mut self, id: InvitationId, mac: &Bytes<32>, start: &StartPairing) -> Result<Invitation, Refusal> {
        let k = self.context.keys.link_secret(id);
        let t = Bytes::new(*id.as_bytes());
        let right = verify_link_mac(&k, &self.context.signer.server_id, &t, &start.commitment, mac);
        let invitation = self.account.invitation(id).cloned();
        match invitation {
            Some(invitation) if right => self.usable(invitation.clone(), invitation.link_until),
            _ => {
                self.note("invitation.wrong_link", json!({}));
                Err(WRONG)
            }
        }
    }

    fn by_code(&mut self, code: &koppel_protocol::Koppelcode) -> Result<Invitation, Refusal> {
        // Where there is no invitation a dummy is compared, so that the answer takes as long.
        let invitation = self.account.invitations.first().cloned();
        let dummy = InvitationId::from_bytes([0; 16]);
        let expected = self.context.keys.koppelcode(invitation.as_ref().map_or(dummy, |invitation| invitation.id));
        let counted =
            invitation.map(|invitation| Invitation { failed_tries: invitation.failed_tries + 1, ..invitation });
        if let Some(invitation) = &counted {
            self.put(Change::PutInvitation(invitation.clone()));
        }
        let right = expected == *code;
        match counted {
            Some(invitation) if right && invitation.failed_tries <= self.policy().koppelcode_tries => {
                let given_back = Invitation { failed_tries: invitation.failed_tries - 1, ..invitation };
                self.put(Change::PutInvitation(given_back.clone()));
                let until = given_back.code_until;
                self.usable(given_back, Some(until))
            }
            Some(_) => {
                self.note("invitation.wrong_code", json!({}));
                Err(WRONG)
            }
            None => Err(WRONG),
        }
    }

    /// Live, unused, and not begun too often. Only who holds the right secret hears that it was used.
    fn usable(&self, invitation: Invitation, until: Option<crate::Time>) -> Result<Invitation, Refusal> {
        let live = until.is_some_and(|until| self.now() < until) && invitation.epoch == self.epoch();
        if invitation.used_by.is_some() {
            Err(Refusal::CodeUsed)
        } else if !live || invitation.transcripts >= self.policy().transcripts {
            Err(WRONG)
        } else {
            Ok(invitation)
        }
    }

    fn by_login(&mut self, name: &crate::LoginName) -> Result<(), Refusal> {
        if self.policy().login_door == 0 {
            return Err(Refusal::NotFound);
        }
        let now = self.now();
        let lately = |pairing: &&Pairing| pairing.door == DoorKind::Login && now.since(pairing.created) < LOGIN_WINDOW;
        if self.account.pairings.iter().filter(lately).count() >= self.policy().transcripts as usize {
            return Err(Refusal::TooManyTries { retry_after: LOGIN_WINDOW });
        }
        self.begin_pairing_by_login(name)
    }

    /// The second message was signed now, by the present key, for this account.
    fn still_fits(&self, start: &StartPairing) -> Result<(), Refusal> {
        let fits = start.signed_by == self.context.signer.version
            && self.now().apart(start.iat) <= SKEW
            && start.until == start.iat.plus(self.policy().pairing_lifetime)
            && start.account == *self.account.user.shown()
            && self.account.pairing(start.pairing).is_none();
        if fits { Ok(()) } else { Err(Refusal::Stale) }
    }

    pub(super) fn reveal(&mut self, reveal: &Reveal) -> Result<Reply, Refusal> {
        let pairing = self.account.pairing(reveal.pairing).cloned().ok_or(Refusal::NotFound)?;
        if let Some(revealed) = &pairing.revealed {
            // The same third message gets the same answer; a second, other one comes too late.
            return if same(&revealed.m3, &reveal.m3) {
                Ok(Reply::Revealed { device: revealed.device, until: pairing.until })
            } else {
                Err(Refusal::CodeUsed)
            };
        }
        if pairing.state != PairingState::Committed {
            return Err(Refusal::Expired);
        }
        if !same(&pairing.commitment, &reveal.commitment) {
            return Err(Refusal::InvalidField("O is not what the phone committed to"));
        }
        self.not_locked()?;
        let handover = self.handover(&pairing, reveal)?;
        self.use_up_invitation(&pairing)?;
        self.add_pending_device(reveal);
        let until = pairing.until;
        let (id, name) = (pairing.id, reveal.name.clone());
        let revealed = Revealed { m3: reveal.m3, transcript: reveal.transcript, device: reveal.device };
        self.move_pairing(Pairing { revealed: Some(revealed), ..pairing }, PairingState::Proven);
        self.notify_others(Some(reveal.device), NoticeKind::DeviceAdded, &name);
        if let Some(prepared) = handover {
            let alert = self.ring();
            self.begin_challenge(Question::ConfirmPairing { pairing: id }, prepared, alert, until)?;
        }
        Ok(Reply::Revealed { device: reveal.device, until })
    }

    /// Older phones that can approve are asked; where there are none nobody is.
    fn handover<'r>(&self, pairing: &Pairing, reveal: &'r Reveal) -> Result<Option<&'r crate::Prepared>, Refusal> {
        let wanted = Wanted::Handover { until: pairing.until };
        let nobody = plan::plan(&self.account, wanted, self.policy(), self.now()).is_err();
        match (&reveal.handover, nobody) {
            (None, true) => Ok(None),
            (Some(_), true) => Err(Refusal::Stale),
            (prepared, false) => self.hold(wanted, prepared.as_deref()).map(Some),
        }
    }

    /// First wins: an invitation that is used, or that a newer one replaced, lets nobody in.
    fn use_up_invitation(&mut self, pairing: &Pairing) -> Result<(), Refusal> {
        let Some(id) = pairing.invitation else { return Ok(()) };
        let Some(invitation) = self.account.invitation(id).filter(|invitation| invitation.used_by.is_none()).cloned()
        else {
            self.note("invitation.used_twice", json!({ "invitation": id, "pairing": pairing.id }));
            return Err(Refusal::CodeUsed);
        };
        self.put(Change::PutInvitation(Invitation { used_by: Some(pairing.id), ..invitation }));
        Ok(())
    }

    fn add_pending_device(&mut self, reveal: &Reveal) {
        let now = self.now();
        let device = Device {
            id: reveal.device,
            user: self.account.user.id,
            pairing: reveal.pairing,
            name: reveal.name.clone(),
            platform: reveal.platform,
            keys: reveal.keys.clone(),
            auth: reveal.auth.clone(),
            state: DeviceState::Pending,
            endorsement: None,
            proven_at: None,
            confirmed_by: None,
            created: now,
            activated_at: None,
            last_seen: now,
            revoked_at: None,
        };
        self.move_device(device, DeviceState::Pending);
    }
}
