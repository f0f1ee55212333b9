//! Text that one side writes and the other shows to a person: at most 64 bytes of UTF-8, and nothing that lies.
//!
//! Control and bidirectional characters, invisible ones and stacks of combining marks are what turns "bank" into
//! something else on a screen. [`Text::clean`] takes them out, [`Text::exact`] and every reader of a message refuse
//! text that still has them. So a reader never shows what the writer did not mean.

use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::wire_text::text_serde;

/// Clean text of at most [`Text::MAX_LEN`] bytes; may be empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(String);

/// The text is too long, or holds characters that are not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "expected at most 64 bytes of text, without control, bidirectional or invisible characters, single spaces only between words"
)]
pub struct NotCleanText;

impl Text {
    /// The longest text in bytes of UTF-8.
    pub const MAX_LEN: usize = 64;
    /// Combining marks that may follow one character.
    const MAX_MARKS: usize = 2;

    /// Takes out what may not be shown and cuts after 64 bytes, ending in `…` then. For names people chose and browsers
    /// sent; not for what must arrive whole, see [`Text::exact`].
    ///
    /// ```
    /// use koppel_protocol::Text;
    /// assert_eq!(Text::clean(" Anna\u{202e}\n de  Vries ").as_str(), "Anna de Vries");
    /// ```
    pub fn clean(text: &str) -> Self {
        let mut clean = String::with_capacity(text.len().min(Self::MAX_LEN));
        let mut marks = 0;
        for character in text.chars() {
            let shown = match kind(character) {
                Kind::Hidden => continue,
                Kind::Space if clean.is_empty() || clean.ends_with(' ') => continue,
                Kind::Space => ' ',
                Kind::Mark if marks == Self::MAX_MARKS => continue,
                Kind::Mark | Kind::Shown => character,
            };
            marks = if matches!(kind(character), Kind::Mark) { marks + 1 } else { 0 };
            clean.push(shown);
            if clean.len() > Self::MAX_LEN + 4 {
                break;
            }
        }
        clean.truncate(clean.trim_end_matches(' ').len());
        if clean.len() > Self::MAX_LEN {
            let room = Self::MAX_LEN - '…'.len_utf8();
            let end = (0..=room).rev().find(|end| clean.is_char_boundary(*end)).unwrap_or(0);
            clean.truncate(clean[..end].trim_end_matches(' ').len());
            clean.push('…');
        }
        Self(clean)
    }

    /// Takes text as it is, or not at all. For ids, origins and names that mean something to a machine.
    ///
    /// # Errors
    /// [`NotCleanText`].
    pub fn exact(text: &str) -> Result<Self, NotCleanText> {
        let clean = Self::clean(text);
        if clean.0 == text { Ok(clean) } else { Err(NotCleanText) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

enum Kind {
    Shown,
    Space,
    Mark,
    Hidden,
}

fn kind(character: char) -> Kind {
    match character {
        '\t'
        | '\n'
        | '\r'
        | ' '
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => Kind::Space,
        c if c.is_control() => Kind::Hidden,
        // Soft hyphen, joiners and marks of direction, separators, embeddings and isolates, invisible operators.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' => Kind::Hidden,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' => Kind::Hidden,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' => Kind::Hidden,
        // Not characters, private use, tags and further variation selectors.
        '\u{fdd0}'..='\u{fdef}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}' => Kind::Hidden,
        c if c as u32 & 0xfffe == 0xfffe => Kind::Hidden,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' => Kind::Mark,
        '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' => Kind::Mark,
        _ => Kind::Shown,
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for Text {
    type Err = NotCleanText;

    fn from_str(text: &str) -> Result<Self, NotCleanText> {
        Self::exact(text)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

text_serde!(Text, "clean text of at most 64 bytes");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_deceive_is_taken_out() {
        for (typed, shown) in [
            ("bank\u{202e}knab", "bankknab"),
            ("a\u{200b}b\u{feff}c", "abc"),
            ("\u{1b}[31mrood", "[31mrood"),
            ("twee\u{a0}\u{2003} woorden ", "twee woorden"),
            ("z\u{300}\u{301}\u{302}\u{303}algo", "z\u{300}\u{301}algo"),
            ("\u{e0041}x", "x"),
            ("Café Ångström 東京 ☎", "Café Ångström 東京 ☎"),
            ("", ""),
        ] {
            assert_eq!(Text::clean(typed).as_str(), shown);
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let cut = Text::clean(&"é".repeat(40));
        assert_eq!(cut.as_str(), format!("{}…", "é".repeat(30)));
        assert_eq!(Text::clean(&"x".repeat(64)).as_str().len(), 64);
        assert!(Text::exact(&"x".repeat(65)).is_err());
        assert!(Text::exact(" x").is_err());
    }

    proptest! {
        #[test]
        fn clean_text_stays_as_it_is(text: String) {
            let clean = Text::clean(&text);
            prop_assert!(clean.as_str().len() <= Text::MAX_LEN);
            prop_assert_eq!(&Text::clean(clean.as_str()), &clean);
            prop_assert_eq!(Text::exact(clean.as_str()), Ok(clean));
        }
    }
}
