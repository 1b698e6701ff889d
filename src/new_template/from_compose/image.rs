//! The image of a service: what is given for it, what stands there, or a question.

use super::super::NewError;
use super::super::questions::Use;
use super::super::remark::What;
use super::super::skeleton::variable_name;
use super::super::wishes::Named;
use super::layers::Key;
use super::reader::{Place, Reader};
use super::wrong;
use rancher_catalog::model::ImageReference;
use rancher_catalog::yaml::Node;

/// Sets it. A tag that does not stay is asked for.
///
/// # Errors
/// A dollar begins no variable, or it is no image reference.
pub(super) fn read(
    reader: &mut Reader<'_>,
    own: &str,
    old: &str,
    name: &Node,
    keys: &[Key<'_>],
    images: &[Named],
) -> Result<(), NewError> {
    let key = |name: &str| keys.iter().find(|key| key.name == name);
    let built = key("build");
    if let Some(build) = built {
        let why = "Rancher builds nothing; push the image";
        reader.left_out(build.at, format!("`build` is left out: {why}"));
    }
    if let Some(named) = images.iter().find(|named| named.name == old) {
        reader.service(own).set("image", named.image.to_string());
        return Ok(());
    }
    let prefix = variable_name(own).to_uppercase();
    let is_named =
        |key: &&Key<'_>| key.value().text().is_some_and(|text| !text.trim().is_empty()) && !key.value().is_null();
    let Some(image) = key("image").filter(is_named) else {
        let variable = format!("{prefix}_IMAGE");
        reader.draft.questions.ask(&variable, None, Use { service: own, key: "image", is_needed: true });
        let about = format!("The image of {own}, with its tag");
        reader.draft.questions.describe(&variable, Some(&format!("Image of {own}")), Some(&about));
        let at = built.map_or(name, |key| key.at);
        let message = format!(
            "the image of {old} is asked for ({variable}); `--image {old}=REPOSITORY:TAG` names it once for all"
        );
        reader.draft.remarks.tell(What::Asked, Some(at.span.start), message);
        reader.service(own).set("image", format!("${{{variable}}}"));
        return Ok(());
    };
    let node = image.value();
    let place = Place { service: own, key: "image", is_needed: true, at: node.span.start };
    let text = reader.text(node, place)?;
    let reference = text.parse::<ImageReference>();
    if let Err(error) = &reference
        && !text.contains('$')
    {
        return Err(wrong(&reader.path, place.at, error));
    }
    let reference = reference.ok();
    let is_loose = |reference: &ImageReference| {
        reference.digest.is_none() && reference.tag.as_deref().is_none_or(|tag| tag == "latest")
    };
    if let Some(reference) = reference.filter(is_loose) {
        let variable = format!("{prefix}_TAG");
        reader.draft.questions.ask(&variable, None, Use { service: own, key: "image", is_needed: true });
        let about = format!("The tag of {} that is launched", reference.repository);
        reader.draft.questions.describe(&variable, Some(&format!("Tag of {}", reference.repository)), Some(&about));
        let why = if reference.tag.is_some() { "`latest` is whatever was built last" } else { "it names none" };
        let message = format!(
            "the tag of {} is asked for ({variable}), as {why}; `--image {old}={}:TAG` names it once for all",
            reference.repository, reference.repository
        );
        reader.draft.remarks.tell(What::Asked, Some(node.span.start), message);
        reader.service(own).set("image", format!("{}:${{{variable}}}", reference.repository));
    } else {
        reader.service(own).set("image", text);
    }
    Ok(())
}
