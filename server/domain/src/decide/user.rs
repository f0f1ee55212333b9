//! Users: told by panels, locked by fraud reports, unlocked by desks and newer passwords, deleted for good.

use koppel_protocol::{Text, id::DeviceId, notice::NoticeKind};
use serde_json::json;

use super::draft::Draft;
use crate::{
    Account, Begun, Change, DeskAct, LoginName, Organisation, PutUser, Refusal, Reply, Time, User, UserStatus,
    alerts::Alerts, contacts::Unfit,
};

impl Draft<'_> {
    pub(super) fn put_user(&mut self, put: &PutUser) -> Result<Reply, Refusal> {
        let created = !self.exists();
        self.name_is_free(&put.login_name)?;
        let contacts =
            self.account.user.contacts.with(&put.contacts).map_err(|Unfit(why)| Refusal::InvalidField(why))?;
        if created {
            self.create_user(&put.login_name, put.display.as_ref());
        }
        let user = &mut self.account.user;
        let before = user.clone();
        user.login_name = Some(put.login_name.clone());
        if let Some(display) = &put.display {
            user.display = display.clone();
        }
        user.locale = put.locale.or(user.locale);
        user.group = put.group.clone().or_else(|| user.group.take());
        user.protected = put.protected.unwrap_or(user.protected);
        if let Some(enabled) = put.enabled {
            user.status = if enabled { UserStatus::Active } else { UserStatus::Disabled };
        }
        let (status, changed) = (user.status, *user != before);
        if status != before.status {
            self.note(if status == UserStatus::Active { "user.enabled" } else { "user.disabled" }, json!({}));
        } else if changed {
            self.note("user.changed", json!({}));
        }
        self.set_contacts(contacts);
        self.password_changed(put.password_changed_at);
        Ok(Reply::UserPut { created })
    }

    /// The user row exists from here on. A deleted user who comes back keeps id, chain and the memory of a factor.
    fn create_user(&mut self, login_name: &LoginName, display: Option<&Text>) {
        self.create();
        let user = &mut self.account.user;
        user.status = UserStatus::Active;
        user.login_name = Some(login_name.clone());
        user.display = display.cloned().unwrap_or_default();
        self.note("user.created", json!({}));
    }

    fn name_is_free(&self, name: &LoginName) -> Result<(), Refusal> {
        if name.is_of_operator() != (self.account.user.organisation == Organisation::OPERATORS) {
            return Err(Refusal::InvalidField("login names that begin with desk/ are those of operators"));
        }
        if self.context.found.login_name_taken { Err(Refusal::LoginNameTaken) } else { Ok(()) }
    }

    /// A login begins: an unknown user is made, a known one keeps its name.
    pub(super) fn begin_login(&mut self, login: &Begun) -> Result<(), Refusal> {
        if !self.exists() {
            self.name_is_free(&login.login_name)?;
            self.create_user(&login.login_name, login.display.as_ref());
        }
        self.password_changed(login.password_changed_at);
        Ok(())
    }

    /// A pairing begins by login: the directory knows the user, so we do too.
    pub(super) fn begin_pairing_by_login(&mut self, name: &LoginName) -> Result<(), Refusal> {
        if !self.exists() {
            self.name_is_free(name)?;
            self.create_user(name, None);
        }
        Ok(())
    }

    /// A password that is newer than the lock lifts it.
    fn password_changed(&mut self, at: Option<Time>) {
        let Some(at) = at.map(|at| at.min(self.now())) else { return };
        let known = self.account.user.password_changed_at;
        if known.is_none_or(|known| at > known) {
            self.account.user.password_changed_at = Some(at);
        }
        if self.account.user.lock.is_some_and(|lock| at > lock.at) {
            self.lift_lock("newer_password", None);
        }
    }

    /// Every phone is told, but for the one that lifted it itself.
    pub(super) fn lift_lock(&mut self, by: &str, phone: Option<DeviceId>) {
        if self.account.user.lock.take().is_some() {
            self.note("user.unlocked", json!({ "by": by }));
            self.notify_others(phone, NoticeKind::Unlocked, &Text::default());
        }
    }

    pub(super) fn unlock(&mut self) -> Result<Reply, Refusal> {
        self.at_the_desk(DeskAct::Unlock)?;
        self.lift_lock("desk", None);
        Ok(Reply::Done)
    }

    pub(super) fn delete_user(&mut self) -> Result<Reply, Refusal> {
        if !self.exists() {
            return Err(Refusal::NotFound);
        }
        let devices = std::mem::take(&mut self.account.devices);
        let at = self.now();
        self.forget_tries();
        self.put(Change::Erase);
        let User { id, organisation, external_id, ever_enrolled, created, chain_head, chain_length, version, .. } =
            self.account.user.clone();
        let status = UserStatus::Deleted { at };
        let bare = User::new(id, organisation, external_id, created);
        let user = User { status, ever_enrolled, chain_head, chain_length, version, alerts: Alerts::default(), ..bare };
        self.account = Account::of(user);
        for device in &devices {
            self.put(Change::PutDevice(Box::new(device.bare(at))));
        }
        self.note("user.deleted", json!({ "devices": devices.len() }));
        Ok(Reply::UserDeleted { devices })
    }

    /// Strangers' tries with this user's name are forgotten.
    pub(super) fn forget_tries(&mut self) {
        let user = &self.account.user;
        if let Some(login_name) = &user.login_name {
            let name = self.context.keys.name_in_budgets(user.organisation.as_bytes(), login_name);
            self.put(Change::ForgetSourceTries { name });
        }
    }
}
