//! Those who ask: so many at a time, and whoever sends slowly, or nothing at all, keeps nobody out.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How many connections are held. A browser has six, and each open page one more that waits for news.
const MOST: usize = 128;
/// How long a client may take to send what it asks for.
const HEAD: Duration = Duration::from_secs(10);
/// What a request may hold before its body, in bytes. Bodies are not read.
const LARGEST_HEAD: usize = 64 * 1024;
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves them for as long as it is polled.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    let room = Arc::new(Semaphore::new(MOST));
    // Ends them all when it is dropped.
    let mut clients = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        while clients.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        clients.spawn(async move {
            let _place = place;
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(LARGEST_HEAD);
            // What goes wrong with a connection is its client's matter.
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
