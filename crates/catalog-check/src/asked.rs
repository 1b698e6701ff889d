//! What was asked for: the templates that paths mean, and whether there is anything to check.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rancher_catalog::source::{TemplateSource, templates_of};
use rancher_catalog::tests_folder::TESTS;

/// The files of a version that Rancher reads.
const READ: [&str; 4] = ["docker-compose.yml", "docker-compose.yml.tpl", "rancher-compose.yml", "project.yml"];
/// So many folders are named to whoever asks for the one above them.
const NAMED: usize = 3;

/// What was asked for.
pub(super) struct Asked {
    /// The templates, each with the paths by which it was asked for.
    templates: BTreeMap<PathBuf, Vec<PathBuf>>,
    paths: Vec<PathBuf>,
}

impl Asked {
    /// The folders of the templates.
    pub(super) fn templates(&self) -> impl Iterator<Item = &PathBuf> {
        self.templates.keys()
    }

    /// Whether what is found about a template at a path was asked for.
    pub(super) fn wants(&self, template: &Path, path: &Path) -> bool {
        let by = self.templates.get(template).map_or(&[][..], Vec::as_slice);
        by.iter().any(|asked| path.starts_with(asked) || (template.starts_with(asked) && path.starts_with(template)))
    }

    /// Whether a folder, or a part of it, was asked for.
    pub(super) fn reaches(&self, folder: &Path) -> bool {
        self.paths.iter().any(|asked| folder.starts_with(asked) || asked.starts_with(folder))
    }

    /// Whether all of a folder was asked for.
    pub(super) fn covers(&self, folder: &Path) -> bool {
        self.paths.iter().any(|asked| folder.starts_with(asked))
    }
}

/// The templates that paths mean.
///
/// # Errors
/// A path cannot be looked at, or holds nothing to check: the error says what was expected there.
pub(super) fn asked(paths: &[PathBuf]) -> io::Result<Asked> {
    let mut asked = Asked { templates: BTreeMap::new(), paths: Vec::new() };
    for path in paths {
        let absolute = std::path::absolute(path)?;
        let cannot = |error: io::Error| {
            let message = match error.kind() {
                io::ErrorKind::NotFound => {
                    format!("{} is not there: name a catalog, a template, a version or a file of these", path.display())
                }
                _ => format!("cannot look at {}: {error}", path.display()),
            };
            io::Error::new(error.kind(), message)
        };
        let templates = templates_of(path).map_err(cannot)?;
        if let Some(problem) = problem(path, &absolute, &templates) {
            return Err(io::Error::new(io::ErrorKind::NotFound, problem));
        }
        for template in templates {
            asked.templates.entry(template).or_default().push(absolute.clone());
        }
        asked.paths.push(absolute);
    }
    Ok(asked)
}

/// Why there is nothing to check at a path, and what may have been meant.
fn problem(path: &Path, absolute: &Path, templates: &[PathBuf]) -> Option<String> {
    let shown = path.display();
    let is_folder = absolute.is_dir();
    // Beside templates a file is in none of them.
    let is_beside = !is_folder && !templates.iter().any(|template| absolute.starts_with(template));
    if templates.is_empty() || is_beside {
        let relation = if is_folder { "holds" } else { "is in" };
        let hint = match catalogs_below(path).as_slice() {
            [] => "name a catalog (a folder with infra-templates/, templates/ or the like), a template or a version"
                .to_owned(),
            below => format!("{} does: name that", below.join(" or ")),
        };
        return Some(format!(
            "{shown} {relation} no template, which is a folder with a config.yml or numbered versions; {hint}"
        ));
    }
    let [template] = templates else { return None };
    let inside = absolute.strip_prefix(template).ok()?;
    let depth = inside.components().count();
    if inside.starts_with(TESTS) && holds_tests_alone(template) {
        return Some(format!(
            "{shown} holds tests, and nothing that Rancher reads: `gen-catalog test {shown}` runs them"
        ));
    }
    let version = template.join(inside.components().next()?);
    let name = absolute.file_name().unwrap_or_default().to_string_lossy();
    let unread = depth == 2 && !is_folder && !READ.contains(&&*name);
    (depth > 2 || (depth == 2 && is_folder) || unread).then(|| {
        format!(
            "{shown} holds nothing to check: of a version Rancher reads {} in its own folder; name {}",
            READ.join(", "),
            version.display()
        )
    })
}

/// Whether the folder `tests` of a template is none that Rancher, or a rule, looks at.
fn holds_tests_alone(template: &Path) -> bool {
    !TemplateSource::outline(template).versions.iter().any(|version| version.name == TESTS)
}

/// The folders in a folder that are catalogs: a few of them.
pub fn catalogs_below(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let entries = entries.filter_map(Result::ok).filter(is_folder);
    let mut below: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    below.sort();
    let holds = |path: &PathBuf| templates_of(path).is_ok_and(|templates| !templates.is_empty());
    below
        .into_iter()
        .filter(holds)
        .take(NAMED)
        .map(|path| path.strip_prefix(".").unwrap_or(&path).display().to_string())
        .collect()
}
