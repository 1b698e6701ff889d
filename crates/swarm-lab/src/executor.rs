//! Rancher's own compose executor, asked in lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::panic::resume_unwind;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

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
        // Go collects its garbage for each few MB of it, which is a quarter of the time here.
        let mut command = Command::new(program);
        command.env("GOGC", "400").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
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

/// How many questions a worker takes at once.
const AT_ONCE: usize = 32;

/// Asks about many things, with an executor for each processor; gives what came of each, in their order.
pub fn ask_all<T: Sync, R: Send>(all: &[T], look: impl Fn(&mut Executor, &T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut executor = Executor::start();
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(AT_ONCE, Ordering::Relaxed);
            let Some(part) = all.get(start..(start + AT_ONCE).min(all.len())).filter(|part| !part.is_empty()) else {
                return done;
            };
            done.extend((start..).zip(part.iter().map(|one| look(&mut executor, one))));
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(all.len().div_ceil(AT_ONCE));
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, one)| one).collect()
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
