//! Running a template: Go 1.9's `text/template/exec.go`.

use super::TemplateError;
use super::functions::Halt;
use super::lex::Place;
use super::parse::Template;
use super::printf::Printer;
use super::tree::{ListId, NameId, Node, PipeId, Tree};
use super::value::Value;
use crate::deep_stack::with_stack;

/// As deep as Go lets templates call each other.
const MAX_CALLS: usize = 100_000;
/// The bytes of text that functions may make, all together.
const MAX_MADE: usize = 64 << 20;

/// What a template may take, so that a hostile one ends.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of output.
    pub output_bytes: usize,
    /// Nodes and commands.
    pub steps: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { output_bytes: 4 << 20, steps: 4_000_000 }
    }
}

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// What was printed, up to the error if there is one. A template can print bytes that are no text.
    pub output: Vec<u8>,
    /// The error that ended it. Rancher goes on with the output all the same.
    pub error: Option<TemplateError>,
    /// How many steps it took.
    pub steps: usize,
    /// For each line of the output the line of the template that printed its first character.
    pub line_map: Vec<u32>,
}

impl Execution {
    /// What was printed, as a text; bytes that are none are shown as U+FFFD.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        crate::go_encoding::shown(&self.output)
    }
}

impl Template {
    /// Runs the template.
    pub fn execute(&self, data: &Value, limits: &Limits) -> Execution {
        with_stack(self.tree.depth, || {
            let mut run = Run {
                text: &self.text,
                tree: &self.tree,
                limits,
                output: Vec::new(),
                line_map: Vec::new(),
                at_line_start: true,
                variables: Vec::new(),
                by_name: vec![Vec::new(); self.tree.names],
                base: 0,
                frames: Vec::new(),
                calls: 0,
                steps: 0,
                made: 0,
            };
            let error = run.all(self.body, data).err();
            Execution { output: run.output, error, steps: run.steps, line_map: run.line_map }
        })
    }
}

/// A list of nodes that is being walked, and what to do at its end.
struct Frame {
    list: ListId,
    at: usize,
    dot: Value,
    then: Then,
}

enum Then {
    /// The variables from this one on are forgotten.
    Forget(usize),
    Next(Box<Loop>),
    /// Back to the template that called this one, whose variables begin here.
    Return(usize),
}

/// A `range`.
struct Loop {
    over: Value,
    keys: Option<Vec<Vec<u8>>>,
    count: usize,
    next: usize,
    declared: usize,
    place: Place,
    /// How many variables there are within, and how many around it.
    inner: usize,
    outer: usize,
}

pub(super) struct Run<'a> {
    text: &'a str,
    pub(super) tree: &'a Tree,
    limits: &'a Limits,
    output: Vec<u8>,
    line_map: Vec<u32>,
    at_line_start: bool,
    variables: Vec<(NameId, Value)>,
    /// Of each name the variables that have it, the last one in sight.
    by_name: Vec<Vec<usize>>,
    /// Where the variables of this template begin.
    base: usize,
    frames: Vec<Frame>,
    calls: usize,
    steps: usize,
    made: usize,
}

impl<'a> Run<'a> {
    pub(super) fn step(&mut self, place: Place) -> Result<(), TemplateError> {
        self.steps += 1;
        if self.steps > self.limits.steps {
            let message = format!("this tool ends a template after {} steps; Rancher goes on", self.limits.steps);
            return Err(place.limit(message));
        }
        Ok(())
    }

    /// Notes that a function made a value.
    pub(super) fn note(&mut self, value: &Value, place: Place) -> Result<(), TemplateError> {
        self.made += match value {
            Value::Text(text) => text.len(),
            Value::Texts(items) => items.iter().map(|item| item.len() + 32).sum(),
            Value::List(items) => items.len() * 32,
            Value::Answers(map) => map.len() * 64,
            _ => 0,
        };
        if self.made > MAX_MADE {
            return Err(place.limit("this tool ends a template that makes 64 MiB of text; Rancher goes on"));
        }
        Ok(())
    }

    /// Prints a text whose first character comes from a line; `moves` where each line break moves on in the template.
    fn print(&mut self, text: &[u8], place: Place, moves: bool) -> Result<(), TemplateError> {
        if self.output.len() + text.len() > self.limits.output_bytes {
            let message = format!("this tool ends a template after {} bytes of output", self.limits.output_bytes);
            return Err(place.limit(message));
        }
        let mut line = place.line;
        for part in text.split_inclusive(|byte| *byte == b'\n') {
            if self.at_line_start {
                self.line_map.push(line);
            }
            self.at_line_start = part.ends_with(b"\n");
            if moves && self.at_line_start {
                line += 1;
            }
        }
        self.output.extend_from_slice(text);
        Ok(())
    }

    fn print_value(&mut self, value: &Value, place: Place) -> Result<(), TemplateError> {
        match value {
            Value::Nil | Value::NilItem => self.print(b"<no value>", place, false),
            Value::Text(text) => self.print(text, place, false),
            value => {
                let mut printer = Printer::default();
                printer.print(value);
                if printer.is_full {
                    return Err(place.limit("this tool prints values of up to 4 MiB; Rancher may print longer ones"));
                }
                self.print(&printer.out, place, false)
            }
        }
    }

    pub(super) fn declare(&mut self, name: NameId, value: Value) {
        self.by_name[name].push(self.variables.len());
        self.variables.push((name, value));
    }

    pub(super) fn variable(&self, name: NameId) -> Option<&Value> {
        self.by_name[name].last().filter(|at| **at >= self.base).map(|at| &self.variables[*at].1)
    }

    fn forget(&mut self, down_to: usize) {
        for (name, _) in self.variables.drain(down_to..).rev() {
            self.by_name[name].pop();
        }
    }

    fn enter(&mut self, list: ListId, dot: Value, then: Then) {
        self.frames.push(Frame { list, at: 0, dot, then });
    }

    fn all(&mut self, body: ListId, data: &Value) -> Result<(), TemplateError> {
        self.declare(0, data.clone());
        self.enter(body, data.clone(), Then::Forget(0));
        let tree = self.tree;
        while let Some(frame) = self.frames.last_mut() {
            if let Some(node) = tree.lists[frame.list].get(frame.at) {
                frame.at += 1;
                let dot = frame.dot.clone();
                self.node(node, dot)?;
            } else {
                self.leave()?;
            }
        }
        Ok(())
    }

    /// The end of a list.
    fn leave(&mut self) -> Result<(), TemplateError> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        match frame.then {
            Then::Forget(down_to) => self.forget(down_to),
            Then::Next(once) => {
                self.forget(once.inner);
                self.next(frame.list, once)?;
            }
            Then::Return(base) => {
                self.forget(self.base);
                self.base = base;
                self.calls -= 1;
            }
        }
        Ok(())
    }

    fn node(&mut self, node: &'a Node, dot: Value) -> Result<(), TemplateError> {
        match node {
            Node::Text(range, place) => {
                self.step(*place)?;
                self.print(&self.text.as_bytes()[range.clone()], *place, true)
            }
            Node::Action(pipe) => {
                let value = self.pipeline(*pipe, &dot)?;
                let pipeline = &self.tree.pipes[*pipe];
                if pipeline.declared.is_empty() { self.print_value(&value, pipeline.place) } else { Ok(()) }
            }
            Node::If(pipe, list, otherwise) => self.branch(*pipe, *list, *otherwise, dot, false),
            Node::With(pipe, list, otherwise) => self.branch(*pipe, *list, *otherwise, dot, true),
            Node::Range(pipe, list, otherwise) => self.range(*pipe, *list, *otherwise, dot),
            Node::Template(name, pipe, place) => {
                self.step(*place)?;
                let Some(list) = self.tree.defined.get(name).copied() else {
                    let name = String::from_utf8_lossy(name).into_owned();
                    return Err(place.error(format!("template {name:?} not defined")));
                };
                if self.calls == MAX_CALLS {
                    return Err(place.error(format!("exceeded maximum template depth ({MAX_CALLS})")));
                }
                let dot = match pipe {
                    Some(pipe) => self.pipeline(*pipe, &dot)?,
                    None => Value::Nil,
                };
                self.calls += 1;
                let before = std::mem::replace(&mut self.base, self.variables.len());
                self.declare(0, dot.clone());
                self.enter(list, dot, Then::Return(before));
                Ok(())
            }
        }
    }

    fn branch(
        &mut self,
        pipe: PipeId,
        list: ListId,
        otherwise: Option<ListId>,
        dot: Value,
        is_with: bool,
    ) -> Result<(), TemplateError> {
        let outer = self.variables.len();
        let value = self.pipeline(pipe, &dot)?;
        if value.truth() {
            self.enter(list, if is_with { value } else { dot }, Then::Forget(outer));
        } else if let Some(otherwise) = otherwise {
            self.enter(otherwise, dot, Then::Forget(outer));
        } else {
            self.forget(outer);
        }
        Ok(())
    }

    fn range(
        &mut self,
        pipe: PipeId,
        list: ListId,
        otherwise: Option<ListId>,
        dot: Value,
    ) -> Result<(), TemplateError> {
        let outer = self.variables.len();
        let over = self.pipeline(pipe, &dot)?;
        let pipeline = &self.tree.pipes[pipe];
        let (keys, count) = match &over {
            Value::Answers(_) | Value::Map(_) => {
                let keys = over.keys();
                let count = keys.len();
                (Some(keys), count)
            }
            Value::Ints { .. } | Value::Texts(_) | Value::List(_) => (None, over.length().unwrap_or(0)),
            Value::Nil | Value::NilItem => (None, 0),
            other => {
                return Err(pipeline.place.error(format!("range can't iterate over a {}", other.type_name())));
            }
        };
        if count == 0 {
            match otherwise {
                Some(otherwise) => self.enter(otherwise, dot, Then::Forget(outer)),
                None => self.forget(outer),
            }
            return Ok(());
        }
        let (declared, place, inner) = (pipeline.declared.len(), pipeline.place, self.variables.len());
        self.next(list, Box::new(Loop { over, keys, count, next: 0, declared, place, inner, outer }))
    }

    /// The next turn of a loop, or its end.
    fn next(&mut self, list: ListId, mut once: Box<Loop>) -> Result<(), TemplateError> {
        if once.next == once.count {
            self.forget(once.outer);
            return Ok(());
        }
        self.step(once.place)?;
        let at = once.next;
        once.next += 1;
        let (key, item) = match &once.keys {
            Some(keys) => (Value::text(&keys[at]), once.over.entry(&keys[at])),
            None => (Value::Int(i64::try_from(at).unwrap_or(i64::MAX)), once.over.item(at)),
        };
        let item = item.unwrap_or(Value::Nil);
        if once.declared > 0 {
            self.variables[once.inner - 1].1 = item.clone();
        }
        if once.declared > 1 {
            self.variables[once.inner - 2].1 = key;
        }
        self.enter(list, item, Then::Next(once));
        Ok(())
    }
}

/// What ends the run where a function halts.
pub(super) fn halted(halt: Halt, name: &str, place: Place) -> TemplateError {
    match halt {
        Halt::Fails(why) => place.error(format!("error calling {name}: {why}")),
        Halt::Breaks(why) => place.error(format!("Rancher's own program breaks down at {name}: {why}")),
        Halt::Limit(why) => place.limit(why),
    }
}
