//! Tokens -> a tree, with what Go finds wrong before a template runs: Go 1.9's `text/template/parse/parse.go`.

use std::collections::HashMap;

use super::TemplateError;
use super::lex::{Kind, Place, Token, lex};
use super::literal;
use super::tree::{ListId, Node, PipeId, Tree};
use crate::deep_stack::with_stack;

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 5_000;

/// A parsed template.
#[derive(Debug, Clone)]
pub struct Template {
    pub(super) text: String,
    pub(super) body: ListId,
    pub(super) tree: Tree,
    references: Vec<Reference>,
    notices: Vec<TemplateError>,
    of_server: Vec<TemplateError>,
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

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// What Go refuses before it renders anything: syntax, functions and variables that are not defined.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let (tokens, depth) = lex(text);
        if depth > MAX_DEPTH {
            let message = format!("this tool reads parentheses up to {MAX_DEPTH} deep; Rancher may read deeper ones");
            return Err(Place { line: 1, column: 1 }.limit(message));
        }
        with_stack(depth, || {
            let mut parser = Parser::new(text, &tokens);
            parser.tree.depth = depth;
            let body = parser.all()?;
            let Parser { tree, references, notices, of_server, .. } = parser;
            Ok(Self { text: text.to_owned(), body, tree, references, notices, of_server })
        })
    }

    /// Every use of an answer.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// What the Go of Rancher's compose executor (1.9) reads in another way than later ones, which this tool follows.
    pub fn notices(&self) -> &[TemplateError] {
        &self.notices
    }

    /// The uses of functions that give what the environment of Rancher's server holds; here that is nothing.
    pub fn of_server(&self) -> &[TemplateError] {
        &self.of_server
    }
}

/// An action that its `{{end}}` closes.
struct Open {
    what: What,
    list: ListId,
    place: Place,
    /// How many variables there were before it.
    variables: usize,
    /// `{{else if}}`: its end closes the one around it too.
    is_chained: bool,
}

enum What {
    If(PipeId),
    Range(PipeId),
    With(PipeId),
    /// The same once their `{{else}}` has come, with what stands before it.
    Else(Box<What>, ListId),
    /// A definition, with the variables in sight around it.
    Define(Vec<u8>, Vec<usize>),
}

pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token<'t>],
    pub(super) at: usize,
    pub(super) tree: Tree,
    open: Vec<Open>,
    list: ListId,
    pub(super) names: HashMap<&'t str, usize>,
    /// The variables in sight, and how often each name is among them.
    variables: Vec<usize>,
    pub(super) in_sight: Vec<usize>,
    pub(super) references: Vec<Reference>,
    pub(super) notices: Vec<TemplateError>,
    pub(super) of_server: Vec<TemplateError>,
}

/// What Rancher calls a template.
const NAME: &[u8] = b"template";

pub(super) type Parsed<T> = Result<T, TemplateError>;

impl<'t> Parser<'t> {
    fn new(text: &'t str, tokens: &'t [Token<'t>]) -> Self {
        let mut parser = Self {
            text,
            tokens,
            at: 0,
            tree: Tree::default(),
            open: Vec::new(),
            list: 0,
            names: HashMap::new(),
            variables: Vec::new(),
            in_sight: Vec::new(),
            references: Vec::new(),
            notices: Vec::new(),
            of_server: Vec::new(),
        };
        parser.list = parser.new_list();
        parser.declare("$");
        parser
    }

    fn new_list(&mut self) -> ListId {
        self.tree.lists.push(Vec::new());
        self.tree.lists.len() - 1
    }

    pub(super) fn declare(&mut self, name: &'t str) -> usize {
        let next = self.names.len();
        let id = *self.names.entry(name).or_insert(next);
        self.tree.names = self.names.len();
        self.in_sight.resize(self.names.len(), 0);
        self.variables.push(id);
        self.in_sight[id] += 1;
        id
    }

    fn forget(&mut self, down_to: usize) {
        for id in self.variables.drain(down_to..) {
            self.in_sight[id] -= 1;
        }
    }

    pub(super) fn peek(&self) -> &'t Token<'t> {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn next(&mut self) -> &'t Token<'t> {
        let token = self.peek();
        self.at += 1;
        token
    }

    pub(super) fn peek_word(&mut self) -> &'t Token<'t> {
        while self.peek().kind == Kind::Space {
            self.at += 1;
        }
        self.peek()
    }

    pub(super) fn next_word(&mut self) -> &'t Token<'t> {
        self.peek_word();
        self.next()
    }

    fn expect_end_of_action(&mut self, context: &str) -> Parsed<()> {
        let token = self.next_word();
        if token.kind == Kind::RightDelimiter { Ok(()) } else { Err(unexpected(token, context)) }
    }

    fn add(&mut self, node: Node) {
        self.tree.lists[self.list].push(node);
    }

    fn all(&mut self) -> Parsed<ListId> {
        let body = self.list;
        loop {
            let token = self.next();
            match token.kind {
                Kind::Text => {
                    let start = token.text.as_ptr() as usize - self.text.as_ptr() as usize;
                    self.add(Node::Text(start..start + token.text.len(), token.place));
                }
                Kind::LeftDelimiter => self.action(token.place)?,
                Kind::Eof => break,
                _ => return Err(unexpected(token, "the template")),
            }
        }
        match self.open.last() {
            Some(open) => Err(open.place.error(format!("unclosed {}: its {{{{end}}}} is missing", open.what.name()))),
            None => self.named(body),
        }
    }

    /// The whole has a name too, by which it can call itself, and a definition can take its place.
    fn named(&mut self, body: ListId) -> Parsed<ListId> {
        self.add_definition(NAME.to_vec(), body, self.tokens[0].place)?;
        Ok(self.tree.defined.get(NAME).copied().unwrap_or(body))
    }

    fn action(&mut self, place: Place) -> Parsed<()> {
        let token = self.next_word();
        match token.kind {
            Kind::If => self.control(place, false, "if", What::If),
            Kind::Range => self.control(place, false, "range", What::Range),
            Kind::With => self.control(place, false, "with", What::With),
            Kind::Else => self.otherwise(place),
            Kind::End => {
                self.expect_end_of_action("end")?;
                self.end(place)
            }
            Kind::Define if self.open.is_empty() => {
                let name = self.template_name("define clause")?;
                self.expect_end_of_action("define clause")?;
                self.define(name, place);
                Ok(())
            }
            Kind::Define => Err(place.error("unexpected {{define}}: it must stand outside all others")),
            Kind::Block => {
                let name = self.template_name("block clause")?;
                let pipe = self.pipeline("block clause")?;
                self.add(Node::Template(name.clone(), Some(pipe), place));
                self.define(name, place);
                Ok(())
            }
            Kind::Template => {
                let name = self.template_name("template clause")?;
                let argument = if self.peek_word().kind == Kind::RightDelimiter {
                    self.next();
                    None
                } else {
                    Some(self.pipeline("template clause")?)
                };
                self.add(Node::Template(name, argument, place));
                Ok(())
            }
            _ => {
                self.at -= 1;
                let pipe = self.pipeline("command")?;
                self.add(Node::Action(pipe));
                Ok(())
            }
        }
    }

    fn template_name(&mut self, context: &str) -> Parsed<Vec<u8>> {
        let token = self.next_word();
        match token.kind {
            Kind::Quoted | Kind::Raw => literal::unquote(token.text).ok_or_else(|| bad_text(token.place)),
            _ => Err(token.place.error(format!("the name of a template is a quoted string in a {context}"))),
        }
    }

    fn open(&mut self, what: What, place: Place, variables: usize, is_chained: bool) {
        let list = self.new_list();
        self.open.push(Open { what, list: self.list, place, variables, is_chained });
        self.list = list;
    }

    fn control(&mut self, place: Place, is_chained: bool, context: &str, what: fn(PipeId) -> What) -> Parsed<()> {
        let variables = self.variables.len();
        let pipe = self.pipeline(context)?;
        self.open(what(pipe), place, variables, is_chained);
        Ok(())
    }

    fn define(&mut self, name: Vec<u8>, place: Place) {
        let outer = std::mem::take(&mut self.variables);
        for id in &outer {
            self.in_sight[*id] -= 1;
        }
        self.declare("$");
        self.open(What::Define(name, outer), place, 0, false);
    }

    fn otherwise(&mut self, place: Place) -> Parsed<()> {
        let is_if = self.peek_word().kind == Kind::If;
        if !is_if {
            self.expect_end_of_action("else")?;
        }
        let Some(open) = self.open.last_mut() else { return Err(place.error("unexpected {{else}}")) };
        match open.what {
            What::Define(..) => return Err(place.error("unexpected {{else}} in a definition")),
            What::Else(..) => return Err(place.error("expected end; found {{else}}")),
            What::If(_) => {}
            What::Range(_) | What::With(_) if is_if => {
                return Err(place.error("{{else if}} belongs to {{if}} alone; put an {{if}} behind the {{else}}"));
            }
            What::Range(_) | What::With(_) => {}
        }
        let before = self.list;
        let what = std::mem::replace(&mut open.what, What::If(0));
        open.what = What::Else(Box::new(what), before);
        self.list = self.new_list();
        if is_if {
            self.next();
            self.control(place, true, "if", What::If)?;
        }
        Ok(())
    }

    fn end(&mut self, place: Place) -> Parsed<()> {
        loop {
            let Some(open) = self.open.pop() else { return Err(place.error("unexpected {{end}}")) };
            let (what, list, otherwise) = match open.what {
                What::Else(what, list) => (*what, list, Some(self.list)),
                what => (what, self.list, None),
            };
            self.list = open.list;
            self.forget(open.variables);
            match what {
                What::If(pipe) => self.add(Node::If(pipe, list, otherwise)),
                What::Range(pipe) => self.add(Node::Range(pipe, list, otherwise)),
                What::With(pipe) => self.add(Node::With(pipe, list, otherwise)),
                What::Define(name, outer) => {
                    for id in &outer {
                        self.in_sight[*id] += 1;
                    }
                    self.variables = outer;
                    self.add_definition(name, list, open.place)?;
                }
                What::Else(..) => {}
            }
            if !open.is_chained {
                return Ok(());
            }
        }
    }

    fn add_definition(&mut self, name: Vec<u8>, list: ListId, place: Place) -> Parsed<()> {
        let is_empty = |list: ListId| {
            // Go lets another definition take the place of one that prints nothing but white space.
            self.tree.lists[list]
                .iter()
                .all(|node| matches!(node, Node::Text(text, _) if self.text[text.clone()].trim().is_empty()))
        };
        match self.tree.defined.get(&name) {
            Some(known) if !is_empty(*known) && !is_empty(list) => {
                let name = String::from_utf8_lossy(&name).into_owned();
                Err(place.error(format!("multiple definition of template {name:?}")))
            }
            Some(known) if !is_empty(*known) => Ok(()),
            _ => {
                self.tree.defined.insert(name, list);
                Ok(())
            }
        }
    }
}

impl What {
    fn name(&self) -> &'static str {
        match self {
            Self::If(_) => "{{if}}",
            Self::Range(_) => "{{range}}",
            Self::With(_) => "{{with}}",
            Self::Else(what, _) => what.name(),
            Self::Define(..) => "{{define}}",
        }
    }
}

pub(super) fn bad_text(place: Place) -> TemplateError {
    place
        .error("an escape in this text is none that Go knows; a backslash is written `\\\\`, or the text in backquotes")
}

pub(super) fn unexpected(token: &Token<'_>, context: &str) -> TemplateError {
    match token.kind {
        Kind::Error => token.place.error(token.text),
        Kind::Eof => token.place.error(format!("the template ends within {context}")),
        Kind::RightDelimiter => token.place.error(format!("something is missing before `}}}}` in {context}")),
        _ => token.place.error(format!("unexpected `{}` in {context}; a space may be missing before it", token.text)),
    }
}
