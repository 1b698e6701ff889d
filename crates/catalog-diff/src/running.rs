//! What an upgrade does to one stack, whose answers are known.

use super::facts::{Facts, of_services};
use super::meaning::compare;
use super::upgrade::{Reason, ReasonKind, judge};
use rancher_catalog::model::{CatalogBlock, DockerCompose, RancherCompose};
use rancher_catalog::yaml::{Document, ReadError};

/// A version as a stack has it.
#[derive(Debug, Clone, Copy)]
pub struct Running<'a> {
    /// Its catalog block.
    pub block: &'a CatalogBlock,
    /// docker-compose.yml, rendered and with all variables replaced.
    pub docker: &'a Document,
    /// rancher-compose.yml, the same.
    pub rancher: Option<&'a Document>,
}

/// What an upgrade does to a stack, one by one. Its answers are those that the files were made with: none is asked for.
/// Who changes answers alone stays with the version, which Rancher offers always.
///
/// # Errors
/// A file is no compose file.
pub fn upgrade(before: Running<'_>, after: Running<'_>, is_same_version: bool) -> Result<Vec<Reason>, ReadError> {
    let differences = compare(&facts(before)?, &facts(after)?, None);
    let mut reasons = judge(before.block, after.block, &differences).reasons;
    reasons.retain(|reason| match reason.kind {
        ReasonKind::Answer => false,
        ReasonKind::NotOffered => !is_same_version,
        _ => true,
    });
    Ok(reasons)
}

fn facts(version: Running<'_>) -> Result<Facts, ReadError> {
    let docker = DockerCompose::read(version.docker)?;
    let rancher = version.rancher.map(RancherCompose::read).transpose()?;
    let mut facts = Facts::new();
    of_services(&docker, rancher.as_ref().and_then(RancherCompose::services), &mut facts);
    Ok(facts)
}
