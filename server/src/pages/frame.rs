//! What stands around every page.

use koppel_domain::SupportContact;

use super::{Language, Look, Texts};

/// The frame of a page: its language, whose page it is, and for which account.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The language of every sentence.
    pub language: Language,
    /// The name that stands first: the relying party's, or the organisation's where no relying
    /// party is known yet.
    pub party: String,
    /// The user name that the page is about; nothing is shown where it is not certain.
    pub account: Option<String>,
    /// Whom to ring when nothing works, where that is known.
    pub support: Option<Support>,
    /// The relying party's own colour and logo.
    pub look: Look,
}

/// Whom to ring when nothing works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// What a telephone dials, and what people read.
    pub telephone: Option<(String, String)>,
    /// The address of a page, and its host.
    pub web: Option<(String, String)>,
    /// A few words more.
    pub note: Option<String>,
}

impl Support {
    /// What pages show of a contact; none: nothing is known.
    pub fn of(contact: &SupportContact) -> Option<Support> {
        if *contact == SupportContact::default() {
            return None;
        }
        let dialled = |text: &str| text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        let host = |web: &str| {
            let url = url::Url::parse(web).ok();
            url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| web.to_owned())
        };
        Some(Support {
            telephone: contact.telephone.as_ref().map(|text| (dialled(text.as_str()), text.to_string())),
            web: contact.web.as_ref().map(|web| (web.clone(), host(web))),
            note: contact.note.as_ref().map(ToString::to_string),
        })
    }
}

impl Frame {
    /// A page of nobody in particular.
    pub fn of(language: Language, party: impl Into<String>) -> Frame {
        Frame { language, party: party.into(), account: None, support: None, look: Look::default() }
    }

    /// The sentences of this page.
    pub fn texts(&self) -> Texts {
        Texts::new(self.language)
    }

    /// The letter on the relying party's tile.
    pub(crate) fn initial(&self) -> String {
        self.party
            .chars()
            .find(|letter| letter.is_alphanumeric())
            .map_or_else(String::new, |letter| letter.to_uppercase().collect())
    }
}

/// The picture above a page that only says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It worked.
    Good,
    /// The clock ended it.
    Time,
    /// The door is shut on purpose.
    Shut,
    /// Anything else worth knowing.
    Notice,
}

/// Where the forms of a bound page go.
#[derive(Clone, Debug)]
pub struct Forms {
    /// The address of the page without a slash at the end: `/p/pr_…`. A form posts to
    /// `<path>/check`, `/deliver`, `/enrol`, `/confirm` or `/finish`; the script polls
    /// `<path>/state`.
    pub path: String,
    /// Sent along as `form_token` by every form.
    pub token: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tile_shows_the_first_letter_of_the_name() {
        for (party, initial) in [("voorbeeld telecom", "V"), ("“Élan”", "É"), ("…", "")] {
            let frame = Frame::of(Language::Dutch, party);
            assert_eq!(frame.initial(), initial);
        }
    }
}
