//! Takes connections on a port: so many are held at a time, and beyond that the oldest makes room for the next one. Whoever
//! sends slowly, or nothing at all, keeps nobody out.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves each connection, for as long as this is polled; all end with it. `client` answers `None` for one that is not served.
pub async fn accept<F>(
    listener: TcpListener,
    most: usize,
    port: &'static str,
    client: impl Fn(TcpStream, SocketAddr) -> Option<F>,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    // Ends them all when it is dropped.
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                open.retain(|client| !client.is_finished());
                let served = accepted.map(|(stream, peer)| client(stream, peer));
                // One that is not served takes no place. What cannot be taken is for want of descriptors: a connection that
                // ends gives one back.
                if served.is_err() || (open.len() >= most && matches!(served, Ok(Some(_)))) {
                    open.pop_front().inspect(AbortHandle::abort);
                }
                match served {
                    Ok(served) => open.extend(served.map(|served| clients.spawn(served))),
                    Err(error) => {
                        tracing::debug!(%error, port, "a connection could not be taken");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
            Some(_) = clients.join_next() => {}
        }
    }
}
