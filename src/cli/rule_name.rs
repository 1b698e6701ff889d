//! Names of rules on the command line: shells complete them, and one that is none is told with the nearest that is.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use catalog_check::rules;

/// Takes any name: what is no rule's is told where the rules are known, in the same words for all who name one.
#[derive(Debug, Clone)]
pub(super) struct RuleName;

impl TypedValueParser for RuleName {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(rules::every().map(|rule| PossibleValue::new(rule.id))))
    }
}
