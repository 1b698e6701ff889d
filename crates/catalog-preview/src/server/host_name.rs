//! Names of machines: as `--allow-host` gives them, and as the `Host` header of a request has them.

use std::net::{IpAddr, Ipv6Addr};

/// The most characters of a name, and of a part of it.
const LONGEST: usize = 253;
const LONGEST_PART: usize = 63;

/// Why a text is no name of a machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostNameError {
    /// There is none.
    #[error("it is empty, and a name is wanted, such as build.example")]
    Empty,
    /// A port, a scheme or a path stands beside it.
    #[error("the name alone is wanted, without scheme, port and path: {0}")]
    More(String),
    /// It has other characters.
    #[error("it is no name of a machine: one has the letters a to z, digits, `-` and `.`, such as build.example")]
    Character,
}

/// The name that a text is, in small letters.
///
/// # Errors
/// It is none.
pub fn host_name(text: &str) -> Result<String, HostNameError> {
    if text.is_empty() {
        return Err(HostNameError::Empty);
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    if is_name(name) || name.parse::<IpAddr>().is_ok() {
        return Ok(name.to_ascii_lowercase());
    }
    let behind_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = behind_scheme.split([':', '/']).next().unwrap_or_default();
    Err(if bare != text && is_name(bare) { HostNameError::More(bare.to_owned()) } else { HostNameError::Character })
}

/// The name or address in a `Host` header, behind which nothing but a port may stand: all of the header goes into links.
pub(super) fn in_header(host: &str) -> Option<String> {
    if let Some(rest) = host.strip_prefix('[') {
        let (address, behind) = rest.split_once(']')?;
        let is_good = behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port);
        return (is_good && address.parse::<Ipv6Addr>().is_ok()).then(|| address.to_owned());
    }
    match host.split_once(':') {
        Some((_, port)) if !is_port(port) => None,
        Some((name, _)) => host_name(name).ok(),
        None => host_name(host).ok(),
    }
}

fn is_name(text: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_part = |part: &str| (1..=LONGEST_PART).contains(&part.len()) && part.bytes().all(is_good);
    text.len() <= LONGEST && text.split('.').all(is_part)
}

fn is_port(text: &str) -> bool {
    text.len() <= 5
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u16>().is_ok_and(|number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_one() {
        assert_eq!(host_name("Build.example."), Ok("build.example".to_owned()));
        assert_eq!(host_name("ci_1"), Ok("ci_1".to_owned()));
        assert_eq!(host_name(""), Err(HostNameError::Empty));
        for text in ["*", "*.example", "a b", "a..b", ".", "b\u{fc}ro.example", "x\n", &"x".repeat(64)] {
            assert_eq!(host_name(text), Err(HostNameError::Character), "{text}");
        }
        for text in ["x.example:80", "http://x.example", "x.example/y", "https://x.example:80/y"] {
            assert_eq!(host_name(text), Err(HostNameError::More("x.example".to_owned())), "{text}");
        }
    }

    #[test]
    fn behind_the_name_of_a_header_stands_a_port_or_nothing() {
        for (header, name) in [
            ("localhost", Some("localhost")),
            ("LOCALHOST:65535", Some("localhost")),
            ("x.example.:1", Some("x.example")),
            ("[::1]", Some("::1")),
            ("[::1]:8093", Some("::1")),
            ("localhost:", None),
            ("localhost:0", None),
            ("localhost:65536", None),
            ("localhost:+80", None),
            ("localhost:000080", None),
            ("localhost:1@evil.example", None),
            ("localhost:\"><x", None),
            ("localhost/../x", None),
            ("user@localhost", None),
            ("127.0.0.1:8111/../x", None),
            ("[::1]x", None),
            ("[::1]:", None),
            ("[::1", None),
            ("[localhost]", None),
            ("::1", None),
            ("", None),
        ] {
            assert_eq!(in_header(header).as_deref(), name, "{header}");
        }
    }
}
