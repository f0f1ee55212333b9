//! Where a user is reached, as panels tell it.
//!
//! Nobody reads it back: answers are masked for every scope. The panel told it and has it; whoever got hold of a key would otherwise
//! have a directory of telephone numbers (`threats` rows 30, 45 and 47).

use koppel_domain::{PutContacts, Region};
use koppel_protocol::SecretText;
use serde::{Deserialize, Deserializer};

use crate::contacts;
use crate::problem::{Problem, Slug};

/// A field that may be left out (stays) or null (goes).
pub(super) type Told<T> = Option<Option<T>>;

/// For a field with `#[serde(default)]`: null is something else than nothing.
pub(super) fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Told<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What a body says.
pub(super) fn read(
    mobile: Told<SecretText>,
    mobile_verified: Option<bool>,
    mail: Told<Vec<SecretText>>,
    region: Region,
) -> Result<PutContacts, Problem> {
    let number = |typed: SecretText| {
        let wrong = |wrong| Problem::because(Slug::InvalidField, format!("Field `mobile`: {wrong}."));
        contacts::mobile(typed.expose(), region).map_err(wrong)
    };
    let address = |(n, typed): (usize, &SecretText)| {
        let wrong = |wrong| Problem::because(Slug::InvalidField, format!("Field `mail[{n}]`: {wrong}."));
        contacts::address(typed.expose()).map_err(wrong)
    };
    let addresses = |typed: Vec<SecretText>| typed.iter().enumerate().map(address).collect::<Result<Vec<_>, _>>();
    Ok(PutContacts {
        mobile: mobile.map(|mobile| mobile.map(number).transpose()).transpose()?,
        mobile_verified,
        mail: mail.map(|mail| addresses(mail.unwrap_or_default())).transpose()?,
    })
}
