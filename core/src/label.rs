//! What a person calls something on this phone.

use koppel_protocol::Text;

use crate::refused::Refused;

/// The most characters of a label.
const MOST: usize = 64;

/// Reads a label: 1 to 64 characters, white space around them left out.
///
/// # Errors
/// [`Refused::NameInvalid`]: empty, too long, or with a character that shows nothing or turns the text around.
pub(crate) fn read(typed: &str) -> Result<String, Refused> {
    let label = typed.trim();
    if label.is_empty() || label.chars().count() > MOST || !label.chars().all(is_shown) {
        return Err(Refused::NameInvalid);
    }
    Ok(label.to_owned())
}

/// Whether a character may stand in a label: those that [`Text::clean`] leaves as they are, one by one, for a label may be longer than
/// such a text.
fn is_shown(character: char) -> bool {
    Text::clean(&format!("a{character}a")).as_str().chars().nth(1) == Some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_what_a_person_can_see() {
        let longest = "\u{1f511}".repeat(MOST);
        for (typed, label) in
            [(" Werk ", "Werk"), ("Bank  2", "Bank  2"), ("Café", "Café"), ("Cafe\u{301}", "Cafe\u{301}")]
        {
            assert_eq!(read(typed).as_deref(), Ok(label));
        }
        assert_eq!(read(&longest).as_deref(), Ok(longest.as_str()));
        for typed in
            ["", " \n ", "a\nb", "a\u{202e}b", "a\u{2066}b", "a\u{2028}b", "a\u{2029}b", "a\u{200b}b", "a\u{85}b"]
        {
            assert_eq!(read(typed), Err(Refused::NameInvalid), "{typed:?}");
        }
        assert_eq!(read(&"a".repeat(MOST + 1)), Err(Refused::NameInvalid));
    }
}
