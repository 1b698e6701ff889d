//! The images that change, each with where it stands now.

use std::collections::BTreeSet;

use super::BumpError;
use super::copied::Copied;
use super::images::{Images, NoImage};
use super::maker::Maker;
use super::mention::Behind;
use super::plan::Wishes;
use super::rewrite::{self, Kind, Swap};
use rancher_catalog::launch::SERVICE_KINDS;
use rancher_catalog::model::Repository;
use rancher_catalog::source::VersionSource;

/// An image that changes, and what stands behind its repository where it is that of a service.
pub(super) struct Swapped {
    pub swap: Swap,
    pub in_use: BTreeSet<Behind>,
}

impl Swapped {
    /// What its references become.
    pub fn written(&self) -> BTreeSet<String> {
        self.taken().map(|behind| self.swap.written(behind)).collect()
    }

    /// What stands behind the repository where it changes.
    pub fn taken(&self) -> impl Iterator<Item = &Behind> {
        self.in_use.iter().filter(|behind| self.swap.only.is_empty() || self.swap.only.contains(*behind))
    }

    /// Whether some image of a service is another one then.
    pub fn changes(&self) -> bool {
        let is_other =
            |behind: &Behind| *behind != Behind::Open && self.swap.new.as_ref().is_some_and(|new| behind != new);
        self.swap.repository != self.swap.new_repository || self.taken().any(is_other)
    }
}

impl Maker<'_> {
    /// Which images change into what.
    pub fn swaps(&mut self, version: &VersionSource, wishes: &Wishes) -> Result<Vec<Swapped>, BumpError> {
        let images = Images::of(version);
        let mut swaps: Vec<Swapped> = Vec::new();
        for wish in &wishes.images {
            let compose = || self.files.iter().filter(|file| file.is_compose());
            let is_image = |found: &rewrite::Found| found.kind == Kind::Image;
            let stands =
                |repository: &str| compose().any(|file| rewrite::scan(&file.before, repository).iter().any(is_image));
            let meant = images
                .meant(wish, stands)
                .map_err(|NoImage(why)| BumpError::Asked(format!("{}/{}: {why}", self.folder, version.name)))?;
            let mut found = Vec::new();
            for file in compose() {
                found.extend(rewrite::scan(&file.before, &meant.repository).into_iter().map(|found| (file, found)));
            }
            let of_services = || found.iter().filter(|(_, found)| is_image(found));
            let changing = of_services().filter(|(_, found)| !found.is_kept);
            let mut in_use: BTreeSet<Behind> = changing.map(|(_, found)| found.mention.behind.clone()).collect();
            if in_use.is_empty() {
                in_use = found.iter().map(|(_, found)| found.mention.behind.clone()).filter(Behind::is_fixed).collect();
            }
            let name = &meant.repository;
            let place = |(file, found): &(&Copied, rewrite::Found)| {
                format!("{}/{}/{}:{}", self.folder, version.name, file.name, found.line)
            };
            let is_meant = |found: &rewrite::Found| meant.only.is_empty() || meant.only.contains(&found.mention.behind);
            let mut free = of_services().filter(|(_, found)| !found.is_kept && is_meant(found));
            match free.next() {
                Some(open @ (_, found)) if found.mention.behind == Behind::Open => {
                    return Err(BumpError::Asked(format!(
                        "{}: the tag of {name} is known only once a stack is launched: change the default of its question \
                         (--set questions.NAME.default=TAG)",
                        place(open)
                    )));
                }
                Some(_) => {}
                None => {
                    let kept = of_services().find(|(_, found)| found.is_kept);
                    return Err(BumpError::Asked(match kept {
                        Some(kept) => format!("{}: a comment says that {name} stays as it is", place(kept)),
                        None => format!(
                            "{}/{}: {name} is put together by a template there: change it by hand",
                            self.folder, version.name
                        ),
                    }));
                }
            }
            for kept in of_services().filter(|(_, found)| found.is_kept) {
                self.warnings.push(format!("{}: {name} stays as it is, as a comment there says", place(kept)));
            }
            let swap = Swap {
                new_repository: wish.repository.clone().unwrap_or_else(|| meant.repository.clone()),
                repository: meant.repository,
                only: meant.only,
                new: Some(wish.behind.clone()),
            };
            let is_other = |other: &Swapped| {
                other.swap.repository == swap.repository
                    && (other.swap.only.is_empty() || swap.only.is_empty() || !other.swap.only.is_disjoint(&swap.only))
            };
            if swaps.iter().any(is_other) {
                return Err(BumpError::Asked(format!("two --image mean {}: leave one out", swap.repository)));
            }
            swaps.push(Swapped { swap, in_use });
        }
        Ok(swaps)
    }

    /// Lets all images be those of another registry: what was asked for, and all others.
    pub fn rewritten(
        &mut self,
        version: &VersionSource,
        registry: &str,
        swaps: &mut Vec<Swapped>,
    ) -> Result<(), BumpError> {
        let of_registry =
            |repository: &str| Some(repository.parse::<Repository>().ok()?.in_registry(registry).to_string());
        for swapped in swaps.iter_mut() {
            swapped.swap.new_repository =
                of_registry(&swapped.swap.new_repository).unwrap_or_else(|| swapped.swap.new_repository.clone());
        }
        let images = Images::of(version);
        for (repository, _) in
            images.repositories().into_iter().filter(|(repository, _)| !SERVICE_KINDS.contains(repository))
        {
            // What of an image was asked for is done; the rest of its tags go with it.
            let asked = swaps.iter().filter(|other| other.swap.repository == repository);
            let in_use = |file: &Copied| {
                let found = rewrite::scan(&file.before, repository).into_iter();
                found.filter(|found| found.kind == Kind::Image).map(|found| found.mention.behind).collect::<Vec<_>>()
            };
            let mut left: BTreeSet<Behind> =
                self.files.iter().filter(|file| file.is_compose()).flat_map(in_use).collect();
            for asked in asked {
                left.retain(|behind| !asked.swap.only.is_empty() && !asked.swap.only.contains(behind));
            }
            let Some(new_repository) = of_registry(repository) else {
                self.warnings.push(format!("{repository} is no repository that can be rewritten: it stays as it is"));
                continue;
            };
            if left.is_empty() || new_repository == repository {
                continue;
            }
            let swap = Swap { repository: repository.to_owned(), only: left.clone(), new_repository, new: None };
            swaps.push(Swapped { swap, in_use: left });
        }
        Ok(())
    }
}
