//! Two contents, side by side.

use std::time::Duration;

use similar::TextDiff;

/// How long the shortest diff of two files is looked for; then a longer one will do.
const DIFF_LIMIT: Duration = Duration::from_secs(2);

/// Two contents as a unified diff; nothing if they are the same. `None` stands for a file that is not there.
pub fn unified_diff(before_name: &str, before: Option<&[u8]>, after_name: &str, after: Option<&[u8]>) -> String {
    if before == after {
        return String::new();
    }
    let before_name = if before.is_some() { before_name } else { "/dev/null" };
    let after_name = if after.is_some() { after_name } else { "/dev/null" };
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    if [before, after].iter().any(|content| content.contains(&0)) {
        return format!("Binary files {before_name} and {after_name} differ\n");
    }
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    TextDiff::configure()
        .timeout(DIFF_LIMIT)
        .diff_lines(before.as_ref(), after.as_ref())
        .unified_diff()
        .header(before_name, after_name)
        .to_string()
}
