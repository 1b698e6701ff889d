//! A page that shows the rendered environment template and the questions of the entry, for the README's picture.

use std::fs;
use std::path::Path;

use serde_yaml::Value;

const STYLE: &str = "
body { margin: 0; padding: 20px; width: 960px; box-sizing: border-box; background: #eef1f4; color: #24292f;
  font: 13px/1.4 'DejaVu Sans', sans-serif; }
main { display: grid; grid-template-columns: 300px 1fr; gap: 20px; align-items: start; }
section { background: #fff; border: 1px solid #d0d7de; border-radius: 6px; padding: 16px 18px; }
h1 { font-size: 16px; margin: 0 0 12px; }
svg { display: block; width: 88px; height: 88px; margin: 0 auto 10px; }
.name { text-align: center; font-size: 17px; font-weight: bold; }
.about { text-align: center; color: #57606a; margin: 2px 0 14px; }
li { margin: 3px 0; }
code, small { color: #57606a; }
code { font: 11px 'DejaVu Sans Mono', monospace; }
ul { margin: 0; padding-left: 18px; }
.question { display: grid; grid-template-columns: 190px 1fr; gap: 2px 14px; margin-bottom: 10px; }
.question small { grid-column: 2; }
label { font-weight: bold; grid-row: span 2; }
input, select { font: inherit; height: 27px; width: 170px; padding: 2px 6px; box-sizing: border-box; background: #fff;
  border: 1px solid #8c959f; border-radius: 4px; color: inherit; }
.required { color: #b35900; }
footer, .more { color: #57606a; text-align: center; }
footer { margin-top: 12px; }
";

/// How many questions are shown: the first are those that people ask about.
const SHOWN: usize = 7;

/// The page, of a catalog's folder.
pub fn page(catalog: &Path) -> String {
    let read = |file: &str| fs::read_to_string(catalog.join(file)).expect(file);
    let yaml = |file: &str| serde_yaml::from_str::<Value>(&read(file)).expect(file);
    let project = yaml("project-templates/swarm/0/project.yml");
    let entry = yaml("infra-templates/swarm/4/rancher-compose.yml");
    let icon = read("infra-templates/swarm/catalogIcon-swarm.svg");
    let stacks: String = list(&project["stacks"])
        .map(|stack| format!("<li>{} <code>{}</code></li>\n", text(&stack["name"]), text(&stack["templateId"])))
        .collect();
    let asked = &entry["catalog"]["questions"];
    let questions: String = list(asked).take(SHOWN).map(question).collect();
    let more = match list(asked).count().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("<p class=\"more\">and {more} more, each with an answer that needs no change</p>\n"),
    };
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Swarm</title>\n<style>{STYLE}</style>\n<main>\n<section>\n\
         <h1>The environment template</h1>\n{icon}<div class=\"name\">{}</div>\n<div class=\"about\">{}</div>\n<ul>\n\
         {stacks}</ul>\n</section>\n<section>\n<h1>{} {}: what it asks</h1>\n{questions}{more}</section>\n</main>\n\
         <footer>Drawn from the rendered files. Rancher shows the same in its own way.</footer>\n\
         <script>document.documentElement.dataset.height = document.documentElement.scrollHeight</script>\n",
        text(&project["name"]),
        text(&project["description"]),
        text(&entry["catalog"]["name"]),
        text(&entry["catalog"]["version"]),
    )
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_sequence().expect("a list").iter()
}

fn question(question: &Value) -> String {
    let default = text(&question["default"]);
    let control = match question["type"].as_str() {
        Some("enum") => format!("<select><option>{default}</option></select>"),
        _ => format!("<input value=\"{default}\">"),
    };
    let required = if question["required"] == true { " <span class=\"required\">*</span>" } else { "" };
    format!(
        "<div class=\"question\"><label>{}{required}</label>{control}<small>{}</small></div>\n",
        text(&question["label"]),
        text(&question["description"])
    )
}

fn text(value: &Value) -> String {
    let text = value.as_str().expect("a text");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
