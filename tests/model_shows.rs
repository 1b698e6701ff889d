//! Nothing in the model is without effect: whatever value changes, what is rendered changes, or it is refused.

use gen_catalog::entries::{Notes, swarm};
use gen_catalog::render::renderer;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_yaml::Value;
use swarm_lab::trial::Trial;
use swarm_lab::trials;
use swarmkit_settings::SETTINGS;

pub fn trials() -> Vec<Trial> {
    trials![every_value_of_the_model_shows_in_the_output_or_is_refused, every_comment_shows_above_its_key,]
}

/// Every value with one leaf changed, or one key or item taken out.
fn mutations(value: &Value) -> Vec<Value> {
    match value {
        Value::Mapping(map) => {
            let mut all = Vec::new();
            for (key, inner) in map {
                all.extend(mutations(inner).into_iter().map(|mutated| {
                    let mut map = map.clone();
                    map.insert(key.clone(), mutated);
                    Value::Mapping(map)
                }));
                let mut without = map.clone();
                without.remove(key);
                all.push(Value::Mapping(without));
            }
            all
        }
        Value::Sequence(items) => {
            let mut all = Vec::new();
            for at in 0..items.len() {
                all.extend(mutations(&items[at]).into_iter().map(|mutated| {
                    let mut items = items.clone();
                    items[at] = mutated;
                    Value::Sequence(items)
                }));
                let mut without = items.clone();
                without.remove(at);
                all.push(Value::Sequence(without));
            }
            all
        }
        Value::Bool(truth) => vec![Value::Bool(!truth), Value::String(truth.to_string())],
        Value::Number(number) => vec![Value::from(number.as_i64().unwrap() + 1), Value::String(number.to_string())],
        Value::String(text) => vec![Value::String(format!("{text}x")), Value::String(format!(" {text}")), Value::Null],
        other => panic!("the entry holds {other:?}"),
    }
}

fn every_change_shows<T>(name: &str, model: &T, render: impl Fn(&T) -> Option<String>)
where
    T: Serialize + DeserializeOwned + PartialEq,
{
    let original = render(model).unwrap();
    let value = serde_yaml::to_value(model).unwrap();
    let all = mutations(&value);
    assert!(all.len() > 5, "{name}");
    let mut shown = 0;
    for mutated in all {
        let Ok(changed) = serde_yaml::from_value::<T>(mutated.clone()) else { continue };
        assert!(changed != *model, "{name}: the model does not hold {mutated:?}");
        if let Some(text) = render(&changed) {
            assert_ne!(text, original, "{name}: {mutated:?}");
            shown += 1;
        }
    }
    assert!(shown > 3, "{name}: everything was refused");
}

fn every_value_of_the_model_shows_in_the_output_or_is_refused() {
    let publication = swarm::publication(&swarm::image(swarm::default_repository(), None), SETTINGS);
    let renderer = renderer(None).unwrap();
    let notes = Notes::new();
    let (infra, project) = (&publication.infra, &publication.project);
    every_change_shows("docker-compose", &infra.version.docker_compose, |model| {
        renderer.docker_compose(model, &notes).ok()
    });
    every_change_shows("rancher-compose", &infra.version.rancher_compose, |model| {
        renderer.rancher_compose(model, &notes).ok()
    });
    every_change_shows("config", &infra.config, |model| renderer.config(model).ok());
    every_change_shows("project", &project.version.project, |model| renderer.project_file(model).ok());
    every_change_shows("project config", &project.config, |model| renderer.config(model).ok());
}

fn every_comment_shows_above_its_key() {
    let publication = swarm::publication(&swarm::image(swarm::default_repository(), None), SETTINGS);
    let files = publication.infra.render(&renderer(None).unwrap(), swarm::FIRST_REVISION).unwrap();
    for (notes, file) in
        [(&publication.infra.docker_compose_notes, &files[0]), (&publication.infra.rancher_compose_notes, &files[1])]
    {
        assert!(!notes.is_empty());
        for (path, note) in notes {
            let first = note.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
            let (_, below) = file.text.split_once(&format!("# {first}")).unwrap_or_else(|| panic!("{path}: {note}"));
            let key = below.lines().skip(1).find(|line| !line.trim_start().starts_with('#')).unwrap();
            assert_eq!(key.trim_start().split(':').next(), path.rsplit('.').next(), "{path}");
        }
    }
}
