//! Request bodies: small, strict, and refused with a sentence that helps.
//!
//! JSON that is read here has no unknown and no double fields and is at most [`MAX_DEPTH`] deep. What a caller typed is
//! never repeated in an error, because some of it is secret.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::problem::{Problem, Slug};

/// Most bytes of an ordinary request.
pub const MAX_BODY: usize = 32 * 1024;
/// Most bytes of a request of a pairing: keys and an attestation are larger.
pub const MAX_PAIRING_BODY: usize = 64 * 1024;
/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 16;
/// A body that does not arrive within this time is not waited for.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The whole body, if it is small enough, not encoded and arrives in time.
pub async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::because(Slug::InvalidRequest, "Send the body without Content-Encoding."));
    }
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    match tokio::time::timeout(MAX_WAIT, collect(body, limit, declared.unwrap_or(0))).await {
        Ok(result) => result,
        Err(_) => {
            Err(Problem::because(Slug::InvalidRequest, "The body did not arrive in time; send the request again."))
        }
    }
}

async fn collect(body: Body, limit: usize, expected: usize) -> Result<Bytes, Problem> {
    let mut chunks = body.into_data_stream();
    let broken = |_| Problem::because(Slug::InvalidRequest, "The body broke off; send it again.");
    let Some(first) = chunks.next().await.transpose().map_err(broken)? else {
        return Ok(Bytes::new());
    };
    if first.len() > limit {
        return Err(too_large(limit));
    }
    if first.len() == expected {
        return Ok(first);
    }
    let mut whole = Vec::with_capacity(expected.max(first.len()));
    whole.extend_from_slice(&first);
    while let Some(chunk) = chunks.next().await.transpose().map_err(broken)? {
        if whole.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

fn too_large(limit: usize) -> Problem {
    Problem::because(Slug::TooLarge, format!("Send at most {} KiB.", limit / 1024))
}

/// Reads JSON whose headers say that it is JSON.
pub fn json<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    expect_type(headers, "application/json")?;
    parse(bytes)
}

/// Refuses a body of another type than the endpoint takes.
pub fn expect_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        Err(Problem::because(Slug::InvalidRequest, format!("Send the body with `Content-Type: {wanted}`.")))
    }
}

/// Reads JSON strictly.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if too_deep(bytes) {
        return Err(Problem::because(Slug::InvalidRequest, format!("The JSON is nested deeper than {MAX_DEPTH}.")));
    }
    // serde would also take the fields of an object as a list, in order.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Problem::because(Slug::InvalidField, "Send one JSON object, not a list."));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| explain(&error.path().to_string(), error.inner()))?;
    deserializer.end().map_err(|error| explain(".", &error))?;
    Ok(value)
}

/// Brackets outside strings, counted before anything is built.
fn too_deep(bytes: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

fn explain(path: &str, error: &serde_json::Error) -> Problem {
    use serde_json::error::Category;
    let at = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Syntax | Category::Io => {
            Problem::because(Slug::InvalidRequest, format!("This is not valid JSON ({at})."))
        }
        Category::Eof => Problem::because(Slug::InvalidRequest, "The JSON stops before it is complete."),
        Category::Data => {
            let message = without_values(&error.to_string());
            // A name that nothing here could have is not repeated either.
            let field = if is_name(path) { format!("Field `{path}`: ") } else { String::new() };
            Problem::because(Slug::InvalidField, format!("{field}{message} ({at})."))
        }
    }
}

/// Whether it looks like a field: `browser.ip`, `receipts[0].nid`.
fn is_name(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte);
    path != "." && (1..=80).contains(&path.len()) && path.bytes().all(plain)
}

/// serde names the value it did not like; a caller's secrets stay out of answers and logs.
fn without_values(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    let names_value = ["invalid type", "invalid value", "invalid length", "unknown variant", "unknown field"]
        .iter()
        .find(|start| message.starts_with(**start));
    let field = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    match names_value {
        Some(_) if field.is_some_and(is_name) => message.chars().take(200).collect(),
        Some(start) => match message.rfind(", expected ") {
            Some(expected) => format!("{start}{}", &message[expected..]),
            None => (*start).to_owned(),
        },
        None => message.chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its shape matters")]
    struct Login {
        user: String,
        tries: u32,
    }

    #[test]
    fn wrong_json_is_explained_and_never_repeated() {
        let table: &[(&str, Slug, &str)] = &[
            ("", Slug::InvalidRequest, "stops before"),
            ("{", Slug::InvalidRequest, "stops before"),
            ("hunter2", Slug::InvalidRequest, "not valid JSON"),
            (r#"{"user":"a","tries":1} x"#, Slug::InvalidRequest, "not valid JSON"),
            (r#"{"user":"a"}"#, Slug::InvalidField, "missing field `tries`"),
            (r#"{"user":"a","user":"b","tries":1}"#, Slug::InvalidField, "duplicate field `user`"),
            (r#"{"user":"a","tries":1,"x":0}"#, Slug::InvalidField, "unknown field `x`"),
            (r#"{"user":"a","tries":1,"<hunter2>":0}"#, Slug::InvalidField, "unknown field, expected"),
            (r#"{"user":"a","tries":"hunter2"}"#, Slug::InvalidField, "Field `tries`: invalid type"),
            (r#" ["hunter2",1]"#, Slug::InvalidField, "not a list"),
            ("null", Slug::InvalidField, "invalid type"),
        ];
        for (text, slug, part) in table {
            let problem = parse::<Login>(text.as_bytes()).expect_err(text);
            assert_eq!(problem.slug, *slug, "{text}: {}", problem.detail);
            assert!(problem.detail.contains(part), "{text}: {}", problem.detail);
            assert!(!problem.detail.contains("hunter2"), "{text}: {}", problem.detail);
        }
    }

    #[test]
    fn deep_json_is_refused_before_it_is_read() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        let deep = nested(17);
        let problem = parse::<serde_json::Value>(deep.as_bytes()).expect_err("deep");
        assert_eq!(problem.slug, Slug::InvalidRequest);
        let brackets_in_text = format!("\"{}\"", "[".repeat(100));
        assert!(parse::<String>(brackets_in_text.as_bytes()).is_ok());
        let allowed = nested(16);
        assert!(parse::<serde_json::Value>(allowed.as_bytes()).is_ok());
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_with_or_without_a_length() {
        let body = || Body::from(vec![b' '; 40]);
        let problem = read(&HeaderMap::new(), body(), 39).await.expect_err("large");
        assert_eq!(problem.slug, Slug::TooLarge);
        assert!(read(&HeaderMap::new(), body(), 40).await.is_ok());
        let chunks = (0..8).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"12345")));
        let stream = futures_util::stream::iter(chunks);
        let problem = read(&HeaderMap::new(), Body::from_stream(stream), 39).await.expect_err("large");
        assert_eq!(problem.slug, Slug::TooLarge);
    }
}
