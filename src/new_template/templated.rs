//! Texts that stay what they are on their way through Rancher: it runs both compose files as Go templates, and then looks for
//! variables.

/// A text in which a dollar is a dollar.
pub(super) fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

/// A file that is no template, if it holds what would be an action of one.
pub(super) fn untemplated(text: String) -> String {
    if text.contains("{{") { format!("# notemplating\n{text}") } else { text }
}
