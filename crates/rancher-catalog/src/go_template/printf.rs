//! Go's `fmt.Sprintf` over the values of a template.

use super::value::Value;

/// Wider or more precise than this is no text for people.
const MAX_WIDTH: usize = 1000;

/// What stands between `%` and the verb.
#[derive(Debug, Clone, Copy, Default)]
struct Spec {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats values.
pub(super) fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut args = Args { all: args, at: 0, reordered: false, good: true };
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        args.good = true;
        let spec = spec(&mut rest, &mut args, &mut out);
        let Some(verb) = rest.chars().next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        rest = &rest[verb.len_utf8()..];
        if verb == '%' {
            out.push('%');
        } else if !args.good {
            out.push_str(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(value) = args.next() {
            out.push_str(&one(value, verb, spec));
        } else {
            out.push_str(&format!("%!{verb}(MISSING)"));
        }
    }
    out.push_str(rest);
    let extra: Vec<String> = args.left().iter().map(typed).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

/// The arguments, of which a format may take one by its number: `%[2]s`.
struct Args<'a> {
    all: &'a [Value],
    at: usize,
    reordered: bool,
    /// Whether the last number was that of an argument.
    good: bool,
}

impl<'a> Args<'a> {
    fn next(&mut self) -> Option<&'a Value> {
        let value = self.all.get(self.at)?;
        self.at += 1;
        Some(value)
    }

    /// Takes a number in brackets from the front.
    fn index(&mut self, rest: &mut &str) {
        let Some(inner) = rest.strip_prefix('[') else { return };
        self.reordered = true;
        let Some((number, behind)) = inner.split_once(']') else {
            *rest = inner;
            self.good = false;
            return;
        };
        *rest = behind;
        match number.parse::<usize>().ok().filter(|number| (1..=self.all.len()).contains(number)) {
            Some(number) => self.at = number - 1,
            None => self.good = false,
        }
    }

    /// What was not asked for; Go does not ask where numbers were given.
    fn left(&self) -> &'a [Value] {
        if self.reordered { &[] } else { self.all.get(self.at..).unwrap_or_default() }
    }
}

/// Takes flags, width and precision from the front.
fn spec(rest: &mut &str, args: &mut Args<'_>, out: &mut String) -> Spec {
    let mut spec = Spec::default();
    while let Some(flag) = rest.chars().next() {
        match flag {
            '+' => spec.plus = true,
            '-' => spec.minus = true,
            '#' => spec.sharp = true,
            ' ' => spec.space = true,
            '0' => spec.zero = true,
            _ => break,
        }
        *rest = &rest[1..];
    }
    args.index(rest);
    if let Some(behind) = rest.strip_prefix('*') {
        *rest = behind;
        match size(args.next()) {
            Some(width) => {
                spec.minus |= width < 0;
                spec.width = width.unsigned_abs().try_into().unwrap_or(MAX_WIDTH);
            }
            None => out.push_str("%!(BADWIDTH)"),
        }
    } else {
        spec.width = number(rest).unwrap_or(0);
    }
    spec.zero &= !spec.minus;
    if let Some(behind) = rest.strip_prefix('.') {
        *rest = behind;
        args.index(rest);
        if let Some(behind) = rest.strip_prefix('*') {
            *rest = behind;
            match size(args.next()) {
                // A negative one counts as none.
                Some(precision) => spec.precision = usize::try_from(precision).ok(),
                None => out.push_str("%!(BADPREC)"),
            }
        } else {
            spec.precision = Some(number(rest).unwrap_or(0));
        }
    }
    args.index(rest);
    spec
}

/// A width or precision that is an argument.
fn size(value: Option<&Value>) -> Option<i64> {
    let limit = i64::try_from(MAX_WIDTH).unwrap_or(i64::MAX);
    if let Some(Value::Int(number)) = value {
        Some(*number).filter(|number| (-limit..=limit).contains(number))
    } else {
        None
    }
}

fn number(rest: &mut &str) -> Option<usize> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, behind) = rest.split_at(digits);
    *rest = behind;
    (digits > 0).then(|| number.parse().unwrap_or(MAX_WIDTH).min(MAX_WIDTH))
}

fn one(value: &Value, verb: char, spec: Spec) -> String {
    match (value, verb) {
        (_, 'T') => spec.pad(type_name(value)),
        (_, 'v') if spec.sharp => spec.pad(go_syntax(value)),
        (Value::Nil, 'v') => spec.pad("<nil>".to_owned()),
        (Value::Bool(truth), 't' | 'v') => spec.pad(truth.to_string()),
        (Value::Int(number), _) => integer(*number, verb, spec),
        (Value::Float(number), _) => float(*number, verb, spec),
        (Value::Text(text), _) => string(text, verb, spec),
        (Value::List(items), _) => {
            format!("[{}]", items.iter().map(|item| one(item, verb, spec)).collect::<Vec<_>>().join(" "))
        }
        (Value::Map(map), _) => {
            let entries =
                map.iter().map(|(key, value)| format!("{}:{}", string(key, verb, spec), one(value, verb, spec)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
        (value, verb) => bad(value, verb),
    }
}

fn integer(number: i64, verb: char, spec: Spec) -> String {
    let magnitude = number.unsigned_abs();
    let (prefix, digits) = match verb {
        'd' | 'v' => ("", magnitude.to_string()),
        'b' => (if spec.sharp { "0b" } else { "" }, format!("{magnitude:b}")),
        'o' => (if spec.sharp { "0" } else { "" }, format!("{magnitude:o}")),
        'x' => (if spec.sharp { "0x" } else { "" }, format!("{magnitude:x}")),
        'X' => (if spec.sharp { "0X" } else { "" }, format!("{magnitude:X}")),
        'c' | 'q' => {
            let c = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            return spec.pad(if verb == 'c' { c.to_string() } else { quoted(&c.to_string(), '\'') });
        }
        'U' => return spec.pad(format!("U+{number:04X}")),
        _ => return bad(&Value::Int(number), verb),
    };
    let digits = match spec.precision {
        Some(0) if number == 0 => String::new(),
        Some(least) => format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len()))),
        None => digits,
    };
    let spec = Spec { zero: spec.zero && spec.precision.is_none(), ..spec };
    spec.pad_number(&format!("{}{prefix}", spec.sign(number < 0)), &digits)
}

fn float(number: f64, verb: char, spec: Spec) -> String {
    let magnitude = number.abs();
    let digits = match verb {
        'v' if spec.precision.is_none() => shortest(magnitude),
        'g' | 'G' if spec.precision.is_none() => shortest(magnitude),
        'f' | 'F' => format!("{magnitude:.*}", spec.precision.unwrap_or(6)),
        'e' | 'E' => exponent(&format!("{magnitude:.*e}", spec.precision.unwrap_or(6))),
        'v' | 'g' | 'G' => significant(magnitude, spec.precision.unwrap_or(6)),
        _ => return bad(&Value::Float(number), verb),
    };
    let digits = if verb.is_uppercase() { digits.to_uppercase() } else { digits };
    spec.pad_number(spec.sign(number.is_sign_negative()), &digits)
}

/// As `%v` prints a number: the fewest digits that tell it from others.
pub(super) fn shortest(number: f64) -> String {
    let magnitude = number.abs();
    if magnitude != 0.0 && !(1e-4..1e21).contains(&magnitude) {
        exponent(&format!("{number:e}"))
    } else {
        number.to_string()
    }
}

/// `%.3g`: so many digits at the most, no zeros at the end.
fn significant(number: f64, digits: usize) -> String {
    let digits = digits.max(1);
    let scientific = format!("{number:.*e}", digits - 1);
    let power: i32 = scientific.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let plain = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if power < -4 || power >= i32::try_from(digits).unwrap_or(i32::MAX) {
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        return exponent(&format!("{}e{power}", plain(mantissa)));
    }
    let fraction = usize::try_from(i32::try_from(digits).unwrap_or(i32::MAX) - 1 - power).unwrap_or(0);
    plain(&format!("{number:.fraction$}"))
}

/// `1e5` as Go writes it: `1e+05`.
fn exponent(text: &str) -> String {
    let Some((mantissa, power)) = text.split_once('e') else { return text.to_owned() };
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{mantissa}e{sign}{power:0>2}")
}

fn string(text: &str, verb: char, spec: Spec) -> String {
    let cut = || text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect::<String>();
    match verb {
        's' | 'v' => spec.pad(cut()),
        'q' if spec.sharp && !cut().contains('`') => spec.pad(format!("`{}`", cut())),
        'q' => spec.pad(quoted(&cut(), '"')),
        'x' | 'X' => {
            let bytes = text.bytes().take(spec.precision.unwrap_or(usize::MAX));
            spec.pad(
                bytes.map(|byte| if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") }).collect(),
            )
        }
        _ => bad(&Value::Text(text.to_owned()), verb),
    }
}

/// A text as a Go literal.
pub(super) fn quoted(text: &str, quote: char) -> String {
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() || matches!(c, '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// `%#v`
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text, '"'),
        Value::List(items) => {
            format!("{}{{{}}}", type_name(value), items.iter().map(go_syntax).collect::<Vec<_>>().join(", "))
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| format!("{}:{}", quoted(key, '"'), go_syntax(value)));
            format!("{}{{{}}}", type_name(value), entries.collect::<Vec<_>>().join(", "))
        }
        other => other.format().into_owned(),
    }
}

/// What Go prints where a verb does not fit a value.
fn bad(value: &Value, verb: char) -> String {
    format!("%!{verb}({})", typed(value))
}

fn typed(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".to_owned(),
        _ => format!("{}={}", type_name(value), value.format()),
    }
}

/// The type that the value has in Rancher's template engine.
fn type_name(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>",
        Value::List(items) if matches!(items.first(), Some(Value::Int(_))) => "[]int",
        Value::List(_) => "[]string",
        Value::Map(map) if map.values().all(|value| matches!(value, Value::Text(_))) => "map[string]string",
        Value::Map(_) => "map[string]interface {}",
        other => other.kind(),
    }
    .to_owned()
}

impl Spec {
    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
    }

    fn pad(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        match (self.minus, self.zero) {
            (true, _) => text + &" ".repeat(missing),
            (false, true) => "0".repeat(missing) + &text,
            (false, false) => " ".repeat(missing) + &text,
        }
    }

    /// Zeros stand between the sign and the digits.
    fn pad_number(&self, sign: &str, digits: &str) -> String {
        let missing = self.width.saturating_sub(sign.len() + digits.len());
        if self.zero { format!("{sign}{}{digits}", "0".repeat(missing)) } else { self.pad(format!("{sign}{digits}")) }
    }
}
