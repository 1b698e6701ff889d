//! The catalog entry of a service, made of the settings that the service itself reads. `own-entry CATALOG` puts it there.

use std::path::Path;
use std::process::exit;

use catalog_write::Entry;
use rancher_catalog::model::{
    CatalogBlock, Config, DockerCompose, HealthCheck, InfraVersion, ListOrMap, Question, QuestionType, RancherCompose,
    RancherService, Service,
};

const VERSION: &str = "v1.0.0";
/// The settings of the service: the variable, what it does, the default, and the choices where there are some.
const SETTINGS: [(&str, &str, &str, &[&str]); 2] = [
    ("GREETING", "What the page says", "Hello", &[]),
    ("LOG_LEVEL", "The least that is logged", "info", &["debug", "info", "error"]),
];

fn entry() -> Entry {
    let questions = SETTINGS.map(|(variable, help, default, choices)| {
        let question = match choices {
            [] => Question::new(variable, help, QuestionType::String),
            choices => Question::choice(variable, help, choices.iter().copied()),
        };
        Question { description: help.into(), default: default.into(), ..question }
    });
    let environment: ListOrMap = SETTINGS.iter().map(|(name, ..)| (*name, format!("${{{name}}}"))).collect();
    let service =
        Service { image: "example/hello:1.0.0".into(), environment: environment.into(), ..Service::default() };
    let watched = RancherService { health_check: HealthCheck::http(8080, "/ping").into(), ..RancherService::default() };
    let catalog = CatalogBlock {
        version: VERSION.into(),
        minimum_rancher_version: "v1.6.0".into(),
        questions: questions.to_vec().into(),
        ..CatalogBlock::default()
    };
    let version = InfraVersion {
        docker_compose: DockerCompose::v2([("hello", service)]),
        rancher_compose: RancherCompose::v2(catalog, [("hello", watched)]),
        readme: Some("# Hello\n".to_owned()),
    };
    let config = Config {
        name: "Hello".into(),
        description: "A page that says hello".into(),
        version: VERSION.into(),
        maintainer: "Jane Doe <jane@example.com>".into(),
        ..Config::default()
    };
    let icon = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"><rect width=\"1\" height=\"1\"/></svg>\n";
    Entry { icon: Some(icon.to_owned()), ..Entry::new("templates/hello", config, version) }
}

fn main() {
    let catalog = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let put = entry().put(Path::new(&catalog)).unwrap_or_else(|error| {
        eprintln!("{error}");
        exit(1)
    });
    println!("revision {}: {} files written", put.revision, put.written.len());
}
