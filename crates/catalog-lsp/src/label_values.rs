//! The values of Rancher's labels, where they can be counted.

/// Those of a label; none where it may be any text.
pub(crate) fn label_values(label: &str) -> &'static [&'static str] {
    match label.strip_prefix("io.rancher.") {
        Some("container.pull_image") => &["always"],
        Some("container.create_agent" | "container.dns" | "container.start_once" | "scheduler.global") => TRUTHS,
        _ => &[],
    }
}

const TRUTHS: &[&str] = &["true", "false"];

/// A value as the text that it is to be in a map, where `true` is none without quotes. `typed` is what stands before the cursor of
/// it, `behind` what stands after.
pub(crate) fn as_text(value: &str, typed: &str, behind: &str) -> String {
    let own = typed.chars().next().filter(|letter| ['"', '\''].contains(letter));
    match own.or_else(|| TRUTHS.contains(&value).then_some('\'')) {
        None => value.to_owned(),
        Some(quote) if behind.starts_with(quote) => format!("{quote}{value}"),
        Some(quote) => format!("{quote}{value}{quote}"),
    }
}

#[cfg(test)]
mod tests {
    use rancher_catalog::launch::known_labels;

    use super::*;

    #[test]
    fn labels_with_values_are_labels_that_rancher_knows() {
        assert_eq!(known_labels().filter(|label| !label_values(label).is_empty()).count(), 5);
        assert_eq!(label_values("io.rancher.container.name"), [""; 0]);
    }

    #[test]
    fn a_truth_is_written_as_a_text_with_one_pair_of_quotes() {
        assert_eq!(as_text("always", "al", "\n"), "always");
        assert_eq!(as_text("true", "", "\n"), "'true'");
        assert_eq!(as_text("true", "\"t", "\n"), "\"true\"");
        assert_eq!(as_text("true", "'", "'\n"), "'true");
    }
}
