//! The daemon's program: reads its settings and runs.

use std::process::ExitCode;

use swarmkit_catalog::monitor::command_line;
use swarmkit_catalog::monitor::settings::SETTINGS;

fn main() -> ExitCode {
    let matches = command_line::command(SETTINGS).get_matches();
    // A variable that is not UTF-8 is not an allowed value either: shown with its odd parts replaced.
    let environment = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    match command_line::settings(&matches, environment) {
        Ok(settings) => {
            eprintln!(
                "swarmkit-mon: the settings are good ({settings:?}), but this build does not form a swarm yet: \
                 it only checks its settings"
            );
        }
        Err(invalid) => {
            for line in invalid.to_string().lines() {
                eprintln!("swarmkit-mon: {line}");
            }
        }
    }
    ExitCode::from(2)
}
