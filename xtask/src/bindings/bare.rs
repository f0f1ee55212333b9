//! A Kotlin or Swift source without what a reader of declarations must not stumble over.

/// The source without comments, and with empty strings.
pub(super) fn bare(source: &str) -> String {
    let mut bare = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("/*") {
            rest = rest.split_once("*/").map_or("", |it| it.1);
        } else if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if let Some(raw) = rest.strip_prefix("\"\"\"") {
            rest = raw.split_once("\"\"\"").map_or("", |it| it.1);
            bare.push_str("\"\"");
        } else if c == '"' {
            rest = after_string(&rest[1..]);
            bare.push_str("\"\"");
        } else {
            bare.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    bare
}

fn after_string(inside: &str) -> &str {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return &inside[at + 1..],
            _ => escaped = false,
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn comments_go_and_strings_are_empty() {
        assert_eq!(bare("a /* { */ b // }\nc \"}\\\"{\" \"\"\"}\"\"\" d"), "a  b \nc \"\" \"\" d");
    }
}
