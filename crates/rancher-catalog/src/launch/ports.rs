//! The forms of ports: those that the executor takes (Docker's go-connections), and those that Cattle takes.

/// Why the executor does not take a port, in the author's words.
pub(super) fn executor_refuses(text: &str) -> Option<String> {
    let (port, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let parts: Vec<&str> = port.split(':').collect();
    let (address, public, private) = match parts.as_slice() {
        [private] => ("", "", *private),
        [public, private] => ("", *public, *private),
        [address, public, private] => (*address, *public, *private),
        _ => return Some("has too many parts".to_owned()),
    };
    if !address.is_empty() && address.parse::<std::net::IpAddr>().is_err() {
        return Some(format!("begins with `{address}`, which is no IP address"));
    }
    if private.is_empty() {
        return Some("names no port of the container".to_owned());
    }
    let Some(inside) = range(private) else { return Some(no_port(private)) };
    if !public.is_empty() {
        let Some(outside) = range(public) else { return Some(no_port(public)) };
        if inside.1 - inside.0 != outside.1 - outside.0 && inside.0 != inside.1 {
            return Some("has two ranges of different length".to_owned());
        }
    }
    let known = protocol.eq_ignore_ascii_case("tcp") || protocol.eq_ignore_ascii_case("udp");
    (!known).then(|| format!("ends with the protocol `{protocol}`; there are tcp and udp"))
}

fn no_port(text: &str) -> String {
    format!("has `{text}` where a number from 1 to 65535 is due")
}

fn range(text: &str) -> Option<(u16, u16)> {
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    if !text.contains('-') {
        return number(text).map(|one| (one, one));
    }
    let mut parts = text.split('-');
    let range = (number(parts.next()?)?, number(parts.next()?)?);
    (range.0 <= range.1).then_some(range)
}

/// Why Cattle does not take a port that the executor took (its `PortSpec`), in the author's words.
pub(super) fn cattle_refuses(text: &str) -> Option<String> {
    const FORM: &str = "has not the form [address:][host port:]container port[/tcp or /udp]";
    let mut rest = text;
    let parts: Vec<&str> = text.split(']').collect();
    if let [address, behind] = parts.as_slice() {
        if !address.starts_with('[') {
            return Some(FORM.to_owned());
        }
        rest = behind.strip_prefix(':').unwrap_or(behind);
    } else if text.matches(':').count() == 2 {
        rest = text.split_once(':').map_or("", |(_, rest)| rest);
        rest = rest.strip_prefix(':').unwrap_or(rest);
    }
    let (ports, protocol) = rest.split_once('/').map_or((rest, ""), |(ports, protocol)| (ports, protocol));
    let (public, private) = ports.split_once(':').map_or((None, ports), |(public, private)| (Some(public), private));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if public.is_some_and(str::is_empty) {
        return Some("has nothing where the host's port is due".to_owned());
    }
    if !is_number(private) || !public.is_none_or(is_number) || protocol.contains('\n') {
        let is_range = |text: &str| text.contains('-');
        return Some(match is_range(private) || public.is_some_and(is_range) {
            true => "is a range, which Rancher does not take: write each port".to_owned(),
            false => FORM.to_owned(),
        });
    }
    let outside = |text: &&str| !text.parse::<u16>().is_ok_and(|port| port > 0);
    if let Some(port) = [Some(private), public].into_iter().flatten().find(outside) {
        return Some(no_port(port));
    }
    let known = matches!(protocol, "" | "tcp" | "udp");
    (!known).then(|| format!("ends with the protocol `{protocol}`; there are tcp and udp, in small letters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_executor_takes() {
        for good in [
            "80",
            "80:80",
            "1.2.3.4:80:80",
            "1.2.3.4::80",
            ":80",
            "80/udp",
            "80/TCP",
            "80-90:80-90",
            "0",
            "8000-8010:80",
        ] {
            assert_eq!(executor_refuses(good), None, "{good}");
        }
        for bad in ["", "a", "80:", "x:80:80", "1:2:3:4", "70000", "80/sctp", "80/", "80-85:90-91", "90-80", "-", "80 "]
        {
            assert!(executor_refuses(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn what_cattle_takes() {
        for good in ["80", "80:80", "1.2.3.4:80:80", "1.2.3.4::80", "80/udp", "80/", "[::1]:80:80"] {
            assert_eq!(cattle_refuses(good), None, "{good}");
        }
        for bad in [":80", "80-90:80-90", "0", "80:0", "80/TCP", "8000-8010:80"] {
            assert!(cattle_refuses(bad).is_some(), "{bad}");
        }
    }
}
