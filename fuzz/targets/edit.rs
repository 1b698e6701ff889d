//! One value set in a file that someone else wrote: what results can be read, and says what it was set to.

#![no_main]

use gen_catalog::release::edit::{close, set_default_version};
use gen_catalog::text_edit::YamlText;
use libfuzzer_sys::fuzz_target;
use rancher_catalog::model::Version;

fuzz_target!(|text: &[u8]| {
    let version = Version::from("v1.5.99");
    if let Ok(edited) = set_default_version(text, &version) {
        let file = YamlText::read(&edited).unwrap();
        assert_eq!(file.root().unwrap().get("version").and_then(|version| version.text()), Some("v1.5.99"));
        // Done again it changes nothing.
        assert_eq!(set_default_version(&edited, &version), Ok(edited));
    }
    if let Ok(Some(edited)) = close(text, &version) {
        assert_eq!(close(&edited, &version), Ok(None));
    }
});
