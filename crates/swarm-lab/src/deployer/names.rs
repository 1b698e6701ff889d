//! A stand-in for Rancher's DNS server: it knows rancher-metadata, and nobody else.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often it looks whether it shall end.
const LOOK: Duration = Duration::from_millis(100);
const NAME: &[&[u8]] = &[b"rancher-metadata", b"rancher", b"internal"];
const TYPE_A: [u8; 2] = [0, 1];

/// The server; it ends when dropped.
pub struct Names {
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Names {
    /// Listens on port 53 of an address, and says where rancher-metadata is.
    pub fn start(address: Ipv4Addr, metadata: Ipv4Addr) -> std::io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::from((address, 53)))?;
        socket.set_read_timeout(Some(LOOK))?;
        let end = Arc::new(AtomicBool::new(false));
        let ends = end.clone();
        let thread = thread::spawn(move || {
            let mut question = [0; 512];
            while !ends.load(Ordering::SeqCst) {
                match socket.recv_from(&mut question) {
                    Ok((length, from)) => {
                        if let Some(answer) = answer(&question[..length], metadata) {
                            let _ = socket.send_to(&answer, from);
                        }
                    }
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(error) => panic!("the DNS server: {error}"),
                }
            }
        });
        Ok(Self { end, thread: Some(thread) })
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.end.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The answer to a question (RFC 1035): the address, an empty answer for another type, or that there is no such name.
fn answer(question: &[u8], address: Ipv4Addr) -> Option<Vec<u8>> {
    let (head, rest) = question.split_at_checked(12)?;
    let (mut labels, mut at) = (Vec::new(), 0);
    loop {
        let length = usize::from(*rest.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(rest.get(at..at + length)?.to_ascii_lowercase());
        at += length;
    }
    let asked = rest.get(..at + 4)?;
    let known = labels == NAME;
    let has_answer = known && asked[at..at + 2] == TYPE_A;
    let mut answer = head[..2].to_vec();
    // A response, recursion available; with no such name: 3.
    answer.extend([0x81, if known { 0x80 } else { 0x83 }, 0, 1, 0, u8::from(has_answer), 0, 0, 0, 0]);
    answer.extend(asked);
    if has_answer {
        // The name of the question, type A, class IN, a minute, four bytes.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}
