//! Which names say that their value is nobody else's to read, and which values of those are none all the same.

/// Words of such a name, wherever they stand in it.
const WORDS: [&str; 15] = [
    "PASSWORD",
    "PASSWORDS",
    "PASSWD",
    "PASSPHRASE",
    "PASSCODE",
    "PASS",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "TOKENS",
    "CREDENTIAL",
    "CREDENTIALS",
    "CREDS",
    "AUTHORIZATION",
    "DSN",
];
/// Words that say it at the end of a name alone.
const LAST: [&str; 9] = ["PW", "PAT", "AUTH", "BEARER", "SALT", "COOKIE", "WEBHOOK", "MASTERAUTH", "WEBHOOKS"];
/// Of these a number is a secret too, and a word such as `basic`.
const STRONG: [&str; 8] = ["PASSWORD", "PASSWD", "PASSPHRASE", "PASSCODE", "PASS", "PW", "PWD", "SECRET"];
/// What a key is of that nobody else should have, where the name is one word: `APIKEY`; or where there are several keys.
const KEYS: [&str; 14] = [
    "API",
    "ACCESS",
    "SECRET",
    "PRIVATE",
    "ENCRYPTION",
    "SIGNING",
    "AUTH",
    "MASTER",
    "LICENSE",
    "APP",
    "SSH",
    "JWT",
    "SESSION",
    "ACCOUNT",
];
/// What a key is of that everybody may know.
const OPEN_KEYS: [&str; 20] = [
    "PUBLIC",
    "PUB",
    "PUBLISHABLE",
    "ROUTING",
    "PARTITION",
    "SORT",
    "PRIMARY",
    "FOREIGN",
    "GPG",
    "HOT",
    "LABEL",
    "OBJECT",
    "CACHE",
    "SITE",
    "MESSAGE",
    "INDEX",
    "GROUP",
    "TOPIC",
    "HOST",
    "MAP",
];
/// Words that end in PASS and mean something else.
const NO_PASS: [&str; 6] = ["BYPASS", "COMPASS", "ENCOMPASS", "OVERPASS", "UNDERPASS", "SURPASS"];
/// A name that ends so is about such a value, and holds none.
const ABOUT: [&str; 72] = [
    "FILE",
    "FILES",
    "PATH",
    "DIR",
    "FOLDER",
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
    "ENABLE",
    "DISABLED",
    "DISABLE",
    "EXPIRY",
    "EXPIRATION",
    "EXPIRES",
    "EXPIRE",
    "LIFETIME",
    "LIFESPAN",
    "POLICY",
    "TYPE",
    "ALGORITHM",
    "MIN",
    "MAX",
    "HEADER",
    "BUCKETS",
    "COUNT",
    "LIMIT",
    "SIZE",
    "PREFIX",
    "SUFFIX",
    "ISSUER",
    "AUDIENCE",
    "ENDPOINT",
    "AGE",
    "DURATION",
    "REALM",
    "MODE",
    "METHOD",
    "VALIDITY",
    "SECONDS",
    "MINUTES",
    "HOURS",
    "DAYS",
    "INTERVAL",
    "VERSION",
    "DOMAIN",
    "ADDR",
    "ADDRESS",
    "SAMESITE",
    "SECURE",
    "HTTPONLY",
    "PROVIDER",
    "BACKEND",
    "STRATEGY",
    "SCOPE",
    "SCOPES",
    "ENCODING",
    "HASHER",
    "ROUNDS",
    "ITERATIONS",
    "FORMAT",
    "FIELD",
    "REQUIRED",
    "REGION",
];
/// What a switch is set to: `MYSQL_RANDOM_ROOT_PASSWORD: 'yes'` is no password.
const SWITCHES: [&str; 11] = ["", "true", "false", "yes", "no", "on", "off", "0", "1", "enabled", "disabled"];
/// What other settings than a password are set to: `AUTH: basic`.
const WAYS: [&str; 18] = [
    "none", "basic", "digest", "ldap", "oauth", "oauth2", "oidc", "saml", "jwt", "md5", "trust", "plain", "login",
    "local", "internal", "default", "required", "optional",
];
/// Where the files of a container are.
const FOLDERS: [&str; 14] = [
    "/run/",
    "/etc/",
    "/certs/",
    "/cert/",
    "/var/",
    "/opt/",
    "/data/",
    "/app/",
    "/config/",
    "/ssl/",
    "/tls/",
    "/secrets/",
    "/home/",
    "/usr/",
];

/// The words of a name in capitals, without numbers: `dbPassword2` is `DB` and `PASSWORD`.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut was_small = false;
    for c in name.chars() {
        if was_small && c.is_ascii_uppercase() {
            spaced.push('_');
        }
        was_small = c.is_ascii_lowercase();
        spaced.push(c.to_ascii_uppercase());
    }
    let all = spaced.split(|c: char| !c.is_ascii_alphanumeric());
    let plain = all.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    plain.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn ends_in_one(word: &str, of: &[&str]) -> bool {
    of.iter().any(|known| word == *known || (known.len() > 4 && word.ends_with(known)))
        || of.contains(&"PASS") && word.ends_with("PASS") && !NO_PASS.contains(&word)
}

/// Whether a variable, a key or an option holds a secret, by its name.
pub(super) fn is_secret(name: &str) -> bool {
    // No honest name is longer.
    if name.len() > 1000 {
        return true;
    }
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((last, before)) = words.split_last() else { return false };
    let above = before.last().copied().unwrap_or_default();
    match (above, *last) {
        ("SECRET", "ID") | ("BASICAUTH" | "DIGESTAUTH", "USERS") | ("WEBHOOK", "URL" | "URI") => return true,
        _ if ABOUT.contains(last) || last.ends_with("FILE") => return false,
        _ => {}
    }
    let is_key = match *last {
        "KEY" => !OPEN_KEYS.contains(&above),
        "KEYS" => KEYS.contains(&above),
        "PWD" => !before.is_empty(),
        word => KEYS.iter().any(|of| word.strip_suffix("KEY") == Some(of)),
    };
    is_key || LAST.contains(last) || words.iter().any(|word| ends_in_one(word, &WORDS))
}

/// Whether a value is a secret, by the name of what has it. What only switches something on, a time or the path of a file is none.
pub(super) fn holds_secret(name: &str, value: &str) -> bool {
    if !is_secret(name) {
        return false;
    }
    let value = value.trim();
    let is_one_of = |all: &[&str]| all.iter().any(|one| one.eq_ignore_ascii_case(value));
    if is_one_of(&SWITCHES) || value.starts_with("/run/secrets/") {
        return false;
    }
    words(name).iter().any(|word| ends_in_one(word, &STRONG)) && !is_path_of_key(name, value)
        || !(is_one_of(&WAYS) || is_small(value) || is_path(value))
}

/// `SECRET_KEY: /etc/key.pem` names a file; a password may begin so.
fn is_path_of_key(name: &str, value: &str) -> bool {
    words(name).last().is_some_and(|last| last == "KEY") && is_path(value)
}

fn is_path(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let last = value.rsplit('/').next().unwrap_or_default();
    let is_named = [".key", ".pem", ".crt", ".json", ".txt"].iter().any(|end| last.ends_with(end));
    value.chars().all(is_plain)
        && (value.starts_with('/') || value.starts_with("./"))
        && (is_named || FOLDERS.iter().any(|folder| value.starts_with(folder)))
}

/// A number of few digits, or a duration.
fn is_small(value: &str) -> bool {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_lowercase());
    (1..=6).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && ["", "ms", "s", "m", "h", "d"].contains(&&value[digits.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_secret() {
        for name in "MYSQL_ROOT_PASSWORD db_password PGPASSWORD REDIS_PASS JWT_SECRET GITHUB_TOKEN AWS_SECRET_ACCESS_KEY API_KEY \
                     TOKEN_SECRET APIKEY DB_PWD SECRET_KEY_BASE PASSWORD1 DB_PASSWORD2 PASSWORD_2 PW DB_PW GITHUB_PAT SSH_KEY \
                     PRIVATE_KEY KEY CREDS AWS_CREDS AUTH REDIS_AUTH BEARER SECRET_ID SENTRY_DSN SLACK_WEBHOOK \
                     SLACK_WEBHOOK_URL AUTH_SALT ERLANG_COOKIE requirepass masterauth PGPASS my.password splunk-token apiKey \
                     clientSecret a.basicauth.users HTTP_AUTHORIZATION TLS_KEY"
            .split_whitespace()
        {
            assert!(is_secret(name), "{name}");
        }
        for name in
            "MYSQL_USER POSTGRES_PASSWORD_FILE TOKEN_TTL PASSWORD_MIN_LENGTH PATH PWD KEYBOARD AWS_ACCESS_KEY_ID \
                     COMPASS_URL BYPASS KAFKA_TOKEN_BUCKETS PUBLIC_KEY KEYCLOAK_URL KEYSPACE AUTH_URL OLDPWD MONKEY \
                     a.basicauth.usersfile AUTH_METHOD PATTERN COOKIE_SECURE"
                .split_whitespace()
                .chain([""])
        {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn switches_times_and_files_are_no_secrets() {
        for (name, value) in [
            ("PASSWORD", "wordpress"),
            ("PASSWORD", "12345"),
            ("TOKEN", "hunter2"),
            ("AUTH", "neo4j/hunter"),
            ("PASSWORD", "/etc/hunter"),
            ("KEY", "aGVsbG8="),
        ] {
            assert!(holds_secret(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("PASSWORD", "Yes"),
            ("PASSWORD", ""),
            ("AUTH", "true"),
            ("AUTH", "basic"),
            ("MAX_TOKENS", "4096"),
            ("COOKIE", "30s"),
            ("TLS_KEY", "/certs/tls.key"),
            ("DB_PASSWORD", "/run/secrets/db"),
            ("USER", "hunter"),
        ] {
            assert!(!holds_secret(name, value), "{name}={value}");
        }
    }
}
