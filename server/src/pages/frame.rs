//! What stands around every page.

use super::{Language, Texts};

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
}

impl Frame {
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
            let frame = Frame { language: Language::Dutch, party: party.to_owned(), account: None };
            assert_eq!(frame.initial(), initial);
        }
    }
}
