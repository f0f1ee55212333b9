//! The page `docs/protocol.md`: its examples are the vectors' own bytes.

use std::{fs, path::PathBuf};

use serde_json::Value;

fn file(inside: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(inside);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a marker such as `pairing / koppelcode / m3/pop_id` names.
fn vector(marker: &str) -> Value {
    let [book, name, path] = marker.split(" / ").collect::<Vec<_>>()[..] else { panic!("not a marker: {marker}") };
    let book: Value = serde_json::from_str(&file(&format!("tests/vectors/{book}.json"))).expect("vectors are JSON");
    let cases = book["cases"].as_array().expect("a book has cases");
    let case = cases.iter().find(|case| case["name"] == name).unwrap_or_else(|| panic!("no such case: {marker}"));
    let found = case.pointer(&format!("/{path}"));
    found.unwrap_or_else(|| panic!("no such field: {marker}")).clone()
}

#[test]
fn every_example_on_the_page_is_a_vector() {
    let page = file("docs/protocol.md");
    let mut seen = 0;
    for part in page.split("<!-- bytes: ").skip(1) {
        let (marker, rest) = part.split_once(" -->\n```\n").expect("a marker stands right above its block");
        let (shown, _) = rest.split_once("\n```").expect("a block has an end");
        match vector(marker) {
            Value::String(text) => assert_eq!(shown, text, "{marker}"),
            other => assert_eq!(serde_json::from_str::<Value>(shown).ok(), Some(other), "{marker}"),
        }
        seen += 1;
    }
    assert!(seen > 20, "only {seen} examples were found");
}
