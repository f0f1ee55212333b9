//! Whom users ring when nothing works: what is typed, and what may stand on a page.

use koppel_domain::SupportContact;
use koppel_protocol::Text;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::rules::Wrong;

/// The longest address of a page.
const LONGEST_WEB: usize = 200;
/// A telephone number has so many digits (ITU-T E.164), short ones of one country too.
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

/// Another contact, as it is typed: what is left out stays, what is empty goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportChange {
    /// A telephone number.
    pub telephone: Option<String>,
    /// The https address of a page.
    pub web: Option<String>,
    /// A few words more.
    pub note: Option<String>,
}

impl SupportChange {
    /// The contact that comes of it.
    ///
    /// # Errors
    /// [`Wrong`].
    pub(crate) fn of(self, before: SupportContact) -> Result<SupportContact, Wrong> {
        Ok(SupportContact {
            telephone: changed(self.telephone, before.telephone, telephone)?,
            web: changed(self.web, before.web, web)?,
            note: changed(self.note, before.note, note)?,
        })
    }
}

fn changed<T>(
    typed: Option<String>,
    before: Option<T>,
    parse: impl FnOnce(&str) -> Result<T, Wrong>,
) -> Result<Option<T>, Wrong> {
    match typed.as_deref().map(str::trim) {
        None => Ok(before),
        Some("") => Ok(None),
        Some(typed) => parse(typed).map(Some),
    }
}

fn telephone(typed: &str) -> Result<Text, Wrong> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '.');
    let digits = typed.chars().filter(char::is_ascii_digit).count();
    if !typed.chars().all(plain) || typed.rfind('+').is_some_and(|at| at > 0) || !DIGITS.contains(&digits) {
        return Err(Wrong::Telephone);
    }
    Text::exact(typed).map_err(|_| Wrong::Telephone)
}

fn web(typed: &str) -> Result<String, Wrong> {
    let url = Url::parse(typed).map_err(|_| Wrong::Web)?;
    let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    let text = url.to_string();
    if plain && url.host().is_some() && text.len() <= LONGEST_WEB { Ok(text) } else { Err(Wrong::Web) }
}

fn note(typed: &str) -> Result<Text, Wrong> {
    Text::exact(typed).map_err(|_| Wrong::Note)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(telephone: &str, web: &str, note: &str) -> Result<SupportContact, Wrong> {
        let typed = |text: &str| Some(text.to_owned());
        SupportChange { telephone: typed(telephone), web: typed(web), note: typed(note) }.of(SupportContact::default())
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_empty_goes() {
        let whole = made(" 085 - 123 45 67 ", "https://help.voorbeeld.nl/2fa", "ma\u{2013}vr 9\u{2013}17 uur").unwrap();
        assert_eq!(whole.telephone.as_ref().map(Text::as_str), Some("085 - 123 45 67"));
        assert_eq!(SupportChange::default().of(whole.clone()), Ok(whole.clone()));
        let note = SupportChange { note: Some(String::new()), ..SupportChange::default() };
        assert_eq!(note.of(whole.clone()), Ok(SupportContact { note: None, ..whole }));
    }

    #[test]
    fn what_is_no_number_no_page_and_no_short_text_is_refused() {
        for wrong in ["12", "0900-BEL-ONS", "085+1", "1234567890123456", "085\u{202e}123", "javascript:1234"] {
            assert_eq!(made(wrong, "", ""), Err(Wrong::Telephone), "{wrong}");
        }
        let long = format!("https://a.nl/{}", "x".repeat(200));
        for wrong in ["help.voorbeeld.nl", "http://help.nl", "javascript:alert(1)", "https://a:b@help.nl", &long] {
            assert_eq!(made("", wrong, ""), Err(Wrong::Web), "{wrong}");
        }
        for wrong in ["a\u{202e}b", "a\nb", &"x".repeat(65)] {
            assert_eq!(made("", "", wrong), Err(Wrong::Note), "{wrong:?}");
        }
    }
}
