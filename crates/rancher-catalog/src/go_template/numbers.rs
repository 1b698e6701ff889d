//! Sprig's functions of numbers and of lists of them.

use super::functions::{Function, Outcome, Type, breaks, int, plain, text};
use super::literal;
use super::value::Value;

const ONE: &[Type] = &[Type::Any];
const TWO: &[Type] = &[Type::Any, Type::Any];

pub(super) static TABLE: &[Function] = &[
    plain("atoi", &[Type::Text], None, |args| Ok(Value::Int(atoi(text(args, 0))))),
    plain("int64", ONE, None, |args| Ok(Value::Int64(whole(&args[0])))),
    plain("int", ONE, None, |args| Ok(Value::Int(whole(&args[0])))),
    plain("float64", ONE, None, |args| Ok(Value::Float(fraction(&args[0])))),
    plain("until", &[Type::Int], None, |args| {
        let count = int(args, 0);
        Ok(steps(0, count, if count < 0 { -1 } else { 1 }))
    }),
    plain("untilStep", &[Type::Int, Type::Int, Type::Int], None, |args| {
        Ok(steps(int(args, 0), int(args, 1), int(args, 2)))
    }),
    plain("add1", ONE, None, |args| Ok(Value::Int64(whole(&args[0]).wrapping_add(1)))),
    plain("add", &[], Some(Type::Any), |args| fold(args, 0, i64::wrapping_add)),
    plain("sub", TWO, None, |args| Ok(Value::Int64(whole(&args[0]).wrapping_sub(whole(&args[1]))))),
    plain("div", TWO, None, |args| divided(args, i64::wrapping_div)),
    plain("mod", TWO, None, |args| divided(args, i64::wrapping_rem)),
    plain("mul", ONE, Some(Type::Any), |args| fold(args, 1, i64::wrapping_mul)),
    plain("biggest", ONE, Some(Type::Any), |args| fold(args, i64::MIN, Ord::max)),
    plain("max", ONE, Some(Type::Any), |args| fold(args, i64::MIN, Ord::max)),
    plain("min", ONE, Some(Type::Any), |args| fold(args, i64::MAX, Ord::min)),
];

fn fold(args: &[Value], start: i64, with: fn(i64, i64) -> i64) -> Outcome {
    Ok(Value::Int64(args.iter().map(whole).fold(start, with)))
}

fn divided(args: &[Value], with: fn(i64, i64) -> i64) -> Outcome {
    match whole(&args[1]) {
        0 => Err(breaks("division by 0")),
        by => Ok(Value::Int64(with(whole(&args[0]), by))),
    }
}

/// `strconv.Atoi` whose error is passed over: what is too large is the largest.
fn atoi(text: &[u8]) -> i64 {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return 0;
    }
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

/// Sprig's `toInt64`: what is no number is 0.
fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Byte(number) => i64::from(*number),
        #[allow(clippy::cast_possible_truncation, reason = "Go truncates too")]
        Value::Float(number) if (-9.3e18..9.223_372_036_854_775e18).contains(number) => *number as i64,
        Value::Float(_) => i64::MIN,
        Value::Text(text) => std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0),
        Value::Bool(true) => 1,
        _ => 0,
    }
}

#[allow(clippy::cast_precision_loss, reason = "Go rounds too")]
fn fraction(value: &Value) -> f64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number as f64,
        Value::Byte(number) => f64::from(*number),
        Value::Float(number) => *number,
        Value::Text(text) => std::str::from_utf8(text).ok().and_then(literal::float).unwrap_or(0.0),
        Value::Bool(true) => 1.0,
        _ => 0.0,
    }
}

/// A list from start to stop, without the latter; steps that lead away from it give none.
fn steps(start: i64, stop: i64, step: i64) -> Value {
    let distance = i128::from(stop) - i128::from(start);
    let leads = if stop < start { step < 0 } else { step > 0 };
    let count = if leads { distance.unsigned_abs().div_ceil(i128::from(step).unsigned_abs()) } else { 0 };
    Value::Ints { start, step, count: usize::try_from(count).unwrap_or(usize::MAX) }
}
