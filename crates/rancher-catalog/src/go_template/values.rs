//! Sprig's functions of values of any kind: defaults, types, lists and dictionaries; and what differs from run to run.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::builtin::{MAX_PIECES, too_long, too_many};
use super::functions::{Function, Outcome, Type, breaks, int, made, plain, text, truth};
use super::printf::{MAX_TEXT, Printer};
use super::value::{Value, locked};

const ONE: &[Type] = &[Type::Any];
const NAMED: &[Type] = &[Type::Text, Type::Any];

pub(super) static TABLE: &[Function] = &[
    plain("default", ONE, Some(Type::Any), |args| {
        Ok(args.get(1).filter(|given| !is_empty(given)).unwrap_or(&args[0]).clone())
    }),
    plain("empty", ONE, None, |args| truth(is_empty(&args[0]))),
    plain("typeOf", ONE, None, |args| made(args[0].type_name())),
    plain("typeIs", NAMED, None, |args| truth(text(args, 0) == args[1].type_name().as_bytes())),
    plain("typeIsLike", NAMED, None, |args| truth(text(args, 0) == args[1].type_name().as_bytes())),
    plain("kindOf", ONE, None, |args| made(args[0].kind())),
    plain("kindIs", NAMED, None, |args| truth(text(args, 0) == args[1].kind().as_bytes())),
    plain("tuple", &[], Some(Type::Any), |args| Ok(Value::List(Arc::new(args.iter().map(held).collect())))),
    plain("dict", &[], Some(Type::Any), |args| {
        let mut map = BTreeMap::new();
        for pair in args.chunks(2) {
            map.insert(text_of(&pair[0])?, pair.get(1).map_or_else(|| Value::text(""), held));
        }
        Ok(Value::map(map))
    }),
    plain("set", &[Type::Dict, Type::Text, Type::Any], None, |args| {
        let Value::Map(map) = &args[0] else { return Err(breaks("there is no map to set a key of")) };
        let mut entries = locked(map);
        entries.insert(text(args, 1).to_vec(), held(&args[2]));
        if entries.len() > MAX_PIECES {
            return Err(too_many());
        }
        drop(entries);
        Ok(args[0].clone())
    }),
    plain("unset", &[Type::Dict, Type::Text], None, |args| {
        let Value::Map(map) = &args[0] else { return Ok(Value::map(BTreeMap::new())) };
        locked(map).remove(text(args, 1));
        Ok(args[0].clone())
    }),
    plain("hasKey", &[Type::Dict, Type::Text], None, |args| truth(args[0].entry(text(args, 1)).is_some())),
    plain("hello", &[], None, |_| made("Hello!")),
    // Nobody who writes a catalog sets the environment of Rancher's server.
    plain("env", &[Type::Text], None, |_| made("")),
    plain("expandenv", &[Type::Text], None, |args| made(expand(text(args, 0)))),
    plain("genPrivateKey", &[Type::Text], None, |args| {
        let kind = match text(args, 0) {
            b"" | b"rsa" => "RSA",
            b"dsa" => "DSA",
            b"ecdsa" => "EC",
            other => return made([b"Unknown type ", other].concat()),
        };
        let key: String = random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 64);
        made(format!("-----BEGIN {kind} PRIVATE KEY-----\n{key}\n-----END {kind} PRIVATE KEY-----\n"))
    }),
    plain("uuidv4", &[], None, |_| {
        let digits = random(b"0123456789abcdef", 32);
        made(format!("{}-{}-4{}-a{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..]))
    }),
    plain("randAlphaNum", &[Type::Int], None, |args| {
        randoms(args, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    }),
    plain("randAlpha", &[Type::Int], None, |args| {
        randoms(args, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    }),
    plain("randNumeric", &[Type::Int], None, |args| randoms(args, b"0123456789")),
    plain("randAscii", &[Type::Int], None, |args| {
        let all: Vec<u8> = (b' '..b'\x7f').collect();
        randoms(args, &all)
    }),
];

/// What a list or map holds of a value that is not there.
fn held(value: &Value) -> Value {
    if value.is_nil() { Value::NilItem } else { value.clone() }
}

fn is_empty(value: &Value) -> bool {
    !value.truth()
}

/// Sprig's `strval`
pub(super) fn text_of(value: &Value) -> Result<Vec<u8>, super::functions::Halt> {
    if let Value::Text(text) = value {
        return Ok(text.to_vec());
    }
    let mut printer = Printer::default();
    printer.print(value);
    if printer.is_full { Err(too_long()) } else { Ok(printer.out) }
}

/// Letters that look random and are the same each time, so that what is told of a template is too.
fn random(letters: &[u8], count: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let at = usize::try_from(state >> 33).unwrap_or(0) % letters.len();
        char::from(letters[at])
    };
    (0..count).map(letter).collect()
}

fn randoms(args: &[Value], letters: &[u8]) -> Outcome {
    let count = usize::try_from(int(args, 0)).unwrap_or(0);
    if count > MAX_TEXT { Err(too_long()) } else { made(random(letters, count)) }
}

/// `os.ExpandEnv` where no variable is set.
fn expand(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| *byte == b'$') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let is_name = |byte: &u8| *byte == b'_' || byte.is_ascii_alphanumeric();
        let is_special = |byte: &u8| byte.is_ascii_digit() || b"*#$@!?-".contains(byte);
        match rest {
            [] => out.push(b'$'),
            [b'{', special, b'}', ..] if is_special(special) => rest = &rest[3..],
            [b'{', b'}', ..] => rest = &rest[2..],
            [b'{', inner @ ..] => match inner.iter().position(|byte| *byte == b'}') {
                Some(end) => rest = &inner[end + 1..],
                None => rest = inner,
            },
            [special, ..] if is_special(special) => rest = &rest[1..],
            _ => match rest.iter().take_while(|byte| is_name(byte)).count() {
                0 => out.push(b'$'),
                length => rest = &rest[length..],
            },
        }
    }
    out.extend_from_slice(rest);
    out
}
