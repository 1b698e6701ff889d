//! `gen-catalog release TEMPLATE`: the next revision of any template, as a branch or right on the branch, with real git.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use catalog_check::rules::GOOD_TEMPLATE;
use swarm_lab::git::{Sandbox, as_person, changed, commit_all, edit, git, outcome, state};
use swarm_lab::trial::{Trial, campaign};
use swarm_lab::trials;

use crate::bump::put;
use crate::release::json;

const NEW: [&str; 4] = [
    "A infra-templates/example/2/README.md",
    "A infra-templates/example/2/docker-compose.yml",
    "A infra-templates/example/2/rancher-compose.yml",
    "M infra-templates/example/config.yml",
];
const IMAGE: [&str; 3] = ["example", "--image", "web=1.2.0"];

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        a_branch_with_one_commit_and_the_text_of_its_pull_request,
        a_second_run_does_nothing,
        a_commit_right_on_the_branch_of_the_remote,
        of_jobs_at_once_each_gets_a_revision_of_its_own,
        killed_at_any_moment_the_remote_has_all_or_nothing,
        a_branch_of_the_clone_goes_on_by_itself,
        what_bump_refuses_is_refused,
        what_makes_no_sense_together_is_told,
        a_catalog_in_a_folder_of_its_repository,
    ];
    trials.push(campaign("killed_two_hundred_times", None, || killed(200)));
    trials
}

fn sandbox() -> Sandbox {
    sandbox_in("")
}

fn sandbox_in(inside: &str) -> Sandbox {
    Sandbox::with(|clone| {
        for (name, text) in GOOD_TEMPLATE {
            put(clone, &format!("{inside}infra-templates/example/{name}"), text);
        }
    })
}

fn release(sandbox: &Sandbox, args: &[&str]) -> (i32, String, String) {
    outcome(&sandbox.clone, &[&["release"], args].concat())
}

fn a_branch_with_one_commit_and_the_text_of_its_pull_request() {
    let sandbox = sandbox();
    let before = state(&sandbox.clone);
    let body = sandbox.folder.path().join("body.md");
    let args = [&IMAGE[..], &["--push", "origin", "--body-file", body.to_str().unwrap(), "--format", "json"]].concat();
    let (code, text, errors) = release(&sandbox, &args);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    let report = json(&text);
    assert_eq!((report["status"].as_str(), report["branch"].as_str()), (Some("released"), Some("example-v1.2.0")));
    assert_eq!(changed(&sandbox.clone, "master", "example-v1.2.0"), NEW);
    let parent = |name: &str| git(&sandbox.clone, &["rev-parse", name]);
    assert_eq!(parent("example-v1.2.0~"), parent("master"));
    assert_eq!(git(&sandbox.remote, &["rev-parse", "example-v1.2.0"]), report["commit"].as_str().unwrap());
    let message = git(&sandbox.clone, &["log", "-1", "--format=%B", "example-v1.2.0"]);
    assert!(
        message.starts_with("infra-templates/example: v1.2.0\n\ninfra-templates/example gets v1.2.0 as revision 2"),
        "{message}"
    );
    let body = std::fs::read_to_string(body).unwrap();
    for says in ["example/web:1.1.0 → example/web:1.2.0", "recreates", "no error", "+    image: example/web:1.2.0"] {
        assert!(body.contains(says), "{says}: {body}");
    }
    // What is in the commit is what `bump` writes.
    let by_hand = sandbox.another("by-hand");
    assert_eq!(outcome(&by_hand, &[&["bump"], &IMAGE[..]].concat()).0, 0);
    commit_all(&by_hand, "by hand");
    let tree = |folder: &Path, name: &str| git(folder, &["rev-parse", &format!("{name}^{{tree}}")]);
    assert_eq!(tree(&by_hand, "HEAD"), tree(&sandbox.clone, "example-v1.2.0"));
    let mut after = state(&sandbox.clone);
    after.retain(|name, _| name != "refs" && !name.ends_with("example-v1.2.0"));
    let before: Vec<(String, Vec<u8>)> = before.into_iter().filter(|(name, _)| name != "refs").collect();
    assert_eq!(after.into_iter().collect::<Vec<_>>(), before);
}

fn a_second_run_does_nothing() {
    let sandbox = sandbox();
    let planned = release(&sandbox, &[&IMAGE[..], &["--dry-run", "--format", "json"]].concat());
    assert_eq!(json(&planned.1)["status"], "planned", "{}", planned.2);
    assert_eq!(git(&sandbox.clone, &["branch", "--list", "example-*"]), "");
    assert_eq!(release(&sandbox, &IMAGE).0, 0);
    let tree = git(&sandbox.clone, &["rev-parse", "example-v1.2.0^{tree}"]);
    assert_eq!(json(&planned.1)["tree"].as_str(), Some(tree.as_str()));
    let before = state(&sandbox.clone);
    let (code, text, _) = release(&sandbox, &IMAGE);
    assert!(code == 0 && text.contains("nothing to do: the branch example-v1.2.0 is there"), "{text}");
    // Once it is merged, too.
    assert_eq!(state(&sandbox.clone), before);
    git(&sandbox.clone, &["merge", "-q", "--ff-only", "example-v1.2.0"]);
    git(&sandbox.clone, &["push", "-q", "origin", "master"]);
    let (code, text, _) = release(&sandbox, &IMAGE);
    let says = "nothing to do: infra-templates/example/2 has example/web:1.2.0 already\n";
    assert_eq!((code, text.as_str()), (0, says));
}

fn a_commit_right_on_the_branch_of_the_remote() {
    let sandbox = sandbox();
    let before = state(&sandbox.clone);
    let args = [&IMAGE[..], &["--commit", "--push", "origin"]].concat();
    let dry = release(&sandbox, &[&args[..], &["--dry-run"]].concat());
    assert!(dry.0 == 0 && dry.1.contains("without --dry-run this is a commit on origin/master"), "{dry:?}");
    let (code, text, errors) = release(&sandbox, &args);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    assert!(text.contains("is on origin/master, pushed; the clone is as it was"), "{text}");
    let of_remote = |name: &str| git(&sandbox.remote, &["rev-parse", name]);
    assert_eq!(of_remote("master~"), git(&sandbox.clone, &["rev-parse", "master"]));
    assert_eq!(changed(&sandbox.remote, "master~", "master"), NEW);
    let is_own = |name: &str| !name.starts_with(".git/refs/remotes/") && name != "refs";
    let own = |state: std::collections::BTreeMap<String, Vec<u8>>| -> Vec<(String, Vec<u8>)> {
        state.into_iter().filter(|(name, _)| is_own(name)).collect()
    };
    assert_eq!(own(state(&sandbox.clone)), own(before));
    // From the same clone, which is behind now, and from one without a branch, as CI has it.
    let (code, text, _) = release(&sandbox, &args);
    assert_eq!((code, text.as_str()), (0, "nothing to do: infra-templates/example/2 has example/web:1.2.0 already\n"));
    let ci = sandbox.another("ci");
    git(&ci, &["checkout", "-q", "--detach"]);
    let args = ["release", "example", "--image", "web=1.2.1", "--commit", "--push", "origin"];
    let (code, _, errors) = outcome(&ci, &args);
    assert!(code == 1 && errors.contains("name what to build upon with --base"), "{errors}");
    let (code, _, errors) = outcome(&ci, &[&args[..], &["--base", "origin/master"]].concat());
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(
        git(&sandbox.remote, &["show", "master:infra-templates/example/3/docker-compose.yml"]).contains("web:1.2.1")
    );
}

fn start(clone: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(swarm_lab::programs::gen_catalog());
    as_person(command.current_dir(clone).arg("release").args(args));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn of_jobs_at_once_each_gets_a_revision_of_its_own() {
    let sandbox = sandbox();
    let clones: Vec<_> = (0..3).map(|at| sandbox.another(&format!("job{at}"))).collect();
    let args = |image: &'static str| ["example", "--image", image, "--minor", "--commit", "--push", "origin"];
    let jobs = [("web=a", &clones[0]), ("web=b", &clones[1]), ("web=c", &clones[2])];
    let children: Vec<Child> = jobs.iter().map(|(image, clone)| start(clone, &args(image))).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let mut tags = Vec::new();
    for (revision, version) in [(2, "v1.2.0"), (3, "v1.3.0"), (4, "v1.4.0")] {
        let show =
            |file: &str| git(&sandbox.remote, &["show", &format!("master:infra-templates/example/{revision}/{file}")]);
        assert!(show("rancher-compose.yml").contains(&format!("version: {version}\n")));
        let compose = show("docker-compose.yml");
        tags.push(["a", "b", "c"].into_iter().find(|tag| compose.contains(&format!("web:{tag}\n"))).unwrap());
    }
    tags.sort_unstable();
    assert_eq!(tags, ["a", "b", "c"]);
    assert_eq!(git(&sandbox.remote, &["rev-list", "--count", "master"]), "4");
    assert!(git(&sandbox.remote, &["show", "master:infra-templates/example/config.yml"]).contains("version: v1.4.0"));
}

fn killed_at_any_moment_the_remote_has_all_or_nothing() {
    killed(12);
}

fn killed(times: u32) {
    let sandbox = sandbox();
    let args = [&IMAGE[..], &["--commit", "--push", "origin"]].concat();
    let first = git(&sandbox.remote, &["rev-parse", "master"]);
    let began = Instant::now();
    assert!(start(&sandbox.clone, &args).wait().unwrap().success());
    let took = began.elapsed();
    let whole = git(&sandbox.remote, &["rev-parse", "master^{tree}"]);
    for time in 0..times {
        git(&sandbox.remote, &["update-ref", "refs/heads/master", &first]);
        let mut child = start(&sandbox.clone, &args);
        std::thread::sleep(took.mul_f64(1.1 * f64::from(time) / f64::from(times)));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had started may still be at work.
        std::thread::sleep(took.mul_f64(0.3));
        let now = git(&sandbox.remote, &["rev-parse", "master"]);
        let tree = git(&sandbox.remote, &["rev-parse", "master^{tree}"]);
        assert!(now == first || tree == whole, "{time}: {now}");
        assert_eq!(git(&sandbox.clone, &["status", "--porcelain"]), "");
    }
    git(&sandbox.remote, &["update-ref", "refs/heads/master", &first]);
    assert!(start(&sandbox.clone, &args).wait().unwrap().success());
    assert_eq!(git(&sandbox.remote, &["rev-parse", "master^{tree}"]), whole);
}

fn a_branch_of_the_clone_goes_on_by_itself() {
    let sandbox = sandbox();
    let args = [&IMAGE[..], &["--commit"]].concat();
    let before = state(&sandbox.clone);
    let (code, _, errors) = release(&sandbox, &args);
    assert!(code == 1 && errors.contains("master is checked out in") && errors.contains("--push REMOTE"), "{errors}");
    let (code, _, errors) = release(&sandbox, &[&args[..], &["--base", "origin/master"]].concat());
    assert!(code == 1 && errors.contains("origin/master is no branch of the clone"), "{errors}");
    assert_eq!(state(&sandbox.clone), before);
    git(&sandbox.clone, &["branch", "-q", "next"]);
    for (image, revision) in [("web=1.2.0", 2), ("web=1.2.1", 3)] {
        let (code, text, errors) = release(&sandbox, &["example", "--image", image, "--commit", "--base", "next"]);
        assert_eq!((code, errors.as_str()), (0, ""), "{text}");
        git(
            &sandbox.clone,
            &["cat-file", "-e", &format!("next:infra-templates/example/{revision}/docker-compose.yml")],
        );
    }
    assert_eq!(git(&sandbox.clone, &["rev-list", "--count", "master..next"]), "2");
}

fn what_bump_refuses_is_refused() {
    let sandbox = sandbox();
    let before = state(&sandbox.clone);
    for (args, code, says) in [
        (&["example", "--image", "web=1.0.1"][..], 1, "nothing was released: v1.0.1 is not later than v1.1.0"),
        (&["example", "--image", "nginx=1"], 2, "there is no image `nginx`"),
        (&["exmaple", "--patch"], 2, "is `example` meant?"),
        (&["example", "--image", "web=1.2.0", "--push", "nowhere"], 1, "no remote `nowhere`"),
        (&["example", "--image", "web=1.2.0", "--commit", "--push", "nowhere"], 1, "no remote `nowhere`"),
        (&["example", "--image", "web=1.2.0", "--branch", "master"], 1, "is the branch to build upon"),
    ] {
        let (found, text, errors) = release(&sandbox, args);
        assert!(found == code && errors.contains(says), "{args:?}: {found} {text}{errors}");
    }
    let (code, text, _) = release(&sandbox, &["example", "--image", "web=1.0.1", "--format", "json"]);
    assert_eq!((code, json(&text)["status"].as_str()), (1, Some("refused")));
    assert_eq!(state(&sandbox.clone), before);
    edit(&sandbox.clone.join("infra-templates/example/config.yml"), "A web", "The web");
    let (code, _, errors) = release(&sandbox, &IMAGE);
    assert!(code == 1 && errors.contains("changes that are not committed"), "{errors}");
    git(&sandbox.clone, &["checkout", "-q", "."]);
    put(&sandbox.clone, "docs/x", "");
    std::fs::create_dir_all(sandbox.clone.join("infra-templates/empty")).unwrap();
    let (code, _, errors) = release(&sandbox, &["empty", "--patch"]);
    assert!(code == 1 && errors.contains("master has no infra-templates/empty: commit it first"), "{errors}");
}

fn what_makes_no_sense_together_is_told() {
    let sandbox = sandbox();
    let clone = sandbox.clone.to_str().unwrap();
    for (args, says) in [
        (&["example"][..], "say what shall change: --image NAME=TAG"),
        (&["example", "--image", "web"], "--image: NAME=TAG is wanted"),
        (&["example", "--patch", "--metadata"], "cannot be used with"),
        (&["example", "--patch", "--what", "both"], "cannot be used with"),
        (&["example", "--patch", "--commit", "--branch", "x"], "cannot be used with"),
        (&["--catalog", clone, "--patch"], "which template? Name it"),
        (&["--catalog", clone, "--commit"], "required"),
        (&["--catalog", clone, "--image", "web=1"], "--image: "),
        (&["--catalog", clone, "--image", "a/b", "--image", "c/d"], "one --image is taken"),
        (&[], "--catalog <CLONE>"),
    ] {
        let (code, text, errors) = release(&sandbox, args);
        assert!(code == 2 && errors.contains(says), "{args:?}: {code} {text}{errors}");
    }
}

fn a_catalog_in_a_folder_of_its_repository() {
    let sandbox = sandbox_in("catalogs/ours/");
    let (code, text, errors) = release(&sandbox, &["example", "--catalog", "catalogs/ours", "--image", "web=1.2.0"]);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    let wanted: Vec<String> =
        NEW.iter().map(|line| line.replace("infra-templates", "catalogs/ours/infra-templates")).collect();
    assert_eq!(changed(&sandbox.clone, "master", "example-v1.2.0"), wanted);
}
