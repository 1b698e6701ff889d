//! Pieces -> a tree, with what Go finds wrong before a template runs.

use std::collections::BTreeMap;

use super::TemplateError;
use super::functions::{self, Known};
use super::lex::{Piece, Place, Token, Word, lex};
use super::value::Value;

/// How deep actions and parentheses may nest.
const MAX_DEPTH: usize = 100;

/// A parsed template.
#[derive(Debug, Clone)]
pub struct Template {
    pub(super) body: Vec<Node>,
    pub(super) defined: BTreeMap<String, Vec<Node>>,
    references: Vec<Reference>,
    notices: Vec<TemplateError>,
}

/// A use of an answer, `.Values.NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The name.
    pub name: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The strings that it is compared with by `eq`, `ne` or `contains` in the same command: values worth trying.
    pub compared_with: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String, Place),
    Action(Pipeline),
    If(Vec<(Pipeline, Vec<Node>)>, Vec<Node>),
    Range(Pipeline, Vec<Node>, Vec<Node>),
    With(Pipeline, Vec<Node>, Vec<Node>),
    Template(String, Option<Pipeline>, Place),
    Break,
    Continue,
}

#[derive(Debug, Clone)]
pub(super) struct Pipeline {
    pub variables: Vec<String>,
    pub declares: bool,
    pub commands: Vec<Command>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub(super) struct Command {
    pub words: Vec<Expression>,
    pub place: Place,
}

#[derive(Debug, Clone)]
pub(super) enum Expression {
    Dot,
    Literal(Value),
    Nil,
    Function(String, Place),
    /// Fields of dot.
    Field(Vec<String>),
    /// A variable, and fields of it.
    Variable(String, Vec<String>),
    /// A parenthesis, and fields of it.
    Parenthesis(Box<Pipeline>, Vec<String>),
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// What Go refuses before it renders anything: syntax, functions and variables that are not defined.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parser = Parser {
            pieces: lex(text)?.into_iter(),
            defined: BTreeMap::new(),
            references: Vec::new(),
            notices: Vec::new(),
            variables: vec!["$".to_owned()],
            depth: 0,
            loops: 0,
        };
        let (body, end) = parser.list()?;
        if let Some(end) = end {
            return Err(end.place.error(format!("unexpected {{{{{}}}}}", end.name())));
        }
        Ok(Self { body, defined: parser.defined, references: parser.references, notices: parser.notices })
    }

    /// Every use of an answer.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// What the Go and the sprig of Rancher's compose executor (Go 1.9) read in another way than later ones, which this
    /// tool follows: what is refused there, and what is passed over.
    pub fn notices(&self) -> &[TemplateError] {
        &self.notices
    }
}

struct Parser {
    pieces: std::vec::IntoIter<Piece>,
    defined: BTreeMap<String, Vec<Node>>,
    references: Vec<Reference>,
    notices: Vec<TemplateError>,
    /// The variables in sight.
    variables: Vec<String>,
    depth: usize,
    loops: usize,
}

/// What ends a list of nodes: `end`, `else` with what follows it.
struct End {
    is_else: bool,
    words: Vec<Word>,
    place: Place,
}

impl End {
    fn name(&self) -> &'static str {
        if self.is_else { "else" } else { "end" }
    }
}

/// The words of one action, to be taken from the front.
struct Words {
    words: std::iter::Peekable<std::vec::IntoIter<Word>>,
    place: Place,
}

impl Words {
    fn new(words: Vec<Word>, place: Place) -> Self {
        Self { words: words.into_iter().peekable(), place }
    }

    fn peek(&mut self) -> Option<&Token> {
        self.words.peek().map(|word| &word.token)
    }

    fn next(&mut self) -> Option<Word> {
        let word = self.words.next()?;
        self.place = word.place;
        Some(word)
    }

    fn place(&mut self) -> Place {
        self.words.peek().map_or(self.place, |word| word.place)
    }

    fn finish(&mut self, context: &str) -> Result<(), TemplateError> {
        match self.next() {
            Some(word) => Err(word.place.error(format!("unexpected {} in {context}", describe(&word.token)))),
            None => Ok(()),
        }
    }
}

fn describe(token: &Token) -> String {
    match token {
        Token::Name(name) => format!("<{name}>"),
        Token::Field(name) => format!("<.{name}>"),
        Token::Dot => "<.>".to_owned(),
        Token::Variable(name) => format!("<{name}>"),
        Token::Text(text) => format!("{text:?}"),
        Token::Int(number) => format!("\"{number}\""),
        Token::Float(number) => format!("\"{number}\""),
        Token::Pipe => "\"|\"".to_owned(),
        Token::Open => "\"(\"".to_owned(),
        Token::Close => "\")\"".to_owned(),
        Token::Declare => "\":=\"".to_owned(),
        Token::Assign => "\"=\"".to_owned(),
        Token::Comma => "\",\"".to_owned(),
    }
}

impl Parser {
    fn deeper<T>(
        &mut self,
        place: Place,
        parse: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        if self.depth >= MAX_DEPTH {
            return Err(place.error(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    /// Nodes up to an `end` or `else`, or to the end of the template.
    fn list(&mut self) -> Result<(Vec<Node>, Option<End>), TemplateError> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            match piece {
                Piece::Text(text, place) => nodes.push(Node::Text(text, place)),
                Piece::Action(words, place) => {
                    let mut words = Words::new(words, place);
                    let keyword = match words.peek() {
                        Some(Token::Name(name)) => name.clone(),
                        _ => String::new(),
                    };
                    match keyword.as_str() {
                        "end" => {
                            words.next();
                            words.finish("end")?;
                            return Ok((nodes, Some(End { is_else: false, words: Vec::new(), place })));
                        }
                        "else" => {
                            words.next();
                            return Ok((nodes, Some(End { is_else: true, words: words.words.collect(), place })));
                        }
                        "if" | "with" | "range" => {
                            words.next();
                            nodes.push(self.deeper(place, |parser| parser.control(&keyword, words, place))?);
                        }
                        // A definition elsewhere is, to Go, the call of a function that is not there.
                        "block" | "define" if keyword == "block" || self.depth == 0 => {
                            words.next();
                            if let Some(node) = self.deeper(place, |parser| parser.define(&keyword, words, place))? {
                                nodes.push(node);
                            }
                        }
                        "template" => {
                            words.next();
                            let name = template_name(&mut words)?;
                            let argument = words.peek().is_some();
                            let pipeline =
                                if argument { Some(self.pipeline(&mut words, "template clause")?) } else { None };
                            words.finish("template clause")?;
                            nodes.push(Node::Template(name, pipeline, place));
                        }
                        "break" | "continue" => {
                            words.next();
                            words.finish(&keyword)?;
                            self.notices.push(
                                place.error(format!("{{{{{keyword}}}}} came with Go 1.18: Rancher does not know it")),
                            );
                            if self.loops == 0 {
                                return Err(place.error(format!("{{{{{keyword}}}}} outside {{{{range}}}}")));
                            }
                            nodes.push(if keyword == "break" { Node::Break } else { Node::Continue });
                        }
                        "define" => return Err(place.error("unexpected {{define}}: it must stand outside all others")),
                        _ => {
                            let pipeline = self.pipeline(&mut words, "command")?;
                            words.finish("command")?;
                            nodes.push(Node::Action(pipeline));
                        }
                    }
                }
            }
        }
        Ok((nodes, None))
    }

    fn control(&mut self, keyword: &str, mut words: Words, place: Place) -> Result<Node, TemplateError> {
        let outer = self.variables.len();
        let pipeline = self.pipeline(&mut words, keyword)?;
        words.finish(keyword)?;
        let inner = self.variables.len();
        let is_loop = usize::from(keyword == "range");
        self.loops += is_loop;
        let (body, end) = self.list()?;
        self.loops -= is_loop;
        self.variables.truncate(inner);
        let unclosed = || place.error(format!("unclosed {{{{{keyword}}}}}: its {{{{end}}}} is missing"));
        let end = end.ok_or_else(unclosed)?;
        let mut branches = vec![(pipeline, body)];
        let mut otherwise = Vec::new();
        if end.is_else {
            let mut rest = Words::new(end.words, end.place);
            match rest.peek() {
                Some(Token::Name(name)) if name == "if" && keyword == "if" => {
                    rest.next();
                    let chained = self.deeper(end.place, |parser| parser.control("if", rest, end.place))?;
                    match chained {
                        Node::If(more, last) => {
                            branches.extend(more);
                            otherwise = last;
                        }
                        node => otherwise = vec![node],
                    }
                }
                _ => {
                    rest.finish("else")?;
                    let (nodes, end) = self.list()?;
                    let end = end.ok_or_else(unclosed)?;
                    if end.is_else {
                        return Err(end.place.error("expected end; found {{else}}"));
                    }
                    otherwise = nodes;
                }
            }
        }
        self.variables.truncate(outer);
        if keyword == "if" {
            return Ok(Node::If(branches, otherwise));
        }
        let Some((pipeline, body)) = branches.pop() else { return Err(unclosed()) };
        Ok(if keyword == "range" {
            Node::Range(pipeline, body, otherwise)
        } else {
            Node::With(pipeline, body, otherwise)
        })
    }

    fn define(&mut self, keyword: &str, mut words: Words, place: Place) -> Result<Option<Node>, TemplateError> {
        let name = template_name(&mut words)?;
        let pipeline = if keyword == "block" { Some(self.pipeline(&mut words, "block clause")?) } else { None };
        words.finish(keyword)?;
        let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let (body, end) = self.list()?;
        self.variables = outer;
        match end {
            Some(end) if !end.is_else => {}
            _ => return Err(place.error(format!("unclosed {{{{{keyword}}}}}: its {{{{end}}}} is missing"))),
        }
        match self.defined.get(&name) {
            Some(known) if !is_empty(known) && !is_empty(&body) => {
                return Err(place.error(format!("multiple definition of template {name:?}")));
            }
            Some(_) if is_empty(&body) => {}
            _ => drop(self.defined.insert(name.clone(), body)),
        }
        Ok((keyword == "block").then_some(Node::Template(name, pipeline, place)))
    }

    /// `$x := command | command`
    fn pipeline(&mut self, words: &mut Words, context: &str) -> Result<Pipeline, TemplateError> {
        let place = words.place();
        let mut declared = Vec::new();
        let mut declares = false;
        // A look ahead: `$x :=`, `$x =` and, in a range, `$i, $x :=` declare; `$x` alone is a value.
        let mut ahead = words.words.clone();
        let mut names = Vec::new();
        while let Some(Word { token: Token::Variable(name), .. }) = ahead.next() {
            names.push(name);
            match ahead.next().map(|word| word.token) {
                Some(Token::Comma) if context == "range" && names.len() == 1 => {}
                Some(sign @ (Token::Declare | Token::Assign)) => {
                    declares = sign == Token::Declare;
                    declared = names;
                    words.words = ahead;
                    break;
                }
                _ => break,
            }
        }
        if !declares && !declared.is_empty() {
            self.notices.push(place.error("assigning with `=` came with Go 1.11: Rancher refuses it"));
        }
        if !declares && let Some(unknown) = declared.iter().find(|name| !self.variables.contains(name)) {
            return Err(place.error(format!("undefined variable {unknown:?}")));
        }
        // Go knows the names from here on; their values are not there yet, which shows when it runs.
        if declares {
            self.variables.extend(declared.iter().cloned());
        }
        let mut commands = Vec::new();
        loop {
            let command = self.command(words, context)?;
            if !commands.is_empty()
                && !matches!(
                    command.words.first(),
                    Some(Expression::Function(..) | Expression::Field(_) | Expression::Variable(..))
                )
            {
                return Err(command.place.error("non executable command in pipeline"));
            }
            commands.push(command);
            match words.peek() {
                Some(Token::Pipe) => drop(words.next()),
                _ => break,
            }
            // Go passes over a `|` at the end.
            if matches!(words.peek(), None | Some(Token::Close)) {
                break;
            }
        }
        Ok(Pipeline { variables: declared, declares, commands, place })
    }

    fn command(&mut self, words: &mut Words, context: &str) -> Result<Command, TemplateError> {
        let place = words.place();
        let mut parts: Vec<Expression> = Vec::new();
        let mut compared = Vec::new();
        let first_reference = self.references.len();
        let mut term = place;
        while let Some(token) = words.peek() {
            if matches!(token, Token::Pipe | Token::Close) {
                break;
            }
            let Some(word) = words.next() else { break };
            let adjacent = !word.spaced;
            if !(adjacent && matches!(word.token, Token::Field(_))) {
                term = word.place;
                if adjacent && !parts.is_empty() {
                    let message = format!("unexpected {} in operand: a space is missing", describe(&word.token));
                    return Err(word.place.error(message));
                }
            }
            match word.token {
                Token::Name(name) => parts.push(match name.as_str() {
                    "true" => Expression::Literal(Value::Bool(true)),
                    "false" => Expression::Literal(Value::Bool(false)),
                    "nil" => Expression::Nil,
                    _ => {
                        match functions::known(&name) {
                            Known::Here => {}
                            Known::InRancherAlone => {
                                let message =
                                    format!("Rancher has the sprig function {name:?}, but this tool does not know it");
                                return Err(word.place.limit(message));
                            }
                            Known::Nowhere => {
                                return Err(word.place.error(format!("function {name:?} not defined")));
                            }
                        }
                        if functions::is_newer(&name) {
                            let message =
                                format!("the function {name:?} is newer than the sprig that Rancher was built with");
                            self.notices.push(word.place.error(message));
                        }
                        Expression::Function(name, word.place)
                    }
                }),
                Token::Field(name) => match parts.last_mut() {
                    Some(
                        Expression::Field(fields)
                        | Expression::Variable(_, fields)
                        | Expression::Parenthesis(_, fields),
                    ) if adjacent => fields.push(name),
                    Some(_) if adjacent => {
                        return Err(word.place.error(format!("unexpected <.{name}> after a term in {context}")));
                    }
                    _ => parts.push(Expression::Field(vec![name])),
                },
                Token::Dot => parts.push(Expression::Dot),
                Token::Variable(name) => {
                    if !self.variables.contains(&name) {
                        return Err(word.place.error(format!("undefined variable {name:?}")));
                    }
                    parts.push(Expression::Variable(name, Vec::new()));
                }
                Token::Text(text) => {
                    compared.push(text.clone());
                    parts.push(Expression::Literal(Value::Text(text)));
                }
                Token::Int(number) => parts.push(Expression::Literal(Value::Int(number))),
                Token::Float(number) => parts.push(Expression::Literal(Value::Float(number))),
                Token::Open => {
                    let inner = self.deeper(word.place, |parser| parser.pipeline(words, "parenthesized pipeline"))?;
                    match words.next() {
                        Some(Word { token: Token::Close, .. }) => {}
                        _ => return Err(word.place.error("unclosed left paren")),
                    }
                    parts.push(Expression::Parenthesis(Box::new(inner), Vec::new()));
                }
                other => return Err(word.place.error(format!("unexpected {} in {context}", describe(&other)))),
            }
            if let Some(Expression::Field(fields)) = parts.last()
                && let [root, name] = fields.as_slice()
                && root == "Values"
            {
                let (name, Place { line, column }) = (name.clone(), term);
                self.references.push(Reference { name, line, column, compared_with: Vec::new() });
            }
        }
        if let [Expression::Parenthesis(..), _, ..] = parts.as_slice() {
            self.notices.push(place.error("what stands behind a parenthesis is passed over: a function comes first"));
        }
        if parts.is_empty() {
            return Err(place.error(format!("missing value for {context}")));
        }
        let compares = matches!(parts.first(), Some(Expression::Function(name, _)) if matches!(name.as_str(), "eq" | "ne" | "contains"));
        if compares {
            for reference in &mut self.references[first_reference..] {
                reference.compared_with.extend(compared.iter().cloned());
            }
        }
        Ok(Command { words: parts, place })
    }
}

/// Whether a body prints nothing but white space, whatever it is given: Go lets another definition take its place.
fn is_empty(body: &[Node]) -> bool {
    body.iter().all(|node| matches!(node, Node::Text(text, _) if text.trim().is_empty()))
}

fn template_name(words: &mut Words) -> Result<String, TemplateError> {
    match words.next() {
        Some(Word { token: Token::Text(name), .. }) => Ok(name),
        _ => Err(words.place.error("the name of a template is a quoted string")),
    }
}
