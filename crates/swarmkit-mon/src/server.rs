//! Those who ask on the health port: so many at a time, each for so long. Whoever sends slowly, or nothing at all, makes
//! room for the next one.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use super::accept::accept;

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

/// Answers for as long as it is polled.
pub async fn serve<F>(listener: TcpListener, answer: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static)
where
    F: Future<Output = Answer> + Send + 'static,
{
    accept(listener, MOST, "health", |stream, _| Some(client(stream, answer.clone()))).await;
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
