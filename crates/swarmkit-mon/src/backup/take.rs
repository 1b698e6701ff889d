//! Making a backup of an engine that runs.

use std::fs::File;
use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use tokio::sync::mpsc;

use super::archive::{self, Manifest};
use super::folder::{Backup, Folder};
use super::{BackupError, of_file};
use crate::call::{self, CallError};
use crate::engine::{Access, Engine, HostFolder, Info};

/// How often it is tried while the engine changes its files.
const TRIES: u32 = 6;
/// What the engine may take for the next piece.
const PIECE: Duration = Duration::from_secs(30);
/// What it may take for all.
const WHOLE: Duration = Duration::from_secs(600);
/// How many pieces wait to be written.
const PIECES: usize = 4;
const WHAT: &str = "engine: the files of its swarm";

/// Makes a backup of this host's manager, and removes all but the newest ones.
///
/// # Errors
/// The engine is no manager, or does not give its files; they cannot be written.
pub async fn take(engine: &Engine, folder: &Folder, kept: usize) -> Result<Backup, BackupError> {
    let info = engine.info().await?;
    let manifest = manifest(&info)?;
    let root = engine.root_folder().await?;
    let _locked = folder.lock()?;
    let opened = engine.open_folder(&format!("{root}/swarm"), Access::Read).await?;
    let made = copy(&opened, folder, &manifest).await;
    let closed = opened.close().await;
    let made = made?;
    closed?;
    folder.keep(kept)?;
    Ok(made)
}

fn manifest(info: &Info) -> Result<Manifest, BackupError> {
    let swarm = &info.swarm;
    if !swarm.control_available || swarm.node_id.is_empty() {
        let managers: Vec<&str> = swarm.remote_managers.iter().map(|manager| manager.addr.as_str()).collect();
        let others = match managers.as_slice() {
            [] => String::new(),
            managers => format!("; managers are at {}", managers.join(", ")),
        };
        return Err(BackupError::Not(format!("this host's engine is no manager, and has nothing to back up{others}")));
    }
    Ok(Manifest {
        format: archive::FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: info.server_version.clone(),
        cluster: swarm.cluster.as_ref().map(|cluster| cluster.id.clone()).unwrap_or_default(),
        node: swarm.node_id.clone(),
        address: swarm.node_addr.clone(),
        hostname: info.name.clone(),
        made: httpdate::fmt_http_date(SystemTime::now()),
    })
}

/// Copies until nothing was changed meanwhile that would keep the copy from being used.
async fn copy(opened: &HostFolder<'_>, folder: &Folder, manifest: &Manifest) -> Result<Backup, BackupError> {
    for tried in 1..=TRIES {
        let now = SystemTime::now();
        let (file, unfinished) = folder.create(now)?;
        let at = of_file(folder.path());
        let (into, about): (File, Manifest) = (file.try_clone().map_err(&at)?, manifest.clone());
        let content = streamed(opened, move |stream| archive::write(stream, &about, io::BufWriter::new(into))).await?;
        if streamed(opened, move |stream| content.is_still_there(stream)).await? {
            let bytes = file.metadata().map_err(&at)?.len();
            return Ok(Backup { path: unfinished.finish(&file)?, made: now, bytes });
        }
        tokio::time::sleep(Duration::from_secs(u64::from(tried))).await;
    }
    let seconds = (1..=TRIES).sum::<u32>();
    Err(BackupError::Not(format!(
        "the engine has changed its files each of {TRIES} times that they were copied, in {seconds} s"
    )))
}

/// Has a thread read what the engine streams of a folder.
async fn streamed<T: Send + 'static>(
    opened: &HostFolder<'_>,
    work: impl FnOnce(Pieces) -> io::Result<T> + Send + 'static,
) -> Result<T, BackupError> {
    let mut response = opened.read().await?;
    let (send, pieces) = mpsc::channel(PIECES);
    let work = tokio::task::spawn_blocking(move || work(Pieces { pieces, left: Bytes::new() }));
    let late = |limit: Duration| CallError::TimedOut { what: WHAT.to_owned(), limit_ms: limit.as_millis() };
    let read = async {
        loop {
            let piece = tokio::time::timeout(PIECE, response.chunk()).await.map_err(|_| late(PIECE))?;
            match piece.map_err(|error| call::unreachable(WHAT, &error))? {
                Some(piece) => {
                    if send.send(Some(piece)).await.is_err() {
                        // Nobody takes it any more: the work says why.
                        return Ok(());
                    }
                }
                None => return Ok(()),
            }
        }
    };
    let read = tokio::time::timeout(WHOLE, read).await.unwrap_or_else(|_| Err(late(WHOLE)));
    if read.is_err() {
        // Else what was cut off would look like all.
        let _ = send.send(None).await;
    }
    drop(send);
    let done = work.await;
    read?;
    let done = done.map_err(|_| BackupError::Not("the files of the swarm could not be read".to_owned()))?;
    done.map_err(|error| BackupError::Not(format!("the files of the swarm: {error}")))
}

/// What is streamed, for a thread that waits for it.
pub struct Pieces {
    /// `None` says that the stream is broken.
    pieces: mpsc::Receiver<Option<Bytes>>,
    left: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left.is_empty() {
            match self.pieces.blocking_recv() {
                Some(Some(piece)) => self.left = piece,
                Some(None) => return Err(io::ErrorKind::ConnectionAborted.into()),
                None => return Ok(0),
            }
        }
        let some = self.left.split_to(self.left.len().min(buffer.len()));
        buffer[..some.len()].copy_from_slice(&some);
        Ok(some.len())
    }
}
