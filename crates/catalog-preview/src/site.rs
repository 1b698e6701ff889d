//! The pages as files: all of a catalog for a pull request's artifact, or for whoever serves files. Each is whole in itself.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use crate::PageError;
use crate::catalog::{Place, Shelf};
use crate::links::Links;
use crate::pages::Preview;
use crate::query::Query;
use crate::unreadable::why;

/// What a folder has that was written by this, with what was written: the next time these files make room.
const LIST: &str = "pages.txt";

/// Why the pages are not written.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The folder holds something else.
    #[error("{} holds something else than pages of a preview: name a folder that is empty, or not there yet", .0.display())]
    Taken(PathBuf),
    /// It is a file, or below one.
    #[error("{} is a file: name a folder that is empty, or not there yet", .0.display())]
    NoFolder(PathBuf),
    /// A link leads out of the folder.
    #[error("{} is a link, and none is followed: remove it, or name another folder", .0.display())]
    Link(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {}", path.display(), why(reason))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// A page cannot be made.
    #[error("{page}: {reason}")]
    Page {
        /// Which.
        page: String,
        /// Why.
        reason: PageError,
    },
}

/// Writes the pages into a folder, and tells how many there are. An earlier preview in it makes room.
///
/// # Errors
/// The folder holds something else, or a page cannot be made or written.
pub fn write(shelf: &Shelf, folder: &Path) -> Result<usize, SiteError> {
    let earlier = earlier(folder)?;
    // All is made before anything is written.
    let pages = pages(shelf)?;
    let names = earlier.iter().chain(pages.iter().map(|(name, _)| name));
    if let Some(link) = names.into_iter().find_map(|name| link_on_the_way(folder, name)) {
        return Err(SiteError::Link(link));
    }
    for name in earlier {
        let path = folder.join(&name);
        match fs::remove_file(&path) {
            Err(reason) if reason.kind() != io::ErrorKind::NotFound => return Err(SiteError::File { path, reason }),
            _ => {}
        }
    }
    let mut list = String::new();
    for (name, text) in &pages {
        let path = folder.join(name);
        let above = path.parent().unwrap_or(folder);
        fs::create_dir_all(above).map_err(|reason| SiteError::File { path: above.to_owned(), reason })?;
        whole_file::write(&path, text).map_err(|reason| SiteError::File { path, reason })?;
        list.push_str(name);
        list.push('\n');
    }
    let path = folder.join(LIST);
    whole_file::write(&path, list).map_err(|reason| SiteError::File { path, reason })?;
    Ok(pages.len())
}

/// The files of an earlier preview.
fn earlier(folder: &Path) -> Result<Vec<String>, SiteError> {
    let failed = |path: &Path, reason| SiteError::File { path: path.to_owned(), reason };
    match fs::read_dir(folder) {
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(reason) if reason.kind() == io::ErrorKind::NotADirectory => {
            let file = folder.ancestors().find(|path| path.exists()).unwrap_or(folder);
            return Err(SiteError::NoFolder(file.to_owned()));
        }
        Err(reason) => return Err(failed(folder, reason)),
        Ok(mut entries) => {
            if entries.next().is_none() {
                return Ok(Vec::new());
            }
        }
    }
    let path = folder.join(LIST);
    let list = match fs::read_to_string(&path) {
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => return Err(SiteError::Taken(folder.to_owned())),
        other => other.map_err(|reason| failed(&path, reason))?,
    };
    // Whatever else stands in the list, nothing outside of the folder is removed.
    let is_inside = |name: &&str| {
        name.ends_with(".html") && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
    };
    Ok(list.lines().filter(is_inside).map(str::to_owned).collect())
}

/// The first folder between this one and a file that is a link: a folder of a pull request may hold one.
fn link_on_the_way(folder: &Path, name: &str) -> Option<PathBuf> {
    let above = Path::new(name).parent()?;
    let mut folders: Vec<&Path> = above.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
    folders.reverse();
    let is_link = |path: &PathBuf| path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    folders.into_iter().map(|part| folder.join(part)).find(is_link)
}

fn pages(shelf: &Shelf) -> Result<Vec<(String, String)>, SiteError> {
    let preview = |depth: usize| Preview::new(shelf.clone(), Links::Files { depth });
    let failed = |page: &str| {
        let page = page.to_owned();
        move |reason| SiteError::Page { page, reason }
    };
    let asked = Query::default();
    let top = preview(0);
    let mut pages = vec![
        ("index.html".to_owned(), top.list(&asked).map_err(failed("index.html"))?),
        ("environments.html".to_owned(), top.environments(&asked).map_err(failed("environments.html"))?),
        ("findings.html".to_owned(), top.all_findings().map_err(failed("findings.html"))?),
    ];
    let places = shelf.own.places().map_err(|reason| SiteError::File { path: shelf.own.root.clone(), reason })?;
    let inner = preview(2);
    let of_templates: Result<Vec<_>, SiteError> = places
        .par_iter()
        .map(|place| {
            let name = file_of(place);
            let page = match inner.whole(place) {
                // One that cannot be shown is shown as that.
                Err(error @ (PageError::NotThere(_) | PageError::Unreadable(_))) => inner.error(404, &error),
                other => other.map_err(failed(&name))?,
            };
            Ok((name, page))
        })
        .collect();
    pages.extend(of_templates?);
    Ok(pages)
}

fn file_of(place: &Place) -> String {
    format!("catalog/{}/{}.html", place.above, place.folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    fn shelf(folder: &Path) -> Shelf {
        let template = folder.join("mine-catalog/templates/x");
        fs::create_dir_all(template.join("0")).unwrap();
        fs::write(template.join("config.yml"), "name: X\nversion: v1\n").unwrap();
        fs::write(template.join("0/rancher-compose.yml"), ".catalog: {version: v1}\n").unwrap();
        fs::write(template.join("0/docker-compose.yml"), "web: {image: 'nginx:1'}\n").unwrap();
        Shelf { own: Catalog::open(&folder.join("mine-catalog"), None).unwrap().0, beside: Vec::new() }
    }

    #[test]
    fn pages_are_whole_and_an_earlier_preview_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, site) = (shelf(folder.path()), folder.path().join("site"));
        assert_eq!(write(&shelf, &site).unwrap(), 4);
        let page = fs::read_to_string(site.join("catalog/templates/x.html")).unwrap();
        assert!(page.contains("nginx:1") && page.contains("href=\"..&#x2f;..&#x2f;index.html\""), "{page}");
        for outside in ["src=\"http", "<script", "<link", "url("] {
            assert!(!page.contains(outside), "{outside}: {page}");
        }
        fs::rename(shelf.own.root.join("templates/x"), shelf.own.root.join("templates/y")).unwrap();
        assert_eq!(write(&shelf, &site).unwrap(), 4);
        assert!(!site.join("catalog/templates/x.html").exists() && site.join("catalog/templates/y.html").exists());
    }

    #[test]
    fn a_folder_with_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, site) = (shelf(folder.path()), folder.path().join("site"));
        fs::create_dir(&site).unwrap();
        fs::write(site.join("mine"), "mine").unwrap();
        assert!(matches!(write(&shelf, &site), Err(SiteError::Taken(_))));
        fs::write(site.join(LIST), "../mine-catalog/templates/x/config.yml\n/etc/hosts.html\n../a.html\nmine\n")
            .unwrap();
        fs::write(folder.path().join("a.html"), "a").unwrap();
        write(&shelf, &site).unwrap();
        assert!(folder.path().join("a.html").exists() && site.join("mine").exists());
    }

    #[test]
    fn a_link_in_the_folder_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (shelf, site) = (shelf(folder.path()), folder.path().join("site"));
        write(&shelf, &site).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(site.join("catalog"), &elsewhere).unwrap();
        let page = elsewhere.join("templates/x.html");
        fs::write(&page, "theirs").unwrap();
        std::os::unix::fs::symlink(&elsewhere, site.join("catalog")).unwrap();
        assert!(matches!(write(&shelf, &site), Err(SiteError::Link(link)) if link == site.join("catalog")));
        assert_eq!(fs::read_to_string(page).unwrap(), "theirs");
        assert!(site.join("index.html").exists());
    }
}
