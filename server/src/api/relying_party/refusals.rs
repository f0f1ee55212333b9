//! Which refusals each operation can give, with an example of each: the part of the reference that no type tells.

use serde_json::{Map, Value, json};

use crate::problem::{Problem, Slug};

/// What an operation refuses beside what its key and its body are refused for.
fn of_its_own(method: &str, path: &str) -> &'static [Slug] {
    use Slug::{
        AccountLocked, AlreadyDecided, DeliveryEnded, Expired, InvalidField, InvalidRequest, LoginNameTaken,
        MethodDisabled, NotEnrolled, NotFound, NotRequired, NotVerified, Superseded, TooManyTries, TooSoon,
        WrongBinding, WrongCode, WrongMode, WrongNumber,
    };
    match (method, path) {
        ("post", "/v1/prompts") => &[LoginNameTaken, AccountLocked, NotRequired, NotEnrolled],
        ("post", "/v1/prompts/{id}/result") => {
            &[NotFound, WrongBinding, NotVerified, AlreadyDecided, Expired, NotRequired, AccountLocked]
        }
        ("post", "/v1/prompts/{id}/cancel") => &[NotFound, AlreadyDecided, Expired],
        ("post", "/v1/challenges") => &[LoginNameTaken, AccountLocked, NotRequired, NotEnrolled, NotVerified],
        ("get", "/v1/events") => &[InvalidRequest, InvalidField, Expired],
        ("get", "/v1/challenges/{id}") => &[NotFound, InvalidRequest, InvalidField],
        ("post", "/v1/challenges/{id}/check") => &[
            NotFound,
            WrongBinding,
            WrongCode,
            WrongMode,
            DeliveryEnded,
            Superseded,
            AlreadyDecided,
            Expired,
            NotVerified,
            NotEnrolled,
            MethodDisabled,
            TooManyTries,
            AccountLocked,
        ],
        ("post", "/v1/challenges/{id}/consume") => {
            &[NotFound, WrongBinding, NotVerified, AlreadyDecided, Expired, AccountLocked]
        }
        ("post", "/v1/challenges/{id}/deliveries") => &[
            NotFound,
            WrongBinding,
            Superseded,
            AlreadyDecided,
            Expired,
            NotEnrolled,
            NotVerified,
            MethodDisabled,
            TooSoon,
            TooManyTries,
            AccountLocked,
        ],
        ("post", "/v1/challenges/{id}/cancel") => &[NotFound, WrongBinding, Superseded, AlreadyDecided, Expired],
        ("put", "/v1/users/{external_id}") => &[LoginNameTaken],
        ("put", "/v1/users/{external_id}/methods/{kind}") => &[NotFound, AlreadyDecided],
        ("delete", "/v1/users/{external_id}/methods/{kind}") => &[NotFound, InvalidField],
        ("post", "/v1/users/{external_id}/koppelcodes") => &[NotFound, NotVerified, AccountLocked],
        ("post", "/v1/users/{external_id}/pairings/{pairing}/confirm") => {
            &[NotFound, WrongNumber, NotVerified, AlreadyDecided, Expired, AccountLocked]
        }
        _ => &[NotFound],
    }
}

/// All that an operation refuses.
fn of(method: &str, path: &str, has_body: bool) -> Vec<Slug> {
    let mut all = vec![Slug::Unauthenticated, Slug::ScopeMissing, Slug::Unavailable];
    if has_body {
        all.extend([Slug::InvalidRequest, Slug::TooLarge, Slug::InvalidField]);
    }
    if method == "post" {
        all.extend([Slug::InvalidRequest, Slug::IdempotencyMismatch]);
    }
    if path.contains('{') {
        all.push(Slug::InvalidRequest);
    }
    all.extend(of_its_own(method, path));
    all.sort_unstable();
    all.dedup();
    all
}

/// A refusal as it looks, with whatever a program reads beside its type.
fn example(slug: Slug) -> Value {
    let problem = Problem::new(slug);
    let problem = match slug {
        Slug::WrongCode => problem.tries_left(4),
        Slug::WrongNumber => problem.tries_left(2),
        Slug::TooManyTries | Slug::TooSoon => problem.retry_after(20),
        Slug::NotRequired => Problem { required_from: Some(1_795_000_000), ..problem },
        _ => problem,
    };
    json!(problem.body("q83vASNFZ4mr"))
}

/// Adds them to an operation: by status, each with its type and an example.
pub(super) fn add(method: &str, path: &str, operation: &mut Value) {
    let has_body = !operation["requestBody"].is_null();
    let mut by_status: Map<String, Value> = Map::new();
    for slug in of(method, path, has_body) {
        let status = slug.status().to_string();
        let known = by_status.entry(status).or_insert_with(|| json!({ "description": "" }));
        let line = format!("`{}`: {}.\n\n", slug.slug(), slug.title());
        known["description"] = format!("{}{line}", known["description"].as_str().unwrap_or_default()).into();
        let content = &mut known["content"][koppel_protocol::problem::MEDIA_TYPE];
        content["schema"] = json!({ "$ref": "#/components/schemas/Problem" });
        content["examples"][slug.slug()] = json!({ "value": example(slug) });
    }
    for (status, refusal) in by_status {
        operation["responses"][status] = refusal;
    }
}

/// The shape of every refusal.
pub(super) fn schema() -> Value {
    let types: Vec<_> = Slug::ALL.iter().map(ToString::to_string).collect();
    json!({
        "type": "object",
        "description": "A refusal (RFC 9457).",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": { "type": "string", "description": "What kind: compare this.", "enum": types },
            "title": { "type": "string", "description": "The kind in words, in English, for a developer." },
            "status": { "type": "integer", "description": "The HTTP status again." },
            "detail": { "type": "string", "description": "What to do about it, in English." },
            "instance": { "type": "string", "description": "This occurrence, as in the server's log." },
            "tries_left": { "type": "integer", "description": "Tries that are left, where tries are counted." },
            "retry_after": { "type": "integer", "description": "Seconds to wait, as in the header `Retry-After`." },
            "required_from": { "type": "integer", "description": "With `not-required`: from when on, in seconds." }
        }
    })
}
