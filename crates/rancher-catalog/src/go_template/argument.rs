//! Pipelines, commands and the arguments of functions, as Go evaluates them: by the type that is wanted.

use super::TemplateError;
use super::evaluate::{Run, halted};
use super::functions::{Function, Type};
use super::lex::Place;
use super::literal::Number;
use super::tree::{Command, PipeId, Word, WordKind};
use super::value::Value;

type Evaluated = Result<Value, TemplateError>;

impl<'a> Run<'a> {
    /// The value of a pipeline; its variables have it from here on.
    pub(super) fn pipeline(&mut self, pipe: PipeId, dot: &Value) -> Evaluated {
        let tree = self.tree;
        let pipeline = &tree.pipes[pipe];
        let mut value = Value::Nil;
        for command in &pipeline.commands {
            value = self.command(command, dot, value)?.unwrapped();
        }
        for name in &pipeline.declared {
            self.declare(*name, value.clone());
        }
        Ok(value)
    }

    /// `piped` is `Nil` where there is nothing before a `|`, and where what is before it gives nothing.
    fn command(&mut self, command: &'a Command, dot: &Value, piped: Value) -> Evaluated {
        self.step(command.place)?;
        let (first, rest) = (&command.words[0], &command.words[1..]);
        let has_arguments = !rest.is_empty() || !piped.is_nil();
        let place = first.place;
        match &first.kind {
            WordKind::Field(fields) => walk(dot.clone(), fields, has_arguments, place),
            WordKind::Function(function, fields) if fields.is_empty() => self.call(function, rest, dot, piped, place),
            // Go before 1.14, and so Rancher, passes over what stands behind a parenthesis (golang/go#31810).
            WordKind::Pipe(pipe, fields) if fields.is_empty() => self.pipeline(*pipe, dot),
            WordKind::Function(_, fields) | WordKind::Pipe(_, fields) => {
                let value = self.chained(first, dot)?;
                walk(value, fields, has_arguments, place)
            }
            WordKind::Variable(name, fields) => {
                let value = self.named(*name, place)?;
                if fields.is_empty() && has_arguments {
                    return Err(no_function(place));
                }
                walk(value, fields, has_arguments, place)
            }
            _ if has_arguments => Err(no_function(place)),
            WordKind::Nil => Err(place.error("nil is not a command")),
            WordKind::Dot => Ok(dot.clone()),
            WordKind::Bool(truth) => Ok(Value::Bool(*truth)),
            WordKind::Number(number) => ideal(number, place),
            WordKind::Text(text) => Ok(Value::Text(text.clone())),
        }
    }

    fn named(&self, name: usize, place: Place) -> Evaluated {
        self.variable(name).cloned().ok_or_else(|| place.error("this variable has no value yet"))
    }

    /// What stands before the fields of a chain.
    fn chained(&mut self, word: &'a Word, dot: &Value) -> Evaluated {
        let value = match &word.kind {
            WordKind::Function(function, _) => self.call(function, &[], dot, Value::Nil, word.place)?,
            WordKind::Pipe(pipe, _) => self.pipeline(*pipe, dot)?,
            _ => Value::Nil,
        };
        if matches!(value, Value::Nil) {
            let message =
                "Rancher's own program breaks down here: a field is asked of a parenthesis that gives nothing";
            return Err(word.place.error(message));
        }
        Ok(value)
    }

    fn call(
        &mut self,
        function: &'static Function,
        words: &'a [Word],
        dot: &Value,
        piped: Value,
        place: Place,
    ) -> Evaluated {
        let count = words.len() + usize::from(!piped.is_nil());
        let wanted = function.wants.len();
        if count < wanted || (count > wanted && function.more.is_none()) {
            let least = if function.more.is_some() { "at least " } else { "" };
            let message = format!("wrong number of args for {}: want {least}{wanted} got {count}", function.name);
            return Err(place.error(message));
        }
        let mut args = Vec::with_capacity(count);
        for (at, word) in words.iter().enumerate() {
            args.push(self.argument(word, function.wanted(at), dot)?);
        }
        if !piped.is_nil() {
            args.push(fit(piped, function.wanted(words.len()), place)?);
        }
        let value = (function.call)(&args).map_err(|halt| halted(halt, function.name, place))?;
        self.note(&value, place)?;
        Ok(value)
    }

    fn argument(&mut self, word: &'a Word, wanted: Type, dot: &Value) -> Evaluated {
        let place = word.place;
        let value = match &word.kind {
            WordKind::Dot => dot.clone(),
            WordKind::Nil if wanted.can_be_nil() => return Ok(Value::Nil),
            WordKind::Nil => return Err(place.error(format!("cannot assign nil to {}", wanted.name()))),
            WordKind::Field(fields) => walk(dot.clone(), fields, false, place)?,
            WordKind::Variable(name, fields) => walk(self.named(*name, place)?, fields, false, place)?,
            WordKind::Function(function, fields) if fields.is_empty() => {
                self.step(place)?;
                self.call(function, &[], dot, Value::Nil, place)?
            }
            WordKind::Pipe(pipe, fields) if fields.is_empty() => self.pipeline(*pipe, dot)?,
            WordKind::Function(_, fields) | WordKind::Pipe(_, fields) => {
                walk(self.chained(word, dot)?, fields, false, place)?
            }
            WordKind::Number(number) => match (wanted, number.int) {
                (Type::Int, Some(int)) => return Ok(Value::Int(int)),
                (Type::Any, _) => ideal(number, place)?,
                _ => return Err(place.error(format!("expected {}; found a number", wanted.name()))),
            },
            WordKind::Text(text) if matches!(wanted, Type::Text | Type::Any) => Value::Text(text.clone()),
            WordKind::Bool(truth) if wanted == Type::Any => Value::Bool(*truth),
            _ => return Err(place.error(format!("expected {}; found a constant", wanted.name()))),
        };
        fit(value, wanted, place)
    }
}

fn no_function(place: Place) -> TemplateError {
    place.error("can't give argument to non-function")
}

/// A value as an argument.
fn fit(value: Value, wanted: Type, place: Place) -> Evaluated {
    let fits = match &value {
        Value::Nil => wanted.can_be_nil(),
        Value::NilItem => wanted == Type::Any,
        other => wanted.takes(other),
    };
    if fits {
        return Ok(value.unwrapped());
    }
    Err(place.error(match &value {
        Value::Nil => format!("invalid value; expected {}", wanted.name()),
        other => format!("wrong type for value; expected {}; got {}", wanted.name(), other.type_name()),
    }))
}

/// A constant whose type nobody asks for.
fn ideal(number: &Number, place: Place) -> Evaluated {
    if let Some((real, imaginary)) = number.complex {
        return Ok(Value::Complex(real, imaginary));
    }
    match (number.float, number.int) {
        (Some(float), _) if number.is_fraction => Ok(Value::Float(float)),
        (_, Some(int)) => Ok(Value::Int(int)),
        _ => Err(place.error("this number overflows int")),
    }
}

/// The fields of a value; arguments can be given to none of them.
fn walk(value: Value, fields: &[String], has_arguments: bool, place: Place) -> Evaluated {
    let mut value = value;
    for (at, field) in fields.iter().enumerate() {
        let arguments = has_arguments && at + 1 == fields.len();
        let unknown =
            |value: &Value| place.error(format!("can't evaluate field {field} in type {}", value.type_name()));
        let refused = || place.error(format!("{field} is not a method but has arguments"));
        value = match &value {
            Value::Nil => Value::Nil,
            Value::Answers(_) | Value::Map(_) if arguments => return Err(refused()),
            Value::Answers(_) | Value::Map(_) => value.entry(field.as_bytes()).unwrap_or(Value::Nil),
            Value::Struct(one) => match one.fields.iter().find(|(name, _)| name == field) {
                Some(_) if arguments => return Err(refused()),
                Some((_, found)) => found.clone(),
                None => return Err(unknown(&value)),
            },
            Value::Time(seconds) => match (field.as_str(), arguments) {
                ("Unix", false) => Value::Int64(*seconds),
                ("String", false) => Value::text(super::time::format(*seconds, "2006-01-02 15:04:05 -0700 MST")),
                (name, _) if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                    return Err(place.limit(format!("this tool does not know {name} of a time; Rancher may")));
                }
                _ => return Err(unknown(&value)),
            },
            other => return Err(unknown(other)),
        };
    }
    Ok(value)
}
