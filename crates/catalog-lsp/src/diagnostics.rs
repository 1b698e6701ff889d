//! What the check finds, as an editor shows it.

use catalog_check::{Finding, Severity};
use lsp_types::{Diagnostic, DiagnosticSeverity, NumberOrString, Range};

use crate::documents::Document;

/// Who says it.
const SOURCE: &str = "gen-catalog";
/// The most that is shown of one file: whoever has more begins with these.
const MOST: usize = 1_000;

/// All places of a document's findings.
pub(crate) fn diagnostics(document: &Document, findings: &[Finding]) -> Vec<Diagnostic> {
    let all = findings.iter().flat_map(|finding| ranges(document, finding).map(move |range| (finding, range)));
    all.take(MOST).map(|(finding, range)| diagnostic(finding, range)).collect()
}

/// What is said of a file that is too large to be looked at.
pub(crate) fn too_large() -> Diagnostic {
    let message = "this file is larger than what is read of a file of a catalog (1 MiB): nothing is said of it";
    let severity = Some(DiagnosticSeverity::WARNING);
    Diagnostic { severity, source: Some(SOURCE.to_owned()), message: message.to_owned(), ..Diagnostic::default() }
}

/// Where a finding is, and where the same is so.
pub(crate) fn ranges<'a>(document: &'a Document, finding: &'a Finding) -> impl Iterator<Item = Range> + 'a {
    let also = finding.also.iter().map(|place| (place.start, place.end_column));
    std::iter::once((finding.start, finding.end_column)).chain(also).map(|(start, end_column)| {
        match start.line {
            // The file as a whole.
            0 => document.lines.range(&document.text, 0, usize::MAX),
            _ => {
                let letters = usize::try_from(end_column.saturating_sub(start.column)).unwrap_or(1).max(1);
                document.lines.range(&document.text, start.offset, letters)
            }
        }
    })
}

fn diagnostic(finding: &Finding, range: Range) -> Diagnostic {
    let severity = match finding.rule.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Note => DiagnosticSeverity::INFORMATION,
    };
    Diagnostic {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(finding.rule.id.to_owned())),
        source: Some(SOURCE.to_owned()),
        message: finding.message.clone(),
        ..Diagnostic::default()
    }
}
