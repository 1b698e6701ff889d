//! Templates, YAML and variables give the value or the error that Rancher 1.6 gives.

mod documents;
mod rows;
mod templates;

use rancher_catalog::go_template::{Limits, Stack, Template, Value as TemplateValue, is_notemplating};
use rancher_catalog::interpolation::interpolate;
use rancher_catalog::yaml::Document;
use serde_json::{Value, json};
use serde_yaml::Value as Yaml;
use swarm_lab::dice::Dice;
use swarm_lab::executor::Executor;
use swarm_lab::real_parts;
use swarm_lab::trial::{Trial, is_long, trial};

pub fn trials() -> Vec<Trial> {
    let missing = real_parts::missing();
    let mut trials = rows::trials();
    trials.push(trial("thousands_of_templates_do_as_in_rancher", missing, thousands_of_templates_do_as_in_rancher));
    trials.push(trial("thousands_of_documents_are_read_as_in_rancher", missing, thousands_of_documents_are_read_as_in_rancher));
    trials.push(trial("variables_are_replaced_as_in_rancher", missing, variables_are_replaced_as_in_rancher));
    trials.push(trial("time_grows_with_the_length_and_no_faster", None, time_grows_with_the_length_and_no_faster));
    trials
}

/// How many are asked a run, and how many at a time.
const TIMES: u64 = 3_000;

/// One of several, all as likely.
fn pick<'t, T>(dice: &mut Dice, of: &'t [T]) -> &'t T {
    &of[usize::try_from(dice.below(of.len() as u64)).unwrap()]
}

/// Puts something into a text, takes something out, or both.
fn mutate(dice: &mut Dice, text: &mut String, pieces: &[&str]) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let first = usize::try_from(dice.below(places.len() as u64)).unwrap();
    let last = (first + usize::try_from(dice.below(5)).unwrap()).min(places.len() - 1);
    let (start, end) = (places[first], places[last]);
    let kind = dice.below(10);
    let new = if (4..6).contains(&kind) { "" } else { *pick(dice, pieces) };
    match kind {
        0..4 => text.insert_str(start, new),
        9 => {
            let again = text[start..end].to_owned();
            text.insert_str(end, &again);
        }
        _ => text.replace_range(start..end, new),
    }
}

/// Asks Rancher's executor and us about texts from a seed, each text with a seed of its own.
fn all_agree(of: fn(&mut Dice) -> String, question: fn(&str) -> Value, ours: fn(&str) -> String, theirs: fn(&str, &Value) -> Option<String>) {
    let first: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let times = if is_long() { TIMES * 100 } else { TIMES };
    let mut executor = Executor::start();
    let mut told = 0;
    for seed in first..first + times {
        let text = of(&mut Dice::new(seed));
        let answer = executor.ask(&question(&text));
        let Some(theirs) = theirs(&text, &answer) else { continue };
        let ours = ours(&text);
        if ours != theirs {
            println!("SEED={seed} {text:?}\n  Rancher: {theirs}\n  we:      {ours}");
            told += 1;
        }
        assert!(told < 10, "too many disagreements to go on");
    }
    assert_eq!(told, 0, "disagreements with Rancher");
}

const ANSWERS: [(&str, &str); 4] = [("A", "1"), ("B", "x \"y z\" w"), ("L", "a,b,c"), ("E", "")];
const STACK: Stack<'_> = Stack { name: "st", version: "v1", previous_version: "v0", environment: "Default" };

fn thousands_of_templates_do_as_in_rancher() {
    let question = |text: &str| {
        let stack = json!({"Name": STACK.name, "Version": STACK.version, "PreviousVersion": STACK.previous_version});
        let answers: serde_json::Map<_, _> = ANSWERS.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({"kind": "t", "text": text, "answers": answers, "stack": stack, "env": STACK.environment})
    };
    let theirs = |text: &str, answer: &Value| {
        let printed = answer["out"].as_str().unwrap_or_default();
        if is_exception(text, printed) {
            return None;
        }
        Some(match answer {
            _ if answer.get("panic").is_some() => "breaks down".to_owned(),
            _ if answer.get("perr").is_some() => "is refused".to_owned(),
            _ if answer.get("xerr").is_some() => format!("fails after {printed:?}"),
            _ => format!("prints {printed:?}"),
        })
    };
    all_agree(templates::template, question, |text| of_template(text, &ANSWERS, STACK), theirs);
}

/// What differs, and why.
fn is_exception(text: &str, printed: &str) -> bool {
    // Go prints a map in an order that differs from run to run, and ours is sorted.
    let prints_a_map = printed.contains("map[") || printed.contains("interface {}{") || printed.contains("string{");
    // A map of more than one entry turns up in a text that other functions go on with.
    let hands_a_map_on = [".Values", "dict", "split ", "tuple", "$", " . ", "(.)", "{{.}}"].iter().any(|part| text.contains(part))
        && ["print", "quote", "cat", "html", "js", "urlquery", "dict"].iter().any(|name| text.contains(name));
    // A letter to Rust, and none to Go: marks, and numbers that are no digits.
    let has_odd_letters = text.contains('²');
    // The environment of the process, and what is random.
    prints_a_map || hands_a_map_on || has_odd_letters
}

/// What we make of a template, in a few words.
fn of_template(text: &str, answers: &[(&str, &str)], stack: Stack<'_>) -> String {
    if is_notemplating(text) {
        return format!("prints {text:?}");
    }
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) if error.beyond_this_tool => return format!("is beyond this tool: {error}"),
        Err(_) => return "is refused".to_owned(),
    };
    let execution = template.execute(&TemplateValue::data(answers.iter().copied(), stack), &Limits::default());
    let printed = execution.text();
    match execution.error {
        None => format!("prints {printed:?}"),
        Some(error) if error.beyond_this_tool => format!("is beyond this tool: {error}"),
        Some(error) if error.message.contains("breaks down") => "breaks down".to_owned(),
        Some(_) => format!("fails after {printed:?}"),
    }
}

fn thousands_of_documents_are_read_as_in_rancher() {
    let question = |text: &str| json!({"kind": "y", "text": text});
    let theirs = |_: &str, answer: &Value| {
        Some(answer.get("v").map_or_else(|| "is refused".to_owned(), Value::to_string))
    };
    all_agree(documents::document, question, of_document, theirs);
}

fn of_document(text: &str) -> String {
    match Document::read(text) {
        Ok(document) => typed(&document.to_value()).to_string(),
        Err(error) if error.beyond_this_tool => format!("is beyond this tool: {error}"),
        Err(_) => "is refused".to_owned(),
    }
}

/// A value as the executor writes it, so that nothing of its types is lost.
fn typed(value: &Yaml) -> Value {
    match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(truth) => json!(truth),
        Yaml::String(text) => json!(text),
        Yaml::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) if float.is_nan() => json!({"f": "7ff8000000000001"}),
            Some(float) => json!({"f": format!("{:016x}", float.to_bits())}),
            None => json!({"i": number.to_string()}),
        },
        Yaml::Sequence(items) => items.iter().map(typed).collect(),
        Yaml::Mapping(map) => {
            let mut pairs: Vec<(String, Value)> =
                map.iter().map(|(key, value)| (typed(key).to_string(), typed(value))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            json!({"m": pairs})
        }
        Yaml::Tagged(_) => json!("a tag is left"),
    }
}

fn variables_are_replaced_as_in_rancher() {
    const ANSWERS: [(&str, &str); 4] = [("A", "x"), ("1", "one"), ("A_1", "u"), ("_", "z")];
    let question = |text: &str| {
        let answers: serde_json::Map<_, _> = ANSWERS.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({"kind": "i", "text": text, "answers": answers})
    };
    let ours = |text: &str| {
        let answer = |name: &str| ANSWERS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        interpolate(text, answer).unwrap_or_else(|_| "is refused".to_owned())
    };
    // go panics at a dollar that ends the text.
    let theirs = |_: &str, answer: &Value| Some(answer["out"].as_str().unwrap_or("is refused").to_owned());
    all_agree(documents::variables, question, ours, theirs);
}

/// Every kind of piece repeated, in each language, at two lengths: the longer takes at most three times its share.
fn time_grows_with_the_length_and_no_faster() {
    let pieces = [
        "(1) ", "(", "((", "1)", "{{1}}", "{{$x := 1}}", "{{$x}}", "{{if true}}", "{{else if true}}", "{{end}}", "{{/* */}}", "{{- ", "-}} ",
        " ", "\n", "a", "a b ", "{{.Values.A}}", "{{define \"a\"}}{{end}}", "{{range until 9}}", "{{template \"a\"}}", "|print", ".a", "\"a\"",
        "`", "\\", "é", "[", "]", "[[", "{", "{a: ", "}", ",", "a,", "- ", "-\n", "? ", ": ", "a: ", "a: 1\n", "a: [", "\"", "'", "\"a\" ", "&a ",
        "*a ", "&a a\n", "!a ", "!!str ", "|\n", ">\n a\n", "#", "# a\n", "---\n", "...\n", "%", "%TAG ! x\n", "\t", "<<: {a: 1}\n", "<<: ", "$",
        "$$", "${", "${A}", "$A", "}$", "&", "*", "\u{2028}", "\u{feff}", "\r\n", "\r", "a:\n ", "[a: ", "{? ", "''", "\\\"", "|-\n\n",
    ];
    let heads = [("", ""), ("{{ and ", "}}"), ("{{ print ", "}}"), ("a: ", ""), ("[", "]"), ("\"", "\""), ("a: |\n  ", "")];
    let mut slow = Vec::new();
    for piece in pieces {
        for (head, tail) in heads {
            let text = |bytes: usize| format!("{head}{}{tail}", piece.repeat(bytes / piece.len()));
            for (language, work) in LANGUAGES {
                let time = |text: &str| {
                    let start = std::time::Instant::now();
                    work(text);
                    start.elapsed()
                };
                let (short, long) = (text(8 << 10), text(64 << 10));
                // A busy machine is slow for once; what grows too fast is slow each time.
                let grows = (0..3).all(|_| {
                    let (short, long) = (time(&short), time(&long));
                    long.as_millis() > 100 && long > short * 8 * 3
                });
                if grows {
                    slow.push(format!("{language}: {head:?} {piece:?}"));
                }
            }
        }
    }
    assert!(slow.is_empty(), "takes more than its share of time: {slow:#?}");
}

type Work = fn(&str);

const LANGUAGES: [(&str, Work); 3] = [
    ("template", |text| {
        if let Ok(template) = Template::parse(text) {
            template.execute(&TemplateValue::data(ANSWERS, STACK), &Limits::default());
        }
    }),
    ("yaml", |text| drop(Document::read(text).map(|document| document.to_value()))),
    ("variables", |text| drop(interpolate(text, |_| Some("x".to_owned())))),
];
