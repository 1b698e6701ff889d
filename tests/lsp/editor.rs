//! An editor of the tests' own.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Value, json};
use swarm_lab::programs;

/// How long an answer may take before it is none.
const LIMIT: Duration = Duration::from_secs(60);

/// An editor without a window.
pub struct Editor {
    server: Child,
    pub messages: Receiver<Value>,
    folder: PathBuf,
    asked: i64,
}

impl Editor {
    pub fn start(folder: &Path) -> Self {
        Self::with(folder, &json!({}))
    }

    pub fn with(folder: &Path, capabilities: &Value) -> Self {
        let mut editor = Self::silent(folder);
        let told = editor.ask("initialize", json!({"capabilities": capabilities}));
        assert_eq!(told["serverInfo"]["name"], "gen-catalog");
        editor.tell("initialized", json!({}));
        editor
    }

    /// One that has said nothing yet.
    pub fn silent(folder: &Path) -> Self {
        let mut command = Command::new(programs::gen_catalog());
        command.arg("lsp").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Self { server, messages, folder: folder.to_owned(), asked: 0 }
    }

    pub fn send(&mut self, message: &Value) {
        self.send_raw(&format!("Content-Length: {}\r\n\r\n{message}", message.to_string().len()));
    }

    pub fn send_raw(&mut self, text: &str) {
        let input = self.server.stdin.as_mut().unwrap();
        input.write_all(text.as_bytes()).and_then(|()| input.flush()).unwrap();
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.answer(method, params);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub fn answer(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        self.wait_for(|message| message["id"] == id)
    }

    pub fn wait_for(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(LIMIT).expect("the server answers");
            if is_it(&message) {
                return message;
            }
        }
    }

    /// All up to one.
    pub fn wait_for_all(&self, is_it: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            all.push(self.wait_for(|_| true));
            if all.last().is_some_and(&is_it) {
                return all;
            }
        }
    }

    pub fn uri(&self, file: &str) -> String {
        format!("file://{}", self.folder.join("infra-templates/example").join(file).display())
    }

    pub fn open(&mut self, file: &str, text: &str) -> Vec<Value> {
        self.tell_open(file, text);
        self.diagnostics(file, 1)
    }

    pub fn tell_open(&mut self, file: &str, text: &str) {
        let uri = self.uri(file);
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    pub fn change(&mut self, file: &str, version: i64, text: &str) -> Vec<Value> {
        let of = json!({"uri": self.uri(file), "version": version});
        self.tell("textDocument/didChange", json!({"textDocument": of, "contentChanges": [{"text": text}]}));
        self.diagnostics(file, version)
    }

    /// What is shown of a version of a file.
    pub fn diagnostics(&self, file: &str, version: i64) -> Vec<Value> {
        let uri = self.uri(file);
        let is_it = |message: &Value| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri.as_str()
                && message["params"]["version"] == version
        };
        self.wait_for(is_it)["params"]["diagnostics"].as_array().unwrap().clone()
    }

    pub fn at(&self, file: &str, line: usize, character: usize) -> Value {
        json!({"textDocument": {"uri": self.uri(file)}, "position": {"line": line, "character": character}})
    }

    pub fn labels_at(&mut self, file: &str, line: usize, character: usize) -> Vec<String> {
        let items = self.ask("textDocument/completion", self.at(file, line, character));
        items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    pub fn actions(&mut self, file: &str, range: &Value) -> Vec<Value> {
        let of = json!({"textDocument": {"uri": self.uri(file)}, "range": range, "context": {"diagnostics": []}});
        self.ask("textDocument/codeAction", of).as_array().unwrap().clone()
    }

    pub fn actions_of(&mut self, file: &str, range: &Value, only: &[&str]) -> Vec<Value> {
        let context = json!({"diagnostics": [], "only": only});
        let of = json!({"textDocument": {"uri": self.uri(file)}, "range": range, "context": context});
        self.ask("textDocument/codeAction", of).as_array().unwrap().clone()
    }

    pub fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert_eq!(self.outcome(), (Some(0), String::new()));
    }

    /// Is gone.
    pub fn leave(mut self) -> (Option<i32>, String) {
        drop(self.server.stdin.take());
        self.outcome()
    }

    /// The exit code and what was said to the terminal, once the server ends by itself.
    pub fn outcome(&mut self) -> (Option<i32>, String) {
        loop {
            match self.messages.recv_timeout(LIMIT) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the server does not end"),
            }
        }
        let code = self.server.wait().unwrap().code();
        let mut told = String::new();
        self.server.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (code, told)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn read_message(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", number)) => length = number.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
