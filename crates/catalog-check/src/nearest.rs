//! What somebody may have meant who wrote a name that is none.

/// The name that is most like another one, if that may be a slip of the pen.
pub fn nearest<'a>(names: impl IntoIterator<Item = &'a str>, written: &str) -> Option<&'a str> {
    // Who writes in capitals may mean the same.
    let written = &written.to_lowercase();
    let alike = |name: &str| {
        let name = &name.to_lowercase();
        let distance = strsim::osa_distance(name, written);
        // Of short names one slip changes much.
        let is_one_slip = distance <= 1 && written.chars().count() > 2;
        (strsim::jaro_winkler(name, written).max(if is_one_slip { 0.9 } else { 0.0 }), -(distance as f64))
    };
    let order = |a: &&str, b: &&str| alike(a).partial_cmp(&alike(b)).unwrap_or(std::cmp::Ordering::Equal);
    // Below this a name is no slip of the pen.
    names.into_iter().max_by(order).filter(|name| alike(name).0 > 0.8)
}

/// The question whether it was meant, to stand behind an error; empty where none is alike.
pub fn is_it<'a>(names: impl IntoIterator<Item = &'a str>, written: &str) -> String {
    nearest(names, written).map(|name| format!(": is `{name}` meant?")).unwrap_or_default()
}
