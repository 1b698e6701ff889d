//! A port that is published.

use std::fmt;
use std::str::FromStr;

/// A port of a container, and the one of the host that leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// The host's.
    pub public: u16,
    /// The container's.
    pub private: u16,
    /// Whether it is UDP.
    pub is_udp: bool,
}

impl Port {
    /// What stands behind the container's port.
    pub(super) fn protocol(self) -> &'static str {
        if self.is_udp { "/udp" } else { "" }
    }
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || "PORT or HOST_PORT:PORT is wanted, with /udp behind it for UDP, such as 8080:80".to_owned();
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let is_udp = match protocol {
            "tcp" => false,
            "udp" => true,
            _ => return Err(wanted()),
        };
        let (public, private) = ports.split_once(':').unwrap_or((ports, ports));
        let number = |text: &str| {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|port| is_number && *port > 0).ok_or_else(wanted)
        };
        Ok(Self { public: number(public)?, private: number(private)?, is_udp })
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}{}", self.public, self.private, self.protocol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_has_two_sides() {
        for (text, read) in [("80", "80:80"), ("8080:80", "8080:80"), ("53:5353/udp", "53:5353/udp"), ("1/tcp", "1:1")]
        {
            assert_eq!(text.parse::<Port>().unwrap().to_string(), read);
        }
        for bad in ["", "0", "80:", ":80", "70000", "80/sctp", "a", "1:2:3", "+8"] {
            assert!(bad.parse::<Port>().is_err(), "{bad}");
        }
    }
}
