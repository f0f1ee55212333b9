//! What users are called: by their panel ([`ExternalId`]) and by themselves ([`LoginName`]).

use std::{fmt, str::FromStr};

use koppel_protocol::Text;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use unicode_normalization::UnicodeNormalization;

/// The text cannot be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    /// Empty, longer than 64 bytes, or with characters that are not shown.
    #[error("expected 1 to 64 bytes of text, without control, bidirectional or invisible characters")]
    Unclean,
}

/// The panel's own, stable id of a user: 1 to 64 bytes of clean text, compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ExternalId(Text);

impl ExternalId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The id as the text that signed messages carry.
    pub const fn text(&self) -> &Text {
        &self.0
    }
}

impl FromStr for ExternalId {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        match Text::exact(text) {
            Ok(clean) if !clean.is_empty() => Ok(Self(clean)),
            _ => Err(NotAName::Unclean),
        }
    }
}

impl<'de> Deserialize<'de> for ExternalId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The name a user types: shown as given, found and counted by its canonical form.
///
/// Case, width and composition make no second name (`threats` row 33): budgets and the unique index see
/// [`canonical`](Self::canonical) alone.
///
/// ```
/// use koppel_domain::LoginName;
/// let typed: LoginName = "ＪＡＮ.de.Vries".parse().unwrap();
/// assert_eq!(typed.canonical(), "jan.de.vries");
/// ```
#[derive(Clone)]
pub struct LoginName {
    shown: Text,
    canonical: String,
}

impl LoginName {
    /// As it was given, for screens and signed messages.
    pub const fn shown(&self) -> &Text {
        &self.shown
    }

    /// The login name of an operator with this name: apart from everybody else's, so that a koppelcode's name leads to the right one.
    pub fn of_operator(name: &str) -> Option<Self> {
        format!("{OPERATOR}{name}").parse().ok()
    }

    /// Whether it is one that only operators have.
    pub fn is_of_operator(&self) -> bool {
        self.canonical.starts_with(OPERATOR)
    }

    /// The form in which two spellings of one name are equal: NFKC, lower case, NFKC again.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }
}

/// How the login names of operators begin.
const OPERATOR: &str = "desk/";

fn canonical(text: &str) -> String {
    if text.is_ascii() {
        // The form of most names, and read with every account.
        return text.chars().filter(|c| !c.is_ascii_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
    }
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    // Full case folding differs from lower case where one letter has two small forms.
    let folded = folded.replace('ß', "ss").replace('ς', "σ");
    folded.nfkc().filter(|c| !c.is_whitespace()).collect()
}

impl FromStr for LoginName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let shown = Text::exact(text.trim()).map_err(|_| NotAName::Unclean)?;
        // Lower case can grow once more under NFKC (İ): repeat until it stands still, so that the form is its own form.
        let mut folded = canonical(shown.as_str());
        for _ in 0..4 {
            let again = canonical(&folded);
            if again == folded {
                break;
            }
            folded = again;
        }
        if folded.is_empty() { Err(NotAName::Unclean) } else { Ok(Self { shown, canonical: folded }) }
    }
}

impl PartialEq for LoginName {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for LoginName {}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.shown, f)
    }
}

impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown, f)
    }
}

impl Serialize for LoginName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shown.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LoginName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> LoginName {
        text.parse().unwrap_or_else(|_| panic!("{text:?} is a name"))
    }

    /// threats row 33
    #[test]
    fn spellings_of_one_name_are_one_name() {
        for (one, other) in [
            ("Jan", "jAN"),
            ("ｊａｎ", "jan"),
            ("Ångström", "A\u{30a}ngstro\u{308}m"),
            ("STRASSE", "straße"),
            (" jan ", "jan"),
        ] {
            assert_eq!(name(one), name(other), "{one} {other}");
        }
        assert_ne!(name("jan"), name("jan1"));
    }

    #[test]
    fn what_cannot_be_shown_is_no_name() {
        for text in ["", "  ", "a\u{202e}b", "a\nb", &"x".repeat(65)] {
            assert!(text.parse::<LoginName>().is_err(), "{text:?}");
            assert!(text.parse::<ExternalId>().is_err(), "{text:?}");
        }
    }

    proptest! {
        /// threats row 33
        #[test]
        fn the_canonical_form_is_its_own_form(text in "\\PC{1,20}") {
            if let Ok(typed) = text.parse::<LoginName>()
                && let Ok(again) = typed.canonical().parse::<LoginName>() {
                prop_assert_eq!(again.canonical(), typed.canonical());
            }
        }
    }
}
