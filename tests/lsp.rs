//! `gen-catalog lsp`: an editor shows what Rancher will say while a file is typed. Asked by a client of the tests' own, and by a
//! real editor.

mod editor;
mod protocol;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use swarm_lab::programs;
use swarm_lab::trial::{Trial, trial};
use swarm_lab::trials;

use crate::check_command::{DOCKER, RANCHER, catalog};

use editor::Editor;

pub fn trials() -> Vec<Trial> {
    let mut trials = trials![
        what_is_typed_is_checked_before_it_is_saved,
        places_are_counted_as_editors_count_them,
        a_fix_is_offered_and_makes_the_text_right,
        all_fixes_of_a_file_are_one_action,
        a_file_is_fixed_as_it_is_saved_however_many_fixes_it_has,
        keys_variables_labels_and_values_are_completed,
        labels_are_completed_as_the_map_or_the_list_has_them,
        keys_and_findings_are_explained,
        what_is_no_file_of_a_template_is_left_alone,
        what_an_allowance_silences_is_not_shown,
        what_the_file_of_the_project_allows_is_not_shown,
        a_broken_file_of_the_project_is_told_once,
        what_changes_beside_the_editor_is_seen,
    ];
    trials.extend(protocol::trials());
    let missing = Command::new("nvim").arg("--version").output().is_err().then_some("needs Neovim (neovim)");
    trials.push(trial("neovim_shows_a_finding_and_applies_its_fix", missing, neovim));
    trials
}

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

fn text_of(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join("infra-templates/example").join(file)).unwrap()
}

/// A text after edits, which are in order and apart.
fn edited(text: &str, edits: &[Value]) -> String {
    let offset = |place: &Value| {
        let line = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        start + usize::try_from(place["character"].as_u64().unwrap()).unwrap()
    };
    let mut after = text.to_owned();
    for edit in edits.iter().rev() {
        let range = &edit["range"];
        after.replace_range(offset(&range["start"])..offset(&range["end"]), edit["newText"].as_str().unwrap());
    }
    after
}

fn what_is_typed_is_checked_before_it_is_saved() {
    let folder = catalog(&[]);
    let good = text_of(folder.path(), DOCKER);
    let mut editor = Editor::start(folder.path());
    assert_eq!(editor.open(DOCKER, &good), Vec::<Value>::new());
    let found = editor.change(DOCKER, 2, &good.replace("web:1.1.0", "web:latest"));
    assert_eq!(codes(&found), ["image-latest"], "{found:?}");
    let line = good.lines().position(|line| line.contains("web:1.1.0")).unwrap();
    assert_eq!(found[0]["range"]["start"]["line"], line);
    let found = editor.change(DOCKER, 3, "version: '2'\nservices:\n  web: [\n");
    assert_eq!(found[0]["severity"], 1, "{found:?}");
    assert_eq!(editor.change(DOCKER, 4, &good), Vec::<Value>::new());
    assert_eq!(text_of(folder.path(), DOCKER), good);
    // What another file that is open says counts before it is saved, too.
    let asks = text_of(folder.path(), RANCHER);
    editor.open(RANCHER, &asks);
    let found = editor.change(DOCKER, 5, &good.replace("web:1.1.0", "web:${TAG_NOBODY_ASKS}"));
    assert!(!found.is_empty());
    editor.end();
}

fn places_are_counted_as_editors_count_them() {
    let folder = catalog(&[]);
    let text = text_of(folder.path(), DOCKER).replace("    image: ", "    # 𝄞é\n    image: ");
    let mut editor = Editor::start(folder.path());
    let odd = text.replace("# 𝄞é", "# 𝄞é  ");
    let found = editor.open(DOCKER, &odd);
    assert_eq!(codes(&found), ["text-trailing-space"], "{found:?}");
    // Four spaces, `# `, two units of the clef, one of the letter.
    assert_eq!(found[0]["range"]["start"]["character"], 9);
    editor.end();
}

fn a_fix_is_offered_and_makes_the_text_right() {
    let folder = catalog(&[(DOCKER, "pull_image: always", "pull_image: always\n      a: true")]);
    let text = text_of(folder.path(), DOCKER);
    let mut editor = Editor::start(folder.path());
    let found = editor.open(DOCKER, &text);
    assert_eq!(found.len(), 1, "{found:?}");
    let actions = editor.actions(DOCKER, &found[0]["range"]);
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!(actions[0]["kind"], "quickfix");
    let edits = actions[0]["edit"]["changes"][editor.uri(DOCKER)].as_array().unwrap().clone();
    let after = edited(&text, &edits);
    assert!(after.contains("      a: 'true'\n"), "{after}");
    assert_eq!(editor.change(DOCKER, 2, &after), Vec::<Value>::new());
    let elsewhere = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
    assert_eq!(editor.actions(DOCKER, &elsewhere), Vec::<Value>::new());
    editor.end();
}

fn all_fixes_of_a_file_are_one_action() {
    let folder = catalog(&[(DOCKER, "pull_image: always", "pull_image: always  \n      a: true\n      b: false")]);
    let text = text_of(folder.path(), DOCKER);
    let mut editor = Editor::start(folder.path());
    assert_eq!(editor.open(DOCKER, &text).len(), 3);
    let nowhere = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
    let actions = editor.actions(DOCKER, &nowhere);
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!(actions[0]["kind"], "source.fixAll");
    let edits = actions[0]["edit"]["changes"][editor.uri(DOCKER)].as_array().unwrap().clone();
    assert_eq!(editor.change(DOCKER, 2, &edited(&text, &edits)), Vec::<Value>::new());
    editor.end();
}

fn a_file_is_fixed_as_it_is_saved_however_many_fixes_it_has() {
    let folder = catalog(&[]);
    let text = text_of(folder.path(), DOCKER);
    let mut editor = Editor::start(folder.path());
    let found = editor.open(DOCKER, text.trim_end());
    assert_eq!(codes(&found), ["text-final-newline"], "{found:?}");
    let actions = editor.actions(DOCKER, &found[0]["range"]);
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!(actions[0]["title"], "text-final-newline: insert a line break");
    let nowhere = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
    for only in ["source.fixAll", "source", ""] {
        let actions = editor.actions_of(DOCKER, &nowhere, &[only]);
        assert_eq!(actions.len(), 1, "{only}: {actions:?}");
        assert_eq!(actions[0]["kind"], "source.fixAll");
        let edits = actions[0]["edit"]["changes"][editor.uri(DOCKER)].as_array().unwrap().clone();
        assert_eq!(edited(text.trim_end(), &edits), text);
    }
    for only in ["source.organizeImports", "source.fixAll.other", "refactor"] {
        assert_eq!(editor.actions_of(DOCKER, &found[0]["range"], &[only]), Vec::<Value>::new(), "{only}");
    }
    assert_eq!(editor.actions_of(DOCKER, &found[0]["range"], &["quickfix"])[0]["kind"], "quickfix");
    // What is as it should be has no fix.
    assert_eq!(editor.change(DOCKER, 2, &text), Vec::<Value>::new());
    assert_eq!(editor.actions_of(DOCKER, &nowhere, &["source.fixAll"]), Vec::<Value>::new());
    editor.end();
}

fn keys_variables_labels_and_values_are_completed() {
    let folder = catalog(&[]);
    let mut editor = Editor::start(folder.path());
    editor.open(DOCKER, "version: '2'\nservices:\n  web:\n    image: nginx:${\n    he\n    labels:\n      io.\n");
    let keys = editor.labels_at(DOCKER, 4, 6);
    assert!(["health_check", "image", "ports"].iter().all(|key| keys.contains(&(*key).to_owned())), "{keys:?}");
    let labels = editor.labels_at(DOCKER, 6, 9);
    assert!(labels.contains(&"io.rancher.scheduler.global".to_owned()), "{labels:?}");
    let variables = editor.labels_at(DOCKER, 3, 19);
    assert!(!variables.is_empty() && variables.iter().all(|name| text_of(folder.path(), RANCHER).contains(name)));
    editor.open(RANCHER, "catalog:\n  questions:\n  - variable: NEWEST\n    type: \n    \n");
    assert_eq!(editor.labels_at(DOCKER, 3, 19), ["NEWEST"]);
    let types = editor.labels_at(RANCHER, 3, 10);
    assert!(types.contains(&"enum".to_owned()) && types.contains(&"password".to_owned()), "{types:?}");
    assert!(editor.labels_at(RANCHER, 4, 4).contains(&"required".to_owned()));
    editor.end();
}

fn labels_are_completed_as_the_map_or_the_list_has_them() {
    let folder = catalog(&[]);
    let mut editor = Editor::start(folder.path());
    let pull = "io.rancher.container.pull_image";
    let global = "io.rancher.scheduler.global";
    for (typed, label, becomes) in [
        ("io.rancher.sch|", global, "GLOBAL: "),
        ("- io.rancher.sch|", global, "- GLOBAL="),
        ("- 'io.rancher.sch|'", global, "- 'GLOBAL='"),
        ("PULL: |", "always", "PULL: always"),
        ("PULL: \"al|\"", "always", "PULL: \"always\""),
        ("GLOBAL: |", "true", "GLOBAL: 'true'"),
        ("GLOBAL: '|'", "false", "GLOBAL: 'false'"),
        ("- PULL=al|", "always", "- PULL=always"),
        ("- GLOBAL=|", "true", "- GLOBAL=true"),
    ] {
        let [typed, becomes] = [typed, becomes].map(|text| text.replace("PULL", pull).replace("GLOBAL", global));
        let above = "version: '2'\nservices:\n  web:\n    image: nginx:1.0\n    labels:\n      ";
        editor.open(DOCKER, &format!("{above}{}\n", typed.replace('|', "")));
        let at = editor.at(DOCKER, 5, 6 + typed.find('|').unwrap());
        let items = editor.ask("textDocument/completion", at).as_array().unwrap().clone();
        let item = items.iter().find(|item| item["label"] == label).unwrap_or_else(|| panic!("{typed}: {items:?}"));
        let after = edited(&format!("{above}{}", typed.replace('|', "")), &[item["textEdit"].clone()]);
        assert_eq!(after, format!("{above}{becomes}"), "{typed}");
    }
    editor.open(DOCKER, "version: '2'\nservices:\n  web:\n    labels:\n      io.rancher.container.name: \n");
    assert_eq!(editor.labels_at(DOCKER, 4, 33), [""; 0]);
    editor.end();
}

fn keys_and_findings_are_explained() {
    let folder = catalog(&[]);
    let text = text_of(folder.path(), DOCKER).replace("web:1.1.0", "web:latest");
    let mut editor = Editor::start(folder.path());
    let found = editor.open(DOCKER, &text);
    let line = usize::try_from(found[0]["range"]["start"]["line"].as_u64().unwrap()).unwrap();
    let column = text.lines().nth(line).unwrap().find("latest").unwrap();
    let told = editor.ask("textDocument/hover", editor.at(DOCKER, line, column));
    assert!(told["contents"]["value"].as_str().unwrap().contains("image-latest"), "{told}");
    let column = text.lines().nth(line).unwrap().find("image").unwrap();
    let told = editor.ask("textDocument/hover", editor.at(DOCKER, line, column + 1));
    assert!(told["contents"]["value"].as_str().unwrap().starts_with("**`image`**: The image"), "{told}");
    let column = text.lines().nth(line).unwrap().find("image").unwrap() - 2;
    assert_eq!(editor.ask("textDocument/hover", editor.at(DOCKER, line, column)), Value::Null);
    editor.end();
}

fn what_is_no_file_of_a_template_is_left_alone() {
    let folder = catalog(&[]);
    let mut editor = Editor::start(folder.path());
    for uri in ["untitled:Untitled-1", "https://a.example/docker-compose.yml", "file:///nowhere/docker-compose.yml"] {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": "a: [\n"});
        editor.tell("textDocument/didOpen", json!({"textDocument": document}));
        let of = json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}});
        assert_eq!(editor.ask("textDocument/hover", of.clone()), Value::Null);
        assert_eq!(editor.ask("textDocument/completion", of), json!([]));
    }
    let found = editor.open(DOCKER, &"# so much\n".repeat(120_000));
    assert!(found[0]["message"].as_str().unwrap().contains("1 MiB"), "{found:?}");
    editor.end();
}

fn what_an_allowance_silences_is_not_shown() {
    let folder = catalog(&[]);
    let allowed = "[[allow]]\nrule = \"image-latest\"\nreason = \"it is meant so\"\n";
    fs::write(folder.path().join("gen-catalog.toml"), allowed).unwrap();
    let mut editor = Editor::start(folder.path());
    let text = text_of(folder.path(), DOCKER).replace("web:1.1.0", "web:latest");
    assert_eq!(editor.open(DOCKER, &text), Vec::<Value>::new());
    editor.end();
}

fn what_the_file_of_the_project_allows_is_not_shown() {
    let project = tempfile::tempdir().unwrap();
    swarm_lab::tree::copy(catalog(&[]).path(), &project.path().join("catalog"));
    let allowed = "catalog = \"catalog\"\n[[allow]]\nrule = \"image-latest\"\nreason = \"it is meant so\"\n";
    fs::write(project.path().join("gen-catalog.toml"), allowed).unwrap();
    let mut editor = Editor::start(&project.path().join("catalog"));
    let text = text_of(&project.path().join("catalog"), DOCKER).replace("web:1.1.0", "web:latest");
    assert_eq!(editor.open(DOCKER, &text), Vec::<Value>::new());
    editor.end();
}

fn a_broken_file_of_the_project_is_told_once() {
    let folder = catalog(&[]);
    let file = folder.path().join("gen-catalog.toml");
    let allowed = "[[allow]]\nrule = \"image-latest\"\nreason = \"it is meant so\"\n";
    fs::write(&file, format!("{allowed}[[allow]\n")).unwrap();
    let mut editor = Editor::start(folder.path());
    let text = text_of(folder.path(), DOCKER).replace("web:1.1.0", "web:latest");
    // It allows nothing.
    editor.tell_open(DOCKER, &text);
    let found = editor.wait_for_all(|message| message["params"]["version"] == 1);
    assert_eq!(codes(found.last().unwrap()["params"]["diagnostics"].as_array().unwrap()), ["image-latest"]);
    let is_shown = |message: &&Value| message["method"] == "window/showMessage";
    let shown: Vec<&Value> = found.iter().filter(is_shown).collect();
    assert_eq!(shown.len(), 1, "{found:?}");
    assert_eq!(shown[0]["params"]["type"], 1);
    let told = shown[0]["params"]["message"].as_str().unwrap();
    assert!(told.contains("gen-catalog.toml:4:"), "{told}");
    // It is looked at again, and is as it was.
    editor.tell("textDocument/didSave", json!({"textDocument": {"uri": editor.uri(DOCKER)}}));
    editor.tell_open(RANCHER, &text_of(folder.path(), RANCHER));
    let is_other = |message: &Value| message["params"]["uri"] == editor.uri(RANCHER).as_str();
    let again = editor.wait_for_all(is_other);
    assert_eq!(again.iter().find(is_shown), None);
    // Another fault is another one, and a file that is mended allows.
    fs::write(&file, format!("nonsense = 1\n{allowed}")).unwrap();
    editor.tell("textDocument/didSave", json!({"textDocument": {"uri": editor.uri(DOCKER)}}));
    let told = editor.wait_for(|message| is_shown(&message));
    assert!(told["params"]["message"].as_str().unwrap().contains("nonsense"), "{told}");
    fs::write(&file, allowed).unwrap();
    editor.tell("textDocument/didSave", json!({"textDocument": {"uri": editor.uri(DOCKER)}}));
    assert_eq!(editor.change(DOCKER, 2, &text), Vec::<Value>::new());
    editor.end();
}

fn what_changes_beside_the_editor_is_seen() {
    let folder = catalog(&[]);
    let watching = json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
    let mut editor = Editor::with(folder.path(), &watching);
    let asked = editor.wait_for(|message| message["method"] == "client/registerCapability");
    let registered = &asked["params"]["registrations"][0];
    assert_eq!(registered["method"], "workspace/didChangeWatchedFiles");
    editor.send(&json!({"jsonrpc": "2.0", "id": asked["id"], "result": null}));
    // Nobody asks for a variable; then a `git pull` brings the question.
    let text = text_of(folder.path(), DOCKER).replace("web:1.1.0", "web:${NEW}");
    assert!(!editor.open(DOCKER, &text).is_empty());
    let file = folder.path().join("infra-templates/example").join(RANCHER);
    let question = "  questions:\n    - variable: NEW\n      label: New\n      description: It is new\n      type: string\n      \
                    default: 1.1.0\n";
    let asks = fs::read_to_string(&file).unwrap();
    fs::write(&file, asks.replacen("  questions:\n", question, 1)).unwrap();
    let uri = editor.uri(RANCHER);
    editor.tell("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": uri, "type": 2}]}));
    assert_eq!(editor.diagnostics(DOCKER, 1), Vec::<Value>::new());
    // An editor that cannot is not asked.
    let plain = Editor::start(folder.path());
    assert!(plain.messages.recv_timeout(Duration::from_millis(200)).is_err());
    editor.end();
}

/// What the editor does, in its own language.
const SCRIPT: &str = r#"
local file = vim.env.FILE
vim.cmd('edit ' .. file)
local buffer = vim.api.nvim_get_current_buf()
local client = vim.lsp.start_client({ name = 'gen-catalog', cmd = { vim.env.PROGRAM, 'lsp' }, root_dir = vim.env.ROOT })
vim.lsp.buf_attach_client(buffer, client)
local function shown() return vim.diagnostic.get(buffer) end
local found = vim.wait(60000, function() return #shown() > 0 end, 50)
assert(found, 'nothing is shown')
local first = shown()[1]
print('shown: ' .. first.code .. ' at ' .. first.lnum .. '\n')
local params = {
  textDocument = vim.lsp.util.make_text_document_params(buffer),
  range = { start = { line = first.lnum, character = first.col }, ['end'] = { line = first.end_lnum, character = first.end_col } },
  context = { diagnostics = {} },
}
local answer = vim.lsp.buf_request_sync(buffer, 'textDocument/codeAction', params, 60000)
local action = answer[client].result[1]
vim.lsp.util.apply_workspace_edit(action.edit, 'utf-16')
assert(vim.wait(60000, function() return #shown() == 0 end, 50), 'it is still shown')
vim.cmd('write')
vim.cmd('qall!')
"#;

fn neovim() {
    let folder = catalog(&[(DOCKER, "pull_image: always", "pull_image: always\n      a: true")]);
    let file = folder.path().join("infra-templates/example").join(DOCKER);
    let script = folder.path().join("script.lua");
    fs::write(&script, SCRIPT).unwrap();
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-n", "-c"])
        .arg(format!(
            "lua local good, what = pcall(dofile, '{}'); if not good then print(what); vim.cmd('cquit') end",
            script.display()
        ))
        .env("FILE", &file)
        .env("PROGRAM", programs::gen_catalog())
        .env("ROOT", folder.path())
        .env("HOME", home.path())
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("shown: "), "{told}");
    assert!(text_of(folder.path(), DOCKER).contains("      a: 'true'\n"));
}
