//! Text -> pieces: plain text, and the words of actions.

use super::TemplateError;

/// A place in the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What stands between two actions, or in one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// Text, printed as it is.
    Text(String, Place),
    /// The words between `{{` and `}}`.
    Action(Vec<Word>, Place),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub token: Token,
    pub place: Place,
    /// Whether white space stands before it: `(x).y` is not `(x) .y`.
    pub spaced: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A keyword or the name of a function.
    Name(String),
    /// `.name`
    Field(String),
    /// `.`
    Dot,
    /// `$` or `$name`
    Variable(String),
    Text(String),
    Int(i64),
    Float(f64),
    Pipe,
    Open,
    Close,
    Declare,
    Assign,
    Comma,
}

struct Cursor<'t> {
    rest: &'t str,
    place: Place,
}

impl<'t> Cursor<'t> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        if c == '\n' {
            self.place = Place { line: self.place.line + 1, column: 1 };
        } else {
            self.place.column += 1;
        }
        Some(c)
    }

    fn skip(&mut self, bytes: usize) -> &'t str {
        let (skipped, _) = self.rest.split_at(bytes);
        for _ in 0..skipped.chars().count() {
            self.next();
        }
        skipped
    }

    fn take_while(&mut self, test: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !test(c)).unwrap_or(self.rest.len());
        self.skip(end)
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Takes a template apart.
pub(super) fn lex(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut cursor = Cursor { rest: text, place: Place { line: 1, column: 1 } };
    let mut pieces = Vec::new();
    let mut trim_start = false;
    loop {
        let end = cursor.rest.find("{{").unwrap_or(cursor.rest.len());
        let action = &cursor.rest[end..];
        if trim_start {
            let spaces = cursor.rest[..end].len() - cursor.rest[..end].trim_start_matches(is_space).len();
            cursor.skip(spaces);
        }
        let start = cursor.place;
        let length = cursor.rest.len() - action.len();
        let plain = cursor.skip(length);
        let open = cursor.place;
        let trims_before = action.strip_prefix("{{-").is_some_and(|rest| rest.starts_with(is_space));
        let plain = if trims_before { plain.trim_end_matches(is_space) } else { plain };
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain.to_owned(), start));
        }
        if action.is_empty() {
            return Ok(pieces);
        }
        cursor.skip(if trims_before { 4 } else { 2 });
        if cursor.rest.trim_start_matches(is_space).starts_with("/*") && (cursor.rest.starts_with("/*") || trims_before)
        {
            trim_start = comment(&mut cursor, open)?;
            continue;
        }
        let (words, trims_after) = words(&mut cursor, open)?;
        trim_start = trims_after;
        pieces.push(Piece::Action(words, open));
    }
}

fn comment(cursor: &mut Cursor<'_>, open: Place) -> Result<bool, TemplateError> {
    let end = cursor.rest.find("*/").ok_or_else(|| open.error("unclosed comment"))?;
    cursor.skip(end + 2);
    if cursor.rest.starts_with("}}") {
        cursor.skip(2);
        return Ok(false);
    }
    let inner = cursor.rest.trim_start_matches(is_space);
    if inner.len() < cursor.rest.len() && inner.starts_with("-}}") {
        let length = cursor.rest.len() - inner.len() + 3;
        cursor.skip(length);
        return Ok(true);
    }
    Err(cursor.place.error("comment ends before closing delimiter"))
}

fn words(cursor: &mut Cursor<'_>, open: Place) -> Result<(Vec<Word>, bool), TemplateError> {
    let mut words = Vec::new();
    loop {
        let spaced = !cursor.take_while(is_space).is_empty();
        let place = cursor.place;
        if spaced && cursor.rest.starts_with("-}}") {
            cursor.skip(3);
            return Ok((words, true));
        }
        if cursor.rest.starts_with("}}") {
            cursor.skip(2);
            return Ok((words, false));
        }
        let Some(c) = cursor.peek() else { return Err(open.error("unclosed action")) };
        let token = match c {
            '|' => single(cursor, Token::Pipe),
            '(' => single(cursor, Token::Open),
            ')' => single(cursor, Token::Close),
            ',' => single(cursor, Token::Comma),
            '=' => single(cursor, Token::Assign),
            ':' => {
                cursor.next();
                if cursor.next() != Some('=') {
                    return Err(place.error("expected :="));
                }
                Token::Declare
            }
            '"' => Token::Text(quoted(cursor, place)?),
            '`' => Token::Text(raw(cursor, place)?),
            '\'' => character(cursor, place)?,
            '$' => {
                cursor.next();
                Token::Variable(format!("${}", cursor.take_while(is_name)))
            }
            '.' if !cursor.rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                cursor.next();
                match cursor.take_while(is_name) {
                    "" => Token::Dot,
                    name => Token::Field(name.to_owned()),
                }
            }
            '0'..='9' | '.' | '-' | '+' => number(cursor, place)?,
            c if is_name(c) => Token::Name(cursor.take_while(is_name).to_owned()),
            c => return Err(place.error(format!("unexpected {c:?} in command"))),
        };
        words.push(Word { token, place, spaced });
    }
}

fn single(cursor: &mut Cursor<'_>, token: Token) -> Token {
    cursor.next();
    token
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn quoted(cursor: &mut Cursor<'_>, place: Place) -> Result<String, TemplateError> {
    cursor.next();
    let mut out = String::new();
    loop {
        match cursor.next() {
            Some('"') => return Ok(out),
            Some('\\') => out.push(escape(cursor, place)?),
            None | Some('\n') => return Err(place.error("unterminated quoted string")),
            Some(c) => out.push(c),
        }
    }
}

fn escape(cursor: &mut Cursor<'_>, place: Place) -> Result<char, TemplateError> {
    let bad = || place.error("invalid escape in a quoted string");
    let code = |cursor: &mut Cursor<'_>, digits: usize, radix: u32| {
        let text: String = (0..digits).filter_map(|_| cursor.next()).collect();
        u32::from_str_radix(&text, radix).ok().and_then(char::from_u32).ok_or_else(bad)
    };
    Ok(match cursor.next() {
        Some('n') => '\n',
        Some('t') => '\t',
        Some('r') => '\r',
        Some('a') => '\x07',
        Some('b') => '\x08',
        Some('f') => '\x0c',
        Some('v') => '\x0b',
        Some(c @ ('\\' | '"' | '\'')) => c,
        Some('x') => code(cursor, 2, 16)?,
        Some('u') => code(cursor, 4, 16)?,
        Some('U') => code(cursor, 8, 16)?,
        _ => return Err(bad()),
    })
}

fn raw(cursor: &mut Cursor<'_>, place: Place) -> Result<String, TemplateError> {
    cursor.next();
    let end = cursor.rest.find('`').ok_or_else(|| place.error("unterminated raw quoted string"))?;
    let text = cursor.skip(end).to_owned();
    cursor.next();
    Ok(text)
}

fn character(cursor: &mut Cursor<'_>, place: Place) -> Result<Token, TemplateError> {
    cursor.next();
    let c = match cursor.next() {
        Some('\\') => escape(cursor, place)?,
        Some(c) if c != '\'' && c != '\n' => c,
        _ => return Err(place.error("malformed character constant")),
    };
    if cursor.next() != Some('\'') {
        return Err(place.error("unterminated character constant"));
    }
    Ok(Token::Int(i64::from(u32::from(c))))
}

fn number(cursor: &mut Cursor<'_>, place: Place) -> Result<Token, TemplateError> {
    let sign = cursor.take_while(|c| matches!(c, '+' | '-'));
    let digits = cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
    let text = format!("{}{digits}", if sign == "-" { "-" } else { "" });
    let bad = || place.error(format!("bad number syntax: {sign}{digits}"));
    if sign.len() > 1 || digits.is_empty() {
        return Err(bad());
    }
    let lower = digits.to_ascii_lowercase();
    let radix = match lower.as_bytes() {
        [b'0', b'x', ..] => Some((16, &lower[2..])),
        [b'0', rest @ ..] if !rest.is_empty() && rest.iter().all(u8::is_ascii_digit) => Some((8, &lower[1..])),
        _ => None,
    };
    if let Some((radix, digits)) = radix {
        let number = i64::from_str_radix(digits, radix).map_err(|_| bad())?;
        return Ok(Token::Int(if sign == "-" { -number } else { number }));
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(Token::Int(number));
    }
    let decimal = lower.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e'));
    text.parse::<f64>().ok().filter(|_| decimal).map(Token::Float).ok_or_else(bad)
}
