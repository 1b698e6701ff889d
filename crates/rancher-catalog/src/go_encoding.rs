//! Bytes as Go's `encoding/base64`, `encoding/base32` and `unicode/utf8` take them, down to the place of an error, which
//! a template prints.

use std::borrow::Cow;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Text, where it is UTF-8; each byte that is not becomes a U+FFFD, as in Go's `json` and `fmt`.
pub(crate) fn shown(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(runes(bytes).map(|(rune, _)| rune.unwrap_or('\u{fffd}')).collect()),
    }
}

/// The characters of bytes, each with its width; `None` is a byte that begins none.
pub(crate) fn runes(bytes: &[u8]) -> impl Iterator<Item = (Option<char>, usize)> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (rune, width) = first_rune(rest)?;
        rest = &rest[width..];
        Some((rune, width))
    })
}

fn first_rune(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let first = *bytes.first()?;
    if first.is_ascii() {
        return Some((Some(char::from(first)), 1));
    }
    let rune = (2..=bytes.len().min(4)).find_map(|width| std::str::from_utf8(&bytes[..width]).ok());
    Some(rune.map_or((None, 1), |text| (text.chars().next(), text.len())))
}

/// Packs bytes as letters of so many bits each.
fn encode(bytes: &[u8], letters: &[u8], bits: usize, quantum: usize) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / bits + quantum);
    let (mut held, mut count) = (0usize, 0);
    for byte in bytes {
        held = (held << 8 | usize::from(*byte)) & 0xffff;
        count += 8;
        while count >= bits {
            count -= bits;
            out.push(char::from(letters[(held >> count) & (letters.len() - 1)]));
        }
    }
    if count > 0 {
        out.push(char::from(letters[(held << (bits - count)) & (letters.len() - 1)]));
    }
    while !out.len().is_multiple_of(quantum) {
        out.push('=');
    }
    out
}

/// What letters of so many bits each hold.
fn unpack(letters: &[usize], bits: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(letters.len());
    let (mut held, mut count) = (0usize, 0);
    for letter in letters {
        held = (held << bits | letter) & 0xffff;
        count += bits;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((held >> count) & 0xff).unwrap_or_default());
        }
    }
    out
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    encode(bytes, BASE64, 6, 4)
}

pub(crate) fn base32(bytes: &[u8]) -> String {
    encode(bytes, BASE32, 5, 8)
}

/// The bytes, or the place of the byte that is wrong.
pub(crate) fn from_base64(text: &[u8]) -> Result<Vec<u8>, usize> {
    let is_break = |at: usize| matches!(text.get(at), Some(b'\n' | b'\r'));
    let skip_breaks = |mut at: usize| {
        while is_break(at) {
            at += 1;
        }
        at
    };
    let mut letters: Vec<usize> = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let of_four = letters.len() % 4;
        if is_break(at) {
            at += 1;
        } else if let Some(letter) = BASE64.iter().position(|letter| *letter == text[at]) {
            letters.push(letter);
            at += 1;
        } else if text[at] == b'=' && of_four >= 2 {
            at += 1;
            if of_four == 2 {
                at = skip_breaks(at);
                match text.get(at) {
                    None => return Err(text.len()),
                    Some(b'=') => at += 1,
                    Some(_) => return Err(at - 1),
                }
            }
            at = skip_breaks(at);
            return if at < text.len() { Err(at) } else { Ok(unpack(&letters, 6)) };
        } else {
            return Err(at);
        }
    }
    match letters.len() % 4 {
        0 => Ok(unpack(&letters, 6)),
        left => Err(text.len() - left),
    }
}

/// The bytes, or the place of the byte that is wrong, line breaks not counted.
pub(crate) fn from_base32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let mut letters: Vec<usize> = Vec::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        let (of_eight, behind) = (letters.len() % 8, &text[at + 1..]);
        if *byte == b'=' && of_eight >= 2 && behind.len() < 8 {
            if behind.len() + of_eight < 7 {
                return Err(text.len());
            }
            if let Some(wrong) = behind.iter().take(7 - of_eight).position(|byte| *byte != b'=') {
                return Err(at + wrong);
            }
            return if matches!(of_eight, 3 | 6) { Err(at) } else { Ok(unpack(&letters, 5)) };
        }
        letters.push(BASE32.iter().position(|letter| letter == byte).ok_or(at)?);
    }
    match letters.len() % 8 {
        0 => Ok(unpack(&letters, 5)),
        left => Err(text.len() - left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back() {
        for text in ["", "a", "ab", "abc", "abcd", "abcde", "abcdefgh"] {
            assert_eq!(from_base64(base64(text.as_bytes()).as_bytes()).unwrap(), text.as_bytes());
            assert_eq!(from_base32(base32(text.as_bytes()).as_bytes()).unwrap(), text.as_bytes());
        }
        assert_eq!((base64(b"hi"), base32(b"a")), ("aGk=".to_owned(), "ME======".to_owned()));
    }

    #[test]
    fn an_error_is_told_where_go_tells_it() {
        for (text, at) in [("a", 0), ("ab", 0), ("a-", 1), ("ab=", 3), ("ab==x", 4), ("=", 0), ("ab=c", 2)] {
            assert_eq!(from_base64(text.as_bytes()), Err(at), "{text}");
        }
        assert_eq!(from_base64(b"a\nGk\r=").unwrap(), b"hi");
        for (text, at) in [("M", 0), ("ME=====", 7), ("me", 0), ("ME====", 6)] {
            assert_eq!(from_base32(text.as_bytes()), Err(at), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_one_by_one() {
        assert_eq!(shown(b"a\xe2\x80\xff"), "a\u{fffd}\u{fffd}\u{fffd}");
    }
}
