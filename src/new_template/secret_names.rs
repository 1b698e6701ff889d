//! Which variables hold what nobody else should read, told by their names.

/// Words of such a name.
const WORDS: [&str; 8] = ["PASSWORD", "PASSWD", "PASSPHRASE", "PASS", "SECRET", "SECRETS", "TOKEN", "CREDENTIALS"];
/// What a key is of that nobody else should have.
const KEYS: [&str; 10] =
    ["API", "ACCESS", "SECRET", "PRIVATE", "ENCRYPTION", "SIGNING", "AUTH", "MASTER", "LICENSE", "APP"];
/// A name that ends so is about such a value, and holds none.
const ABOUT: [&str; 24] = [
    "FILE",
    "PATH",
    "DIR",
    "URL",
    "URI",
    "HOST",
    "PORT",
    "USER",
    "USERNAME",
    "NAME",
    "ID",
    "LENGTH",
    "TTL",
    "TIMEOUT",
    "ENABLED",
    "EXPIRY",
    "EXPIRATION",
    "LIFETIME",
    "POLICY",
    "TYPE",
    "ALGORITHM",
    "MIN",
    "MAX",
    "HEADER",
];
/// What a switch is set to: `MYSQL_RANDOM_ROOT_PASSWORD: 'yes'` is no password.
const SWITCHES: [&str; 9] = ["", "true", "false", "yes", "no", "on", "off", "0", "1"];

/// Whether a variable holds a secret, by its name.
pub(super) fn is_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> = upper.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect();
    let Some((last, before)) = words.split_last() else { return false };
    if ABOUT.contains(last) {
        return false;
    }
    let is_key = *last == "KEY" && before.last().is_some_and(|word| KEYS.contains(word));
    let ends_in = |word: &str| WORDS.iter().filter(|known| known.len() > 4).any(|known| word.ends_with(known));
    is_key
        || matches!(*last, "APIKEY" | "SECRETKEY" | "PWD") && (words.len() > 1 || *last != "PWD")
        || words.iter().any(|word| WORDS.contains(word) || ends_in(word))
}

/// Whether a value may be one: what only switches something on is none.
pub(super) fn may_be_secret(value: &str) -> bool {
    !SWITCHES.iter().any(|switch| switch.eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_secret() {
        for name in [
            "MYSQL_ROOT_PASSWORD",
            "db_password",
            "PGPASSWORD",
            "REDIS_PASS",
            "JWT_SECRET",
            "GITHUB_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "API_KEY",
            "TOKEN_SECRET",
            "APIKEY",
            "DB_PWD",
            "SECRET_KEY_BASE",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "MYSQL_USER",
            "POSTGRES_PASSWORD_FILE",
            "TOKEN_TTL",
            "PASSWORD_MIN_LENGTH",
            "PATH",
            "PWD",
            "KEYBOARD",
            "AWS_ACCESS_KEY_ID",
            "COMPASS_URL",
            "",
            "BYPASS",
        ] {
            assert!(!is_secret(name), "{name}");
        }
        assert!(may_be_secret("wordpress") && !may_be_secret("Yes") && !may_be_secret(""));
    }
}
