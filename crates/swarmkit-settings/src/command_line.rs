//! The daemon's command line, made of the table of settings.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{Setting, Settings};
use crate::built_from;

/// The command line for a table of settings. Values are checked by [`settings`], all together, not by the parser.
pub fn command(table: &'static [Setting]) -> Command {
    Command::new("swarmkit-mon")
        .version(built_from::VERSION)
        .long_version(built_from::long_version())
        .about("Forms, watches and heals a Docker Swarm on the hosts of a Rancher 1.x environment")
        .after_help(
            "Every flag can be given as the environment variable that stands behind it; the flag wins.\n\
             \n\
             Examples:\n  \
               swarmkit-mon\n  \
               swarmkit-mon --manager-scale 5 --log-level debug\n  \
               MANAGER_SCALE=5 swarmkit-mon\n  \
               swarmkit-mon plan --format json\n  \
               swarmkit-mon status",
        )
        .max_term_width(100)
        .args(table.iter().map(argument))
        .subcommand(
            Command::new("plan")
                .about("Prints what it sees and would do, and does nothing")
                .arg(
                    Arg::new(PLAN_FORMAT)
                        .long("format")
                        .value_parser(["text", "json"])
                        .default_value("text")
                        .help("Whether to print a text, or all that is seen and planned as JSON"),
                )
                .after_help(
                    "It exits with 0 if there is nothing to do, with 1 if there is, and with 2 if it cannot see the \
                     engine or rancher-metadata.\n\
                     \n\
                     Examples:\n  swarmkit-mon plan\n  swarmkit-mon plan --format json",
                ),
        )
        .subcommand(
            Command::new(STATUS)
                .about("Prints the whole swarm: its hosts, what is wrong, what waits for a person, what was done last")
                .arg(
                    Arg::new(STATUS_JSON)
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .help("Prints JSON; with --watch one object a line"),
                )
                .arg(
                    Arg::new(STATUS_WATCH)
                        .long("watch")
                        .value_name("SECONDS")
                        .num_args(0..=1)
                        .require_equals(true)
                        .default_missing_value("5")
                        .value_parser(value_parser!(u64).range(1..=86_400))
                        .help("Prints it again every so many seconds, until Ctrl-C"),
                )
                .after_help(
                    "It asks the monitors of all hosts. It exits with 0 if all is well, with 1 if something is wrong, and \
                     with 2 if it cannot tell, as when rancher-metadata does not tell the hosts. The same is at \
                     http://HOST:2378/ as a page, and at http://HOST:2378/overview as JSON.\n\
                     \n\
                     Examples:\n  swarmkit-mon status\n  swarmkit-mon status --watch\n  swarmkit-mon status --watch=60 --json\n  \
                     docker exec CONTAINER swarmkit-mon status --json",
                ),
        )
        .subcommand(
            Command::new(DIAGNOSE)
                .about("Writes one archive of what a bug report needs, without keys, tokens, and values of labels")
                .arg(
                    Arg::new(DIAGNOSE_FILE)
                        .value_name("FILE")
                        .value_parser(value_parser!(PathBuf))
                        .help("Where to write it (tar.gz); without it to the standard output"),
                )
                .after_help(
                    "Names and addresses of hosts are in it: look through it before you give it to others. It exits with 0 \
                     if it was written, also where parts could not be had, and with 2 if not.\n\
                     \n\
                     Examples:\n  docker exec CONTAINER swarmkit-mon diagnose > swarm.tar.gz\n  \
                     swarmkit-mon diagnose /var/lib/rancher/state/swarm.tar.gz",
                ),
        )
        .subcommands(backup_commands())
}

/// The subcommands about backups.
fn backup_commands() -> [Command; 2] {
    [
        Command::new(BACKUP)
            .about("Makes a backup of what this host's manager knows of the swarm, while it runs")
            .after_help(
                "It holds all services, networks, secrets and certificates of the swarm: who can read it can do what a manager \
                 can. It is written to /var/lib/rancher/swarm-backups on the host, and all but the newest are removed: see \
                 BACKUPS_KEPT. It exits with 0 if it was made, and with 2 if not.\n\
                 \n\
                 Examples:\n  docker exec CONTAINER swarmkit-mon backup",
            ),
        Command::new(RESTORE)
            .about("Puts a backup in place on a host, once no manager of the swarm is left; lists the backups without a file")
            .arg(
                Arg::new(RESTORE_FILE)
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .help("The backup; its name alone for one in /var/lib/rancher/swarm-backups"),
            )
            .arg(
                Arg::new(RESTORE_FORCE)
                    .long("force")
                    .action(ArgAction::SetTrue)
                    .requires(RESTORE_FILE)
                    .help("Restores it also if another host goes on with the swarm, or the backup is of another address"),
            )
            .after_help(
                "The engine of the host must be in no swarm, and the host must have the address of the one that the backup is \
                 of. Restart the engine afterwards: the monitor then goes on alone with what is in the backup, and the other \
                 hosts join by themselves. It exits with 0 if the backup is in place, and with 2 if not.\n\
                 \n\
                 Examples:\n  docker exec CONTAINER swarmkit-mon restore\n  \
                 docker exec CONTAINER swarmkit-mon restore swarm-20261129T180000Z.tar.gz",
            ),
    ]
}

const BACKUP: &str = "backup";
const RESTORE: &str = "restore";
const RESTORE_FILE: &str = "file";
const RESTORE_FORCE: &str = "force";

/// What is to be done with backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupCommand {
    /// One is made.
    Make,
    /// Those that are there are listed.
    List,
    /// One is put in place.
    Restore {
        /// Its file.
        file: PathBuf,
        /// Whether also where that looks wrong.
        force: bool,
    },
}

/// What is to be done with backups, if that is what is asked for.
pub fn backup_command(matches: &ArgMatches) -> Option<BackupCommand> {
    if matches.subcommand_matches(BACKUP).is_some() {
        return Some(BackupCommand::Make);
    }
    let restore = matches.subcommand_matches(RESTORE)?;
    Some(match restore.get_one::<PathBuf>(RESTORE_FILE) {
        None => BackupCommand::List,
        Some(file) => BackupCommand::Restore { file: file.clone(), force: restore.get_flag(RESTORE_FORCE) },
    })
}

const DIAGNOSE: &str = "diagnose";
const DIAGNOSE_FILE: &str = "file";

/// Whether an archive for a bug report is asked for, and into which file.
pub fn diagnosis(matches: &ArgMatches) -> Option<Option<PathBuf>> {
    matches.subcommand_matches(DIAGNOSE).map(|diagnose| diagnose.get_one(DIAGNOSE_FILE).cloned())
}

const STATUS: &str = "status";

const STATUS_JSON: &str = "json";
const STATUS_WATCH: &str = "watch";

/// How `swarmkit-mon status` prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatusOptions {
    /// For programs.
    pub json: bool,
    /// Again after each such time.
    pub watch: Option<Duration>,
}

/// How to show the swarm, if that is all that is asked for.
pub fn status_options(matches: &ArgMatches) -> Option<StatusOptions> {
    let status = matches.subcommand_matches(STATUS)?;
    Some(StatusOptions {
        json: status.get_flag(STATUS_JSON),
        watch: status.get_one(STATUS_WATCH).copied().map(Duration::from_secs),
    })
}

/// The shells by whose names the program shows the swarm: Rancher's UI opens them in its container.
pub const SHELLS: [&str; 2] = ["bash", "sh"];

/// Whether the program is called as a shell, by the first of its arguments.
pub fn is_shell(program: &std::ffi::OsStr) -> bool {
    let name = std::path::Path::new(program).file_name().and_then(|name| name.to_str());
    // A login shell's name begins with a dash.
    name.is_some_and(|name| SHELLS.contains(&name.trim_start_matches('-')))
}

const PLAN_FORMAT: &str = "format";

/// How `swarmkit-mon plan` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How to print the plan, if that is all that is asked for.
pub fn plan_format(matches: &ArgMatches) -> Option<PlanFormat> {
    let plan = matches.subcommand_matches("plan")?;
    let json = plan.get_one::<String>(PLAN_FORMAT).is_some_and(|format| format == "json");
    Some(if json { PlanFormat::Json } else { PlanFormat::Text })
}

fn argument(setting: &Setting) -> Arg {
    let help = format!(
        "{} Allowed: {}. [default: {}] [env: {}]",
        setting.help,
        setting.kind.allowed(),
        setting.default,
        setting.variable
    );
    Arg::new(setting.variable).global(true).long(setting.flag).value_name("VALUE").allow_hyphen_values(true).help(help)
}

/// A setting as it was given: by its flag, else by its variable.
pub fn given(setting: &Setting, matches: &ArgMatches, environment: impl Fn(&str) -> Option<String>) -> Option<String> {
    matches.get_one::<String>(setting.variable).cloned().or_else(|| environment(setting.variable))
}

/// The settings of the running program.
///
/// # Errors
/// All values that are not allowed, together.
pub fn settings(
    matches: &ArgMatches,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Settings, super::InvalidSettings> {
    Settings::resolve(|setting| given(setting, matches, &environment))
}
