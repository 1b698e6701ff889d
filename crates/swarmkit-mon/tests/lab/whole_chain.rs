//! What a user installs is what is tested: the built image and the rendered entry, deployed as Rancher does it, on real
//! engines. The swarm forms, heals and is upgraded; what does not agree between the two does not pass.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use swarm_lab::trial::Trial;

use gen_catalog::release::pack::{Contents, REVISION_LABEL, VERSION_LABEL, pack};
use serde_json::{Value, json};
use swarm_lab::deployer::Deployer;
use swarm_lab::deployer::entry::Entry;
use swarm_lab::deployer::environment::Environment;
use swarm_lab::deployer::health::Health;
use swarm_lab::deployer::names::Names;
use swarm_lab::deployer::registry::Registry;
use swarm_lab::generator::outcome;
use swarm_lab::git::edit;
use swarm_lab::lab::engine::client_missing;
use swarm_lab::lab::{Host, Lab, missing};
use swarm_lab::tree;
use swarm_lab::trial::{campaign, is_long, ranchers_own_metadata, trial};
use swarm_lab::well::is_well;
use swarmkit_settings::built_from::noted;

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The port of the lab's registry.
const REGISTRY: u16 = 5000;
/// What forming and healing may take.
const LIMIT: Duration = Duration::from_secs(120);

pub fn trials() -> Vec<Trial> {
    let no_engine = missing().or_else(client_missing);
    vec![
        ranchers_own_metadata(swarm_lab::real_parts::missing()),
        trial("the_rendered_entry_and_the_built_image_make_a_swarm_that_heals", no_engine, whole_chain),
        campaign("what_differs_on_one_side_only_makes_no_swarm", no_engine, one_side_only),
        trial("what_differs_on_one_side_only_is_refused", None, refused),
        campaign("docker_load_takes_the_archive_and_the_program_says_what_its_labels_say", no_engine, docker_load),
        trial("the_static_program_resolves_names_in_an_image_without_anything", no_engine, names),
    ]
}

/// The archive that `./scripts/image` makes, made once: every day the quick one, in the campaigns the one that users have.
fn archive() -> &'static Path {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let root = swarm_lab::programs::root();
        let quick = !is_long();
        // It gives way to the labs beside it, which have to be in time.
        let output = Command::new("nice")
            .args(["-n", "10"])
            .arg(root.join("scripts/image"))
            .args(quick.then_some("--quick"))
            .env("GEN_CATALOG", swarm_lab::programs::gen_catalog())
            .output()
            .unwrap();
        assert!(output.status.success(), "scripts/image: {}", String::from_utf8_lossy(&output.stderr));
        root.join(if quick { "target/image/quick/swarmkit.tar" } else { "target/image/swarmkit.tar" })
    })
}

/// A folder with a catalog that is rendered and pinned to the image, and the catalog's path.
fn pinned() -> (tempfile::TempDir, PathBuf) {
    let folder = swarm_lab::generator::empty_catalog();
    let archive = archive().to_str().unwrap();
    for args in [&["lock", archive][..], &["render"], &["lock", archive, "--check"], &["render", "--check"]] {
        let (code, _, errors) = outcome(folder.path(), args);
        assert_eq!((code, errors.as_str()), (0, ""), "{args:?}");
    }
    let catalog = folder.path().join("community-catalog");
    (folder, catalog)
}

/// A lab whose engines find the image on their registry. Its API is signed by a private authority, whose certificate is
/// where Rancher's agent leaves it.
fn lab_with_registry(hosts: usize) -> (Arc<Lab>, Registry) {
    let lab = Lab::builder(hosts).https().registry(REGISTRY).rancher_metadata_if_there().start();
    let registry = Registry::start(SocketAddr::new(lab.network.gateway().into(), REGISTRY)).unwrap();
    registry.push(archive()).unwrap();
    (Arc::new(lab), registry)
}

/// All is as users shall have it.
fn is_good(lab: &Lab, deployer: &Deployer, managers: usize) -> Result<(), String> {
    deployer.is_healthy()?;
    is_well(lab, managers)?;
    lab.hosts.iter().try_for_each(|host| is_known(lab, deployer, host))?;
    let forgetful = lab.hosts.iter().find(|host| fs::read_dir(host.state_folder()).unwrap().next().is_none());
    forgetful.map_or(Ok(()), |host| Err(format!("host {} remembers nothing", host.index)))
}

/// The engine and Rancher mean the same container: by its labels there, by its `external_id` here.
fn is_known(lab: &Lab, deployer: &Deployer, host: &Host) -> Result<(), String> {
    let known = lab.rancher.environment().container_mut(&host.uuid()).clone();
    let id = deployer.container(host.index).ok_or("no container")?;
    let labels = host.engine.get(&format!("/containers/{id}/json"))?.good()?["Config"]["Labels"].take();
    let is = known.external_id == id
        && labels["io.rancher.container.uuid"] == known.uuid
        && labels["io.rancher.stack_service.name"] == "swarm/swarmkit-mon";
    if is { Ok(()) } else { Err(format!("the engine has {id} with {labels}, Rancher has {known:?}")) }
}

#[track_caller]
fn becomes_good(lab: &Lab, deployer: &Deployer, managers: usize, what: &str) {
    let start = Instant::now();
    while let Err(why) = is_good(lab, deployer, managers) {
        let logs: Vec<String> = lab.hosts.iter().map(|host| deployer.log(host.index)).collect();
        assert!(start.elapsed() < LIMIT, "{what}: {why}\n{}\n{}", lab.report(), logs.join("\n"));
        thread::sleep(Duration::from_millis(100));
    }
    println!("{what}: {:.1?}", start.elapsed());
}

fn whole_chain() {
    let (folder, catalog) = pinned();
    let (lab, registry) = lab_with_registry(5);
    let deployer = Deployer::deploy(&lab, &catalog, Path::new(swarm_lab::programs::gen_catalog()), &[]).unwrap();
    becomes_good(&lab, &deployer, 3, "the swarm forms");
    let cluster = lab.clusters()[0].clone();
    let service = deployer.service();
    let digest = service.image.split_once('@').expect("an image pinned to its digest").1;
    assert!(registry.fetched(digest) >= 1, "nobody pulled {digest}");
    service.check_variables(&program_says(&lab, &service.image, "--help")).unwrap();

    // A program that ended is started again, in the same container.
    let leader = lab.leader().unwrap();
    let killed = deployer.container(leader).unwrap();
    lab.hosts[leader].engine.post(&format!("/containers/{killed}/kill"), &json!({})).unwrap().good().unwrap();
    lab.eventually(LIMIT, || {
        (deployer.health(leader) != Health::Healthy).then_some(()).ok_or("it is healthy".to_owned())
    });
    becomes_good(&lab, &deployer, 3, "a container is killed");
    assert_eq!(deployer.container(leader).as_ref(), Some(&killed));

    // One that hangs is replaced, after as many bad answers as the stanza says.
    let start = Instant::now();
    lab.hosts[leader]
        .engine
        .post(&format!("/containers/{killed}/kill?signal=STOP"), &json!({}))
        .unwrap()
        .good()
        .unwrap();
    let is_another =
        || deployer.container(leader).is_some_and(|is| is != killed).then_some(()).ok_or("it is the same".to_owned());
    lab.eventually(LIMIT, is_another);
    let check = &service.health_check;
    let least = check.interval * u32::try_from(check.unhealthy_threshold - 1).unwrap();
    assert!(start.elapsed() >= least, "replaced after {:?}", start.elapsed());
    becomes_good(&lab, &deployer, 3, "a container hangs");

    // An engine that is restarted takes its containers along.
    lab.hosts[leader].engine.restart();
    becomes_good(&lab, &deployer, 3, "an engine is restarted");

    // Another answer: every day together with the next version.
    let five = [("MANAGER_SCALE", "5")];
    if is_long() {
        deployer.upgrade(&catalog, &five).unwrap();
        becomes_good(&lab, &deployer, 5, "five managers are asked for");
    }

    // The next version, with an image of its own.
    let (next, digest) = next_version(folder.path(), &catalog, &registry, lab.rancher.ca().unwrap());
    deployer.upgrade(&next, &five).unwrap();
    becomes_good(&lab, &deployer, 5, "the entry is upgraded");
    assert!(deployer.service().image.ends_with(&format!(":v9.9.9@{digest}")), "{}", deployer.service().image);
    for host in &lab.hosts {
        let container = deployer.container(host.index).unwrap();
        let is = host.engine.get(&format!("/containers/{container}/json")).unwrap().good().unwrap();
        assert_eq!(is["Config"]["Labels"][VERSION_LABEL], "9.9.9", "{is}");
    }
    assert_eq!(lab.clusters(), vec![cluster; 5], "it is another swarm");
}

/// The next revision of the entry in another catalog, and its image's digest, which the registry has.
fn next_version(folder: &Path, catalog: &Path, registry: &Registry, authorities: &str) -> (PathBuf, String) {
    let program = fs::read(static_program()).unwrap();
    let revision = noted(&program).unwrap().commit;
    let image = "rancher/swarmkit:v9.9.9".parse().unwrap();
    let packed = pack(&Contents {
        programs: &[of_version("9.9.9", program)],
        certificates: authorities,
        licences: None,
        image: &image,
        version: "9.9.9",
        revision: &revision,
        created: 1,
    });
    let packed = packed.unwrap();
    let archive = folder.join("next.tar");
    fs::write(&archive, &packed.archive).unwrap();
    assert_eq!(registry.push(&archive).unwrap(), packed.digest);
    let next = folder.join("next");
    tree::copy(catalog, &next);
    let template = next.join("infra-templates/swarm");
    tree::copy(&template.join("4"), &template.join("5"));
    let pinned = swarm_image(&template.join("4"));
    edit(&template.join("5/docker-compose.yml"), &pinned, &format!("{image}@{}", packed.digest));
    for file in ["config.yml", "5/rancher-compose.yml"] {
        edit(&template.join(file), &format!("v{VERSION}"), "v9.9.9");
    }
    (next, packed.digest)
}

/// A program that says it is of another version, which is as long as its own.
fn of_version(version: &str, mut program: Vec<u8>) -> Vec<u8> {
    let (was, is) = (format!("swarmkit-mon is version {VERSION}"), format!("swarmkit-mon is version {version}"));
    assert_eq!(was.len(), is.len());
    while let Some(at) = program.windows(was.len()).position(|part| part == was.as_bytes()) {
        program[at..at + is.len()].copy_from_slice(is.as_bytes());
    }
    program
}

fn swarm_image(version: &Path) -> String {
    let text = fs::read_to_string(version.join("docker-compose.yml")).unwrap();
    text.lines().find_map(|line| line.trim().strip_prefix("image: ")).unwrap().to_owned()
}

/// The program in the image.
fn static_program() -> PathBuf {
    archive();
    let target = swarm_lab::programs::root().join("target/image");
    let program = if is_long() { "release/swarmkit-mon" } else { "debug/swarmkit-mon" };
    let is_own = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(std::env::consts::ARCH);
    let built = fs::read_dir(target).unwrap().flatten().filter(is_own).map(|entry| entry.path().join(program));
    built.filter(|path| path.is_file()).max_by_key(|path| path.metadata().unwrap().modified().unwrap()).unwrap()
}

/// What the program in an image prints.
fn program_says(lab: &Lab, image: &str, argument: &str) -> String {
    let engine = &lab.hosts[0].engine;
    let mut command = engine.docker(&["run", "--rm", "--network=host", image, argument]);
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An edit of a rendered file, and what it is a case of.
struct Change {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

const DOCKER: &str = "infra-templates/swarm/4/docker-compose.yml";
const RANCHER: &str = "infra-templates/swarm/4/rancher-compose.yml";
const PROJECT: &str = "project-templates/swarm/0/project.yml";

fn changed(catalog: &Path, change: &Change) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    tree::copy(catalog, copy.path());
    edit(&copy.path().join(change.file), change.from, change.to);
    copy
}

fn one_side_only() {
    let (_folder, catalog) = pinned();
    let changes = [
        Change { what: "the port", file: RANCHER, from: "port: 2378", to: "port: 2379" },
        Change { what: "the path", file: RANCHER, from: "GET /ping", to: "GET /pong" },
        Change {
            what: "the socket",
            file: DOCKER,
            from: "/var/run/docker.sock:/var/run/docker.sock",
            to: "/var/run/docker.sock:/var/run/engine.sock",
        },
        Change {
            what: "the state folder",
            file: DOCKER,
            from: "/var/lib/rancher/state:/var/lib/rancher/state",
            to: "/var/lib/rancher/state:/var/lib/rancher/memory",
        },
        Change {
            what: "the folder of the authority's certificate",
            file: DOCKER,
            from: "/var/lib/rancher/etc/ssl:/var/lib/rancher/etc/ssl:ro",
            to: "/var/lib/rancher/etc/ssl:/var/lib/rancher/etc/tls:ro",
        },
        Change { what: "the keys", file: DOCKER, from: "      io.rancher.container.create_agent: 'true'\n", to: "" },
        Change { what: "the names", file: DOCKER, from: "      io.rancher.container.dns: 'true'\n", to: "" },
        Change { what: "the image", file: DOCKER, from: "@sha256:", to: "@sha256:0000" },
        Change {
            what: "the stack that makes names known",
            file: PROJECT,
            from: "  - name: network-services\n    templateId: library:infra*network-services\n",
            to: "",
        },
        Change {
            what: "the stack that makes health checks",
            file: PROJECT,
            from: "  - name: healthcheck\n    templateId: library:infra*healthcheck\n",
            to: "",
        },
    ];
    // Unchanged it is good, and how long that takes tells how long to wait for what never comes.
    let (lab, registry) = lab_with_registry(1);
    let start = Instant::now();
    let deployer = Deployer::deploy(&lab, &catalog, Path::new(swarm_lab::programs::gen_catalog()), &[]).unwrap();
    becomes_good(&lab, &deployer, 1, "nothing is changed");
    let wait = (start.elapsed() * 2).max(Duration::from_secs(15));
    drop((deployer, registry, lab));
    thread::scope(|scope| {
        for some in changes.chunks(changes.len().div_ceil(3)) {
            scope.spawn(|| some.iter().for_each(|change| never_good(&catalog, change, wait)));
        }
    });
}

fn never_good(catalog: &Path, change: &Change, wait: Duration) {
    let copy = changed(catalog, change);
    if change.what == "the image" {
        // A digest of its right length.
        let file = copy.path().join(change.file);
        let image = swarm_image(file.parent().unwrap());
        let (name, digest) = image.split_once("@sha256:").unwrap();
        edit(&file, &image, &format!("{name}@sha256:{}", &digest[..64]));
    }
    let (lab, _registry) = lab_with_registry(1);
    let deployer = Deployer::deploy(&lab, copy.path(), Path::new(swarm_lab::programs::gen_catalog()), &[]).unwrap();
    let start = Instant::now();
    let mut why = String::new();
    while start.elapsed() < wait {
        match is_good(&lab, &deployer, 1) {
            Ok(()) => panic!("{} is changed, and nobody minds", change.what),
            Err(reason) => why = reason,
        }
        thread::sleep(Duration::from_millis(200));
    }
    println!("{}: {}", change.what, why.lines().next().unwrap_or_default());
}

/// What can be told without an engine.
fn refused() {
    let folder = swarm_lab::generator::rendered_catalog();
    let catalog = folder.path().join("community-catalog");
    let help = Command::new(swarm_lab::programs::swarmkit_mon()).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let read = |catalog: &Path, answers: &[(&str, &str)]| -> Result<(), String> {
        let environment = Environment::read(catalog, "swarm")?;
        let entry = Entry::read(catalog, &environment.stacks[0].1, Path::new(swarm_lab::programs::gen_catalog()))?;
        entry.services(answers)?.iter().try_for_each(|service| service.check_variables(&help))
    };
    read(&catalog, &[]).unwrap();
    for (answers, wanted) in [
        ([("MANAGER_SCALE", "4")], "\"4\" is no answer"),
        ([("GRACE_PERIOD", "-1")], "\"-1\" is no answer"),
        ([("LOG_FORMAT", "json")], "nobody asks for LOG_FORMAT"),
    ] {
        let error = read(&catalog, &answers).unwrap_err();
        assert!(error.contains(wanted), "{answers:?}: {error}");
    }
    for (change, wanted) in [
        (
            Change { what: "a variable", file: DOCKER, from: "MANAGER_SCALE:", to: "MANAGERS:" },
            "does not read MANAGERS",
        ),
        (Change { what: "a question", file: RANCHER, from: "variable: NETWORK", to: "variable: NET" }, "and used is"),
        (Change { what: "an answer's use", file: DOCKER, from: "${NETWORK}", to: "rancher" }, "and used is"),
        (
            Change {
                what: "a field",
                file: DOCKER,
                from: "network_mode: host",
                to: "network_mode: host\n    pid: host",
            },
            "not understood: pid",
        ),
        (
            Change { what: "a field's value", file: DOCKER, from: "network_mode: host", to: "network_mode: bridge" },
            "network",
        ),
        (
            Change {
                what: "a label",
                file: DOCKER,
                from: "io.rancher.container.dns:",
                to: "io.rancher.container.dsn:",
            },
            "io.rancher.container.dsn",
        ),
        (
            Change {
                what: "the scheduling",
                file: DOCKER,
                from: "io.rancher.scheduler.global: 'true'",
                to: "io.rancher.scheduler.global: 'no'",
            },
            "global",
        ),
        (Change { what: "a check", file: RANCHER, from: "      interval:", to: "      intervall:" }, "has no interval"),
        (
            Change {
                what: "a check too many",
                file: RANCHER,
                from: "      interval:",
                to: "      path: /\n      interval:",
            },
            "not understood: path",
        ),
        (
            Change { what: "a service", file: RANCHER, from: "  swarmkit-mon:", to: "  swarmkit:" },
            "does not know swarmkit-mon",
        ),
        (
            Change { what: "a stack", file: PROJECT, from: "community:infra*swarm", to: "community:infra*swarms" },
            "no template",
        ),
        (
            Change {
                what: "the version",
                file: "infra-templates/swarm/config.yml",
                from: "version: v",
                to: "version: v1",
            },
            "has no version",
        ),
        (
            Change {
                what: "Rancher's version",
                file: RANCHER,
                from: "minimum_rancher_version: v1.6.0",
                to: "minimum_rancher_version: v1.7.0",
            },
            "is not offered",
        ),
    ] {
        let copy = changed(&catalog, &change);
        let error = read(copy.path(), &[]).expect_err(change.what);
        assert!(error.contains(wanted), "{}: {error}", change.what);
    }
}

fn docker_load() {
    let lab = Lab::start(1);
    let engine = &lab.hosts[0].engine;
    let loaded = engine.docker(&["load", "-i", archive().to_str().unwrap()]).stdout(Stdio::piped()).output().unwrap();
    let image = format!("rancher/swarmkit:v{VERSION}");
    assert_eq!(String::from_utf8(loaded.stdout).unwrap(), format!("Loaded image: {image}\n"));
    let found = engine.get(&format!("/images/{image}/json")).unwrap().good().unwrap();
    let labels = &found["Config"]["Labels"];
    let said = program_says(&lab, &image, "--version");
    let lines: Vec<&str> = said.lines().collect();
    let label = |name: &str| labels[name].as_str().unwrap();
    assert_eq!(lines[0], format!("swarmkit-mon {}", label(VERSION_LABEL)));
    assert_eq!(lines[1], format!("catalog v{VERSION}"));
    assert_eq!(lines[2], format!("commit {}", label(REVISION_LABEL)));
    assert_eq!(label("org.opencontainers.image.licenses"), "Apache-2.0");
    assert!(label("org.opencontainers.image.source").starts_with("https://"));
    // The program, the certificates, the licences of what is linked in, which an image to try has not, and nothing else.
    let container = engine.post("/containers/create", &json!({"Image": image})).unwrap().good().unwrap();
    let listed = engine.docker(&["export", container["Id"].as_str().unwrap()]).stdout(Stdio::piped()).output().unwrap();
    let mut sizes = BTreeMap::new();
    for entry in tar::Archive::new(&listed.stdout[..]).entries().unwrap() {
        let entry = entry.unwrap();
        sizes.insert(entry.path().unwrap().display().to_string(), entry.size());
    }
    sizes.retain(|_, size| *size > 0);
    let mut files: Vec<&str> = sizes.keys().map(String::as_str).collect();
    files.retain(|file| !(is_long() && *file == "usr/share/doc/swarmkit-mon/licences.gz"));
    assert_eq!(files, ["bin/swarmkit-mon", "etc/ssl/certs/ca-certificates.crt"]);
    assert!(sizes.values().sum::<u64>() < 9_000_000, "{sizes:?}");
}

/// One name is in /etc/hosts, the other one only a DNS server knows. There is no nsswitch.conf, and no library to load.
fn names() {
    let lab = Lab::start(1);
    let host = &lab.hosts[0];
    let gateway = lab.network.gateway().to_string();
    let _names = Names::start(lab.network.gateway(), lab.metadata_address()).unwrap();
    assert!(host.engine.docker(&["load", "-i", archive().to_str().unwrap()]).status().unwrap().success());
    let image = format!("rancher/swarmkit:v{VERSION}");
    let keys: Vec<String> = host
        .given()
        .iter()
        .map(|(name, value)| format!("--env={name}={}", value.replace(&gateway, "rancher.example")))
        .collect();
    assert!(keys[0].contains("//rancher.example:"), "{}", keys[0]);
    let sees = |more: &[&str]| -> (bool, bool) {
        let socket = "--volume=/var/run/docker.sock:/var/run/docker.sock";
        let mut args = vec!["run", "--rm", "--network=host", "--read-only", "--cap-drop=ALL", socket];
        args.extend(keys.iter().map(String::as_str));
        args.extend(more);
        args.extend([image.as_str(), "plan", "--format=json"]);
        let output = host.engine.docker(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        let good = |seen: &str| said["view"][seen].get("Ok").is_some();
        (good("metadata"), good("rancher"))
    };
    let (dns, in_hosts) = (format!("--dns={gateway}"), format!("--add-host=rancher.example:{gateway}"));
    assert_eq!(sees(&[&dns, &in_hosts]), (true, true));
    assert_eq!(sees(&[&dns]), (true, false));
    assert!(!sees(&["--dns=127.0.0.1", &in_hosts]).0);
}
