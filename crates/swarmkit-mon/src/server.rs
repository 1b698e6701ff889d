//! Those who ask on the health port: so many at a time, each for so long. Whoever sends slowly, or nothing at all, makes
//! room for the next one.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// An answer.
pub type Answer = Response<Full<Bytes>>;

/// How many connections are held; beyond that the oldest is closed. Health checks come from a few hosts.
const MOST: usize = 256;
/// How long a client may take to send what it asks for.
const HEAD: Duration = Duration::from_secs(5);
/// How long a connection may last.
const WHOLE: Duration = Duration::from_secs(30);
/// What a request may hold before its body, in bytes. Bodies are not read.
const LARGEST_HEAD: usize = 16 * 1024;
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// Answers for as long as it is polled.
pub async fn serve<F>(listener: TcpListener, answer: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static)
where
    F: Future<Output = Answer> + Send + 'static,
{
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    // Ends them all when it is dropped.
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                open.retain(|client| !client.is_finished());
                if open.len() >= MOST || accepted.is_err() {
                    open.pop_front().inspect(AbortHandle::abort);
                }
                match accepted {
                    Ok((stream, _)) => open.push_back(clients.spawn(client(stream, answer.clone()))),
                    Err(error) => {
                        tracing::debug!(%error, "a connection to the health port could not be taken");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
            Some(_) = clients.join_next() => {}
        }
    }
}

async fn client<F: Future<Output = Answer>>(stream: TcpStream, answer: impl Fn(Request<Incoming>) -> F) {
    let service = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(LARGEST_HEAD);
    // What goes wrong with a connection is its client's matter.
    let _ = tokio::time::timeout(WHOLE, http.serve_connection(TokioIo::new(stream), service)).await;
}
