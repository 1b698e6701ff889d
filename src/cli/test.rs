//! `gen-catalog test`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Outcome;
use super::findings::{element, escaped, in_element, in_repository, shown};
use super::output::{BAD, GOOD, Output, Text, WARNING, painted_diff};
use super::progress::Shown;
use super::project;
use crate::catalog::{CatalogRoot, Change, apply};
use crate::template_tests::{Failure, TestResult, Tested, find};
use catalog_check::{Progress, is_it};
use rancher_catalog::hidden::seen_in_a_line;
use rancher_catalog::source::catalog_of_template;

/// Runs the tests beside templates: what a stack gets for which answers, what is refused, what an upgrade recreates.
///
/// Tests lie in tests/*.yml beside the revisions of a template, where Rancher passes over them. Each names answers and
/// what is expected: values by their paths in the compose files, whole files, a snapshot, a refusal, or what an upgrade
/// from another revision does. A test also fails where Rancher would refuse what comes of its answers, unless that is
/// what it expects. Nothing is started. `gen-catalog schema test` prints the form of these files.
///
/// Exit codes: 0 all pass; 1 a test fails; 2 usage, no tests, or a file of tests that cannot be used.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gen-catalog test\n  \
    gen-catalog test infra-templates/swarm\n  \
    gen-catalog test infra-templates/swarm/tests/answers.yml --filter managers\n  \
    gen-catalog test . --update\n  \
    gen-catalog test . --format junit > tests.xml")]
pub(super) struct TestArgs {
    /// Catalogs, templates or files of tests
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Run the tests with this in their names alone
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write the snapshots that are missing or differ, and list them
    #[arg(long)]
    update: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    format: TestFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TestFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// JUnit's XML, for CI servers: a suite for each file of tests
    Junit,
}

pub(super) fn run(args: &TestArgs, output: &Output) -> anyhow::Result<Outcome> {
    let all = |broken: Vec<crate::template_tests::Broken>| {
        let lines: Vec<String> = broken.iter().map(|one| seen_in_a_line(&one.to_string()).into_owned()).collect();
        anyhow::anyhow!(lines.join("\nerror: "))
    };
    let templates = find(&project::paths(&args.paths, None)?).map_err(all)?;
    let is_wanted = |name: &str| args.filter.as_ref().is_none_or(|part| name.contains(part.as_str()));
    if let Some(part) = &args.filter
        && !templates.iter().flat_map(|template| template.names()).any(is_wanted)
    {
        let meant = is_it(templates.iter().flat_map(|template| template.names()), part);
        bail!("--filter {part}: no test has this in its name{meant}");
    }
    let progress = Arc::new(Progress::default());
    progress.expect(templates.len());
    let shown = Shown::begin(&progress, "templates tested", output.is_quiet());
    let (mut tested, mut broken) = (Vec::new(), Vec::new());
    for template in &templates {
        match template.run(&is_wanted, args.update) {
            Ok(one) => tested.push(one),
            Err(more) => broken.extend(more),
        }
        progress.step();
    }
    drop(shown);
    if !broken.is_empty() {
        return Err(all(broken));
    }
    let mut written = Vec::new();
    for template in tested.iter().filter(|_| args.update) {
        written.extend(write(template)?);
    }
    match args.format {
        TestFormat::Text => output.results(text(&tested, &written, args.update, output.is_quiet()))?,
        TestFormat::Json => output.json(&report(&tested, &written))?,
        TestFormat::Junit => output.results(junit(&tested).iter().map(Text::from))?,
    }
    let fails = results(&tested).any(|test| !test.failures.is_empty());
    Ok(if fails { Outcome::Findings } else { Outcome::Good })
}

fn results(tested: &[Tested]) -> impl Iterator<Item = &TestResult> {
    tested.iter().flat_map(|template| &template.tests)
}

/// Writes the snapshots of a template, all or none; names them. What a run that was killed left behind goes even where there is
/// none to write.
fn write(tested: &Tested) -> anyhow::Result<Vec<PathBuf>> {
    let root = catalog_of_template(&tested.template).unwrap_or_else(|| tested.template.clone());
    let inside = tested.template.strip_prefix(&root).unwrap_or(std::path::Path::new(""));
    let change = |snapshot: &crate::template_tests::Snapshot| Change {
        path: inside.join(&snapshot.path).display().to_string(),
        before: snapshot.before.clone(),
        after: Some(snapshot.after.clone()),
        executable: false,
        published: false,
    };
    let changes: Vec<Change> = tested.snapshots.iter().map(change).collect();
    let all: Vec<&Change> = changes.iter().collect();
    CatalogRoot::open(&root).and_then(|root| apply(&root, &all)).context("no snapshot was written")?;
    Ok(tested.snapshots.iter().map(|snapshot| tested.template.join(&snapshot.path)).collect())
}

fn text(tested: &[Tested], written: &[PathBuf], is_update: bool, is_quiet: bool) -> Vec<Text> {
    let mut parts: Vec<Text> = Vec::new();
    for test in results(tested).filter(|test| !test.failures.is_empty()) {
        let mut out = Text::default();
        let file = shown(&test.file);
        let head = format!("{file}:{}:{}: {} (revision {})", test.at.line, test.at.column, test.name, test.revision);
        out.styled(BAD, "FAIL").plain(&format!(" {}\n", seen_in_a_line(&head)));
        test.failures.iter().for_each(|failure| put(&mut out, &file, failure));
        parts.push(out);
    }
    let mut out = Text::default();
    if !parts.is_empty() {
        out.plain("\n");
    }
    for path in written {
        out.styled(GOOD, "wrote").plain(&format!(" {}\n", shown(path)));
    }
    for test in results(tested) {
        for note in &test.notes {
            let line = format!("{}:{}: {}", shown(&test.file), note.at, note.message);
            out.styled(WARNING, "note").plain(&format!(" {}\n", seen_in_a_line(&line)));
        }
    }
    for path in tested.iter().flat_map(|template| &template.unused) {
        out.styled(WARNING, "unused").plain(&format!(" {}: no test names this snapshot; remove it\n", shown(path)));
    }
    out.plain(&summary(tested, written.len(), is_update));
    if !is_quiet {
        parts.push(out);
    }
    parts
}

fn put(out: &mut Text, file: &str, failure: &Failure) {
    let about = [failure.file.as_deref(), failure.path.as_deref()].into_iter().flatten();
    let about: String = about.map(|part| format!("{part}: ")).collect();
    let line = format!("{file}:{}:{}: {about}{}", failure.line, failure.column, failure.message);
    out.plain(&format!("  {}\n", seen_in_a_line(&line)));
    for (word, style, value) in [("expected", GOOD, &failure.expected), ("got", BAD, &failure.got)] {
        for (at, line) in value.iter().flat_map(|value| value.lines()).enumerate() {
            let word = if at == 0 { word } else { "" };
            out.plain("    ").styled(style, &format!("{word:<8}")).plain(&format!("  {}\n", seen_in_a_line(line)));
        }
    }
    if let (Some(line), Some(text)) = (failure.rendered_line, &failure.rendered_text) {
        out.plain(&format!("    rendered  line {line}: {}\n", seen_in_a_line(text.trim_end())));
    }
    if let Some(diff) = &failure.diff {
        out.text(&painted_diff(diff));
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn summary(tested: &[Tested], written: usize, is_update: bool) -> String {
    let all = results(tested).count();
    let failed = results(tested).filter(|test| !test.failures.is_empty()).count();
    let seen: usize = tested.iter().map(|template| template.snapshots_seen).sum();
    let snapshots = match (is_update, written) {
        (false, _) => String::new(),
        (true, 0) if seen == 0 => "; no test has a snapshot".to_owned(),
        (true, 0) => "; every snapshot is up to date".to_owned(),
        (true, written) => format!("; {} written", counted(written, "snapshot")),
    };
    let templates = counted(tested.iter().filter(|template| !template.tests.is_empty()).count(), "template");
    match failed {
        0 => format!("{} passed in {templates}{snapshots}\n", counted(all, "test")),
        _ => format!("{failed} of {} failed in {templates}{snapshots}\n", counted(all, "test")),
    }
}

fn report(tested: &[Tested], written: &[PathBuf]) -> Value {
    let test = |template: &Tested, test: &TestResult| {
        json!({
            "template": template.name,
            "file": shown(&test.file),
            "line": test.at.line,
            "column": test.at.column,
            "name": test.name,
            "revision": test.revision,
            "passed": test.failures.is_empty(),
            "failures": test.failures,
            "notes": test.notes.iter().map(|note| json!({
                "line": note.at.line, "column": note.at.column, "message": note.message,
            })).collect::<Vec<_>>(),
        })
    };
    let tests: Vec<Value> =
        tested.iter().flat_map(|template| template.tests.iter().map(|one| test(template, one))).collect();
    let failed = results(tested).filter(|test| !test.failures.is_empty()).count();
    let paths = |paths: &mut dyn Iterator<Item = &PathBuf>| paths.map(|path| shown(path)).collect::<Vec<_>>();
    json!({
        "tests": tests,
        "written": paths(&mut written.iter()),
        "unused": paths(&mut tested.iter().flat_map(|template| &template.unused)),
        "summary": { "tests": results(tested).count(), "failed": failed, "templates": tested.len() },
    })
}

fn junit(tested: &[Tested]) -> Vec<String> {
    let mut suites: BTreeMap<String, Vec<&TestResult>> = BTreeMap::new();
    for test in results(tested) {
        suites.entry(in_repository(&test.file)).or_default().push(test);
    }
    let failed = |tests: &[&TestResult]| tests.iter().filter(|test| !test.failures.is_empty()).count();
    let all: Vec<&TestResult> = results(tested).collect();
    let mut parts = vec![format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gen-catalog test\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
        all.len(),
        failed(&all),
    )];
    for (file, tests) in suites {
        parts.push(format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
            escaped(&file),
            tests.len(),
            failed(&tests),
        ));
        for test in tests {
            let body = test.failures.first().map_or_else(String::new, |first| {
                let mut told = Text::default();
                test.failures.iter().for_each(|failure| put(&mut told, &file, failure));
                let message = format!("line {}: {}", first.line, first.message);
                format!(
                    "      <failure type=\"failure\" message=\"{}\">{}</failure>\n",
                    escaped(&message),
                    in_element(&told.uncoloured())
                )
            });
            parts.push(element(&file, &test.name, &body));
        }
        parts.push("  </testsuite>\n".to_owned());
    }
    parts.push("</testsuites>\n".to_owned());
    parts
}
