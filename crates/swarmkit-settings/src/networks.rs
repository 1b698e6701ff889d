//! A list of networks as an operator writes it: `10.20.0.0/16, 10.30.0.0/16`.

use ipnet::Ipv4Net;

/// How many an engine is given.
const MOST: usize = 16;

/// The networks of a list, as they are written; `None` if it is no list of IPv4 networks that do not overlap.
pub(crate) fn read(text: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = text.split([',', ' ']).filter(|part| !part.is_empty()).collect();
    let networks = parts.iter().map(|part| parse(part)).collect::<Option<Vec<_>>>()?;
    let do_overlap =
        networks.iter().enumerate().any(|(at, one)| networks[..at].iter().any(|other| overlap(*one, *other)));
    (networks.len() <= MOST && !do_overlap).then(|| parts.iter().map(|part| (*part).to_owned()).collect())
}

/// The length of a network's prefix.
pub(crate) fn prefix(network: &str) -> Option<u32> {
    parse(network).map(|network| network.prefix_len().into())
}

fn parse(text: &str) -> Option<Ipv4Net> {
    let network: Ipv4Net = text.parse().ok()?;
    let is_whole = network.addr() == network.network();
    (is_whole && (1..=29).contains(&network.prefix_len())).then_some(network)
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_whole_networks_that_do_not_overlap() {
        assert_eq!(read(""), Some(Vec::new()));
        assert_eq!(read("10.20.0.0/16, 10.30.0.0/16").map(|all| all.len()), Some(2));
        for bad in
            ["10.20.0.1/16", "10.20.0.0", "10.0.0.0/8,10.1.0.0/16", "10.0.0.0/33", "10.0.0.0/0", "fd00::/64", "x"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
        let many: Vec<String> = (0..17).map(|at| format!("10.{at}.0.0/16")).collect();
        assert_eq!(read(&many.join(",")), None);
    }
}
