//! Messages on standard input and output. What is none is told to the editor, and the next one is read.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::sync::mpsc::SyncSender;

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId};
use lsp_types::notification::{LogMessage, Notification as _, ShowMessage};
use lsp_types::{LogMessageParams, MessageType, ShowMessageParams};
use serde_json::{Value, json};

/// The largest message that is read: 64 files as large as are looked at.
const LARGEST: u64 = 64 << 20;
/// What may stand before a message.
const LARGEST_HEAD: u64 = 8 << 10;

/// Why a conversation ends before its time.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Where a message ends cannot be told.
    #[error("what comes on standard input is not the language server protocol: {0}")]
    Protocol(String),
    /// Standard input cannot be read.
    #[error("standard input cannot be read")]
    Input(#[from] io::Error),
}

/// What comes from the editor.
#[derive(Debug)]
pub(crate) enum Received {
    Message(Message),
    Refused(Refusal),
    /// The editor is gone.
    Gone,
    /// What follows cannot be understood.
    Broken(ServeError),
}

/// What is said of something that is no message.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: ErrorCode,
    why: String,
}

/// Hands on what comes until nothing more will.
pub(crate) fn receive(mut from: impl BufRead, to: &SyncSender<Received>) {
    loop {
        let (received, is_last) = match body(&mut from) {
            Ok(Some(body)) => match message(&body) {
                Ok(Some(message)) => (Received::Message(message), false),
                Ok(None) => continue,
                Err(refusal) => (Received::Refused(refusal), false),
            },
            Ok(None) => (Received::Gone, true),
            Err(error) => (Received::Broken(error), true),
        };
        if to.send(received).is_err() || is_last {
            return;
        }
    }
}

/// What stands between two heads; `None` where the input ends.
fn body(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, ServeError> {
    let Some(length) = length(from)? else { return Ok(None) };
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body)?;
    Ok((body.len() as u64 == length).then_some(body))
}

/// The length that a head tells.
fn length(from: &mut impl BufRead) -> Result<Option<u64>, ServeError> {
    let wrong = |what: &str| ServeError::Protocol(what.to_owned());
    let mut head = from.take(LARGEST_HEAD);
    let mut length = None;
    loop {
        let mut line = Vec::new();
        head.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            let is_cut = head.limit() == 0;
            return if is_cut { Err(wrong("what stands before a message is over 8 KiB")) } else { Ok(None) };
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return length.map(Some).ok_or_else(|| wrong("a message has no `Content-Length: BYTES` before it"));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| wrong("a line before a message is no `NAME: VALUE`"))?;
        if name.trim().eq_ignore_ascii_case("content-length") {
            length = Some(bytes(value.trim())?);
        }
    }
}

fn bytes(number: &str) -> Result<u64, ServeError> {
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(ServeError::Protocol("a Content-Length is no number of bytes".to_owned()));
    }
    // A number of more digits than are counted in is too large, too.
    let length = number.parse().unwrap_or(u64::MAX);
    let too_large =
        || ServeError::Protocol("a Content-Length is over 64 MiB, the most that a message may have".to_owned());
    (length <= LARGEST).then_some(length).ok_or_else(too_large)
}

/// The message that a text is; `None` for an answer, of which nothing depends here.
fn message(text: &[u8]) -> Result<Option<Message>, Refusal> {
    let value = serde_json::from_slice::<Value>(text).map_err(|error| Refusal {
        code: ErrorCode::ParseError,
        why: format!(
            "the message is no JSON, or has more than 128 levels: line {}, column {}",
            error.line(),
            error.column()
        ),
    })?;
    let refused = |why: &str| Refusal { code: ErrorCode::InvalidRequest, why: why.to_owned() };
    let mut fields = match value {
        Value::Object(fields) => fields,
        Value::Array(_) => return Err(refused("the protocol has no batches: send each message alone")),
        _ => return Err(refused("a message is a JSON object")),
    };
    let Some(method) = fields.remove("method") else {
        let is_answer = fields.contains_key("result") || fields.contains_key("error");
        return if is_answer { Ok(None) } else { Err(refused("a message has a method, a result or an error")) };
    };
    let Value::String(method) = method else { return Err(refused("the method of a message is a text")) };
    let params = fields.remove("params").unwrap_or_default();
    let Some(id) = fields.remove("id") else {
        return Ok(Some(Message::Notification(Notification { method, params })));
    };
    let id = serde_json::from_value::<RequestId>(id)
        .map_err(|_| refused("the id of a request is a text, or a whole number of at most 32 bits"))?;
    Ok(Some(Message::Request(Request { id, method, params })))
}

/// What goes to the editor.
#[derive(Debug, Default)]
pub(crate) struct Editor {
    is_gone: Cell<bool>,
}

impl Editor {
    pub(crate) fn send(&self, message: impl Into<Message>) {
        self.noticing(message.into().write(&mut io::stdout().lock()));
    }

    /// Says what was no message. Whose answer that is cannot be told.
    pub(crate) fn refuse(&self, Refusal { code, why }: Refusal) {
        let error = json!({ "code": code as i32, "message": why });
        let text = json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string();
        self.noticing(write(&text, &mut io::stdout().lock()));
    }

    /// Shows the user what is wrong.
    pub(crate) fn show(&self, message: String) {
        let told = ShowMessageParams { typ: MessageType::ERROR, message };
        self.send(Notification::new(ShowMessage::METHOD.to_owned(), told));
    }

    /// Writes to what the editor keeps of a server.
    pub(crate) fn log(&self, message: String) {
        let told = LogMessageParams { typ: MessageType::WARNING, message };
        self.send(Notification::new(LogMessage::METHOD.to_owned(), told));
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.get()
    }

    fn noticing(&self, written: io::Result<()>) {
        if written.is_err() {
            self.is_gone.set(true);
        }
    }
}

fn write(text: &str, to: &mut impl io::Write) -> io::Result<()> {
    write!(to, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    fn received(input: &str) -> Vec<Received> {
        let (to, from) = sync_channel(100);
        receive(input.as_bytes(), &to);
        from.try_iter().collect()
    }

    fn one(text: &str) -> Received {
        received(&format!("Content-Length: {}\r\n\r\n{text}", text.len())).remove(0)
    }

    #[test]
    fn messages_are_read_whatever_else_stands_before_them() {
        let all = received(
            "Content-Length: 14\r\nContent-Type: x\r\n\r\n{\"method\":\"a\"}content-length:21\n\n{\"method\":\"b\",\"id\":1}",
        );
        assert!(matches!(&all[0], Received::Message(Message::Notification(told)) if told.method == "a"), "{all:?}");
        assert!(matches!(&all[1], Received::Message(Message::Request(asked)) if asked.method == "b"), "{all:?}");
        assert!(matches!(&all[2..], [Received::Gone]), "{all:?}");
    }

    #[test]
    fn an_input_that_ends_anywhere_is_an_editor_that_is_gone() {
        for input in [
            "",
            "Content-Le",
            "Content-Length: 14\r\n",
            "Content-Length: 14\r\n\r\n",
            "Content-Length: 14\r\n\r\n{\"me",
        ] {
            assert!(matches!(received(input)[..], [Received::Gone]), "{input:?}");
        }
    }

    #[test]
    fn a_message_whose_end_cannot_be_told_is_the_last() {
        let long = format!("a: {}\r\n", "b".repeat(10_000));
        for head in
            ["\r\n", "a: b\r\n\r\n", "a\r\n\r\n", "Content-Length: -1\r\n\r\n", "Content-Length:\r\n\r\n", &long]
        {
            assert!(matches!(received(head)[..], [Received::Broken(ServeError::Protocol(_))]), "{head:?}");
        }
        for number in ["67108865", "99999999999", "99999999999999999999999999"] {
            let all = received(&format!("Content-Length: {number}\r\n\r\n"));
            let [Received::Broken(error)] = &all[..] else { panic!("{all:?}") };
            assert!(error.to_string().contains("over 64 MiB"), "{error}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused_and_an_answer_is_passed_over() {
        for text in ["", "{bad}", "\u{1}", "{\"method\":\"\\ud800\"}", &"[".repeat(200)] {
            let found = one(text);
            assert!(
                matches!(&found, Received::Refused(Refusal { code: ErrorCode::ParseError, .. })),
                "{text}: {found:?}"
            );
        }
        let odd = [
            "[]",
            "7",
            "{}",
            "{\"id\":1}",
            "{\"method\":7}",
            "{\"method\":\"a\",\"id\":null}",
            "{\"method\":\"a\",\"id\":1.5}",
        ];
        for text in odd {
            let found = one(text);
            let is_refused = matches!(&found, Received::Refused(Refusal { code: ErrorCode::InvalidRequest, .. }));
            assert!(is_refused, "{text}: {found:?}");
        }
        for text in ["{\"id\":1,\"result\":null}", "{\"id\":null,\"error\":{\"code\":-32700,\"message\":\"\"}}"] {
            assert!(matches!(one(text), Received::Gone), "{text}");
        }
    }
}
