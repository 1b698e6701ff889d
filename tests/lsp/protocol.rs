//! How the conversation begins, goes on and ends, whatever is sent.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use super::editor::Editor;
use crate::check_command::{DOCKER, catalog};

pub fn trials() -> Vec<Trial> {
    trials![
        whatever_is_sent_it_goes_on,
        what_is_no_message_is_answered_and_the_next_one_is_read,
        what_is_not_the_protocol_ends_it_with_plain_words,
        a_message_that_is_too_large_is_refused_before_it_comes,
        nothing_is_answered_before_it_is_initialized_nor_twice,
        after_shutdown_only_exit_is_done,
        the_exit_code_says_whether_it_was_shut_down,
        an_editor_whose_process_ends_is_gone,
        a_part_of_a_text_is_not_taken_for_all_of_it,
    ]
}

fn framed(text: &str) -> String {
    format!("Content-Length: {}\r\n\r\n{text}", text.len())
}

fn whatever_is_sent_it_goes_on() {
    let folder = catalog(&[]);
    let mut editor = Editor::start(folder.path());
    let answer = editor.answer("textDocument/hover", json!({"position": "here"}));
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(answer["error"]["message"], "the parameters of textDocument/hover are not as the protocol has them");
    let answer = editor.answer("workspace/rename", json!({}));
    assert_eq!(answer["error"]["code"], -32601);
    editor.tell("textDocument/didOpen", json!({"textDocument": 7}));
    editor.tell("textDocument/didChange", json!([]));
    let of = editor.at(DOCKER, 4_000_000, 4_000_000);
    editor.open(DOCKER, "é: 𝄞");
    editor.ask("textDocument/hover", of.clone());
    editor.ask("textDocument/completion", of);
    editor.end();
}

fn what_is_no_message_is_answered_and_the_next_one_is_read() {
    let folder = catalog(&[]);
    let mut editor = Editor::start(folder.path());
    let deep = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":{}", "[".repeat(200));
    let lone = r#"{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"\ud800"}}}"#;
    let batch = r#"[{"jsonrpc":"2.0","id":7,"method":"shutdown"}]"#;
    for (text, code) in [
        ("", -32700),
        ("{bad}", -32700),
        (lone, -32700),
        (deep.as_str(), -32700),
        ("[]", -32600),
        (batch, -32600),
        ("{}", -32600),
        ("7", -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"shutdown"}"#, -32600),
    ] {
        editor.send_raw(&framed(text));
        let told = editor.wait_for(|message| message.get("error").is_some());
        assert_eq!((&told["error"]["code"], &told["id"]), (&json!(code), &Value::Null), "{text}: {told}");
    }
    let of = editor.at(DOCKER, 0, 0);
    assert_eq!(editor.ask("textDocument/hover", of), Value::Null);
    editor.end();
}

fn what_is_not_the_protocol_ends_it_with_plain_words() {
    let folder = catalog(&[]);
    for text in ["GET / HTTP/1.1\r\n\r\n", "\r\n", "Content-Length: many\r\n\r\n{}"] {
        let mut editor = Editor::start(folder.path());
        editor.send_raw(text);
        let (code, told) = editor.outcome();
        assert_eq!((code, told.lines().count()), (Some(2), 1), "{told}");
        let begins = "what comes on standard input is not the language server protocol: ";
        assert_eq!(told.matches(begins).count(), 1, "{told}");
    }
}

fn a_message_that_is_too_large_is_refused_before_it_comes() {
    let folder = catalog(&[]);
    for length in ["67108865", "99999999999", "18446744073709551615", "99999999999999999999999999"] {
        let mut editor = Editor::silent(folder.path());
        editor.send_raw(&format!("Content-Length: {length}\r\n\r\n"));
        let (code, told) = editor.outcome();
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("a Content-Length is over 64 MiB"), "{told}");
    }
}

fn nothing_is_answered_before_it_is_initialized_nor_twice() {
    let folder = catalog(&[]);
    let mut editor = Editor::silent(folder.path());
    let at = editor.at(DOCKER, 0, 0);
    for (method, params) in [("textDocument/hover", at), ("shutdown", Value::Null)] {
        let error = editor.answer(method, params)["error"].clone();
        let message = "the server is not initialized: `initialize` is due first";
        assert_eq!(error, json!({"code": -32002, "message": message}));
    }
    // What is told is dropped.
    editor.tell_open(DOCKER, "a: [\n");
    editor.ask("initialize", json!({"capabilities": {}}));
    let error = editor.answer("initialize", json!({"capabilities": {}}))["error"].clone();
    assert_eq!(error, json!({"code": -32600, "message": "the server is initialized already"}));
    editor.tell("initialized", json!({}));
    editor.tell_open(DOCKER, "version: '2'\n");
    let found = editor.wait_for_all(|message| message["method"] == "textDocument/publishDiagnostics");
    assert_eq!(found.len(), 1, "{found:?}");
    editor.end();
}

fn after_shutdown_only_exit_is_done() {
    let folder = catalog(&[]);
    let mut editor = Editor::start(folder.path());
    editor.ask("shutdown", Value::Null);
    editor.tell_open(DOCKER, "a: [\n");
    let at = editor.at(DOCKER, 0, 0);
    for (method, params) in [("textDocument/hover", at), ("shutdown", Value::Null), ("initialize", json!({}))] {
        let error = editor.answer(method, params)["error"].clone();
        assert_eq!(error, json!({"code": -32600, "message": "the server is shut down: only `exit` may follow"}));
    }
    editor.tell("exit", Value::Null);
    assert_eq!(editor.outcome(), (Some(0), String::new()));
}

fn the_exit_code_says_whether_it_was_shut_down() {
    let folder = catalog(&[]);
    let quiet = |code| (Some(code), String::new());
    assert_eq!(Editor::silent(folder.path()).leave(), quiet(1));
    assert_eq!(Editor::start(folder.path()).leave(), quiet(1));
    let mut editor = Editor::start(folder.path());
    editor.send_raw("Content-Length: 100\r\n\r\n{\"json");
    assert_eq!(editor.leave(), quiet(1));
    let mut editor = Editor::start(folder.path());
    editor.tell("exit", Value::Null);
    assert_eq!(editor.outcome(), quiet(1));
    let mut editor = Editor::silent(folder.path());
    editor.tell("exit", Value::Null);
    assert_eq!(editor.outcome(), quiet(1));
    let mut editor = Editor::start(folder.path());
    editor.ask("shutdown", Value::Null);
    assert_eq!(editor.leave(), quiet(0));
}

fn an_editor_whose_process_ends_is_gone() {
    let folder = catalog(&[]);
    let mut process = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut editor = Editor::silent(folder.path());
    editor.ask("initialize", json!({"processId": process.id(), "capabilities": {}}));
    process.kill().unwrap();
    // Standard input is open all the while.
    assert_eq!(editor.outcome(), (Some(1), String::new()));
    process.wait().unwrap();
}

fn a_part_of_a_text_is_not_taken_for_all_of_it() {
    let folder = catalog(&[]);
    let text = "version: '2'\nservices:\n  web:\n    image: example/web:latest\n";
    let mut editor = Editor::start(folder.path());
    assert!(!editor.open(DOCKER, text).is_empty());
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}});
    let of = json!({"uri": editor.uri(DOCKER), "version": 2});
    let part = json!({"textDocument": of, "contentChanges": [{"range": range, "text": "V"}]});
    editor.tell("textDocument/didChange", part);
    let told = editor.wait_for(|message| message["method"] == "window/logMessage");
    let message = told["params"]["message"].as_str().unwrap();
    assert!(message.contains(&editor.uri(DOCKER)) && message.contains("a part of"), "{message}");
    // Nothing is said of a text that is not known, until it is.
    let shown = editor.wait_for(|message| message["method"] == "textDocument/publishDiagnostics");
    assert_eq!(shown["params"]["diagnostics"], json!([]));
    assert_eq!(editor.change(DOCKER, 3, text)[0]["code"], "image-latest");
    editor.end();
}
