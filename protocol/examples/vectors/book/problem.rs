//! problem.json

use koppel_protocol::Problem;
use serde_json::json;

use super::{Book, case};

pub(crate) fn book() -> Book {
    let cases = Problem::ALL.iter().map(|problem| {
        let body = problem.body("what to do about it");
        case(problem.slug(), problem.title(), json!({ "status": problem.status(), "body": body }))
    });
    let about = "Every refusal: its status and how its body begins. `tries_left`, `retry_after` and `instance` are added where they fit.";
    Book::new("problem", about, json!({ "media_type": "application/problem+json" }), cases.collect())
}
