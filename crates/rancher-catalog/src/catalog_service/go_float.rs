//! A scalar as the text that go-yaml writes for it.

use serde_yaml::Value;

/// The text that the catalog service makes of a scalar of a catalog block.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) if number.is_f64() => number.as_f64().map(go_float).unwrap_or_default(),
        Value::String(text) => text.clone(),
        other => crate::yaml::scalar(other),
    }
}

/// `strconv.FormatFloat(number, 'g', -1, 32)`, with YAML's words for what is no number: the catalog service writes each
/// value anew before it reads it as a text, and with the digits of a 32-bit number.
pub fn go_float(number: f64) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "Go cuts it down as well")]
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if number != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::go_float;

    #[test]
    fn fractions_become_the_texts_of_go() {
        for (number, text) in [
            (1.1, "1.1"),
            (1000.0, "1000"),
            (1_000_000.0, "1e+06"),
            (123_456.5, "123456.5"),
            (1_234_567.5, "1.2345675e+06"),
            (1e20, "1e+20"),
            (1e30, "1e+30"),
            (-1e30, "-1e+30"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.1 + 0.2, "0.3"),
            (0.0, "0"),
            (f64::INFINITY, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
            (f64::NAN, ".nan"),
            (1e300, ".inf"),
        ] {
            assert_eq!(go_float(number), text, "{number}");
        }
    }
}
