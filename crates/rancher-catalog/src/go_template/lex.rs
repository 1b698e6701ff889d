//! Text -> tokens, as Go 1.9's `text/template/parse/lex.go` has them.

use unicode_general_category::{GeneralCategory, get_general_category};

use super::TemplateError;

/// A place in the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub line: u32,
    pub column: u32,
}

impl Place {
    pub(super) fn error(self, message: impl Into<String>) -> TemplateError {
        TemplateError { line: self.line, column: self.column, message: message.into(), beyond_this_tool: false }
    }

    /// An error that is this tool's own.
    pub(super) fn limit(self, message: impl Into<String>) -> TemplateError {
        TemplateError { beyond_this_tool: true, ..self.error(message) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    LeftDelimiter,
    RightDelimiter,
    Space,
    Pipe,
    Declare,
    /// Any other sign.
    Sign,
    LeftParenthesis,
    RightParenthesis,
    Bool,
    Character,
    Complex,
    Number,
    Identifier,
    Field,
    Variable,
    Dot,
    Nil,
    Quoted,
    Raw,
    Block,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
    Error,
    Eof,
}

#[derive(Debug, Clone)]
pub(super) struct Token<'t> {
    pub kind: Kind,
    /// Its text; of an error, what is wrong.
    pub text: &'t str,
    pub place: Place,
}

/// Takes a template apart; gives the tokens and how deep parentheses nest. What cannot be read is the last token.
pub(super) fn lex(text: &str) -> (Vec<Token<'_>>, usize) {
    let mut lexer = Lexer {
        text,
        at: 0,
        start: 0,
        placed: 0,
        place: Place { line: 1, column: 1 },
        tokens: Vec::new(),
        depth: 0,
        deepest: 0,
        action: 0,
    };
    if let Err(message) = lexer.run() {
        lexer.emit_error(message);
    }
    (lexer.tokens, lexer.deepest)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    start: usize,
    /// Up to where lines and columns are counted.
    placed: usize,
    place: Place,
    tokens: Vec<Token<'t>>,
    depth: usize,
    deepest: usize,
    /// Where the present action begins.
    action: usize,
}

type Lexed = Result<(), &'static str>;

pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Go's letters and digits; Rust's are a few more: marks, and numbers that are no digits.
pub(super) fn is_alphanumeric(c: char) -> bool {
    use GeneralCategory::{
        DecimalNumber, LowercaseLetter, ModifierLetter, OtherLetter, TitlecaseLetter, UppercaseLetter,
    };
    if c.is_ascii() {
        return c == '_' || c.is_ascii_alphanumeric();
    }
    matches!(
        get_general_category(c),
        DecimalNumber | LowercaseLetter | ModifierLetter | OtherLetter | TitlecaseLetter | UppercaseLetter
    )
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, test: impl Fn(char) -> bool) -> bool {
        let found = self.peek().is_some_and(test);
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, test: impl Fn(char) -> bool) {
        while self.accept(&test) {}
    }

    fn emit(&mut self, kind: Kind) {
        let text = &self.text[self.start..self.at];
        self.emit_as(kind, text);
        self.start = self.at;
    }

    fn emit_error(&mut self, text: &'t str) {
        let before = &self.text[..self.start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let whole = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.tokens.push(Token { kind: Kind::Error, text, place: Place { line: whole(line), column: whole(column) } });
    }

    fn emit_as(&mut self, kind: Kind, text: &'t str) {
        for c in self.text[self.placed..self.start].chars() {
            if c == '\n' {
                self.place = Place { line: self.place.line + 1, column: 1 };
            } else {
                self.place.column += 1;
            }
        }
        self.placed = self.start;
        self.tokens.push(Token { kind, text, place: self.place });
    }

    fn run(&mut self) -> Lexed {
        loop {
            let Some(found) = self.rest().find("{{") else {
                self.at = self.text.len();
                if self.at > self.start {
                    self.emit(Kind::Text);
                }
                self.emit(Kind::Eof);
                return Ok(());
            };
            let open = self.at + found;
            let trims = self.text[open..].starts_with("{{- ");
            let plain = &self.text[self.start..open];
            self.at = self.start + if trims { plain.trim_end_matches(is_space).len() } else { plain.len() };
            if self.at > self.start {
                self.emit(Kind::Text);
            }
            self.start = open;
            self.action = open;
            self.at = open + 2;
            let behind = if trims { 2 } else { 0 };
            if self.text[self.at + behind..].starts_with("/*") {
                self.at += behind;
                self.comment()?;
                continue;
            }
            self.emit(Kind::LeftDelimiter);
            self.at += behind;
            self.start = self.at;
            self.depth = 0;
            while self.inside()? {}
        }
    }

    fn comment(&mut self) -> Lexed {
        self.start = self.action;
        let end =
            self.rest().get(2..).and_then(|inner| inner.find("*/")).ok_or("this comment is never closed by `*/`")?;
        self.at += 2 + end + 2;
        let trims = self.rest().starts_with(" -}}");
        if !trims && !self.rest().starts_with("}}") {
            return Err("a comment fills its action: `{{/* ... */}}`");
        }
        self.at += if trims { 4 } else { 2 };
        self.skip_space(trims);
        Ok(())
    }

    fn skip_space(&mut self, trims: bool) {
        if trims {
            self.accept_run(is_space);
        }
        self.start = self.at;
    }

    /// One token inside an action; tells whether the action goes on.
    fn inside(&mut self) -> Result<bool, &'static str> {
        let trims = self.rest().starts_with(" -}}");
        if trims || self.rest().starts_with("}}") {
            if self.depth > 0 {
                return Err("a `(` is not closed before the action ends");
            }
            if trims {
                self.at += 2;
                self.start = self.at;
            }
            self.at += 2;
            self.emit(Kind::RightDelimiter);
            self.skip_space(trims);
            return Ok(false);
        }
        let ends = "this action is not closed by `}}` on its line; Rancher's Go wants all of it on one line";
        match self.next() {
            None | Some('\r' | '\n') => {
                self.start = self.action;
                return Err(ends);
            }
            Some(' ' | '\t') => {
                self.accept_run(|c| matches!(c, ' ' | '\t'));
                self.emit(Kind::Space);
            }
            Some(':') => {
                if self.next() != Some('=') {
                    return Err("`:=` is wanted here");
                }
                self.emit(Kind::Declare);
            }
            Some('|') => self.emit(Kind::Pipe),
            Some('"') => {
                self.quoted('"', "this text is not closed by a quotation mark on its line")?;
                self.emit(Kind::Quoted);
            }
            Some('`') => {
                let end = self.rest().find('`').ok_or("this text is never closed by a backquote")?;
                self.at += end + 1;
                self.emit(Kind::Raw);
            }
            Some('$') => self.name(Kind::Variable, Kind::Variable)?,
            Some('\'') => {
                self.quoted('\'', "this character is not closed by a single quotation mark on its line")?;
                self.emit(Kind::Character);
            }
            Some('.') if !self.rest().starts_with(|c: char| c.is_ascii_digit()) && !self.rest().is_empty() => {
                self.name(Kind::Field, Kind::Dot)?;
            }
            Some(c @ ('.' | '+' | '-' | '0'..='9')) => {
                self.at -= c.len_utf8();
                self.number()?;
            }
            Some(c) if is_alphanumeric(c) => {
                self.accept_run(is_alphanumeric);
                self.identifier()?;
            }
            Some('(') => {
                self.emit(Kind::LeftParenthesis);
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
            }
            Some(')') => {
                self.depth = self.depth.checked_sub(1).ok_or("this `)` closes nothing")?;
                self.emit(Kind::RightParenthesis);
            }
            Some(c) if c.is_ascii_graphic() => self.emit(Kind::Sign),
            Some(_) => return Err("this character cannot stand in an action; quote it"),
        }
        Ok(true)
    }

    fn at_terminator(&self) -> bool {
        self.peek().is_none_or(|c| matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(' | '}'))
    }

    /// What follows a `.` or `$`.
    fn name(&mut self, named: Kind, bare: Kind) -> Lexed {
        if self.at_terminator() {
            self.emit(bare);
            return Ok(());
        }
        self.accept_run(is_alphanumeric);
        self.terminated()?;
        self.emit(named);
        Ok(())
    }

    fn terminated(&mut self) -> Lexed {
        if self.at_terminator() {
            return Ok(());
        }
        self.start = self.at;
        Err("a character stands here that no name has; a space may be missing")
    }

    fn identifier(&mut self) -> Lexed {
        self.terminated()?;
        self.emit(match &self.text[self.start..self.at] {
            "true" | "false" => Kind::Bool,
            "block" => Kind::Block,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "nil" => Kind::Nil,
            "range" => Kind::Range,
            "template" => Kind::Template,
            "with" => Kind::With,
            _ => Kind::Identifier,
        });
        Ok(())
    }

    fn quoted(&mut self, quote: char, message: &'static str) -> Lexed {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return Err(message);
                    }
                }
                None | Some('\n') => return Err(message),
                Some(c) if c == quote => return Ok(()),
                _ => {}
            }
        }
    }

    fn number(&mut self) -> Lexed {
        let message = "this is no number; quote a text that begins with a digit or sign";
        if !self.scan_number() {
            return Err(message);
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.text[..self.at].ends_with('i') {
                return Err(message);
            }
            self.emit(Kind::Complex);
        } else {
            self.emit(Kind::Number);
        }
        Ok(())
    }

    fn scan_number(&mut self) -> bool {
        self.accept(|c| matches!(c, '+' | '-'));
        let is_hex = self.accept(|c| c == '0') && self.accept(|c| matches!(c, 'x' | 'X'));
        let is_digit = |c: char| if is_hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
        self.accept_run(is_digit);
        if self.accept(|c| c == '.') {
            self.accept_run(is_digit);
        }
        if self.accept(|c| matches!(c, 'e' | 'E')) {
            self.accept(|c| matches!(c, '+' | '-'));
            self.accept_run(|c| c.is_ascii_digit());
        }
        self.accept(|c| c == 'i');
        !self.peek().is_some_and(is_alphanumeric)
    }
}
