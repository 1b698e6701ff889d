//! No part of a compose file that looks like a secret gets into a file of the template, or into a remark on it.

use super::{planned, remarks};
use crate::bump::put;
use crate::new_template::is_strictly_good;

/// Keys of a service, each of which holds `hunter`.
const KEYS: &[&str] = &[
    "command: ['--password=hunter', '--token', 'hunter', '--url', 'x://u:hunter@h']",
    "command: redis-server --requirepass hunter --port 1",
    "command: 'run --password \"hunter hunter\"'",
    "entrypoint: sh -c 'curl -u admin:hunter http://x/'",
    "labels: {my.password: hunter}",
    "labels: ['my.token=hunter']",
    "labels: {x.basicauth.users: 'admin:$$apr1$$hunter$$hunter'}",
    "labels: {other: 'a://u:hunter@h,b://u:hunter@h'}",
    "logging: {driver: splunk, options: {splunk-token: hunter}}",
    "healthcheck: {test: [CMD, curl, 'http://localhost:80/h?token=hunter&x=1']}",
    "metadata: {db_password: hunter, list: ['x://u:hunter@h']}",
    "environment: {Q: '${Q:-postgres://u:hunter@h/d}'}",
    "environment: {NEST: '${NEST:-${SECRET_KEY:-hunter}}'}",
    "environment: {A: 'postgres://u:${PGPASS:-hunter}@h/d'}",
    "environment: {A: 'postgres://u:${PLAIN:-hunter}@h/d'}",
    "environment: {A_EARLY: '${PLAIN:-hunter}', MY_PASSWORD: '${PLAIN:-hunter}'}",
    "environment: {MY_PASSWORD: 'hunter${X}', B_PASSWORD: 'hunter$$x'}",
    "environment: {A: $DOT_URL, B: $DOT_PLAIN, C_PASSWORD: $DOT_PLAIN}",
    "environment: ['A=x://u:hunter@h y://v:hunter@h', 'GITHUB_PAT=hunter', DOT_URL]",
    "environment: {J: '{\"password\":\"hunter\"}', C: 'Server=x;Password=hunter hunter;E=1', P: 'x;pwd=hunter'}",
    "environment: {A: ghp_hunter0, B: glpat-hunter, C: eyJhunter.hunter.hunter, D: xoxb-hunter}",
    "environment: {A: '${ALT:+token=hunter}', B: '${REQ:?set password=hunter}'}",
    "env_file: k.env",
];

const NAMES: &str = "PASSWORD1 DB_PASSWORD2 PW DB_PWD GITHUB_PAT SSH_KEY PRIVATE_KEY KEY CREDS AUTH BEARER SECRET_ID SENTRY_DSN \
                     SLACK_WEBHOOK AUTH_SALT COOKIE";

const ENV_FILE: &str = "TLS_KEY=\"-----BEGIN RSA PRIVATE KEY-----\nhunter=\nhunter\n-----END RSA PRIVATE KEY-----\"\nexport \
                        URL=postgres://u:hunter@h/d # c\nAPP_TOKEN='hunter'\nbad line=hunter\nUSES=http://u:${APP_TOKEN}@h/\n";

pub fn are_never_copied_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), ".env", "DOT_URL=x://u:hunter@h/d\nDOT_PLAIN=hunter\n");
    put(folder.path(), "k.env", ENV_FILE);
    let named: Vec<String> = NAMES.split_whitespace().map(|name| format!("environment: {{{name}: hunter}}")).collect();
    for key in KEYS.iter().copied().chain(named.iter().map(String::as_str)) {
        let plan = planned(folder.path(), &format!("services:\n  web:\n    image: a/b:1\n    {key}\n"));
        for file in plan.files() {
            assert!(!file.text.contains("hunter"), "{key}: {}: {}", file.path, file.text);
        }
        let lines = remarks(&plan);
        assert!(!lines.iter().any(|line| line.contains("hunter")), "{key}: {lines:#?}");
        let is_asked = plan.files().iter().any(|file| file.text.contains("type: password\n"));
        assert!(is_asked || key.contains("ALT"), "{key}");
        is_strictly_good(key, &plan);
        if key.starts_with("env_file") {
            for place in ["k.env:1:1: TLS_KEY", "k.env:5:1: URL_PASSWORD", "k.env:6:1: APP_TOKEN", "k.env:7:1: line 7"]
            {
                assert!(lines.iter().any(|line| line.contains(place)), "{place}: {lines:#?}");
            }
        }
    }
    let volume = "services: {web: {image: 'a/b:1'}}\nvolumes:\n  v: {driver: x, driver_opts: {o: 'username=u,password=hunter'}}\n";
    let plan = planned(folder.path(), volume);
    assert!(plan.files()[0].text.contains("o: username=u,password=${o_password}\n"), "{}", plan.files()[0].text);
}

pub fn are_not_seen_where_there_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let plan = planned(
        folder.path(),
        "services:\n  web:\n    image: a/b:1\n    command: sh -c 'export PASSWORD=$$PASSWORD; run --password-file /run/x'\n    \
         environment: {KAFKA_TOKEN_BUCKETS: a, PUBLIC_KEY: b, KEYCLOAK_URL: c, KEYSPACE: d, AUTH_URL: 'http://h:80/e', \
         TOKEN_TTL: 3600, AUTH: 'true'}\n    deploy: {replicas: -1}\n",
    );
    let asked = plan.files().iter().any(|file| file.text.contains("questions:"));
    assert!(!asked, "{:?}", plan.files());
    let lines = remarks(&plan);
    assert!(
        lines.iter().any(|line| line.contains(":6:24: `deploy.replicas: -1` is left out: replicas must be 0 or more"))
    );
}
