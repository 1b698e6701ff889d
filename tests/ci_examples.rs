//! The examples under docs/ci: parsed, and their commands run in a sandbox, with programs of other people (cargo, rustup,
//! skopeo, gh, apt-get) and the builder of the image stood in for by scripts that write down how they were called.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

use crate::ci_runner::Runner;
use catalog_check::rules::GOOD_TEMPLATE;
use serde_json::json;
use serde_yaml::Value;
use swarm_lab::generator::outcome;
use swarm_lab::git::{Sandbox, changed, commit_all, edit, git};
use swarm_lab::made_program::{MACHINES, made_program};
use swarm_lab::programs::root;
use swarm_lab::tree;

pub fn trials() -> Vec<Trial> {
    trials![
        the_check_of_drone_passes_what_is_good_and_stops_what_is_not,
        the_check_of_gitlab_passes_what_is_good_and_stops_what_is_not,
        the_hook_of_pre_commit_stops_what_is_not_good_before_it_is_committed,
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
    let binaries = "#!/bin/sh\nset -e\necho \"scripts/binaries $*\" >> \"$CALLS\"\nmkdir -p target/binaries\n\
         echo 1 > target/binaries/gen-catalog.tgz\necho 2 > target/binaries/SHA256SUMS\n";
    fs::write(folder.join("binaries"), binaries).unwrap();
    for name in ["image", "binaries"] {
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// A clone of a catalog with one template, on a branch of a pull request.
pub fn catalog() -> Sandbox {
    Sandbox::with(|clone| {
        for (name, text) in GOOD_TEMPLATE {
            let path = clone.join("infra-templates/example").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    })
}

pub fn good_change(clone: &Path) {
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

fn the_check_of_gitlab_passes_what_is_good_and_stops_what_is_not() {
    for (change, passes) in [(good_change as fn(&Path), true), (bad_change, false)] {
        let sandbox = catalog();
        let base = git(&sandbox.clone, &["rev-parse", "HEAD"]);
        change(&sandbox.clone);
        let mut runner = Runner::new(&sandbox, &sandbox.clone);
        runner.variables.insert("CI_MERGE_REQUEST_DIFF_BASE_SHA".to_owned(), base);
        let pipeline = example("gitlab-check.yml");
        assert_eq!(pipeline["check"]["artifacts"]["reports"]["junit"], "check.xml");
        let result = runner.gitlab(&pipeline);
        assert!(runner.calls()[0].contains(&format!("--tag {TAG} ")));
        let found = fs::read_to_string(sandbox.clone.join("check.xml")).unwrap();
        match result {
            Ok(text) => assert!(passes && text.contains("recreates the containers of web"), "{text}"),
            Err(text) => assert!(!passes && text.contains("published-revision-changed"), "{text}"),
        }
        assert_eq!(found.contains("<failure"), !passes, "{found}");
    }
}

fn the_hook_of_pre_commit_stops_what_is_not_good_before_it_is_committed() {
    let text = fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap();
    let hooks: Value = serde_yaml::from_str(&text).unwrap();
    let hook = &hooks[0];
    assert!(hook["id"] == "gen-catalog-check" && hook["language"] == "rust" && hook["pass_filenames"] == false);
    let sandbox = catalog();
    let runner = Runner::new(&sandbox, &sandbox.clone);
    let check = || runner.run(hook["entry"].as_str().unwrap(), &BTreeMap::new());
    let (code, text) = check();
    assert_eq!(code, 0, "{text}");
    edit(&sandbox.clone.join("infra-templates/example/0/docker-compose.yml"), "web:1.0.0", "web:1.0.1");
    let (code, text) = check();
    assert!(code == 1 && text.contains("error[published-revision-changed]"), "{code}: {text}");
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
    // What can be downloaded is published, with the sums.
    let published = |start: &str| calls.iter().any(|call| call.starts_with(start));
    assert!(published(&format!("gh release create {TAG} --verify-tag")), "{calls:?}");
    assert!(published(&format!("gh release upload {TAG} --clobber target/binaries/SHA256SUMS")), "{calls:?}");
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
        ("github.token", "secret"),
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
            "cosign sign-blob --yes --bundle target/binaries/SHA256SUMS.bundle target/binaries/SHA256SUMS",
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
    let examples = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    for path in examples.chain([root().join("action.yml")]) {
        let text = fs::read_to_string(&path).unwrap();
        for line in text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: ")) {
            // This project's own is named by the version that the examples are of; which commit that will be nobody knows.
            if line == format!("rancher/swarmkit-catalog@{TAG}") {
                continue;
            }
            let (_, commit) = line.split_once('@').unwrap();
            let (commit, version) = commit.split_once(" # v").unwrap_or_else(|| panic!("{line}: no version"));
            assert!(swarmkit_settings::built_from::is_commit(commit), "{line}");
            assert!(version.split('.').count() == 3, "{line}");
            pinned += 1;
        }
    }
    assert!(pinned > 3);
}
