//! Mending what has one safe answer, with everything else in the file left as it is.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::report::{Finding, Fix};

/// Applies the fixes of findings to their files; tells how many of each file were applied. Of two that touch, the
/// second is left for another run.
///
/// # Errors
/// A file cannot be read or replaced; it is then as it was.
pub fn apply(findings: &[Finding]) -> io::Result<BTreeMap<PathBuf, usize>> {
    let mut by_file: BTreeMap<&Path, Vec<&Fix>> = BTreeMap::new();
    for finding in findings {
        if let Some(fix) = &finding.fix {
            by_file.entry(&finding.path).or_default().push(fix);
        }
    }
    let mut applied = BTreeMap::new();
    for (path, fixes) in by_file {
        let bytes = std::fs::read(path)?;
        let (mended, count) = mend(&bytes, fixes);
        if count > 0 {
            whole_file::write(path, &mended)?;
            applied.insert(path.to_owned(), count);
        }
    }
    Ok(applied)
}

fn mend(bytes: &[u8], mut fixes: Vec<&Fix>) -> (Vec<u8>, usize) {
    fixes.sort_by_key(|fix| (fix.start, fix.end));
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut count) = (0, 0);
    for fix in fixes {
        if fix.start < at || fix.end > bytes.len() {
            continue;
        }
        out.extend_from_slice(&bytes[at..fix.start]);
        out.extend_from_slice(fix.replacement.as_bytes());
        at = fix.end;
        count += 1;
    }
    out.extend_from_slice(&bytes[at..]);
    (out, count)
}
