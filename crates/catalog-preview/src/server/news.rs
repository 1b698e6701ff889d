//! News of the files as a stream of events, for a page that is open.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::follow::State;

/// How many pages are told at a time: others than those who wait for news are to be answered too.
pub(super) const LISTENERS: usize = 32;
/// How often something is said where nothing is new, so that a page that is gone is noticed.
const ALIVE: Duration = Duration::from_secs(15);

/// Lines as they come.
struct Lines {
    lines: mpsc::Receiver<Bytes>,
    /// Free for another page when this one is gone.
    _place: OwnedSemaphorePermit,
}

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.lines.poll_recv(context).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}

/// Tells the state of the files, and each later one, to who has a place among the listeners.
pub(super) fn news(mut state: watch::Receiver<State>, place: OwnedSemaphorePermit) -> Response {
    let (told, lines) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let now = *state.borrow_and_update();
            let wait = now.settles_in();
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
                if state.has_changed().unwrap_or(false) {
                    continue;
                }
            }
            let line = format!("event: state\ndata: {}\n\n", now.name());
            if told.send(Bytes::from(line)).await.is_err() {
                return;
            }
            loop {
                let changed = tokio::select! {
                    changed = tokio::time::timeout(ALIVE, state.changed()) => changed,
                    () = told.closed() => return,
                };
                match changed {
                    Ok(Ok(())) => break,
                    Ok(Err(_)) => return,
                    Err(_) if told.send(Bytes::from_static(b": nothing new\n\n")).await.is_err() => return,
                    Err(_) => {}
                }
            }
        }
    });
    let mut answer = Response::new(Body::new(Lines { lines, _place: place }));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer
}
