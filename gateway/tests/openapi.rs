//! The checked-in OpenAPI document is the one that the code makes, and it is complete.

use std::collections::HashSet;
use std::path::Path;

use gateway::http::openapi_document;
use serde_json::Value;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

fn document() -> Value {
    serde_json::from_str(&openapi_document()).expect("JSON")
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    let operations = paths.flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| Some((format!("{method} {path}"), item.get(method)?)))
    });
    operations.collect()
}

#[test]
fn the_checked_in_document_is_fresh() {
    let fresh = openapi_document();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/openapi.json");
    if std::env::var_os("ATENDER_UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == fresh,
        "schemas/openapi.json is stale; refresh it with `ATENDER_UPDATE_OPENAPI=1 cargo test -p gateway --test openapi` \
         and commit it"
    );
}

#[test]
fn every_operation_says_what_it_does_and_what_it_answers() {
    let document = document();
    let mut ids = HashSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(ids.insert(id.to_owned()), "{name}: the operation id {id:?} is used twice");
        assert!(operation["summary"].is_string(), "{name} has no summary");
        assert!(operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{name} has no tag");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name} never succeeds");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{name}: {} is not described", parameter["name"]);
        }
    }
}

#[test]
fn the_api_wants_a_token_and_says_how_it_refuses() {
    let document = document();
    let scheme = &document["components"]["securitySchemes"]["token"];
    assert_eq!((scheme["type"].as_str(), scheme["scheme"].as_str()), (Some("http"), Some("bearer")));
    for (name, operation) in operations(&document) {
        let is_open = !name.contains(" /v1/") || name.ends_with("/v1/openapi.json");
        let security = operation["security"].as_array().unwrap();
        assert_eq!(security.is_empty(), is_open, "{name}");
        if is_open {
            continue;
        }
        for status in ["401", "403", "500", "503"] {
            assert!(
                !operation["responses"][status].is_null(),
                "{name} does not say when it answers {status}"
            );
        }
        if operation.get("requestBody").is_some() {
            for status in ["400", "413", "415", "422"] {
                assert!(
                    !operation["responses"][status].is_null(),
                    "{name} does not say when it answers {status}"
                );
            }
        }
    }
}

#[test]
fn commands_take_a_key_and_reads_a_position() {
    let document = document();
    let has_header = |name: &str, header: &str| {
        let (method, path) = name.split_once(' ').unwrap();
        let parameters = document["paths"][path][method]["parameters"].as_array();
        parameters.into_iter().flatten().any(|parameter| parameter["name"] == header)
    };
    for name in [
        "post /v1/conversations/{id}/messages",
        "delete /v1/contacts/{id}/exclusive-agents/{campaign}",
        "put /v1/agents/{id}/presence",
        "put /v1/clients/{id}",
        "post /v1/channels/{channel}/receipts",
    ] {
        assert!(has_header(name, "Idempotency-Key"), "{name}");
    }
    // The provider's id is the key there.
    assert!(!has_header("post /v1/channels/{channel}/inbound", "Idempotency-Key"));
    for name in ["get /v1/inbox", "get /v1/conversations/{id}/messages", "get /v1/agents/{id}"] {
        assert!(has_header(name, "Atender-Min-Position"), "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_field_is_described() {
    let document = document();
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 100, "only {} references were found", references.len());
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            let of_option = property["oneOf"].as_array().into_iter().flatten();
            let described = of_option.chain([property]).any(|schema| schema["description"].is_string());
            assert!(described, "{name}.{field} is not described");
        }
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect_references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schemas of a request's body, with all that they are made of.
fn in_requests(document: &Value) -> HashSet<String> {
    let mut open = Vec::new();
    for (_, operation) in operations(document) {
        collect_references(&operation["requestBody"], &mut open);
    }
    let mut found = HashSet::new();
    while let Some(reference) = open.pop() {
        if found.insert(reference.clone()) {
            let schema = document.pointer(reference.trim_start_matches('#')).expect("it leads somewhere");
            collect_references(schema, &mut open);
        }
    }
    found
}

fn is_limited(property: &Value) -> bool {
    let is = |kind: &str| {
        let found = &property["type"];
        found == kind || found.as_array().is_some_and(|kinds| kinds.iter().any(|found| found == kind))
    };
    let has = |key: &str| property.get(key).is_some();
    if is("array") {
        return has("maxItems");
    }
    if is("object") && has("additionalProperties") {
        return has("maxProperties");
    }
    !is("string") || ["maxLength", "pattern", "enum", "format"].into_iter().any(has)
}

#[test]
fn every_text_and_list_of_a_request_states_its_limit_and_unknown_fields_are_refused() {
    let document = document();
    let schemas = in_requests(&document);
    assert!(schemas.len() > 30, "only {} schemas were found", schemas.len());
    for reference in schemas {
        let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        for object in std::iter::once(schema).chain(variants).filter(|object| object["type"] == "object") {
            let properties = object["properties"].as_object().into_iter().flatten();
            for (field, property) in properties {
                assert!(is_limited(property), "{reference}: {field} states no limit: {property}");
            }
        }
        let is_struct = schema["properties"].is_object();
        assert!(!is_struct || schema["additionalProperties"] == false, "{reference} takes unknown fields");
    }
}
