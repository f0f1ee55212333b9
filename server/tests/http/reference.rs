//! The reference of panels and what the server really says: every answer of every test here is held against it.

use std::collections::BTreeSet;

use koppel_protocol::Problem;
use koppel_protocol::decision::Verdict;
use koppel_protocol::pairing::Door;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::fixture::{Answer, Session, Waiting, World};

/// One reference for all servers of this process: it is generated from the code.
static REFERENCE: OnceCell<Value> = OnceCell::const_new();

async fn reference(world: &World) -> &'static Value {
    let read = || async {
        let answer = world.http.get(format!("{}/v1/openapi.json", world.url)).send().await.expect("an answer");
        answer.json().await.expect("the reference")
    };
    REFERENCE.get_or_init(read).await
}

/// The operation at an address, and how the reference writes the address.
fn operation<'r>(reference: &'r Value, method: &Method, address: &str) -> Option<(&'r str, &'r Value)> {
    let address = address.split('?').next().unwrap_or_default();
    let fits = |path: &str| {
        let (path, address): (Vec<_>, Vec<_>) = (path.split('/').collect(), address.split('/').collect());
        path.len() == address.len()
            && path.iter().zip(&address).all(|(one, other)| one == other || (one.starts_with('{') && !other.is_empty()))
    };
    let paths = reference["paths"].as_object().expect("paths");
    let (path, methods) = paths.iter().find(|(path, _)| fits(path))?;
    Some((path, methods.get(method.as_str().to_lowercase())?))
}

/// An answer is one of those that the reference names for its operation: a success of its shape, or a refusal with its type and status.
pub(crate) async fn holds(world: &World, method: &Method, address: &str, answer: &Answer) {
    let reference = reference(world).await;
    let Some((path, operation)) = operation(reference, method, address) else { return };
    let what = format!("{method} {path}");
    let status = answer.status.as_u16().to_string();
    let named = &operation["responses"][&status];
    assert!(!named.is_null(), "{what} answers {status}, which its reference does not name: {answer:?}");
    if answer.status.is_success() {
        match named.pointer("/content/application~1json/schema") {
            Some(schema) => fits(reference, schema, &answer.body, &what),
            None => assert!(answer.text.is_empty(), "{what}: {answer:?}"),
        }
    } else {
        fits(reference, &json!({ "$ref": "#/components/schemas/Problem" }), &answer.body, &what);
        let examples = &named["content"]["application/problem+json"]["examples"];
        assert!(
            !examples[answer.slug()].is_null(),
            "{what} gives {}, which its reference does not name",
            answer.slug()
        );
    }
}

/// As much of JSON Schema as the reference uses.
fn fits(reference: &Value, schema: &Value, value: &Value, what: &str) {
    if let Some(named) = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
        return fits(reference, reference.pointer(named).expect("a schema that is there"), value, what);
    }
    if let Some(several) = ["oneOf", "anyOf"].iter().find_map(|word| schema[*word].as_array()) {
        let some = several.iter().find(|one| (one["type"] == "null") == value.is_null());
        return fits(
            reference,
            some.unwrap_or_else(|| panic!("{what}: {value} fits nothing of {schema}")),
            value,
            what,
        );
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() || number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = match &schema["type"] {
        Value::Null => return,
        Value::Array(kinds) => kinds.clone(),
        one => vec![one.clone()],
    };
    assert!(kinds.contains(&kind.into()), "{what}: {value} is no {kinds:?}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value) || value.is_null(), "{what}: {value} is none of {words:?}");
    }
    for item in value.as_array().into_iter().flatten() {
        fits(reference, &schema["items"], item, what);
    }
    if let Some(fields) = value.as_object() {
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(fields.contains_key(required), "{what}: {required} is missing in {value}");
        }
        // An object without properties is free: the events' data, whose fields are listed by their kind.
        let free = schema["properties"].is_null();
        for (name, field) in fields.iter().filter(|_| !free) {
            let known = schema["properties"].get(name);
            let known = known.unwrap_or_else(|| panic!("{what}: the reference does not know {name}"));
            fits(reference, known, field, &format!("{what}, {name}"));
        }
    }
}

#[tokio::test]
async fn every_operation_has_an_example_of_each_body_and_of_each_refusal() {
    let world = World::start().await;
    let reference = reference(&world).await;
    let mut refusals = BTreeSet::new();
    for (path, methods) in reference["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let what = format!("{method} {path}");
            if let Some(content) = operation.pointer("/requestBody/content/application~1json") {
                fits(reference, &content["schema"], &content["example"], &what);
            }
            for (status, answer) in operation["responses"].as_object().expect("responses") {
                if status.starts_with('2') {
                    let Some(content) = answer.pointer("/content/application~1json") else {
                        assert_eq!(status, "204", "{what}");
                        continue;
                    };
                    fits(reference, &content["schema"], &content["example"], &what);
                    continue;
                }
                let examples = answer["content"]["application/problem+json"]["examples"].as_object();
                for (slug, example) in examples.unwrap_or_else(|| panic!("{what}: {status} has examples")) {
                    let problem = Problem::from_slug(slug).unwrap_or_else(|| panic!("{what}: {slug} is a problem"));
                    assert_eq!(problem.status().to_string(), *status, "{what}: {slug}");
                    assert_eq!(example["value"]["type"], problem.to_string(), "{what}");
                    let problem = json!({ "$ref": "#/components/schemas/Problem" });
                    fits(reference, &problem, &example["value"], &what);
                    refusals.insert(slug.clone());
                }
            }
        }
    }
    assert!(refusals.len() > 20, "{refusals:?}");
}

/// Each operation once, as it goes well: [`World::call`] holds every answer against the reference.
#[tokio::test]
async fn every_operation_answers_as_its_reference_says() {
    let world = World::start().await;
    let mut done = BTreeSet::new();
    let mut well = async |method: Method, path: &str, body: Value| {
        let answer = world.call(&world.key, method.clone(), path, (!body.is_null()).then_some(&body)).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        let (path, _) = operation(reference(&world).await, &method, path).expect("an operation");
        done.insert((method.to_string().to_lowercase(), path.to_owned()));
        answer.body
    };
    let (get, put, post, delete) = (Method::GET, Method::PUT, Method::POST, Method::DELETE);
    let desk = json!({ "agent": "a", "reason": "r", "ticket": "t" });
    let body = json!({ "login_name": "anna", "display": "Anna", "locale": "nl", "group": "beheer", "status": "active", "protected": false });
    well(put.clone(), "/v1/users/anna", body).await;
    well(put.clone(), "/v1/users/anna/methods/totp", json!({ "secret": "JBSWY3DPEHPK3PXP" })).await;
    let code = well(post.clone(), "/v1/users/anna/koppelcodes", desk.clone()).await;
    let code = code["code"].as_str().expect("a code").parse().expect("a koppelcode");
    let waiting =
        Waiting::begin(&world, Door::Code { user: "anna".parse().expect("text"), code }).await.expect("revealed");
    well(get.clone(), "/v1/users/anna", Value::Null).await;
    let mut confirm = desk.clone();
    confirm["check_number"] = waiting.transcript.check_number().expose().into();
    well(post.clone(), &format!("/v1/users/anna/pairings/{}/confirm", waiting.pairing), confirm).await;
    let phone = waiting.activate(&world).await;
    well(get.clone(), "/v1/users/anna", Value::Null).await;

    let session = Session::new();
    let v = json!({ "v": session.v() });
    let mut login = world.login("anna", &session);
    login["mode"] = "number".into();
    login["prefer"] = "app".into();
    let made = well(post.clone(), "/v1/challenges", login).await;
    let path = format!("/v1/challenges/{}", made["id"].as_str().expect("an id"));
    well(get.clone(), &path, Value::Null).await;
    phone.answer(&world, Verdict::Approve, made["number"].as_str()).await;
    well(post.clone(), &format!("{path}/consume"), v.clone()).await;
    let mut login = world.login("anna", &session);
    login["prefer"] = "app".into();
    let made = well(post.clone(), "/v1/challenges", login).await;
    let path = format!("/v1/challenges/{}", made["id"].as_str().expect("an id"));
    world.clock.forward(30);
    well(post.clone(), &format!("{path}/deliveries"), v.clone()).await;
    let code = phone.code(&world).await;
    well(post.clone(), &format!("{path}/check"), json!({ "v": session.v(), "code": code })).await;
    let made = well(post.clone(), "/v1/challenges", world.login("anna", &session)).await;
    well(post.clone(), &format!("/v1/challenges/{}/cancel", made["id"].as_str().expect("an id")), v).await;

    let opened = well(post.clone(), "/v1/prompts", world.prompt("anna", &session)).await;
    well(post.clone(), &format!("/v1/prompts/{}/cancel", opened["prompt"].as_str().expect("a prompt")), json!({}))
        .await;
    let mut page = crate::wizard::Page::open(&world, "dora").await;
    page.add_authenticator().await;
    let back = page.leave().await;
    let result = json!({ "code": crate::pages::returned(&back)["code"], "v": page.session.v() });
    well(post.clone(), &format!("/v1/prompts/{}/result", page.prompt), result).await;

    world.challenge("anna", &session, "code").await;
    assert_eq!(phone.answer(&world, Verdict::Fraud, None).await.status, StatusCode::OK);
    well(get.clone(), "/v1/users/anna", Value::Null).await;
    well(get, "/v1/events", Value::Null).await;
    well(post, "/v1/users/anna/unlock", desk).await;
    well(delete.clone(), &format!("/v1/users/anna/devices/{}", phone.device), Value::Null).await;
    well(delete.clone(), "/v1/users/anna/methods/totp", Value::Null).await;
    well(delete, "/v1/users/anna", Value::Null).await;

    let all = reference(&world).await["paths"].as_object().expect("paths");
    let all = all.iter().flat_map(|(path, methods)| {
        methods.as_object().expect("methods").keys().map(move |method| (method.clone(), path.clone()))
    });
    assert_eq!(done, all.collect::<BTreeSet<_>>());
}
