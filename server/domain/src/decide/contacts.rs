//! Where a user is reached, as the panel tells it. The chain says what changed, never to what.

use serde_json::json;

use super::draft::Draft;
use crate::Contacts;

impl Draft<'_> {
    pub(super) fn set_contacts(&mut self, contacts: Contacts) {
        let now = self.now();
        let before = std::mem::replace(&mut self.account.user.contacts, contacts);
        let dropped = self.account.user.contacts.follow(&before, now);
        let after = &self.account.user.contacts;
        let changed = [("mobile", after.mobile != before.mobile), ("mail", after.mail != before.mail)];
        let kinds: Vec<_> = changed.into_iter().filter(|(_, changed)| *changed).map(|(kind, _)| kind).collect();
        if !kinds.is_empty() {
            self.note("user.contacts", json!({ "kinds": kinds, "dropped": dropped }));
        }
    }
}
