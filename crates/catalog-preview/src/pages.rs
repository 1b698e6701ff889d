//! The pages of a catalog: what is read for each, and the words around it.

use std::path::Path;

use catalog_check::is_it;
use rancher_catalog::beneath::Beneath;
use rancher_catalog::launch::Answers;
use rancher_catalog::source::{TemplateSource, VersionSource};
use serde::Serialize;
use serde_json::{Value, json};

use crate::answers::{Given, given};
use crate::card::Card;
use crate::catalog::{Catalog, Place, Shelf};
use crate::environments::{Environment, editing, environment};
use crate::findings::{Findings, Rules, findings};
use crate::form::inputs;
use crate::launch::launch;
use crate::links::{Links, query};
use crate::matrix::matrix;
use crate::query::Query;
use crate::reading::{short, shown, text};
use crate::readme::to_html;
use crate::result::Outcome;
use crate::room::{LARGEST, leave_out};
use crate::unreadable::why;
use crate::upgrade::upgrade;
use crate::versions::{Known, RANCHERS, Row, Versions};
use crate::{PageError, html};

/// How many cards a page of the list has.
const CARDS: usize = 96;
/// The most that is read of a README.
const LARGEST_README: u64 = 1 << 20;
/// Of a template with more versions, what compares them with each other is told on the page of findings alone: a page that
/// follows a file cannot wait for it.
const MANY: usize = 40;
/// The most versions that a page lists.
const VERSIONS: usize = 200;

/// The pages of a catalog.
#[derive(Debug)]
pub struct Preview {
    /// What is looked at.
    pub shelf: Shelf,
    /// Where the pages are.
    pub links: Links,
    known: Known,
}

/// A version of a template that is looked at.
pub(crate) struct Looked {
    pub(crate) template: TemplateSource,
    at: usize,
}

impl Looked {
    pub(crate) fn version(&self) -> &VersionSource {
        &self.template.versions[self.at]
    }
}

impl Preview {
    /// The pages of a catalog, at a server or as files.
    pub fn new(shelf: Shelf, links: Links) -> Self {
        Self { shelf, links, known: Known::default() }
    }

    fn own(&self) -> &Catalog {
        &self.shelf.own
    }

    /// What every page has.
    fn page(&self, title: &str, current: &str, more: impl Serialize) -> Value {
        let links = self.links;
        let head = json!({
            "title": title,
            "current": current,
            "catalog": self.own().name,
            "is_live": links.is_live(),
            "list_href": links.list(),
            "environments_href": links.page("environments"),
            "findings_href": links.page("findings"),
            "style": if links.is_live() { "" } else { html::STYLE },
            "policy": if links.is_live() { String::new() } else { crate::html::policy_of_files() },
        });
        let (mut page, more) = (head, serde_json::to_value(more).unwrap_or_default());
        if let (Value::Object(page), Value::Object(more)) = (&mut page, more) {
            page.extend(more);
        }
        page
    }

    /// The templates of the catalog, by name.
    fn places(&self) -> Result<Vec<Place>, PageError> {
        let root = &self.own().root;
        self.own()
            .places()
            .map_err(|error| PageError::Unreadable(format!("cannot read {}: {}", root.display(), why(&error))))
    }

    /// A template by the names of its two folders.
    ///
    /// # Errors
    /// It is not there.
    pub fn place(&self, above: &str, folder: &str) -> Result<Place, PageError> {
        let places = self.places()?;
        if let Some(place) = places.iter().find(|place| place.above == above && place.folder == folder) {
            return Ok(place.clone());
        }
        let wanted = shown(&format!("{above}/{folder}"));
        let known: Vec<String> = places.iter().map(Place::inside).collect();
        let meant = is_it(known.iter().map(String::as_str), &wanted);
        Err(PageError::NotThere(format!("the catalog has no {wanted}{meant}")))
    }

    /// A version of a template: the one of this folder, or the default one.
    pub(crate) fn look(&self, place: &Place, revision: Option<&str>, rancher: &str) -> Result<Looked, PageError> {
        let template = TemplateSource::outline(&place.path);
        let found = match revision {
            Some(revision) => template.versions.iter().position(|version| version.name == revision),
            None => {
                let versions = Versions::of(&template, &self.known);
                let default = versions.default_for(rancher).map(|version| version.name.clone());
                let default = default.or_else(|| template.versions.last().map(|version| version.name.clone()));
                template.versions.iter().position(|version| Some(&version.name) == default.as_ref())
            }
        };
        match (found, revision) {
            (Some(at), _) => Ok(Looked { template, at }),
            (None, Some(revision)) => {
                let known = template.versions.iter().map(|version| version.name.as_str());
                let meant = is_it(known, revision);
                Err(PageError::NotThere(format!("{} has no version folder {}{meant}", place.inside(), shown(revision))))
            }
            (None, None) => {
                let why = template.unreadable.first().map(|unreadable| format!(": {}", unreadable.reason));
                let why = why.unwrap_or_default();
                Err(PageError::NotThere(format!("{} has no version that can be read{why}", place.inside())))
            }
        }
    }

    fn card(&self, place: &Place) -> Card {
        let mut card = Card::read(place);
        card.href = self.links.entry(place);
        card.icon = card.icon.and_then(|_| self.icon(place));
        card
    }

    /// Where a page finds the icon of a template: among files in itself, where it is not too large.
    fn icon(&self, place: &Place) -> Option<String> {
        if self.links.is_live() { Some(self.links.icon(place)) } else { html::inline_icon(&crate::icon::read(place)?) }
    }

    /// The list of all templates, or of those that a search or a category leaves.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn list(&self, asked: &Query) -> Result<String, PageError> {
        let (words, category) = (asked.get("q").unwrap_or_default(), asked.get("category").unwrap_or_default());
        let places: Vec<Place> = self.places()?.into_iter().filter(|place| !place.is_environment()).collect();
        let mut cards: Vec<Card> = places.iter().map(|place| self.card(place)).collect();
        cards.sort_by_cached_key(|card| card.title.to_lowercase());
        let mut categories: Vec<(String, usize)> = Vec::new();
        for of_card in cards.iter().flat_map(|card| &card.categories) {
            match categories.iter_mut().find(|(known, _)| known == of_card) {
                Some((_, count)) => *count += 1,
                None => categories.push((of_card.clone(), 1)),
            }
        }
        categories.sort();
        categories.truncate(60);
        let all = cards.len();
        cards.retain(|card| card.holds(words) && card.is_of(category));
        let found = cards.len();
        for card in &mut cards {
            card.title = short(&card.title, 80);
            card.description = short(&card.description, 200);
            card.problem = short(&card.problem, 120);
            card.version = short(&card.version, 40);
            card.certified = short(&card.certified, 40);
            card.categories.iter_mut().for_each(|category| *category = short(category, 60));
        }
        let pages = if self.links.is_live() { found.div_ceil(CARDS).max(1) } else { 1 };
        let number = asked.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, pages);
        if self.links.is_live() {
            cards = cards.into_iter().skip((number - 1) * CARDS).take(CARDS).collect();
        } else {
            html::keep_within(&mut cards);
        }
        let page_href = |number: usize| {
            let number = number.to_string();
            let pairs = [("q", words), ("category", category), ("page", &number)];
            format!("{}{}", self.links.list(), query(pairs.into_iter().filter(|(_, value)| !value.is_empty())))
        };
        html::render("list.html", &self.page("Catalog", "list", json!({
            "cards": cards, "categories": categories, "words": words, "category": category, "all": all, "found": found,
            "page": number, "pages": pages, "before_href": page_href(number - 1), "after_href": page_href(number + 1),
        })))
    }

    fn environment(&self, place: &Place, asked: &Query) -> Environment {
        environment(&self.shelf, place, self.card(place), self.links, asked.rancher())
    }

    /// The environment templates.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn environments(&self, asked: &Query) -> Result<String, PageError> {
        let places = self.places()?.into_iter().filter(Place::is_environment);
        let all: Vec<_> = places.map(|place| self.environment(&place, asked)).collect();
        html::render(
            "environments.html",
            &self.page(
                "Environment templates",
                "environments",
                json!({
                    "environments": all, "rancher": asked.rancher(), "no_rancher": no_rancher(asked),
                }),
            ),
        )
    }

    /// What the page for editing an environment template offers: for one, or for a new one.
    ///
    /// # Errors
    /// The template is not there, or the catalog cannot be read.
    pub fn editing(&self, place: Option<&Place>, asked: &Query) -> Result<String, PageError> {
        self.places()?;
        let of = place.map(|place| self.environment(place, asked));
        let stacks = of.as_ref().map_or(&[][..], |of| of.stacks.as_slice());
        let editing = editing(&self.shelf, stacks, asked.get("orchestration"), self.links);
        let title = of.as_ref().map_or_else(|| "Add environment template".to_owned(), |of| format!("Edit {}", of.name));
        html::render("editing.html", &self.page(&title, "environments", json!({
            "name": of.as_ref().map(|of| &of.name), "description": of.as_ref().map(|of| &of.description), "editing": editing,
            "catalogs": self.shelf.all().map(|catalog| &catalog.name).collect::<Vec<_>>(),
        })))
    }

    /// What all pages of a version have.
    fn head(&self, place: &Place, looked: &Looked, asked: &Query, tab: &str) -> Value {
        let version = looked.version();
        let mut all = Versions::of(&looked.template, &self.known).rows(asked.rancher(), &version.name);
        let rancher = asked.rancher();
        let of_rancher = if rancher == RANCHERS[0] { String::new() } else { query([("rancherVersion", rancher)]) };
        for row in &mut all {
            row.href = format!("{}{of_rancher}", self.links.version(place, &row.revision));
        }
        let own = all.iter().find(|row| row.is_shown).cloned();
        let more = all.len().saturating_sub(VERSIONS);
        // The one that is shown is always among those that are listed.
        let keep = |(at, row): &(usize, Row)| *at < VERSIONS || row.is_shown || row.is_default;
        let all: Vec<Row> = all.into_iter().enumerate().filter(keep).map(|(_, row)| row).collect();
        let project = looked.template.config.as_ref().and_then(|file| {
            let document = file.raw().as_ref().ok()?;
            text(document.root.as_ref()?, "projectURL").map(|address| shown(&address))
        });
        let project = project.filter(|address| address.starts_with("https://") || address.starts_with("http://"));
        let answers: Vec<(&str, &str)> = asked.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let is_kept =
            |(name, _): &(&str, &str)| *name != "from" && (*name != "rancherVersion" || asked.no_rancher().is_none());
        let here = self.links.version(place, &version.name);
        json!({
            "card": self.card(place),
            "id": place.id(&self.own().name),
            "is_environment": place.is_environment(),
            "project": project,
            "versions": all,
            "more_versions": more,
            "version": own,
            "rancher": shown(rancher),
            "no_rancher": no_rancher(asked),
            "ranchers": RANCHERS,
            "tab": tab,
            "launch_href": format!("{here}{}", query(answers.into_iter().filter(is_kept))),
            "matrix_href": format!("{here}/choices{of_rancher}"),
            "upgrade_href": format!("{here}/upgrade{of_rancher}"),
            "version_findings_href": format!("{here}/findings{of_rancher}"),
        })
    }

    fn version_page(&self, template: &str, head: Value, more: impl Serialize) -> Result<String, PageError> {
        let title = head["card"]["title"].as_str().unwrap_or_default().to_owned();
        let current = if head["is_environment"] == true { "environments" } else { "list" };
        let mut page = self.page(&title, current, head);
        if let (Value::Object(page), Ok(Value::Object(more))) = (&mut page, serde_json::to_value(more)) {
            page.extend(more);
        }
        html::render(template, &page)
    }

    /// A version: its form, what comes of the answers, README and the other versions.
    ///
    /// # Errors
    /// It is not there.
    pub fn entry(&self, place: &Place, revision: Option<&str>, asked: &Query) -> Result<String, PageError> {
        let looked = self.look(place, revision, asked.rancher())?;
        let rules = if looked.template.versions.len() > MANY { Rules::OfOneVersion } else { Rules::All };
        let found = findings(&self.own().root, &looked.version().path, rules);
        let data = self.launched(place, &looked, asked, &found);
        self.version_page("entry.html", self.head(place, &looked, asked, "launch"), data)
    }

    fn launched(&self, place: &Place, looked: &Looked, asked: &Query, found: &Findings) -> Value {
        let version = looked.version();
        let given = given(version, &asked.0);
        let usual = self::given(version, &[]);
        let here = self.links.version(place, &version.name);
        let answers = query(given.own.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let outcome = Outcome::new(&launch(version, &given.answers), &launch(version, &usual.answers), |name| {
            if self.links.is_live() { format!("{here}/{name}{answers}") } else { String::new() }
        });
        let (inputs, more) = inputs(version.questions(), &given.answers);
        let (readme, is_cut) = readme(looked).map(|text| to_html(&text)).unwrap_or_default();
        json!({
            "action": here,
            "inputs": inputs,
            "more_inputs": more,
            "given": given.own,
            "notes": given.notes,
            "result": outcome,
            "stacks": place.is_environment().then(|| self.environment(place, asked)),
            "readme": readme,
            "readme_is_cut": is_cut,
            "readme_is_beside": looked.template.other_files.iter().any(|name| name.eq_ignore_ascii_case("readme.md")),
            "findings": found,
        })
    }

    /// What every choice of a version changes.
    ///
    /// # Errors
    /// It is not there.
    pub fn choices(&self, place: &Place, revision: Option<&str>, asked: &Query) -> Result<String, PageError> {
        let looked = self.look(place, revision, asked.rancher())?;
        let all = self.matrix(place, &looked);
        self.version_page("matrix.html", self.head(place, &looked, asked, "choices"), json!({ "matrix": all }))
    }

    fn matrix(&self, place: &Place, looked: &Looked) -> crate::matrix::Matrix {
        let version = looked.version();
        let here = self.links.version(place, &version.name);
        let href = |name: &str, value: &str| {
            if self.links.is_live() { format!("{here}{}", query([(name, value)])) } else { String::new() }
        };
        matrix(version, &given(version, &[]).answers, href)
    }

    /// What an upgrade to a version means: from the one that is asked for, or the one before it.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn upgrade(&self, place: &Place, revision: Option<&str>, asked: &Query) -> Result<String, PageError> {
        let looked = self.look(place, revision, asked.rancher())?;
        let shown = self.upgraded(place, looked, asked.get("from").filter(|from| !from.is_empty()))?;
        let (looked, upgrade) = shown;
        self.version_page("upgrade.html", self.head(place, &looked, asked, "upgrade"), json!({ "upgrade": upgrade }))
    }

    fn upgraded(
        &self,
        place: &Place,
        mut looked: Looked,
        from: Option<&str>,
    ) -> Result<(Looked, Option<crate::upgrade::Shown>), PageError> {
        let order = Versions::of(&looked.template, &self.known).rows(RANCHERS[0], "");
        let own = looked.version().name.clone();
        let before = match from {
            Some(from) => Some(from.to_owned()),
            None => {
                let at = order.iter().position(|row| row.revision == own);
                let before = at.and_then(|at| order[at + 1..].iter().find(|row| row.problem.is_empty()));
                before.map(|row| row.revision.clone())
            }
        };
        let Some(before) = before else { return Ok((looked, None)) };
        let Some(from) = looked.template.versions.iter().position(|version| version.name == before) else {
            return Err(PageError::NotThere(format!("{} has no version folder {}", place.inside(), shown(&before))));
        };
        for at in [from, looked.at] {
            looked.template.versions[at].expand();
        }
        let shown = upgrade(&place.inside(), &looked.template.versions[from], looked.version());
        Ok((looked, Some(shown)))
    }

    /// What is found in a version.
    ///
    /// # Errors
    /// It is not there.
    pub fn version_findings(&self, place: &Place, revision: Option<&str>, asked: &Query) -> Result<String, PageError> {
        let looked = self.look(place, revision, asked.rancher())?;
        let found = findings(&self.own().root, &looked.version().path, Rules::All);
        self.version_page(
            "findings_page.html",
            self.head(place, &looked, asked, "findings"),
            json!({ "findings": found }),
        )
    }

    /// What is found in the whole catalog.
    ///
    /// # Errors
    /// The page cannot be made.
    pub fn all_findings(&self) -> Result<String, PageError> {
        let found = findings(&self.own().root, &self.own().root, Rules::All);
        html::render("findings_page.html", &self.page("Findings", "findings", json!({ "findings": found, "tab": "" })))
    }

    /// All of a template on one page, for its default version.
    ///
    /// # Errors
    /// It has none.
    pub fn whole(&self, place: &Place) -> Result<String, PageError> {
        let asked = Query::default();
        let looked = self.look(place, None, asked.rancher())?;
        let found = findings(&self.own().root, &looked.version().path, Rules::All);
        let mut data = self.launched(place, &looked, &asked, &found);
        let all = self.matrix(place, &looked);
        let (looked, upgrade) = self.upgraded(place, looked, None)?;
        if let Value::Object(data) = &mut data {
            data.insert("matrix".to_owned(), serde_json::to_value(all).unwrap_or_default());
            data.insert("upgrade".to_owned(), serde_json::to_value(upgrade).unwrap_or_default());
        }
        let head = self.head(place, &looked, &asked, "whole");
        let mut page = self.version_page("whole.html", head.clone(), &data)?;
        // What is beside the form and its result makes room where it is much.
        for part in ["upgrade", "matrix", "findings"] {
            if page.len() <= LARGEST {
                break;
            }
            leave_out(&mut data, part);
            page = self.version_page("whole.html", head.clone(), &data)?;
        }
        Ok(page)
    }

    /// A compose file as a stack gets it, as `gen-catalog render-compose` prints it.
    ///
    /// # Errors
    /// It is not there, an answer cannot be given, or nothing comes of it.
    pub fn compose_file(&self, place: &Place, revision: &str, name: &str, asked: &Query) -> Result<String, PageError> {
        let mut looked = self.look(place, Some(revision), asked.rancher())?;
        // What actions alone use is known then.
        looked.template.versions[looked.at].expand();
        let Given { answers, refused, .. } = given(looked.version(), &asked.0);
        if !refused.is_empty() {
            return Err(PageError::Answer(refused.join("\n")));
        }
        launched_text(looked.version(), name, &answers)
    }

    /// A page that says what went wrong.
    pub fn error(&self, status: u16, error: &PageError) -> String {
        let title = if status == 404 { "Not there" } else { "This cannot be shown" };
        let page = self.page(title, "", json!({ "message": error.to_string() }));
        html::render("error.html", &page).unwrap_or_else(|error| error.to_string())
    }
}

/// What was given as a version of Rancher and is none, as a page shows it.
fn no_rancher(asked: &Query) -> Option<String> {
    asked.no_rancher().map(|text| short(text, 60))
}

fn launched_text(version: &VersionSource, name: &str, answers: &Answers) -> Result<String, PageError> {
    let file = launch(version, answers).files.into_iter().find(|file| file.name == name);
    match file {
        None => Err(PageError::NotThere(format!("version {} has no {name}", shown(&version.name)))),
        Some(file) => file.text.map_err(PageError::Unreadable),
    }
}

/// The README of a version. One beside the versions Rancher does not read.
fn readme(looked: &Looked) -> Option<String> {
    let version = looked.version();
    let inside = Path::new(&version.name).join(version.readme.as_ref()?);
    let bytes = Beneath::template(&looked.template.path).ok()?.read(&inside, LARGEST_README).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
