//! Where a text holds what nobody else should read: a password in an address, the value of an option or a key whose name says so,
//! and what is known by its form, such as a private key.

use std::ops::Range;

use super::secret_names::{holds_secret, is_secret};

/// A part of a text that is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub at: Range<usize>,
    /// What it is called there: `PASSWORD`, or the name of the option.
    pub name: String,
}

/// How tokens begin that are known by it.
const TOKENS: [&str; 18] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "AKIA",
    "ASIA",
    "sk_live_",
    "rk_live_",
    "npm_",
];
/// How hashes of passwords begin behind a dollar.
const HASHES: [&str; 9] = ["apr1$", "1$", "2a$", "2b$", "2y$", "5$", "6$", "y$", "argon2"];

/// All of them, in order, none over another.
pub(super) fn secrets_in(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    private_keys(text, &mut found);
    addresses(text, &mut found);
    logins(text, &mut found);
    tokens(text, &mut found);
    pairs(text, &mut found);
    options(text, &mut found);
    found.retain(|one| !one.at.is_empty());
    found.sort_by_key(|one| (one.at.start, usize::MAX - one.at.end));
    let mut apart: Vec<Found> = Vec::new();
    for one in found {
        match apart.last_mut() {
            Some(before) if one.at.start < before.at.end => before.at.end = before.at.end.max(one.at.end),
            _ => apart.push(one),
        }
    }
    apart
}

/// The text with something else in the place of each.
pub(super) fn replaced(
    text: &str,
    mut by: impl FnMut(&Found, &str) -> String,
    plain: impl Fn(&str) -> String,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for found in secrets_in(text) {
        out.push_str(&plain(&text[from..found.at.start]));
        out.push_str(&by(&found, &text[found.at.clone()]));
        from = found.at.end;
    }
    out.push_str(&plain(&text[from..]));
    out
}

/// The text without them, for people to read.
pub(super) fn told(text: &str) -> String {
    replaced(text, |_, _| "…".to_owned(), str::to_owned)
}

/// The option that a word of a command is, if the next word is a secret: `--token`.
pub(super) fn option(word: &str) -> Option<&str> {
    let name = word.trim_start_matches('-');
    let is_option = word.starts_with('-') && name.len() > 1 && !word.contains(['=', ' ', ':']);
    Some(name).filter(|name| is_option && is_secret(name))
}

/// Whether a word begins another option.
pub(super) fn is_option(word: &str) -> bool {
    word.starts_with("--") || (word.starts_with('-') && word.len() <= 2)
}

fn add(found: &mut Vec<Found>, at: Range<usize>, name: &str) {
    found.push(Found { at, name: name.to_owned() });
}

fn private_keys(text: &str, found: &mut Vec<Found>) {
    let mut from = 0;
    while let Some(at) = text[from..].find("-----BEGIN ").map(|at| at + from) {
        let behind = &text[at + 11..];
        let header = &behind[..behind.find("-----").unwrap_or(behind.len())];
        from = at + 11;
        if header.contains("KEY") && !header.contains("PUBLIC") {
            let end = behind.find("-----END").map(|end| at + 11 + end + 8);
            let end = end.and_then(|end| Some(end + text[end..].find("-----")? + 5)).unwrap_or(text.len());
            add(found, at..end, "KEY");
            from = end;
        }
    }
}

/// What ends a word that is an address.
fn ends_address(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

fn addresses(text: &str, found: &mut Vec<Found>) {
    let mut from = 0;
    while let Some(at) = text[from..].find("://").map(|at| at + from) {
        let start = at + 3;
        from = start;
        // Another address in the same word ends this one, at what stands before its scheme.
        let next = text[start..].find("://").map_or(text.len(), |next| start + next);
        let word = match text[start..next].find(ends_address) {
            Some(end) => start + end,
            None if next == text.len() => next,
            None => {
                let before = &text[start..next];
                start + before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "+.-".contains(c)).len()
            }
        };
        let rest = &text[start..word];
        let Some(host) = rest.rfind('@') else { continue };
        let Some(colon) = rest[..host].find(':') else { continue };
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if colon > authority {
            continue;
        }
        let is_sure = rest[..host].find('@').is_none() && host < authority;
        let is_port = rest[colon + 1..authority].bytes().all(|byte| byte.is_ascii_digit());
        if is_sure {
            add(found, start + colon + 1..start + host, "PASSWORD");
        } else if !is_port {
            // Nobody can tell where the password ends.
            let scheme = text[..at].trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "+.-".contains(c)).len();
            add(found, scheme..word, "ADDRESS");
        }
    }
}

/// `user:password@tcp(host)`, and `curl -u user:password`.
fn logins(text: &str, found: &mut Vec<Found>) {
    for sign in ["@tcp(", "@unix(", "@tcp6("] {
        let mut done = 0;
        for (at, _) in text.match_indices(sign) {
            let before = &text[done..at];
            let start = before.char_indices().rfind(|(_, c)| ends_address(*c)).map_or(0, |(at, c)| at + c.len_utf8());
            if let Some(colon) = before[start..].find(':') {
                add(found, done + start + colon + 1..at, "PASSWORD");
            }
            done = at;
        }
    }
    if !text.contains("curl") {
        return;
    }
    for sign in ["-u ", "--user ", "-u", "--user="] {
        let mut done = 0;
        for (at, _) in text.match_indices(sign) {
            let start = at + sign.len();
            if start < done {
                continue;
            }
            let start = start + (text[start..].len() - text[start..].trim_start_matches(['"', '\'', ' ']).len());
            let end = text[start..].find(ends_address).map_or(text.len(), |end| start + end);
            done = end;
            if let Some(colon) = text[start..end].find(':').filter(|_| !text[start..end].contains("://")) {
                add(found, start + colon + 1..end, "PASSWORD");
            }
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn tokens(text: &str, found: &mut Vec<Found>) {
    let mut from = 0;
    for word in text.split(|c| !is_of_word(c)) {
        let plain = word.trim_start_matches(['-', '.', '_']);
        let at = from + word.len() - plain.len();
        let is_known = TOKENS.iter().any(|token| {
            let rest = plain.strip_prefix(token).unwrap_or_default();
            let is_id = !token.ends_with('A')
                || rest.len() >= 12 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            rest.len() >= 4 && is_id
        });
        let is_jwt = plain.starts_with("eyJ") && plain.split('.').filter(|part| part.len() > 2).count() >= 2;
        if is_known || is_jwt {
            add(found, at..at + plain.len(), "TOKEN");
        }
        from += word.len() + text[from + word.len()..].chars().next().map_or(0, char::len_utf8);
    }
    let mut done = 0;
    for (at, sign) in text.match_indices(['$', '{']) {
        let behind = &text[at + 1..];
        let is_hash = match sign {
            "$" => HASHES.iter().any(|hash| behind.starts_with(hash)),
            _ => behind.starts_with("SHA}") || behind.starts_with("SSHA}"),
        };
        if at >= done && is_hash {
            done = text[at..].find(|c| ends_address(c) || c == ',').map_or(text.len(), |end| at + end);
            add(found, at..done, "HASH");
        }
    }
    for (at, sign) in text.match_indices("Bearer ").chain(text.match_indices("Basic ")) {
        let start = at + sign.len();
        let end = text[start..].find(ends_address).map_or(text.len(), |end| start + end);
        let before = text[..at].trim_end_matches([' ', '"', '\'']);
        let header = before.get(before.len().saturating_sub(14)..).unwrap_or_default();
        let is_header = header.eq_ignore_ascii_case("authorization:");
        let is_odd = end - start >= 16 || text[start..end].contains(|c: char| c.is_ascii_digit());
        if is_header || is_odd && sign == "Bearer " {
            add(found, start..end, "TOKEN");
        }
    }
}

/// Whether all parts between semicolons are `key=value`, as in a connection string, whose values may have spaces.
fn is_connection(text: &str) -> bool {
    let parts: Vec<&str> = text.split(';').filter(|part| !part.trim().is_empty()).collect();
    parts.len() > 1 && parts.iter().all(|part| part.contains('='))
}

/// Where the value ends that begins here.
fn end_of_value(text: &str, start: usize, is_query: bool, is_connection: bool) -> usize {
    let rest = &text[start..];
    let begins_pair = |at: usize| {
        let key = rest[at + 1..].trim_start_matches(is_of_word);
        key.starts_with('=') && key.len() < rest.len() - at - 1
    };
    let ends = |(at, c): (usize, char)| match c {
        _ if is_query => matches!(c, '&' | '#') || ends_address(c),
        ';' | '\n' => true,
        _ if is_connection => false,
        ',' | '&' => begins_pair(at),
        _ => ends_address(c),
    };
    rest.char_indices().find(|at| ends(*at)).map_or(text.len(), |(at, _)| start + at)
}

/// The inner part of a quoted value, and where the quote ends.
fn quoted(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = &text[start..];
    let quote = ["\\\"", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote))?;
    let inner = start + quote.len();
    let mut from = inner;
    let end = loop {
        match text[from..].find(quote).map(|at| from + at) {
            Some(at) if quote == "\"" && text[..at].ends_with('\\') => from = at + 1,
            Some(at) => break at,
            None => break text.len(),
        }
    };
    Some(inner..end)
}

/// What a shell puts in when the container runs is no secret of the file: `$NAME`, `${NAME}`, `$(…)`.
fn is_of_shell(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('$') else { return false };
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    rest.starts_with('(')
        || is_name(rest) && !rest.starts_with(|c: char| c.is_ascii_digit())
        || rest.strip_prefix('{').and_then(|name| name.strip_suffix('}')).is_some_and(is_name)
}

fn take(found: &mut Vec<Found>, text: &str, name: &str, at: Range<usize>) {
    let value = &text[at.clone()];
    if !is_of_shell(value) && holds_secret(name, value) {
        add(found, at, name.trim_matches(['-', '.', '_']));
    }
}

/// `password=…`, `?token=…`, `"password": "…"`, `password: …`.
fn pairs(text: &str, found: &mut Vec<Found>) {
    let is_connection = is_connection(text);
    let mut done = 0;
    for (at, sign) in text.match_indices(['=', ':']) {
        if at < done {
            continue;
        }
        let before = text[..at].trim_end_matches(' ');
        let quote = ["\\\"", "\"", "'"].into_iter().find(|quote| before.ends_with(quote));
        let inner = quote.map_or(before, |quote| &before[..before.len() - quote.len()]);
        let key_at = inner.trim_end_matches(is_of_word).len();
        let mut key = &inner[key_at..];
        if key.is_empty() || key.len() > 200 {
            continue;
        }
        let behind = text[at + 1..].trim_start_matches(' ');
        let start = text.len() - behind.len();
        if sign == ":" && quote.is_none() && (start == at + 1 || before.len() < at) {
            continue;
        }
        if sign == "=" && before.len() == at && start > at + 1 && !is_connection {
            continue;
        }
        key = key.trim_start_matches('-');
        // By itself it is the folder of a shell.
        let is_in_list = is_connection || text[..key_at].trim_end().ends_with([';', '?', '&', ',']);
        if key.eq_ignore_ascii_case("pwd") && is_in_list {
            key = "PASSWORD";
        }
        if !is_secret(key) {
            continue;
        }
        let is_query = text[..key_at].ends_with(['?', '&']);
        let range = match quoted(text, start) {
            Some(range) => range,
            None if sign == ":" => {
                let line = text[start..].find(['\n', ',', '}', '"', '\'', '`']).map_or(text.len(), |end| start + end);
                start..start + text[start..line].trim_end().len()
            }
            None => start..end_of_value(text, start, is_query, is_connection),
        };
        done = range.end;
        take(found, text, key, range);
    }
}

/// `--password x`.
fn options(text: &str, found: &mut Vec<Found>) {
    let mut option_before: Option<&str> = None;
    let mut from = 0;
    while from < text.len() {
        let rest = &text[from..];
        let start = from + rest.len() - rest.trim_start().len();
        let end = text[start..].find(char::is_whitespace).map_or(text.len(), |end| start + end);
        let word = &text[start..end];
        from = end;
        if let Some(name) = option_before.take()
            && !is_option(word)
        {
            let range = quoted(text, start)
                .unwrap_or_else(|| start..text[start..end].find(['"', '\'', '`']).map_or(end, |quote| start + quote));
            from = from.max(range.end);
            take(found, text, name, range);
        } else {
            option_before = option(word.trim_start_matches(['"', '\'', '(', '`']));
        }
        if from == start {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_secrets_are_found() {
        for text in [
            "postgres://u:hunter@h/d",
            "amqp://u:hunter@a,amqp://u:hunter@b",
            "redis://:hunter@h:6379/0 and x://y:hunter@z",
            "postgres://u:hun/hunter@h/d",
            "u:hunter@tcp(db:3306)/x",
            "curl -u admin:hunter http://localhost/",
            "server --password=hunter --x",
            "server --token hunter --x",
            "redis-server --requirepass 'hunter two' --x",
            "sh -c \"run --password hunter\"",
            "username=x,password=hunter",
            "username=x,password=hun,hunter,vers=3",
            "Server=db;User Id=sa;Password=hunter two;Encrypt=true",
            "Server=db;pwd=hunter",
            "/health?password=hunter&x=1",
            "/health?x=1&token=hunter",
            "{\"password\":\"hunter\"}",
            "{\"a\": {\"client_secret\": \"hunter\\\"hunter\"}}",
            "-----BEGIN RSA PRIVATE KEY-----\nhunter\n-----END RSA PRIVATE KEY-----\n",
            "-----BEGIN KEY\nhunter",
            "eyJhunter.hunter.hunter",
            "ghp_hunter0 gho_hunter github_pat_hunter glpat-hunter xoxb-hunter-1",
            "admin:$apr1$hunter$hunter",
            "Authorization: Bearer hunter",
            "-Dspring.datasource.password=hunter",
            "password: hunter\nuser: x",
        ] {
            assert!(!told(text).contains("hunter"), "{text}: {}", told(text));
            assert!(text.starts_with("----") || told(text) != "…" || !text.contains(' '), "{text}");
        }
        assert_eq!(told("a AKIAIOSFODNN7EXAMPLE b"), "a … b");
        for text in [
            "http://h:80/a@b",
            "http://localhost:8080/x?full=1",
            "server --password-file /run/secrets/x",
            "export PASSWORD=$PASSWORD",
            "mongod --auth --bind_ip 0.0.0.0",
            "deploy.mode: global",
            "MAX_TOKENS=4096",
            "git@github.com:a/b.git",
            "é://ü:",
            "://@:://@",
        ] {
            assert_eq!(told(text), text);
        }
    }

    #[test]
    fn any_text_is_taken_apart_in_no_time() {
        for piece in
            ["a://", "x:y@", "password=", "--token ", "\"password\":\"", "-----BEGIN KEY", "$1$", "eyJ.", "é: "]
        {
            let text = piece.repeat(20_000);
            let start = std::time::Instant::now();
            told(&text);
            assert!(start.elapsed().as_secs() < 20, "{piece}");
        }
    }
}
