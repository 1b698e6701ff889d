//! Where the commands of an example for CI are run: in a sandbox, with programs of other people stood in for.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_yaml::Value;
use swarm_lab::git::{Sandbox, as_person, git};

/// Where the commands of an example are run.
pub struct Runner {
    pub folder: PathBuf,
    tools: PathBuf,
    calls: PathBuf,
    pub outputs: BTreeMap<String, String>,
    pub variables: BTreeMap<String, String>,
    remote: PathBuf,
}

impl Runner {
    pub fn new(sandbox: &Sandbox, folder: &Path) -> Self {
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
        runner.tool("gh", &format!("{note}\nif [ \"$1 $2\" = \"release view\" ]; then exit 1; fi"));
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

    pub fn tool(&mut self, name: &str, script: &str) {
        let path = self.tools.join(name);
        fs::write(&path, format!("#!/bin/sh\nset -e\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.calls).unwrap_or_default();
        let _ = fs::remove_file(&self.calls);
        text.lines().map(str::to_owned).collect()
    }

    /// A command as CI runs it: its exit code, what it printed, and errors.
    pub fn run(&self, script: &str, environment: &BTreeMap<String, String>) -> (i32, String) {
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
            let (expression, after) = inside.split_once("}}").unwrap();
            out.push_str(before);
            out.push_str(&self.first_of(expression));
            rest = after;
        }
        out + rest
    }

    /// The first of some values that is not empty. What another event has is empty.
    fn first_of(&self, expression: &str) -> String {
        let mut values = expression.split("||").map(|name| match self.outputs.get(name.trim()) {
            Some(value) => value.clone(),
            None if name.trim().starts_with("github.event") || name.contains("outputs.") => String::new(),
            None => panic!("{name} is not known"),
        });
        values.find(|value| !value.is_empty()).unwrap_or_default()
    }

    fn environment(&self, of: &[&Value]) -> BTreeMap<String, String> {
        let pairs = of.iter().filter_map(|value| value.get("env")).flat_map(|env| env.as_mapping().unwrap());
        pairs.map(|(name, value)| (name.as_str().unwrap().to_owned(), self.evaluate(value.as_str().unwrap()))).collect()
    }

    /// Runs the steps of the one job of a workflow of GitHub Actions; the name of the step that failed.
    pub fn github(&mut self, workflow: &Value) -> Result<String, (String, String)> {
        assert!(workflow["name"].is_string() && workflow["permissions"].is_mapping());
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
        self.variables.insert("RUNNER_TEMP".to_owned(), self.folder.join("../temp").display().to_string());
        self.steps(&job["steps"], &[job])
    }

    /// Runs steps; the name of the one that failed.
    fn steps(&mut self, steps: &Value, above: &[&Value]) -> Result<String, (String, String)> {
        let (output, path) = (PathBuf::from(&self.variables["GITHUB_OUTPUT"]), self.variables["GITHUB_PATH"].clone());
        let (mut all, mut failed) = (String::new(), None);
        for step in steps.as_sequence().unwrap() {
            if !self.wanted(step["if"].as_str(), failed.is_some()) {
                continue;
            }
            if let Some(action) = step["uses"].as_str() {
                assert!(step.get("run").is_none());
                match self.action(action, step) {
                    Ok(text) => all.push_str(&text),
                    Err(error) => failed = failed.or(Some(error)),
                }
                continue;
            }
            let (name, script) = (step["name"].as_str().unwrap(), step["run"].as_str().unwrap());
            // What a person may choose comes in variables.
            assert!(!script.contains("${{"), "{name}");
            let mut environment = self.environment(&[above, &[step]].concat());
            environment.insert("GITHUB_ACTIONS".to_owned(), "true".to_owned());
            fs::write(&output, "").unwrap();
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

    /// Runs this project's own action.
    fn own_action(&mut self, step: &Value) -> Result<String, (String, String)> {
        let text = fs::read_to_string(swarm_lab::programs::root().join("action.yml")).unwrap();
        let action: Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(action["runs"]["using"], "composite");
        let outside = self.outputs.clone();
        let given = step.get("with");
        for (name, input) in action["inputs"].as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            let value = given.and_then(|with| with.get(name)).unwrap_or(&input["default"]);
            let value = self.evaluate(value.as_str().unwrap());
            self.outputs.insert(format!("inputs.{name}"), value);
        }
        for (name, _) in given.and_then(Value::as_mapping).into_iter().flatten() {
            assert!(action["inputs"].get(name).is_some(), "{name:?} is no input");
        }
        for step in action["runs"]["steps"].as_sequence().unwrap() {
            assert!(step.get("uses").is_some() || step["shell"] == "bash");
        }
        let result = self.steps(&action["runs"]["steps"], &[]);
        let outputs = action["outputs"].as_mapping().unwrap().iter();
        let told: Vec<(String, String)> = outputs
            .map(|(name, output)| (name.as_str().unwrap().to_owned(), self.evaluate(output["value"].as_str().unwrap())))
            .collect();
        self.outputs = outside;
        if let Some(id) = step["id"].as_str() {
            let named = told.into_iter().map(|(name, value)| (format!("steps.{id}.outputs.{name}"), value));
            self.outputs.extend(named);
        }
        result
    }

    fn action(&mut self, action: &str, step: &Value) -> Result<String, (String, String)> {
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
            // Of what is uploaded in any case, there may be nothing.
            "actions/upload-artifact" if step["if"] == "always()" => {}
            "actions/upload-artifact" => {
                for file in path("path").unwrap().lines() {
                    assert!(self.folder.join(file).exists(), "{file}");
                }
            }
            // What was there at the end of a job is there at the next one.
            "actions/cache" => {
                let (folder, key) = (self.evaluate(path("path").unwrap()), self.evaluate(path("key").unwrap()));
                assert!(!key.is_empty());
                let is_there = Path::new(&folder).exists();
                let id = step["id"].as_str().unwrap();
                self.outputs.insert(format!("steps.{id}.outputs.cache-hit"), is_there.to_string());
            }
            "rancher/swarmkit-catalog" => return self.own_action(step),
            other => panic!("{other}"),
        }
        Ok(String::new())
    }

    fn wanted(&self, condition: Option<&str>, failed: bool) -> bool {
        let terms: Vec<&str> = condition.into_iter().flat_map(|condition| condition.split(" && ")).collect();
        let holds = |term: &&str| {
            let (name, value, wanted) = match (term.split_once(" == "), term.split_once(" != ")) {
                (Some((name, value)), _) => (name, value, true),
                (None, Some((name, value))) => (name, value, false),
                (None, None) => panic!("{term}"),
            };
            (self.outputs.get(name).map_or("", String::as_str) == value.trim_matches('\'')) == wanted
        };
        (!failed || terms.contains(&"always()")) && terms.iter().filter(|term| **term != "always()").all(holds)
    }

    fn take_outputs(&mut self, id: &str, text: &str) {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let (name, value) = match line.split_once("<<") {
                Some((name, end)) => {
                    let value: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
                    (name, value.join("\n"))
                }
                None => line.split_once('=').map(|(name, value)| (name, value.to_owned())).unwrap(),
            };
            self.outputs.insert(format!("steps.{id}.outputs.{name}"), value);
        }
    }

    /// Runs the steps of a pipeline of Drone; the command that failed.
    pub fn drone(&self, pipeline: &Value) -> Result<String, (String, String)> {
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

    /// Runs the one job of a pipeline of GitLab, whose commands are one script; what failed.
    pub fn gitlab(&self, pipeline: &Value) -> Result<String, String> {
        let jobs = pipeline.as_mapping().unwrap();
        assert_eq!(jobs.len(), 1);
        let job = jobs.values().next().unwrap();
        assert!(job["image"].is_string() && job["variables"]["GIT_DEPTH"] == "0");
        let commands: Vec<&str> = job["script"].as_sequence().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        let (code, text) = self.run(&commands.join("\n"), &BTreeMap::new());
        if code == 0 { Ok(text) } else { Err(text) }
    }
}
