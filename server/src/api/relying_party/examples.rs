//! An example of every body, put together from those of its fields.

use serde_json::{Map, Value, json};

/// Adds one to what an operation takes and to each success that it answers.
pub(super) fn add(schemas: &Value, operation: &mut Value) {
    fill(schemas, &mut operation["requestBody"]);
    let answers = operation["responses"].as_object_mut().into_iter().flatten();
    for (_, answer) in answers.filter(|(status, _)| status.starts_with('2')) {
        fill(schemas, answer);
    }
}

fn fill(schemas: &Value, body: &mut Value) {
    if let Some(content) = body.pointer_mut("/content/application~1json") {
        content["example"] = of(schemas, &content["schema"]);
    }
}

/// What fits a schema.
fn of(schemas: &Value, schema: &Value) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return of(schemas, &schemas[name]);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        let all = schema[several].as_array().into_iter().flatten();
        if let Some(one) = all.into_iter().find(|one| one["type"] != "null") {
            return of(schemas, one);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    let kinds =
        |kind: &str| schema["type"] == kind || schema["type"].as_array().is_some_and(|all| all.contains(&kind.into()));
    match () {
        () if kinds("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let fields: Map<_, _> = properties.map(|(name, property)| (name.clone(), of(schemas, property))).collect();
            Value::Object(fields)
        }
        () if kinds("array") => json!([of(schemas, &schema["items"])]),
        () if kinds("boolean") => json!(true),
        () if kinds("integer") || kinds("number") => json!(1_795_000_000_u64),
        () => json!("Anna Jansen"),
    }
}
