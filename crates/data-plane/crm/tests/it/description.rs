//! The API's description agrees with itself and with the routes.

use crm::ROUTES;
use serde_json::Value;

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_route_is_described_and_every_reference_leads_somewhere() {
    let document = serde_json::to_value(crm::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = 0;
    for route in ROUTES.iter() {
        let operation = &document["paths"][&route.path][route.method.as_str().to_lowercase()];
        assert!(operation.is_object(), "{route:?} is not described");
        for status in ["400", "401", "403", "404", "503"] {
            let content = &operation["responses"][status]["content"]["application/problem+json"];
            assert!(content.is_object(), "{route:?} {status}");
        }
        assert_eq!(operation["security"][0]["api_key"], Value::Array(Vec::new()));
        described += 1;
    }
    let operations: usize =
        document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(operations, described, "something is described that isn't there");
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let ids: Vec<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
}

#[test]
fn a_schema_says_what_the_description_of_the_resource_says() {
    let document = serde_json::to_value(crm::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["DealCreate"]["required"], serde_json::json!(["name"]));
    assert_eq!(schemas["DealCreate"]["additionalProperties"], false);
    assert!(schemas["DealCreate"]["properties"].get("ltv").is_none());
    assert_eq!(schemas["Deal"]["properties"]["ltv"]["readOnly"], true);
    assert_eq!(schemas["Deal"]["properties"]["contact_id"]["type"], serde_json::json!(["string", "null"]));
    assert!(schemas["DealPatch"].get("required").is_none());
    assert_eq!(schemas["DealList"]["properties"]["data"]["items"]["$ref"], "#/components/schemas/Deal");
}
