//! Numbers as Go's `fmt` and `strconv` print them.

use super::printf::Printer;

/// Prints a whole number.
pub(super) fn integer(printer: &mut Printer, negative: bool, magnitude: u64, radix: u32, upper: bool) {
    let spec = printer.spec;
    if spec.precision == Some(0) && magnitude == 0 {
        let width = spec.width.unwrap_or(0);
        printer.spec.width = Some(width);
        printer.pad_without_zeros("");
        return;
    }
    let sign = match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    };
    let digits = match radix {
        2 => format!("{magnitude:b}"),
        8 => format!("{magnitude:o}"),
        16 if upper => format!("{magnitude:X}"),
        16 => format!("{magnitude:x}"),
        _ => magnitude.to_string(),
    };
    let least = match (spec.precision, spec.width) {
        (Some(precision), _) => precision,
        (None, Some(width)) if spec.zero => width.saturating_sub(sign.len()),
        _ => 0,
    };
    let digits = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    let prefix = match radix {
        8 if spec.sharp && !digits.starts_with('0') => "0",
        16 if spec.sharp && upper => "0X",
        16 if spec.sharp => "0x",
        _ => "",
    };
    printer.pad_without_zeros(format!("{sign}{prefix}{digits}"));
}

/// `%U`
pub(super) fn unicode(printer: &mut Printer, code: u64) {
    let least = printer.spec.precision.unwrap_or(4).max(4);
    let mut out = format!("U+{code:0least$X}");
    let c = u32::try_from(code).ok().and_then(char::from_u32).filter(|c| super::quote::is_print(*c));
    if let Some(c) = c.filter(|_| printer.spec.sharp) {
        out.push_str(&format!(" '{c}'"));
    }
    printer.pad_without_zeros(out);
}

/// A fraction as Go prints one that nothing more is said of.
pub(crate) fn fraction(number: f64) -> String {
    let sign = if number.is_sign_negative() && !number.is_nan() { "-" } else { "" };
    match number.abs() {
        number if number.is_nan() => "NaN".to_owned(),
        number if number.is_infinite() => format!("{}Inf", if sign.is_empty() { "+" } else { sign }),
        number => format!("{sign}{}", general(number, 'g', None)),
    }
}

/// Prints a fraction; tells whether the verb is one for them.
pub(super) fn float(printer: &mut Printer, number: f64, verb: char) -> bool {
    let spec = printer.spec;
    let (form, precision) = match verb {
        'v' | 'g' | 'G' | 'b' => (if verb == 'v' { 'g' } else { verb }, spec.precision),
        'f' | 'F' => ('f', Some(spec.precision.unwrap_or(6))),
        'e' | 'E' => (verb, Some(spec.precision.unwrap_or(6))),
        _ => return false,
    };
    let digits = if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        "Inf".to_owned()
    } else {
        unsigned(number.abs(), form, precision)
    };
    let sign = match (number.is_sign_negative() && !number.is_nan(), spec.plus, spec.space) {
        (true, ..) => '-',
        (false, false, true) => ' ',
        _ => '+',
    };
    if !number.is_finite() {
        let hidden = number.is_nan() && !spec.space && !spec.plus || (sign == '+' && !spec.plus && number.is_nan());
        let text = if hidden { digits } else { format!("{sign}{digits}") };
        printer.pad_without_zeros(text);
        return true;
    }
    let digits = if spec.sharp && form != 'b' { with_point(&digits, form, precision) } else { digits };
    let text = format!("{sign}{digits}");
    if spec.plus || sign != '+' {
        printer.pad_signed(text.as_bytes());
    } else {
        printer.pad(&text[1..]);
    }
    true
}

/// `%#v` and the like: a point and zeros that would be left out.
fn with_point(digits: &str, form: char, precision: Option<usize>) -> String {
    let (mantissa, tail) = digits.find(['e', 'E']).map_or((digits, ""), |at| digits.split_at(at));
    let mut out = mantissa.to_owned();
    if !out.contains('.') {
        out.push('.');
    }
    if matches!(form, 'g' | 'G') {
        let wanted = precision.unwrap_or(6);
        let there = mantissa.bytes().filter(u8::is_ascii_digit).count();
        out.push_str(&"0".repeat(wanted.saturating_sub(there)));
    }
    out + tail
}

/// `strconv.FormatFloat` of a number that has no sign.
fn unsigned(number: f64, form: char, precision: Option<usize>) -> String {
    match (form, precision) {
        ('f', precision) => format!("{number:.*}", precision.unwrap_or(6)),
        ('e' | 'E', precision) => exponent(&format!("{number:.*e}", precision.unwrap_or(6)), form),
        ('b', _) => {
            let bits = number.to_bits();
            let (fraction, power) = (bits & ((1 << 52) - 1), i64::try_from(bits >> 52).unwrap_or(0) & 0x7ff);
            let (mantissa, power) = if power == 0 { (fraction, 1) } else { (fraction | 1 << 52, power) };
            format!("{mantissa}p{:+}", power - 1075)
        }
        (_, precision) => general(number, form, precision),
    }
}

/// `%g`: the shortest digits, or so many at the most; an exponent where the number is large or small.
fn general(number: f64, form: char, precision: Option<usize>) -> String {
    let scientific = match precision {
        None => format!("{number:e}"),
        Some(digits) => format!("{number:.*e}", digits.max(1) - 1),
    };
    let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    // Zeros at the end are no digits of it.
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let digits = i32::try_from(mantissa.bytes().filter(u8::is_ascii_digit).count()).unwrap_or(i32::MAX);
    let limit = match precision {
        // The shortest form takes six digits as enough for a plain number.
        None => 6,
        Some(wanted) => {
            let wanted = i32::try_from(wanted.max(1)).unwrap_or(i32::MAX);
            if wanted > digits && digits > power { digits } else { wanted }
        }
    };
    if power < -4 || power >= limit {
        let letter = if form == 'G' { 'E' } else { 'e' };
        return exponent(&format!("{mantissa}e{power}"), letter);
    }
    if precision.is_none() {
        return format!("{number}");
    }
    let all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let whole = usize::try_from(power + 1).unwrap_or(0);
    if power < 0 {
        let zeros = "0".repeat(usize::try_from(-power - 1).unwrap_or(0));
        format!("0.{zeros}{all}")
    } else if all.len() <= whole {
        format!("{all}{}", "0".repeat(whole - all.len()))
    } else {
        format!("{}.{}", &all[..whole], &all[whole..])
    }
}

/// `1e5` as Go writes it: `1e+05`.
fn exponent(text: &str, letter: char) -> String {
    let Some((mantissa, power)) = text.split_once('e') else { return text.to_owned() };
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{mantissa}{letter}{sign}{power:0>2}")
}
