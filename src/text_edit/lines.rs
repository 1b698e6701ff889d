//! The lines of a text, asked for in the order of the text.

use std::ops::Range;

/// Counts the lines of a text up to places that come one behind the other.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    number: usize,
    start: usize,
    /// Where the line ends that was asked for last.
    end: usize,
}

impl<'t> Lines<'t> {
    /// Begins with the first line.
    pub fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0, number: 1, start: 0, end: 0 }
    }

    /// The number, from 1, and the place of the line that a place is in, without its line break.
    pub fn line(&mut self, at: usize) -> (usize, Range<usize>) {
        let at = at.min(self.text.len());
        for (inside, byte) in self.text[self.at.min(at)..at].iter().enumerate() {
            if *byte == b'\n' {
                self.number += 1;
                self.start = self.at + inside + 1;
            }
        }
        self.at = self.at.max(at);
        // Many may be in one long line.
        if self.end < at || self.end < self.start || self.end == 0 {
            let rest = &self.text[at..];
            self.end = at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        }
        (self.number, self.start..self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_on_the_way() {
        let mut lines = Lines::of(b"ab\ncd\n\nef");
        for (at, wanted) in
            [(0, (1, 0..2)), (1, (1, 0..2)), (3, (2, 3..5)), (6, (3, 6..6)), (7, (4, 7..9)), (90, (4, 7..9))]
        {
            assert_eq!(lines.line(at), wanted, "{at}");
        }
    }
}
