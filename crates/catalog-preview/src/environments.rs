//! Environment templates: their stacks, whether all of them are in a catalog, and what the page for editing one offers.

use rancher_catalog::catalog_service::field;
use rancher_catalog::source::{TemplateSource, VersionSource};
use serde::Serialize;

use crate::card::Card;
use crate::catalog::{Place, Shelf};
use crate::links::Links;
use crate::reading::{short, shown, text};
use crate::versions::{Known, Versions};

/// The most stacks of one that are shown.
const MOST: usize = 100;

/// An environment template.
#[derive(Debug, Serialize)]
pub struct Environment {
    /// As it stands in the list.
    pub card: Card,
    /// Its name, as its project.yml has it.
    pub name: String,
    /// A sentence on it.
    pub description: String,
    /// Its stacks.
    pub stacks: Vec<Stack>,
    /// Why Rancher does not show it, if that is so.
    pub missing: Vec<String>,
    /// What cannot be told, as another catalog is not looked at.
    pub unknown: Vec<String>,
    /// The page that offers its stacks.
    pub edit_href: String,
}

/// A stack of one.
#[derive(Debug, Clone, Serialize)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// The template that it is made of.
    pub id: String,
    /// `found`, `missing` or `unknown`.
    pub state: &'static str,
    /// The template's page, where it is in the catalog that is looked at.
    pub href: String,
}

/// A template that an environment can have as a stack.
#[derive(Debug, Serialize)]
pub struct Offer {
    /// As it stands in the list.
    pub card: Card,
    /// Its id.
    pub id: String,
    /// Its folder, by which orchestrations are named.
    pub folder: String,
    /// Where it comes from.
    pub catalog: String,
    /// Whether the environment has it.
    pub is_enabled: bool,
    /// Whether it does not go with the orchestration.
    pub is_conflict: bool,
}

/// What the page for editing shows.
#[derive(Debug, Default, Serialize)]
pub struct Editing {
    /// The orchestration that is chosen; `cattle` or a folder.
    pub orchestration: String,
    /// The choices beside Cattle.
    pub orchestrations: Vec<Offer>,
    /// The other stacks, by category.
    pub categories: Vec<(String, Vec<Offer>)>,
    /// Whether there are more than are shown.
    pub is_cut: bool,
}

/// Reads an environment template, of which the list has this.
pub fn environment(shelf: &Shelf, place: &Place, card: Card, links: Links, rancher: &str) -> Environment {
    let template = TemplateSource::outline(&place.path);
    let version = Versions::of(&template, &Known::default()).default_for(rancher);
    let edit_href =
        format!("/environments/{}/{}", crate::links::encoded(&place.above), crate::links::encoded(&place.folder));
    let mut environment = Environment {
        name: card.title.clone(),
        description: card.description.clone(),
        card,
        stacks: Vec::new(),
        missing: Vec::new(),
        unknown: Vec::new(),
        edit_href,
    };
    match version {
        None => environment.missing.push(format!("no version of it is offered to Rancher {rancher}")),
        Some(version) => environment.take(shelf, version, links),
    }
    environment
}

impl Environment {
    fn take(&mut self, shelf: &Shelf, version: &VersionSource, links: Links) {
        let Some(file) = &version.project else {
            self.missing.push(format!("version {} has no project.yml", shown(&version.name)));
            return;
        };
        let document = match file.raw() {
            Ok(document) => document,
            Err(error) => {
                self.missing.push(format!("project.yml cannot be read: line {error}"));
                return;
            }
        };
        let Some(root) = &document.root else {
            self.missing.push("project.yml says nothing".to_owned());
            return;
        };
        let of = |key: &str| text(root, key).map(|text| shown(&text)).filter(|text| !text.is_empty());
        self.name = of("name").unwrap_or_else(|| self.name.clone());
        self.description = of("description").unwrap_or_else(|| self.description.clone());
        let listed = field(root, "stacks").map_or(&[][..], |(_, stacks)| stacks.items());
        for stack in listed.iter().take(MOST) {
            let name = text(stack, "name").unwrap_or_default();
            let id = text(stack, "templateId").or_else(|| text(stack, "templateVersionId")).unwrap_or_default();
            let stack = resolved(shelf, &name, &id, links);
            match stack.state {
                "missing" => self.missing.push(format!("{} is in no catalog", stack.id)),
                "unknown" => self.unknown.push(stack.id.clone()),
                _ => {}
            }
            self.stacks.push(stack);
        }
    }
}

/// Looks a stack's template up.
fn resolved(shelf: &Shelf, name: &str, id: &str, links: Links) -> Stack {
    let mut parts = id.splitn(3, ':');
    let (catalog, template, version) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
    let (base, folder) = template.split_once('*').unwrap_or(("", template));
    let mut stack = Stack { name: short(name, 100), id: short(id, 150), state: "missing", href: String::new() };
    let Some(catalog) = shelf.named(catalog) else {
        stack.state = if id.contains(':') { "unknown" } else { "missing" };
        return stack;
    };
    let Ok(Some(place)) = catalog.by_base(base, folder) else { return stack };
    let is_there = version.is_none_or(|version| {
        let revision = version.parse::<i64>().is_ok();
        let template = TemplateSource::outline(&place.path);
        template.versions.iter().any(|own| match revision {
            true => own.name == version,
            false => own.version().is_some_and(|own| own.text() == version),
        })
    });
    if is_there {
        stack.state = "found";
        if *catalog == shelf.own {
            stack.href = links.entry(&place);
        }
    }
    stack
}

/// What the page for editing an environment template offers, where it has these stacks.
pub fn editing(shelf: &Shelf, stacks: &[Stack], orchestration: Option<&str>, links: Links) -> Editing {
    let mut offers: Vec<Offer> = shelf
        .all()
        .flat_map(|catalog| {
            let places = catalog.places().unwrap_or_default().into_iter();
            let infra = places.filter(|place| place.base() == "infra");
            infra.map(move |place| (catalog, place))
        })
        .map(|(catalog, place)| {
            let mut card = Card::read(&place);
            let is_own = *catalog == shelf.own;
            // Only what is looked at has pages.
            card.icon = card.icon.filter(|_| is_own).map(|_| links.icon(&place));
            card.href = if is_own { links.entry(&place) } else { String::new() };
            let id = place.id(&catalog.name);
            let is_enabled = stacks.iter().any(|stack| stack.id == id || stack.id.starts_with(&format!("{id}:")));
            Offer { card, id, folder: place.folder, catalog: catalog.name.clone(), is_enabled, is_conflict: false }
        })
        .filter(|offer| offer.card.problem.is_empty())
        .collect();
    let is_orchestration = |offer: &Offer| offer.card.is_of("Orchestration");
    let of_stacks = offers.iter().find(|offer| is_orchestration(offer) && offer.is_enabled);
    let chosen = orchestration.map(str::to_owned).or_else(|| of_stacks.map(|offer| offer.folder.clone()));
    let chosen = chosen.filter(|chosen| offers.iter().any(|offer| is_orchestration(offer) && offer.folder == *chosen));
    let chosen = chosen.unwrap_or_else(|| "cattle".to_owned());
    let is_cut = offers.len() > 4 * MOST;
    offers.truncate(4 * MOST);
    for offer in &mut offers {
        if is_orchestration(offer) {
            offer.is_enabled = offer.folder == chosen;
        } else {
            offer.is_conflict = !offer.card.goes_with(&chosen);
        }
    }
    let (orchestrations, others): (Vec<Offer>, Vec<Offer>) = offers.into_iter().partition(is_orchestration);
    let mut categories: Vec<(String, Vec<Offer>)> = Vec::new();
    for offer in others {
        let category = offer.card.categories.first().cloned().unwrap_or_else(|| "Others".to_owned());
        match categories.iter_mut().find(|(known, _)| *known == category) {
            Some((_, of_category)) => of_category.push(offer),
            None => categories.push((category, vec![offer])),
        }
    }
    categories.sort_by(|(one, _), (other, _)| one.cmp(other));
    Editing { orchestration: chosen, orchestrations, categories, is_cut }
}
