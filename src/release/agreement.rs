//! Whether all places of the project that name its version name the same one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use super::image_lock::{self, ImageLock};
use super::layout::Layout;
use super::oci::{self, FoundImage};
use super::{docker_load, pack, unpack};
use crate::catalog::{CatalogRoot, plan};
use crate::entries::{Publication, swarm};
use crate::render::Renderer;
use rancher_catalog::git::Git;
use rancher_catalog::limited_child;
use rancher_catalog::model::{DockerCompose, Image, Repository, Version};
use rancher_catalog::source::TemplateSource;
use swarmkit_settings::{SETTINGS, built_from};

/// What a program may take to print its version.
const VERSION_LIMIT: Duration = Duration::from_secs(10);
/// The most that it may print with it.
const MAX_VERSION_BYTES: u64 = 64 << 10;

/// One place, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it is.
    pub what: &'static str,
    /// Where it stands.
    pub place: String,
    /// What it says, or why that cannot be told.
    pub says: String,
    /// What it should say.
    pub should: String,
    /// Whether it does.
    pub agrees: bool,
}

/// Where to look.
#[derive(Debug, Clone)]
pub struct Places<'a> {
    /// The project's folder.
    pub project: &'a Path,
    /// The folder of the catalog in it.
    pub catalog: &'a str,
    /// The daemon's program.
    pub monitor: &'a Path,
    /// The tag of the release.
    pub tag: &'a str,
    /// The image's repository.
    pub repository: &'a Repository,
    /// The image's archive, if it shall be looked at.
    pub archive: Option<&'a Path>,
}

/// Looks at all places.
pub fn look(places: &Places<'_>, renderer: &Renderer) -> Vec<Row> {
    let wanted = places.tag.trim_start_matches('v');
    let mut rows = Rows::default();
    rows.add("tag", "--tag", Ok(places.tag.to_owned()), &tag_of(wanted));
    rows.add("package", "Cargo.toml", cargo_toml(places.project), wanted);
    rows.add("lock of packages", "Cargo.lock", cargo_lock(places.project), wanted);
    rows.add("generator", "gen-catalog --version", Ok(env!("CARGO_PKG_VERSION").to_owned()), wanted);
    let said = daemon(places.monitor);
    let line = |wanted: &str| {
        said.clone().map(|text| {
            let found = text.lines().find(|line| line.starts_with(wanted)).or(text.lines().next());
            found.unwrap_or_default().to_owned()
        })
    };
    let asked = format!("{} --version", places.monitor.display());
    rows.add("daemon", &asked, line("swarmkit-mon "), &format!("swarmkit-mon {wanted}"));
    // One that does not even run has said so once.
    if said.is_ok() {
        rows.add("daemon's catalog", &asked, line("catalog "), &format!("catalog v{wanted}"));
    }
    rows.add("changelog", "CHANGELOG.md", changelog(places.project, wanted), &format!("a section {wanted}, released"));
    catalog(places, renderer, &mut rows);
    if let Some(path) = places.archive {
        let commit = line("commit ").ok().and_then(|line| line.strip_prefix("commit ").map(str::to_owned));
        archive(places, path, commit.as_deref(), &mut rows);
    }
    rows.rows
}

#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
}

impl Rows {
    pub(super) fn add(&mut self, what: &'static str, place: &str, says: Result<String, String>, should: &str) {
        let agrees = says.as_deref() == Ok(should);
        let says = says.unwrap_or_else(|why| why);
        self.rows.push(Row { what, place: place.to_owned(), says, should: should.to_owned(), agrees });
    }
}

/// The tag of a version; of what is no version none can be right.
fn tag_of(version: &str) -> String {
    match semver::Version::parse(version) {
        Ok(version) => format!("v{version}"),
        Err(_) => "v and a version, such as v2.0.0".to_owned(),
    }
}

fn toml_file(project: &Path, name: &str) -> Result<toml::Table, String> {
    let text = fs::read_to_string(project.join(name)).map_err(|error| error.to_string())?;
    toml::from_str(&text).map_err(|error| error.message().to_owned())
}

fn cargo_toml(project: &Path) -> Result<String, String> {
    let manifest = toml_file(project, "Cargo.toml")?;
    let version = manifest.get("workspace").and_then(|workspace| workspace.get("package")?.get("version")?.as_str());
    version.map(str::to_owned).ok_or_else(|| "no version".to_owned())
}

fn cargo_lock(project: &Path) -> Result<String, String> {
    let lock = toml_file(project, "Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    let of = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_owned());
    let own = packages.iter().find(|package| of(package, "name").as_deref() == Some(env!("CARGO_PKG_NAME")));
    own.and_then(|package| of(package, "version")).ok_or_else(|| "no version".to_owned())
}

fn daemon(program: &Path) -> Result<String, String> {
    let read = |stdout| limited_child::all(stdout, MAX_VERSION_BYTES);
    let ended = limited_child::run(Command::new(program).arg("--version"), Vec::new(), VERSION_LIMIT, read)
        .map_err(|error| format!("{error}: build it, or name it with --monitor"))?;
    match ended {
        None => Err(format!("no answer within {} s", VERSION_LIMIT.as_secs())),
        Some(ended) if !ended.status.success() => Err(format!("it ended with {}", ended.status)),
        Some(ended) => {
            ended.output.map(|text| String::from_utf8_lossy(&text).into_owned()).map_err(|error| error.to_string())
        }
    }
}

/// The heading of the version's section: `## 2.0.0 (2026-01-31)`, or with nothing behind it.
fn changelog(project: &Path, version: &str) -> Result<String, String> {
    let text = fs::read_to_string(project.join("CHANGELOG.md")).map_err(|error| error.to_string())?;
    let heading = text.lines().find_map(|line| {
        let rest = line.strip_prefix("## ")?.trim_start_matches(['v', '[']).strip_prefix(version)?;
        (!rest.starts_with(|c: char| c.is_alphanumeric() || c == '.' || c == '-' || c == '+'))
            .then(|| rest.trim().to_owned())
    });
    match heading {
        None => Err("no section of this version".to_owned()),
        Some(rest) if ["not yet", "unreleased"].iter().any(|word| rest.to_lowercase().contains(word)) => {
            Err(format!("the section says {rest}"))
        }
        Some(_) => Ok(format!("a section {version}, released")),
    }
}

fn catalog(places: &Places<'_>, renderer: &Renderer, rows: &mut Rows) {
    let wanted = format!("v{}", places.tag.trim_start_matches('v'));
    let in_project = places.catalog;
    let folder = places.project.join(in_project);
    for name in ["infra-templates/swarm", "project-templates/swarm"] {
        let template = TemplateSource::read(&folder.join(name));
        let missing = |what: &str| format!("no {what}");
        let config = template.config_model().and_then(Result::ok);
        let config = config.and_then(|config| config.version.value().map(Version::text));
        let place = |file: &str| format!("{in_project}/{name}/{file}");
        rows.add("default version", &place("config.yml"), config.ok_or_else(|| missing("version")), &wanted);
        let newest = template.versions.iter().rfind(|version| version.revision.is_some());
        let revision = newest.map_or_else(|| "?".to_owned(), |newest| newest.name.clone());
        let version = newest.and_then(|newest| newest.catalog()?.version.value().map(Version::text));
        let file = place(&format!("{revision}/rancher-compose.yml"));
        rows.add("catalog version", &file, version.ok_or_else(|| missing("version")), &wanted);
        if name.starts_with("infra") {
            let image = newest.and_then(image_of);
            let tag = image.as_ref().and_then(|image| image.reference()?.tag.clone());
            let file = place(&format!("{revision}/docker-compose.yml"));
            rows.add("image tag", &file, tag.ok_or_else(|| missing("image with a tag")), &wanted);
            lock(places, image.as_ref(), rows);
        }
    }
    // One of another version, or that cannot be read, has its own row.
    let locked = ImageLock::read(&places.project.join(image_lock::FILE_NAME)).ok().flatten();
    let image = swarm::image(places.repository.clone(), locked.map(|lock| lock.digest));
    let publication = swarm::publication(&image, SETTINGS);
    let in_words = format!("{in_project}/");
    rows.add("rendered files", &in_words, up_to_date(&folder, &publication, renderer), "as this program renders them");
    if let Ok(git) = Git::at(places.project)
        && git.top().is_some()
    {
        let path = |name: &str| format!("{}{name}", git.prefix());
        let (folder, lock) = (path(in_project), path(image_lock::FILE_NAME));
        let changed = git.commit("HEAD").and_then(|head| git.changed_since(&head, &[&folder, &lock]));
        let says = changed.map_err(|error| error.to_string()).and_then(|changed| match changed.iter().next() {
            None => Ok("committed".to_owned()),
            Some(_) => Err("with changes that are not committed".to_owned()),
        });
        rows.add("committed files", &in_words, says, "committed");
    }
}

fn image_of(version: &rancher_catalog::source::VersionSource) -> Option<Image> {
    let document = version.docker_compose.as_ref()?.raw().as_ref().ok()?;
    let compose = DockerCompose::read(document).ok()?;
    compose.services()?.get(swarm::SERVICE)?.value()?.image.value().cloned()
}

/// image.lock, if there is one: of this version, and what the entry is pinned to.
fn lock(places: &Places<'_>, image: Option<&Image>, rows: &mut Rows) {
    let file: PathBuf = places.project.join(image_lock::FILE_NAME);
    let wanted = places.tag.trim_start_matches('v');
    match ImageLock::read(&file) {
        Ok(None) => {}
        Err(error) => rows.add("image lock", image_lock::FILE_NAME, Err(error.to_string()), wanted),
        Ok(Some(lock)) => {
            rows.add("image lock", image_lock::FILE_NAME, Ok(lock.version), wanted);
            let pinned = image.and_then(|image| image.reference()?.digest.clone());
            rows.add("image digest", "docker-compose.yml", pinned.ok_or_else(|| "no digest".to_owned()), &lock.digest);
        }
    }
}

/// The image's archive: named by the tag, with labels that say what the daemon says, and the one that is locked.
fn archive(places: &Places<'_>, path: &Path, commit: Option<&str>, rows: &mut Rows) {
    let wanted = places.tag.trim_start_matches('v');
    let place = path.display().to_string();
    let read = Layout::open(path).and_then(|layout| {
        let found = oci::find_in(&layout, &format!("v{wanted}"))?;
        Ok((layout, found))
    });
    let (layout, found) = match read {
        Ok(read) => read,
        Err(error) => return rows.add("image archive", &place, Err(error.to_string()), &format!("an image v{wanted}")),
    };
    let named = if found.named { Ok(format!("an image v{wanted}")) } else { Err("an image without a name".to_owned()) };
    rows.add("image archive", &place, named, &format!("an image v{wanted}"));
    // A release is of one commit, and both must know it.
    let commit =
        commit.filter(|text| built_from::is_commit(text)).unwrap_or("the commit of the daemon, which does not know it");
    for (what, label, wanted) in [
        ("image version", pack::VERSION_LABEL, wanted),
        ("image revision", pack::REVISION_LABEL, commit),
        ("image source", pack::SOURCE_LABEL, env!("CARGO_PKG_REPOSITORY")),
        ("image licence", pack::LICENCES_LABEL, env!("CARGO_PKG_LICENSE")),
    ] {
        rows.add(what, &format!("{place} {label}"), label_of_all(&found, label), wanted);
    }
    let should = format!("swarmkit-mon {wanted} of {commit}");
    rows.add("image program", &format!("{place} {}", pack::PROGRAM), program_of_all(&layout, &found), &should);
    rows.add("image loaded", &place, docker_load::takes(&layout, &found), docker_load::SAME);
    // A lock that cannot be read has its own row.
    if let Ok(Some(lock)) = ImageLock::read(&places.project.join(image_lock::FILE_NAME)) {
        rows.add("image archive's digest", &place, Ok(found.digest), &lock.digest);
    }
}

/// What a label says on every platform.
pub(super) fn label_of_all(found: &FoundImage, label: &str) -> Result<String, String> {
    let said: BTreeSet<Option<&String>> = found.described.iter().map(|described| described.labels.get(label)).collect();
    match said.into_iter().collect::<Vec<_>>().as_slice() {
        [] | [None] => Err("no label".to_owned()),
        [Some(one)] => Ok((*one).clone()),
        _ => Err("not the same on every platform".to_owned()),
    }
}

/// What the program is by its own note, on every platform.
pub(super) fn program_of_all(layout: &Layout<'_>, found: &FoundImage) -> Result<String, String> {
    let mut said = BTreeSet::new();
    if !found.absent.is_empty() {
        return Err(format!("the index also names {}, which is not in the archive", found.absent.join(", ")));
    }
    for image in &found.described {
        let of_platform = |reason| format!("{}: {reason}", image.platform);
        said.insert(unpack::daemon(layout, image).map_err(of_platform)?.to_string());
    }
    Ok(said.into_iter().collect::<Vec<_>>().join("; "))
}

fn up_to_date(folder: &Path, publication: &Publication, renderer: &Renderer) -> Result<String, String> {
    let root = CatalogRoot::open(folder).map_err(|error| error.to_string())?;
    let plan = plan(&root, publication, renderer).map_err(|error| error.to_string())?;
    match plan.drift().count() {
        0 => Ok("as this program renders them".to_owned()),
        count => Err(format!("{count} differ: run `gen-catalog render --check`")),
    }
}
