//! The vectors: one book a subject, one case an idea.

use serde::Serialize;
use serde_json::{Map, Value};

mod challenge;
mod decision;
mod device_proof;
mod digits;
mod envelope;
mod host;
mod identity;
mod ids;
mod jws;
mod koppelcode;
mod link;
mod malformed;
mod nonce;
mod pairing;
mod problem;
mod raw;
mod text;
mod told;
pub(crate) mod world;

/// Every book, in alphabetical order of their files.
pub(crate) fn all() -> Vec<Book> {
    vec![
        told::activation(),
        challenge::book(),
        decision::book(),
        device_proof::book(),
        digits::book(),
        envelope::book(),
        host::book(),
        identity::book(),
        ids::book(),
        jws::book(),
        koppelcode::book(),
        link::book(),
        nonce::book(),
        told::notice(),
        pairing::book(),
        problem::book(),
        text::book(),
    ]
}

/// One file of vectors.
#[derive(Serialize)]
pub(crate) struct Book {
    #[serde(skip)]
    name: &'static str,
    about: &'static str,
    #[serde(flatten)]
    given: Map<String, Value>,
    /// The cases.
    pub(crate) cases: Vec<Case>,
}

impl Book {
    /// A book whose cases share what is `given`, a JSON object.
    fn new(name: &'static str, about: &'static str, given: Value, cases: Vec<Case>) -> Self {
        Self { name, about, given: object(given), cases }
    }

    /// Its file.
    pub(crate) fn file_name(&self) -> String {
        format!("{}.json", self.name)
    }

    /// Its text.
    pub(crate) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("vectors are plain JSON");
        text.push('\n');
        text
    }
}

/// One case.
#[derive(Serialize)]
pub(crate) struct Case {
    name: String,
    shows: String,
    #[serde(flatten)]
    data: Map<String, Value>,
}

/// A case with its data, a JSON object.
fn case(name: &str, shows: &str, data: Value) -> Case {
    Case { name: name.to_owned(), shows: shows.to_owned(), data: object(data) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
