//! Where a user is reached, as pages show it: masked, also to the user.

use koppel_domain::{Contacts, MailAddress};

/// A number and addresses, masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// To call.
    pub mobile: Option<String>,
    /// Whether the panel says that the number is the user's.
    pub verified: bool,
    /// To write to.
    pub mail: Vec<String>,
}

impl Reached {
    pub(crate) fn of(contacts: &Contacts) -> Reached {
        let mobile = contacts.mobile.as_ref();
        Reached {
            mobile: mobile.map(|mobile| mobile.number.masked()),
            verified: mobile.is_some_and(|mobile| mobile.verified),
            mail: contacts.mail.iter().map(MailAddress::masked).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.mobile.is_none() && self.mail.is_empty()
    }
}
