//! image.lock, archives of images, keys and what is attested: what is read is written the same, and nothing makes reading
//! fail otherwise than with an error.

#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use gen_catalog::release::image_lock::ImageLock;
use gen_catalog::release::oci::find_in_archive;
use gen_catalog::release::signing::attestation::open;
use gen_catalog::release::signing::key::{PrivateKey, PublicKey};
use gen_catalog::release::{auditable, sbom};

const KEY: &str = include_str!("../../tests/data/keys/public.pem");

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(lock) = ImageLock::from_text(text)
    {
        assert_eq!(ImageLock::from_text(&lock.text()), Ok(lock));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Without a password: to stretch one takes a second.
        let _ = (PrivateKey::from_pem(text, None), PublicKey::from_pem(text));
    }
    let key = PublicKey::from_pem(KEY);
    let _ = key.map(|key| open(bytes, &key, "sha256:00"));
    let _ = (sbom::read(bytes), auditable::packages(bytes));
    let _ = find_in_archive(Path::new("archive"), Cursor::new(bytes), "v2.0.0");
});
