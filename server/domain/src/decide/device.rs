//! What phones tell, and their end.

use koppel_protocol::{
    id::DeviceId,
    phone_api::{ChallengeReceipt, Receipt, ReceiptKind},
};
use serde_json::json;

use super::draft::Draft;
use crate::{
    Actor, Change, ConfirmedBy, DeliveryState, Device, DeviceCopy, MethodKind, MethodState, Refusal, Reply, Row,
};

impl Draft<'_> {
    /// The first proven request after activation proves that the phone took it; confirmed by support or an older phone,
    /// the method is proven with it.
    pub(super) fn seen(&mut self, id: DeviceId) -> Result<Reply, Refusal> {
        let device = self.active_device(id)?;
        let first = device.proven_at.is_none();
        let by = device.confirmed_by;
        let now = self.now();
        self.put(Change::PutDevice(Box::new(Device {
            last_seen: now,
            proven_at: device.proven_at.or(Some(now)),
            ..device
        })));
        if first {
            self.note("device.proven", json!({ "device": id }));
            let unproven =
                self.account.method(MethodKind::App).is_some_and(|method| method.state == MethodState::Unproven);
            if unproven && matches!(by, Some(ConfirmedBy::Desk | ConfirmedBy::Phone)) {
                self.set_method_state(MethodKind::App, MethodState::Active);
            }
        }
        Ok(Reply::Done)
    }

    pub(super) fn receive(&mut self, id: DeviceId, receipts: &[Receipt]) -> Result<Reply, Refusal> {
        self.active_device(id)?;
        for receipt in receipts {
            match receipt {
                Receipt::Challenge(receipt) => self.receive_challenge(id, receipt),
                Receipt::Notice(receipt) => {
                    let own = self.account.notices.iter().any(|notice| notice.id == receipt.nid && notice.device == id);
                    if own {
                        self.put(Change::Remove(Row::Notice(receipt.nid)));
                    }
                }
            }
        }
        Ok(Reply::Done)
    }

    fn receive_challenge(&mut self, device: DeviceId, receipt: &ChallengeReceipt) {
        let Some(copy) = self.account.copy(receipt.cid, receipt.seq, device).cloned() else { return };
        let now = self.now();
        let shown = receipt.kind == ReceiptKind::Shown;
        let told = DeviceCopy {
            arrived_at: copy.arrived_at.or(Some(now)),
            shown_at: copy.shown_at.or(shown.then_some(now)),
            alert: copy.alert.or(receipt.alert),
            road: copy.road.or(Some(receipt.road)),
            ..copy.clone()
        };
        if told == copy {
            return;
        }
        self.put(Change::PutCopy(Box::new(told)));
        let Some(mut challenge) = self.account.challenge(receipt.cid).cloned() else { return };
        let reached = if shown { DeliveryState::Shown } else { DeliveryState::Arrived };
        let further = challenge.deliveries.iter_mut().find(|delivery| delivery.seq == receipt.seq);
        if let Some(delivery) = further.filter(|delivery| delivery.state.goes_on_to(reached)) {
            delivery.state = reached;
            self.put_challenge(challenge);
        }
    }

    /// Removes a phone: itself, or any of the account's by a panel or desk. A page proves no more than a password.
    pub(super) fn remove_device(&mut self, id: DeviceId) -> Result<Reply, Refusal> {
        let may = match self.context.actor {
            Actor::Phone { device, .. } => *device == Some(id),
            Actor::Browser { .. } => false,
            _ => true,
        };
        if !may {
            return Err(Refusal::NotFound);
        }
        let device = self.account.device(id).cloned().ok_or(Refusal::NotFound)?;
        self.remove_phone(device);
        Ok(Reply::Done)
    }
}

impl DeliveryState {
    /// Receipts come in any order and more than once: a delivery only goes forward, and an ended one is over.
    fn goes_on_to(self, next: Self) -> bool {
        match self {
            Self::Ended | Self::Ready => false,
            Self::Unreached => true,
            Self::Queued | Self::Sent | Self::Arrived | Self::Shown => next > self,
        }
    }
}
