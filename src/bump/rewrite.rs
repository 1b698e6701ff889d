//! An image's reference in the files of a version, changed wherever it stands and means that image.
//!
//! As the image of a service it changes whatever its tag was. Anywhere else it changes only where it names the very image
//! that is in use: another tag there is history. Comments stay, but for an `image:` that was commented out.

use std::collections::BTreeSet;
use std::ops::Range;

use super::mention::{Behind, Mention, mentions};
use crate::text_edit::{EditError, Edits, Lines, YamlText};
use rancher_catalog::yaml::{Node, NodeKind};

/// An image, and what it becomes.
#[derive(Debug, Clone)]
pub struct Swap {
    /// The repository as it is written.
    pub repository: String,
    /// What stands behind it now, where it shall change; empty for whatever stands there.
    pub only: BTreeSet<Behind>,
    /// The new repository.
    pub new_repository: String,
    /// What stands behind that; `None` for what stands there.
    pub new: Option<Behind>,
}

/// A place that names an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where, and what stands behind the repository.
    pub mention: Mention,
    /// What it is there.
    pub kind: Kind,
    /// Its line, from 1.
    pub line: usize,
    /// Whether a comment says that it shall stay.
    pub is_kept: bool,
}

/// What an image's reference is where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The image of a service.
    Image,
    /// An `image:` that was commented out.
    CommentedOut,
    /// Anything else that is no comment.
    Elsewhere,
}

/// A file with an image changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// Its text.
    pub text: Vec<u8>,
    /// The lines in which it was changed.
    pub lines: Vec<usize>,
}

impl Swap {
    /// What a place becomes that has something behind the repository.
    pub fn written(&self, behind: &Behind) -> String {
        match (&self.new, behind) {
            // Of what is known at launch alone only the repository changes.
            (None, Behind::Open) => self.new_repository.clone(),
            (new, behind) => format!("{}{}", self.new_repository, new.as_ref().unwrap_or(behind).written()),
        }
    }

    fn takes(&self, found: &Found, in_use: &BTreeSet<Behind>) -> bool {
        let is_asked = self.only.is_empty() || self.only.contains(&found.mention.behind);
        let is_there = match found.kind {
            Kind::Image => self.new.is_none() || found.mention.behind != Behind::Open,
            Kind::CommentedOut | Kind::Elsewhere => {
                found.mention.behind.is_fixed() && in_use.contains(&found.mention.behind)
            }
        };
        is_asked && is_there && !found.is_kept
    }
}

/// Every place of a compose file that names a repository.
pub fn scan(text: &[u8], repository: &str) -> Vec<Found> {
    let all = mentions(text, repository);
    if all.is_empty() {
        return Vec::new();
    }
    let yaml = YamlText::read(text).ok();
    let scalars = yaml.as_ref().map(|yaml| scalars(yaml.document().root.as_ref()));
    let comments = match &yaml {
        Some(yaml) => {
            yaml.document().comments.iter().map(|comment| to_line_end(text, comment.position.offset)).collect()
        }
        None => comments_of(text),
    };
    let mut lines = Lines::of(text);
    let mut kept = (0, false);
    let mut found = Vec::new();
    for mention in all {
        let at = mention.place.start;
        let (number, line) = lines.line(at);
        let kind = if let Some(comment) = within(&comments, at) {
            let is_alone = is_commented_out(text, comment.start, at) && is_line_ended(text, mention.place.end);
            is_alone.then_some(Kind::CommentedOut)
        } else {
            match &scalars {
                Some(scalars) => {
                    let behind = scalars.partition_point(|scalar| scalar.place.start <= at);
                    let scalar = behind.checked_sub(1).map(|last| &scalars[last]);
                    scalar.filter(|scalar| scalar.place.contains(&at)).map(|scalar| scalar.kind)
                }
                None => Some(kind_by_line(text, line.start, &mention)),
            }
        };
        if kept.0 != number {
            kept = (number, is_kept(text, &line, &comments));
        }
        if let Some(kind) = kind {
            found.push(Found { kind, line: number, is_kept: kept.1, mention });
        }
    }
    found
}

/// The one of some places, in order, that a place is in.
fn within(places: &[Range<usize>], at: usize) -> Option<Range<usize>> {
    let behind = places.partition_point(|place| place.start <= at);
    places[..behind].iter().rev().take(2).find(|place| place.contains(&at)).cloned()
}

/// A compose file with an image changed; `None` where there is nothing to change. `in_use` is what stands behind the
/// repository where it is the image of a service.
///
/// # Errors
/// It is laid out so that more would change.
pub fn compose(text: &[u8], swap: &Swap, in_use: &BTreeSet<Behind>) -> Result<Option<Rewritten>, EditError> {
    let taken: Vec<Found> =
        scan(text, &swap.repository).into_iter().filter(|found| swap.takes(found, in_use)).collect();
    let mut edits = Edits::default();
    for found in &taken {
        edits.replace(found.mention.place.clone(), swap.written(&found.mention.behind));
    }
    if edits.apply(text) == text {
        return Ok(None);
    }
    let lines = taken.iter().map(|found| found.line).collect();
    let Ok(yaml) = YamlText::read(text) else {
        return Ok(Some(Rewritten { text: edits.apply(text), lines }));
    };
    let of_scalars = scalars(yaml.document().root.as_ref());
    // In what is read no comment is left, so that all that a scalar names is what was taken of the file.
    let start_of = |at: usize| {
        let behind = of_scalars.partition_point(|scalar| scalar.place.start <= at);
        behind.checked_sub(1).map(|last| of_scalars[last].place.start)
    };
    let known: BTreeSet<(usize, &Behind)> = taken
        .iter()
        .filter(|found| found.kind != Kind::CommentedOut)
        .filter_map(|found| Some((start_of(found.mention.place.start)?, &found.mention.behind)))
        .collect();
    let changed = of_scalars.iter().filter(|scalar| edits.touches(&scalar.place)).map(|scalar| {
        let mut inner = Edits::default();
        let is_taken = |mention: &Mention| known.contains(&(scalar.place.start, &mention.behind));
        for mention in mentions(scalar.text.as_bytes(), &swap.repository).into_iter().filter(is_taken) {
            inner.replace(mention.place.clone(), swap.written(&mention.behind));
        }
        (scalar.place.start, String::from_utf8_lossy(&inner.apply(scalar.text.as_bytes())).into_owned())
    });
    let changed = changed.collect();
    let line = taken.first().map_or(1, |found| found.line);
    let edited = yaml.with_edits(&edits, &changed);
    edited
        .map(|text| Some(Rewritten { text, lines }))
        .ok_or_else(|| EditError::Layout(format!("the image in line {line}")))
}

/// A text for people with an image changed, where it names the very one in use; `None` where it does not.
pub fn prose(text: &[u8], swap: &Swap, in_use: &BTreeSet<Behind>) -> Option<Rewritten> {
    let mut edits = Edits::default();
    let mut lines = Vec::new();
    let mut counted = Lines::of(text);
    for mention in mentions(text, &swap.repository) {
        let (line, _) = counted.line(mention.place.start);
        let found = Found { mention, kind: Kind::Elsewhere, line, is_kept: false };
        if swap.takes(&found, in_use) {
            edits.replace(found.mention.place.clone(), swap.written(&found.mention.behind));
            lines.push(line);
        }
    }
    let edited = edits.apply(text);
    (edited != text).then_some(Rewritten { text: edited, lines })
}

/// A scalar that is no key.
struct ScalarAt<'n> {
    place: Range<usize>,
    kind: Kind,
    text: &'n str,
}

fn scalars(root: Option<&Node>) -> Vec<ScalarAt<'_>> {
    let mut found: Vec<ScalarAt<'_>> = Vec::new();
    let mut open: Vec<(&Node, bool)> = root.map(|root| (root, false)).into_iter().collect();
    while let Some((node, is_image)) = open.pop() {
        match &node.kind {
            NodeKind::Map(entries) => {
                open.extend(entries.iter().map(|(key, value)| (value, key.text() == Some("image"))));
            }
            NodeKind::List(items) => open.extend(items.iter().map(|item| (item, false))),
            NodeKind::Scalar { text, .. } => {
                let place = node.span.start.offset..node.span.end.offset;
                let kind = if is_image { Kind::Image } else { Kind::Elsewhere };
                found.push(ScalarAt { place, kind, text });
            }
        }
    }
    // What stands once and is read at several places through an alias is an image if it is one at any.
    found.sort_by_key(|scalar| (scalar.place.start, scalar.kind != Kind::Image));
    found.dedup_by_key(|scalar| scalar.place.start);
    found
}

/// So many lines of a comment above a line are looked at.
const ABOVE: usize = 20;
/// So far before a place, or behind it, is looked.
const NEAR: usize = 512;

/// What a place is in a file that is no YAML before it is rendered.
fn kind_by_line(text: &[u8], line_start: usize, mention: &Mention) -> Kind {
    let start = line_start.max(mention.place.start.saturating_sub(NEAR));
    let before = String::from_utf8_lossy(&text[start..mention.place.start]);
    let is_image = before.trim_start().strip_prefix("image:").is_some_and(|rest| rest.trim_start().len() <= 1);
    let action = before.rfind("{{").filter(|at| !before[*at..].contains("}}"));
    // A text in an action, which becomes an image by way of a variable or at once.
    let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '`'));
    let is_text = quote.is_some_and(|quote| text.get(mention.place.end) == u8::try_from(quote).ok().as_ref());
    if is_image || (action.is_some() && is_text && mention.behind.is_fixed()) { Kind::Image } else { Kind::Elsewhere }
}

fn line_start(text: &[u8], at: usize) -> usize {
    text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1)
}

fn to_line_end(text: &[u8], at: usize) -> Range<usize> {
    let length = text[at..].iter().position(|byte| *byte == b'\n').unwrap_or(text.len() - at);
    at..at + length
}

/// The comments of a text that is no YAML before it is rendered: from a `#` outside of quotes, and those of actions.
fn comments_of(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = to_line_end(text, at);
        let (mut quote, mut before) = (None, b' ');
        for (inside, byte) in text[line.clone()].iter().enumerate() {
            match (quote, byte) {
                (Some(open), byte) if open == *byte => quote = None,
                (None, b'"' | b'\'') if matches!(before, b' ' | b'\t' | b':' | b'=' | b'(' | b'[' | b'{' | b',') => {
                    quote = Some(*byte);
                }
                (None, b'#') if matches!(before, b' ' | b'\t' | b'}') => {
                    found.push(line.start + inside..line.end);
                    break;
                }
                _ => {}
            }
            before = *byte;
        }
        at = line.end + 1;
    }
    let mut at = 0;
    while let Some(start) = text[at..].windows(2).position(|pair| pair == b"/*").map(|start| at + start) {
        let end = text[start..].windows(2).position(|pair| pair == b"*/").map_or(text.len(), |end| start + end + 2);
        let opening = String::from_utf8_lossy(&text[start.saturating_sub(8)..start]).into_owned();
        if opening.trim_end_matches(['-', ' ']).ends_with("{{") {
            found.push(start..end);
        }
        at = end.max(start + 2);
        if at >= text.len() {
            break;
        }
    }
    found.sort_by_key(|comment| comment.start);
    found
}

/// Whether what stands before an image in a comment is an `image:` that was commented out, and nothing else.
fn is_commented_out(text: &[u8], comment: usize, at: usize) -> bool {
    let before = String::from_utf8_lossy(&text[comment.max(at.saturating_sub(NEAR))..at]);
    let inner = before.trim_start_matches(['#', ' ', '\t']);
    inner.strip_prefix("image:").is_some_and(|rest| matches!(rest.trim_start(), "" | "\"" | "'"))
}

fn is_line_ended(text: &[u8], at: usize) -> bool {
    let near = &text[at..text.len().min(at + NEAR)];
    let end = near.iter().position(|byte| *byte == b'\n').unwrap_or(near.len());
    let rest = String::from_utf8_lossy(&near[..end]);
    rest.trim_end().trim_start_matches(['"', '\'']).trim().is_empty()
}

/// Whether a comment says that what stands in a line stays: one in it, or one in the lines right above that are comments.
fn is_kept(text: &[u8], line: &Range<usize>, comments: &[Range<usize>]) -> bool {
    let says = |comment: &[u8]| {
        let comment = String::from_utf8_lossy(comment).to_lowercase();
        let is_general = ["do not change", "don't change"].iter().any(|words| comment.contains(words))
            && ["version", "image", "tag"].iter().any(|what| comment.contains(what));
        is_general || comment.contains("gen-catalog: keep") || comment.contains("gitflow-disable")
    };
    let first = comments.partition_point(|comment| comment.start < line.start);
    let in_line = comments[first..].iter().take_while(|comment| comment.start < line.end);
    if in_line.into_iter().any(|comment| says(&text[comment.clone()])) {
        return true;
    }
    let mut above = line.start;
    for _ in 0..ABOVE {
        if above == 0 {
            break;
        }
        let before = line_start(text, above - 1);
        let comment = &text[before..above];
        if !comment.trim_ascii_start().starts_with(b"#") {
            break;
        }
        if says(comment) {
            return true;
        }
        above = before;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swap() -> Swap {
        Swap {
            repository: "a/web".to_owned(),
            only: BTreeSet::new(),
            new_repository: "a/web".to_owned(),
            new: Some(Behind::Fixed { tag: Some("2".to_owned()), digest: None }),
        }
    }

    fn in_use(text: &str) -> BTreeSet<Behind> {
        let images = scan(text.as_bytes(), "a/web").into_iter().filter(|found| found.kind == Kind::Image);
        images.map(|found| found.mention.behind).collect()
    }

    fn changed(text: &str) -> Option<String> {
        let rewritten = compose(text.as_bytes(), &swap(), &in_use(text)).unwrap()?;
        Some(String::from_utf8(rewritten.text).unwrap())
    }

    #[test]
    fn the_image_of_a_service_changes_whatever_its_style() {
        for (before, after) in [
            ("web:\n  image: a/web:1\n", "web:\n  image: a/web:2\n"),
            ("web:\n  image:   \"a/web:1\"  # a/web:1\n", "web:\n  image:   \"a/web:2\"  # a/web:1\n"),
            ("web:\r\n  image: 'a/web'\r\n", "web:\r\n  image: 'a/web:2'\r\n"),
            ("web: {image: 'a/web:1', links: [a]}", "web: {image: 'a/web:2', links: [a]}"),
            ("a: &x {image: 'a/web:1'}\nb: *x\n", "a: &x {image: 'a/web:2'}\nb: *x\n"),
            ("a:\n  image: &i a/web:1\nb:\n  image: *i\n", "a:\n  image: &i a/web:2\nb:\n  image: *i\n"),
            ("web:\n  image: |-\n    a/web:1\n", "web:\n  image: |-\n    a/web:2\n"),
            ("web:\n  image: a/web:1@sha256:00\n", "web:\n  image: a/web:2\n"),
            ("\u{feff}web:\n  image: a/web:1", "\u{feff}web:\n  image: a/web:2"),
            ("a:\n  image: a/web:1\nb:\n  image: a/web:0\n", "a:\n  image: a/web:2\nb:\n  image: a/web:2\n"),
            ("{{- $i := \"a/web:1\" }}\nweb:\n  image: {{$i}}\n", "{{- $i := \"a/web:2\" }}\nweb:\n  image: {{$i}}\n"),
            (
                "web:\n{{- if eq .Values.A \"b\"}}\n  image: a/web:1\n{{- end}}\n",
                "web:\n{{- if eq .Values.A \"b\"}}\n  image: a/web:2\n{{- end}}\n",
            ),
        ] {
            assert_eq!(changed(before).as_deref(), Some(after), "{before:?}");
        }
    }

    #[test]
    fn elsewhere_the_image_in_use_changes_and_history_stays() {
        for (before, after) in [
            (
                "web:\n  image: a/web:1\n  environment:\n    A: a/web:1\n    B: a/web:0\n  command: run a/web:1 a/web:1-x\n",
                "web:\n  image: a/web:2\n  environment:\n    A: a/web:2\n    B: a/web:0\n  command: run a/web:2 a/web:1-x\n",
            ),
            (
                "# since a/web:1\n#  image: a/web:1\n#  image: a/web:0\nweb:\n  image: a/web:1\n",
                "# since a/web:1\n#  image: a/web:2\n#  image: a/web:0\nweb:\n  image: a/web:2\n",
            ),
            (
                "{{- /* a/web:1 */ -}}\nweb: # a/web:1\n  image: a/web:1\n{{if .x}}{{end}}\n",
                "{{- /* a/web:1 */ -}}\nweb: # a/web:1\n  image: a/web:2\n{{if .x}}{{end}}\n",
            ),
        ] {
            assert_eq!(changed(before).as_deref(), Some(after), "{before:?}");
        }
    }

    #[test]
    fn what_a_comment_keeps_and_what_is_open_stays() {
        for text in [
            "web:\n  image: a/web:1 # gen-catalog: keep\n",
            "web:\n  image: a/web:1 # gitflow-disable\n",
            "web:\n  # IMPORTANT!!!! DO NOT CHANGE VERSION ON UPGRADE\n  image: a/web:holder\n",
            "web:\n  image: a/web:${TAG}\n",
            "web:\n  image: other/a/web:1\n",
            "{{if .x}}{{end}}\nweb:\n  # gen-catalog: keep, it is a holder\n  image: a/web:1\n",
        ] {
            assert_eq!(changed(text), None, "{text:?}");
        }
        assert!(changed("web:\n  # do not change the port\n  image: a/web:1\n").is_some());
    }

    #[test]
    fn prose_changes_where_it_names_the_image_in_use() {
        let in_use = in_use("web:\n  image: a/web:1\n");
        let text = b"Uses a/web:1.\n- a/web:0: \xe9\n`a/web:1`";
        let rewritten = prose(text, &swap(), &in_use).unwrap();
        assert_eq!(rewritten.text, b"Uses a/web:2.\n- a/web:0: \xe9\n`a/web:2`");
        assert_eq!(rewritten.lines, [1, 3]);
        assert_eq!(prose(b"a/web a/web:0", &swap(), &in_use), None);
    }
}
