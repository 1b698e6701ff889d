//! What a release offers to download: `scripts/binaries` packs it, `action.yml` and cargo-binstall fetch it. Cargo is stood in for:
//! it takes the program of the tests for the one that it would build. So is curl, which has what was packed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use gen_catalog::release::signing::key::PublicKey;
use serde_json::json;
use swarm_lab::git::{Sandbox, commit_all, edit, git};
use swarm_lab::made_program::package_list;
use swarm_lab::programs::{gen_catalog, root};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use crate::ci_examples::{catalog, good_change};
use crate::ci_runner::Runner;

pub fn trials() -> Vec<Trial> {
    trials![
        an_archive_holds_the_program_its_licences_the_manual_and_completions,
        two_builds_at_once_take_turns,
        the_sums_are_right_and_signed,
        cargo_binstall_asks_for_what_is_packed,
        the_action_checks_a_pull_request_and_tells_what_it_changes,
        the_action_stops_what_is_not_good,
        what_was_there_before_a_push_by_force_is_fetched_and_else_all_is_checked,
        the_action_takes_nothing_that_is_not_what_the_sums_say,
        the_action_names_this_version,
    ]
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn archive() -> String {
    format!("gen-catalog-v{VERSION}-{}-linux", std::env::consts::ARCH)
}

fn put_program(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What `scripts/binaries` made of the program of the tests, once for all of them.
fn packed() -> &'static Path {
    static PACKED: OnceLock<tempfile::TempDir> = OnceLock::new();
    PACKED.get_or_init(pack).path()
}

/// What `scripts/binaries` needs of a clone, and a cargo of its own.
struct Clone {
    folder: tempfile::TempDir,
}

impl Clone {
    fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn binaries(&self, out: &str) -> Command {
        let path = format!("{}:{}", self.folder.path().join("tools").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new("scripts/binaries");
        command.arg(out).current_dir(self.project()).env("PATH", path).env("SOURCE_DATE_EPOCH", "1700000000");
        command.env_remove("CARGO").env("GIT_CEILING_DIRECTORIES", self.folder.path());
        command.env("COSIGN_PRIVATE_KEY", fs::read_to_string(root().join("tests/data/keys/pkcs8.pem")).unwrap());
        command
    }
}

fn clone() -> Clone {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    fs::create_dir_all(project.join("scripts")).unwrap();
    for file in ["LICENSE", "Cargo.toml", "Cargo.lock", "scripts/binaries", "scripts/static"] {
        fs::copy(root().join(file), project.join(file)).unwrap();
    }
    let tools = folder.path().join("tools");
    fs::create_dir(&tools).unwrap();
    let packages = [json!({ "name": "gen-catalog", "version": VERSION, "source": "local" })];
    fs::write(folder.path().join("packages"), package_list(&packages)).unwrap();
    let script = format!(
        "#!/bin/bash\nset -e\n\
         if [ $1 = metadata ]; then cd '{root}'; PATH='{path}' exec cargo \"$@\"; fi\n\
         [ -z \"${{COSIGN_PRIVATE_KEY:-}}\" ] || {{ echo 'what is built sees the key' >&2; exit 1; }}\n\
         mkdir '{folder}/busy' || {{ echo 'another cargo is at work' >&2; exit 1; }}\n\
         trap \"rmdir '{folder}/busy'\" EXIT\n\
         [ $1 != install ] || exit 0\n\
         [[ $1 = auditable && \"$*\" = *'-p gen-catalog --features lsp,preview'* && $RUSTFLAGS = *+crt-static* ]]\n\
         for argument; do case $argument in --target=*)\n\
         mkdir -p \"$CARGO_TARGET_DIR/${{argument#*=}}/release\"\n\
         objcopy --strip-all --add-section .dep-v0='{folder}/packages' '{program}' \"$CARGO_TARGET_DIR/${{argument#*=}}/release/gen-catalog\"\n\
         ;; esac; done\n",
        root = root().display(),
        path = std::env::var("PATH").unwrap(),
        folder = folder.path().display(),
        program = gen_catalog(),
    );
    put_program(&tools.join("cargo"), &script);
    Clone { folder }
}

fn pack() -> tempfile::TempDir {
    let clone = clone();
    let out = clone.project().join("out");
    let run = || {
        let output = clone.binaries("out").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read(out.join("SHA256SUMS")).unwrap()
    };
    let first = run();
    assert_eq!(run(), first, "another time, other bytes");
    let kept = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(&out).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, kept.path().join(path.file_name().unwrap())).unwrap();
    }
    kept
}

fn two_builds_at_once_take_turns() {
    let clone = clone();
    let begin = |out| clone.binaries(out).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    for build in [begin("one"), begin("other")] {
        let output = build.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let sums = |out: &str| fs::read(clone.project().join(out).join("SHA256SUMS")).unwrap();
    assert_eq!(sums("one"), sums("other"));
}

fn an_archive_holds_the_program_its_licences_the_manual_and_completions() {
    let folder = tempfile::tempdir().unwrap();
    let file = packed().join(format!("{}.tgz", archive()));
    assert!(Command::new("tar").arg("-xzf").arg(&file).current_dir(folder.path()).status().unwrap().success());
    let inside = folder.path().join(archive());
    let said = Command::new(inside.join("gen-catalog")).arg("--version").output().unwrap();
    assert!(String::from_utf8(said.stdout).unwrap().starts_with(&format!("gen-catalog {VERSION}\n")));
    for (name, words) in [
        ("LICENSE", "Apache License"),
        ("LICENSES-OF-PARTS", "gen-catalog"),
        ("completions/gen-catalog.bash", "preview"),
        ("completions/gen-catalog.fish", "lsp"),
        ("completions/gen-catalog.zsh", "check"),
        ("man/gen-catalog-preview.1", "preview"),
    ] {
        let text = fs::read_to_string(inside.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains(words), "{name}");
    }
}

fn the_sums_are_right_and_signed() {
    let check = ["--check", "--strict", "SHA256SUMS"];
    assert!(Command::new("sha256sum").args(check).current_dir(packed()).output().unwrap().status.success());
    let sums = fs::read(packed().join("SHA256SUMS")).unwrap();
    let signature = fs::read_to_string(packed().join("SHA256SUMS.sig")).unwrap();
    let key = PublicKey::from_pem(&fs::read_to_string(root().join("tests/data/keys/public.pem")).unwrap()).unwrap();
    assert!(key.signed(&sums, signature.trim_end()));
    assert!(!key.signed(&sums[1..], signature.trim_end()));
}

fn cargo_binstall_asks_for_what_is_packed() {
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    let overrides = manifest["package"]["metadata"]["binstall"]["overrides"].as_table().unwrap();
    for libc in ["gnu", "musl"] {
        let own = &overrides[&format!("{}-unknown-linux-{libc}", std::env::consts::ARCH)];
        let filled = |key: &str| {
            let text = own[key].as_str().unwrap().replace("{ version }", VERSION).replace("{ name }", "gen-catalog");
            text.replace("{ repo }", env!("CARGO_PKG_REPOSITORY")).replace("{ bin }", "gen-catalog")
        };
        let url = format!("{}/releases/download/v{VERSION}/{}.tgz", env!("CARGO_PKG_REPOSITORY"), archive());
        assert_eq!(filled("pkg-url"), url);
        assert_eq!(filled("bin-dir"), format!("{}/gen-catalog", archive()));
        assert_eq!(own["pkg-fmt"].as_str(), Some("tgz"));
    }
    // There is no program for other systems to be taken for one.
    assert!(overrides.keys().all(|target| target.contains("-linux-")));
    assert!(packed().join(format!("{}.tgz", archive())).is_file());
}

/// A runner of a catalog whose curl has what is in a folder.
fn runner(sandbox: &Sandbox, served: &Path) -> Runner {
    let mut runner = Runner::new(sandbox, &sandbox.clone);
    let curl = "echo \"curl $*\" >> \"$CALLS\"\nwhile [ $# -gt 1 ]; do [ \"$1\" != --output ] || to=$2; shift; done";
    runner.tool("curl", &format!("{curl}\ncp \"{}/${{1##*/}}\" \"$to\"", served.display()));
    runner
}

fn workflow() -> serde_yaml::Value {
    serde_yaml::from_str(&fs::read_to_string(root().join("docs/ci/github-check.yml")).unwrap()).unwrap()
}

fn summary(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.folder.path().join("summary")).unwrap()
}

fn the_action_checks_a_pull_request_and_tells_what_it_changes() {
    let sandbox = catalog();
    let base = git(&sandbox.clone, &["rev-parse", "HEAD"]);
    good_change(&sandbox.clone);
    let mut runner = runner(&sandbox, packed());
    runner.outputs.insert("github.event.pull_request.base.sha".to_owned(), base);
    let workflow = workflow();
    assert_eq!(workflow["on"], "pull_request");
    runner.github(&workflow).unwrap();
    let told = summary(&sandbox);
    assert!(told.contains("**An upgrade of a running stack recreates the containers of web.**"), "{told}");
    let pages: PathBuf = sandbox.clone.join("preview/catalog/infra-templates/example.html");
    assert!(fs::read_to_string(&pages).unwrap().contains("v1.2.0"));
    // From this project alone, over HTTPS, each with a limit.
    let calls = runner.calls();
    let fetched: Vec<&String> = calls.iter().filter(|call| call.starts_with("curl ")).collect();
    let from = format!("{}/releases/download/v{VERSION}/", env!("CARGO_PKG_REPOSITORY"));
    assert!(fetched.len() == 2 && fetched.iter().all(|call| call.contains(&from)), "{fetched:?}");
    assert!(fetched.iter().all(|call| call.contains("--proto =https") && call.contains("--max-time ")));
    // The next job finds it in the cache.
    runner.github(&workflow).unwrap();
    assert!(!runner.calls().iter().any(|call| call.starts_with("curl ")));
    // A push to a branch that was not there before is checked as a whole, and compared with nothing.
    runner.outputs.remove("github.event.pull_request.base.sha");
    runner.outputs.insert("github.event.before".to_owned(), "0".repeat(40));
    runner.github(&workflow).unwrap();
    assert_eq!(summary(&sandbox), "");
}

fn the_action_stops_what_is_not_good() {
    let sandbox = catalog();
    let base = git(&sandbox.clone, &["rev-parse", "HEAD"]);
    edit(&sandbox.clone.join("infra-templates/example/0/docker-compose.yml"), "web:1.0.0", "web:1.0.1");
    commit_all(&sandbox.clone, "changes what was published");
    let mut runner = runner(&sandbox, packed());
    runner.outputs.insert("github.event.pull_request.base.sha".to_owned(), base);
    let (step, text) = runner.github(&workflow()).unwrap_err();
    assert_eq!(step, "Check the catalog");
    let place = "::error file=infra-templates/example/0/docker-compose.yml,title=published-revision-changed::";
    assert!(text.contains(place), "{text}");
    // What it changes is told all the same.
    assert!(summary(&sandbox).contains("`example/web:1.0.0` → `example/web:1.0.1`"), "{}", summary(&sandbox));
    // What cannot be checked is no finding.
    runner.outputs.insert("github.event.pull_request.base.sha".to_owned(), "1".repeat(40));
    let (step, text) = runner.github(&workflow()).unwrap_err();
    assert!(step == "Check the catalog" && text.contains(&"1".repeat(40)), "{step}: {text}");
    assert_eq!(summary(&sandbox), "");
}

fn what_was_there_before_a_push_by_force_is_fetched_and_else_all_is_checked() {
    let sandbox = catalog();
    good_change(&sandbox.clone);
    let base = git(&sandbox.clone, &["rev-parse", "HEAD~"]);
    let mut runner = runner(&sandbox, packed());
    runner.outputs.insert("github.event_name".to_owned(), "push".to_owned());
    // A shallow clone has what was pushed alone, and the rest can be had.
    let whole = sandbox.folder.path().join("whole");
    git(sandbox.folder.path(), &["clone", "-q", "--bare", sandbox.clone.to_str().unwrap(), whole.to_str().unwrap()]);
    git(&whole, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    fs::remove_dir_all(&sandbox.clone).unwrap();
    let from = format!("file://{}", whole.display());
    git(sandbox.folder.path(), &["clone", "-q", "--depth", "1", &from, sandbox.clone.to_str().unwrap()]);
    runner.outputs.insert("github.event.before".to_owned(), base);
    runner.github(&workflow()).unwrap();
    assert!(summary(&sandbox).contains("**An upgrade of a running stack recreates the containers of web.**"));
    // What is nowhere any more is compared with nothing.
    runner.outputs.insert("github.event.before".to_owned(), "1".repeat(40));
    let told = runner.github(&workflow()).unwrap();
    assert!(told.contains("::notice::1111") && told.contains("all that is there is checked"), "{told}");
    assert_eq!(summary(&sandbox), "");
}

fn the_action_takes_nothing_that_is_not_what_the_sums_say() {
    let served = tempfile::tempdir().unwrap();
    let name = format!("{}.tgz", archive());
    fs::copy(packed().join("SHA256SUMS"), served.path().join("SHA256SUMS")).unwrap();
    fs::write(served.path().join(&name), "another program").unwrap();
    let sandbox = catalog();
    let mut runner = runner(&sandbox, served.path());
    let (step, text) = runner.github(&workflow()).unwrap_err();
    assert!(step == "Fetch it" && text.contains(&format!("::error::{name} is not what SHA256SUMS says")), "{text}");
    // Nor what they do not name.
    fs::write(served.path().join("SHA256SUMS"), "").unwrap();
    fs::remove_dir_all(sandbox.folder.path().join("temp")).unwrap();
    let (step, text) = runner.github(&workflow()).unwrap_err();
    assert!(step == "Fetch it" && text.contains("is not what SHA256SUMS says"), "{text}");
}

fn the_action_names_this_version() {
    let text = fs::read_to_string(root().join("action.yml")).unwrap();
    let action: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(action["inputs"]["version"]["default"].as_str(), Some(format!("v{VERSION}").as_str()));
    let from = format!("{}/releases/download", env!("CARGO_PKG_REPOSITORY"));
    assert_eq!(action["inputs"]["download"]["default"].as_str(), Some(from.as_str()));
    assert!(
        workflow()["jobs"]["check"]["steps"]
            .as_sequence()
            .unwrap()
            .iter()
            .any(|step| { step["uses"].as_str() == Some(format!("rancher/swarmkit-catalog@v{VERSION}").as_str()) })
    );
}
