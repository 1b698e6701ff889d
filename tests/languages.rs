//! Templates, YAML and variables give the value or the error that Rancher 1.6 gives.

mod documents;
mod rows;
mod templates;

use std::sync::atomic::{AtomicUsize, Ordering};

use rancher_catalog::go_template::{Limits, Stack, Template, Value as TemplateValue, is_notemplating};
use rancher_catalog::interpolation::interpolate;
use rancher_catalog::yaml::Document;
use serde_json::{Value, json};
use serde_yaml::Value as Yaml;
use swarm_lab::dice::Dice;
use swarm_lab::executor::ask_all;
use swarm_lab::real_parts;
use swarm_lab::trial::{Trial, cases, trial};

pub fn trials() -> Vec<Trial> {
    let missing = real_parts::missing();
    let mut trials = rows::trials();
    trials.push(trial("thousands_of_templates_do_as_in_rancher", missing, thousands_of_templates_do_as_in_rancher));
    trials.push(trial(
        "thousands_of_documents_are_read_as_in_rancher",
        missing,
        thousands_of_documents_are_read_as_in_rancher,
    ));
    trials.push(trial("variables_are_replaced_as_in_rancher", missing, variables_are_replaced_as_in_rancher));
    trials.push(trial("time_grows_with_the_length_and_no_faster", None, time_grows_with_the_length_and_no_faster));
    trials
}

/// How many are asked a run, and how many at a time.
const TIMES: u64 = 3_000;

/// One of several, all as likely.
fn pick<T: Copy>(dice: &mut Dice, of: &[T]) -> T {
    of[usize::try_from(dice.below(of.len() as u64)).unwrap()]
}

/// Puts something into a text, takes something out, or both.
fn mutate(dice: &mut Dice, text: &mut String, pieces: &[&str]) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let first = usize::try_from(dice.below(places.len() as u64)).unwrap();
    let last = (first + usize::try_from(dice.below(5)).unwrap()).min(places.len() - 1);
    let (start, end) = (places[first], places[last]);
    let kind = dice.below(10);
    let new = if (4..6).contains(&kind) { "" } else { pick(dice, pieces) };
    match kind {
        0..4 => text.insert_str(start, new),
        9 => {
            let again = text[start..end].to_owned();
            text.insert_str(end, &again);
        }
        _ => text.replace_range(start..end, new),
    }
}

/// What is asked, and what is made of the answers.
struct Language {
    of: fn(&mut Dice) -> String,
    question: fn(&str) -> Value,
    theirs: fn(&Value) -> String,
    ours: fn(&str) -> String,
    /// Texts whose answers may differ, each kind with the reason.
    is_exception: fn(&str) -> bool,
}

/// The beginning of what may be megabytes.
fn shortened(text: &str) -> String {
    text.chars().take(1_000).collect()
}

/// Asks Rancher's executor and us about texts from a seed, each text with a seed of its own.
fn all_agree(language: &Language) {
    let first: u64 = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let seeds: Vec<u64> = (first..first + TIMES * cases()).collect();
    let told = AtomicUsize::new(0);
    ask_all(&seeds, |executor, seed| {
        let text = (language.of)(&mut Dice::new(*seed));
        let question = (language.question)(&text);
        let theirs = (language.theirs)(&executor.ask(&question));
        let ours = (language.ours)(&text);
        // Go prints a map in an order that it throws dice for: of two entries one in eight times the other way.
        let mut is_theirs_by_chance = || (0..200).any(|_| (language.theirs)(&executor.ask(&question)) != theirs);
        // What this tool leaves to Rancher it says so of, and is no answer: a template that prints more than 4 MiB.
        let is_limit = ours.starts_with("is beyond this tool");
        if ours != theirs && !is_limit && !(language.is_exception)(&text) && !is_theirs_by_chance() {
            let (theirs, ours) = (shortened(&theirs), shortened(&ours));
            println!("SEED={seed} {text:?}\n  Rancher: {theirs}\n  we:      {ours}");
            told.fetch_add(1, Ordering::Relaxed);
        }
        assert!(told.load(Ordering::Relaxed) < 10, "too many disagreements to go on");
    });
    assert_eq!(told.into_inner(), 0, "disagreements with Rancher");
}

const ANSWERS: [(&str, &str); 4] = [("A", "1"), ("B", "x \"y z\" w"), ("L", "a,b,c"), ("E", "")];
const STACK: Stack<'_> = Stack { name: "st", version: "v1", previous_version: "v0", environment: "Default" };

fn thousands_of_templates_do_as_in_rancher() {
    let question = |text: &str| {
        let stack = json!({"Name": STACK.name, "Version": STACK.version, "PreviousVersion": STACK.previous_version});
        let answers: serde_json::Map<_, _> =
            ANSWERS.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({"kind": "t", "text": text, "answers": answers, "stack": stack, "env": STACK.environment})
    };
    let theirs = |answer: &Value| {
        let printed = answer["out"].as_str().unwrap_or_default();
        match answer {
            _ if answer.get("panic").is_some() => "breaks down".to_owned(),
            _ if answer.get("timeout").is_some() => "takes more than 20 s".to_owned(),
            _ if answer.get("perr").is_some() => "is refused".to_owned(),
            _ if answer.get("xerr").is_some() => format!("fails after {printed:?}"),
            _ => format!("prints {printed:?}"),
        }
    };
    all_agree(&Language {
        of: templates::template,
        question,
        theirs,
        ours: |text| of_template(text, &ANSWERS, STACK),
        is_exception: |text| {
            // They take the time of day for what is no date.
            let tells_the_time = text.contains("date") || text.contains("Date");
            // Rancher makes a list of 123,456,789 numbers where it is asked to; we do not go through such a one.
            let is_large = text.contains("123456789") || text.contains("9223372036854775807") || text.contains("1e19");
            tells_the_time || is_large && text.contains("until")
        },
    });
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
    let theirs =
        |answer: &Value| answer.get("v").map_or_else(|| "is refused".to_owned(), |value| readable(value).to_string());
    all_agree(&Language { of: documents::document, question, theirs, ours: of_document, is_exception: |_| false });
}

/// Keys come as JSON within JSON: of one thing it has several spellings.
fn readable(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(readable).collect(),
        Value::Object(one) => match one.get("m").and_then(Value::as_array) {
            None => value.clone(),
            Some(pairs) => {
                let key = |key: &Value| serde_json::from_str::<Value>(key.as_str().unwrap()).unwrap().to_string();
                let mut pairs: Vec<(String, Value)> =
                    pairs.iter().map(|pair| (key(&pair[0]), readable(&pair[1]))).collect();
                pairs.sort_by(|a, b| a.0.cmp(&b.0));
                json!({"m": pairs})
            }
        },
        other => other.clone(),
    }
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
        let answers: serde_json::Map<_, _> =
            ANSWERS.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({"kind": "i", "text": text, "answers": answers})
    };
    let ours = |text: &str| {
        let answer =
            |name: &str| ANSWERS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        interpolate(text, answer).unwrap_or_else(|_| "is refused".to_owned())
    };
    // Rancher's program breaks down at a dollar that ends the text.
    let theirs = |answer: &Value| answer["out"].as_str().unwrap_or("is refused").to_owned();
    all_agree(&Language { of: documents::variables, question, theirs, ours, is_exception: |_| false });
}

/// Every kind of piece repeated, in each language, at two lengths: the longer takes at most three times its share.
fn time_grows_with_the_length_and_no_faster() {
    let pieces = [
        "(1) ",
        "(",
        "((",
        "1)",
        "{{1}}",
        "{{$x := 1}}",
        "{{$x}}",
        "{{if true}}",
        "{{else if true}}",
        "{{end}}",
        "{{/* */}}",
        "{{- ",
        "-}} ",
        " ",
        "\n",
        "a",
        "a b ",
        "{{.Values.A}}",
        "{{define \"a\"}}{{end}}",
        "{{range until 9}}",
        "{{template \"a\"}}",
        "|print",
        ".a",
        "\"a\"",
        "`",
        "\\",
        "é",
        "[",
        "]",
        "[[",
        "{",
        "{a: ",
        "}",
        ",",
        "a,",
        "- ",
        "-\n",
        "? ",
        ": ",
        "a: ",
        "a: 1\n",
        "a: [",
        "\"",
        "'",
        "\"a\" ",
        "&a ",
        "*a ",
        "&a a\n",
        "!a ",
        "!!str ",
        "|\n",
        ">\n a\n",
        "#",
        "# a\n",
        "---\n",
        "...\n",
        "%",
        "%TAG ! x\n",
        "\t",
        "<<: {a: 1}\n",
        "<<: ",
        "$",
        "$$",
        "${",
        "${A}",
        "$A",
        "}$",
        "&",
        "*",
        "\u{2028}",
        "\u{feff}",
        "\r\n",
        "\r",
        "a:\n ",
        "[a: ",
        "{? ",
        "''",
        "\\\"",
        "|-\n\n",
    ];
    let heads =
        [("", ""), ("{{ and ", "}}"), ("{{ print ", "}}"), ("a: ", ""), ("[", "]"), ("\"", "\""), ("a: |\n  ", "")];
    let mut slow = Vec::new();
    for (at, piece) in pieces.into_iter().enumerate() {
        for (head, tail) in (at..at + if cases() > 1 { heads.len() } else { 1 }).map(|at| heads[at % heads.len()]) {
            let text = |bytes: usize| format!("{head}{}{tail}", piece.repeat(bytes / piece.len()));
            for (language, work) in LANGUAGES {
                let time = |text: &str| {
                    let start = std::time::Instant::now();
                    work(text);
                    start.elapsed()
                };
                let (short, long) = (text(4 << 10), text(32 << 10));
                // A busy machine is slow for once; what grows too fast is slow each time.
                let grows = (0..3).all(|_| {
                    let long = time(&long);
                    long.as_millis() > 200 && long > time(&short) * 8 * 3
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
