//! Whether the files are as a test expects them.

use catalog_check::is_it;
use rancher_catalog::unified_diff::unified_diff;
use rancher_catalog::yaml::{self, Node};
use serde_yaml::Value;

use super::broken::Broken;
use super::compare::{differences, in_order_of, lacks};
use super::failure::{Failure, bounded, in_words};
use super::launch::{Launched, Made};
use super::path::Found;
use super::snapshot::Snapshots;
use super::test_file::{Expectation, Wanted};

/// What is not as expected.
pub(super) fn failures(
    expectation: &Expectation,
    launched: &Launched,
    snapshots: &mut Snapshots,
) -> Result<Vec<Failure>, Vec<Broken>> {
    let at = expectation.at;
    let (name, is_absence) = match &expectation.wanted {
        Wanted::Snapshot(name) => return snapshots.compare(name, at, launched).map_err(|broken| vec![broken]),
        Wanted::Value { file, value, .. } => (*file, value.is_null()),
        Wanted::Part { file, .. } | Wanted::Whole { file, .. } => (*file, false),
    };
    let Some(file) = launched.file(name) else {
        let failure = Failure { file: Some(name.to_owned()), ..Failure::said(at, format!("there is no {name}")) };
        return Ok(if is_absence { Vec::new() } else { vec![failure] });
    };
    let Some(root) = &file.document.root else {
        let failure = Failure { file: Some(name.to_owned()), ..Failure::said(at, format!("{name} is empty")) };
        return Ok(if is_absence { Vec::new() } else { vec![failure] });
    };
    Ok(match &expectation.wanted {
        Wanted::Value { path, shown, value, .. } => {
            let about = |line: Option<u32>| about(file, shown, line, Failure::said(at, "another value is there"));
            match path.find(root) {
                Found::Here(node) => {
                    let told = differences(value, node).into_iter().map(|difference| Failure {
                        path: Some(format!("{shown}{}", difference.below)),
                        expected: Some(difference.expected),
                        got: Some(difference.got),
                        ..about(difference.line)
                    });
                    told.collect()
                }
                Found::Nothing { depth, last, told } if is_absence => {
                    let of_service = path.depth_of_service(root);
                    // That a service has no such key says nothing where the service is not there, or where none can have it.
                    match of_service.filter(|service| depth < *service).map(|_| told) {
                        Some(told) => vec![nothing(file, shown, Failure::said(at, told), last)],
                        None => path
                            .slip(root, depth)
                            .map_or_else(Vec::new, |slip| vec![nothing(file, shown, Failure::said(at, slip), last)]),
                    }
                }
                Found::Nothing { last, told, .. } => vec![Failure {
                    expected: Some(in_words(value)),
                    got: Some(in_words(&Value::Null)),
                    ..nothing(file, shown, Failure::said(at, told), last)
                }],
            }
        }
        Wanted::Part { path, shown, value, .. } => match path.find(root) {
            Found::Here(node) => lacks(value, node).map_or_else(Vec::new, |why| {
                let got = Some(in_words(&node.to_value()));
                vec![Failure { got, ..about(file, shown, Some(node.span.start.line), Failure::said(at, why)) }]
            }),
            Found::Nothing { last, told, .. } => vec![nothing(file, shown, Failure::said(at, told), last)],
        },
        Wanted::Whole { value, .. } => whole(file, value, root, Failure::said(at, "the file is another one")),
        Wanted::Snapshot(_) => Vec::new(),
    })
}

fn about(file: &Made, path: &str, line: Option<u32>, failure: Failure) -> Failure {
    let text = line.and_then(|line| file.text.lines().nth(line.saturating_sub(1) as usize));
    Failure {
        file: Some(file.name.to_owned()),
        path: Some(path.to_owned()),
        rendered_line: line,
        rendered_text: text.map(|text| text.chars().take(160).collect()),
        ..failure
    }
}

/// Nothing is at a path: a hint may stand where the file has another form than is meant.
fn nothing(file: &Made, shown: &str, failure: Failure, last: &Node) -> Failure {
    let root = file.document.root.as_ref();
    let first = shown.split(['.', '[']).next().unwrap_or_default();
    let is_first = root.is_some_and(|root| std::ptr::eq(root, last));
    let of_services = |root: &Node| root.get("services").is_some_and(|services| services.get(first).is_some());
    let message = match root {
        Some(root) if is_first && of_services(root) => {
            format!("there is no `{first}` at the top: in version '2' services stand below `services`")
        }
        Some(root) if is_first && first == "services" && root.get("version").is_none() => {
            let names = root.entries().iter().filter_map(|(name, _)| name.text());
            let second = shown.trim_start_matches("services").trim_start_matches('.').split(['.', '[']).next();
            let meant = is_it(names, second.unwrap_or_default());
            format!("there is no `services`: this file has no version, and its services stand at the top{meant}")
        }
        _ => failure.message.clone(),
    };
    about(file, shown, None, Failure { message, ..failure })
}

/// A whole file, whose keys may stand in any order.
fn whole(file: &Made, value: &Value, root: &Node, failure: Failure) -> Vec<Failure> {
    if differences(value, root).is_empty() {
        return Vec::new();
    }
    let expected = yaml::document(&in_order_of(value, root));
    let names = (format!("expected {}", file.name), format!("rendered {}", file.name));
    let diff = unified_diff(&names.0, Some(expected.as_bytes()), &names.1, Some(file.text.as_bytes()));
    vec![Failure { file: Some(file.name.to_owned()), diff: Some(bounded(&diff)), ..failure }]
}
