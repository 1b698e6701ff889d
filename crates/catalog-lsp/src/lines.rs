//! Places in a text as an editor counts them: lines and UTF-16 units, from 0.

use lsp_types::{Position, Range};

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let ends = (0..bytes.len()).filter(|at| match bytes[*at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        Self(std::iter::once(0).chain(ends.map(|at| at + 1)).collect())
    }

    /// The place of an offset in bytes; of one beyond the end, or within a letter, the next before it.
    pub(crate) fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.0.partition_point(|start| *start <= offset) - 1;
        let units: usize = text[self.0[line]..offset].chars().map(char::len_utf16).sum();
        Position { line: count(line), character: count(units) }
    }

    /// The offset of a place. What lies beyond a line is its end.
    pub(crate) fn offset(&self, text: &str, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(start) = self.0.get(line).copied() else { return text.len() };
        let end = self.0.get(line + 1).copied().unwrap_or(text.len());
        let within = text[start..end].trim_end_matches(['\n', '\r']);
        let mut units = 0;
        for (at, letter) in within.char_indices() {
            if units >= position.character {
                return start + at;
            }
            units += count(letter.len_utf16());
        }
        start + within.len()
    }

    /// So many letters of a text, from an offset on and no further than the end of its line.
    pub(crate) fn range(&self, text: &str, from: usize, letters: usize) -> Range {
        let start = self.position(text, from);
        let from = self.offset(text, start);
        let rest = text[from..].split(['\n', '\r']).next().unwrap_or_default();
        let length = rest.char_indices().nth(letters).map_or(rest.len(), |(at, _)| at);
        Range { start, end: self.position(text, from + length) }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_utf_16_units_and_lead_back() {
        let text = "aé\r\n𝄞b\rc\n";
        let lines = Lines::of(text);
        for (offset, line, character) in
            [(0, 0, 0), (3, 0, 2), (5, 1, 0), (9, 1, 2), (10, 1, 3), (11, 2, 0), (13, 3, 0)]
        {
            let position = Position { line, character };
            assert_eq!(lines.position(text, offset), position, "{offset}");
            assert_eq!(lines.offset(text, position), offset, "{position:?}");
        }
    }

    #[test]
    fn places_that_are_none_are_the_next_that_are() {
        let text = "é\nab";
        let lines = Lines::of(text);
        assert_eq!(lines.position(text, 1), Position { line: 0, character: 0 });
        assert_eq!(lines.position(text, 99), Position { line: 1, character: 2 });
        assert_eq!(lines.offset(text, Position { line: 0, character: 99 }), 2);
        assert_eq!(lines.offset(text, Position { line: 99, character: 0 }), text.len());
    }

    #[test]
    fn a_range_ends_with_its_line() {
        let text = "web:\n  image: x\n";
        let lines = Lines::of(text);
        let range = lines.range(text, 7, 5);
        assert_eq!((range.start.character, range.end.character), (2, 7));
        assert_eq!(lines.range(text, 7, 99).end, Position { line: 1, character: 10 });
    }
}
