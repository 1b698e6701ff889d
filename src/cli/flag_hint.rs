//! Which flag mends what a library says of an input: it cannot know that there is one.

use crate::bump::BumpError;
use crate::catalog::CatalogError;
use crate::release::ReleaseError;

/// The flag that names another catalog, where the one that was named is none.
pub(super) fn flag_hint(error: &anyhow::Error) -> &'static str {
    let of_catalog = error.chain().find_map(|cause| {
        let of_bump = cause.downcast_ref().and_then(|error| match error {
            BumpError::Catalog(error) => Some(error),
            _ => None,
        });
        let of_release = cause.downcast_ref().and_then(|error| match error {
            ReleaseError::Catalog(error) => Some(error),
            _ => None,
        });
        cause.downcast_ref::<CatalogError>().or(of_bump).or(of_release)
    });
    match of_catalog {
        Some(CatalogError::Missing(_) | CatalogError::Within { .. }) => " (--catalog)",
        _ => "",
    }
}
