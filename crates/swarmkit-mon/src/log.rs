//! The log: one line an event, for people or as JSON, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use swarmkit_settings::{LogFormat, LogLevel};

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// Begins to log, for the whole process. Only this crate's events are logged: those of its HTTP library could name
/// headers.
pub fn begin(level: LogLevel, format: LogFormat) {
    let only_ours = tracing_subscriber::filter::filter_fn(|about| about.target().starts_with(env!("CARGO_CRATE_NAME")));
    let registry = tracing_subscriber::registry().with(filter(level)).with(only_ours);
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(std::io::stderr().is_terminal());
    let begun = match format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    // Only a second beginning fails, and then there is a log already.
    drop(begun);
}
