//! Errors of the catalog API are JSON, in the form in which Rancher's service has them. Where that has another answer it is held
//! against the service itself: `catalog_api`.

use std::fs;

use serde_json::{Value, json};
use swarm_lab::generator::rendered_catalog;
use swarm_lab::previewed::{Answer, Preview};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![
        a_catalog_that_is_gone_is_an_error_of_the_api,
        what_the_api_turns_away_is_turned_away_in_json,
        a_slash_too_many_leads_to_the_address_without,
    ]
}

#[track_caller]
fn error_of(answer: &Answer) -> Value {
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    let error: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&error["type"], &error["status"]), (&json!("error"), &json!(answer.status.to_string())));
    error
}

fn a_catalog_that_is_gone_is_an_error_of_the_api() {
    let folder = rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let preview = Preview::start(&catalog, &[]);
    let all = ["templates", "templates/community:infra*swarm", "templateversions/community:infra*swarm:4"];
    for path in all {
        preview.get(&format!("/v1-catalog/{path}")).text();
    }
    fs::rename(&catalog, folder.path().join("moved")).unwrap();
    for path in all {
        let answer = preview.get(&format!("/v1-catalog/{path}"));
        let error = error_of(&answer);
        assert_eq!(answer.status, 500, "{path}");
        assert_eq!(error["links"]["self"], preview.url(&format!("/v1-catalog/{path}")));
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("cannot read ") && message.ends_with(": it is not there"), "{message}");
    }
    assert_eq!(preview.get("/").status, 500);
}

fn what_the_api_turns_away_is_turned_away_in_json() {
    let folder = rendered_catalog();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    for (method, path) in [("PUT", "/v1-catalog/templates"), ("POST", "/v1-catalog"), ("DELETE", "/v1-catalog/x/y")] {
        let answer = preview.ask(method, path, &[("Host", &preview.address)]);
        let error = error_of(&answer);
        assert_eq!((answer.status, &error["links"]["self"]), (405, &json!(preview.url(path))));
    }
    let answer = preview.ask("GET", "/v1-catalog/templates", &[("Host", "rebind.example")]);
    let error = error_of(&answer);
    assert_eq!(answer.status, 403);
    assert!(!error.to_string().contains("rebind"), "{error}");
    for path in ["templates/nothing", "catalogs/nothing", "templates/community:infra*swarm:99"] {
        let answer = preview.get(&format!("/v1-catalog/{path}"));
        error_of(&answer);
        assert_eq!(answer.status, 404, "{path}");
    }
    // A page of the preview is no part of the API.
    let answer = preview.ask("PUT", "/", &[("Host", &preview.address)]);
    assert_eq!(answer.body, b"here is nothing to be changed\n");
}

fn a_slash_too_many_leads_to_the_address_without() {
    let folder = rendered_catalog();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    for (path, target) in [
        ("/v1-catalog/", "/v1-catalog"),
        ("/v1-catalog/templates/?category=x", "/v1-catalog/templates?category=x"),
        ("/v1-catalog/schemas/", "/v1-catalog/schemas"),
    ] {
        let answer = preview.get(path);
        assert_eq!(answer.status, 301, "{path}");
        assert!(answer.head.lines().any(|line| line == format!("location: {target}")), "{}", answer.head);
        preview.get(target).text();
    }
}
