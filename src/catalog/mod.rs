//! A catalog on disk, and what publishing this project's entries would change in it.

mod publish;

pub use catalog_write::catalog::{
    CatalogError, CatalogRoot, Change, ChangeKind, PublishedRevision, Revisions, TemplatePlan, apply, clean_up,
    default_version,
};
pub use publish::{PublishPlan, plan};
