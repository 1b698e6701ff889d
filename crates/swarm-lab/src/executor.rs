//! Rancher's own compose executor, asked in lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Map, Value};

use crate::real_parts;

/// The executor. It ends when dropped, as its input does.
pub struct Executor {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Executor {
    /// Starts it.
    pub fn start() -> Self {
        let program = real_parts::kit().unwrap().executor;
        let mut process = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (questions, answers) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, questions, answers }
    }

    /// Asks, and waits for the answer.
    #[track_caller]
    pub fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions.as_mut().unwrap(), "{question}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{question}: {error}: {line:?}"))
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        drop(self.questions.take());
        let _ = self.process.wait();
    }
}

/// What it read of a compose file, as JSON. It writes numbers and maps so that nothing of their types is lost.
pub fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(one) => {
            if let Some(number) = one.get("i").and_then(Value::as_str) {
                return number.parse::<i64>().unwrap().into();
            }
            let pairs = one.get("m").and_then(Value::as_array).unwrap_or_else(|| panic!("not understood: {value}"));
            let pair = |pair: &Value| {
                let key: String = serde_json::from_str(pair[0].as_str().unwrap()).unwrap();
                (key, plain(&pair[1]))
            };
            pairs.iter().map(pair).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}
