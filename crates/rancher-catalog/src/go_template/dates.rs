//! Sprig's functions of dates.

use std::time::{SystemTime, UNIX_EPOCH};

use super::functions::{Function, Halt, Outcome, Type, made, text};
use super::time;
use super::value::Value;

const fn plain(name: &'static str, wants: &'static [Type], call: fn(&[Value]) -> Outcome) -> Function {
    Function { name, wants, more: None, call }
}

const FORMAT: &[Type] = &[Type::Text, Type::Any];
const FORMAT_IN: &[Type] = &[Type::Text, Type::Any, Type::Text];
const MODIFY: &[Type] = &[Type::Text, Type::Time];

pub(super) static TABLE: &[Function] = &[
    plain("date", FORMAT, |args| formatted(text(args, 0), &args[1], b"Local")),
    plain("date_in_zone", FORMAT_IN, |args| formatted(text(args, 0), &args[1], text(args, 2))),
    plain("dateInZone", FORMAT_IN, |args| formatted(text(args, 0), &args[1], text(args, 2))),
    plain("date_modify", MODIFY, |args| Ok(modified(args))),
    plain("dateModify", MODIFY, |args| Ok(modified(args))),
    plain("now", &[], |_| Ok(Value::Time(now()))),
    plain("htmlDate", &[Type::Any], |args| formatted(b"2006-01-02", &args[0], b"Local")),
    plain("htmlDateInZone", &[Type::Any, Type::Text], |args| formatted(b"2006-01-02", &args[0], text(args, 1))),
];

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(0)
}

fn formatted(layout: &[u8], date: &Value, zone: &[u8]) -> Outcome {
    // Rancher's server runs on UTC, and so is what it does not know as a zone.
    let is_utc = matches!(zone, b"" | b"UTC" | b"Local") || !zone.iter().any(u8::is_ascii_uppercase);
    if !is_utc {
        let zone = String::from_utf8_lossy(zone).into_owned();
        return Err(Halt::Limit(format!("this tool knows no time zone but UTC, and so not {zone:?}; Rancher may")));
    }
    let seconds = match date {
        Value::Int(seconds) | Value::Int64(seconds) | Value::Time(seconds) => *seconds,
        _ => now(),
    };
    made(time::format(seconds, &String::from_utf8_lossy(layout)))
}

fn modified(args: &[Value]) -> Value {
    let Value::Time(seconds) = args[1] else { return Value::Nil };
    Value::Time(seconds.saturating_add(time::duration(&String::from_utf8_lossy(text(args, 0))).unwrap_or(0)))
}
