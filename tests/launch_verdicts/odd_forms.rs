//! Forms of YAML that authors seldom write, in a version that is good but for them.

use super::made_up::Version;

const RANCHER: &str = "version: '2'\ncatalog:\n  version: v1.0.0\n";

/// Texts in base64: of names, keys and values counts what they say.
const IN_BASE64: &[&str] = &[
    "version: !!binary Mg==\nservices: {web: {image: nginx}}\n",
    "version: !!binary Mw==\nservices: {web: {image: nginx}}\n",
    "version: '2'\n!!binary c2VydmljZXM=: {web: {image: nginx, priviledged: true}}\n",
    "version: '2'\nservices: {!!binary d2Vi: {image: nginx}, db: {image: nginx, links: [web]}}\n",
    "version: '2'\nservices: {!!binary d19i: {image: nginx}}\n",
    "version: '2'\nservices: {web: {!!binary aW1hZ2U=: nginx}}\n",
    "version: '2'\nservices: {web: {image: nginx, ports: [!!binary ODA6ODA=]}}\n",
    "version: '2'\nservices: {web: {image: nginx, ports: [!!binary ODA6eA==]}}\n",
    "version: '2'\nservices: {web: {image: nginx, restart: !!binary YWx3YXlz, command: !!binary aXQncw==}}\n",
    "version: '2'\nservices: {web: {image: nginx, labels: {io.rancher.sidekicks: !!binary ZGI=}}, db: {image: nginx}}\n",
    "version: '2'\nservices: {web: {image: !!binary JHtYOi15fQ==}}\n",
];
/// Keys that are nothing.
const NOTHING_FOR_A_NAME: &[&str] = &[
    "version: '2'\nservices: {null: {image: nginx}}\n",
    "version: '2'\nservices: {Null: {image: nginx}}\n",
    "version: '2'\nservices: {~: {image: nginx}}\n",
    "version: '2'\nservices: {'null': {image: nginx}}\n",
    "version: '2'\nservices: {web: {image: nginx, null: a}}\n",
    "version: '2'\nservices: {web: {image: nginx, environment: {null: a}}}\n",
    "version: '2'\nservices: {web: {image: nginx}}\nvolumes: {null: {}}\n",
    "null: {image: nginx}\n",
    "NULL: {image: nginx}\nweb: {image: nginx}\n",
];
/// `<<` in quotes, which Rancher loses where it writes YAML again. `VALUE` stands for what it holds.
const QUOTED_MERGE: &[&str] = &[
    "version: '2'\nservices: {web: {image: nginx, environment: {'<<': VALUE}}}\n",
    "version: '2'\nservices: {web: {image: nginx, labels: {\"<<\": VALUE, a: b}}}\n",
    "version: '2'\nservices: {web: {image: nginx, metadata: {a: {'<<': VALUE}}}}\n",
    "version: '2'\nservices: {web: {image: nginx, disks: [{'<<': VALUE}]}}\n",
    "version: '2'\nservices: {web: {image: nginx, health_check: {port: 80, !!str <<: VALUE}}}\n",
    "version: '2'\nservices: {web: {image: nginx, logging: {driver: a, options: {'<<': VALUE}}}}\n",
    "version: '2'\nservices: {web: {image: nginx, '<<': VALUE}}\n",
    "version: '2'\nservices: {web: {image: nginx}, '<<': VALUE}\n",
    "version: '2'\nservices: {web: {image: nginx}}\nvolumes: {a: {driver_opts: {'<<': VALUE}}}\n",
    "version: '2'\nservices: {web: {image: nginx}}\nvolumes: {a: {external: {'<<': VALUE}}}\n",
    "version: '2'\nservices: {web: {image: nginx}}\nnetworks: {a: {'<<': VALUE}}\n",
    "version: '2'\nservices: {web: {image: nginx}}\nsecrets: {a: {'<<': VALUE}}\n",
    "web: {image: nginx, environment: {'<<': VALUE}}\n",
];
const MERGED: &[&str] = &["b", "5", "'${NOBODY}'", "{a: b}", "[{a: b}]", "[b]", "~"];
/// The modes of a secret.
const MODES: &[&str] =
    &["1.5", "-1e21", "1e18", "9223372036854775807.0", "1e19", "18446744073709551616", "1e21", "1e100"];
/// The catalog block, once and again.
const BLOCKS: &[&str] = &[
    ".catalog: {version: v1}\ncatalog:\n",
    ".catalog: {version: v1}\ncatalog: {version: v2}\n",
    ".catalog: {version: v1}\n",
    "catalog: {version: v1}\n",
    "version: '2'\ncatalog: {version: v1}\n.catalog:\n",
    "version: '2'\ncatalog: {version: v1}\nservices: {catalog: {scale: 1}}\n",
];

/// Lists of nothing, which Rancher tells apart from no list: a service that has one for its addresses needs no image. What
/// stands in docker-compose.yml, and in rancher-compose.yml.
const ADDRESSES: &[&str] =
    &["", "{}", "{external_ips: []}", "{external_ips: ['']}", "{external_ips: [1.2.3.4]}", "{scale: 1}"];

/// Sections, of which any two may stand in one file: Rancher reads two of a name as one, and what `<<` merges with them.
const SECTIONS: &[&str] = &[
    "services: {web: {image: a}}",
    "services: {a_b: {image: a}}",
    "services: {web: {image: a, tty: 5}}",
    "services: {web: {tty: true}}",
    "services: {}",
    "services: ~",
    "services: [a]",
    "<<: {services: {a_b: {image: a}}}",
    "<<: {services: {web: {image: a, tty: 5}}}",
    "<<: [{services: ~}, {services: {web: {image: a}}}]",
    "containers: {c: {image: a}}",
    "aliases: {alias: {services: [nope]}}",
    "volumes: {a: 5}",
    "volumes: {b: {}}",
    "volumes: ~",
    "<<: {volumes: {a: 5}}",
    "secrets: {a: ~}",
    "secrets: {b: {}}",
];

/// Of a service or an alias; empty maps, and what stands in an alias of nothing.
const OTHERS: &[&str] = &[
    "services: {web: {image: nginx, dns_opt: {}}}\n",
    "services: {web: {image: nginx, extra_hosts: {}}}\n",
    "services: {web: {image: nginx, environment: {}, labels: {}, ulimits: {}, sysctls: {}}}\n",
    "services: {web: {image: nginx}}\naliases: {a: {links: '$'}}\n",
    "services: {web: {image: nginx}}\naliases: {a: {ports: [x]}}\n",
    "services: {web: {image: nginx}}\naliases: {a: {services: [web], links: '$'}}\n",
    "services: {web: {image: nginx}}\naliases: {a: {<<: {services: [web]}, tty: 5}}\n",
    "services: {web: {image: nginx}}\naliases: {a: {services: [web], image: '$'}}\n",
    "services: {web: {image: nginx}}\nexternal_services: {a: {image: '$', hostname: a}}\n",
    "services: {web: {image: nginx}}\nexternal_services: {a: {image: nginx, hostname: '$'}}\n",
    "services: {web: 5, web: {image: nginx}}\n",
    "services: {web: {image: nginx}, web: []}\n",
];

/// All of them.
pub fn versions() -> Vec<Version> {
    let with = |docker: &str| (docker.to_owned(), RANCHER.to_owned());
    let merges = QUOTED_MERGE.iter().flat_map(|docker| MERGED.iter().map(|value| docker.replace("VALUE", value)));
    let modes = MODES.iter().map(|mode| {
        with(&format!("version: '2'\nservices: {{web: {{image: nginx, secrets: [{{source: a, mode: {mode}}}]}}}}\n"))
    });
    let blocks = BLOCKS.iter().map(|rancher| ("web: {image: nginx}\n".to_owned(), (*rancher).to_owned()));
    let addresses = ADDRESSES.iter().flat_map(|docker| {
        ADDRESSES.iter().map(|rancher| {
            let services = |keys: &str| match keys {
                "" => String::new(),
                keys => format!("services: {{web: {keys}}}\n"),
            };
            (format!("version: '2'\n{}", services(docker)), format!("{RANCHER}{}", services(rancher)))
        })
    });
    let sections = SECTIONS
        .iter()
        .flat_map(|one| SECTIONS.iter().map(move |other| with(&format!("version: '2'\n{one}\n{other}\n"))));
    let others = OTHERS.iter().map(|rest| with(&format!("version: '2'\n{rest}")));
    let plain = IN_BASE64.iter().chain(NOTHING_FOR_A_NAME).map(|docker| with(docker));
    plain
        .chain(merges.map(|docker| with(&docker)))
        .chain(modes)
        .chain(blocks)
        .chain(addresses)
        .chain(sections)
        .chain(others)
        .collect()
}
