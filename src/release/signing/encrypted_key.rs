//! cosign.key as `cosign generate-key-pair` writes it: a key in NaCl's secretbox, whose key scrypt makes of a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poly1305::universal_hash::KeyInit;
use poly1305::{Block, Poly1305};
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use scrypt::{Params, scrypt};
use serde::Deserialize;

use super::key::KeyError;

/// What cosign asks of scrypt (2^16 since 2.0, 2^15 before): 64 MiB. A file may not ask for more than twice that.
const MAX_LOG_N: u32 = 17;

#[derive(Deserialize)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Kdf {
    name: String,
    params: KdfParams,
    salt: String,
}

#[derive(Deserialize)]
struct KdfParams {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Opens one; the key as PKCS#8.
pub(super) fn open(json: &[u8], password: &str) -> Result<Vec<u8>, KeyError> {
    let sealed: Sealed = serde_json::from_slice(json).map_err(|_| KeyError::Damaged)?;
    if sealed.kdf.name != "scrypt" {
        return Err(KeyError::OtherCipher("its password is not stretched by scrypt"));
    }
    if sealed.cipher.name != "nacl/secretbox" {
        return Err(KeyError::OtherCipher("it is not in a nacl/secretbox"));
    }
    let KdfParams { n, r, p } = sealed.kdf.params;
    if !n.is_power_of_two() || n.trailing_zeros() > MAX_LOG_N || r != 8 || p != 1 {
        return Err(KeyError::OtherCipher("it asks scrypt for other work than cosign does"));
    }
    let decoded = |text: &str| STANDARD.decode(text).map_err(|_| KeyError::Damaged);
    let nonce: [u8; 24] = decoded(&sealed.cipher.nonce)?.try_into().map_err(|_| KeyError::Damaged)?;
    let mut key = [0; 32];
    // Within the bound above, what does not fit a byte cannot be.
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| KeyError::Damaged)?;
    let params = Params::new(log_n, r, p).map_err(|_| KeyError::Damaged)?;
    scrypt(password.as_bytes(), &decoded(&sealed.kdf.salt)?, &params, &mut key).map_err(|_| KeyError::Damaged)?;
    secretbox_open(&key, &nonce, &decoded(&sealed.ciphertext)?).ok_or(KeyError::WrongPassword)
}

/// NaCl's `crypto_secretbox_open`: a tag by Poly1305, under the first 32 bytes of XSalsa20's stream, before what the rest of
/// that stream hides.
fn secretbox_open(key: &[u8; 32], nonce: &[u8; 24], sealed: &[u8]) -> Option<Vec<u8>> {
    let (tag, hidden) = sealed.split_at_checked(16)?;
    let mut stream = XSalsa20::new(key.into(), nonce.into());
    let mut once = [0; 32];
    stream.apply_keystream(&mut once);
    let computed = Poly1305::new(&once.into()).compute_unpadded(hidden);
    let tag: [u8; 16] = tag.try_into().ok()?;
    if computed != Block::from(tag) {
        return None;
    }
    let mut open = hidden.to_vec();
    stream.apply_keystream(&mut open);
    Some(open)
}
