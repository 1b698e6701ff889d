//! Numbers that may be written as texts: whole numbers, sizes, durations.

use super::raw::{Kind, Raw};

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// A whole number.
    Whole,
    /// Bytes: `64m`.
    Size,
    /// Seconds, or a duration: `1m30s`.
    Duration,
    /// The schema looks at it, and nobody reads it.
    Unread,
}

impl Number {
    /// Whether the value can be taken; only numbers and texts are asked.
    pub fn takes(self, value: &Raw<'_>) -> bool {
        match &value.kind {
            Kind::Text(text) => match self {
                Self::Whole => text.parse::<i64>().is_ok(),
                Self::Size => is_size(text),
                Self::Duration => is_duration(text),
                Self::Unread => true,
            },
            Kind::Large(_) => matches!(self, Self::Size | Self::Unread),
            Kind::Float(value) => *value <= 9_223_372_036_854_775_807.0 || self == Self::Unread,
            _ => true,
        }
    }

    /// Whether the executor, which takes it, makes another number of it: a size that 64 bits do not hold.
    pub fn overflows(self, value: &Raw<'_>) -> bool {
        match &value.kind {
            Kind::Text(text) => self == Self::Size && is_size(text) && bytes(text) >= BEYOND,
            Kind::Large(_) => self == Self::Size,
            _ => false,
        }
    }

    /// What is due.
    pub fn wanted(self) -> &'static str {
        match self {
            Self::Whole | Self::Unread => "a whole number",
            Self::Size => "a size, such as 67108864 or 64m",
            Self::Duration => "a number of seconds, or a duration such as 1m30s",
        }
    }
}

/// `RAMInBytes` of Docker's go-units: `^(\d+(\.\d+)*) ?([kKmMgGtTpP])?[bB]?$`.
fn is_size(text: &str) -> bool {
    let text = text.strip_suffix(['b', 'B']).unwrap_or(text);
    let text = text.strip_suffix(['k', 'K', 'm', 'M', 'g', 'G', 't', 'T', 'p', 'P']).unwrap_or(text);
    let text = text.strip_suffix(' ').unwrap_or(text);
    let mut parts = text.split('.');
    parts.clone().count() <= 2 && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The first number that is none of 64 bits with a sign.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

/// The bytes of a size, as `RAMInBytes` reckons them.
fn bytes(text: &str) -> f64 {
    let text = text.strip_suffix(['b', 'B']).unwrap_or(text);
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let power = match text[number.len()..].to_ascii_lowercase().as_str() {
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => 0,
    };
    number.trim_end().parse::<f64>().unwrap_or_default() * 1024f64.powi(power)
}

/// Go's `time.ParseDuration`.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut nanoseconds = 0f64;
    while !rest.is_empty() || nanoseconds == 0.0 && rest == text {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (number, behind) = rest.split_at(digits);
        let Ok(number) =
            (if number.bytes().filter(|byte| *byte == b'.').count() > 1 { "" } else { number }).parse::<f64>()
        else {
            return false;
        };
        let unit = behind.len() - behind.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '.').len();
        let (unit, behind) = behind.split_at(unit);
        let scale = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            _ => return false,
        };
        nanoseconds += number * scale;
        if nanoseconds > 9.223_372_036_854_775e18 {
            return false;
        }
        rest = behind;
        if rest.is_empty() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_dockers() {
        for good in ["64", "64m", "64M", "1.5g", "64 m", "64mb", "64 MB", "0", "3b"] {
            assert!(is_size(good), "{good}");
        }
        for bad in ["", "m", "64x", "64  m", "-1", "1.2.3", " 64m", "64mi", "1.g", ".5g", "64Mi"] {
            assert!(!is_size(bad), "{bad}");
        }
    }

    #[test]
    fn a_size_is_more_than_a_number_holds() {
        for good in ["0", "64m", "9223372036854774784", "8191p", "8p", "1 GB"] {
            assert!(bytes(good) < BEYOND, "{good}");
        }
        for beyond in ["9223372036854775808", "8589934592g", "8192p", "99999999999999999999 KB"] {
            assert!(bytes(beyond) >= BEYOND, "{beyond}");
        }
    }

    #[test]
    fn durations_are_gos() {
        for good in ["1s", "1m30s", "0", "-1s", "1.5h", "1h1m1s1ms", ".5s", "1.s", "2540400h"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "s", "10", "1 s", "1d", "1m 30s", "1s2", ".s", "1e3s", "9999999999h"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
