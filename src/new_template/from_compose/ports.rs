//! Ports: Rancher takes `[address:][host port:]port[/udp]`, and no ranges.

use rancher_catalog::yaml::{Node, NodeKind};

/// More ports no range stands for here.
const MOST: u32 = 256;

/// What a port of a list becomes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ports {
    /// These; several where it was a range.
    Each(Vec<String>),
    /// Nothing, and why.
    None(&'static str),
}

/// A port in its long form, as a short one; what of it Rancher does not know.
pub(super) fn short(port: &Node) -> Result<(String, Vec<&str>), &'static str> {
    let text = |key: &str| port.get(key).and_then(Node::text).filter(|text| !text.is_empty());
    let target = text("target").ok_or("a port has no `target`")?;
    let mut short = String::new();
    if let Some(address) = text("host_ip") {
        short.push_str(address);
        short.push(':');
    }
    match text("published") {
        Some(published) => short.push_str(&format!("{published}:")),
        None if !short.is_empty() => short.push(':'),
        None => {}
    }
    short.push_str(target);
    if let Some(protocol) = text("protocol") {
        short.push_str(&format!("/{protocol}"));
    }
    let known = ["target", "published", "protocol", "host_ip", "name", "x-"];
    let others = port.entries().iter().filter_map(|(key, _)| key.text());
    Ok((short, others.filter(|key| !known.contains(key)).collect()))
}

/// Whether it is in its long form.
pub(super) fn is_long(port: &Node) -> bool {
    matches!(port.kind, NodeKind::Map(_))
}

/// Whether one end of a range is a variable, by which nobody can tell the ports of it.
pub(super) fn has_range_of_variables(text: &str) -> bool {
    let (mut plain, mut within, mut has_variable) = (String::new(), 0_u32, false);
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '$' if letters.peek() == Some(&'{') => {
                letters.next();
                within += 1;
                has_variable = true;
            }
            '}' if within > 0 => within -= 1,
            _ if within == 0 => plain.push(c),
            _ => {}
        }
    }
    (has_variable || plain.contains('$')) && plain.contains('-')
}

/// One or several ports of a text, which may hold Rancher's variables.
pub(super) fn each(text: &str) -> Ports {
    let text = text.trim();
    let (ports, protocol) = text.rsplit_once('/').map_or((text, String::new()), |(ports, protocol)| {
        (
            ports,
            if protocol.eq_ignore_ascii_case("tcp") { String::new() } else { format!("/{}", protocol.to_lowercase()) },
        )
    });
    // A variable may be anything: what it stands in is left as it is.
    if !ports.contains('-') || ports.contains("${") || ports.contains("{{") {
        return Ports::Each(vec![format!("{ports}{protocol}")]);
    }
    let (address, rest) = match ports.rsplitn(3, ':').collect::<Vec<_>>().as_slice() {
        [private, public, address] => (format!("{address}:"), (Some(*public), *private)),
        [private, public] => (String::new(), (Some(*public), *private)),
        _ => (String::new(), (None, ports)),
    };
    let (public, private) = rest;
    let Some(inside) = range(private) else { return Ports::None("its range cannot be read") };
    let outside = match public.map(|public| if public.is_empty() { None } else { Some(range(public)) }) {
        Some(Some(None)) => return Ports::None("its range cannot be read"),
        Some(Some(Some(outside))) => Some(outside),
        _ => None,
    };
    let count = inside.1 - inside.0;
    if count >= MOST {
        return Ports::None("its range is too long to write each port");
    }
    if outside.is_some_and(|outside| outside.1 - outside.0 != count) {
        return Ports::None("it lets the engine choose a port from a range, which Rancher does not");
    }
    let one = |at: u32| {
        let public = outside.map(|outside| format!("{}:", outside.0 + at)).unwrap_or_default();
        format!("{address}{public}{}{protocol}", inside.0 + at)
    };
    Ports::Each((0..=count).map(one).collect())
}

fn range(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0).map(u32::from);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let range = (number(first)?, number(last)?);
    (range.0 <= range.1).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_each_of_its_ports() {
        let made = |text: &str| match each(text) {
            Ports::Each(ports) => ports.join(" "),
            Ports::None(why) => why.to_owned(),
        };
        for (text, wanted) in [
            ("80", "80"),
            ("8080:80/TCP", "8080:80"),
            ("53:53/UDP", "53:53/udp"),
            ("3000-3002:4000-4002", "3000:4000 3001:4001 3002:4002"),
            ("3000-3001", "3000 3001"),
            ("127.0.0.1:5000-5001:5000-5001/udp", "127.0.0.1:5000:5000/udp 127.0.0.1:5001:5001/udp"),
            ("${PORT}:80", "${PORT}:80"),
            ("8000-9000:80", "it lets the engine choose a port from a range, which Rancher does not"),
            ("1-60000", "its range is too long to write each port"),
            ("b-a", "its range cannot be read"),
        ] {
            assert_eq!(made(text), wanted, "{text}");
        }
    }
}
