//! Comments that silence a rule: `# gen-catalog: allow RULE reason`, in the line of the finding or the one above it.

use std::collections::HashMap;
use std::path::Path;

use super::config::CatalogConfig;
use super::report::Finding;
use super::view::yaml_files;
use rancher_catalog::source::{TemplateSource, YamlFile};

/// Keeps the findings about a template that nothing silences; tells how many are silenced, by a comment or by the
/// catalog's gen-catalog.toml.
pub(super) fn sort_out(
    template: &TemplateSource,
    findings: impl IntoIterator<Item = Finding>,
    kept: &mut Vec<Finding>,
) -> usize {
    let config = CatalogConfig::of_template(&template.path);
    let files: HashMap<&Path, &YamlFile> = yaml_files(template).map(|file| (file.path.as_path(), file)).collect();
    let mut silenced = 0;
    for finding in findings {
        let file = files.get(finding.path.as_path());
        if file.is_some_and(|file| by_comment(file, &finding)) || config.silences(&template.path, &finding) {
            silenced += 1;
        } else {
            kept.push(finding);
        }
    }
    silenced
}

/// Whether a comment beside a finding silences it. A reason must be given; without one the comment does nothing.
fn by_comment(file: &YamlFile, finding: &Finding) -> bool {
    let line = finding.start.line;
    let whole_file = line == 0;
    let here = if whole_file { 1 } else { line };
    [here, here.saturating_sub(1)].into_iter().filter(|line| *line > 0).any(|line| {
        let text = file.line(line);
        // The line above counts only if it holds nothing but the comment.
        if line != here && !text.trim_start().starts_with('#') {
            return false;
        }
        allowed(text).is_some_and(|id| id == finding.rule.id)
    })
}

fn allowed(line: &str) -> Option<&str> {
    let (_, comment) = line.split_once("# gen-catalog: allow ")?;
    let (id, reason) = comment.trim().split_once(char::is_whitespace)?;
    (!reason.trim().is_empty()).then_some(id)
}
