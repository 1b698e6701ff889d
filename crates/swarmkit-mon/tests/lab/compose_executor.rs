//! Rancher's own compose executor takes the rendered entry with every answer that its questions allow, and makes of it what
//! the tests of the whole chain start.

use std::fs;
use std::path::{Path, PathBuf};
use swarm_lab::real_parts;
use swarm_lab::trial::Trial;

use gen_catalog::entries::swarm;
use rancher_catalog::model::{Question, QuestionType};
use serde_json::{Map, Value, json};
use swarm_lab::deployer::entry::Entry;
use swarm_lab::deployer::health::Strategy;
use swarm_lab::deployer::service::{Given, Service};
use swarm_lab::executor::{Executor, plain};
use swarm_lab::generator::rendered_catalog;
use swarm_lab::trial::trial;
use swarmkit_settings::SETTINGS;

/// Texts that a person may give where any text will do: what templates, variables and YAML make something of, and what
/// they would take for something else than a text.
const TEXTS: [&str; 12] =
    ["", "x", "a b", "$", "$$X", "${LOG_LEVEL}", "{{ .Stack.Name }}", "'\"", "é: #", "yes", "010", "~"];

pub fn trials() -> Vec<Trial> {
    let missing = real_parts::missing();
    vec![
        trial("every_answer_that_the_questions_allow_is_accepted", missing, accepted),
        trial("defaults_are_what_the_model_says", missing, defaults),
        trial("what_is_launched_is_what_the_deployer_starts", missing, launched),
        trial("a_difference_to_the_deployer_is_told", missing, difference),
        trial("what_rancher_cannot_launch_is_refused", missing, refused),
    ]
}

/// The version of the rendered entry.
struct Rendered {
    folder: tempfile::TempDir,
}

impl Rendered {
    fn new() -> Self {
        Self { folder: rendered_catalog() }
    }

    fn catalog(&self) -> PathBuf {
        self.folder.path().join("community-catalog")
    }

    fn version(&self) -> PathBuf {
        self.catalog().join("infra-templates").join(swarm::FOLDER).join(swarm::FIRST_REVISION.to_string())
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.version().join(name)).unwrap()
    }

    fn compose(&self) -> Compose {
        Compose { docker: self.file("docker-compose.yml"), rancher: self.file("rancher-compose.yml") }
    }
}

/// Both compose files.
#[derive(Clone)]
struct Compose {
    docker: String,
    rancher: String,
}

impl Compose {
    /// What the executor makes of both, for some answers: the fields of the one service.
    fn read(&self, executor: &mut Executor, answers: &Answers) -> (Value, Value) {
        let mut read = |text: &str| {
            let answer = executor.ask(&json!({"kind": "c", "text": text, "answers": answers}));
            assert!(answer.get("err").is_none(), "{answer}");
            let services = plain(&answer["services"]);
            assert_eq!(services.as_object().unwrap().keys().collect::<Vec<_>>(), [swarm::SERVICE]);
            services[swarm::SERVICE].clone()
        };
        (read(&self.docker), read(&self.rancher))
    }

    fn verdict(&self, executor: &mut Executor, answers: Option<&Answers>) -> Value {
        let mut asked = json!({"kind": "version", "docker_compose": self.docker, "rancher_compose": self.rancher});
        if let Some(answers) = answers {
            asked["answers"] = Value::Object(answers.clone());
        }
        executor.ask(&asked)
    }
}

type Answers = Map<String, Value>;

fn questions() -> Vec<Question> {
    let publication = swarm::publication(&swarm::image(swarm::default_repository(), None), SETTINGS);
    let compose = publication.infra.version.rancher_compose;
    compose.catalog().expect("a catalog block").questions.value().expect("questions").clone()
}

fn variable(question: &Question) -> String {
    question.variable.value().unwrap().text().into_owned()
}

fn default(question: &Question) -> String {
    question.default.value().unwrap().text().into_owned()
}

/// The answers that a question allows; of numbers and texts those where something may go wrong.
fn allowed(question: &Question) -> Vec<Value> {
    let text = |scalar: &rancher_catalog::model::Scalar| Value::String(scalar.text().into_owned());
    let mut all: Vec<Value> = match question.kind.value().unwrap() {
        QuestionType::Enum => question.options.value().unwrap().iter().map(text).collect(),
        QuestionType::Boolean => vec!["true".into(), "false".into(), true.into(), false.into()],
        // The UI gives a text, other clients of the API a number.
        QuestionType::Int => [&question.min, &question.max]
            .into_iter()
            .flat_map(|end| end.value())
            .flat_map(|end| [text(end), serde_json::from_str(&end.text()).unwrap()])
            .collect(),
        QuestionType::String | QuestionType::Password => {
            TEXTS.into_iter().map(Value::from).chain([json!("x".repeat(5000))]).collect()
        }
        other => panic!("{}: a question of type {other:?}", variable(question)),
    };
    let required = question.required.value().unwrap().value().copied().unwrap();
    if required {
        all.retain(|answer| *answer != "");
    } else {
        all.extend([json!(""), Value::Null]);
    }
    all.push(default(question).into());
    all
}

/// Each allowed answer to each question, the others having their defaults.
fn one_by_one() -> Vec<Answers> {
    let questions = questions();
    let defaults: Answers = questions.iter().map(|question| (variable(question), default(question).into())).collect();
    let mut all = vec![defaults.clone()];
    for question in &questions {
        for answer in allowed(question) {
            all.push(defaults.clone().into_iter().chain([(variable(question), answer)]).collect());
        }
    }
    all
}

fn is_text(question: &Question) -> bool {
    matches!(question.kind.value(), Some(QuestionType::String | QuestionType::Password))
}

/// Every combination of options, and of a text's default and none. Numbers change no line but their own.
fn combined() -> Vec<Answers> {
    let mut all = vec![Answers::new()];
    for question in questions() {
        let mut answers = allowed(&question);
        let default = default(&question);
        if question.options.value().is_none() {
            answers = vec![default.clone().into()];
            answers.extend((is_text(&question) && !default.is_empty()).then(|| "".into()));
        }
        answers.retain(Value::is_string);
        if question.options.value().is_some() {
            // The default is an option already.
            answers.pop();
        }
        let longer = |answers: &Answers, answer: &Value| {
            answers.clone().into_iter().chain([(variable(&question), answer.clone())]).collect::<Answers>()
        };
        all = all.iter().flat_map(|some| answers.iter().map(|answer| longer(some, answer))).collect();
    }
    all
}

/// The text that Rancher makes of an answer.
fn text(answer: &Value) -> String {
    match answer {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn accepted() {
    let rendered = Rendered::new();
    let compose = rendered.compose();
    let mut executor = Executor::start();
    let combined = combined();
    // Of a text whose default is none there is that alone, and of a number.
    let ways = |question: &Question| if is_text(question) && !default(question).is_empty() { 2 } else { 1 };
    let options = |question: &Question| question.options.value().map_or(ways(question), Vec::len);
    assert_eq!(combined.len(), questions().iter().map(options).product::<usize>());
    let all: Vec<Answers> = one_by_one().into_iter().chain(combined).collect();
    println!("{} sets of answers", all.len());
    let none = Answers::new();
    for answers in all.iter().map(Some).chain([None, Some(&none)]) {
        let verdict = compose.verdict(&mut executor, answers);
        assert_eq!(verdict["accepted"], true, "{answers:?}: {verdict}");
        assert_eq!(verdict["services"], json!([swarm::SERVICE]));
        assert_eq!(verdict["version"], swarm::VERSION);
    }
    // What is answered is what arrives, whatever it looks like.
    for answers in all {
        let (docker, _) = compose.read(&mut executor, &answers);
        let wanted: Map<String, Value> =
            answers.iter().map(|(name, answer)| (name.clone(), text(answer).into())).collect();
        assert_eq!(docker["environment"], Value::Object(wanted));
    }
}

fn defaults() {
    let rendered = Rendered::new();
    let mut executor = Executor::start();
    let read = executor.ask(&json!({"kind": "d", "text": rendered.file("rancher-compose.yml")}));
    let wanted: Map<String, Value> =
        questions().iter().map(|question| (variable(question), default(question).into())).collect();
    assert_eq!(read["v"], Value::Object(wanted.clone()));
    // The folder itself, as Rancher has it of its catalog service, and nobody answers.
    let verdict = executor.ask(&json!({"kind": "version", "dir": rendered.version()}));
    assert_eq!((&verdict["accepted"], &verdict["answers"]), (&json!(true), &Value::Object(wanted)), "{verdict}");
}

/// What the deployer starts, in the words of the compose files.
fn started(service: &Service) -> (Value, Value) {
    let container =
        service.container(&Given { stack: "swarm", keys: &[], labels: &serde_json::Map::new(), dns: String::new() });
    let host = &container["HostConfig"];
    let variables = container["Env"].as_array().unwrap().iter().map(|variable| {
        let (name, value) = variable.as_str().unwrap().split_once('=').unwrap();
        (name.to_owned(), Value::from(value))
    });
    let labels = [
        ("io.rancher.scheduler.global", true, "true"),
        ("io.rancher.container.create_agent", service.has_keys, "true"),
        ("io.rancher.container.agent.role", service.has_keys, "environment"),
        ("io.rancher.container.dns", service.has_names, "true"),
        ("io.rancher.container.pull_image", service.pulls, "always"),
    ];
    let labels = labels.into_iter().filter(|(_, is_set, _)| *is_set);
    let docker = json!({
        "image": container["Image"],
        "environment": variables.collect::<Map<_, _>>(),
        "labels": labels.map(|(name, _, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>(),
        "network_mode": host["NetworkMode"],
        "cap_drop": host["CapDrop"],
        "security_opt": host["SecurityOpt"],
        "read_only": host["ReadonlyRootfs"],
        "volumes": host["Binds"],
        "logging": {"driver": host["LogConfig"]["Type"], "options": host["LogConfig"]["Config"]},
    });
    let check = &service.health_check;
    let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap();
    let Strategy::RecreateOnQuorum(quorum) = check.strategy else { panic!("{:?}", check.strategy) };
    let rancher = json!({"health_check": {
        "port": check.port,
        "request_line": check.request_line,
        "interval": milliseconds(check.interval),
        "response_timeout": milliseconds(check.response_timeout),
        "healthy_threshold": check.healthy_threshold,
        "unhealthy_threshold": check.unhealthy_threshold,
        "initializing_timeout": milliseconds(check.initializing_timeout),
        "reinitializing_timeout": milliseconds(check.reinitializing_timeout),
        "strategy": "recreateOnQuorum",
        "recreate_on_quorum_strategy_config": {"quorum": quorum},
    }});
    (docker, rancher)
}

/// Field by field; a field that one of them does not have is a difference.
fn same(rancher: &Value, deployer: &Value) -> Result<(), String> {
    let (left, right) = (rancher.as_object().unwrap(), deployer.as_object().unwrap());
    for key in left.keys().chain(right.keys()) {
        // Maps have no order, in Rancher as in Docker.
        if left.get(key) != right.get(key) {
            return Err(format!(
                "{key}: Rancher launches {:?}, the deployer starts {:?}",
                left.get(key),
                right.get(key)
            ));
        }
    }
    Ok(())
}

fn compare(executor: &mut Executor, compose: &Compose, entry: &Entry, answers: &Answers) -> Result<(), String> {
    let given: Vec<(String, String)> = answers.iter().map(|(name, answer)| (name.clone(), text(answer))).collect();
    let given: Vec<(&str, &str)> = given.iter().map(|(name, answer)| (name.as_str(), answer.as_str())).collect();
    let services = entry.services(&given)?;
    let [service] = &services[..] else { return Err(format!("{} services", services.len())) };
    let (docker, rancher) = compose.read(executor, answers);
    let (started_docker, started_rancher) = started(service);
    same(&docker, &started_docker)?;
    same(&rancher, &started_rancher)
}

fn entry(rendered: &Rendered) -> Entry {
    Entry::read(&rendered.catalog(), swarm::FOLDER, Path::new(swarm_lab::programs::gen_catalog())).unwrap()
}

fn launched() {
    let rendered = Rendered::new();
    let (compose, entry, mut executor) = (rendered.compose(), entry(&rendered), Executor::start());
    for answers in one_by_one() {
        compare(&mut executor, &compose, &entry, &answers).unwrap_or_else(|error| panic!("{answers:?}: {error}"));
    }
}

fn difference() {
    let rendered = Rendered::new();
    let (compose, entry, mut executor) = (rendered.compose(), entry(&rendered), Executor::start());
    let defaults = one_by_one().remove(0);
    for (file, from, to, told) in [
        ("docker", "max-size: 25m", "max-size: 26m", "logging"),
        ("docker", "network_mode: host", "network_mode: bridge", "network_mode"),
        ("docker", "    read_only: true\n", "", "read_only"),
        ("docker", "    read_only: true\n", "    read_only: true\n    command: plan\n", "command"),
        ("docker", "    read_only: true\n", "    read_only: true\n    restart: always\n", "restart"),
        ("docker", "      io.rancher.scheduler.global: 'true'\n", "", "labels"),
        ("docker", "${NETWORK}", "${LOG_LEVEL}", "environment"),
        ("rancher", "interval: 10000", "interval: 2000", "health_check"),
        ("rancher", "    health_check:\n", "    retain_ip: true\n    health_check:\n", "retain_ip"),
    ] {
        let mut compose = compose.clone();
        let text = if file == "docker" { &mut compose.docker } else { &mut compose.rancher };
        assert!(text.contains(from), "{from:?}");
        *text = text.replacen(from, to, 1);
        let error = compare(&mut executor, &compose, &entry, &defaults).expect_err(to);
        assert!(error.starts_with(told), "{to:?}: {error}");
    }
}

fn refused() {
    let rendered = Rendered::new();
    let (compose, mut executor) = (rendered.compose(), Executor::start());
    for (file, from, to) in [
        ("docker", "read_only: true", "read_only: 'true'"),
        ("docker", "network_mode: host", "net: host"),
        ("docker", "    image: ", "    picture: "),
        ("docker", "${NETWORK}", "${NETWORK:-x}"),
        ("docker", "- no-new-privileges", "- label=disable"),
        ("rancher", "interval: 10000", "interval: soon"),
        ("rancher", "strategy: recreateOnQuorum", "strategy: [recreate]"),
    ] {
        let mut compose = compose.clone();
        let text = if file == "docker" { &mut compose.docker } else { &mut compose.rancher };
        assert!(text.contains(from), "{from:?}");
        *text = text.replacen(from, to, 1);
        let verdict = compose.verdict(&mut executor, None);
        assert_eq!(verdict["accepted"], false, "{to:?}: {verdict}");
    }
}
