//! Places of a text, and what they become.

use std::collections::BTreeMap;
use std::ops::Range;

/// Changes of a text that do not touch one another: each by where it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits(BTreeMap<usize, (usize, Vec<u8>)>);

impl Edits {
    /// A place becomes something else. A place that is changed already is left as it was asked for first.
    pub fn replace(&mut self, place: Range<usize>, by: impl AsRef<[u8]>) {
        if !self.touches(&place) && !self.0.contains_key(&place.start) {
            self.0.insert(place.start, (place.end, by.as_ref().to_vec()));
        }
    }

    /// Whether some of a place is changed.
    pub fn touches(&self, place: &Range<usize>) -> bool {
        let last = self.0.range(..place.end).next_back();
        last.is_some_and(|(start, (end, _))| *end > place.start || *start >= place.start)
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text with its places changed; those that are none of it are passed over.
    pub fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 64);
        let mut at = 0;
        for (start, (end, by)) in self.0.iter().filter(|(_, (end, _))| *end <= text.len()) {
            out.extend_from_slice(&text[at..*start]);
            out.extend_from_slice(by);
            at = *end;
        }
        out.extend_from_slice(&text[at..]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_change_and_the_rest_stays_whatever_their_order() {
        let mut edits = Edits::default();
        edits.replace(4..5, "E");
        edits.replace(0..1, "");
        edits.replace(2..2, "-");
        edits.replace(3..5, "overlaps");
        edits.replace(90..95, "beyond");
        assert_eq!(edits.apply(b"ab\xffde"), b"b-\xffdE");
        assert_eq!(Edits::default().apply(b"x"), b"x");
    }
}
