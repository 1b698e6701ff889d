//! `gen-catalog settings`.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::Outcome;
use super::output::Output;
use swarmkit_settings::{Kind, SETTINGS, markdown_table};

/// Prints the settings of the daemon, which are the questions of the entry: as a Markdown table, or as JSON.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  gen-catalog settings\n  gen-catalog settings --format json")]
pub(super) struct SettingsArgs {
    /// How to print them
    #[arg(long, value_enum, default_value_t = TableFormat::Markdown)]
    format: TableFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TableFormat {
    /// A table, as in docs/operating.md
    Markdown,
    /// For programs
    Json,
}

pub(super) fn run(args: &SettingsArgs, output: &Output) -> anyhow::Result<Outcome> {
    match args.format {
        TableFormat::Markdown => output.result(&markdown_table(SETTINGS))?,
        TableFormat::Json => {
            let settings: Vec<_> = SETTINGS
                .iter()
                .map(|setting| {
                    let allowed = match setting.kind {
                        Kind::OneOf(_) | Kind::Odd { .. } => json!({ "one_of": setting.kind.options() }),
                        Kind::Word { blank } => json!({ "word": true, "blank": blank }),
                        Kind::Address => json!({ "address": true, "blank": true }),
                        Kind::Token => json!({ "token": true, "blank": true }),
                        Kind::Networks => json!({ "networks": true, "blank": true }),
                        Kind::Optional { min, max } => json!({ "min": min, "max": max, "blank": true }),
                        Kind::Integer { min, max, unit } => json!({ "min": min, "max": max, "unit": unit }),
                    };
                    json!({
                        "variable": setting.variable,
                        "flag": setting.flag,
                        "default": setting.default,
                        "allowed": allowed,
                        "asked": setting.asked,
                        "label": setting.label,
                        "help": setting.help,
                    })
                })
                .collect();
            output.json(&json!(settings))?;
        }
    }
    Ok(Outcome::Good)
}
