//! The YAML reader: any text ends in a document or an error, and what is written of a document reads back the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rancher_catalog::model::{Config, DockerCompose, Project, RancherCompose};
use rancher_catalog::yaml::{self, Document};

fuzz_target!(|text: &str| {
    let Ok(document) = Document::read(text) else { return };
    let value = document.to_value();
    let _ = document.to_typed::<Config>();
    let _ = document.to_typed::<Project>();
    let _ = DockerCompose::read(&document);
    let _ = RancherCompose::read(&document);
    let written = yaml::document(&value);
    // Keys that are lists or maps, which no catalog has, are not written; NaN is not equal to itself.
    let plain = serde_json::to_value(&value).is_ok() && !written.contains(".nan");
    if plain && value.is_mapping() {
        let again = Document::read(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(again.to_value(), value, "{written}");
    }
});
