//! Go's `path`: paths with slashes, looked at as text.

/// `path.Clean`
pub(super) fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", &joined[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}

/// `path.Base`
pub(super) fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let start = path[..end].iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    if end == 0 { b"/" } else { &path[start..end] }
}

/// `path.Dir`
pub(super) fn dir(path: &[u8]) -> Vec<u8> {
    clean(&path[..path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1)])
}

/// `path.Ext`
pub(super) fn ext(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| matches!(byte, b'.' | b'/')) {
        Some(at) if path[at] == b'.' => &path[at..],
        _ => b"",
    }
}
