//! Image references, versions, revisions and labels: what is read prints the same, and comparing never fails.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rancher_catalog::model::{Image, ImageReference, ListOrMap, Revision, Scalar, Version};

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<ImageReference>() {
        assert_eq!(reference.to_string(), text);
    }
    assert_eq!(Image::from(text).to_string(), text);
    let (left, right) = text.split_once('\n').unwrap_or((text, "v1.2.3"));
    let (left, right) = (Version::from(left), Version::from(right));
    assert_eq!(left.cmp_as_rancher(&right), right.cmp_as_rancher(&left).reverse());
    let _ = left.semver();
    if let Some(revision) = Revision::from_folder_name(text) {
        assert_eq!(revision.to_string(), text);
    }
    let labels = ListOrMap::List(text.lines().map(Scalar::from).collect());
    for (key, _) in labels.pairs() {
        let _ = labels.get(&key);
    }
});
