//! The daemon checks its settings at the start and tells all that is wrong with them at once.

use std::process::{Command, Output};

fn daemon(args: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_swarmkit-mon"))
        .args(args)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let (code, errors) = daemon(&["--log-level", "loud"], &[("MANAGER_SCALE", "4"), ("RECONCILE_PERIOD", "0")]);
    assert_eq!(code, 2);
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(
        lines,
        [
            "swarmkit-mon: MANAGER_SCALE (--manager-scale) is `4`: allowed is 1, 3, 5, 7 or 9",
            "swarmkit-mon: RECONCILE_PERIOD (--reconcile-period) is `0`: allowed is 1 to 300 s",
            "swarmkit-mon: LOG_LEVEL (--log-level) is `loud`: allowed is error, warn, info, debug or trace",
        ]
    );
}

#[test]
fn good_settings_are_accepted_and_it_says_that_it_does_no_more_yet() {
    let (code, errors) = daemon(&["--manager-scale=5"], &[("MANAGER_SCALE", "bad"), ("LOG_LEVEL", "")]);
    assert_eq!(code, 2);
    assert!(errors.contains("manager_scale: 5") && errors.contains("does not form a swarm yet"), "{errors}");
}
