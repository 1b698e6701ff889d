//! What services say of each other: sidekicks, links, dependencies, the targets of load balancers (the executor's
//! `NewSidekickInfo` and the walk along the dependencies of a project).

use super::made::{Placed, Services, primaries, sidekicks};
use super::{Cause, Told, quoted};

/// Looks at them.
pub(super) fn check<'a>(services: &Services<'a>, told: &mut Vec<Told<'a>>) {
    let primaries = primaries(services);
    let mut several: Vec<(&&str, &Vec<&str>)> = primaries.iter().filter(|(_, of)| of.len() > 1).collect();
    several.sort();
    for (sidekick, of) in several {
        let last = of.last().and_then(|name| services.get(name)).and_then(|s| s.label("io.rancher.sidekicks"));
        let Some(label) = last else { continue };
        let message = if of.iter().all(|name| *name == of[0]) {
            format!("{} is listed twice as a sidekick of `{}`", quoted(sidekick), of[0])
        } else {
            let of: Vec<String> = of.iter().map(|name| format!("`{name}`")).collect();
            format!("{} is a sidekick of {}: it can be that of one service alone", quoted(sidekick), of.join(" and "))
        };
        label.tell(Cause::SidekickGroup, told, message);
    }
    let mut edges: Vec<Edge<'a>> = Vec::new();
    for (from, service) in services.iter().enumerate() {
        let mut leads = |placed: &Placed<'a>, name: &str, key: &str, is_needed: bool| {
            if let Some(to) = target(services, placed, name, key, told) {
                edges.push(Edge { from, to, needed_at: is_needed.then(|| placed.clone()) });
            }
        };
        let Some(of) = primaries.get(service.name) else {
            service.links.iter().for_each(|link| leads(link, &link.text, "links", false));
            let rules = service.balancer.iter().flatten().filter_map(|rule| rule.service.as_ref());
            for rule in rules.filter(|rule| !rule.text.contains('/')) {
                leads(rule, &rule.text, "a rule of the load balancer", true);
            }
            continue;
        };
        service.depends_on.iter().for_each(|other| leads(other, &other.text, "depends_on", true));
        if let Some(mode) = &service.network_mode
            && let Some(name) = mode.text.strip_prefix("service:")
        {
            leads(mode, name, "network_mode", true);
        }
        // A sidekick counts as linked to its service.
        edges.extend(of.iter().filter_map(|name| services.index(name)).map(|to| Edge { from, to, needed_at: None }));
    }
    circles(services, &edges, told);
    for service in services.iter().filter(|service| !primaries.contains_key(service.name)) {
        for sidekick in sidekicks(service).into_iter().filter(|name| services.get(name).is_none()) {
            let Some(label) = service.label("io.rancher.sidekicks") else { continue };
            let message = match sidekick {
                "" => "the label io.rancher.sidekicks has an empty name in it".to_owned(),
                _ => format!("there is no service `{sidekick}` to be a sidekick"),
            };
            label.tell(Cause::Reference, told, message);
        }
    }
}

/// The service that a text names; told where there is none.
fn target<'a>(
    services: &Services<'a>,
    placed: &Placed<'a>,
    text: &str,
    key: &str,
    told: &mut Vec<Told<'a>>,
) -> Option<usize> {
    let name = text.split(':').next().unwrap_or_default();
    // With two or three strokes it is in another environment.
    if matches!(name.split('/').count(), 3 | 4) || services.has(name) {
        return services.index(name);
    }
    let message = if name.is_empty() {
        let answers = if placed.value.is_filled() { " with the answers as they stand" } else { "" };
        format!("`{key}` names no service{answers}")
    } else if name.contains('/') && key == "links" {
        format!("`links` leads to services of this stack alone: {} belongs to `external_links`", quoted(name))
    } else {
        format!("there is no service {}", quoted(name))
    };
    placed.tell(Cause::Reference, told, message);
    None
}

/// One service leads to another.
struct Edge<'a> {
    from: usize,
    to: usize,
    /// Where it says so, if the other one must be there first.
    needed_at: Option<Placed<'a>>,
}

/// A service that must be there first must not lead back.
fn circles<'a>(services: &Services<'a>, edges: &[Edge<'a>], told: &mut Vec<Told<'a>>) {
    if edges.iter().all(|edge| edge.needed_at.is_none()) {
        return;
    }
    let rounds = rounds(services.iter().count(), edges);
    for edge in edges.iter().filter(|edge| rounds[edge.from] == rounds[edge.to]) {
        if let Some(placed) = &edge.needed_at {
            let names: Vec<&str> = services.iter().map(|service| service.name).collect();
            let message = format!("`{}` leads back to `{}`: neither can be first", names[edge.to], names[edge.from]);
            placed.tell(Cause::Circle, told, message);
        }
    }
}

/// A number for each node; equal for those that lead to each other (Kosaraju's algorithm).
fn rounds(nodes: usize, edges: &[Edge<'_>]) -> Vec<usize> {
    let lists = |back: bool| {
        let mut lists: Vec<Vec<usize>> = vec![Vec::new(); nodes];
        for edge in edges {
            let (from, to) = if back { (edge.to, edge.from) } else { (edge.from, edge.to) };
            lists[from].push(to);
        }
        lists
    };
    let (there, back) = (lists(false), lists(true));
    let mut order = Vec::with_capacity(nodes);
    let mut seen = vec![false; nodes];
    for start in 0..nodes {
        let mut path = vec![(start, 0)];
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        while let Some((node, next)) = path.last_mut() {
            if let Some(to) = there[*node].get(*next) {
                *next += 1;
                if !std::mem::replace(&mut seen[*to], true) {
                    path.push((*to, 0));
                }
            } else {
                order.push(*node);
                path.pop();
            }
        }
    }
    let mut rounds = vec![usize::MAX; nodes];
    for start in order.into_iter().rev() {
        let mut left = vec![start];
        while let Some(node) = left.pop() {
            if rounds[node] == usize::MAX {
                rounds[node] = start;
                left.extend(&back[node]);
            }
        }
    }
    rounds
}
