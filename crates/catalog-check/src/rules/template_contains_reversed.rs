//! `contains` has its arguments the wrong way round.

use crate::report::{Report, Severity};
use crate::rule::{Edit, Example, Rule};
use crate::view::yaml_files;
use rancher_catalog::source::TemplateSource;
use rancher_catalog::yaml::Position;

/// See [`Rule::why`].
pub const RULE: Rule = Rule {
    id: "template-contains-reversed",
    severity: Severity::Warning,
    finds: "`contains` has its arguments the wrong way round.",
    why: "Sprig's `contains A B` asks whether B contains A: `contains .Values.X \"/\"` asks whether the answer is a part of \"/\".",
    fix: "Put the text that is looked for first: `contains \"/\" .Values.X`.",
    refused_by: None,
    fires: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n{{- if contains .Values.COLOR \"/\" }}\n    tty: true\n{{- end }}\n",
    )]),
    quiet: Example(&[Edit::Replace(
        "1/docker-compose.yml",
        "    image: example/web:1.1.0\n",
        "    image: example/web:1.1.0\n{{- if contains \"/\" .Values.COLOR }}\n    tty: true\n{{- end }}\n",
    )]),
    check,
};

fn check(template: &TemplateSource, report: &mut Report) {
    for file in yaml_files(template).filter(|file| file.template.is_some()) {
        for (number, line) in (1u32..).zip(file.text.lines()) {
            let Some(at) = line.find("contains .Values.") else { continue };
            let after = line[at + "contains ".len()..].trim_start_matches(|c: char| !c.is_whitespace() && c != ')');
            if asks_for_a_part(after.trim_start()) {
                let column = u32::try_from(line[..at].chars().count()).unwrap_or(0) + 1;
                let start = Position { line: number, column, offset: 0 };
                report.at(
                    file,
                    start,
                    column + 8,
                    "this asks whether the answer is a part of the text, not the reverse",
                );
            }
        }
    }
}

/// Whether what an answer is looked for in is a text that no answer but itself would be a part of; a list of words is one
/// of several answers.
fn asks_for_a_part(text: &str) -> bool {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '`')) else { return false };
    let literal = text[1..].split(quote).next().unwrap_or_default();
    let is_list = literal.trim().contains([' ', ',', ';', '|', ':']);
    !is_list
}
