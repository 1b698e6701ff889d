//! Catalogs drawn from a seed: good ones, with odd values, files and folders in them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use swarm_lab::dice::Dice;

/// What may stand where a value is due. Not `0o17`: the service is built by a later Go here, which takes it for a number,
/// and Rancher's own was not.
const VALUES: &[&str] = &[
    "v3.1.0",
    "1.10",
    "'1.10'",
    "1",
    "'1'",
    "true",
    "'true'",
    "yes",
    "No",
    "on",
    "~",
    "null",
    "''",
    "\"\"",
    "",
    "[a]",
    "[]",
    "{a: b}",
    "{}",
    "0777",
    "1e3",
    "1e30",
    "-1e30",
    "ten",
    ".inf",
    "-.inf",
    ".nan",
    "2016-01-01",
    "\"x: y\"",
    "1_000",
    "0x1F",
    "0b11",
    "-5",
    "+5",
    "18446744073709551615",
    "9223372036854775808",
    "1.5",
    "12:30:45",
    "!!str 5",
    "|\n    a\n    b",
    "[[a]]",
    "[a, ~, 1, yes, 1.50]",
    "{a: ~, b: 1, 3: yes}",
];
/// What may stand where a Rancher version is due: none between two of [`RANCHERS`] alone.
const LIMITS: &[&str] = &[
    "v1.6.0",
    "1.6.0",
    "v1.2.0",
    "1.6",
    "'1.6'",
    "v1.6.30",
    "v1.5.99",
    "v0.59.1",
    "v2.0.0",
    "latest",
    "v1.6.0-rc1",
    "v1.6.99",
    "1",
    "''",
    "~",
    "v1.4",
    "v1",
    "none",
    "v1.6.x",
    "master",
    "v1.6.0+build",
    "true",
];
/// The servers that are asked for.
pub const RANCHERS: [&str; 8] = ["v0.59.1", "v1.0.0", "v1.2.0", "v1.4.0", "v1.5.5", "v1.6.0", "v1.6.14", "v1.6.30"];
const RANGES: &[&str] = &[
    ">=v1.0.0",
    "v1.0.0",
    "1.0.0",
    ">v0.9.0 <v2.0.0",
    ">= 1.0.0 < 2.0.0",
    "v0.9.0 || v1.0.0",
    "v0.9.0 || >=v1.0.0",
    "1.0.x",
    "v1.x",
    "1.x.x",
    "<=1.0.x",
    "<1.0.x",
    ">1.0.x",
    "!=1.0.0",
    "!v1.0.0",
    "'!1.0.0'",
    "~1.0.0",
    "^1.0.0",
    "0.5-rancher1",
    "x",
    "any",
    ">=v1.0",
    "'>=1.0.0-rc1'",
    "<1.0.0-2",
    "'  1.0.0'",
    "1.0.0 2.0.0 ||",
];
const VERSIONS: &[&str] = &[
    "v0.8.0",
    "v1.0.0-rc1",
    "v1.0.0-2",
    "1.0.1",
    "v1.0",
    "17.07",
    "v1.10.0",
    "v01.2.3",
    "latest",
    "v1.0.0+b",
    "v1.0.0-beta.2",
    "2.0.0-rancher1",
    "v1.0.0.1",
    "V9.0.0",
];
const BLOCK_KEYS: &[&str] = &[
    "version",
    "name",
    "description",
    "uuid",
    "labels",
    "questions",
    "minimum_rancher_version",
    "maximum_rancher_version",
    "upgrade_from",
    "readme",
    "revision",
    "files",
    "templateid",
    "maintainer",
    "Version",
    "minimun_rancher_version",
    "icon",
];
const QUESTION_KEYS: &[&str] = &[
    "variable",
    "label",
    "description",
    "type",
    "required",
    "default",
    "group",
    "min_length",
    "max_length",
    "min",
    "max",
    "options",
    "valid_chars",
    "invalid_chars",
    "hint",
    "Required",
];
const CONFIG_KEYS: &[&str] = &[
    "name",
    "description",
    "version",
    "category",
    "categories",
    "maintainer",
    "license",
    "projectURL",
    "labels",
    "path",
    "issystem",
    "isSystem",
    "catalogid",
    "versions",
    "icon",
    "base",
    "foldername",
    "questions",
    "readme",
    "upgradefrom",
];
const QUESTIONS: &[&str] =
    &["text", "{a: b}", "[]", "~", "[text]", "[~]", "[[a]]", "[{variable: A}, 3]", "[{variable: A, options: {a: b}}]"];
const FOLDERS: &[&str] = &[
    "01",
    "+2",
    "-1",
    "2",
    "007",
    "v1.0.5",
    "1.0.5",
    "1.0",
    "next",
    "v2",
    "1.0.0.0",
    "v2.0.0-rc1",
    "1_0",
    "2 ",
    "v01.0.0",
    "vv1.0.6",
];
const TEMPLATES: &[&str] = &["a:b", "a*b", "my_app", "my.app", "MY", "my app", "-x", "caf\u{e9}", "100%"];
const BASES: &[&str] =
    &["templates", "infra-templates", "machine-templates", "kubernetes-templates", "my-own-templates"];

type Keys = Vec<(String, String)>;

fn keys(pairs: &[(&str, &str)]) -> Keys {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn set(keys: &mut Keys, key: &str, value: &str) {
    match keys.iter_mut().find(|(known, _)| known == key) {
        Some((_, old)) => value.clone_into(old),
        None => keys.push((key.to_owned(), value.to_owned())),
    }
}

fn print(keys: &Keys, first: &str, indent: &str) -> String {
    keys.iter()
        .enumerate()
        .map(|(at, (key, value))| format!("{}{key}: {value}\n", if at == 0 { first } else { indent }))
        .collect()
}

/// A rancher-compose.yml, before it is text.
struct Compose {
    head: &'static str,
    block_key: &'static str,
    block: Keys,
    question: Keys,
    tail: String,
}

impl Compose {
    fn good(version: &str) -> Self {
        Self {
            head: "version: '2'\n",
            block_key: "catalog",
            block: keys(&[("name", "Example"), ("version", version), ("minimum_rancher_version", "v1.2.0")]),
            question: keys(&[
                ("variable", "COLOR"),
                ("label", "Colour"),
                ("description", "Colour of the page"),
                ("type", "enum"),
                ("required", "true"),
                ("default", "red"),
                ("options", "[red, blue]"),
            ]),
            tail: "services:\n  web:\n    scale: 1\n".to_owned(),
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{}{}:\n{}", self.head, self.block_key, print(&self.block, "  ", "  "));
        if !self.block.iter().any(|(key, _)| key == "questions") {
            text.push_str(&format!("  questions:\n{}", print(&self.question, "    - ", "      ")));
        }
        text + &self.tail
    }

    fn make_odd(&mut self, dice: &mut Dice) {
        let value = pick(dice, VALUES);
        match dice.below(12) {
            0 => set(&mut self.block, pick(dice, BLOCK_KEYS), value),
            1..=3 => set(&mut self.question, pick(dice, QUESTION_KEYS), value),
            4 => set(&mut self.block, "questions", pick(dice, QUESTIONS)),
            5 => set(&mut self.block, "minimum_rancher_version", pick(dice, LIMITS)),
            6 => set(&mut self.block, "maximum_rancher_version", pick(dice, LIMITS)),
            7 => set(&mut self.block, "upgrade_from", pick(dice, RANGES)),
            8 => set(&mut self.block, "version", pick(dice, VERSIONS)),
            9 => {
                self.head = pick(
                    dice,
                    &[
                        "",
                        "version: 2\n",
                        "version: '3'\n",
                        "version: 2.0\n",
                        "version: ~\n",
                        "version: [2]\n",
                        "version: '2 '\n",
                    ],
                );
                if self.head.is_empty() {
                    self.tail = "web:\n  scale: 1\n".to_owned();
                }
            }
            10 => self.block_key = pick(dice, &[".catalog", "catalogs", "Catalog", "catalog"]),
            _ => {
                self.tail = pick(
                    dice,
                    &[
                        "",
                        "services:\n",
                        "services: []\n",
                        "services: {web: yes}\n",
                        "services: {web: }\n",
                        "services: {web: [a]}\n",
                        "volumes: [a]\n",
                        "volumes: {a: }\n",
                        "networks: text\n",
                        "more: text\n",
                        "services: {}\nmore: [a]\n",
                        ".catalog: {version: v7.7.7}\n",
                        "services:\n  .catalog: {version: v7.7.7}\n",
                        "catalog: {version: v8.8.8}\n",
                        "services: {web: {<<: {scale: 1}}}\n",
                        "\tservices:\n",
                        "services: {\n",
                        "---\nservices: [\n",
                    ],
                )
                .to_owned();
            }
        }
    }
}

/// Writes a good template in which one value has a shape that Rancher does not take.
pub fn write_with_one_odd_value(template: &Path, place: &str, key: &str) {
    let mut config = good_config();
    let mut compose = Compose::good("v1.1.0");
    // A map where a list may stand, a list everywhere else.
    let odd = if matches!(key, "questions" | "options" | "categories") { "{a: b}" } else { "[[a]]" };
    match (place, key) {
        ("config", key) => set(&mut config, key, odd),
        ("question", key) => set(&mut compose.question, key, odd),
        ("head", _) => compose.head = "version: '2.1'\n",
        (_, "services") => compose.tail = "services: [a]\n".to_owned(),
        (_, "catalog") => {
            write_good_files(
                template,
                &config,
                &[Compose::good("v1.0.0").text(), "catalog: [a]\nweb: {}\n".to_owned()],
            );
            return;
        }
        (_, key) => set(&mut compose.block, key, odd),
    }
    write_good_files(template, &config, &[Compose::good("v1.0.0").text(), compose.text()]);
}

fn good_config() -> Keys {
    keys(&[
        ("name", "Example"),
        ("description", "A web server"),
        ("version", "v1.1.0"),
        ("category", "Applications"),
        ("maintainer", "Jane Doe <jane@example.com>"),
    ])
}

fn write_file(template: &Path, name: &str, text: &str) {
    let path = template.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn write_good_files(template: &Path, config: &Keys, composes: &[String]) {
    write_file(template, "catalogIcon-example.svg", "<svg/>\n");
    write_file(template, "config.yml", &print(config, "", ""));
    let docker = "version: '2'\nservices:\n  web:\n    image: example/web:1.1.0\n    environment: [COLOR]\n";
    for (revision, compose) in composes.iter().enumerate() {
        write_file(template, &format!("{revision}/README.md"), "# Example\n");
        write_file(template, &format!("{revision}/docker-compose.yml"), docker);
        write_file(template, &format!("{revision}/rancher-compose.yml"), compose);
    }
}

fn pick(dice: &mut Dice, from: &[&'static str]) -> &'static str {
    from[usize::try_from(dice.below(from.len() as u64)).unwrap()]
}

/// Writes a catalog of that many templates. Two of three have something odd in them.
pub fn write(catalog: &Path, seed: u64, templates: usize) {
    let mut dice = Dice::new(seed);
    for number in 0..templates {
        let base = if dice.one_in(4) { pick(&mut dice, BASES) } else { "templates" };
        let name =
            if dice.one_in(25) { format!("{}{number}", pick(&mut dice, TEMPLATES)) } else { format!("t{number}") };
        write_template(&catalog.join(base).join(name), &mut dice);
    }
}

fn write_template(template: &Path, dice: &mut Dice) {
    let file = |name: &str, text: &str| write_file(template, name, text);
    let mut config = good_config();
    let mut composes = [Compose::good("v1.0.0"), Compose::good("v1.1.0")];
    let mut layout = 0;
    let odd = !dice.one_in(3);
    for _ in 0..if odd { 1 + dice.below(2) } else { 0 } {
        match dice.below(8) {
            0 => set(&mut config, pick(dice, CONFIG_KEYS), pick(dice, VALUES)),
            1 => layout = 1 + dice.below(14),
            _ => composes[usize::from(!dice.one_in(4))].make_odd(dice),
        }
    }
    write_good_files(template, &config, &composes.each_ref().map(Compose::text));
    let (old, new) = (template.join("1"), template.join(pick(dice, FOLDERS)));
    let compose = template.join("1/rancher-compose.yml");
    match layout {
        1..=4 => fs::rename(old, new).unwrap(),
        5 => fs::remove_file(compose).unwrap(),
        6 => fs::rename(&compose, compose.with_extension("yaml")).unwrap(),
        7 => fs::write(compose, "").unwrap(),
        8 => fs::remove_file(template.join("config.yml")).unwrap(),
        9 => fs::rename(template.join("config.yml"), template.join("template.yml")).unwrap(),
        10 => file("1/sub/rancher-compose.yml", "version: '2'\ncatalog:\n  version: v6.6.6\n"),
        11 => {
            fs::remove_file(&compose).unwrap();
            symlink("../0/rancher-compose.yml", compose).unwrap();
        }
        12 => file("zz/config.yml", "name: Other\nversion: v1.0.0\ncategory: [a]\n"),
        13 => file("1/config.yml", "name: Other\ncategory: [a]\n"),
        14 => symlink("1", template.join("2")).unwrap(),
        _ => {}
    }
}
