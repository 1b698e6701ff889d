//! The constants of a template: texts and numbers, as Go's `strconv` and `text/template/parse` read them.

/// A number is every kind of number that it can be, until a function wants one of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Number {
    pub int: Option<i64>,
    pub uint: Option<u64>,
    pub float: Option<f64>,
    pub complex: Option<(f64, f64)>,
    /// Whether it is written as a fraction: `1.0`, `1e3`.
    pub is_fraction: bool,
}

/// `strconv.Unquote` of a text in double quotes or backquotes.
pub(super) fn unquote(text: &str) -> Option<Vec<u8>> {
    let quote = text.chars().next()?;
    let inner = text.get(1..text.len().checked_sub(1)?)?;
    if quote == '`' {
        return Some(inner.bytes().filter(|byte| *byte != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (code, behind) = one(rest, quote)?;
        match code {
            Code::Byte(byte) => out.push(byte),
            Code::Rune(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = behind;
    }
    Some(out)
}

/// A character in single quotes, as a number.
pub(super) fn character(text: &str) -> Option<Number> {
    let (code, behind) = one(text.strip_prefix('\'')?, '\'')?;
    let code = match code {
        Code::Byte(byte) => u32::from(byte),
        Code::Rune(c) => u32::from(c),
    };
    (behind == "'").then(|| Number {
        int: Some(code.into()),
        uint: Some(code.into()),
        float: Some(code.into()),
        complex: None,
        is_fraction: false,
    })
}

enum Code {
    Byte(u8),
    Rune(char),
}

/// `strconv.UnquoteChar`
fn one(text: &str, quote: char) -> Option<(Code, &str)> {
    let mut chars = text.chars();
    let c = chars.next()?;
    if c == quote {
        return None;
    }
    if c != '\\' {
        return Some((Code::Rune(c), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let digits = |count: usize, text: &'_ str, radix: u32| {
        let digits =
            text.get(..count).filter(|digits| digits.bytes().all(|digit| char::from(digit).is_digit(radix)))?;
        u32::from_str_radix(digits, radix).ok()
    };
    let plain = |c: char| Some((Code::Rune(c), rest));
    match escape {
        'a' => plain('\x07'),
        'b' => plain('\x08'),
        'f' => plain('\x0c'),
        'n' => plain('\n'),
        'r' => plain('\r'),
        't' => plain('\t'),
        'v' => plain('\x0b'),
        '\\' => plain('\\'),
        '\'' | '"' => {
            if escape == quote {
                plain(escape)
            } else {
                None
            }
        }
        'x' => Some((Code::Byte(u8::try_from(digits(2, rest, 16)?).ok()?), &rest[2..])),
        'u' => Some((Code::Rune(char::from_u32(digits(4, rest, 16)?).unwrap_or('\u{fffd}')), &rest[4..])),
        'U' => {
            let code = digits(8, rest, 16).filter(|code| *code <= 0x10_ffff)?;
            Some((Code::Rune(char::from_u32(code).unwrap_or('\u{fffd}')), &rest[8..]))
        }
        '0'..='7' => {
            let text = &text[1..];
            Some((Code::Byte(u8::try_from(digits(3, text, 8)?).ok()?), &text[3..]))
        }
        _ => None,
    }
}

/// A number, as `newNumber` of Go's parser reads it.
pub(super) fn number(text: &str) -> Option<Number> {
    let none = Number { int: None, uint: None, float: None, complex: None, is_fraction: false };
    if let Some(imaginary) = text.strip_suffix('i')
        && let Some(imaginary) = float(imaginary)
    {
        return Some(complex(0.0, imaginary));
    }
    let uint = unsigned(text);
    let int = signed(text);
    let uint = if int == Some(0) { Some(uint.unwrap_or(0)) } else { uint };
    if int.is_some() || uint.is_some() {
        #[allow(clippy::cast_precision_loss, reason = "Go rounds too")]
        let float = int.map_or_else(|| uint.unwrap_or(0) as f64, |int| int as f64);
        let is_hex = text.len() > 2 && matches!(text.as_bytes(), [b'0', b'x' | b'X', ..]);
        let is_fraction = !is_hex && text.contains(['.', 'e', 'E']);
        return Some(Number { int, uint, float: Some(float), is_fraction, ..none });
    }
    if !text.contains(['.', 'e', 'E']) {
        return None;
    }
    let float = float(text)?;
    Some(Number {
        int: whole(float),
        uint: whole_unsigned(float),
        float: Some(float),
        complex: None,
        is_fraction: true,
    })
}

/// `1+2i`
pub(super) fn complex_number(text: &str) -> Option<Number> {
    let inner = text.strip_suffix('i')?;
    let exponent = |at: usize| matches!(inner.as_bytes().get(at - 1), Some(b'e' | b'E'));
    let split = inner.char_indices().rev().find(|(at, c)| *at > 0 && matches!(c, '+' | '-') && !exponent(*at))?.0;
    Some(complex(float(&inner[..split])?, float(&inner[split..])?))
}

fn complex(real: f64, imaginary: f64) -> Number {
    let float = (imaginary == 0.0).then_some(real);
    Number {
        int: float.and_then(whole),
        uint: float.and_then(whole_unsigned),
        float,
        complex: Some((real, imaginary)),
        is_fraction: false,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::float_cmp, reason = "Go asks so")]
fn whole(number: f64) -> Option<i64> {
    // What is out of range becomes the least number there.
    let whole = if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number) {
        number as i64
    } else {
        i64::MIN
    };
    (whole as f64 == number).then_some(whole)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    clippy::cast_sign_loss,
    reason = "Go asks so"
)]
fn whole_unsigned(number: f64) -> Option<u64> {
    let whole = number as u64;
    ((0.0..18_446_744_073_709_551_616.0).contains(&number) && whole as f64 == number).then_some(whole)
}

/// `strconv.ParseUint(text, 0, 64)`
fn unsigned(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    let good = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    good.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

fn signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(digits) => 0i64.checked_sub_unsigned(unsigned(digits)?),
        None => i64::try_from(unsigned(text.strip_prefix('+').unwrap_or(text))?).ok(),
    }
}

/// `strconv.ParseFloat(text, 64)` of Go 1.9.
pub(super) fn float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "nan" => return Some(f64::NAN),
        "inf" | "+inf" | "infinity" | "+infinity" => return Some(f64::INFINITY),
        "-inf" | "-infinity" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let good = lower.bytes().all(|byte| byte.is_ascii_digit() || b"+-.e".contains(&byte));
    good.then(|| text.parse::<f64>().ok()).flatten().filter(|number| number.is_finite())
}
