//! The pages at an address of this machine: for a browser that reads them while the files are written.

mod clients;
mod follow;
mod guard;
mod host_name;
mod news;
mod routes;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::catalog::Shelf;
use crate::links::Links;
use crate::pages::Preview;
use follow::Follower;
use guard::Hosts;
pub use host_name::{HostNameError, host_name};

/// How many pages are made at a time.
const AT_ONCE: usize = 4;

/// What is served, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The catalogs.
    pub shelf: Shelf,
    /// The address and port to listen at; of port 0 a free one.
    pub listen: SocketAddr,
    /// Names by which clients may call it, beside `localhost` and addresses, as [`host_name`] gives them.
    pub hosts: Vec<String>,
}

/// Why it is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken.
    #[error("{0} is taken already: another port, or 0 for a free one, goes with --listen")]
    Taken(SocketAddr),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {reason}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: io::Error,
    },
    /// The system gives no runtime.
    #[error("cannot begin to serve: {0}")]
    Runtime(io::Error),
}

/// Hears Ctrl-C, and what a service is ended by, from now on. Where no signal can be heard, it waits for ever.
fn asked_to_end() -> impl Future<Output = ()> {
    let heard = |kind| {
        let signals = signal(kind);
        async move {
            match signals {
                Ok(mut signals) => signals.recv().await,
                Err(_) => std::future::pending().await,
            }
        }
    };
    let (interrupted, terminated) = (heard(SignalKind::interrupt()), heard(SignalKind::terminate()));
    async move {
        tokio::select! {
            _ = interrupted => {}
            _ = terminated => {}
        }
    }
}

/// Serves until the process is asked to end; tells its address once it listens.
///
/// # Errors
/// It cannot listen.
pub fn serve(options: Options, told: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(AT_ONCE)
        .build()
        .map_err(ServeError::Runtime)?;
    let outcome = runtime.block_on(async {
        let listener = TcpListener::bind(options.listen).await.map_err(|reason| match reason.kind() {
            io::ErrorKind::AddrInUse => ServeError::Taken(options.listen),
            _ => ServeError::Listen { address: options.listen, reason },
        })?;
        let address = listener.local_addr().map_err(|reason| ServeError::Listen { address: options.listen, reason })?;
        let follower = Arc::new(Follower::new());
        let preview = Arc::new(Preview::new(options.shelf, Links::Live));
        let router = routes::router(preview, follower, Hosts::new(options.hosts));
        // Whoever hears the address may end it at once.
        let end = asked_to_end();
        told(address);
        tokio::select! {
            () = clients::serve(listener, router) => {}
            () = end => {}
        }
        Ok(())
    });
    // A page that is being made is nobody's any more.
    runtime.shutdown_background();
    outcome
}
