//! What a monitor says of itself, for tests that wait until it says it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::lab::Host;

/// Where a host stands, and why, as its `/status` has it.
pub fn standing(host: &Host) -> Result<(String, String), String> {
    let plan = host.status()?["plan"].take();
    let text = |key: &str| plan[key].as_str().map(str::to_owned).ok_or_else(|| format!("no plan yet: {plan}"));
    Ok((text("stage")?, text("reason")?))
}

/// Whether a host says that it stands there, for a reason that has this part. Its health check has to say why too where
/// it is not well, and so has its log.
pub fn says(host: &Host, stage: &str, part: &str) -> Result<(), String> {
    let (is, why) = standing(host)?;
    if is != stage || !why.contains(part) {
        return Err(format!("host {} says {is}: {why}; {stage}: …{part}… is wanted", host.index));
    }
    let (status, line) = host.ping()?;
    if status != 200 && (status != 503 || !line.contains(part) || line.trim_end().contains('\n')) {
        return Err(format!("host {} answers {status}: {line:?}; {part:?} is wanted", host.index));
    }
    if !host.log().lines().any(|line| line.contains(stage) && line.contains(part)) {
        return Err(format!("the log of host {} has no line with {stage} and {part:?}", host.index));
    }
    Ok(())
}

/// What a raw request to the health port brings.
pub struct Raw {
    pub status: u16,
    pub body: String,
}

/// Sends bytes to the health port and reads until the end.
pub fn raw(address: Ipv4Addr, request: &[u8], limit: Duration) -> Result<Raw, String> {
    let start = Instant::now();
    let mut stream = connect(address, limit)?;
    // One that is refused half-way is answered all the same.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| format!("after {:?}: {error}", start.elapsed()))?;
    let answer = String::from_utf8(answer).map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("no HTTP: {answer:?}"))?;
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or_else(|| format!("no HTTP: {head}"))?;
    Ok(Raw { status, body: body.to_owned() })
}

/// A connection to the health port.
pub fn connect(address: Ipv4Addr, limit: Duration) -> Result<TcpStream, String> {
    let text = |error: std::io::Error| error.to_string();
    let stream = TcpStream::connect_timeout(&SocketAddr::from((address, 2378)), limit).map_err(text)?;
    stream.set_read_timeout(Some(limit)).map_err(text)?;
    stream.set_write_timeout(Some(limit)).map_err(text)?;
    Ok(stream)
}
