//! The Go template reader: any text parses or not, and runs to an end within its limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rancher_catalog::go_template::{Limits, Template, Value};

fuzz_target!(|text: &str| {
    let Ok(template) = Template::parse(text) else { return };
    let limits = Limits { output_bytes: 1 << 16, steps: 10_000 };
    let execution = template.execute(&Value::answers([("X", "a 'b c'"), ("N", "3")]), &limits);
    assert!(execution.output.len() <= limits.output_bytes);
    assert_eq!(execution.line_map.len(), execution.output.split_inclusive(|byte| *byte == b'\n').count());
});
