//! A folder of the host, read and written through the engine: as a mount of a container that is made for it and never started.
//! So the monitor itself sees no more of the host than its socket.

use std::time::Duration;

use reqwest::{Body, Method, Response};
use serde_json::json;

use super::Engine;
use crate::call::{self, CallError};

/// The container, and the image without anything that it is made of.
const NAME: &str = "swarmkit-mon-folder";
const TAG: &str = "nothing";
/// Where the folder is in the container.
const MOUNT: &str = "/folder";
/// What making the container, or taking it away, may take.
const LIMIT: Duration = Duration::from_secs(30);
/// What a whole folder may take to be written.
const WRITE: Duration = Duration::from_secs(600);
const LARGEST: usize = 1 << 20;

/// What is to be done with a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is read.
    Read,
    /// It is written.
    Write,
}

/// A folder of the host, until it is closed.
pub struct HostFolder<'a> {
    engine: &'a Engine,
}

impl Engine {
    /// Opens a folder of the host. One process at a time may have one open.
    ///
    /// # Errors
    /// As every call.
    pub async fn open_folder(&self, folder: &str, access: Access) -> Result<HostFolder<'_>, CallError> {
        let opened = HostFolder { engine: self };
        // What one that was killed has left.
        opened.remove(&format!("/containers/{NAME}?force=1")).await?;
        let query = format!("fromSrc=-&repo={NAME}&tag={TAG}");
        let (what, request) = self.request(Method::POST, &format!("/images/create?{query}")).await?;
        let nothing = request.header("Content-Type", "application/x-tar").body(vec![0; 1024]);
        call::bytes(&what, LIMIT, LARGEST, nothing).await?;
        let mode = if access == Access::Read { ":ro" } else { "" };
        let container = json!({
            "Image": format!("{NAME}:{TAG}"),
            "Cmd": ["none"],
            "NetworkDisabled": true,
            "HostConfig": {
                "NetworkMode": "none",
                "Binds": [format!("{folder}:{MOUNT}{mode}")],
                "SecurityOpt": ["label=disable"],
            },
        });
        let (what, request) = self.request(Method::POST, &format!("/containers/create?name={NAME}")).await?;
        match call::bytes(&what, LIMIT, LARGEST, request.json(&container)).await {
            Ok(_) => Ok(opened),
            Err(error) => {
                opened.close().await?;
                Err(error)
            }
        }
    }
}

impl HostFolder<'_> {
    /// All that is in it, as a stream of a tar archive whose paths begin with the mount's name. Who reads it sets the time limits.
    ///
    /// # Errors
    /// As every call.
    pub async fn read(&self) -> Result<Response, CallError> {
        let (what, request) =
            self.engine.request(Method::GET, &format!("/containers/{NAME}/archive?path={MOUNT}")).await?;
        let opened = tokio::time::timeout(LIMIT, request.send()).await;
        let response = opened
            .map_err(|_| CallError::TimedOut { what: what.clone(), limit_ms: LIMIT.as_millis() })?
            .map_err(|error| call::unreachable(&what, &error))?;
        call::good(&what, response.status(), b"")?;
        Ok(response)
    }

    /// Writes what is in a tar archive into it.
    ///
    /// # Errors
    /// As every call.
    pub async fn write(&self, tar: Body) -> Result<(), CallError> {
        let (what, request) =
            self.engine.request(Method::PUT, &format!("/containers/{NAME}/archive?path={MOUNT}")).await?;
        let request = request.header("Content-Type", "application/x-tar").body(tar);
        call::bytes(&what, WRITE, LARGEST, request).await.map(drop)
    }

    /// Takes away what was made for it.
    ///
    /// # Errors
    /// As every call.
    pub async fn close(self) -> Result<(), CallError> {
        self.remove(&format!("/containers/{NAME}?force=1")).await?;
        self.remove(&format!("/images/{NAME}:{TAG}?force=1")).await
    }

    async fn remove(&self, path: &str) -> Result<(), CallError> {
        let (what, request) = self.engine.request(Method::DELETE, path).await?;
        match call::bytes(&what, LIMIT, LARGEST, request).await {
            Err(error) if error.status() != Some(404) => Err(error),
            _ => Ok(()),
        }
    }
}
