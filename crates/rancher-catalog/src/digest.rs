//! SHA-256, as the registries and provenance records write it.

use std::fmt::Write;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes: 64 hexadecimal digits in lower case.
pub fn sha256_hex(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// The SHA-256 and the number of all bytes that can be read, which need not fit into memory.
///
/// # Errors
/// Reading fails.
pub fn sha256_of(mut from: impl Read) -> io::Result<(String, u64)> {
    let (mut hasher, mut buffer, mut length) = (Sha256::new(), vec![0; 64 << 10], 0);
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok((hex(&hasher.finalize()), length)),
            read => {
                hasher.update(&buffer[..read]);
                length += read as u64;
            }
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_the_standard() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), digest);
        assert_eq!(sha256_of(&b"abc"[..]).unwrap(), (digest.to_owned(), 3));
    }
}
