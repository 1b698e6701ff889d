//! The answers that a version is launched with.

use std::collections::BTreeMap;

use crate::model::Scalar;
use crate::yaml::{Node, NodeKind, Typed};

/// Answers by the name of their variable.
pub type Answers = BTreeMap<String, String>;

/// What a person answers who changes nothing: each default, and to a question that must be answered and has none, its
/// first option, or 1. Questions are read from rancher-compose.yml as it stands.
pub fn usual_answers(rancher_compose: Option<&Node>) -> Answers {
    let mut answers = Answers::new();
    let Some(root) = rancher_compose else { return answers };
    let block = root.get("catalog").filter(|block| !is_null(block)).or_else(|| root.get(".catalog"));
    let Some(block) = block.or_else(|| root.get("services")?.get(".catalog")) else { return answers };
    for question in block.get("questions").map_or(&[][..], Node::items) {
        let text = |key: &str| question.get(key).map(scalar_text).unwrap_or_default();
        let mut answer = text("default");
        if answer.is_empty() && text("required") == "true" {
            let first = question.get("options").and_then(|options| options.items().first());
            answer = first.map_or_else(|| "1".to_owned(), scalar_text);
        }
        answers.insert(text("variable"), answer);
    }
    answers
}

fn is_null(node: &Node) -> bool {
    node.is_null()
}

/// A scalar as the text that it becomes on its way through Rancher's YAML: `yes` is `true`, `010` is `8`.
fn scalar_text(node: &Node) -> String {
    match &node.kind {
        NodeKind::Scalar { value: Typed::Null, .. } | NodeKind::List(_) | NodeKind::Map(_) => String::new(),
        NodeKind::Scalar { value: Typed::Text, text, .. } => text.clone(),
        NodeKind::Scalar { text, .. } => {
            serde_yaml::from_value::<Scalar>(node.to_value()).map_or_else(|_| text.clone(), |scalar| scalar.to_string())
        }
    }
}
