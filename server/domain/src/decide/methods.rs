//! The methods of an account: made primary, removed, brought along from elsewhere. Setting them up is in `setup`.

use koppel_protocol::{Text, id::DeviceId, notice::NoticeKind, phone_api::DeviceState};
use serde_json::json;

use super::draft::Draft;
use crate::{
    Actor, Authenticator, Change, CounterKind, Device, Material, Method, MethodChange, MethodKind, MethodRules,
    MethodState, OnPage, Purpose, Refusal, Reply, Row, SharedBytes,
};

impl Draft<'_> {
    /// A settings page on which a factor was used just now. What is left afterwards is never less than the policy asks.
    pub(super) fn change_methods(&mut self, page: &OnPage, change: &MethodChange) -> Result<Reply, Refusal> {
        let prompt = self.held_page(page.prompt, page.cookie)?;
        if prompt.relying_party != page.terms.id {
            return Err(Refusal::NotFound);
        }
        self.not_locked()?;
        if prompt.purpose != Purpose::Settings || !self.used_a_factor_just_now(&prompt) {
            return Err(Refusal::NotVerified);
        }
        let rules = page.terms.methods;
        match change {
            MethodChange::MakePrimary(kind) => {
                if *kind == MethodKind::Recovery || !self.account.can_use(*kind, rules) {
                    return Err(Refusal::NoSuchMethod);
                }
                self.make_primary(*kind);
            }
            MethodChange::Remove(kind) => {
                self.account.method(*kind).ok_or(Refusal::NoSuchMethod)?;
                if *kind == MethodKind::App {
                    return Err(Refusal::InvalidField("phones are removed one by one"));
                }
                if !self.account.can_spare_method(*kind, rules) {
                    return Err(Refusal::LastMethod);
                }
                self.remove_method(*kind);
            }
            MethodChange::RemovePhone(id) => {
                let phone = self.account.device(*id).cloned().ok_or(Refusal::NotFound)?;
                if phone.is_active() && !self.account.can_spare_phone(*id, rules) {
                    return Err(Refusal::LastMethod);
                }
                self.remove_phone(phone);
            }
            MethodChange::ForgetBrowser(hash) => {
                let browsers = &mut self.account.user.browsers;
                let before = browsers.len();
                browsers.retain(|browser| browser.hash != *hash);
                if browsers.len() < before {
                    self.note("browser.forgotten", json!({}));
                }
            }
            MethodChange::RenamePhone(id, name) => {
                let phone = self.account.device(*id).filter(|device| device.is_active()).cloned();
                let phone = phone.ok_or(Refusal::NotFound)?;
                if name.is_empty() {
                    return Err(Refusal::InvalidField("a phone has a name"));
                }
                self.put(Change::PutDevice(Box::new(Device { name: name.clone(), ..phone })));
                self.note("device.renamed", json!({ "device": id }));
            }
        }
        Ok(Reply::Done)
    }

    /// This one is asked first.
    pub(super) fn make_primary(&mut self, kind: MethodKind) {
        for method in self.account.methods.clone() {
            let primary = method.kind == kind;
            if method.primary != primary {
                self.put(Change::PutMethod(Method { primary, ..method }));
            }
        }
        self.note("method.primary", json!({ "method": kind }));
    }

    /// A panel or desk removes a method, whatever is left: who then has none is set up anew with support.
    pub(super) fn remove_method_for(&mut self, kind: MethodKind) -> Result<Reply, Refusal> {
        if !matches!(self.context.actor, Actor::Panel { .. } | Actor::Desk { .. }) {
            return Err(Refusal::NotFound);
        }
        if kind == MethodKind::App {
            return Err(Refusal::InvalidField("phones are removed one by one"));
        }
        if self.account.method(kind).is_some() {
            self.remove_method(kind);
        }
        Ok(Reply::Done)
    }

    fn remove_method(&mut self, kind: MethodKind) {
        let was_primary = self.account.method(kind).is_some_and(|method| method.primary);
        self.put(Change::Remove(Row::Method(kind)));
        self.put(Change::Remove(Row::Counter(CounterKind::failures(kind))));
        self.note("method.removed", json!({ "method": kind }));
        if was_primary {
            self.choose_primary();
        }
        self.tell_of_method(kind);
    }

    /// Where nobody is first, the app is, else the authenticator.
    fn choose_primary(&mut self) {
        let rules = MethodRules::default();
        let first = [MethodKind::App, MethodKind::Totp].into_iter().find(|kind| self.account.can_use(*kind, rules));
        if let Some(kind) = first.filter(|kind| self.account.method(*kind).is_some()) {
            self.make_primary(kind);
        }
    }

    /// Every phone hears that something about the methods changed.
    pub(super) fn tell_of_method(&mut self, kind: MethodKind) {
        self.notify_others(None, NoticeKind::FactorChanged, &Text::clean(kind.name()));
    }

    pub(super) fn set_method_state(&mut self, kind: MethodKind, state: MethodState) {
        let now = self.now();
        let method = match self.account.method(kind).cloned() {
            Some(method) => Method { state, ..method },
            None => Method::new(kind, state, Material::Phones, now),
        };
        self.put(Change::PutMethod(method));
    }

    /// The user proved it elsewhere, and the panel answers for that. It counts at once; a proven one here is never replaced.
    pub(super) fn import_authenticator(&mut self, seed: &SharedBytes) -> Result<Reply, Refusal> {
        if !self.exists() || !matches!(self.context.actor, Actor::Panel { .. } | Actor::Desk { .. }) {
            return Err(Refusal::NotFound);
        }
        let held = self.account.method(MethodKind::Totp).and_then(Method::authenticator).cloned().unwrap_or_default();
        if held.seed.is_some() {
            return Err(Refusal::AlreadyDecided);
        }
        // A code that was typed elsewhere a moment ago does not count here again.
        let last_step = self.now().0 / crate::authenticator::STEP;
        self.activate_authenticator(Authenticator {
            seed: Some(seed.clone()),
            since: Some(self.now()),
            last_step,
            waiting: None,
        });
        self.note("method.imported", json!({ "method": MethodKind::Totp }));
        Ok(Reply::Done)
    }

    /// The authenticator counts from now.
    pub(super) fn activate_authenticator(&mut self, authenticator: Authenticator) {
        let now = self.now();
        let kind = MethodKind::Totp;
        let former = self.account.method(kind).cloned();
        let former = former.unwrap_or_else(|| Method::new(kind, MethodState::Unproven, Material::Phones, now));
        let material = Material::Authenticator(authenticator);
        self.put(Change::PutMethod(Method { state: MethodState::Active, material, ..former }));
        self.put(Change::Remove(Row::Counter(CounterKind::failures(kind))));
        self.account.user.ever_enrolled = true;
        self.account.user.postponed = None;
        if !self.account.methods.iter().any(|method| method.primary) {
            self.make_primary(kind);
        }
    }

    /// The phone is gone, and with it the app when it was the last.
    pub(super) fn remove_phone(&mut self, device: Device) {
        if device.state == DeviceState::Revoked {
            return;
        }
        let (id, pairing, name): (DeviceId, _, _) = (device.id, device.pairing, device.name.clone());
        self.move_device(device, DeviceState::Revoked);
        if self.account.pairing(pairing).is_some_and(|pairing| !pairing.state.is_final()) {
            self.end_pairing(pairing, crate::PairingState::Refused);
        }
        let app = self.account.method(MethodKind::App).cloned();
        if let Some(method) = app.filter(|method| method.primary && !self.account.has_a_phone()) {
            self.put(Change::PutMethod(Method { primary: false, ..method }));
            self.choose_primary();
        }
        self.notify_others(Some(id), NoticeKind::DeviceRemoved, &name);
    }
}
