//! Room on a page that is a file, and holds all of a template.

use serde_json::{Value, json};

/// What a page that is a file may have, in bytes, before parts of it are left out.
pub const LARGEST: usize = 190_000;

/// Leaves a part of a page out, and says so.
pub fn leave_out(data: &mut Value, part: &str) {
    match part {
        "upgrade" if data[part].is_object() => {
            (data[part]["meaning"], data[part]["diff"], data[part]["reasons"]) = (json!([]), json!([]), json!([]));
        }
        "matrix" => data[part] = json!({ "questions": [], "is_cut": true }),
        "findings" => {
            (data[part]["files"], data[part]["diff"]) = (json!([]), json!([]));
            data[part]["more"] = ["errors", "warnings", "notes"]
                .iter()
                .filter_map(|kind| data[part][*kind].as_u64())
                .sum::<u64>()
                .into();
        }
        _ => {}
    }
}
