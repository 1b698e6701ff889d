//! Interpolation: any text ends in a text or an error, and what is escaped comes back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rancher_catalog::interpolation::{interpolate, references};

fuzz_target!(|text: &str| {
    let names = references(text);
    for (name, place) in &names {
        assert!(text[place.clone()].contains(name));
    }
    let mut asked = 0;
    let done = interpolate(text, |_| {
        asked += 1;
        None
    });
    assert!(asked == names.len() || done.is_err());
    assert_eq!(interpolate(&text.replace('$', "$$"), |_| None).as_deref(), Ok(text));
});
