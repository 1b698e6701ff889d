//! `gen-catalog rules`.

use anyhow::bail;
use clap::Args;
use serde_json::json;

use super::output::{HEADING, Output, Text};
use super::rule_name::RuleName;
use super::{Format, Outcome};
use catalog_check::rules::{self, GOOD_TEMPLATE};
use catalog_check::{Edit, Example, Rule};

/// Lists the rules of `gen-catalog check`, or explains one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  gen-catalog rules\n  gen-catalog rules health-check-dns")]
pub(super) struct RulesArgs {
    /// The rule to explain
    #[arg(value_name = "RULE", value_parser = RuleName, hide_possible_values = true)]
    id: Option<String>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(super) fn run(args: &RulesArgs, output: &Output) -> anyhow::Result<Outcome> {
    let all: Vec<&Rule> = rules::every().collect();
    let chosen: Vec<&Rule> = match &args.id {
        None => all,
        Some(id) => match all.iter().find(|rule| rule.id == id) {
            Some(rule) => vec![*rule],
            None => bail!(rules::no_such_rule(id)),
        },
    };
    match (args.format, &args.id) {
        (Format::Json, _) => {
            let rules: Vec<_> = chosen
                .iter()
                .map(|rule| {
                    json!({
                        "id": rule.id, "severity": rule.severity, "finds": rule.finds, "why": rule.why, "fix": rule.fix,
                        "refused_by": rule.refused_by.map(|by| json!({ "part": by.part, "words": by.words })),
                    })
                })
                .collect();
            output.json(&json!(rules))?;
        }
        (Format::Text, None) => {
            let width = chosen.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
            let line = |rule: &&Rule| format!("{:<width$}  {:<7}  {}\n", rule.id, rule.severity.name(), rule.finds);
            output.result(&chosen.iter().map(line).collect::<String>())?;
        }
        (Format::Text, Some(_)) => chosen.iter().try_for_each(|rule| output.result(explained(rule)))?,
    }
    Ok(Outcome::Good)
}

fn explained(rule: &Rule) -> Text {
    let mut out = Text::default();
    out.styled(HEADING, rule.id).plain(&format!(
        " ({})\n\n{}\n\nWhy it matters: {}\n\nHow to fix it: {}\n",
        rule.severity.name(),
        rule.finds,
        rule.why,
        rule.fix
    ));
    if let Some(by) = rule.refused_by {
        out.plain(&format!("\nWho refuses it: {}: {}\n", by.part, by.words));
    }
    if !rule.fires.0.is_empty() {
        out.plain(&format!("\nIt finds something in a good template with\n{}", example(&rule.fires)));
        out.plain(&match rule.quiet.0 {
            [] => "\nand nothing without that.\n".to_owned(),
            _ => format!("\nand nothing with\n{}", example(&rule.quiet)),
        });
    }
    out
}

fn example(example: &Example) -> String {
    let indented = |text: &str| text.lines().map(|line| format!("      {line}\n")).collect::<String>();
    let mut out = String::new();
    for edit in example.0 {
        match edit {
            Edit::Replace(file, from, to) => {
                let line_of = |text: &str, part: &str| {
                    let at = text.find(part).unwrap_or_default();
                    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
                    let end = text[at + part.len()..].find('\n').map_or(text.len(), |end| at + part.len() + end);
                    text[start..end].to_owned()
                };
                let good = GOOD_TEMPLATE.iter().find(|(name, _)| name == file).map_or("", |(_, text)| text);
                let changed = good.replacen(from, to, 1);
                let shown =
                    if to.is_empty() { format!("(without)\n{}", line_of(good, from)) } else { line_of(&changed, to) };
                out.push_str(&format!("    {file}:\n{}", indented(&shown)));
            }
            Edit::Write(file, text) => out.push_str(&format!("    {file}:\n{}", indented(text))),
            Edit::Bytes(file, bytes) => {
                out.push_str(&format!("    {file}:\n{}", indented(&String::from_utf8_lossy(bytes))));
            }
            Edit::Large(file) => out.push_str(&format!("    {file}, of more than 1 MiB\n")),
            Edit::Link(file, target) => out.push_str(&format!("    {file}, a link to {target}\n")),
            Edit::Remove(file) => out.push_str(&format!("    no {file}\n")),
            Edit::Folder(folder) => out.push_str(&format!("    the folder {folder}\n")),
        }
    }
    out
}
