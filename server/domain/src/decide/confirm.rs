//! The check number: typed where the user already is, three tries, and the phone is active.

use koppel_protocol::{Digits, id::PairingId, notice::NoticeKind, phone_api::DeviceState};
use serde_json::json;

use super::draft::Draft;
use crate::{
    Change, ConfirmedBy, Confirmer, CounterKind, DeskAct, Device, Endorsement, MethodKind, MethodState, Pairing,
    PairingState, Refusal, Reply, Row,
};

impl Draft<'_> {
    pub(super) fn confirm_pairing(&mut self, id: PairingId, number: &Digits, by: &Confirmer) -> Result<Reply, Refusal> {
        let confirmed_by = match by {
            Confirmer::Page { prompt, cookie } => {
                self.page_that_may_set_up(*prompt, *cookie)?;
                ConfirmedBy::Page
            }
            Confirmer::Desk => {
                self.at_the_desk(DeskAct::Confirm)?;
                if self.account.waits_for_a_reset(self.policy()) {
                    return Err(Refusal::ResetFirst);
                }
                ConfirmedBy::Desk
            }
        };
        self.not_locked()?;
        let pairing = self.confirmable(id)?;
        let (expected, tries_left) = self.count_check_number(&pairing)?;
        if expected != *number {
            self.note("pairing.wrong_number", json!({ "pairing": id, "tries_left": tries_left }));
            if tries_left == 0 {
                self.end_pairing(id, PairingState::Refused);
            }
            return Err(Refusal::WrongNumber { tries_left });
        }
        let confirmed = self.activate(id, confirmed_by, None)?;
        if let Confirmer::Page { prompt, .. } = by {
            // The page has set up what it was to set up.
            let prompt = self.prompt(*prompt)?;
            self.choose(&prompt, None)?;
        }
        Ok(confirmed)
    }

    /// A pairing that waits for its check number.
    pub(super) fn confirmable(&self, id: PairingId) -> Result<Pairing, Refusal> {
        let pairing = self.account.pairing(id).cloned().ok_or(Refusal::NotFound)?;
        match pairing.state {
            PairingState::Proven => Ok(pairing),
            PairingState::Committed => Err(Refusal::NotVerified),
            PairingState::Confirmed => Err(Refusal::AlreadyDecided),
            PairingState::Refused | PairingState::Expired => Err(Refusal::Expired),
        }
    }

    /// Counts the try, then gives the number to compare with, and how many tries are left.
    pub(super) fn count_check_number(&mut self, pairing: &Pairing) -> Result<(Digits, u32), Refusal> {
        let transcript = pairing.revealed.as_ref().map(|revealed| revealed.transcript).ok_or(Refusal::NotVerified)?;
        let number_tries = pairing.number_tries + 1;
        self.put(Change::PutPairing(Box::new(Pairing { number_tries, ..pairing.clone() })));
        Ok((transcript.check_number(), self.policy().check_tries.saturating_sub(number_tries)))
    }

    /// `PENDING → ACTIVE`. The only function that activates a phone.
    pub(super) fn activate(
        &mut self,
        id: PairingId,
        by: ConfirmedBy,
        endorsement: Option<Endorsement>,
    ) -> Result<Reply, Refusal> {
        let pairing = self.confirmable(id)?;
        let device = pairing.revealed.as_ref().and_then(|revealed| self.account.device(revealed.device)).cloned();
        let device = device.filter(|device| device.state == DeviceState::Pending).ok_or(Refusal::Expired)?;
        let (device_id, name) = (device.id, device.name.clone());
        self.move_pairing(pairing, PairingState::Confirmed);
        let last_seen = self.now();
        self.move_device(Device { confirmed_by: Some(by), endorsement, last_seen, ..device }, DeviceState::Active);
        self.account.user.ever_enrolled = true;
        self.account.user.postponed = None;
        match self.account.method(MethodKind::App).map(|method| method.state) {
            None => self.set_method_state(MethodKind::App, MethodState::Unproven),
            Some(MethodState::CodesDisabled) => {
                // The method is bound anew: typed codes begin at zero.
                self.put(Change::Remove(Row::Counter(CounterKind::CodeFailures)));
                self.set_method_state(MethodKind::App, MethodState::Unproven);
            }
            Some(MethodState::Unproven | MethodState::Active) => {}
        }
        // The first phone makes the app the first choice; whoever prefers another says so in the settings.
        let phones = self.account.active_devices().count();
        if phones == 1 {
            self.make_primary(MethodKind::App);
        }
        self.notify_others(Some(device_id), NoticeKind::FactorChanged, &name);
        self.withdraw_handover(id);
        Ok(Reply::Confirmed { device: device_id })
    }
}
