//! A registry that has the images of some archives, byte for byte. Engines take it for a mirror of Docker's own.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// How long it may take to end.
const END: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Content {
    blobs: BTreeMap<String, Bytes>,
    /// Digests of manifests by repository and tag, and by repository and digest, with their media types.
    manifests: BTreeMap<(String, String), (String, String)>,
    /// The manifests that were fetched.
    fetched: Vec<String>,
}

/// The registry; it ends when dropped.
pub struct Registry {
    content: Arc<Mutex<Content>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Registry {
    /// Listens on an address.
    pub fn start(address: SocketAddr) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(address))?;
        let content = Arc::new(Mutex::new(Content::default()));
        let shared = content.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                tokio::spawn(async move {
                    let answer = service_fn(move |request: Request<Incoming>| {
                        let answer = answer(&mut shared.lock().unwrap(), &request);
                        async move { Ok::<_, Infallible>(answer) }
                    });
                    let _ =
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        Ok(Self { content, runtime: Some(runtime) })
    }

    /// Takes the image of an archive, as a push with its digest kept does; the digest.
    pub fn push(&self, archive: &Path) -> Result<String, String> {
        let text = |error: std::io::Error| format!("{}: {error}", archive.display());
        let mut files = BTreeMap::new();
        let mut tar = tar::Archive::new(std::fs::File::open(archive).map_err(text)?);
        for entry in tar.entries().map_err(text)? {
            let mut entry = entry.map_err(text)?;
            let path = entry.path().map_err(text)?.display().to_string();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(text)?;
            files.insert(path, Bytes::from(content));
        }
        let index: Value = serde_json::from_slice(files.get("index.json").ok_or("no index.json")?)
            .map_err(|error| error.to_string())?;
        let top = &index["manifests"][0];
        let field = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("index.json: {index}"));
        let (digest, kind) = (field(&top["digest"])?, field(&top["mediaType"])?);
        let name = field(&top["annotations"]["io.containerd.image.name"])?;
        let (repository, tag) = name.trim_start_matches("docker.io/").rsplit_once(':').ok_or("a name without a tag")?;
        let mut content = self.content.lock().unwrap();
        for (path, blob) in files {
            if let Some(digest) = path.strip_prefix("blobs/sha256/") {
                content.blobs.insert(format!("sha256:{digest}"), blob);
            }
        }
        for reference in [tag, &digest] {
            content.manifests.insert((repository.to_owned(), reference.to_owned()), (digest.clone(), kind.clone()));
        }
        Ok(digest)
    }

    /// How often a manifest was fetched.
    pub fn fetched(&self, digest: &str) -> usize {
        self.content.lock().unwrap().fetched.iter().filter(|fetched| *fetched == digest).count()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // The next lab may get the same address.
            runtime.shutdown_timeout(END);
        }
    }
}

fn answer(content: &mut Content, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().trim_start_matches("/v2/");
    let response = Response::builder().header("Docker-Distribution-Api-Version", "registry/2.0");
    let found = if path.is_empty() {
        Some(("application/json".to_owned(), None, Bytes::from_static(b"{}")))
    } else if let Some((repository, reference)) = path.split_once("/manifests/") {
        let manifest = content.manifests.get(&(repository.to_owned(), reference.to_owned())).cloned();
        manifest.map(|(digest, kind)| {
            if request.method() == Method::GET {
                content.fetched.push(digest.clone());
            }
            let blob = content.blobs.get(&digest).cloned().unwrap_or_default();
            (kind, Some(digest), blob)
        })
    } else {
        let blob = path.split_once("/blobs/").and_then(|(_, digest)| content.blobs.get(digest).cloned());
        blob.map(|blob| ("application/octet-stream".to_owned(), None, blob))
    };
    let response = match found {
        None => response.status(404).body(Full::new(Bytes::from_static(b"{\"errors\":[{\"code\":\"NOT_FOUND\"}]}"))),
        Some((kind, digest, blob)) => {
            let mut response = response.header("Content-Type", kind);
            if let Some(digest) = digest {
                response = response.header("Docker-Content-Digest", digest);
            }
            // Of HEAD only the head is sent, with the length of what a GET would bring.
            response.body(Full::new(blob))
        }
    };
    response.expect("a response without oddities")
}
