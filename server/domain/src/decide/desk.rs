//! What only a desk does: look, let codes be typed again, and reset.
//!
//! Lost everything: what a user proved themselves with goes, so that support can set up a new phone with them.
//!
//! An ordinary user's is reset at once. A protected user's waits, or takes a second agent where the policy lets one: every phone of theirs is told, and a
//! factor that is right meanwhile takes the request back, for then it was not lost.

use koppel_protocol::{Text, notice::NoticeKind, phone_api::DeviceState};
use serde_json::json;

use super::draft::Draft;
use crate::{
    Actor, Change, CounterKind, DeskAct, Device, Material, MethodKind, MethodState, Refusal, Reply, Reset, ResetStep,
    Row,
};

impl Draft<'_> {
    pub(super) fn reset(&mut self, step: ResetStep) -> Result<Reply, Refusal> {
        let act = if step == ResetStep::Approve { DeskAct::ApproveReset } else { DeskAct::Reset };
        self.at_the_desk(act)?;
        let pending = self.account.user.reset.clone();
        match (step, pending) {
            (ResetStep::Ask, Some(_)) => Err(Refusal::AlreadyDecided),
            (ResetStep::Ask, None) if self.account.waits_for_a_reset(self.policy()) => Ok(self.ask_reset()),
            (ResetStep::Ask, None) => Ok(self.carry_out_reset("at_once")),
            (_, None) => Err(Refusal::NotFound),
            (ResetStep::Approve, Some(reset)) if self.agent() == Some(&reset.agent) => Err(Refusal::SecondAgent),
            (ResetStep::Approve, Some(_)) if self.policy().second_agent == 0 => Err(Refusal::NotYours),
            (ResetStep::Approve, Some(_)) => Ok(self.carry_out_reset("second_agent")),
            (ResetStep::CarryOut, Some(reset)) if self.now() < reset.due => {
                Err(Refusal::TooSoon { retry_after: self.now().until(reset.due) })
            }
            (ResetStep::CarryOut, Some(_)) => Ok(self.carry_out_reset("waited")),
            (ResetStep::Withdraw, Some(_)) => {
                self.withdraw_reset("desk");
                Ok(Reply::Done)
            }
        }
    }

    /// An accountable desk whose agent may do this, for a user that is there.
    pub(super) fn at_the_desk(&self, act: DeskAct) -> Result<(), Refusal> {
        if !self.exists() {
            return Err(Refusal::NotFound);
        }
        if !self.context.actor.is_accountable() {
            return Err(Refusal::InvalidField("agent, reason and ticket name who answers for this"));
        }
        match self.context.actor {
            Actor::Desk { via, .. } if via.may(act) => Ok(()),
            _ => Err(Refusal::NotYours),
        }
    }

    /// Who looks, why and by which ticket stands in the user's own chain.
    pub(super) fn look_up(&mut self) -> Result<Reply, Refusal> {
        self.at_the_desk(DeskAct::Look)?;
        self.note("desk.looked", json!({}));
        Ok(Reply::Done)
    }

    fn agent(&self) -> Option<&Text> {
        match self.context.actor {
            Actor::Desk { agent, .. } => Some(agent),
            _ => None,
        }
    }

    fn ask_reset(&mut self) -> Reply {
        let now = self.now();
        let due = now.plus(self.policy().reset_wait);
        let agent = self.agent().cloned().unwrap_or_default();
        self.account.user.reset = Some(Reset { agent, asked_at: now, due });
        self.note("reset.asked", json!({ "due": due.0 }));
        self.notify_others(None, NoticeKind::ResetAsked, &Text::default());
        Reply::ResetAsked { due }
    }

    /// Proof of what was said to be lost, or an agent, takes it back.
    pub(super) fn withdraw_reset(&mut self, by: &str) {
        if self.account.user.reset.take().is_some() {
            self.note("reset.withdrawn", json!({ "by": by }));
        }
    }

    /// Every phone and method goes; that there once was one stays known, so that a password alone sets nothing up.
    fn carry_out_reset(&mut self, how: &str) -> Reply {
        self.account.user.reset = None;
        self.end_everything_open();
        let gone: Vec<Device> =
            self.account.devices.iter().filter(|device| device.state != DeviceState::Revoked).cloned().collect();
        for device in &gone {
            self.move_device_because(device.clone(), DeviceState::Revoked, Some("reset"));
        }
        let methods: Vec<MethodKind> = self.account.methods.iter().map(|method| method.kind).collect();
        for kind in &methods {
            self.put(Change::Remove(Row::Method(*kind)));
            self.put(Change::Remove(Row::Counter(CounterKind::failures(*kind))));
        }
        self.note("user.reset", json!({ "how": how, "devices": gone.len(), "methods": methods }));
        Reply::Reset { devices: gone }
    }

    /// Codes of a method count again after so many wrong ones that typing was disabled, or while it pauses.
    pub(super) fn enable_typing(&mut self, kind: MethodKind) -> Result<Reply, Refusal> {
        self.at_the_desk(DeskAct::EnableTyping)?;
        let method = self.account.method(kind).cloned().ok_or(Refusal::NoSuchMethod)?;
        self.put(Change::Remove(Row::Counter(CounterKind::failures(kind))));
        if method.state == MethodState::CodesDisabled {
            let state = if method.material == Material::Phones { MethodState::Unproven } else { MethodState::Active };
            self.set_method_state(kind, state);
        }
        self.note("method.typing_enabled", json!({ "method": kind }));
        self.tell_of_method(kind);
        Ok(Reply::Done)
    }
}
