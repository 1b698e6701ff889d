//! Listens, for metadata or the API.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::exchange::{Exchange, Lost};
use super::faults::Kind;
use super::{Shared, ordered};

/// How long an address may still be in use, and how often to look.
const IN_USE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(20);

type Command = (bool, mpsc::Sender<()>);

/// One of the two, listening.
pub struct Endpoint {
    pub address: SocketAddr,
    commands: UnboundedSender<Command>,
}

impl Endpoint {
    pub fn start(
        runtime: &tokio::runtime::Runtime,
        shared: &Arc<Shared>,
        kind: Kind,
        address: SocketAddr,
        tls: Option<TlsAcceptor>,
    ) -> io::Result<Self> {
        let listener = runtime.block_on(bind(address))?;
        let address = listener.local_addr()?;
        let (commands, received) = unbounded_channel();
        let connections = Connections { shared: shared.clone(), kind, tls, running: JoinSet::new() };
        runtime.spawn(listen(address, listener, received, connections));
        Ok(Self { address, commands })
    }

    /// Takes connections, or refuses them.
    pub fn set_open(&self, open: bool) {
        ordered(&self.commands, open);
    }
}

/// A process that another thread is starting holds a copy of a socket that was closed, until it is the other program.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let start = Instant::now();
    loop {
        match TcpListener::bind(address).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && start.elapsed() < IN_USE => {
                tokio::time::sleep(AGAIN).await;
            }
            bound => return bound,
        }
    }
}

async fn listen(
    address: SocketAddr,
    listener: TcpListener,
    mut commands: UnboundedReceiver<Command>,
    mut connections: Connections,
) {
    let mut listener = Some(listener);
    loop {
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            accepted = accept => {
                if let Ok((stream, from)) = accepted {
                    connections.serve(stream, from.ip());
                }
            }
            command = commands.recv() => {
                let Some((open, done)) = command else { return };
                if !open {
                    listener = None;
                    connections.running.shutdown().await;
                } else if listener.is_none() {
                    listener = Some(bind(address).await.expect("the address that it had"));
                }
                let _ = done.send(());
            }
        }
    }
}

struct Connections {
    shared: Arc<Shared>,
    kind: Kind,
    tls: Option<TlsAcceptor>,
    running: JoinSet<()>,
}

impl Connections {
    fn serve(&mut self, stream: TcpStream, source: IpAddr) {
        while self.running.try_join_next().is_some() {}
        let (shared, kind, tls) = (self.shared.clone(), self.kind, self.tls.clone());
        self.running.spawn(async move {
            match tls {
                None => connection(TokioIo::new(stream), shared, kind, source, "http").await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        connection(TokioIo::new(stream), shared, kind, source, "https").await;
                    }
                }
            }
        });
    }
}

async fn connection<Io>(io: Io, shared: Arc<Shared>, kind: Kind, source: IpAddr, scheme: &'static str)
where
    Io: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Exchange::read(shared, kind, source, scheme, request).await.ok_or(Lost)?.answer().await }
    });
    let _ = hyper::server::conn::http1::Builder::new().timer(TokioTimer::new()).serve_connection(io, service).await;
}
