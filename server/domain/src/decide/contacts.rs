//! Where a user is reached, as the panel tells it. The chain says what changed, never to what.

use serde_json::json;

use super::draft::Draft;
use crate::{Contacts, MailAddress, Mobile, PutContacts, Refusal, contacts::MAX_MAIL};

impl Draft<'_> {
    /// Where the user is reached from here on.
    ///
    /// # Errors
    /// [`Refusal::InvalidField`] where addresses are too many or the same, or a number is said to be the user's and there is none.
    pub(super) fn contacts_as_told(&self, put: &PutContacts) -> Result<Contacts, Refusal> {
        let mut contacts = self.account.user.contacts.clone();
        match &put.mobile {
            Some(Some(number)) => {
                let known = contacts.mobile.take().filter(|known| known.number == *number);
                contacts.mobile = Some(known.unwrap_or_else(|| Mobile { number: number.clone(), verified: false }));
            }
            Some(None) => contacts.mobile = None,
            None => {}
        }
        match (&mut contacts.mobile, put.mobile_verified) {
            (Some(mobile), Some(verified)) => mobile.verified = verified,
            (None, Some(true)) => return Err(Refusal::InvalidField("Field `mobile_verified`: there is no number.")),
            (_, None | Some(false)) => {}
        }
        if let Some(mail) = &put.mail {
            let twice = |(n, one): (usize, &MailAddress)| mail[..n].iter().any(|other| other.is_same_as(one));
            if mail.len() > MAX_MAIL || mail.iter().enumerate().any(twice) {
                return Err(Refusal::InvalidField("Field `mail`: at most three addresses, each of them once."));
            }
            contacts.mail.clone_from(mail);
        }
        Ok(contacts)
    }

    pub(super) fn set_contacts(&mut self, contacts: Contacts) {
        let before = std::mem::replace(&mut self.account.user.contacts, contacts);
        let after = &self.account.user.contacts;
        let changed = [("mobile", after.mobile != before.mobile), ("mail", after.mail != before.mail)];
        let kinds: Vec<_> = changed.into_iter().filter(|(_, changed)| *changed).map(|(kind, _)| kind).collect();
        if !kinds.is_empty() {
            self.note("user.contacts", json!({ "kinds": kinds }));
        }
    }
}
