//! `gen-catalog new` makes a template that `check --strict` and Rancher's own executor take, whatever is asked for: all of it or
//! nothing, and never over one that is there.

mod refused;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use catalog_check::Severity;
use gen_catalog::catalog::CatalogRoot;
use gen_catalog::new_template::{About, Kind, NewPlan, Parts, Source, Wishes, plan};
use serde_json::{Value, json};
use swarm_lab::dice::Dice;
use swarm_lab::executor::ask_all;
use swarm_lab::generator::{gen_catalog, outcome};
use swarm_lab::programs;
use swarm_lab::real_parts;
use swarm_lab::tree::snapshot;
use swarm_lab::trial::{Trial, trial};
use swarm_lab::trials;

use crate::bump::{put, read};

pub fn trials() -> Vec<Trial> {
    let judge = real_parts::kit().is_err().then_some("needs Rancher's own parts (RANCHER_REAL)");
    let no_script = Command::new("script").arg("--version").output().is_err().then_some("script is not installed");
    let mut trials = trials![
        an_image_becomes_a_template_with_all_that_is_asked_for,
        two_hundred_combinations_pass_the_strict_check,
        what_is_there_is_left_alone,
        what_others_put_where_files_are_made_stays,
        a_dry_run_writes_nothing,
        a_model_keeps_what_it_says,
        killed_at_any_moment_there_is_nothing_or_all,
        of_two_at_once_one_makes_it,
        the_docs_show_what_it_prints,
    ];
    trials.push(trial("what_is_missing_or_misspelt_is_named", None, refused::what_is_missing_or_misspelt_is_named));
    trials.push(trial("ranchers_executor_takes_two_hundred_combinations", judge, executor_takes_combinations));
    trials.push(trial("on_a_terminal_it_asks", no_script, on_a_terminal_it_asks));
    trials
}

const ALL_PARTS: &[&str] = &[
    "new",
    "my-web",
    "--image",
    "example/web:1.2.3",
    "--port",
    "8080:80",
    "--port",
    "53/udp",
    "--env",
    "MODE=plain $1",
    "--env",
    "TITLE",
    "--env",
    "API_TOKEN=not-for-others",
    "--volume",
    "/var/lib/web",
    "--volume",
    "logs:/var/log/web",
    "--health-check",
    "80/health",
    "--sidekick",
    "logs=example/logs:2.0.0",
    "--maintainer",
    "Jane Doe <jane@example.com>",
    "--description",
    "A web server",
];

/// Holds a template to what was promised of it.
pub fn passes(folder: &Path, template: &str) {
    let (code, text, errors) = outcome(folder, &["check", template, "--strict"]);
    assert_eq!(code, 0, "{text}{errors}");
}

fn an_image_becomes_a_template_with_all_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (code, text, errors) = outcome(folder, ALL_PARTS);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    assert!(
        text.starts_with(
            "templates/my-web gets 1.2.3 as revision 0\n  created templates/my-web/0/docker-compose.yml\n"
        )
    );
    assert!(text.contains("check: no error, no warning, no note\n"), "{text}");
    for next in
        ["gen-catalog check templates/my-web", "gen-catalog render-compose templates/my-web/0", "gen-catalog bump"]
    {
        assert!(text.contains(next), "{text}");
    }
    let names: Vec<String> = snapshot(folder).into_keys().filter(|name| !name.ends_with('/')).collect();
    let wanted = ["0/docker-compose.yml", "0/rancher-compose.yml", "README.md", "catalogIcon-my-web.svg", "config.yml"];
    assert_eq!(names, wanted.map(|name| format!("templates/my-web/{name}")));
    let docker = read(folder, "templates/my-web/0/docker-compose.yml");
    let plain: Vec<&str> = docker.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let wanted = "\nversion: '2'\nservices:\n  my-web:\n    image: example/web:1.2.3\n    environment:\n      MODE: plain $$1\n      \
                  TITLE: ${TITLE}\n      API_TOKEN: ${API_TOKEN}\n    labels:\n      io.rancher.sidekicks: logs\n    ports:\n      - \
                  ${PUBLIC_PORT}:80\n      - ${PUBLIC_PORT_53_UDP_2}:53/udp\n    volumes:\n      - my-web-web:/var/lib/web\n      - \
                  logs:/var/log/web\n\n  logs:\n    image: example/logs:2.0.0\n\nvolumes:\n  my-web-web:\n    driver: local\n  \
                  logs:\n    driver: local";
    assert_eq!(plain.join("\n"), wanted);
    // A newcomer is told what each part is.
    assert!(docker.lines().filter(|line| line.trim_start().starts_with('#')).count() >= 6, "{docker}");
    let rancher = read(folder, "templates/my-web/0/rancher-compose.yml");
    for part in [
        "version: 1.2.3\n",
        "minimum_rancher_version: v1.6.0\n",
        "variable: PUBLIC_PORT\n",
        "default: '8080'\n",
        "variable: API_TOKEN\n",
        "type: password\n",
        "request_line: GET /health HTTP/1.0\n",
        "scale: 1\n",
    ] {
        assert!(rancher.contains(part), "{part} is not in {rancher}");
    }
    assert!(!snapshot(folder).values().any(|text| String::from_utf8_lossy(text).contains("not-for-others")));
    let readme = read(folder, "templates/my-web/README.md");
    assert!(
        readme.starts_with("# My Web\n\nA web server\n") && readme.contains("beside each container of my-web"),
        "{readme}"
    );
    let icon = read(folder, "templates/my-web/catalogIcon-my-web.svg");
    let svg = roxmltree::Document::parse(&icon).unwrap();
    assert!(svg.descendants().any(|node| node.text() == Some("M")), "{icon}");
    passes(folder, "templates/my-web");
    passes(folder, ".");
    // What a stack gets of it.
    let (code, text, errors) = outcome(folder, &["render-compose", "templates/my-web/0"]);
    assert!(code == 0 && text.contains("8080:80"), "{text}{errors}");
    // And the next version is one command away.
    let (code, text, errors) = outcome(folder, &["bump", "my-web", "--image", "example/web=1.2.4"]);
    assert!(code == 0 && text.contains("gets 1.2.4 as revision 1"), "{text}{errors}");
}

/// A template of whatever the dice ask for.
fn asked_for(dice: &mut Dice, at: usize) -> Wishes {
    let one = |dice: &mut Dice, of: &[&'static str]| of[dice.between(0, of.len())];
    let image = one(dice, &["example/web:1.2.3", "nginx:1.25", "r.example.com:5000/a/b:v2.0.0-rc1", "busybox:1"]);
    let some = |dice: &mut Dice, of: &[&'static str]| -> Vec<&'static str> {
        of.iter().copied().filter(|_| dice.one_in(3)).collect()
    };
    let ports = some(dice, &["80", "8080:81", "53/udp", "53", "443:8443", "65535:1"]);
    let environment = some(
        dice,
        &["A=1", "B", "DB_PASSWORD=x", "C=${A} {{ .B }}", "YES=yes", "N", "odd.name-1=é #", "EMPTY=", "on=off"],
    );
    let volumes = some(dice, &["/data", "named:/var/x", "/etc/localtime:/etc/localtime:ro", "/a"]);
    let sidekicks = some(dice, &["logs=example/logs:1", "Back-Up=example/backup:2"]);
    let parts = Parts {
        ports: ports.iter().map(|port| port.parse().unwrap()).collect(),
        environment: environment.iter().map(|pair| pair.parse().unwrap()).collect(),
        volumes: volumes.iter().map(|volume| (*volume).to_owned()).collect(),
        global: dice.one_in(3),
        health_check: dice.one_in(2).then(|| one(dice, &["80", "80/", "8080/a?b=$c", "1/{{x}}"]).parse().unwrap()),
        sidekicks: sidekicks.iter().map(|named| named.parse().unwrap()).collect(),
    };
    let text = |dice: &mut Dice, of: &[&'static str]| dice.one_in(2).then(|| one(dice, of).to_owned());
    let about = About {
        title: text(dice, &["Web", "A \"title\": <b> & 'c' | d", "yes", "1.10"]),
        description: text(dice, &["It serves.", "{{ .Values.X }} ${A} `x` | # y", "two\nlines"]),
        version: text(dice, &["0.1.0", "v2.0.0-beta.1"]).map(|version| version.as_str().into()),
        minimum_rancher_version: text(dice, &["v1.6.14"]).map(|version| version.as_str().into()),
        maintainer: text(dice, &["Jane Doe <jane@example.com>"]),
        category: text(dice, &["Databases", "on"]),
    };
    let name = one(dice, &["web", "My-App", "a", "0", "x--y", "web-"]);
    let kinds = [Kind::Stack, Kind::Infra, Kind::Mesos, Kind::Swarm];
    Wishes {
        name: format!("{name}{at}").parse().unwrap(),
        kind: kinds[dice.between(0, kinds.len())],
        source: Source::Image(image.parse().unwrap()),
        about,
        parts,
    }
}

/// What comes of two hundred; and the wishes, to be told where something is wrong.
fn combinations() -> Vec<(String, NewPlan)> {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut dice = Dice::new(seed);
    let catalog = tempfile::tempdir().unwrap();
    let root = CatalogRoot::open(catalog.path()).unwrap();
    (0..200)
        .map(|at| {
            let wishes = asked_for(&mut dice, at);
            let told = format!("SEED={seed} {wishes:?}");
            let plan = plan(&root, &wishes).unwrap_or_else(|error| panic!("{told}: {error}"));
            (told, plan)
        })
        .collect()
}

/// Says that the check has neither an error nor a warning on a plan.
pub fn is_strictly_good(told: &str, plan: &NewPlan) {
    let found = plan.checked.findings.iter().filter(|finding| finding.rule.severity >= Severity::Warning);
    let found: Vec<String> = found.map(|finding| format!("{}: {}", finding.place(), finding.message)).collect();
    let texts: String = plan.files().into_iter().map(|file| format!("--- {}\n{}", file.path, file.text)).collect();
    assert!(found.is_empty(), "{told}\n{found:#?}\n{texts}");
}

/// Asks Rancher's own executor about plans.
pub fn executor_takes(plans: &[(String, NewPlan)]) {
    let answers = ask_all(plans, |executor, (_, plan)| {
        let files = plan.files();
        let text = |name: &str| files.iter().find(|file| file.path.ends_with(name)).map(|file| file.text.clone());
        executor.ask(&json!({
            "kind": "version",
            "docker_compose": text("0/docker-compose.yml"),
            "rancher_compose": text("0/rancher-compose.yml"),
        }))
    });
    for ((told, plan), answer) in plans.iter().zip(&answers) {
        let texts: String = plan.files().into_iter().map(|file| format!("--- {}\n{}", file.path, file.text)).collect();
        assert_eq!(answer["accepted"], true, "{told}\n{answer}\n{texts}");
        assert!(answer["services"].as_array().is_some_and(|services| !services.is_empty()), "{told}\n{answer}");
    }
}

fn two_hundred_combinations_pass_the_strict_check() {
    for (told, plan) in combinations() {
        is_strictly_good(&told, &plan);
    }
}

fn executor_takes_combinations() {
    executor_takes(&combinations());
}

fn what_is_there_is_left_alone() {
    let catalog = crate::bump::catalog();
    let folder = catalog.path();
    let before = snapshot(folder);
    let args = ["new", "example", "--infra", "--image", "example/web:1.0"];
    let (code, text, errors) = outcome(folder, &args);
    assert_eq!((code, text.as_str()), (2, ""));
    assert!(
        errors.contains("infra-templates/example is there already: `gen-catalog bump infra-templates/example`"),
        "{errors}"
    );
    assert_eq!(snapshot(folder), before);
    // Of another kind it is another template.
    assert_eq!(outcome(folder, &["new", "example", "--image", "example/web:1.0"]).0, 0);
    passes(folder, "templates/example");
    // Where a file or a link stands, nothing is written either.
    fs::write(folder.join("swarm-templates"), "x").unwrap();
    std::os::unix::fs::symlink(folder.join("infra-templates"), folder.join("mesos-templates")).unwrap();
    for kind in ["swarm", "mesos"] {
        let (code, _, errors) = outcome(folder, &["new", "other", "--kind", kind, "--image", "example/web:1.0"]);
        assert!(code == 2 && (errors.contains("is not a folder") || errors.contains("is a symbolic link")), "{errors}");
    }
    assert!(!folder.join("infra-templates/other").exists());
}

fn what_others_put_where_files_are_made_stays() {
    let catalog = crate::bump::catalog();
    let theirs = catalog.path().join(".gen-catalog-staging/theirs");
    fs::create_dir(theirs.parent().unwrap()).unwrap();
    fs::write(&theirs, "mine").unwrap();
    let (code, _, errors) = outcome(catalog.path(), ALL_PARTS);
    assert!(code == 2 && errors.contains(".gen-catalog-staging/theirs stands where"), "{errors}");
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "mine");
}

fn a_dry_run_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (code, text, _) = outcome(folder, &[ALL_PARTS, &["--dry-run"]].concat());
    assert_eq!(code, 0);
    assert!(
        text.starts_with("templates/my-web would get 1.2.3") && text.ends_with("without --dry-run it is\n"),
        "{text}"
    );
    let (code, printed, _) = outcome(folder, &[ALL_PARTS, &["--stdout"]].concat());
    assert_eq!((code, snapshot(folder).len()), (0, 0));
    let (code, text, _) = outcome(folder, &[ALL_PARTS, &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["status"], &report["template"]), (0, &json!("written"), &json!("templates/my-web")));
    for file in report["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let shown = format!("==> {path} <==\n{}", read(folder, path));
        assert!(printed.contains(&shown), "{path}: {printed}");
    }
    assert_eq!(gen_catalog(folder, &["new", "quiet", "--image", "a/b:1", "--quiet"]).stdout, b"");
}

fn a_model_keeps_what_it_says() {
    let catalog = crate::bump::catalog();
    let folder = catalog.path();
    for (path, version) in [("infra-templates/example", "v1.1.0"), ("infra-templates/example/0", "v1.0.0")] {
        let (_, model, _) = outcome(folder, &["model", path]);
        fs::write(folder.join("model.yml"), model).unwrap();
        let name = format!("other-{}", version.replace(['v', '.'], ""));
        let (code, text, errors) = outcome(folder, &["new", &name, "--infra", "--model", "model.yml"]);
        assert!(code == 0 && text.contains(&format!("gets {version} as revision 0")), "{text}{errors}");
        passes(folder, &format!("infra-templates/{name}"));
        let revision = if version == "v1.1.0" { 1 } else { 0 };
        let one = format!("infra-templates/example/{revision}");
        let (code, diff, _) = outcome(folder, &["diff", &one, &format!("infra-templates/{name}/0"), "--no-text"]);
        assert!(code <= 1 && !diff.contains("image"), "{diff}");
    }
    let (_, text, _) = outcome(folder, &["new", "third", "--model", "model.yml", "--version", "7.0.0"]);
    assert!(text.contains("templates/third gets 7.0.0"), "{text}");
}

fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(programs::gen_catalog());
    command.current_dir(folder).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn killed_at_any_moment_there_is_nothing_or_all() {
    let catalog = crate::bump::catalog();
    let folder = catalog.path();
    // The folder above is there, and is not.
    for kind in ["infra", "stack"] {
        let args = [ALL_PARTS, &["--kind", kind]].concat();
        let base = if kind == "infra" { "infra-templates" } else { "templates" };
        let state = || -> Vec<(String, Vec<u8>)> {
            snapshot(folder).into_iter().filter(|(name, _)| !name.starts_with(".gen-catalog-staging")).collect()
        };
        let remove = || {
            let _ = fs::remove_dir_all(folder.join(base).join("my-web"));
            if kind == "stack" {
                let _ = fs::remove_dir_all(folder.join(base));
            }
        };
        let before = state();
        let began = Instant::now();
        assert!(program(folder, &args).status().unwrap().success());
        let took = began.elapsed();
        let after = state();
        let (mut none, mut whole) = (0, 0);
        for time in 0..20_u32 {
            remove();
            let mut child = program(folder, &args).spawn().unwrap();
            std::thread::sleep(took.mul_f64(0.4 + 0.8 * f64::from(time) / 20.0).max(Duration::from_micros(50)));
            child.kill().unwrap();
            child.wait().unwrap();
            match state() {
                now if now == before => none += 1,
                now if now == after => whole += 1,
                now => panic!("{:?}", now.iter().map(|(name, _)| name).collect::<Vec<_>>()),
            }
        }
        assert_eq!(none + whole, 20);
        remove();
        assert!(program(folder, &args).status().unwrap().success());
        assert!(!folder.join(".gen-catalog-staging").exists() && state() == after);
    }
}

fn of_two_at_once_one_makes_it() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let start = |image: &str| program(folder.path(), &["new", "web", "--image", image]).spawn().unwrap();
        let children = [start("a/b:1"), start("a/b:2"), start("a/b:3")];
        let mut codes: Vec<i32> = children.into_iter().map(|mut child| child.wait().unwrap().code().unwrap()).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 2, 2]);
        passes(folder.path(), "templates/web");
    }
}

fn on_a_terminal_it_asks() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // What cannot be read is asked again; blank lines leave out what need not be.
    fs::write(folder.join("answers"), "my_web\nmy-web\nnginx\nnginx:1.25.3\nA web server\n\n8080:80\n80/\n").unwrap();
    let command = format!("'{}' new", programs::gen_catalog());
    let answers = fs::File::open(folder.join("answers")).unwrap();
    let output = Command::new("script")
        .current_dir(folder)
        .args(["-qefc", &command, "/dev/null"])
        .stdin(answers)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("`my-web` would do") && text.contains("name a tag, such as nginx:1.0"), "{text}");
    assert!(read(folder, "templates/my-web/config.yml").contains("description: A web server\n"));
    assert!(read(folder, "templates/my-web/0/docker-compose.yml").contains("image: nginx:1.25.3\n"));
    passes(folder, "templates/my-web");
}

/// The example of the docs, run as a reader would.
fn the_docs_show_what_it_prints() {
    let docs = read(programs::root(), "docs/gen-catalog.md");
    let (_, section) = docs.split_once("\n## new\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let (_, file) = section.split_once("```yaml\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(folder, "docker-compose.yml", file.split("```").next().unwrap());
    let shown: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let mut printed = Vec::new();
    for command in shown.iter().filter_map(|line| line.strip_prefix("$ gen-catalog ")) {
        let args: Vec<&str> = command.split(' ').collect();
        let (code, text, errors) = outcome(folder, &args);
        assert_eq!(code, 0, "{command}: {errors}");
        printed.push(format!("$ gen-catalog {command}"));
        printed.extend(format!("{text}{errors}").lines().map(str::to_owned));
    }
    assert!(printed.len() > 10, "{printed:?}");
    let blocks: Vec<&str> = shown.into_iter().skip_while(|line| !line.starts_with("$ ")).collect();
    let blank = |line: &&str| !line.is_empty();
    let printed: Vec<&str> = printed.iter().map(String::as_str).filter(blank).collect();
    assert_eq!(blocks.into_iter().filter(blank).collect::<Vec<_>>(), printed);
    passes(folder, "templates/shop");
}
