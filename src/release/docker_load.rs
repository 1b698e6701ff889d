//! What `docker load` takes from an archive. Engines with the classic image store pass over index.json: they go by
//! manifest.json, and without one by folders of older days. So an archive that is judged by its index must have nothing
//! else to load.

use serde::Deserialize;

use super::layout::Layout;
use super::oci::{Described, FoundImage};
use rancher_catalog::model::ImageReference;

/// What is so of a good one.
pub(super) const SAME: &str = "the same image by `docker load`, if any";

/// The list of what is to be loaded.
const LIST: &str = "manifest.json";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Loaded {
    config: String,
    layers: Vec<String>,
}

/// Says that it takes the image that was found.
///
/// # Errors
/// What else it may take.
pub(super) fn takes(layout: &Layout<'_>, found: &FoundImage) -> Result<String, String> {
    let list = layout.beside(LIST).map_err(|error| error.to_string())?;
    // Beside the list nobody reads the older one, which `docker save` still writes.
    let is_known = |name: &str| is_of_a_layout(name) || (list.is_some() && name == "repositories");
    if let Some(other) = layout.names().find(|name| !is_known(name)) {
        return Err(format!("it also holds {other:?}, which is no part of an image layout"));
    }
    let Some(list) = list else { return Ok(SAME.to_owned()) };
    let list: Vec<Loaded> = serde_json::from_slice(&list).map_err(|_| format!("its {LIST} cannot be read"))?;
    let is_of = |loaded: &Loaded, image: &Described| {
        let layers = image.layers.iter().map(|layer| path_of(&layer.digest));
        loaded.config == path_of(&image.config) && layers.eq(loaded.layers.iter().cloned())
    };
    match list.iter().find(|loaded| !found.described.iter().any(|image| is_of(loaded, image))) {
        Some(other) => Err(format!("its {LIST} names the image {:?}, which its index.json does not", other.config)),
        None => Ok(SAME.to_owned()),
    }
}

fn path_of(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

fn is_of_a_layout(name: &str) -> bool {
    let blob = name.strip_prefix("blobs/sha256/");
    ["index.json", "oci-layout", LIST].contains(&name)
        || blob.is_some_and(|hex| ImageReference::check_digest(&format!("sha256:{hex}")).is_ok())
}
