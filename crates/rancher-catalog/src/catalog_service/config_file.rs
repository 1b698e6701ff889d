//! A config.yml as the catalog service reads it: straight into `model.Template`.

use crate::yaml::Node;

use super::compose_file::VERSION;
use super::fit::{Misfit, Want, misfits};

const TEMPLATE: Want = Want::Fields(&[
    ("name", Want::Text),
    ("description", Want::Text),
    ("version", Want::Text),
    ("category", Want::Text),
    ("categories", Want::List(&Want::Text)),
    ("maintainer", Want::Text),
    ("license", Want::Text),
    ("projectURL", Want::Text),
    ("labels", Want::Map(&Want::Text)),
    // Nobody means these, and yet the service has fields of these names.
    ("path", Want::Text),
    ("issystem", Want::Text),
    ("environmentid", Want::Text),
    ("catalogid", Want::Unsigned),
    ("upgradefrom", Want::Text),
    ("foldername", Want::Text),
    ("catalog", Want::Text),
    ("base", Want::Text),
    ("icon", Want::Text),
    ("iconfilename", Want::Text),
    ("readme", Want::Text),
    ("versions", Want::List(&VERSION)),
]);

/// The values of a config.yml for which the catalog service passes over the whole file; the template then has neither
/// name nor id.
pub fn misfits_of_config(root: &Node) -> Vec<Misfit<'_>> {
    misfits(root, &TEMPLATE)
}
