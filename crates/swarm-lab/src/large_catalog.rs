//! A made-up catalog of the size and shape of large private ones: hundreds of templates, most with few versions and some with
//! hundreds, each version a little different from the one before it, with the faults that such catalogs have.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::dice::Dice;

/// How many templates there are for so many versions of the first one.
const TEMPLATES: usize = 420;
/// Words that names are made of.
const WORDS: [&str; 24] = [
    "billing", "orders", "search", "gateway", "worker", "cache", "queue", "store", "metrics", "portal", "login",
    "mail", "report", "import", "export", "index", "media", "stock", "price", "audit", "batch", "proxy", "session",
    "events",
];

/// The largest private catalog that is known.
pub const LARGEST: Size = Size { versions: 9_366, first: 562 };

/// How large a catalog is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Versions in all.
    pub versions: usize,
    /// Versions of the first template, which has the most.
    pub first: usize,
}

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    /// The folder of the template with the most versions.
    pub first: PathBuf,
    /// Templates in all.
    pub templates: usize,
    /// Versions in all.
    pub versions: usize,
    /// What the YAML files have together.
    pub bytes: u64,
}

/// Writes a catalog, the same for the same size.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, size: Size) -> io::Result<Written> {
    let mut dice = Dice::new(9_366);
    let mut written = Written::default();
    let templates = TEMPLATES.min(size.versions);
    while written.versions < size.versions {
        let at = written.templates;
        // A few have most: as with the frequency of words, the second has half of what the first has, and so on.
        let share = if at < templates { size.first / (at + 1) } else { size.versions / templates };
        let many = (share + usize::from(at > 0) * (size.versions / templates / 2)).max(1);
        let many = if at == 0 { size.first } else { many }.min(size.versions - written.versions);
        let base = if dice.one_in(6) { "infra-templates" } else { "templates" };
        let template = Template::new(at, &mut dice);
        let path = folder.join(base).join(&template.name);
        for revision in 0..many {
            written.bytes += template.write(&path.join(revision.to_string()), revision, &mut dice)?;
        }
        written.bytes += template.write_config(&path, many - 1)?;
        if at == 0 {
            written.first = path;
        }
        written.templates += 1;
        written.versions += many;
    }
    Ok(written)
}

/// What all versions of a template have in common.
struct Template {
    name: String,
    services: Vec<Service>,
    questions: usize,
    /// With `version: '2'`, or without.
    is_second_form: bool,
    is_template: bool,
}

struct Service {
    name: String,
    variables: usize,
    labels: usize,
    /// The service that it has a link to.
    link: Option<usize>,
    has_health_check: bool,
}

impl Template {
    fn new(at: usize, dice: &mut Dice) -> Self {
        let count = dice.between(2, 11);
        let services = (0..count)
            .map(|at| Service {
                name: format!("{}-{at}", word(dice)),
                variables: dice.between(3, 17),
                labels: dice.between(1, 9),
                link: (at > 0).then(|| dice.between(0, at)),
                has_health_check: !dice.one_in(3),
            })
            .collect();
        Self {
            name: format!("{}-{}-{at}", word(dice), word(dice)),
            services,
            questions: dice.between(4, 27),
            is_second_form: !dice.one_in(3),
            is_template: dice.one_in(4),
        }
    }

    fn write(&self, folder: &Path, revision: usize, dice: &mut Dice) -> io::Result<u64> {
        fs::create_dir_all(folder)?;
        let (docker, rancher) = (self.docker_compose(revision, dice), self.rancher_compose(revision, dice));
        let name = if self.is_template { "docker-compose.yml.tpl" } else { "docker-compose.yml" };
        fs::write(folder.join(name), &docker)?;
        fs::write(folder.join("rancher-compose.yml"), &rancher)?;
        if !dice.one_in(4) {
            fs::write(folder.join("README.md"), format!("# {}\n\nRelease {revision}.\n", self.name))?;
        }
        Ok((docker.len() + rancher.len()) as u64)
    }

    fn write_config(&self, folder: &Path, last: usize) -> io::Result<u64> {
        let text = format!(
            "name: {0}\ndescription: |\n  The stack {0}\nversion: v1.{last}.0\ncategory: Applications\n\
             maintainer: Team of {0} <team@example.com>\n",
            self.name
        );
        fs::write(folder.join("config.yml"), &text)?;
        fs::write(folder.join(format!("catalogIcon-{}.svg", self.name)), "<svg/>\n")?;
        Ok(text.len() as u64)
    }

    fn docker_compose(&self, revision: usize, dice: &mut Dice) -> String {
        let mut out = String::new();
        let line = |out: &mut String, depth: usize, text: &str| {
            let depth = if self.is_second_form { depth + 1 } else { depth };
            writeln!(out, "{:1$}{text}", "", depth * 2).expect("a text takes all");
        };
        if self.is_second_form {
            out.push_str("version: '2'\nservices:\n");
        }
        for (at, service) in self.services.iter().enumerate() {
            // One of them is optional.
            let is_optional = self.is_template && at + 1 == self.services.len();
            if is_optional {
                writeln!(out, "{{{{- if eq .Values.{} \"true\" }}}}", variable(0)).expect("a text takes all");
            }
            let tag = if dice.one_in(200) { "latest".to_owned() } else { format!("1.{revision}.{at}") };
            line(&mut out, 0, &format!("{}:", service.name));
            line(&mut out, 1, &format!("image: registry.example.com/{}/{}:{tag}", self.name, service.name));
            line(&mut out, 1, "stdin_open: true");
            line(&mut out, 1, &format!("mem_limit: {}", (at as u64 + 1) * (64 << 20)));
            if self.is_second_form {
                line(&mut out, 1, "logging:");
                line(&mut out, 2, "driver: json-file");
            } else {
                line(&mut out, 1, "log_driver: json-file");
            }
            line(&mut out, 1, "environment:");
            for asked in (0..self.questions).filter(|asked| asked % self.services.len() == at) {
                line(&mut out, 2, &format!("{0}: ${{{0}}}", variable(asked)));
            }
            for at in self.questions..self.questions + service.variables {
                line(&mut out, 2, &format!("{0}: jdbc:postgresql://{1}.example.com:5432/{0}", variable(at), self.name));
            }
            if let Some(link) = service.link {
                let name = &self.services[link].name;
                line(&mut out, 1, "links:");
                line(&mut out, 1, &format!("- {name}:{name}"));
            }
            if at < 2 {
                line(&mut out, 1, "ports:");
                line(&mut out, 1, &format!("- {}:8080/tcp", 8_000 + at));
            }
            line(&mut out, 1, "volumes:");
            let space = if dice.one_in(400) { "  " } else { "" };
            line(&mut out, 1, &format!("- /data/{}/{}:/var/lib/data{space}", self.name, service.name));
            line(&mut out, 1, "- /etc/localtime:/etc/localtime:ro");
            line(&mut out, 1, "labels:");
            line(&mut out, 2, "io.rancher.container.pull_image: always");
            for at in 0..service.labels {
                let value = if dice.one_in(300) { "true" } else { "'true'" };
                line(&mut out, 2, &format!("com.example.{}.{at}: {value}", self.name));
            }
            if is_optional {
                out.push_str("{{- end }}\n");
            }
        }
        out
    }

    fn rancher_compose(&self, revision: usize, dice: &mut Dice) -> String {
        let mut out = String::new();
        let mut line = |text: &str| writeln!(out, "{text}").expect("a text takes all");
        let block = if self.is_second_form { "catalog" } else { ".catalog" };
        if self.is_second_form {
            line("version: '2'");
        }
        line(&format!("{block}:\n  name: {}\n  version: v1.{revision}.0", self.name));
        line(&format!("  description: Release {revision} of {}\n  minimum_rancher_version: v1.6.0", self.name));
        line("  questions:");
        for at in 0..self.questions {
            let name = variable(at);
            line(&format!("  - variable: {name}\n    label: The setting {name}"));
            line(&format!("    description: |\n      What {name} is set to in all containers of {}", self.name));
            match at % 5 {
                0 => line("    type: boolean\n    default: true\n    required: true"),
                1 => line(&format!("    type: int\n    default: {}\n    required: true", 8_080 + at)),
                2 => line("    type: enum\n    default: small\n    options:\n    - small\n    - medium\n    - large"),
                3 if dice.one_in(60) => line("    type: password\n    default: secret"),
                _ => line(&format!("    type: string\n    default: value of {name}")),
            }
        }
        let (depth, below) = if self.is_second_form { ("  ", "    ") } else { ("", "  ") };
        if self.is_second_form {
            line("services:");
        }
        // What is optional is in the one file alone.
        let always = self.services.len() - usize::from(self.is_template);
        for service in &self.services[..always] {
            line(&format!("{depth}{}:\n{below}scale: 1\n{below}retain_ip: false", service.name));
            if service.has_health_check {
                line(&format!("{below}health_check:\n{below}  port: 8080\n{below}  interval: 5000"));
                line(&format!("{below}  unhealthy_threshold: 3\n{below}  healthy_threshold: 2"));
                line(&format!("{below}  response_timeout: 3000\n{below}  request_line: GET /health HTTP/1.0"));
            }
        }
        out
    }
}

fn word(dice: &mut Dice) -> &'static str {
    WORDS[dice.between(0, WORDS.len())]
}

fn variable(at: usize) -> String {
    format!("{}_{}", WORDS[at % WORDS.len()].to_ascii_uppercase(), at / WORDS.len())
}
