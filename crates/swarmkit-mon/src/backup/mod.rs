//! Backups of what this host's manager knows: services, networks, secrets, certificates, and the keys of its Raft log.
//!
//! | module | what it holds |
//! |---|---|
//! | `folder` | the files: their names, which are kept |
//! | `archive` | what is in one |
//! | `take` | making one of a running engine |
//! | `schedule` | when |
//! | `restore` | `swarmkit-mon restore`, and what follows once the engine was restarted |

pub mod archive;
pub mod folder;
pub mod restore;
pub mod schedule;
pub mod take;

use std::path::{Path, PathBuf};

use super::call::CallError;
use super::engine::Engine;
use folder::Folder;
use swarmkit_settings::command_line::BackupCommand;
use swarmkit_settings::{BACKUP_FOLDER, DOCKER_SOCKET, Settings};

/// `swarmkit-mon backup` and `swarmkit-mon restore`.
///
/// # Errors
/// Nothing was made, or put in place: why.
pub async fn run(settings: &Settings, command: &BackupCommand) -> anyhow::Result<()> {
    match command {
        BackupCommand::List => restore::list(),
        BackupCommand::Restore { file, force } => restore::restore(settings, file, *force).await,
        BackupCommand::Make => {
            let engine = Engine::new(Path::new(DOCKER_SOCKET))?;
            let folder = Folder::new(Path::new(BACKUP_FOLDER));
            let made = take::take(&engine, &folder, usize::from(settings.backups_kept)).await?;
            println!("{} ({} kB)", made.path.display(), made.bytes.div_ceil(1000));
            Ok(())
        }
    }
}

/// Why there is no backup, or none is restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The engine did not do what it was asked for.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A file or folder.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        error: std::io::Error,
    },
    /// Another reason.
    #[error("{0}")]
    Not(String),
}

fn of_file(path: &Path) -> impl Fn(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| BackupError::File { path: path.clone(), error }
}
