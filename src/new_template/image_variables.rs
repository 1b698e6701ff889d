//! The variables that an image sets: which of them a person may want to set otherwise.

/// What an image needs as it is, or says of how it was built.
const OWN: [&str; 14] = [
    "PATH",
    "HOME",
    "HOSTNAME",
    "TERM",
    "SHELL",
    "USER",
    "PWD",
    "LANG",
    "LANGUAGE",
    "DEBIAN_FRONTEND",
    "GPG_KEY",
    "GPG_KEYS",
    "GOSU_VERSION",
    "PHPIZE_DEPS",
];
/// What names end in that tell of a build.
const ENDS: [&str; 16] = [
    "_VERSION",
    "_SHA256",
    "_SHA512",
    "_SHA1",
    "_SHA",
    "_MD5",
    "_CHECKSUM",
    "_DOWNLOAD_URL",
    "_URL_SHA256",
    "_GPG_KEY",
    "_GPG_KEYS",
    "_HOME",
    "PATH",
    "_RELEASE",
    "_CFLAGS",
    "_LDFLAGS",
];
/// What begins names that tell of a build or a locale.
const BEGINNINGS: [&str; 4] = ["LC_", "PKG_", "NPM_CONFIG_", "_"];

/// Whether a variable is the image's own affair.
pub(super) fn is_own(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let is_path_list = value.contains(':') && value.split(':').all(|part| part.starts_with('/'));
    is_path_list
        || OWN.contains(&upper.as_str())
        || ENDS.iter().any(|end| upper.ends_with(end))
        || BEGINNINGS.iter().any(|beginning| upper.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn what_a_build_left_is_no_setting() {
        for (name, value) in
            [("PATH", "/bin"), ("NGINX_VERSION", "1.25"), ("LC_ALL", "C"), ("GOPATH", "/go"), ("X", "/a:/b")]
        {
            assert!(is_own(name, value), "{name}");
        }
        for (name, value) in [("POSTGRES_USER", "app"), ("PGDATA", "/var/lib"), ("URL", "http://a:80")] {
            assert!(!is_own(name, value), "{name}");
        }
    }
}
