//! The vectors in `tests/vectors`: they are what the program makes, and every case gives what it says.

use std::{collections::BTreeSet, fs, path::PathBuf};

use koppel_protocol::{PublicKey, soft::SoftCrypto};
use serde::de::DeserializeOwned;
use serde_json::Value;

// The same source as the program that writes them.
#[path = "../../examples/vectors/book/mod.rs"]
mod book;
mod messages;
mod pairing;
mod proofs;
mod values;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

/// The cases of a book, as a reader in another language sees them.
fn read(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(format!("{name}.json"))).expect("the vectors are checked in");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

/// Runs a check on every case of a book and says which one fails.
fn every_case(book: &Value, check: impl Fn(&Value)) {
    let cases = book["cases"].as_array().expect("a book has cases");
    assert!(!cases.is_empty());
    for case in cases {
        let name = case["name"].as_str().expect("a case has a name");
        assert!(case["shows"].as_str().is_some_and(|shows| !shows.is_empty()), "{name} shows nothing");
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(case)));
        assert!(outcome.is_ok(), "case {name:?} does not give what it says");
    }
}

/// A field, read as what it is.
fn field<T: DeserializeOwned>(value: &Value, name: &str) -> T {
    serde_json::from_value(value[name].clone()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is text"))
}

fn number(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("{name} is a number"))
}

fn valid(case: &Value) -> bool {
    case["valid"].as_bool().expect("a case is valid or not")
}

fn spki(key: &Value) -> PublicKey {
    field(key, "spki")
}

/// Crypto that only reads.
fn crypto() -> SoftCrypto {
    book::world::crypto()
}

#[test]
fn the_vectors_are_what_the_program_makes() {
    for book in book::all() {
        let path = folder().join(book.file_name());
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == book.to_json(),
            "{} is not what the program makes: run `cargo run -p koppel-protocol --example vectors -- tests/vectors`",
            path.display()
        );
    }
}

#[test]
fn no_other_vectors_lie_around_and_no_two_cases_share_a_name() {
    let made: BTreeSet<String> = book::all().iter().map(book::Book::file_name).collect();
    let kept: BTreeSet<String> = fs::read_dir(folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(made, kept);
    for file in made {
        let book = read(file.trim_end_matches(".json"));
        let cases = book["cases"].as_array().expect("a book has cases");
        let names: BTreeSet<_> = cases.iter().map(|case| text(case, "name")).collect();
        assert_eq!(names.len(), cases.len(), "{file}");
    }
}
