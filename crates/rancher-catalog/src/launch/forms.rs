//! The forms of texts that Docker's own programs read: command lines, restart policies, devices, rates.

/// Splits a text into words as the executor does (flynn/go-shlex).
///
/// # Errors
/// It cannot be split, and why.
pub(super) fn words(text: &str) -> Result<(), &'static str> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        Start,
        Word,
        Escape,
        EscapeInQuotes,
        Quotes,
        Apostrophes,
        Comment,
    }
    const ODD: &str = "outside of quotes stands a letter or sign that Rancher does not know there";
    let mut state = State::Start;
    for c in text.chars() {
        let is_space = matches!(c, ' ' | '\t' | '\r' | '\n');
        let is_known = is_space || matches!(c, '"' | '\'' | '\\' | '#') || is_plain(c);
        state = match (state, c) {
            (State::Start, '#') => State::Comment,
            (State::Start, _) if is_space => State::Start,
            (State::Word, _) if is_space => State::Start,
            (State::Start | State::Word, '"') => State::Quotes,
            (State::Start | State::Word, '\'') => State::Apostrophes,
            (State::Start | State::Word, '\\') => State::Escape,
            (State::Start | State::Word | State::Escape | State::EscapeInQuotes, _) if !is_known => return Err(ODD),
            (State::Start | State::Word | State::Escape, _) => State::Word,
            (State::EscapeInQuotes, _) => State::Quotes,
            (State::Quotes, '"') | (State::Apostrophes, '\'') => State::Word,
            (State::Quotes, '\\') => State::EscapeInQuotes,
            (State::Comment, '\n') => State::Start,
            (state, _) => state,
        };
    }
    match state {
        State::Escape | State::EscapeInQuotes => Err("nothing stands behind the last backslash"),
        State::Quotes => Err("a quotation mark is not closed"),
        State::Apostrophes => Err("an apostrophe is not closed"),
        _ => Ok(()),
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-,/@$*()+=><:;&^%~|!?[]{}".contains(c)
}

/// Whether Docker takes a restart policy.
pub(super) fn is_restart_policy(text: &str) -> bool {
    match text.split(':').collect::<Vec<_>>().as_slice() {
        [_] => true,
        [_, count] => count.parse::<i64>().is_ok(),
        _ => false,
    }
}

/// Whether Docker takes a device.
pub(super) fn is_device(text: &str) -> bool {
    text.split(':').count() <= 3
}

/// Whether a `path:weight` is taken; what has another number of parts is passed over.
pub(super) fn is_weight(text: &str) -> bool {
    match text.split(':').collect::<Vec<_>>().as_slice() {
        [_, weight] => is_unsigned(weight) && weight.parse::<u16>().is_ok(),
        _ => true,
    }
}

/// Whether a `path:rate` is taken.
pub(super) fn is_rate(text: &str) -> bool {
    text.split(':').nth(1).is_some_and(|rate| is_unsigned(rate) && rate.parse::<u64>().is_ok())
}

fn is_unsigned(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_split_as_by_the_executor() {
        for good in ["a b", "a 'b c' \"d\"", "a \\\" b", "# it's", "", "a#b", "'é'", "a;b && c | d"] {
            assert!(words(good).is_ok(), "{good}");
        }
        for bad in ["it's", "a \"b", "a \\", "é", "a `b`", "\"a\\é\""] {
            assert!(words(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn other_forms_are_dockers() {
        assert!(is_restart_policy("on-failure:3") && !is_restart_policy("on-failure:x") && !is_restart_policy("a:1:2"));
        assert!(is_device("/dev/a:/dev/b:rwm") && !is_device("a:b:c:d"));
        assert!(is_weight("/dev/sda:10") && is_weight("x") && !is_weight("/dev/sda:x"));
        assert!(is_rate("/dev/sda:10") && !is_rate("/dev/sda") && !is_rate("/dev/sda:1mb"));
    }
}
