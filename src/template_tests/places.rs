//! Where tests lie: `tests/*.yml` beside the revisions of a template, and their snapshots in `tests/snapshots`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use catalog_check::catalogs_below;
use rancher_catalog::beneath::{Beneath, Kind, NotRead};
use rancher_catalog::source::{MAX_FILE_BYTES, templates_of};
use rancher_catalog::tests_folder::TESTS;

use super::broken::Broken;
use super::test_file::{self, TestFile, Wanted};

/// The folder of the snapshots, in that of the tests.
pub(super) const SNAPSHOTS: &str = "snapshots";

/// A template, and its tests that were asked for.
#[derive(Debug)]
pub struct TemplateTests {
    /// The template's folder.
    pub template: PathBuf,
    pub(super) files: Vec<TestFile>,
    /// Whether these are all tests of it.
    pub(super) is_whole: bool,
    /// The files in the folder of the snapshots.
    pub(super) snapshots: Vec<String>,
}

/// The tests that paths mean: of a catalog, a template, its folder of tests, or in one file.
///
/// # Errors
/// A path holds none, or a file of tests cannot be used: all such files are told.
pub fn find(paths: &[PathBuf]) -> Result<Vec<TemplateTests>, Vec<Broken>> {
    let mut asked: BTreeMap<PathBuf, Option<Vec<PathBuf>>> = BTreeMap::new();
    let mut broken = Vec::new();
    for path in paths {
        match asked_by(path) {
            Ok(found) => {
                for (template, file) in found {
                    let files = asked.entry(template).or_insert_with(|| Some(Vec::new()));
                    match (file, files) {
                        (Some(file), Some(files)) if !files.contains(&file) => files.push(file),
                        (Some(_), _) => {}
                        (None, files) => *files = None,
                    }
                }
            }
            Err(one) => broken.push(one),
        }
    }
    let mut found = Vec::new();
    for (template, files) in asked {
        match read(&template, files.as_deref()) {
            Ok(tests) => found.push(tests),
            Err(more) => broken.extend(more),
        }
    }
    if broken.is_empty() { Ok(found) } else { Err(broken) }
}

/// A template, and the one file of it that is meant, if it is one.
type Asked = (PathBuf, Option<PathBuf>);

fn asked_by(path: &Path) -> Result<Vec<Asked>, Broken> {
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            Broken::whole(path, "it is not there: name a catalog, a template, or a file of its tests")
        }
        _ => Broken::whole(path, format!("it cannot be looked at: {error}")),
    };
    let absolute = std::path::absolute(path).map_err(cannot)?;
    std::fs::symlink_metadata(&absolute).map_err(cannot)?;
    let is_tests = |folder: &&Path| {
        let above = folder.parent().filter(|_| folder.file_name().is_some_and(|name| name == TESTS));
        above.is_some_and(|above| templates_of(above).is_ok_and(|found| found == [above]))
    };
    if let Some(folder) = absolute.ancestors().find(is_tests) {
        let template = folder.parent().unwrap_or(folder).to_owned();
        if folder == absolute {
            return Ok(vec![(template, None)]);
        }
        if absolute.parent() == Some(folder) && is_test_file(&absolute) {
            return Ok(vec![(template, Some(absolute))]);
        }
        return Err(Broken::whole(path, "this is no file of tests: those are the *.yml right in the folder `tests`"));
    }
    let templates = templates_of(&absolute).map_err(cannot)?;
    if let [template] = templates.as_slice()
        && absolute != *template
        && absolute.starts_with(template)
    {
        let reason = format!("it holds no tests: those of the template lie in {}", template.join(TESTS).display());
        return Err(Broken::whole(path, reason));
    }
    let has_tests = |template: &PathBuf| std::fs::symlink_metadata(template.join(TESTS)).is_ok();
    let tested: Vec<Asked> = templates.iter().filter(|one| has_tests(one)).map(|one| (one.clone(), None)).collect();
    if tested.is_empty() {
        let reason = match templates.first() {
            None => match catalogs_below(&absolute).as_slice() {
                [] => "it holds no template, and so no tests: name a catalog or a template".to_owned(),
                below => {
                    let inside = |path: &String| {
                        Path::new(path).strip_prefix(&absolute).unwrap_or(Path::new(path)).display().to_string()
                    };
                    let below: Vec<String> = below.iter().map(inside).collect();
                    format!("it is no catalog, and so has no tests; {} is one: name that", below.join(" or "))
                }
            },
            Some(first) => {
                let example = first.strip_prefix(&absolute).unwrap_or(first).join(TESTS);
                let example = example.join("answers.yml");
                format!(
                    "it holds no tests: write them into the folder `tests` of a template, such as {}",
                    example.display()
                )
            }
        };
        return Err(Broken::whole(path, reason));
    }
    Ok(tested)
}

fn is_test_file(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "yml" || end == "yaml")
}

fn read(template: &Path, only: Option<&[PathBuf]>) -> Result<TemplateTests, Vec<Broken>> {
    let folder = template.join(TESTS);
    let one = |path: &Path, cause: &NotRead| vec![Broken::whole(path, cause.to_string())];
    let beneath = Beneath::template(template).map_err(|cause| one(template, &cause))?;
    let entries = beneath.entries(Path::new(TESTS)).map_err(|cause| one(&folder, &cause))?;
    let (mut files, mut broken, mut snapshots) = (Vec::new(), Vec::new(), Vec::new());
    for (name, kind) in entries {
        let path = folder.join(&name);
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if kind == Kind::Folder && name == SNAPSHOTS {
            let inside = beneath.entries(&Path::new(TESTS).join(SNAPSHOTS)).map_err(|cause| one(&path, &cause))?;
            snapshots.extend(inside.into_iter().map(|(name, _)| name.to_string_lossy().into_owned()));
        } else if kind == Kind::Folder {
            let reason =
                format!("tests lie right in `{TESTS}`, and snapshots in `{TESTS}/{SNAPSHOTS}`: nothing is read here");
            broken.push(Broken::whole(&path, reason));
        } else if is_test_file(&path) && only.is_none_or(|only| only.contains(&path)) {
            match beneath.read(&Path::new(TESTS).join(&name), MAX_FILE_BYTES) {
                Ok(bytes) => match test_file::read(&path, bytes) {
                    Ok(file) => files.push(file),
                    Err(wrong) => broken.push(Broken::of(&path, wrong)),
                },
                Err(NotRead::TooLarge(most)) => {
                    let reason =
                        format!("it has more than {most} bytes: a file of tests is not so large; make several of it");
                    broken.push(Broken::whole(&path, reason));
                }
                Err(cause) => broken.push(Broken::whole(&path, cause.to_string())),
            }
        }
    }
    if broken.is_empty() && files.is_empty() {
        broken.push(Broken::whole(&folder, "it holds no tests: write them into a file whose name ends in .yml"));
    }
    broken.extend(shared_snapshot(&files));
    if !broken.is_empty() {
        return Err(broken);
    }
    Ok(TemplateTests { template: template.to_owned(), files, is_whole: only.is_none(), snapshots })
}

/// A snapshot that two tests have: the one would write over that of the other.
fn shared_snapshot(files: &[TestFile]) -> Option<Broken> {
    let mut known: BTreeMap<&str, (&Path, u32)> = BTreeMap::new();
    for file in files {
        for expectation in file.tests.iter().flat_map(|test| &test.expectations) {
            let Wanted::Snapshot(name) = &expectation.wanted else { continue };
            if let Some((path, line)) = known.insert(name, (&file.path, expectation.at.line)) {
                let where_ = path.file_name().unwrap_or_default().to_string_lossy();
                let reason =
                    format!("the snapshot `{name}` is that of the test in {where_}:{line} already: name another");
                return Some(Broken::at(&file.path, expectation.at, reason));
            }
        }
    }
    None
}
