//! One value set in a file that someone else wrote: what results can be read, and says what it was set to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rancher_catalog::model::Version;
use gen_catalog::release::edit::{close, set_default_version};
use rancher_catalog::yaml::Document;

fuzz_target!(|text: &str| {
    let version = Version::from("v1.5.99");
    if let Ok(edited) = set_default_version(text, &version) {
        assert_eq!(Document::read(&edited).unwrap().to_value()["version"], "v1.5.99");
        // Done again it changes nothing.
        assert_eq!(set_default_version(&edited, &version), Ok(edited));
    }
    if let Ok(Some(edited)) = close(text, &version) {
        assert_eq!(close(&edited, &version), Ok(None));
    }
});
