//! image.lock and archives of images: what is read is written the same, and nothing makes reading fail otherwise than
//! with an error.

#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use gen_catalog::release::image_lock::ImageLock;
use gen_catalog::release::oci::find_in_archive;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(lock) = ImageLock::from_text(text)
    {
        assert_eq!(ImageLock::from_text(&lock.text()), Ok(lock));
    }
    let _ = find_in_archive(Path::new("archive"), Cursor::new(bytes), "v2.0.0");
});
