//! What there is: every route and every form field, read from where they are made, so that no table of these tests forgets one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use askama::Template as _;
use koppel_protocol::phone_api;
use koppel_server::pages::*;
use serde_json::Value;

use crate::fixture::World;

#[path = "../../src/pages/samples.rs"]
mod samples;

/// A method and a path, as the router writes them.
pub(crate) type Route = (String, String);

/// Every route: those of panels from the reference, which is generated from the code, the others from the source of the routers.
pub(crate) async fn routes(world: &World) -> BTreeSet<Route> {
    let mut found = BTreeSet::new();
    read_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
    let reference = world.get("/v1/openapi.json").await;
    for (path, methods) in reference.body["paths"].as_object().expect("paths") {
        found.extend(methods.as_object().expect("methods").keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    found
}

fn read_folder(folder: &Path, found: &mut BTreeSet<Route>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_folder(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source");
            // Servers that unit tests play have routes of their own.
            let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for call in source.split(".route(").skip(1) {
                read_call(call, found);
            }
        }
    }
}

/// `"/p/{prompt}/check", post(verify::check).get(show::again))…`
fn read_call(call: &str, found: &mut BTreeSet<Route>) {
    let mut depth = 1;
    let end = call.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    let (path, handlers) = call[..end.expect("a closing bracket")].split_once(',').expect("a path and its handlers");
    let path = match path.trim() {
        "phone_api::WELL_KNOWN" => phone_api::WELL_KNOWN,
        "phone_api::PAIRINGS" => phone_api::PAIRINGS,
        "phone_api::LIVE" => phone_api::LIVE,
        "phone_api::INBOX" => phone_api::INBOX,
        "phone_api::UNLOCK" => phone_api::UNLOCK,
        "phone_api::DECISIONS" => phone_api::DECISIONS,
        "phone_api::RECEIPTS" => phone_api::RECEIPTS,
        "phone_api::DEVICES" => phone_api::DEVICES,
        "phone_api::TEST" => phone_api::TEST,
        "DESK_RETURN" => "/desk/in",
        literal => literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_else(|| {
            panic!("say in this test which address {literal} is");
        }),
    };
    let words = handlers.split(['(', ')', '.', ',', ' ']).filter(|word| !word.is_empty());
    let methods: Vec<_> =
        words.filter(|word| ["get", "post", "put", "delete", "patch", "any"].contains(word)).collect();
    assert!(!methods.is_empty(), "{path} has no method that this test can read");
    found.extend(methods.into_iter().map(|method| (method.to_uppercase(), path.to_owned())));
}

/// The fields of every form on every page, in every state that the pages have, by where the form is sent.
pub(crate) fn form_fields() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, sample) in samples::all(Language::Dutch) {
        // The samples of a call have the address of the other samples.
        let of_a_call = matches!(sample, samples::Sample::Call(_));
        let html = render(sample).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut forms: BTreeMap<&str, String> = BTreeMap::new();
        let mut outside = String::new();
        for (n, part) in html.split("<form ").enumerate() {
            let (form, rest) = if n == 0 { ("", part) } else { part.split_once("</form>").expect("a form ends") };
            outside.push_str(rest);
            if form.is_empty() {
                continue;
            }
            let (head, body) = form.split_once('>').expect("a form begins");
            assert_eq!(attribute(head, "method"), Some("post"), "{name}: every form is sent by POST");
            let action = action(attribute(head, "action").expect("an action"));
            let action = if of_a_call { action.replace("/p/{prompt}", "/desk/call") } else { action };
            if let Some(id) = attribute(head, "id") {
                forms.insert(id, action.clone());
            }
            found.entry(action).or_default().extend(names(body).map(|(field, _)| field.to_owned()));
        }
        // Boxes that stand beside their form.
        for (field, tag) in names(&outside) {
            if let Some(form) = attribute(tag, "form") {
                let action = forms.get(form).unwrap_or_else(|| panic!("{name}: {field} is of the form {form}"));
                found.entry(action.clone()).or_default().insert(field.to_owned());
            }
        }
    }
    found
}

fn render(sample: samples::Sample) -> askama::Result<String> {
    match sample {
        samples::Sample::Verify(page) => page.render(),
        samples::Sample::Enrol(page) => page.render(),
        samples::Sample::Settings(page) => page.render(),
        samples::Sample::History(page) => page.render(),
        samples::Sample::OwnRules(page) => page.render(),
        samples::Sample::Wizard(page) => page.render(),
        samples::Sample::Link(page) => page.render(),
        samples::Sample::Message(page) => page.render(),
        samples::Sample::SignIn(page) => page.render(),
        samples::Sample::Welcome(page) => page.render(),
        samples::Sample::Home(page) => page.render(),
        samples::Sample::Call(page) => page.render(),
        samples::Sample::Panels(page) => page.render(),
        samples::Sample::Panel(page) => page.render(),
        samples::Sample::Audit(page) => page.render(),
    }
}

/// The fields of a piece of a page, each with the rest of its tag.
fn names(html: &str) -> impl Iterator<Item = (&str, &str)> {
    html.split('<').filter_map(|tag| {
        let tag = tag.split('>').next()?;
        let is_field = ["input ", "button ", "select ", "textarea "].iter().any(|kind| tag.starts_with(kind));
        Some((attribute(tag, "name")?, tag)).filter(|_| is_field)
    })
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let rest = tag.split_once(&format!(" {name}=\"")).or_else(|| tag.split_once(&format!("{name}=\"")))?.1;
    rest.split('"').next()
}

/// Where a form is sent, as the tables name it.
fn action(address: &str) -> String {
    let mut parts: Vec<&str> = address.split('/').collect();
    match parts.as_mut_slice() {
        ["", "p", prompt, _] => *prompt = "{prompt}",
        ["", "desk", "panels", id, _] | ["", "desk", "organisations", id] => *id = "{id}",
        _ => {}
    }
    parts.join("/")
}

/// Every field of every body that panels send, by method and path: pointers such as `/user/login_name`.
pub(crate) async fn body_fields(world: &World) -> BTreeMap<Route, BTreeSet<String>> {
    let reference = world.get("/v1/openapi.json").await.body;
    let mut found = BTreeMap::new();
    for (path, methods) in reference["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if !schema.is_null() {
                let mut fields = BTreeSet::new();
                walk(&reference, schema, "", &mut fields);
                found.insert((method.to_uppercase(), path.clone()), fields);
            }
        }
    }
    found
}

fn walk(reference: &Value, schema: &Value, at: &str, fields: &mut BTreeSet<String>) {
    if let Some(named) = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
        return walk(reference, reference.pointer(named).expect("a schema that is there"), at, fields);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        for one in schema[several].as_array().into_iter().flatten() {
            walk(reference, one, at, fields);
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        fields.insert(at.clone());
        walk(reference, property, &at, fields);
    }
}
