//! The program: reads its settings and runs.
//!
//! It is part of the library, as an asynchronous function is compiled where it is run: so the whole of the daemon is compiled
//! once, and not again with the program.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::ArgMatches;
use swarmkit_settings::built_from;
use swarmkit_settings::command_line::{self, PlanFormat};
use swarmkit_settings::{SETTINGS, Settings};
use tokio::signal::unix::{SignalKind, signal};

use crate::admission::Admission;
use crate::places::Places;
use crate::run::Monitor;
use crate::status::Preview;
use crate::{backup, diagnose, log, show};

/// A variable that is not UTF-8 is not an allowed value either: it is shown with its odd parts replaced.
fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Does what its command line and environment ask for.
pub fn main() -> ExitCode {
    // Nobody asks for it here: it is for whoever reads the program without running it, and must be in it.
    std::hint::black_box(built_from::NOTE);
    if std::env::args_os().next().is_some_and(|name| command_line::is_shell(&name)) {
        // A shell takes no flags of ours. What else is set wrong keeps nobody from looking.
        let token = Settings::resolve(|setting| environment(setting.variable)).map(|settings| settings.status_token);
        return show::shell(Admission::new(&token.unwrap_or_default()));
    }
    let matches = command_line::command(SETTINGS).get_matches();
    let settings = match command_line::settings(&matches, environment) {
        Ok(settings) => settings,
        Err(invalid) => {
            for line in invalid.to_string().lines() {
                eprintln!("swarmkit-mon: {line}");
            }
            return ExitCode::from(2);
        }
    };
    match run(&matches, &settings) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("swarmkit-mon: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Ends once the program is told to stop.
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut term = signal(SignalKind::terminate()).context("SIGTERM")?;
    let mut int = signal(SignalKind::interrupt()).context("SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => tracing::info!(signal = "SIGTERM", "stops"),
            _ = int.recv() => tracing::info!(signal = "SIGINT", "stops"),
        }
    })
}

fn run(matches: &ArgMatches, settings: &Settings) -> anyhow::Result<ExitCode> {
    if let Some(options) = command_line::status_options(matches) {
        return Ok(show::status(Admission::new(&settings.status_token), &options));
    }
    if let Some(command) = command_line::backup_command(matches) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(backup::run(settings, &command))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = command_line::diagnosis(matches) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let written = runtime.block_on(diagnose::run(settings, environment, file.as_deref()));
        runtime.shutdown_background();
        return written.map(|()| ExitCode::SUCCESS);
    }
    log::begin(settings.log_level, settings.log_format);
    // One thread is enough for a program that waits.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut monitor =
        Monitor::new(settings, &Places::default(), command_line::plan_format(matches).is_none(), environment)?;
    for warning in &settings.warnings {
        tracing::warn!(warning, "settings");
    }
    if let Some(format) = command_line::plan_format(matches) {
        let (view, plan) = runtime.block_on(monitor.preview());
        match format {
            PlanFormat::Json => println!("{}", serde_json::to_string_pretty(&Preview { view: &view, plan: &plan })?),
            PlanFormat::Text => print!("{plan}"),
        }
        // A plan that was made blindly is neither good nor bad news.
        let unseen = [("the engine", view.engine.err()), ("rancher-metadata", view.metadata.err())];
        let mut code = u8::from(!plan.is_quiet());
        for (what, reason) in unseen {
            if let Some(reason) = reason {
                eprintln!("swarmkit-mon: {what} cannot be seen: {reason}");
                code = 2;
            }
        }
        return Ok(ExitCode::from(code));
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), managers = settings.manager_scale, "starts");
    let outcome = runtime.block_on(async { monitor.run(told_to_stop()?).await.map_err(anyhow::Error::from) });
    // What is still being resolved or written by another thread is not waited for.
    runtime.shutdown_background();
    outcome?;
    Ok(ExitCode::SUCCESS)
}
