//! What `gen-catalog new` refuses, and how it names what is wrong.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use swarm_lab::generator::outcome;
use swarm_lab::programs;
use swarm_lab::tree::snapshot;

use crate::bump::put;

pub(super) fn what_is_missing_or_misspelt_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(folder, "catalog/templates/there/config.yml", "name: x\n");
    put(folder, "compose.yml", "services: {web: {image: 'a/b:1'}}\n");
    put(folder, "profiles.yml", "services: {web: {image: 'a/b:1'}, dev: {image: 'a/b:1', profiles: [debug]}}\n");
    put(folder, "project.yml", "project: {name: x}\nrancher_compose: {.catalog: {version: v1.0.0}}\n");
    for (name, text) in [
        ("bad-1.yml", "docker_compose:\n  web:\n    ports:   'x'\nrancher_compose: {}\n"),
        ("bad-2.yml", "docker_compose: {web: {image: 'a/b:1'}}\n"),
        ("bad-3.yml", "docker_compose: 5\nrancher_compose: {}\n"),
        ("bad-4.yml", "docker_compose: {}\nrancher_compose:\n  .catalog: {questions: 5}\n"),
        ("bad-5.yml", "services: {web: {image: 'a/b:1'}}\n"),
        ("bad-6.yml", "folder: x\nconfig: {}\nversions:\n  0: {docker_compose: {web: [a]}, rancher_compose: {}}\n"),
    ] {
        put(folder, name, text);
    }
    let before = snapshot(folder);
    for (args, wanted) in [
        (&["web"][..], "nothing says what the template runs: give --image, --from-image, --compose or --model"),
        (&[], "NAME is missing"),
        (&["--image", "a/b:1"], "NAME is missing"),
        (&["my_web", "--image", "a/b:1"], "`my-web` would do"),
        (&["web", "--kind", "infar", "--image", "a/b:1"], "a similar value exists: 'infra'"),
        (&["web", "--image", "nginx"], "name a tag, such as nginx:1.0"),
        (&["web", "--image", "nginx:latest"], "name a tag that stays"),
        (&["web", "--image", "Nginx:1"], "lower case"),
        (&["web", "--image", "a:1", "--image", "b:1"], "--image is given 2 times"),
        (&["web", "--image", "web=a:1"], "SERVICE=IMAGE is for --compose"),
        (&["web", "--compose", "compose.yml", "--image", "a:1"], "--image SERVICE=a:1"),
        (&["web", "--compose", "compose.yml", "--image", "webb=a:1"], "has no service `webb`: is `web` meant?"),
        (
            &["web", "--compose", "compose.yml", "--global"],
            "--global is for an image: with --compose write it into the file",
        ),
        (&["web", "--compose", "not-there.yml"], "cannot read not-there.yml: it is not there"),
        (
            &["web", "--compose", "compose.yml", "--image", "web=a:1", "--image", "web=a:2"],
            "--image web=a:2: --image names the image of web already",
        ),
        (
            &["web", "--compose", "compose.yml", "--profile", "nope"],
            "--profile nope: no service of compose.yml is of that profile",
        ),
        (&["web", "--compose", "profiles.yml", "--profile", "debgu"], "is of that profile: is `debug` meant?"),
        (&["templates", "--image", "a/b:1"], "to Rancher a folder of this name holds templates"),
        (&["infra-templates", "--image", "a/b:1"], "to Rancher a folder of this name holds templates"),
        (&["my-templates", "--infra", "--image", "a/b:1"], "to Rancher a folder of this name holds templates"),
        (&["web", "--image", "a/b:1", "--env", "A=1", "--env", "A=2"], "--env A: the variable is given twice"),
        (
            &["web", "--image", "a/b:1", "--volume", "x:/d", "--volume", "/d"],
            "--volume /d: a volume is kept at this path already",
        ),
        (&["web", "--image", "a/b:1", "--title", "a\u{1b}[31mb"], "a character that is not seen (U+001B)"),
        (&["web", "--image", "a/b:1", "--description", "a\nb"], "a character that is not seen (U+000A)"),
        (&["web", "--from-image", "not-there.tar"], "cannot read not-there.tar"),
        (&["web", "--model", "not-there.yml"], "cannot read not-there.yml"),
        (&["web", "--model", "project.yml"], "is the model of an environment template"),
        (
            &["web", "--model", "bad-1.yml"],
            "bad-1.yml:3:14: docker_compose.web.ports: a list must stand here, not a text",
        ),
        (&["web", "--model", "bad-2.yml"], "bad-2.yml:1:1: `rancher_compose` is missing here"),
        (&["web", "--model", "bad-3.yml"], "bad-3.yml:1:17: docker_compose: a map must stand here, not a number"),
        (
            &["web", "--model", "bad-4.yml"],
            "bad-4.yml:3:25: rancher_compose..catalog.questions: a list must stand here, not a number",
        ),
        (
            &["web", "--model", "bad-5.yml"],
            "bad-5.yml:1:1: this is no model: it holds neither `docker_compose` nor `config` and `versions`",
        ),
        (
            &["web", "--model", "bad-6.yml"],
            "bad-6.yml:4:29: versions.0.docker_compose.web: a map must stand here, not a list",
        ),
        (&["web", "--image", "a/b:1", "--port", "0"], "PORT or HOST_PORT:PORT is wanted"),
        (&["web", "--image", "a/b:1", "--port", "80", "--port", "80:81"], "the host's port 80 is published twice"),
        (&["web", "--image", "a/b:1", "--health-check", "x"], "PORT or PORT/path is wanted"),
        (&["web", "--image", "a/b:1", "--volume", "x"], "PATH or NAME:PATH is wanted"),
        (&["web", "--image", "a/b:1", "--volume", "/h:/"], "PATH or NAME:PATH is wanted"),
        (&["web", "--image", "a/b:1", "--env", "=x"], "NAME=VALUE is wanted"),
        (&["web", "--image", "a/b:1", "--sidekick", "web=a/c:1"], "there is a service of that name already"),
        (&["web", "--image", "a/b:1", "--sidekick", "a_b=a/c:1"], "letters, digits and single hyphens"),
        (&["web", "--image", "a/b:1", "--version", "1.0"], "three numbers are wanted"),
        (&["web", "--image", "a/b:1", "--maintainer", "jane"], "First Last <mail@example.com>"),
        (&["web", "--image", "a/b:1", "--description", " "], "leave the option out"),
        (&["web", "--image", "a/b:1", "--catalog", "typo"], "there is no catalog at typo"),
        (&["web", "--image", "a/b:1", "--catalog", "catalog/templates"], "folder within a catalog"),
        (&["web", "--image", "a/b:1", "--infra", "--kind", "stack"], "cannot be used with"),
    ] {
        let mut command = Command::new(programs::gen_catalog());
        let output = command.current_dir(folder).arg("new").args(args).stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {errors}");
        assert!(errors.contains(wanted), "{args:?}: {wanted} is not in {errors}");
        assert_eq!(snapshot(folder), before, "{args:?}");
    }
    // In a catalog for the community what its CI refuses is refused here, and nothing is written.
    put(folder, "strict/gen-catalog.toml", "for = \"community\"\n");
    put(
        folder,
        "strict/model.yml",
        "docker_compose: {web: {image: 'a/b:1', privileged: 'true'}}\nrancher_compose: {}\n",
    );
    let args = ["new", "web", "--model", "model.yml", "--format", "json"];
    let (code, text, errors) = outcome(&folder.join("strict"), &args);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["status"]), (1, &json!("refused")), "{errors}");
    assert!(
        errors.contains("nothing was written: Rancher would refuse the template: templates/web/0/docker-compose.yml:"),
        "{errors}"
    );
    assert!(!folder.join("strict/templates").exists());
}
