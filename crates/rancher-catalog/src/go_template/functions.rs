//! The functions that a template of Rancher has, with the types that each wants: Go's own, the 84 of its sprig, and its own
//! one. A newer sprig has more; to Rancher they are not defined.

use std::sync::Arc;

use super::value::Value;
use super::{builtin, dates, numbers, texts, values};

/// What a function wants at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Int,
    /// `interface {}`
    Any,
    Dict,
    Texts,
    Time,
}

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Int => "int",
            Self::Any => "interface {}",
            Self::Dict => "map[string]interface {}",
            Self::Texts => "[]string",
            Self::Time => "time.Time",
        }
    }

    /// Whether a value that is there is of this type. None becomes another by itself.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Text => matches!(value, Value::Text(_)),
            Self::Int => matches!(value, Value::Int(_)),
            Self::Dict => matches!(value, Value::Map(_)),
            Self::Texts => matches!(value, Value::Texts(_)),
            Self::Time => matches!(value, Value::Time(_)),
        }
    }

    pub fn can_be_nil(self) -> bool {
        matches!(self, Self::Any | Self::Dict | Self::Texts)
    }
}

/// Why a function gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Halt {
    /// It tells an error.
    Fails(String),
    /// Rancher's program breaks down.
    Breaks(String),
    /// This tool does not go on; Rancher may.
    Limit(String),
}

pub(super) type Outcome = Result<Value, Halt>;

#[derive(Debug)]
pub(super) struct Function {
    pub name: &'static str,
    pub wants: &'static [Type],
    /// What any number of further ones have to be.
    pub more: Option<Type>,
    pub call: fn(&[Value]) -> Outcome,
}

/// A line of a table of functions.
pub(super) const fn plain(
    name: &'static str,
    wants: &'static [Type],
    more: Option<Type>,
    call: fn(&[Value]) -> Outcome,
) -> Function {
    Function { name, wants, more, call }
}

impl Function {
    /// What it wants at a place.
    pub fn wanted(&self, at: usize) -> Type {
        self.wants.get(at).copied().or(self.more).unwrap_or(Type::Any)
    }
}

/// The arguments of a function as what they are, which is known by then.
pub(super) fn text(args: &[Value], at: usize) -> &[u8] {
    if let Some(Value::Text(text)) = args.get(at) { text } else { b"" }
}

pub(super) fn int(args: &[Value], at: usize) -> i64 {
    if let Some(Value::Int(number)) = args.get(at) { *number } else { 0 }
}

pub(super) fn made(text: impl AsRef<[u8]>) -> Outcome {
    Ok(Value::Text(Arc::from(text.as_ref())))
}

pub(super) fn truth(truth: bool) -> Outcome {
    Ok(Value::Bool(truth))
}

pub(super) fn breaks(why: &str) -> Halt {
    Halt::Breaks(why.to_owned())
}

/// Whether a function gives what the environment of Rancher's server holds.
pub(super) fn reads_server(name: &str) -> bool {
    matches!(name, "env" | "expandenv")
}

pub(super) fn find(name: &str) -> Option<&'static Function> {
    TABLES.iter().find_map(|table| table.iter().find(|function| function.name == name))
}

/// What to say of a function that Rancher does not have.
pub(super) fn not_defined(name: &str) -> String {
    let hint = match name {
        "break" | "continue" => "; Go has it since 1.18, Rancher's Go is older",
        "slice" => "; Go has it since 1.13, Rancher's Go is older",
        _ if NEWER.split_whitespace().any(|newer| newer == name) => {
            "; newer releases of sprig have it, that of Rancher 1.6 does not"
        }
        _ => "",
    };
    format!("function {name:?} not defined{hint}")
}

static TABLES: [&[Function]; 5] = [builtin::TABLE, texts::TABLE, numbers::TABLE, values::TABLE, dates::TABLE];

/// Functions that authors know from elsewhere, such as Helm.
const NEWER: &str = "add1f addf adler32sum ago all any append bcrypt biggestf buildCustomCert camelcase ceil chunk coalesce \
    compact concat decryptAES deepCopy deepEqual derivePassword dig divf duration durationRound encryptAES fail first \
    floor fromJson genCA genSelfSignedCert genSignedCert get getHostByName has htpasswd initial kebabcase keys last list \
    lookup maxf merge mergeOverwrite minf mulf mustAppend mustMerge mustRegexMatch mustToJson nindent omit osBase pick \
    pluck prepend randBytes randInt regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll \
    regexReplaceAllLiteral regexSplit rest reverse round semver semverCompare seq sha1sum shuffle snakecase sortAlpha \
    splitList splitn subf ternary toDate toDecimal toJson toPrettyJson toRawJson toString toStrings toYaml tpl unixEpoch \
    uniq urlJoin urlParse values without";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_rancher_has() {
        let count = |table: &[Function]| table.len();
        assert_eq!(count(builtin::TABLE), 18 + 1, "Go's own, and Rancher's");
        assert_eq!(TABLES[1..].iter().map(|table| count(table)).sum::<usize>(), 84);
        let newer = NEWER.split_whitespace().find(|name| find(name).is_some());
        assert_eq!(newer, None);
    }
}
