//! `gen-catalog images` lists every image that may be launched, whatever is answered, with where it stands; and `--rewrite`
//! names them as in another registry.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use swarm_lab::generator::{corpus, outcome};
use swarm_lab::trial::{Trial, trial};
use swarm_lab::trials;

use crate::bump::{catalog, good, put, read};

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        every_image_with_file_line_and_service,
        answers_that_decide_together_are_tried_together,
        variables_become_all_that_is_offered,
        a_mirror_gets_a_file_for_skopeo,
        what_cannot_be_told_is_said,
        however_much_is_offered_all_of_it_is_listed_or_it_is_said,
        a_question_that_must_be_answered_is,
        a_new_revision_is_rewritten_to_another_registry,
        the_entry_is_rendered_for_another_registry,
    ];
    let missing = corpus().is_none().then_some("needs the real catalogs (CATALOG_CORPUS)");
    trials.push(trial("of_real_catalogs_no_image_of_a_reading_is_missing", missing, real));
    trials
}

fn images(folder: &Path, args: &[&str]) -> Value {
    let (code, text, errors) = outcome(folder, &[&["images", "--format", "json"], args].concat());
    assert!(code == 0 && errors.is_empty(), "{errors}");
    serde_json::from_str(&text).unwrap()
}

fn names(report: &Value) -> Vec<&str> {
    report["images"].as_array().unwrap().iter().map(|image| image["image"].as_str().unwrap()).collect()
}

fn every_image_with_file_line_and_service() {
    let catalog = catalog();
    let folder = catalog.path();
    let (code, text, _) = outcome(folder, &["images"]);
    let wanted = "example/web:1.0.0\tinfra-templates/example/0/docker-compose.yml:4: web\n\
                  example/web:1.1.0\tinfra-templates/example/1/docker-compose.yml:4: web\n";
    assert_eq!((code, text.as_str()), (0, wanted));
    for args in [&["--default"][..], &["infra-templates/example/1"], &["infra-templates/example/1/docker-compose.yml"]]
    {
        assert_eq!(names(&images(folder, args)), ["example/web:1.1.0"], "{args:?}");
    }
    assert_eq!(outcome(folder, &["images", "--quiet"]).1, "example/web:1.0.0\nexample/web:1.1.0\n");
    let (code, _, errors) = outcome(folder, &["images", "infra-templates/none"]);
    assert!(code == 2 && errors.contains("infra-templates/none"), "{errors}");
}

fn answers_that_decide_together_are_tried_together() {
    let catalog = catalog();
    let folder = catalog.path();
    let compose = "version: '2'\nservices:\n  web:\n{{- if eq .Values.COLOR \"blue\" }}\n{{- if eq .Values.DEBUG \"true\" }}\n    \
                   image: example/both:1\n{{- else }}\n    image: example/blue:1\n{{- end }}\n{{- else }}\n    image: \
                   example/red:1\n{{- end }}\n{{- if .Values.SIZE }}\n  sized:\n    image: example/sized:{{ .Values.SIZE }}\n{{- end \
                   }}\n  dns:\n    image: rancher/dns-service\n";
    let rancher = read(folder, "infra-templates/example/1/rancher-compose.yml")
        .replace("  questions:\n", "  questions:\n    - variable: DEBUG\n      label: D\n      description: D\n      type: boolean\n      default: 'false'\n");
    put(folder, "infra-templates/example/2/docker-compose.yml.tpl", compose);
    put(folder, "infra-templates/example/2/rancher-compose.yml", rancher.replace("v1.1.0", "v1.2.0"));
    let report = images(folder, &["infra-templates/example/2"]);
    assert_eq!(names(&report), ["example/blue:1", "example/both:1", "example/red:1", "example/sized:10"]);
    assert_eq!(report["images"][1]["uses"][0]["line"], 6);
}

fn variables_become_all_that_is_offered() {
    let catalog = catalog();
    let folder = catalog.path();
    let text = read(folder, "infra-templates/example/1/docker-compose.yml");
    put(
        folder,
        "infra-templates/example/1/docker-compose.yml",
        text.replace("example/web:1.1.0", "example/web:${COLOR}-${SIZE}"),
    );
    let report = images(folder, &["infra-templates/example/1"]);
    assert_eq!(names(&report), ["example/web:blue-10", "example/web:red-10"]);
    assert_eq!(report["images"][0]["uses"][0]["free"][0], "SIZE");
    let (_, text, _) = outcome(folder, &["images", "infra-templates/example/1"]);
    assert!(text.contains(":4: web, unless another is answered to SIZE\n"), "{text}");
}

fn a_mirror_gets_a_file_for_skopeo() {
    let catalog = catalog();
    let folder = catalog.path();
    put(
        folder,
        "infra-templates/example/2/docker-compose.yml",
        "a: {image: 'redis'}\nb: {image: 'r.example:5000/x/y:1.10'}\n",
    );
    put(folder, "infra-templates/example/2/rancher-compose.yml", ".catalog: {version: v2}\n");
    let (code, text, _) = outcome(folder, &["images", "--format", "skopeo"]);
    let wanted = "docker.io:\n  images:\n    example/web:\n      - \"1.0.0\"\n      - \"1.1.0\"\n    library/redis:\n      - \
                  \"latest\"\nr.example:5000:\n  images:\n    x/y:\n      - \"1.10\"\n";
    assert_eq!((code, text.as_str()), (0, wanted));
    let text = outcome(folder, &["images", "--rewrite", "mirror.example", "--quiet"]).1;
    let wanted = "mirror.example/example/web:1.0.0\nmirror.example/example/web:1.1.0\nmirror.example/redis\nmirror.example/x/y:1.10\n";
    assert_eq!(text, wanted);
    let (code, _, errors) = outcome(folder, &["images", "--rewrite", "no registry"]);
    assert!(code == 2 && errors.contains("the name of a registry is wanted"), "{errors}");
}

fn what_cannot_be_told_is_said() {
    let catalog = catalog();
    let folder = catalog.path();
    for (compose, says) in [
        ("web: {image: 'a b'}\n", "docker-compose.yml:1: `a b` is not an image reference"),
        ("web: {image: 'a:${'}\n", "holds a `$` that begins no variable"),
        ("web: [\n", "docker-compose.yml:2:1: "),
        ("web:\n  image: '{{ .Values.X'\n", "docker-compose.yml:2:"),
        ("web:\n  image: '${NONE}'\n", "docker-compose.yml:2: `` is not an image reference"),
        ("web: {image: [a]}\n", "docker-compose.yml:1: the image of web is no text"),
        ("", "docker-compose.yml: it is empty: no image can be told"),
        ("- web\n", "docker-compose.yml: it is no map of services: no image can be told"),
    ] {
        put(folder, "infra-templates/example/1/docker-compose.yml", compose);
        let (code, _, errors) = outcome(folder, &["images", "infra-templates/example/1"]);
        assert!(code == 1 && errors.contains(says), "{compose}: {code} {errors}");
    }
    std::fs::remove_file(folder.join("infra-templates/example/1/docker-compose.yml")).unwrap();
    let (code, _, errors) = outcome(folder, &["images", "infra-templates/example/1"]);
    assert!(code == 1 && errors.contains("there is no docker-compose.yml"), "{code} {errors}");
}

fn however_much_is_offered_all_of_it_is_listed_or_it_is_said() {
    let catalog = catalog();
    let folder = catalog.path();
    let asked = |names: &[(&str, usize)]| {
        let questions: String = names
            .iter()
            .map(|(name, count)| {
                let options: Vec<String> = (0..*count).map(|number| format!("v{number}")).collect();
                format!(
                    "  - {{variable: {name}, label: L, description: D, type: enum, default: v0, options: [{}]}}\n",
                    options.join(", ")
                )
            })
            .collect();
        let block = format!("version: '2'\n.catalog:\n  version: v1.1.0\n  questions:\n{questions}");
        put(folder, "infra-templates/example/1/rancher-compose.yml", &block);
    };
    let compose = "infra-templates/example/1/docker-compose.yml";
    asked(&[("E", 1500)]);
    put(folder, compose, "version: '2'\nservices:\n  web:\n    image: a/b:${E}\n");
    assert_eq!(names(&images(folder, &["infra-templates/example/1"])).len(), 1500);
    asked(&[("E", 40), ("F", 40)]);
    put(folder, compose, "version: '2'\nservices:\n  web:\n    image: ${F}/b:${E}\n");
    let (code, text, errors) = outcome(folder, &["images", "infra-templates/example/1"]);
    assert!(code == 1 && errors.contains("too many answers for all to be tried together"), "{code} {errors}");
    assert_eq!(text.lines().count(), 79);
}

fn a_question_that_must_be_answered_is() {
    let catalog = catalog();
    let folder = catalog.path();
    let block = "version: '2'\n.catalog:\n  version: v1.1.0\n  questions:\n  - {variable: KEY, label: L, description: D, type: \
                 string, required: true}\n";
    put(folder, "infra-templates/example/1/rancher-compose.yml", block);
    std::fs::remove_file(folder.join("infra-templates/example/1/docker-compose.yml")).unwrap();
    // Without an answer the line is no YAML, and Rancher's form lets nobody launch it so.
    let compose = "version: '2'\nservices:\n  web:\n    image: a/b:1\n    environment:\n      {{ .Values.KEY }}: x\n";
    put(folder, "infra-templates/example/1/docker-compose.yml.tpl", compose);
    assert_eq!(names(&images(folder, &["infra-templates/example/1"])), ["a/b:1"]);
}

fn a_new_revision_is_rewritten_to_another_registry() {
    let catalog = catalog();
    let folder = catalog.path();
    let text = read(folder, "infra-templates/example/1/docker-compose.yml");
    let text = format!(
        "{text}  db:\n    image: \"r.example:5000/x/db:${{SIZE}}\" # from r.example\n  dns:\n    image: rancher/dns-service\n"
    );
    put(folder, "infra-templates/example/1/docker-compose.yml", &text);
    good(folder, &["example", "--image", "web=1.2.0", "--rewrite", "mirror.example:5000"]);
    let wanted = text
        .replace("example/web:1.1.0", "mirror.example:5000/example/web:1.2.0")
        .replace("\"r.example:5000/x/db:", "\"mirror.example:5000/x/db:");
    assert_eq!(read(folder, "infra-templates/example/2/docker-compose.yml"), wanted);
    // Once more there is nothing to rewrite.
    let (code, _, errors) = crate::bump::bump(folder, &["example", "--rewrite", "mirror.example:5000", "--patch"]);
    assert!(code == 1 && errors.contains("nothing would change"), "{errors}");
}

fn the_entry_is_rendered_for_another_registry() {
    let catalog = swarm_lab::generator::empty_catalog();
    let (code, text, errors) = outcome(catalog.path(), &["render", "--rewrite", "mirror.example", "--stdout"]);
    assert!(code == 0 && text.contains("image: mirror.example/rancher/swarmkit:v"), "{text}{errors}");
}

fn real() {
    let folder = corpus().unwrap();
    for name in ["community-catalog", "rancher-catalog"] {
        let catalog = folder.join(name);
        let (_, text, _) = outcome(&catalog, &["images", "--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap();
        let listed: BTreeSet<&str> = names(&report).into_iter().collect();
        let mut count = 0;
        for template in rancher_catalog::source::templates_of(&catalog).unwrap() {
            let template = rancher_catalog::source::TemplateSource::read(&template);
            for version in &template.versions {
                for image in crate::bump_replay::images(version).into_values().flatten() {
                    let is_told =
                        listed.contains(image.as_str()) || image.contains('$') || image.starts_with("rancher/none");
                    let is_kind = !image.contains(':') && image.starts_with("rancher/");
                    assert!(is_told || is_kind, "{}: {image}", version.path.display());
                    count += 1;
                }
            }
        }
        assert!(count > 20, "{count}");
    }
}
