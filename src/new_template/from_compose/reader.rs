//! What is known while a compose file is read, and how its texts become Rancher's.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use super::super::NewError;
use super::super::draft::{Draft, Service};
use super::super::questions::Use;
use super::super::remark::What;
use super::super::secret_names::{holds_secret, is_secret};
use super::super::secret_text::secrets_in;
use super::variables::{Otherwise, Part, Variable, filled, parts};
use super::{Services, env_file, masked, names, wrong};
use rancher_catalog::beneath::{Beneath, NotRead};
use rancher_catalog::source::MAX_FILE_BYTES;
use rancher_catalog::yaml::{Node, Position};

/// A file that Rancher reads holds no more.
const MOST_VALUES: usize = 200_000;

/// It begins with the new names of services, and gathers the draft.
pub(super) struct Reader<'a> {
    pub path: PathBuf,
    /// The folder of the file.
    pub folder: PathBuf,
    /// The variables of `.env`.
    pub known: BTreeMap<String, String>,
    /// The new names of services, by the old ones.
    pub names: BTreeMap<&'a str, String>,
    /// The variables that stand for secrets, by these.
    pub secrets: BTreeMap<String, String>,
    /// These variables.
    pub secret_variables: HashSet<String>,
    /// Named volumes of the file.
    pub volumes: BTreeSet<String>,
    /// Secrets by their names in the file, and what they are called in Rancher.
    pub secret_names: BTreeMap<String, String>,
    pub draft: Draft,
    /// Services that take part of another one's containers: the one, the other, and the key that says so.
    pub shares: Vec<(String, String, &'static str)>,
    /// Variables that are secrets by what they are used for.
    pub hidden: BTreeSet<String>,
    /// Those of them of which that was found out only after they had been told.
    pub late: BTreeSet<String>,
    /// How many values were read, those of extended services and files of variables each time.
    values: usize,
}

/// Where a text stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    /// The service, by its new name.
    pub service: &'p str,
    pub key: &'p str,
    /// Whether an empty answer is refused there.
    pub is_needed: bool,
    pub at: Position,
}

impl<'a> Reader<'a> {
    pub fn new(path: &Path, services: &Services<'a>, hidden: &BTreeSet<String>) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut reader = Self {
            path: path.to_owned(),
            folder: folder.to_owned(),
            known: BTreeMap::new(),
            names: names::new_names(services.all.iter().filter_map(|(name, _)| name.text())),
            secrets: BTreeMap::new(),
            secret_variables: HashSet::new(),
            volumes: BTreeSet::new(),
            secret_names: BTreeMap::new(),
            draft: Draft::new(path.display().to_string()),
            shares: Vec::new(),
            hidden: hidden.clone(),
            late: BTreeSet::new(),
            values: 0,
        };
        reader.take_variables();
        reader
    }

    /// Takes the values of `.env`, where there is one.
    fn take_variables(&mut self) {
        let read = self.beside(".env");
        self.draft.remarks.turn_to(Some(self.folder_of(".env")));
        match read {
            Ok(text) => {
                let (lines, odd) = env_file::variables(&text);
                for line in lines {
                    let Some(value) = line.value else { continue };
                    let value = filled(&value, &self.known, 0).unwrap_or(value);
                    self.known.insert(line.name, value);
                }
                self.tell_odd(&odd);
            }
            Err(why) if self.folder.join(".env").symlink_metadata().is_ok() => {
                self.draft.remarks.tell(What::LeftOut, None, format!("what it says is left out: {why}"));
            }
            Err(_) => {}
        }
        self.draft.remarks.turn_to(None);
    }

    /// The text of a file in the folder of the compose file, or below it.
    ///
    /// # Errors
    /// Why it is not read.
    pub fn beside(&self, name: &str) -> Result<String, String> {
        let inside = Path::new(name.strip_prefix("./").unwrap_or(name));
        let leads_out = inside.components().any(|part| !matches!(part, std::path::Component::Normal(_)));
        if leads_out || name.is_empty() {
            return Err("it is not in the folder of the compose file".to_owned());
        }
        let read = Beneath::open(&self.folder).and_then(|folder| folder.read(inside, MAX_FILE_BYTES));
        let bytes = read.map_err(|cause| match cause {
            NotRead::Failed(_) => "it cannot be read".to_owned(),
            other => other.to_string(),
        })?;
        String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())
    }

    /// How a file beside the compose file is called in remarks.
    pub fn folder_of(&self, name: &str) -> String {
        let name = name.strip_prefix("./").unwrap_or(name);
        match self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => folder.join(name).display().to_string(),
            None => name.to_owned(),
        }
    }

    /// Tells the lines of a file of variables that cannot be read.
    pub fn tell_odd(&mut self, odd: &[(u32, &'static str)]) {
        for (line, why) in odd {
            let at = Position { line: *line, column: 1, offset: 0 };
            self.draft.remarks.tell(What::LeftOut, Some(at), format!("line {line} is left out: {why}"));
        }
    }

    /// Counts values, which services that extend others and ranges make of few letters.
    ///
    /// # Errors
    /// There are too many.
    pub fn count(&mut self, values: usize, at: Position) -> Result<(), NewError> {
        self.values = self.values.saturating_add(values);
        if self.values > MOST_VALUES {
            let message = format!(
                "here it comes to more than {MOST_VALUES} values, with all that services extend, files of variables and ranges of \
                 ports: make several templates of it"
            );
            return Err(wrong(&self.path, at, message));
        }
        Ok(())
    }

    /// The new name of a service.
    pub fn renamed(&self, name: &str) -> String {
        self.names.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    pub fn service(&mut self, name: &str) -> &mut Service {
        self.draft.services.entry(name.to_owned()).or_default()
    }

    pub fn left_out(&mut self, at: &Node, message: impl Into<String>) {
        self.draft.remarks.tell(What::LeftOut, Some(at.span.start), message);
    }

    pub fn becomes(&mut self, at: &Node, message: impl Into<String>) {
        self.draft.remarks.tell(What::Becomes, Some(at.span.start), message);
    }

    /// The text of a scalar, with Rancher's variables for those of compose. What is no scalar is empty.
    ///
    /// # Errors
    /// A dollar begins no variable.
    pub fn text(&mut self, node: &Node, place: Place<'_>) -> Result<String, NewError> {
        self.text_of("", node, place)
    }

    /// The same, of what has a name.
    ///
    /// # Errors
    /// As there.
    pub fn text_of(&mut self, name: &str, node: &Node, place: Place<'_>) -> Result<String, NewError> {
        let text = if node.is_null() { "" } else { node.text().unwrap_or_default() };
        self.converted_of(name, text, Place { at: node.span.start, ..place })
    }

    /// The same of a text that is known.
    ///
    /// # Errors
    /// As there.
    pub fn converted(&mut self, text: &str, place: Place<'_>) -> Result<String, NewError> {
        self.converted_of("", text, place)
    }

    /// The same of a text that is known, and has a name.
    ///
    /// # Errors
    /// As there.
    pub fn converted_of(&mut self, name: &str, text: &str, place: Place<'_>) -> Result<String, NewError> {
        let is_whole = is_secret(name);
        let parts = parts(text, &self.known).map_err(|found| {
            let found = if is_whole || !secrets_in(text).is_empty() { "$" } else { &found };
            let message = format!("`{found}`: a dollar begins no variable here; `$$` stands for a dollar");
            wrong(&self.path, place.at, message)
        })?;
        Ok(masked::text(self, name, parts, place))
    }

    /// Asks for a variable; for one that nobody else should read where its name, its value or its use says so.
    pub fn ask(&mut self, variable: &Variable, is_hidden: bool, place: Place<'_>) {
        let Variable { name, otherwise, nests, hides } = variable;
        let default = self.default_of(variable);
        let default = default.as_deref();
        let is_new = !self.draft.questions.has(name);
        let place_of = Use { service: place.service, key: place.key, is_needed: place.is_needed };
        let looks_so = |text: &str| *hides || holds_secret(name, text) || !secrets_in(text).is_empty();
        let secret = is_hidden || self.hidden.contains(name) || default.is_some_and(looks_so);
        let other = if secret {
            if !is_new && !self.draft.questions.is_hidden(name) {
                self.late.insert(name.clone());
            }
            self.hidden.insert(name.clone());
            self.draft.questions.ask_secret(name, place_of);
            None
        } else {
            self.draft.questions.ask(name, default, place_of)
        };
        if let Otherwise::Required(why) = otherwise
            && !hides
        {
            self.draft.questions.describe(name, None, Some(why));
        }
        let remarks = &mut self.draft.remarks;
        if let Some(first) = other {
            let message = format!("the default of {name} is {first:?}, as before: Rancher has one for each variable");
            remarks.tell(What::Becomes, Some(place.at), message);
        }
        if !is_new {
            return;
        }
        let message = match (secret, default) {
            (true, None) => format!("{name} is asked for, as it looks like a secret"),
            (true, Some(_)) => format!("{name} is asked for; its default is not copied, as it looks like a secret"),
            (false, Some(default)) => format!("{name} is asked for, with the default {default:?}"),
            (false, None) => format!("{name} is asked for, and has no default"),
        };
        let nested = if *nests { ", made of the defaults of the variables in it" } else { "" };
        remarks.tell(What::Asked, Some(place.at), format!("{message}{nested}"));
    }

    /// What a variable is without an answer.
    pub fn default_of(&self, variable: &Variable) -> Option<String> {
        let written = match &variable.otherwise {
            Otherwise::Default(default) => Some(default.as_str()),
            _ => None,
        };
        let known = self.known.get(&variable.name).map(String::as_str);
        known.filter(|value| !value.is_empty() || written.is_none()).or(written).map(str::to_owned)
    }

    /// A text in which every variable has the value that compose would give it by itself.
    pub fn filled(&self, node: &Node) -> String {
        let text = node.text().unwrap_or_default();
        filled(text, &self.known, 0).unwrap_or_else(|| text.to_owned())
    }

    /// The same, where Rancher takes no variable: it is told that it stays so.
    pub fn fixed(&mut self, what: &str, node: &Node) -> String {
        self.fixed_text(what, node.text().unwrap_or_default(), node)
    }

    /// The same of a text that is known.
    pub fn fixed_text(&mut self, what: &str, written: &str, node: &Node) -> String {
        let text = filled(written, &self.known, 0).unwrap_or_else(|| written.to_owned());
        let has_variable = |written: &str| {
            parts(written, &self.known)
                .is_ok_and(|all| !all.iter().all(|part| matches!(part, Part::Plain(_) | Part::Dollar)))
        };
        if has_variable(written) {
            self.becomes(node, format!("`{what}` is {text}: Rancher takes no variable there"));
        }
        text
    }

    /// The variable that stands for a secret; equal ones have one.
    pub fn secret(&mut self, name: &str, value: &str, place: Place<'_>) -> String {
        let wanted = super::super::skeleton::variable_name(name);
        let variable = match self.secrets.get(value) {
            Some(known) => known.clone(),
            None => {
                let is_free =
                    |variable: &str| !self.draft.questions.has(variable) && !self.secret_variables.contains(variable);
                let of_service = super::super::skeleton::variable_name(&format!("{}_{name}", place.service));
                let mut free = if is_free(&wanted) { wanted } else { of_service.to_uppercase() };
                while !is_free(&free) {
                    free.push('_');
                }
                self.secrets.insert(value.to_owned(), free.clone());
                self.secret_variables.insert(free.clone());
                free
            }
        };
        let message = if variable == name {
            format!("{name} is asked for; its value is not copied, as it looks like a secret")
        } else {
            format!("{name} is the answer to {variable}; its value is not copied, as it looks like a secret")
        };
        self.draft.remarks.tell(What::Asked, Some(place.at), message);
        self.draft
            .questions
            .ask_secret(&variable, Use { service: place.service, key: place.key, is_needed: place.is_needed });
        format!("${{{variable}}}")
    }
}
