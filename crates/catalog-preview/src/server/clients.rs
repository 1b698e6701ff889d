//! Those who ask: so many at a time. Whoever sends slowly, or nothing at all, makes room for who asks.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

/// How many connections are held. A browser has six, and each open page one more that waits for news.
const MOST: usize = 128;
/// How many more are told at a time that there is no room.
const TURNED_AWAY: usize = 64;
/// How long a client may take to send what it asks for.
const HEAD: Duration = Duration::from_secs(30);
/// How long one that is turned away may take to hear it.
const HEARING: Duration = Duration::from_secs(2);
/// What a request may hold before its body, in bytes. Bodies are not read.
const LARGEST_HEAD: usize = 64 * 1024;
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);
/// What is said where there is no room.
const FULL: &str = "so much is asked at once that there is no room: ask again in a moment\n";

/// The connections that are held, by number.
#[derive(Default)]
struct Clients {
    /// The last number that was given.
    turn: u64,
    held: HashMap<u64, Client>,
}

struct Client {
    /// The number of the turn since which it has asked for nothing; `None` while it is being answered.
    waits_since: Option<u64>,
    /// The connection ends when this is dropped.
    _open: oneshot::Sender<()>,
}

impl Clients {
    fn turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    /// Takes one more; if there is no room, in the place of the one that has asked for nothing the longest.
    fn take(&mut self) -> Option<(u64, oneshot::Receiver<()>)> {
        if self.held.len() >= MOST {
            let waiting = self.held.iter().filter_map(|(number, client)| Some((client.waits_since?, *number)));
            let (_, longest) = waiting.min()?;
            self.held.remove(&longest);
        }
        let number = self.turn();
        let (open, closed) = oneshot::channel();
        self.held.insert(number, Client { waits_since: Some(number), _open: open });
        Some((number, closed))
    }

    fn set(&mut self, number: u64, waits_since: Option<u64>) {
        if let Some(client) = self.held.get_mut(&number) {
            client.waits_since = waits_since;
        }
    }
}

/// The place of a connection among them. It is free when this is dropped.
struct Place {
    clients: Arc<Mutex<Clients>>,
    number: u64,
}

impl Place {
    fn clients(&self) -> MutexGuard<'_, Clients> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clients().held.remove(&self.number);
    }
}

/// The time in which a connection is being answered: while this is there.
struct Answering(Arc<Place>);

impl Answering {
    fn begin(place: &Arc<Place>) -> Self {
        place.clients().set(place.number, None);
        Self(Arc::clone(place))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut clients = self.0.clients();
        let now = clients.turn();
        clients.set(self.0.number, Some(now));
    }
}

/// The body of an answer, until its end.
struct Answer {
    body: Body,
    _answering: Answering,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Serves them for as long as it is polled.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    let clients = Arc::new(Mutex::new(Clients::default()));
    let hearing = Arc::new(Semaphore::new(TURNED_AWAY));
    // Ends them all when it is dropped.
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let taken = clients.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((number, closed)) = taken {
            let place = Place { clients: Arc::clone(&clients), number };
            let router = router.clone();
            tasks.spawn(async move {
                tokio::select! {
                    () = answer(stream, router, place) => {}
                    _ = closed => {}
                }
            });
        } else if let Ok(room) = Arc::clone(&hearing).try_acquire_owned() {
            tasks.spawn(async move {
                let _ = tokio::time::timeout(HEARING, turn_away(stream)).await;
                drop(room);
            });
        }
        // What many send who come at once is read while they come: none of them is taken for one that sends nothing.
        tokio::task::yield_now().await;
    }
}

async fn answer(stream: TcpStream, router: Router, place: Place) {
    let place = Arc::new(place);
    let service = service_fn(move |request: Request<Incoming>| {
        let answering = Answering::begin(&place);
        let answered = TowerToHyperService::new(router.clone()).call(request);
        async move {
            let answer = answered.await?;
            Ok::<_, Infallible>(answer.map(|body| Answer { body, _answering: answering }))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(LARGEST_HEAD);
    // What goes wrong with a connection is its client's matter.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

/// Says that there is no room. What is asked is read, since a client whose words are not read may not hear the answer.
async fn turn_away(mut stream: TcpStream) -> io::Result<()> {
    let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close";
    let told = format!("{head}\r\nRetry-After: 1\r\nContent-Length: {}\r\n\r\n{FULL}", FULL.len());
    stream.write_all(told.as_bytes()).await?;
    stream.shutdown().await?;
    let mut asked = [0; 1024];
    while stream.read(&mut asked).await? > 0 {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::sync::mpsc;

    use super::*;

    /// Serves a page that never comes and one that does; tells of who asked for the former.
    async fn served() -> (std::net::SocketAddr, mpsc::UnboundedReceiver<()>, tokio::task::JoinHandle<()>) {
        let (told, asked) = mpsc::unbounded_channel();
        let never = move || {
            let _ = told.send(());
            std::future::pending::<&'static str>()
        };
        let router = Router::new().route("/never", get(never)).route("/", get(|| async { "good" }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (address, asked, tokio::spawn(serve(listener, router)))
    }

    async fn sent(address: std::net::SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn answered(address: std::net::SocketAddr) -> String {
        let mut stream = sent(address, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[test]
    fn the_one_that_has_asked_for_nothing_the_longest_makes_room() {
        let is_open =
            |closed: &mut oneshot::Receiver<()>| closed.try_recv() == Err(oneshot::error::TryRecvError::Empty);
        let mut clients = Clients::default();
        let mut all: Vec<_> = (0..MOST).map(|_| clients.take().unwrap()).collect();
        assert!(all.iter_mut().all(|(_, closed)| is_open(closed)));
        // The first is being answered, and the second was.
        clients.set(all[0].0, None);
        let now = clients.turn();
        clients.set(all[1].0, Some(now));
        let (one_more, mut closed) = clients.take().unwrap();
        assert!(is_open(&mut closed));
        let gone: Vec<usize> = (0..MOST).filter(|at| !is_open(&mut all[*at].1)).collect();
        assert_eq!(gone, [2]);
        for number in all.iter().map(|(number, _)| *number).chain([one_more]) {
            clients.set(number, None);
        }
        assert!(clients.take().is_none());
    }

    #[tokio::test]
    async fn where_all_are_being_answered_the_next_one_is_told_so() {
        let (address, mut asked, _serving) = served().await;
        let mut streams = Vec::new();
        for _ in 0..MOST {
            streams.push(sent(address, "GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n").await);
            asked.recv().await.unwrap();
        }
        let full = answered(address).await;
        assert!(full.starts_with("HTTP/1.1 503 ") && full.ends_with(FULL), "{full}");
    }

    #[tokio::test]
    async fn who_sends_half_of_a_request_makes_room_and_who_is_being_answered_does_not() {
        let (address, mut asked, _serving) = served().await;
        let kept = sent(address, "GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        asked.recv().await.unwrap();
        let mut halves = Vec::new();
        for _ in 0..2 * MOST {
            halves.push(sent(address, "GET / HTTP/1.1\r\nHost: loc").await);
        }
        let good = answered(address).await;
        assert!(good.starts_with("HTTP/1.1 200 ") && good.ends_with("good"), "{good}");
        // The first of them was closed.
        assert!(matches!(halves[0].read(&mut [0; 1]).await, Ok(0) | Err(_)));
        assert_eq!(kept.try_read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
