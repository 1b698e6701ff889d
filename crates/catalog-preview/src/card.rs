//! What a catalog's list shows of a template: of its files, config.yml alone is read.

use rancher_catalog::catalog_service::misfits_of_config;
use rancher_catalog::model::label_names::ORCHESTRATION_SUPPORTED;
use rancher_catalog::source::{MAX_FILE_BYTES, YamlFile};
use serde::Serialize;

use crate::catalog::Place;
use crate::icon;
use crate::reading::{shown, text, texts};

/// A template in a list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Card {
    /// Its title; that of its folder where it has none.
    pub title: String,
    /// A sentence on it.
    pub description: String,
    /// Its headings.
    pub categories: Vec<String>,
    /// Its default version.
    pub version: String,
    /// Its path in the catalog.
    pub inside: String,
    /// What stands before the first `-` of the folder above.
    pub base: String,
    /// Who vouches for it.
    pub certified: String,
    /// The orchestrations that it goes with; nothing for all.
    pub supported: Option<Vec<String>>,
    /// Why Rancher does not have it, if that is so.
    pub problem: String,
    /// Its page.
    pub href: String,
    /// Its icon, if it has one.
    pub icon: Option<String>,
    /// Stands for an icon that is not there.
    pub initials: String,
    /// A colour of its own, from 0 to 5.
    pub tint: usize,
}

impl Card {
    /// Reads one; addresses are still to come.
    pub fn read(place: &Place) -> Self {
        let mut card = Self { inside: place.inside(), base: place.base().to_owned(), ..Self::default() };
        match place.read("config.yml", MAX_FILE_BYTES) {
            Err(cause) => card.problem = format!("config.yml: {cause}"),
            Ok(bytes) => card.take(&YamlFile::from_bytes(&place.path.join("config.yml"), bytes)),
        }
        if card.title.is_empty() {
            card.title = shown(&place.folder);
        }
        card.initials = initials(&card.title);
        card.tint = place.folder.bytes().map(usize::from).sum::<usize>() % 6;
        if icon::is_there(place) {
            card.icon = Some(String::new());
        }
        card
    }

    fn take(&mut self, file: &YamlFile) {
        let document = match file.raw() {
            Ok(document) => document,
            Err(error) => {
                self.problem = format!("config.yml cannot be read: line {error}");
                return;
            }
        };
        let Some(root) = &document.root else {
            "config.yml says nothing".clone_into(&mut self.problem);
            return;
        };
        if let Some(misfit) = misfits_of_config(root).first() {
            self.problem = format!("Rancher passes over config.yml: {}", shown(&misfit.told()));
        }
        let of = |key: &str| text(root, key).map(|text| shown(&text)).unwrap_or_default();
        self.title = of("name");
        self.description = of("description");
        self.version = of("version");
        let listed = texts(root, "categories").into_iter().chain(text(root, "category"));
        for category in listed.map(|category| shown(&category)).filter(|category| !category.is_empty()) {
            if !self.categories.contains(&category) {
                self.categories.push(category);
            }
        }
        if let Some((_, labels)) = rancher_catalog::catalog_service::field(root, "labels") {
            self.certified = text(labels, "io.rancher.certified").map(|text| shown(&text)).unwrap_or_default();
            let supported = text(labels, ORCHESTRATION_SUPPORTED);
            self.supported = supported.map(|list| list.split(',').map(|name| shown(name.trim())).collect());
        }
    }

    /// Whether it holds the words that somebody looks for.
    pub fn holds(&self, words: &str) -> bool {
        let all = format!("{} {} {} {}", self.title, self.description, self.inside, self.categories.join(" "));
        let all = all.to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| all.contains(word))
    }

    /// Whether it is of a category; an empty one is all of them.
    pub fn is_of(&self, category: &str) -> bool {
        category.is_empty() || self.categories.iter().any(|own| own == category)
    }

    /// Whether it goes with an orchestration, by the name of that one's folder.
    pub fn goes_with(&self, orchestration: &str) -> bool {
        self.supported.as_ref().is_none_or(|all| all.iter().any(|name| name == orchestration))
    }
}

/// The first letters of two words.
fn initials(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(2).filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).take(2).collect()
}
