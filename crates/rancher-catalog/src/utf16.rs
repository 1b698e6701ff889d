//! UTF-16, which go-yaml reads where a byte order mark says so.

/// What bytes in UTF-16 say, without their mark. `None` where they are none.
pub(crate) fn decoded(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, left) = bytes[2..].as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).collect::<Result<String, _>>().ok().filter(|_| left.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_of_bytes_are_read_and_nothing_else() {
        assert_eq!(decoded(b"\xff\xfea\0\xe9\0").as_deref(), Some("aé"));
        assert_eq!(decoded(b"\xfe\xff\0a\xd8\x3d\xde\x00").as_deref(), Some("a😀"));
        for bytes in [&b""[..], b"a", b"\xff\xfea", b"a\0b\0", b"\xfe\xff\xd8\x3d", b"\xef\xbb\xbfa"] {
            assert_eq!(decoded(bytes), None, "{bytes:?}");
        }
    }
}
