//! Comments that silence a rule: `# gen-catalog: allow RULE reason`, in the line of what is found or in a line of its own
//! above it.

use std::collections::HashSet;

use super::rules;
use rancher_catalog::source::YamlFile;

/// A comment to gen-catalog.
#[derive(Debug)]
pub(super) struct Comment {
    /// Its line.
    pub line: u32,
    /// Where in it, in characters from 1.
    pub column: u32,
    /// The line that it speaks of.
    pub governed: u32,
    /// Whether nothing but such comments stands above it: then it speaks of the file as a whole too.
    pub at_top: bool,
    /// What it allows and why, or why it does nothing.
    pub says: Result<Allowed, String>,
}

/// What a comment allows.
#[derive(Debug)]
pub(super) struct Allowed {
    pub rule: String,
    pub reason: String,
}

/// A comment with the line that it speaks of, as they stand in a file of this name: by these it is known again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Known {
    file: String,
    comment: String,
    governed: String,
}

impl Comment {
    /// Whether it silences what a rule finds in a line; line 0 is the file as a whole.
    pub(super) fn silences(&self, rule: &str, line: u32) -> bool {
        let here = if line == 0 { self.at_top } else { line == self.line || line == self.governed };
        here && self.says.as_ref().is_ok_and(|allowed| allowed.rule == rule)
    }

    /// By what it is known again.
    pub(super) fn known(&self, file: &YamlFile) -> Known {
        let text = |line: u32| file.line(line).trim().to_owned();
        Known {
            file: file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            comment: text(self.line),
            governed: text(self.governed),
        }
    }
}

/// The comments of a file, by line.
pub(super) fn comments(file: &YamlFile) -> Vec<Comment> {
    let mut found: Vec<Comment> = Vec::new();
    // Those in lines of their own, whose line to speak of is still to come.
    let mut waiting: Vec<usize> = Vec::new();
    let mut only_comments = true;
    if !file.text.contains("gen-catalog:") {
        return found;
    }
    for (line, text) in (1u32..).zip(file.text.lines()) {
        let comment = of_line(text);
        let alone = comment.is_some() && text.trim_start().starts_with('#');
        let at_top = only_comments || line == 1;
        only_comments &= alone;
        if !alone {
            for at in waiting.drain(..) {
                found[at].governed = line;
            }
        }
        if let Some((column, says)) = comment {
            if alone {
                waiting.push(found.len());
            }
            found.push(Comment { line, column, governed: line, at_top, says });
        }
    }
    found
}

/// All by which the comments of files are known again.
pub(super) fn known<'a>(files: impl Iterator<Item = &'a YamlFile>) -> HashSet<Known> {
    files.flat_map(|file| comments(file).into_iter().map(|comment| comment.known(file))).collect()
}

/// The comment in a line: its column, and what it says.
fn of_line(line: &str) -> Option<(u32, Result<Allowed, String>)> {
    let (before, text) = line.match_indices("gen-catalog:").find_map(|(at, name)| {
        let before = line[..at].trim_end_matches(' ').strip_suffix('#')?;
        Some((before, &line[at + name.len()..]))
    })?;
    let column = u32::try_from(before.chars().count()).unwrap_or(0) + 1;
    let mut words = text.split_whitespace();
    let verb = words.next().unwrap_or_default();
    if verb != "allow" {
        // Other comments may begin with the name of this program.
        let meant = strsim::osa_distance(verb, "allow") <= 2 && !verb.is_empty();
        return meant.then(|| (column, Err(format!("`{verb}` is no word for a comment: `allow` is"))));
    }
    let rule = words.next().unwrap_or_default().to_owned();
    let reason = words.collect::<Vec<_>>().join(" ");
    let says = if rule.is_empty() {
        Err("this allowance names no rule".to_owned())
    } else if rules::by_id(&rule).is_none() {
        Err(rules::no_such_rule(&rule))
    } else if reason.is_empty() {
        Err(format!("this allowance of `{rule}` gives no reason, and does nothing without one"))
    } else {
        Ok(Allowed { rule, reason })
    };
    Some((column, says))
}
