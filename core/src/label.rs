//! What a person calls something on this phone.

use crate::refused::Refused;

/// The most characters of a label.
const MOST: usize = 64;

/// Reads a label: 1 to 64 characters, white space around them left out.
///
/// # Errors
/// [`Refused::NameInvalid`]: empty, too long, or with control characters.
pub(crate) fn read(typed: &str) -> Result<String, Refused> {
    let label = typed.trim();
    if label.is_empty() || label.chars().count() > MOST || label.chars().any(char::is_control) {
        return Err(Refused::NameInvalid);
    }
    Ok(label.to_owned())
}
