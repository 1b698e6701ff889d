//! `swarmkit-mon restore`: puts a backup where the engine looks for it. The engine reads it when it starts; then the monitor of
//! that host goes on alone with what is in it, and the other hosts join.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use hyper::body::{Body, Bytes, Frame};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::archive::{self, Manifest};
use super::folder::{Backup, Folder};
use crate::admission::Admission;
use crate::engine::{Access, Engine, HostFolder, LocalNodeState};
use crate::metadata::{self, Metadata};
use crate::overview::{self, Said};
use crate::past::ms;
use crate::plan::Stage;
use crate::state::{State, StateFile};
use swarmkit_settings::{BACKUP_FOLDER, DOCKER_SOCKET, STATE_FOLDER, SWARM_PORT, Settings};

/// The file that says that a backup was put in place, in the state folder.
const MARK: &str = "swarmkit-mon-restore.json";
/// For how long the engine may be left as it is before a backup that was put in place is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);
/// How many pieces of the files wait to be sent, and how large one is.
const PIECES: usize = 4;
const PIECE: usize = 256 << 10;

/// What was put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    node: String,
    cluster: String,
    address: String,
    /// In seconds since 1970.
    at: u64,
}

/// `swarmkit-mon restore` without a file: the backups that there are.
///
/// # Errors
/// The folder cannot be read.
pub fn list() -> anyhow::Result<()> {
    let folder = Folder::new(Path::new(BACKUP_FOLDER));
    let backups = folder.backups()?;
    if backups.is_empty() {
        bail!("there is no backup in {BACKUP_FOLDER} of this host; name the file of one");
    }
    let mut out = anstream::stdout().lock();
    for backup in backups {
        writeln!(out, "{}", line(&backup))?;
    }
    Ok(())
}

fn line(backup: &Backup) -> String {
    let about = File::open(&backup.path).and_then(archive::manifest);
    let about = match about {
        Ok(about) => format!("swarm {} of {} at {}", about.cluster, about.hostname, about.address),
        Err(error) => error.to_string(),
    };
    let (age, kilobytes) = (overview::since(ms(backup.age())), backup.bytes.div_ceil(1000));
    format!("{}  {age} old  {kilobytes} kB  {about}", backup.path.display())
}

/// `swarmkit-mon restore FILE`.
///
/// # Errors
/// It is no backup, or not of this host; the engine is in a swarm; the swarm goes on elsewhere, and nobody insists.
pub async fn restore(settings: &Settings, file: &Path, insists: bool) -> anyhow::Result<()> {
    let file = if file.components().count() == 1 && !file.exists() {
        Path::new(BACKUP_FOLDER).join(file)
    } else {
        file.to_owned()
    };
    let shown = file.display().to_string();
    let opened = File::open(&file).with_context(|| format!("{shown}: cannot be read"))?;
    let about = archive::open(BufReader::new(opened), None::<io::Sink>).with_context(|| shown.clone())?;

    let engine = Engine::new(Path::new(DOCKER_SOCKET))?;
    let swarm = engine.info().await?.swarm;
    if swarm.local_node_state != LocalNodeState::Inactive {
        bail!(
            "this host's engine is in a swarm: a backup is for when no manager is left. If that is so, have it leave first: \
             docker swarm leave --force"
        );
    }
    let others = others(settings, &about).await;
    match others {
        Ok(()) => {}
        Err(why) if insists => eprintln!("swarmkit-mon: {why}; it is restored all the same, as --force says"),
        Err(why) => bail!("{why}. If you know better: --force"),
    }
    let root = engine.root_folder().await?;
    let opened = engine.open_folder(&format!("{root}/swarm"), Access::Write).await?;
    let written = write(&opened, &file).await;
    let closed = opened.close().await;
    written.with_context(|| format!("{shown} could not be put in place"))?;
    closed?;
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let Manifest { node, cluster, address, made, .. } = about;
    let mark = serde_json::to_vec_pretty(&Mark { node, cluster, address, at })?;
    let path = Path::new(STATE_FOLDER).join(MARK);
    whole_file::write_secret(&path, mark).with_context(|| path.display().to_string())?;
    println!(
        "The swarm is in place as it was on {made}. Now restart this host's engine, as with `systemctl restart docker`. The \
         monitor then goes on alone with what is in the backup, and the other hosts join by themselves."
    );
    Ok(())
}

/// Whether the backup is of this host, and no other host has a manager any more.
async fn others(settings: &Settings, about: &Manifest) -> Result<(), String> {
    let metadata = Metadata::new(metadata::ADDRESS).map_err(|error| error.to_string())?;
    let here = metadata.host().await.map_err(|error| format!("it cannot be told who this host is: {error}"))?;
    let address = here.agent_ip.trim();
    if address != about.address {
        return Err(format!(
            "the backup is of a host with the address {}, and Rancher says that this one has {address}: restore it there, or \
             give this host that address",
            about.address
        ));
    }
    let admission = Admission::new(&settings.status_token);
    let all = overview::gather(&metadata, &admission).await;
    let all = all.map_err(|error| format!("it cannot be told whether another host goes on: {error}"))?;
    match all.iter().filter(|(known, _)| known.uuid != here.uuid).find_map(goes_on) {
        Some(why) => Err(why),
        None => Ok(()),
    }
}

fn goes_on((known, said): &Said) -> Option<String> {
    let said = said.as_ref().ok()?;
    let is_manager = said.about.role == "manager";
    let serves = is_manager && [Stage::Member, Stage::LeaseHolder].iter().any(|stage| stage.name() == said.stage);
    let name = &known.name;
    if serves {
        return Some(format!(
            "host {name} says that the swarm goes on ({}): a backup would make a second one",
            said.stage
        ));
    }
    is_manager.then(|| {
        format!(
            "host {name} still has a manager of a swarm ({}), which must not come back beside the restored one: there, \
             `docker swarm leave --force`",
            said.stage
        )
    })
}

async fn write(opened: &HostFolder<'_>, file: &Path) -> anyhow::Result<()> {
    let (send, pieces) = mpsc::channel(PIECES);
    let file = File::open(file)?;
    let work = tokio::task::spawn_blocking(move || {
        let sender = Sender { send: send.clone(), piece: Vec::with_capacity(PIECE) };
        let read = archive::open(BufReader::new(file), Some(sender)).map(drop);
        if read.is_err() {
            // The engine is not to take half of it for all.
            let _ = send.blocking_send(None);
        }
        read
    });
    let written = opened.write(reqwest::Body::wrap(Pieces(pieces))).await;
    let read = work.await?;
    written?;
    Ok(read?)
}

/// Sends what is written to it, a piece at a time.
struct Sender {
    send: mpsc::Sender<Option<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.send.blocking_send(Some(Bytes::from(piece))).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The same, as the body of a request.
struct Pieces(mpsc::Receiver<Option<Bytes>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(task).map(|piece| match piece {
            Some(Some(piece)) => Some(Ok(Frame::data(piece))),
            Some(None) => Some(Err(io::ErrorKind::InvalidData.into())),
            None => None,
        })
    }
}

/// A backup that was put in place, until the engine has it.
pub struct Pending {
    path: PathBuf,
}

impl Pending {
    /// Of the host whose state folder this is.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join(MARK) }
    }

    /// Goes on alone once the engine has read what was put in place. Answers what is waited for, if it has not: nothing else is to
    /// be done until then.
    pub async fn finish(&self, engine: &Engine, file: &StateFile) -> Option<String> {
        let text = fs::read(&self.path).ok()?;
        let Ok(mark) = serde_json::from_slice::<Mark>(&text) else {
            self.forget("its mark is damaged");
            return None;
        };
        match self.advance(&mark, engine, file).await {
            Ok(waits) => waits,
            Err(error) => Some(format!("a backup is restored, and the engine does not go on with it: {error}")),
        }
    }

    async fn advance(&self, mark: &Mark, engine: &Engine, file: &StateFile) -> anyhow::Result<Option<String>> {
        let swarm = engine.patient_info().await?.swarm;
        if swarm.local_node_state == LocalNodeState::Locked {
            return Ok(Some("a backup is restored: unlock the engine with the key of its swarm".to_owned()));
        }
        if swarm.node_id == mark.node {
            // What this host remembers may be newer than the backup, and is not so any more.
            file.write(&State::default())?;
            engine.force_new_cluster(&mark.address, &format!("{}:{SWARM_PORT}", mark.address)).await?;
            fs::remove_file(&self.path)?;
            tracing::info!(cluster = mark.cluster, "a backup is restored: the engine goes on alone with what is in it");
            return Ok(None);
        }
        let age = SystemTime::UNIX_EPOCH + Duration::from_secs(mark.at);
        let is_old = age.elapsed().is_ok_and(|age| age >= FORGOTTEN);
        if !swarm.node_id.is_empty() || is_old {
            self.forget(if is_old { "the engine was not restarted" } else { "the engine is in another swarm" });
            return Ok(None);
        }
        Ok(Some("a backup is in place: restart this host's engine, and it goes on with what is in it".to_owned()))
    }

    fn forget(&self, why: &str) {
        tracing::warn!(why, "a backup that was put in place is forgotten");
        let _ = fs::remove_file(&self.path);
    }
}
