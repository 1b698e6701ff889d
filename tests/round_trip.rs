//! Every real version reads into the model with nothing lost, and what is rendered from the model means the same.

use std::fs;
use swarm_lab::trial::Trial;

use gen_catalog::entries::Notes;
use gen_catalog::render::{Renderer, first_difference};
use rancher_catalog::model::{Config, DockerCompose, Project, RancherCompose};
use rancher_catalog::source::{TemplateSource, YamlFile, templates_of};
use rancher_catalog::yaml::Document;
use swarm_lab::generator::{corpus, outcome};
use swarm_lab::tree::snapshot;
use swarm_lab::trial::trial;

pub fn trials() -> Vec<Trial> {
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    vec![
        trial("every_file_of_every_version_round_trips", missing, every_file),
        trial("a_printed_model_renders_to_the_same_files", missing, printed_models),
    ]
}

fn templates() -> Vec<TemplateSource> {
    let mut templates = Vec::new();
    for catalog in ["community-catalog", "rancher-catalog"] {
        for path in templates_of(&corpus().unwrap().join(catalog)).unwrap() {
            templates.push(TemplateSource::read(&path));
        }
    }
    assert!(templates.len() >= 33);
    templates
}

/// The document itself, and that of a rendered model of it, must not differ; nor the models.
fn same<T: PartialEq + std::fmt::Debug>(
    file: &YamlFile,
    document: &Document,
    read: impl Fn(&Document) -> T,
    render: impl Fn(&T) -> String,
) {
    let model = read(document);
    let text = render(&model);
    let again = Document::read(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", file.path.display()));
    let difference = first_difference(&document.to_value(), &again.to_value());
    assert_eq!(difference, None, "{}\n{text}", file.path.display());
    assert_eq!(read(&again), model, "{}", file.path.display());
}

fn every_file() {
    let renderer = Renderer::new().unwrap();
    let none = Notes::new();
    let (mut versions, mut readings) = (0, 0);
    for template in templates() {
        assert!(template.unreadable.is_empty(), "{:?}", template.unreadable);
        let config = template.config.as_ref().unwrap();
        let typed = |document: &Document| document.to_typed::<Config>().unwrap();
        same(config, config.raw().as_ref().unwrap(), typed, |model| renderer.config(model).unwrap());
        for version in &template.versions {
            versions += 1;
            let file = version.rancher_compose.as_ref().unwrap();
            let read = |document: &Document| RancherCompose::read(document).unwrap();
            same(file, file.raw().as_ref().unwrap(), read, |model| renderer.rancher_compose(model, &none).unwrap());
            if let Some(file) = &version.project {
                let typed = |document: &Document| document.to_typed::<Project>().unwrap();
                same(file, file.raw().as_ref().unwrap(), typed, |model| renderer.project_file(model).unwrap());
            }
            let Some(file) = &version.docker_compose else { continue };
            assert_eq!(file.template_error, None, "{}", file.path.display());
            for reading in &file.readings {
                let document = reading.document.as_ref().unwrap();
                readings += 1;
                let read = |document: &Document| DockerCompose::read(document).unwrap();
                same(file, document, read, |model| renderer.docker_compose(model, &none).unwrap());
            }
        }
    }
    assert!(versions >= 183, "{versions}");
    println!("{versions} versions, {readings} docker-compose documents");
}

fn printed_models() {
    let folder = tempfile::tempdir().unwrap();
    for template in [
        "community-catalog/infra-templates/swarm",
        "community-catalog/infra-templates/pipeline",
        "rancher-catalog/infra-templates/vxlan",
    ] {
        let path = corpus().unwrap().join(template);
        let path = path.to_str().unwrap();
        let mut rendered = Vec::new();
        for format in ["yaml", "json"] {
            let (code, model, errors) = outcome(folder.path(), &["model", path, "--format", format]);
            assert_eq!(code, 0, "{errors}");
            let (file, into) = (format!("model.{format}"), folder.path().join(format));
            fs::write(folder.path().join(&file), model).unwrap();
            fs::create_dir_all(&into).unwrap();
            let (code, _, errors) = outcome(folder.path(), &["render", "--model", &file, "--into", format]);
            assert_eq!(code, 0, "{errors}");
            rendered.push(snapshot(&into));
        }
        assert_eq!(rendered[0], rendered[1]);
        let name = template.rsplit('/').next().unwrap();
        let config = fs::read_to_string(folder.path().join("yaml").join(name).join("config.yml")).unwrap();
        let original = fs::read_to_string(corpus().unwrap().join(template).join("config.yml")).unwrap();
        let value = |text: &str| Document::read(text).unwrap().to_value();
        assert_eq!(first_difference(&value(&original), &value(&config)), None);
    }
}
