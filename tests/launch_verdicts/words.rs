//! The words with which Rancher refuses a version are those that the rule tells.

use std::collections::{BTreeMap, BTreeSet};

use catalog_check::rules::by_id;
use serde_json::{Value, json};
use swarm_lab::dice::Dice;
use swarm_lab::executor::ask_all;

use super::made_up::{Version, made_up};
use super::{EVERYDAY, errors_of};

/// Whether a text has one of the words that a rule tells, apart by `; `. `…` is anything.
fn are_said(words: &str, text: &str) -> bool {
    let is_in = |words: &str| {
        let mut rest = Some(text);
        for part in words.split('…') {
            rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, behind)| behind);
        }
        rest.is_some()
    };
    words.split("; ").any(is_in)
}

/// Only versions with errors of one rule are asked about: of them it is known whom the words belong to. What is not read
/// as it was written gets words of any kind.
pub fn told_words_are_said() {
    let mut dice = Dice::new(1);
    let versions: Vec<Version> = (0..EVERYDAY).map(|_| made_up(&mut dice)).collect();
    let errors = errors_of(&versions);
    let of_one_rule: Vec<(&Version, &str)> = errors
        .iter()
        .filter_map(|(at, told)| {
            let rules: BTreeSet<&str> = told.iter().filter_map(|told| told.split(' ').nth(1)).collect();
            let (version, rule) = (&versions[*at], *rules.first()?);
            let is_alone = rules.len() == 1 && rule != "compose-version";
            let odd_head = |line: &str| line.starts_with("version:") && line != "version: '2'";
            (is_alone && !version.1.lines().any(odd_head)).then_some((version, rule))
        })
        .collect();
    let answers = ask_all(&of_one_rule, |executor, ((docker, rancher), _)| {
        executor.ask(&json!({ "kind": "version", "docker_compose": docker, "rancher_compose": rancher }))
    });
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    let mut apart = Vec::new();
    let launched = |answer: &Value| answer["stage"] != "catalog";
    for ((_, id), answer) in of_one_rule.iter().zip(&answers).filter(|(_, answer)| launched(answer)) {
        let by = by_id(id).and_then(|rule| rule.refused_by).unwrap_or_else(|| panic!("{id}"));
        let lists = ["problems", "cattle"].map(|key| answer[key].as_array().cloned().unwrap_or_default());
        // A panic ends Rancher's own program with such a text.
        let texts: Vec<String> =
            lists.iter().flatten().filter_map(|text| Some(text.as_str()?.replace("PANIC", "panic:"))).collect();
        // What ends the whole program says nothing of the version.
        if !texts.is_empty() && !texts.iter().any(|text| are_said(by.words, text)) {
            apart.push(format!("{id}: {}: {texts:?}", by.words));
        }
        *said.entry(id).or_default() += 1;
    }
    assert!(apart.is_empty(), "{}", apart.join("\n"));
    assert!(said.len() > 10, "{said:?}");
}
