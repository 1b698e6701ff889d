//! Places of a text, and what they become.

use std::ops::Range;

/// Changes of a text that do not touch one another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits(Vec<(Range<usize>, Vec<u8>)>);

impl Edits {
    /// A place becomes something else. A place that is changed already is left as it was asked for first.
    pub fn replace(&mut self, place: Range<usize>, by: impl AsRef<[u8]>) {
        if !self.touches(&place) {
            self.0.push((place, by.as_ref().to_vec()));
        }
    }

    /// Whether some of a place is changed.
    pub fn touches(&self, place: &Range<usize>) -> bool {
        self.0.iter().any(|(known, _)| (known.start < place.end && place.start < known.end) || known == place)
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text with its places changed; those that are none of it are passed over.
    pub fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut edits: Vec<_> = self.0.iter().filter(|(place, _)| place.end <= text.len()).collect();
        edits.sort_by_key(|(place, _)| (place.start, place.end));
        let mut out = Vec::with_capacity(text.len() + 64);
        let mut at = 0;
        for (place, by) in edits {
            out.extend_from_slice(&text[at..place.start]);
            out.extend_from_slice(by);
            at = place.end;
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
