//! The examples under docs/ci: parsed, and their commands run in a sandbox, with programs of other people (cargo, rustup,
//! skopeo, gh, apt-get) and the builder of the image stood in for by scripts that write down how they were called.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use catalog_check::rules::GOOD_TEMPLATE;
use serde_json::json;
use serde_yaml::Value;
use swarm_lab::generator::outcome;
use swarm_lab::git::{Sandbox, as_person, changed, commit_all, edit, git};
use swarm_lab::made_program::{MACHINES, made_program};
use swarm_lab::programs::root;
use swarm_lab::tree;

pub fn trials() -> Vec<Trial> {
    trials![
        the_check_of_github_actions_passes_what_is_good_and_stops_what_is_not,
        the_check_of_drone_passes_what_is_good_and_stops_what_is_not,
        the_release_of_github_actions_opens_one_pull_request,
        the_release_of_github_actions_stops_before_anything_where_a_version_disagrees,
        the_release_of_drone_opens_one_pull_request,
        every_example_is_in_the_list,
        every_action_is_pinned_to_a_commit,
    ]
}

const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));
/// The commit that the tag is of.
const COMMIT: &str = "0123456789012345678901234567890123456789";
const BRANCH: &str = concat!("swarm-v", env!("CARGO_PKG_VERSION"));

fn example(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci").join(name);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("${{ github.event.pull_request.title") && !text.contains("github.head_ref"), "{name}");
    serde_yaml::from_str(&text).unwrap()
}

/// Where the commands of an example are run.
struct Runner {
    folder: PathBuf,
    tools: PathBuf,
    calls: PathBuf,
    outputs: BTreeMap<String, String>,
    variables: BTreeMap<String, String>,
    remote: PathBuf,
}

impl Runner {
    fn new(sandbox: &Sandbox, folder: &Path) -> Self {
        let tools = sandbox.folder.path().join("tools");
        let calls = sandbox.folder.path().join("calls");
        fs::create_dir_all(&tools).unwrap();
        let mut runner = Self {
            folder: folder.to_owned(),
            tools,
            calls,
            outputs: BTreeMap::new(),
            variables: BTreeMap::new(),
            remote: sandbox.remote.clone(),
        };
        let note = "echo \"$(basename \"$0\") $*\" >> \"$CALLS\"";
        let programs = Path::new(swarm_lab::programs::gen_catalog()).parent().unwrap().display().to_string();
        runner.tool("gh", note);
        // It reads the password; a pipe that nobody reads would break.
        runner.tool("skopeo", &format!("{note}\nif [ \"$1\" = login ]; then cat > /dev/null; fi"));
        // So does it; of an archive, what is copied has to be in it.
        runner.tool("cosign", &format!("{note}\nif [ \"$1\" = login ]; then cat > /dev/null; fi"));
        runner.tool("apt-get", note);
        runner.tool("rustup", note);
        runner.tool("sudo", "exec \"$@\"");
        let daemon = format!("printf 'swarmkit-mon {0}\\ncatalog v{0}\\ncommit %s\\n'", env!("CARGO_PKG_VERSION"));
        let build = format!(
            "mkdir -p target/release; cp '{programs}/gen-catalog' target/release/\n\
             echo '#!/bin/sh' > target/release/swarmkit-mon\n\
             echo \"{daemon} '$SWARMKIT_CATALOG_COMMIT'\" >> target/release/swarmkit-mon\n\
             chmod +x target/release/swarmkit-mon"
        );
        runner.tool("cargo", &format!("{note}\nif [ \"$1\" = build ]; then {build}; fi"));
        for (name, value) in [
            ("CALLS", runner.calls.display().to_string()),
            ("PATH", format!("{}:{programs}:{}", runner.tools.display(), std::env::var("PATH").unwrap())),
            // A clone over the network is one of the remote here.
            ("GIT_CONFIG_COUNT", "1".to_owned()),
            ("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", runner.remote.display())),
            ("GIT_CONFIG_VALUE_0", "https://github.com/rancher/community-catalog".to_owned()),
        ] {
            runner.variables.insert(name.to_owned(), value);
        }
        runner
    }

    fn tool(&mut self, name: &str, script: &str) {
        let path = self.tools.join(name);
        fs::write(&path, format!("#!/bin/sh\nset -e\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.calls).unwrap_or_default();
        let _ = fs::remove_file(&self.calls);
        text.lines().map(str::to_owned).collect()
    }

    /// A command as CI runs it: its exit code, what it printed, and errors.
    fn run(&self, script: &str, environment: &BTreeMap<String, String>) -> (i32, String) {
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(&self.folder);
        as_person(&mut command).envs(&self.variables).envs(environment);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap(), text)
    }

    /// The value of a text with `${{ … }}` in it.
    fn evaluate(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once("${{") {
            let (name, after) = inside.split_once("}}").unwrap();
            out.push_str(before);
            out.push_str(self.outputs.get(name.trim()).unwrap_or_else(|| panic!("{name} is not known")));
            rest = after;
        }
        out + rest
    }

    fn environment(&self, of: &[&Value]) -> BTreeMap<String, String> {
        let pairs = of.iter().filter_map(|value| value.get("env")).flat_map(|env| env.as_mapping().unwrap());
        pairs.map(|(name, value)| (name.as_str().unwrap().to_owned(), self.evaluate(value.as_str().unwrap()))).collect()
    }

    /// Runs the steps of the one job of a workflow of GitHub Actions; the name of the step that failed.
    fn github(&mut self, workflow: &Value) -> Result<String, (String, String)> {
        assert!(workflow["name"].is_string() && workflow["permissions"]["contents"] == "read");
        let jobs = workflow["jobs"].as_mapping().unwrap();
        assert_eq!(jobs.len(), 1);
        let job = jobs.values().next().unwrap();
        assert!(job["runs-on"].is_string());
        let (output, path) = (self.folder.join("../outputs"), self.folder.join("../path"));
        let summary = self.folder.join("../summary");
        for (name, file) in [("GITHUB_OUTPUT", &output), ("GITHUB_PATH", &path), ("GITHUB_STEP_SUMMARY", &summary)] {
            let _ = fs::remove_file(file);
            fs::write(file, "").unwrap();
            self.variables.insert(name.to_owned(), file.display().to_string());
        }
        let (mut all, mut failed) = (String::new(), None);
        for step in job["steps"].as_sequence().unwrap() {
            if let Some(action) = step["uses"].as_str() {
                assert!(step.get("run").is_none());
                if failed.is_none() {
                    self.action(action, step);
                }
                continue;
            }
            let (name, script) = (step["name"].as_str().unwrap(), step["run"].as_str().unwrap());
            // What a person may choose comes in variables.
            assert!(!script.contains("${{"), "{name}");
            if !self.wanted(step["if"].as_str(), failed.is_some()) {
                continue;
            }
            let mut environment = self.environment(&[job, step]);
            environment.insert("GITHUB_ACTIONS".to_owned(), "true".to_owned());
            let (code, text) = self.run(script, &environment);
            all.push_str(&text);
            if code != 0 && failed.is_none() {
                failed = Some((name.to_owned(), text));
            }
            if let Some(id) = step["id"].as_str() {
                self.take_outputs(id, &fs::read_to_string(&output).unwrap());
            }
            for line in fs::read_to_string(&path).unwrap().lines() {
                let path = format!("{line}:{}", self.variables["PATH"]);
                self.variables.insert("PATH".to_owned(), path);
            }
            fs::write(&path, "").unwrap();
        }
        failed.map_or(Ok(all), Err)
    }

    fn action(&self, action: &str, step: &Value) {
        let path = |key: &str| step["with"][key].as_str();
        match action.split('@').next().unwrap() {
            // The repository itself is here.
            "actions/checkout" => {
                if let Some(into) = path("path") {
                    let into = self.folder.join(into);
                    let _ = fs::remove_dir_all(&into);
                    git(&self.folder, &["clone", "-q", self.remote.to_str().unwrap(), into.to_str().unwrap()]);
                    git(&into, &["checkout", "-q", "--detach"]);
                }
            }
            // A stand-in is on the path.
            "sigstore/cosign-installer" => {}
            "actions/upload-artifact" => {
                for file in path("path").unwrap().lines() {
                    assert!(self.folder.join(file).is_file(), "{file}");
                }
            }
            other => panic!("{other}"),
        }
    }

    fn wanted(&self, condition: Option<&str>, failed: bool) -> bool {
        match condition {
            None => !failed,
            Some("always()") => true,
            Some(other) => {
                let (name, value) = other.split_once(" == ").unwrap();
                !failed && self.outputs.get(name).map(String::as_str) == Some(value.trim_matches('\''))
            }
        }
    }

    fn take_outputs(&mut self, id: &str, text: &str) {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let (name, end) = line.split_once("<<").unwrap();
            let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            self.outputs.insert(format!("steps.{id}.outputs.{name}"), value.join("\n"));
        }
    }

    /// Runs the steps of a pipeline of Drone; the command that failed.
    fn drone(&self, pipeline: &Value) -> Result<String, (String, String)> {
        assert!(pipeline["kind"] == "pipeline" && pipeline["type"] == "docker" && pipeline["name"].is_string());
        let mut all = String::new();
        for step in pipeline["steps"].as_sequence().unwrap() {
            assert!(step["name"].is_string() && step["image"].is_string());
            let mut environment = BTreeMap::new();
            for (name, value) in step["environment"].as_mapping().into_iter().flatten() {
                let name = name.as_str().unwrap().to_owned();
                let secret = || self.variables.get(&name).cloned().unwrap_or_else(|| "secret".to_owned());
                let value = value.as_str().map_or_else(secret, str::to_owned);
                environment.insert(name, value);
            }
            // Drone runs the commands of a step as one script.
            let commands: Vec<&str> =
                step["commands"].as_sequence().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
            let (code, text) = self.run(&commands.join("\n"), &environment);
            all.push_str(&text);
            if code != 0 {
                return Err((step["name"].as_str().unwrap().to_owned(), text));
            }
        }
        Ok(all)
    }
}

/// In the place of `scripts/image`: what it packs is small, and the rest is as there.
fn write_image_builder(project: &Path) {
    let real = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/image")).unwrap();
    assert!(real.contains("./scripts/image --arm64 ") && real.contains("\"${GEN_CATALOG:-"));
    let folder = project.join("scripts");
    fs::create_dir(&folder).unwrap();
    for (name, machine) in ["amd64", "arm64"].into_iter().zip(MACHINES) {
        fs::write(folder.join(name), made_program(machine, env!("CARGO_PKG_VERSION"), COMMIT, &[])).unwrap();
    }
    let component = json!({ "name": "swarmkit-mon", "version": env!("CARGO_PKG_VERSION") });
    let sbom = json!({ "bomFormat": "CycloneDX", "metadata": { "component": component }, "components": [] });
    fs::write(folder.join("sbom"), sbom.to_string()).unwrap();
    fs::write(folder.join("bundle"), "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").unwrap();
    let script = "#!/bin/sh\nset -e\necho \"scripts/image $*\" >> \"$CALLS\"\nmkdir -p target/image\n\
         cp scripts/sbom target/image/swarmkit.cdx.json\n\
         \"$GEN_CATALOG\" image scripts/amd64 scripts/arm64 --certificates scripts/bundle \
         --revision \"$SWARMKIT_CATALOG_COMMIT\" --out target/image/swarmkit.tar\n";
    fs::write(folder.join("image"), script).unwrap();
    fs::set_permissions(folder.join("image"), fs::Permissions::from_mode(0o755)).unwrap();
}

/// A clone of a catalog with one template, on a branch of a pull request.
fn catalog() -> Sandbox {
    Sandbox::with(|clone| {
        for (name, text) in GOOD_TEMPLATE {
            let path = clone.join("infra-templates/example").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    })
}

fn good_change(clone: &Path) {
    let template = clone.join("infra-templates/example");
    tree::copy(&template.join("1"), &template.join("2"));
    edit(&template.join("2/rancher-compose.yml"), "v1.1.0", "v1.2.0");
    edit(&template.join("2/docker-compose.yml"), "web:1.1.0", "web:1.2.0");
    edit(&template.join("config.yml"), "v1.1.0", "v1.2.0");
    commit_all(clone, "v1.2.0");
}

fn bad_change(clone: &Path) {
    edit(&clone.join("infra-templates/example/0/docker-compose.yml"), "web:1.0.0", "web:1.0.1");
    commit_all(clone, "changes what was published");
}

fn the_check_of_github_actions_passes_what_is_good_and_stops_what_is_not() {
    for (change, passes) in [(good_change as fn(&Path), true), (bad_change, false)] {
        let sandbox = catalog();
        let base = git(&sandbox.clone, &["rev-parse", "HEAD"]);
        change(&sandbox.clone);
        let mut runner = Runner::new(&sandbox, &sandbox.clone);
        runner.outputs.insert("github.event.pull_request.base.sha".to_owned(), base);
        let workflow = example("github-check.yml");
        assert_eq!(workflow["on"], "pull_request");
        let result = runner.github(&workflow);
        let summary = fs::read_to_string(sandbox.folder.path().join("summary")).unwrap();
        assert!(runner.calls()[0].contains(&format!("--tag {TAG} ")));
        if passes {
            result.unwrap();
            assert!(
                summary.contains("**An upgrade of a running stack recreates the containers of web.**"),
                "{summary}"
            );
        } else {
            let (step, text) = result.unwrap_err();
            assert_eq!(step, "Check what the pull request changes");
            assert!(
                text.contains(
                    "::error file=infra-templates/example/0/docker-compose.yml,title=published-revision-changed::"
                ),
                "{text}"
            );
            // What it changes is told all the same.
            assert!(summary.contains("`example/web:1.0.0` → `example/web:1.0.1`"), "{summary}");
        }
    }
}

fn the_check_of_drone_passes_what_is_good_and_stops_what_is_not() {
    for (change, passes) in [(good_change as fn(&Path), true), (bad_change, false)] {
        let sandbox = catalog();
        change(&sandbox.clone);
        let mut runner = Runner::new(&sandbox, &sandbox.clone);
        runner.variables.insert("DRONE_TARGET_BRANCH".to_owned(), "master".to_owned());
        let result = runner.drone(&example("drone-check.yml"));
        assert!(runner.calls()[0].contains(&format!("--tag {TAG} ")));
        match result {
            Ok(text) => assert!(passes && text.contains("recreates the containers of web"), "{text}"),
            Err((_, text)) => assert!(!passes && text.contains("error[published-revision-changed]"), "{text}"),
        }
    }
}

/// This project as it is at a tag, beside a catalog.
fn project(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.folder.path().join("project");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir(&folder).unwrap();
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(root.join(file), folder.join(file)).unwrap();
    }
    fs::write(folder.join("CHANGELOG.md"), format!("## {} (2026-01-31)\n", env!("CARGO_PKG_VERSION"))).unwrap();
    tree::copy(&root.join("community-catalog"), &folder.join("community-catalog"));
    write_image_builder(&folder);
    git(&folder, &["init", "-q", "-b", "master"]);
    commit_all(&folder, "all");
    folder
}

/// What the catalog got, and what the people of the catalog see.
fn released(sandbox: &Sandbox, folder: &Path, calls: &[String]) {
    assert_eq!(changed(&sandbox.remote, "master", BRANCH).len(), 5);
    let compose = git(&sandbox.remote, &["show", &format!("{BRANCH}:infra-templates/swarm/4/docker-compose.yml")]);
    assert!(compose.contains(&format!("image: rancher/swarmkit:{TAG}@sha256:")), "{compose}");
    let body = fs::read_to_string(folder.join("body.md")).unwrap();
    assert!(body.contains("(pinned by digest)"), "{body}");
    let pull_request = calls.iter().find(|call| call.starts_with("gh pr create")).unwrap();
    let wanted = format!("--head {BRANCH} --title infra-templates/swarm: {TAG} --body-file body.md");
    assert!(pull_request.ends_with(&wanted), "{pull_request}");
    // The image is pushed before anything names its digest.
    let place = |start: &str| calls.iter().position(|call| call.starts_with(start)).unwrap();
    let steps = ["scripts/image --arm64", "skopeo login", "skopeo copy --all --preserve-digests", "gh pr create"];
    assert!(steps.map(place).is_sorted(), "{calls:?}");
    let lock = fs::read_to_string(folder.join("image.lock")).unwrap();
    assert!(lock.contains("platforms = [\"linux/amd64\", \"linux/arm64\"]"), "{lock}");
    let statement: Value = serde_json::from_str(&fs::read_to_string(folder.join("provenance.json")).unwrap()).unwrap();
    assert_eq!(statement["subject"].as_sequence().unwrap().len(), 5);
}

fn the_release_of_github_actions_opens_one_pull_request() {
    let sandbox = catalog();
    let folder = project(&sandbox);
    let mut runner = Runner::new(&sandbox, &folder);
    for (name, value) in [
        ("github.ref_name", TAG),
        ("github.sha", COMMIT),
        ("github.server_url", "https://github.com"),
        ("github.workflow_ref", "rancher/swarmkit-catalog/.github/workflows/release.yml@refs/tags/v2.0.0"),
        ("github.actor", "someone"),
        ("secrets.CATALOG_TOKEN", "secret"),
        ("secrets.REGISTRY_USER", "someone"),
        ("secrets.REGISTRY_PASSWORD", "secret"),
    ] {
        runner.outputs.insert(name.to_owned(), value.to_owned());
    }
    runner.github(&example("github-release.yml")).unwrap();
    let calls = runner.calls();
    released(&sandbox, &folder, &calls);
    // By cosign, once the image is there, and by its digest.
    let lock: toml::Table = toml::from_str(&fs::read_to_string(folder.join("image.lock")).unwrap()).unwrap();
    let image = format!("docker.io/rancher/swarmkit@{}", lock["digest"].as_str().unwrap());
    let pushed = calls.iter().position(|call| call.starts_with("skopeo copy")).unwrap();
    let signed: Vec<&String> = calls[pushed..].iter().filter(|call| call.starts_with("cosign ")).collect();
    let attest = |kind: &str, file: &str| format!("cosign attest --yes --type {kind} --predicate {file} {image}");
    assert_eq!(
        signed,
        [
            "cosign login docker.io --username someone --password-stdin",
            &format!("cosign sign --yes {image}"),
            &attest("slsaprovenance1", "image-provenance.json"),
            &attest("cyclonedx", "target/image/swarmkit.cdx.json"),
        ]
    );
    let provenance: Value =
        serde_yaml::from_str(&fs::read_to_string(folder.join("image-provenance.json")).unwrap()).unwrap();
    let dependency = &provenance["buildDefinition"]["resolvedDependencies"][0];
    assert_eq!(dependency["digest"]["gitCommit"], COMMIT);
    assert_eq!(
        git(&sandbox.remote, &["log", "-1", "--format=%an %ae", BRANCH]),
        "someone someone@users.noreply.github.com"
    );
    // The job run again, on a fresh machine.
    for left in ["body.md", "image.lock", "target/image/swarmkit.tar", "provenance.json"] {
        fs::remove_file(folder.join(left)).unwrap();
    }
    runner.github(&example("github-release.yml")).unwrap();
    assert_eq!(runner.outputs["steps.release.outputs.status"], "nothing-to-do");
    assert!(!runner.calls().iter().any(|call| call.starts_with("gh pr create")));
}

fn the_release_of_github_actions_stops_before_anything_where_a_version_disagrees() {
    let sandbox = catalog();
    let folder = project(&sandbox);
    let mut runner = Runner::new(&sandbox, &folder);
    for (name, value) in [("github.ref_name", "v9.9.9"), ("github.sha", "")] {
        runner.outputs.insert(name.to_owned(), value.to_owned());
    }
    let (step, text) = runner.github(&example("github-release.yml")).unwrap_err();
    assert_eq!(step, "Verify that everything names this version");
    assert!(text.contains("NO  tag") || text.contains("NO  package"), "{text}");
    assert_eq!(runner.calls(), ["cargo build --release --locked -p gen-catalog -p swarmkit-mon"]);
}

fn the_release_of_drone_opens_one_pull_request() {
    let sandbox = catalog();
    let folder = project(&sandbox);
    let mut runner = Runner::new(&sandbox, &folder);
    runner.variables.insert("DRONE_TAG".to_owned(), TAG.to_owned());
    runner.variables.insert("DRONE_COMMIT_SHA".to_owned(), COMMIT.to_owned());
    runner.variables.insert("DRONE_REPO_LINK".to_owned(), "https://git.example.com/swarmkit-catalog".to_owned());
    let key = fs::read_to_string(root().join("tests/data/keys/pkcs8.pem")).unwrap();
    runner.variables.insert("COSIGN_PRIVATE_KEY".to_owned(), key);
    runner.drone(&example("drone-release.yml")).unwrap();
    let calls = runner.calls();
    released(&sandbox, &folder, &calls);
    // By the key; what is pushed beside the image is in the archive, and good.
    let digest: toml::Table = toml::from_str(&fs::read_to_string(folder.join("image.lock")).unwrap()).unwrap();
    let tag = digest["digest"].as_str().unwrap().replace(':', "-");
    let copied: Vec<&String> = calls.iter().filter(|call| call.starts_with("skopeo copy")).collect();
    assert_eq!(copied.len(), 3);
    for (call, tag) in copied[1..].iter().zip([format!("{tag}.sig"), format!("{tag}.att")]) {
        let wanted = format!("oci-archive:target/image/signed.tar:{tag} docker://docker.io/rancher/swarmkit:{tag}");
        assert!(call.ends_with(&wanted), "{call}");
    }
    let public = root().join("tests/data/keys/public.pem");
    let builder = "https://git.example.com/swarmkit-catalog";
    let args = ["verify-image", "target/image/signed.tar", "--key", public.to_str().unwrap(), "--builder", builder];
    let (code, text, errors) = outcome(&folder, &args);
    assert_eq!(code, 0, "{text}{errors}");
    for left in ["body.md", "image.lock", "target/image/swarmkit.tar", "provenance.json"] {
        fs::remove_file(folder.join(left)).unwrap();
    }
    fs::remove_dir_all(folder.join("catalog")).unwrap();
    runner.drone(&example("drone-release.yml")).unwrap();
    assert!(!runner.calls().iter().any(|call| call.starts_with("gh pr create")));
}

fn every_example_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci");
    let list = fs::read_to_string(folder.join("README.md")).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || list.contains(&format!("[{name}]({name})")), "{name}");
    }
}

fn every_action_is_pinned_to_a_commit() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci");
    let mut pinned = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
            let (_, commit) = line.split_once('@').unwrap();
            let (commit, version) = commit.split_once(" # v").unwrap_or_else(|| panic!("{line}: no version"));
            assert!(swarmkit_settings::built_from::is_commit(commit), "{line}");
            assert!(version.split('.').count() == 3, "{line}");
            pinned += 1;
        }
    }
    assert!(pinned > 3);
}
