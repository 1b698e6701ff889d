//! Many clients at once, and such as never end what they ask: whoever asks for a page gets it all the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use swarm_lab::generator::rendered_catalog;
use swarm_lab::previewed::Preview;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![
        pages_that_follow_the_files_leave_room_for_others,
        who_sends_half_of_a_request_keeps_nobody_out,
        what_is_asked_at_once_is_all_answered,
    ]
}

/// What a machine with other work to do may take.
const LIMIT: Duration = Duration::from_secs(60);
/// As many as are told of news, and as many as are held.
const LISTENERS: usize = 32;
const CONNECTIONS: usize = 128;

pub fn sent(preview: &Preview, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&preview.address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// A request that is sent, and the status of its answer, which may have no end.
fn begun(preview: &Preview, path: &str) -> (TcpStream, String) {
    let stream = sent(preview, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).unwrap();
    (stream, line.split(' ').nth(1).unwrap_or_default().to_owned())
}

fn pages_that_follow_the_files_leave_room_for_others() {
    let folder = rendered_catalog();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    let all: Vec<(TcpStream, String)> = (0..CONNECTIONS).map(|_| begun(&preview, "/events")).collect();
    let (mut follow, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, status)| status == "200");
    assert_eq!(follow.len(), LISTENERS);
    assert!(others.iter().all(|(_, status)| status == "503"), "{others:?}");
    let full = preview.get("/events");
    assert!(full.status == 503 && String::from_utf8_lossy(&full.body).contains("close one"), "{}", full.head);
    assert!(preview.get("/").text().contains("Docker Swarm on the hosts"));
    // Whoever closes one makes room for another.
    drop(follow.pop());
    let start = Instant::now();
    while begun(&preview, "/events").1 != "200" {
        assert!(start.elapsed() < LIMIT, "no place is free again");
    }
}

fn who_sends_half_of_a_request_keeps_nobody_out() {
    let folder = rendered_catalog();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    let mut halves: Vec<TcpStream> =
        (0..2 * CONNECTIONS).map(|_| sent(&preview, "GET /assets/preview.css HTTP/1.1\r\nHost: loc")).collect();
    assert!(preview.get("/").text().contains("Docker Swarm on the hosts"));
    // That did not have to wait until the last of them was given up.
    let last = halves.last_mut().unwrap();
    last.write_all(b"alhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    last.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(":root"), "{answer}");
}

fn what_is_asked_at_once_is_all_answered() {
    let folder = rendered_catalog();
    let preview = Preview::start(&folder.path().join("community-catalog"), &[]);
    let asked = "GET /assets/favicon.svg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let streams: Vec<TcpStream> = (0..2 * CONNECTIONS).map(|_| sent(&preview, asked)).collect();
    for mut stream in streams {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("</svg>\n"), "{answer}");
    }
}
