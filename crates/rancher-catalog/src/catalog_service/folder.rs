//! Which folders are templates and versions to the catalog service.

/// The part of the name of a folder at the catalog's root that goes into ids: what stands before the first `-`.
pub fn base_of(folder: &str) -> &str {
    folder.split_once('-').map_or("", |(base, _)| base)
}

/// What the name of a folder in a template's folder means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderName<'n> {
    /// A revision: every text that Go reads as a number, `01` and `+1` too.
    Revision(i64),
    /// A version by itself, with or without `v`.
    Version(&'n str),
    /// Nothing: the folder is passed over.
    PassedOver,
}

impl<'n> FolderName<'n> {
    /// Reads a name.
    pub fn of(name: &'n str) -> Self {
        if let Ok(number) = name.parse() {
            Self::Revision(number)
        } else if super::is_semver(name.trim_matches('v')) {
            Self::Version(name)
        } else {
            Self::PassedOver
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_go_reads_them() {
        for (name, read) in [
            ("0", FolderName::Revision(0)),
            ("01", FolderName::Revision(1)),
            ("+1", FolderName::Revision(1)),
            ("-1", FolderName::Revision(-1)),
            ("v1.0.0", FolderName::Version("v1.0.0")),
            ("1.0.0-rc.1", FolderName::Version("1.0.0-rc.1")),
            ("1.0", FolderName::PassedOver),
            ("1.0.00", FolderName::PassedOver),
            ("1_0", FolderName::PassedOver),
            ("next", FolderName::PassedOver),
        ] {
            assert_eq!(FolderName::of(name), read, "{name}");
        }
        assert_eq!(
            ["infra-templates", "templates", "a-b-c", "-x"].map(base_of),
            ["infra", "", "a", ""],
            "bases of folders"
        );
    }
}
