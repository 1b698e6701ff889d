//! Tokens -> pipelines: commands, their words, and the fields of these.

use super::functions;
use super::lex::{Kind, Place};
use super::literal;
use super::parse::{Parsed, Parser, Reference, bad_text, unexpected};
use super::tree::{Command, PipeId, Pipeline, Word, WordKind};

/// How many values worth trying are kept for one use of an answer.
const MAX_COMPARED: usize = 50;

impl Parser<'_> {
    /// `$x := command | command`, up to a `)` that stays or the end of the action.
    pub(super) fn pipeline(&mut self, context: &str) -> Parsed<PipeId> {
        let place = self.peek_word().place;
        let mut declared = Vec::new();
        while self.peek_word().kind == Kind::Variable {
            let before = self.at;
            let name = self.next();
            let sign = self.peek_word();
            let is_comma = sign.kind == Kind::Sign && sign.text == ",";
            if sign.kind != Kind::Declare && !is_comma {
                self.at = before;
                break;
            }
            self.next();
            declared.push(self.declare(name.text));
            if !is_comma {
                break;
            }
            if context != "range" || declared.len() >= 2 {
                return Err(sign.place.error(format!("too many declarations in {context}")));
            }
        }
        let mut commands: Vec<Command> = Vec::new();
        loop {
            let token = self.peek_word();
            match token.kind {
                Kind::RightDelimiter | Kind::RightParenthesis => {
                    if token.kind == Kind::RightDelimiter {
                        self.next();
                    }
                    break;
                }
                Kind::Error => return Err(token.place.error(token.text)),
                kind if begins_word(kind) => commands.push(self.command()?),
                _ => return Err(unexpected(token, context)),
            }
        }
        if commands.is_empty() {
            return Err(place.error(format!("missing value for {context}")));
        }
        for command in &commands[1..] {
            if matches!(
                command.words[0].kind,
                WordKind::Bool(_) | WordKind::Dot | WordKind::Nil | WordKind::Number(_) | WordKind::Text(_)
            ) {
                return Err(command.place.error("non executable command in pipeline: a function comes behind a `|`"));
            }
        }
        self.tree.pipes.push(Pipeline { declared, commands, place });
        Ok(self.tree.pipes.len() - 1)
    }

    fn command(&mut self) -> Parsed<Command> {
        let place = self.peek_word().place;
        let mut words = Vec::new();
        let mut own_references = Vec::new();
        loop {
            self.peek_word();
            let before = self.references.len();
            if let Some(word) = self.operand()? {
                if self.references.len() > before && matches!(word.kind, WordKind::Field(_) | WordKind::Variable(..)) {
                    own_references.push(before);
                }
                words.push(word);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::Error => return Err(token.place.error(token.text)),
                Kind::RightDelimiter | Kind::RightParenthesis => self.at -= 1,
                Kind::Pipe => {}
                _ => return Err(unexpected(token, "operand")),
            }
            break;
        }
        if words.is_empty() {
            return Err(place.error("empty command"));
        }
        if let [Word { kind: WordKind::Pipe(_, fields), .. }, _, ..] = words.as_slice()
            && fields.is_empty()
        {
            self.notices.push(place.error("what stands behind a parenthesis is passed over: a function comes first"));
        }
        self.note_comparison(&words, &own_references);
        Ok(Command { words, place })
    }

    fn note_comparison(&mut self, words: &[Word], references: &[usize]) {
        let compares = matches!(&words[0].kind, WordKind::Function(function, _) if matches!(function.name, "eq" | "ne" | "contains"));
        if !compares {
            return;
        }
        let texts = words.iter().filter_map(|word| match &word.kind {
            WordKind::Text(text) => std::str::from_utf8(text).ok().map(str::to_owned),
            _ => None,
        });
        let texts: Vec<String> = texts.take(MAX_COMPARED).collect();
        for reference in references.iter().take(MAX_COMPARED) {
            self.references[*reference].compared_with.clone_from(&texts);
        }
    }

    /// A word and its fields.
    fn operand(&mut self) -> Parsed<Option<Word>> {
        let Some(mut word) = self.term()? else { return Ok(None) };
        let mut fields = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(self.next().text[1..].to_owned());
        }
        if !fields.is_empty() {
            match &mut word.kind {
                WordKind::Field(known)
                | WordKind::Variable(_, known)
                | WordKind::Function(_, known)
                | WordKind::Pipe(_, known) => known.append(&mut fields),
                _ => return Err(word.place.error("a `.` stands behind what has no fields; a space may be missing")),
            }
        }
        // The first variable is `$`, which is what the template was given.
        if let WordKind::Field(fields) | WordKind::Variable(0, fields) = &word.kind
            && let [root, name] = fields.as_slice()
            && root == "Values"
        {
            let Place { line, column } = word.place;
            self.references.push(Reference { name: name.clone(), line, column, compared_with: Vec::new() });
        }
        Ok(Some(word))
    }

    fn term(&mut self) -> Parsed<Option<Word>> {
        let token = self.next_word();
        let place = token.place;
        let bad_number = || place.error(format!("`{}` is no number that Go reads", token.text));
        let kind = match token.kind {
            Kind::Error => return Err(place.error(token.text)),
            Kind::Identifier => match functions::find(token.text) {
                Some(function) => {
                    if functions::reads_server(function.name) {
                        let name = function.name;
                        let why = format!("`{name}` reads the environment of Rancher's server, which no stack sets");
                        self.of_server.push(place.error(why));
                    }
                    WordKind::Function(function, Vec::new())
                }
                None => return Err(place.error(functions::not_defined(token.text))),
            },
            Kind::Dot => WordKind::Dot,
            Kind::Nil => WordKind::Nil,
            Kind::Variable => match self.names.get(token.text).filter(|id| self.in_sight[**id] > 0) {
                Some(id) => WordKind::Variable(*id, Vec::new()),
                None => return Err(place.error(format!("undefined variable {:?}", token.text))),
            },
            Kind::Field => WordKind::Field(vec![token.text[1..].to_owned()]),
            Kind::Bool => WordKind::Bool(token.text == "true"),
            Kind::Character => WordKind::Number(literal::character(token.text).ok_or_else(bad_number)?),
            Kind::Complex => WordKind::Number(literal::complex_number(token.text).ok_or_else(bad_number)?),
            Kind::Number => WordKind::Number(literal::number(token.text).ok_or_else(bad_number)?),
            Kind::LeftParenthesis => {
                let pipe = self.pipeline("parenthesized pipeline")?;
                let close = self.next();
                if close.kind != Kind::RightParenthesis {
                    return Err(place.error("unclosed left paren"));
                }
                WordKind::Pipe(pipe, Vec::new())
            }
            Kind::Quoted | Kind::Raw => {
                let text = literal::unquote(token.text).ok_or_else(|| bad_text(place))?;
                WordKind::Text(text.into())
            }
            _ => {
                self.at -= 1;
                return Ok(None);
            }
        };
        Ok(Some(Word { kind, place }))
    }
}

fn begins_word(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool
            | Kind::Character
            | Kind::Complex
            | Kind::Dot
            | Kind::Field
            | Kind::Identifier
            | Kind::Number
            | Kind::Nil
            | Kind::Raw
            | Kind::Quoted
            | Kind::Variable
            | Kind::LeftParenthesis
    )
}
