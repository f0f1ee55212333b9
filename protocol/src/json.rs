//! Reading JSON strictly.
//!
//! The readers of this crate refuse a field that stands twice, and in requests also a field they do not know (each
//! type says so with `deny_unknown_fields`). This module adds the two things serde leaves open: the top level must be
//! an object, and an error tells where, never what: a body may hold a code or a password. Only a field that is missing is
//! named, for its name is ours.

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a body was refused. Holds a position, never content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JsonError {
    /// Not JSON at all, or cut off.
    #[error("this is not valid JSON (near line {line}, column {column})")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A field that has to be there is not.
    #[error("field `{field}` is missing (near line {line}, column {column})")]
    Missing {
        /// Its name.
        field: String,
        /// Line, from 1, of the end of the object it is missing in.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON, but not the object that belongs here.
    #[error("a field is unknown, repeated or of the wrong form (near line {line}, column {column})")]
    Fields {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Well formed, and against a rule between fields.
    #[error("{0}")]
    Rule(&'static str),
}

/// Reads one JSON object.
///
/// # Errors
/// [`JsonError`] when the bytes are not one object of the expected fields.
pub fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    let first = bytes.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    // serde would also take the fields as an array, in order.
    if first == Some(&b'[') {
        return Err(JsonError::Fields { line: 1, column: 1 });
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => match missing(&error) {
                Some(field) => JsonError::Missing { field, line, column },
                None => JsonError::Fields { line, column },
            },
            _ => JsonError::Syntax { line, column },
        }
    })
}

/// The field whose absence serde complains of: the name stands in our types, not in the body.
fn missing(error: &serde_json::Error) -> Option<String> {
    let said = error.to_string();
    let (field, _) = said.strip_prefix("missing field `")?.split_once('`')?;
    Some(field.to_owned())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        a: u8,
        b: u8,
    }

    #[test]
    fn only_an_object_with_each_field_once_is_read() {
        assert_eq!(object(br#" {"b":2,"a":1}"#), Ok(Pair { a: 1, b: 2 }));
        for wrong in [r#"[1,2]"#, r#"{"a":1,"a":1,"b":2}"#, r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"b":2.0}"#] {
            assert!(matches!(object::<Pair>(wrong.as_bytes()), Err(JsonError::Fields { .. })), "{wrong}");
        }
        let missing = object::<Pair>(br#"{"a":1}"#).unwrap_err().to_string();
        assert_eq!(missing, "field `b` is missing (near line 1, column 7)");
        for broken in [r#"{"a":1,"b":2"#, r#"{"a":1,"b":2}x"#, "", "\u{feff}{\"a\":1,\"b\":2}"] {
            assert!(matches!(object::<Pair>(broken.as_bytes()), Err(JsonError::Syntax { .. })), "{broken}");
        }
    }

    #[test]
    fn an_error_never_repeats_what_it_read() {
        let error = object::<Pair>(br#"{"a":"hunter2","b":2}"#).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
