//! The container that this monitor runs in, and what Rancher calls it.

use std::fs;

use tokio::sync::OnceCell;

use super::call::CallError;
use super::engine::Engine;

/// Rancher gives each of its containers this label: the container's UUID in Rancher and in its metadata.
pub const UUID_LABEL: &str = "io.rancher.container.uuid";
/// Where the kernel tells what is mounted here. The engine mounts these files of its own into every container.
const MOUNTS: &str = "/proc/self/mountinfo";
const MOUNTED: [&str; 3] = ["/hostname", "/hosts", "/resolv.conf"];

/// This monitor's container.
pub struct OwnContainer {
    /// What the engine calls it; `None` outside of a container.
    id: Option<String>,
    uuid: OnceCell<Option<String>>,
}

impl OwnContainer {
    /// The one that this process runs in.
    pub fn of_this_process() -> Self {
        let mounts = fs::read_to_string(MOUNTS).unwrap_or_default();
        Self { id: container_id(&mounts), uuid: OnceCell::new() }
    }

    /// What the engine calls it; `None` outside of a container.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What Rancher calls it; `None` if this process runs in no container that Rancher started.
    ///
    /// # Errors
    /// The engine, which knows, does not tell.
    pub async fn uuid(&self, engine: &Engine) -> Result<Option<&str>, CallError> {
        let Some(id) = &self.id else { return Ok(None) };
        let ask = || async {
            match engine.container_labels(id).await {
                Ok(mut labels) => Ok(labels.remove(UUID_LABEL).filter(|uuid| !uuid.is_empty())),
                // The container is another engine's, which this one runs in.
                Err(error) if error.status() == Some(404) => Ok(None),
                Err(error) => Err(error),
            }
        };
        Ok(self.uuid.get_or_try_init(ask).await?.as_deref())
    }
}

/// The ID of the container whose files are mounted here.
fn container_id(mounts: &str) -> Option<String> {
    let id = |line: &str| {
        let source = line.split(' ').nth(3)?;
        let folder = MOUNTED.iter().find_map(|file| source.strip_suffix(file))?;
        let (containers, id) = folder.rsplit_once('/')?;
        let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_id && containers.ends_with("containers")).then(|| id.to_owned())
    };
    mounts.lines().find_map(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_is_told_by_the_files_that_the_engine_mounts() {
        let id = "0123456789abcdef".repeat(4);
        let mounts = format!(
            "22 1 0:21 / /proc rw - proc proc rw\n\
             90 80 8:1 /var/lib/docker/containers/{id}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw\n"
        );
        assert_eq!(container_id(&mounts), Some(id));
        assert_eq!(container_id("90 80 8:1 /etc/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"), None);
        assert_eq!(container_id("90 80 8:1 /x/containers/short/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n\n"), None);
    }
}
