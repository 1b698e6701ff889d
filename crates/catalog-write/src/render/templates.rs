//! The templates: compiled in, or from a folder that overrides them one by one.

use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value};

use super::Notes;
use super::RenderError;
use super::markdown;
use rancher_catalog::yaml;

/// The compiled-in templates by name. Each is named after the file that it makes.
const BUILT_IN: [(&str, &str); 4] = [
    ("config.yml.j2", include_str!("../../../../templates/config.yml.j2")),
    ("docker-compose.yml.j2", include_str!("../../../../templates/docker-compose.yml.j2")),
    ("rancher-compose.yml.j2", include_str!("../../../../templates/rancher-compose.yml.j2")),
    ("project.yml.j2", include_str!("../../../../templates/project.yml.j2")),
];

/// Instructions that one template may take: a template that never ends is stopped.
const FUEL: u64 = 5_000_000;

/// The environment in which all templates are rendered.
///
/// # Errors
/// The folder cannot be read, or a template in it does not parse.
pub(super) fn environment(
    more: &[(&'static str, &'static str)],
    folder: Option<&Path>,
) -> Result<Environment<'static>, RenderError> {
    let all: Vec<(&str, &str)> = BUILT_IN.iter().chain(more).copied().collect();
    let mut environment = Environment::new();
    // Rancher's own files hold `{{ }}` (Go templates) and `${ }` (interpolation), which must pass through untouched.
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<=", "=>")
        .comment_delimiters("<#", "#>")
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| template_error("syntax", &error))?;
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment.add_function("entry", entry);
    environment.add_filter("comment", |text: &str| yaml::comment(text, 0));
    environment.add_filter("one_line", |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" "));
    environment.add_filter("prose", |text: &str| markdown::prose(text));
    environment.add_filter("code", |text: &str| markdown::code(text));
    if let Some(folder) = folder {
        all_known(folder, &all)?;
    }
    for (name, text) in all {
        let text = match folder {
            Some(folder) => overriding(folder, name)?.unwrap_or_else(|| text.to_owned()),
            None => text.to_owned(),
        };
        environment.add_template_owned(name, text).map_err(|error| template_error(name, &error))?;
    }
    Ok(environment)
}

/// Refuses a folder with other files than templates that are known, or with none: what is misspelt would stand for nothing.
fn all_known(folder: &Path, all: &[(&str, &str)]) -> Result<(), RenderError> {
    let cannot = |source| RenderError::Templates { folder: folder.display().to_string(), source };
    let known = || all.iter().map(|(name, _)| *name);
    let mut found = false;
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
        if known().any(|known| known == name) {
            found = true;
        } else if !name.starts_with('.') {
            let meant = catalog_check::is_it(known(), &name);
            let known = known().collect::<Vec<_>>().join(", ");
            return Err(RenderError::UnknownTemplate { path: folder.join(name).display().to_string(), meant, known });
        }
    }
    let none = || std::io::Error::other(format!("none of {} is there", known().collect::<Vec<_>>().join(", ")));
    if found { Ok(()) } else { Err(cannot(none())) }
}

fn overriding(folder: &Path, name: &str) -> Result<Option<String>, RenderError> {
    let cannot = |source| RenderError::Templates { folder: folder.display().to_string(), source };
    if !folder.is_dir() {
        return Err(cannot(std::io::ErrorKind::NotADirectory.into()));
    }
    match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot(error)),
    }
}

pub(super) fn template_error(name: &str, error: &minijinja::Error) -> RenderError {
    let mut detail = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        detail.push_str(&format!(": {source}"));
        cause = source.source();
    }
    RenderError::Template { name: name.to_owned(), detail }
}

/// `entry(name, value, indent, path, notes)`: a key and its value in block style, with the comments for both.
fn entry(name: &str, value: Value, indent: usize, path: &str, notes: Value) -> Result<String, minijinja::Error> {
    let broken = |error: serde_yaml::Error| {
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, format!("`{name}` is no YAML value: {error}"))
    };
    let value = serde_yaml::to_value(&value).map_err(broken)?;
    let notes: Notes = serde_yaml::to_value(&notes).and_then(serde_yaml::from_value).map_err(broken)?;
    let comment_at = |path: &str| notes.get(path).map(String::as_str);
    Ok(yaml::entry(&name.into(), &value, indent, path, &comment_at))
}
