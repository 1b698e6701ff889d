//! What the schema of a file says of a place in it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cursor::Step;

/// How many forms of one place are looked at: a schema leads back to itself.
const MOST: usize = 200;

/// What may stand at a place: every form that the schema allows there.
pub(crate) fn forms<'s>(schema: &'s Value, path: &[Step]) -> Vec<&'s Value> {
    let mut at = expanded(schema, vec![schema]);
    for step in path {
        let next = at.iter().flat_map(|form| below(form, step)).collect();
        at = expanded(schema, next);
    }
    at
}

/// The keys that may stand at a place, and what each is.
pub(crate) fn keys(schema: &Value, path: &[Step]) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for form in forms(schema, path) {
        for (key, value) in form.get("properties").and_then(Value::as_object).into_iter().flatten() {
            keys.entry(key.clone()).or_insert_with(|| about(schema, value));
        }
    }
    keys
}

/// The values that may stand at a place, where they can be counted.
pub(crate) fn values(schema: &Value, path: &[Step]) -> Vec<String> {
    let mut values = Vec::new();
    for form in forms(schema, path) {
        let listed = form.get("enum").and_then(Value::as_array).into_iter().flatten();
        let of_enum = listed.chain(form.get("const")).filter_map(Value::as_str).map(str::to_owned);
        let is_boolean = form.get("type").is_some_and(|kind| kind == "boolean");
        values.extend(of_enum.chain(is_boolean.then_some(["true", "false"]).into_iter().flatten().map(str::to_owned)));
    }
    values.dedup();
    values
}

/// What the schema says of a value.
pub(crate) fn about(schema: &Value, value: &Value) -> String {
    let own = |value: &Value| value.get("description").and_then(Value::as_str).map(str::to_owned);
    let of_type = || expanded(schema, vec![value]).into_iter().find_map(own);
    own(value).or_else(of_type).unwrap_or_default()
}

fn below<'s>(form: &'s Value, step: &Step) -> Vec<&'s Value> {
    let found = match step {
        Step::Key(key) => form.get("properties").and_then(|keys| keys.get(key)).or(form.get("additionalProperties")),
        Step::Item => form.get("items"),
    };
    found.filter(|value| value.is_object()).into_iter().collect()
}

/// Each with all that it refers to.
fn expanded<'s>(schema: &'s Value, mut open: Vec<&'s Value>) -> Vec<&'s Value> {
    let mut all: Vec<&Value> = Vec::new();
    while let Some(form) = open.pop() {
        if all.len() >= MOST || all.iter().any(|known| std::ptr::eq(*known, form)) {
            continue;
        }
        all.push(form);
        let referred =
            form.get("$ref").and_then(Value::as_str).and_then(|path| schema.pointer(path.strip_prefix('#')?));
        open.extend(referred);
        for group in ["anyOf", "oneOf", "allOf"] {
            open.extend(form.get(group).and_then(Value::as_array).into_iter().flatten());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use rancher_catalog::schema::{SchemaKind, schema};

    use super::*;

    fn path(keys: &str) -> Vec<Step> {
        let step = |key: &str| if key == "-" { Step::Item } else { Step::Key(key.to_owned()) };
        keys.split('/').filter(|key| !key.is_empty()).map(step).collect()
    }

    #[test]
    fn the_keys_of_each_place_are_those_of_the_model() {
        let docker = schema(SchemaKind::DockerCompose);
        for place in ["services/web", "web"] {
            let keys = keys(&docker, &path(place));
            assert!(keys.contains_key("image") && keys["image"].contains("image"), "{place}: {keys:?}");
        }
        assert!(keys(&docker, &path("")).contains_key("services"));
        let rancher = schema(SchemaKind::RancherCompose);
        assert!(keys(&rancher, &path(".catalog/questions/-")).contains_key("variable"));
        assert!(keys(&rancher, &path("services/web/health_check")).contains_key("healthy_threshold"));
        assert!(keys(&rancher, &path("no/such/place/at/all")).is_empty());
    }

    #[test]
    fn values_that_can_be_counted_are_told() {
        let rancher = schema(SchemaKind::RancherCompose);
        let types = values(&rancher, &path(".catalog/questions/-/type"));
        assert!(types.contains(&"enum".to_owned()), "{types:?}");
        let docker = schema(SchemaKind::DockerCompose);
        assert!(values(&docker, &path("services/web/image")).is_empty());
    }
}
