//! Running a template.

use std::collections::BTreeMap;

use super::TemplateError;
use super::functions;
use super::lex::Place;
use super::parse::{Command, Expression, Node, Pipeline, Template};
use super::value::Value;

/// What a template may take, so that a hostile one ends.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of output.
    pub output_bytes: usize,
    /// Nodes and commands.
    pub steps: usize,
    /// Templates that call templates.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { output_bytes: 4 << 20, steps: 1_000_000, depth: 50 }
    }
}

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// What was printed, up to the error if there is one.
    pub output: String,
    /// The error that ended it. Rancher goes on with the output all the same.
    pub error: Option<TemplateError>,
    /// How many steps it took.
    pub steps: usize,
    /// For each line of the output the line of the template that printed its first character.
    pub line_map: Vec<u32>,
}

impl Template {
    /// Runs the template.
    pub fn execute(&self, data: &Value, limits: &Limits) -> Execution {
        let mut run = Run {
            template: self,
            limits,
            output: String::new(),
            line_map: Vec::new(),
            at_line_start: true,
            variables: vec![("$".to_owned(), data.clone())],
            steps: 0,
            depth: 0,
        };
        let error = run.nodes(&self.body, data).err();
        Execution { output: run.output, error, steps: run.steps, line_map: run.line_map }
    }
}

struct Run<'a> {
    template: &'a Template,
    limits: &'a Limits,
    output: String,
    line_map: Vec<u32>,
    at_line_start: bool,
    variables: Vec<(String, Value)>,
    steps: usize,
    depth: usize,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'a> Run<'a> {
    fn step(&mut self, place: Place) -> Result<(), TemplateError> {
        self.steps += 1;
        if self.steps > self.limits.steps {
            return Err(place.limit(format!("more than {} steps: does it ever end?", self.limits.steps)));
        }
        Ok(())
    }

    /// Prints a text whose first character comes from a line; `moves` where each line break moves on in the template.
    fn print(&mut self, text: &str, place: Place, moves: bool) -> Result<(), TemplateError> {
        if self.output.len() + text.len() > self.limits.output_bytes {
            return Err(place.limit(format!("more than {} bytes of output", self.limits.output_bytes)));
        }
        let mut line = place.line;
        for part in text.split_inclusive('\n') {
            if self.at_line_start {
                self.line_map.push(line);
            }
            self.at_line_start = part.ends_with('\n');
            if moves && self.at_line_start {
                line += 1;
            }
        }
        self.output.push_str(text);
        Ok(())
    }

    fn nodes(&mut self, nodes: &'a [Node], dot: &Value) -> Result<Flow, TemplateError> {
        for node in nodes {
            let flow = self.node(node, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    /// Nodes with variables of their own.
    fn scope(&mut self, nodes: &'a [Node], dot: &Value) -> Result<Flow, TemplateError> {
        let outer = self.variables.len();
        let flow = self.nodes(nodes, dot);
        self.variables.truncate(outer);
        flow
    }

    fn node(&mut self, node: &'a Node, dot: &Value) -> Result<Flow, TemplateError> {
        match node {
            Node::Text(text, place) => {
                self.step(*place)?;
                self.print(text, *place, true)?;
            }
            Node::Action(pipeline) => {
                let value = self.pipeline(pipeline, dot)?;
                if pipeline.variables.is_empty() {
                    self.print(&value.print(), pipeline.place, false)?;
                }
            }
            Node::If(branches, otherwise) => {
                let outer = self.variables.len();
                for (condition, body) in branches {
                    if self.pipeline(condition, dot)?.truth() {
                        let flow = self.nodes(body, dot);
                        self.variables.truncate(outer);
                        return flow;
                    }
                }
                let flow = self.nodes(otherwise, dot);
                self.variables.truncate(outer);
                return flow;
            }
            Node::With(pipeline, body, otherwise) => {
                let outer = self.variables.len();
                let value = self.pipeline(pipeline, dot)?;
                let flow = if value.truth() { self.nodes(body, &value) } else { self.nodes(otherwise, dot) };
                self.variables.truncate(outer);
                return flow;
            }
            Node::Range(pipeline, body, otherwise) => return self.range(pipeline, body, otherwise, dot),
            Node::Template(name, pipeline, place) => {
                self.step(*place)?;
                let dot = match pipeline {
                    Some(pipeline) => self.pipeline(pipeline, dot)?,
                    None => Value::Nil,
                };
                let template = self.template;
                let Some(body) = template.defined.get(name) else {
                    return Err(place.error(format!("template {name:?} not defined")));
                };
                if self.depth >= self.limits.depth {
                    return Err(place.error(format!("exceeded maximum template depth ({})", self.limits.depth)));
                }
                self.depth += 1;
                let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), dot.clone())]);
                let flow = self.nodes(body, &dot);
                self.variables = outer;
                self.depth -= 1;
                flow?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn range(
        &mut self,
        pipeline: &'a Pipeline,
        body: &'a [Node],
        otherwise: &'a [Node],
        dot: &Value,
    ) -> Result<Flow, TemplateError> {
        let outer = self.variables.len();
        let value = self.commands(pipeline, dot)?;
        if pipeline.declares {
            // Until there is an item, and where there is none, they hold the whole.
            pipeline.variables.iter().for_each(|name| self.set(name, value.clone(), true));
        }
        let inner = self.variables.len();
        let items: Vec<(Value, Value)> = match value {
            Value::List(items) => (0i64..).zip(items).map(|(at, item)| (Value::Int(at), item)).collect(),
            Value::Map(map) => map.into_iter().map(|(key, value)| (Value::Text(key), value)).collect(),
            Value::Nil => Vec::new(),
            other => return Err(pipeline.place.error(format!("range can't iterate over {}", other.format()))),
        };
        if items.is_empty() {
            let flow = self.scope(otherwise, dot);
            self.variables.truncate(outer);
            return flow;
        }
        for (key, item) in items {
            self.step(pipeline.place)?;
            match pipeline.variables.as_slice() {
                [name] => self.set(name, item.clone(), pipeline.declares),
                [first, second] => {
                    self.set(first, key, pipeline.declares);
                    self.set(second, item.clone(), pipeline.declares);
                }
                _ => {}
            }
            let flow = self.nodes(body, &item);
            self.variables.truncate(inner);
            if flow? == Flow::Break {
                break;
            }
        }
        self.variables.truncate(outer);
        Ok(Flow::On)
    }

    fn set(&mut self, name: &str, value: Value, declares: bool) {
        if declares {
            self.variables.push((name.to_owned(), value));
        } else if let Some((_, found)) = self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            *found = value;
        }
    }

    fn pipeline(&mut self, pipeline: &'a Pipeline, dot: &Value) -> Result<Value, TemplateError> {
        let value = self.commands(pipeline, dot)?;
        for name in &pipeline.variables {
            self.set(name, value.clone(), pipeline.declares);
        }
        Ok(value)
    }

    fn commands(&mut self, pipeline: &'a Pipeline, dot: &Value) -> Result<Value, TemplateError> {
        let mut piped = None;
        for command in &pipeline.commands {
            piped = Some(self.command(command, dot, piped)?);
        }
        Ok(piped.unwrap_or(Value::Nil))
    }

    fn command(&mut self, command: &'a Command, dot: &Value, piped: Option<Value>) -> Result<Value, TemplateError> {
        self.step(command.place)?;
        let Some((first, rest)) = command.words.split_first() else { return Ok(Value::Nil) };
        if let Expression::Function(name, place) = first {
            let mut args =
                rest.iter().map(|word| self.expression(word, dot, command.place)).collect::<Result<Vec<_>, _>>()?;
            args.extend(piped);
            return functions::call(name, &args)
                .map_err(|message| place.error(format!("error calling {name}: {message}")));
        }
        // Go before 1.14, and so Rancher, passes over what stands behind a parenthesis (golang/go#31810).
        let passes_over = matches!(first, Expression::Parenthesis(..));
        if !passes_over && (!rest.is_empty() || piped.is_some()) {
            return Err(command.place.error("can't give argument to non-function"));
        }
        if matches!(first, Expression::Nil) {
            return Err(command.place.error("nil is not a command"));
        }
        self.expression(first, dot, command.place)
    }

    fn expression(&mut self, expression: &'a Expression, dot: &Value, place: Place) -> Result<Value, TemplateError> {
        match expression {
            Expression::Dot => Ok(dot.clone()),
            Expression::Literal(value) => Ok(value.clone()),
            Expression::Nil => Ok(Value::Nil),
            Expression::Function(name, place) => {
                functions::call(name, &[]).map_err(|message| place.error(format!("error calling {name}: {message}")))
            }
            Expression::Field(fields) => walk(dot, fields, place),
            Expression::Variable(name, fields) => {
                let value = self.variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value);
                walk(value.ok_or_else(|| place.error(format!("undefined variable: {name}")))?, fields, place)
            }
            Expression::Parenthesis(pipeline, fields) => {
                let value = self.pipeline(pipeline, dot)?;
                walk(&value, fields, place)
            }
        }
    }
}

fn walk(value: &Value, fields: &[String], place: Place) -> Result<Value, TemplateError> {
    let mut value = value;
    for field in fields {
        value = match value {
            Value::Map(map) => field_of(map, field),
            Value::Nil => &Value::Nil,
            other => return Err(place.error(format!("can't evaluate field {field} in type {}", other.kind()))),
        };
    }
    Ok(value.clone())
}

fn field_of<'v>(map: &'v BTreeMap<String, Value>, field: &str) -> &'v Value {
    map.get(field).unwrap_or(&Value::Nil)
}
