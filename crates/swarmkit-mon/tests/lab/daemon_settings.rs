//! The daemon checks its settings at the start and tells all that is wrong with them at once.

use std::process::{Command, Output};
use swarm_lab::trial::Trial;
use swarm_lab::trials;

pub fn trials() -> Vec<Trial> {
    trials![
        all_that_is_wrong_is_told_at_once,
        a_number_that_can_be_bent_is_no_error_and_a_flag_wins_over_its_variable,
        unknown_arguments_are_refused,
    ]
}

fn daemon(args: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let Output { status, stderr, .. } = Command::new(swarm_lab::programs::swarmkit_mon())
        .args(args)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

fn all_that_is_wrong_is_told_at_once() {
    let given = [
        ("MANAGER_SCALE", "many"),
        ("MANAGER_AVAILABILITY", "pause"),
        ("NETWORK", "a b"),
        ("RECONCILE_PERIOD", "0"),
        ("LOG_FORMAT", "xml"),
    ];
    let (code, errors) = daemon(&["--log-level", "loud"], &given);
    assert_eq!(code, 2);
    let lines: Vec<&str> = errors.lines().collect();
    assert_eq!(
        lines,
        [
            "swarmkit-mon: MANAGER_SCALE (--manager-scale) is `many`: allowed is 1, 3, 5, 7 or 9",
            "swarmkit-mon: MANAGER_AVAILABILITY (--manager-availability) is `pause`: allowed is active or drain",
            "swarmkit-mon: NETWORK (--network) is `a b`: allowed is a word, or blank for none",
            "swarmkit-mon: RECONCILE_PERIOD (--reconcile-period) is `0`: allowed is 1 to 300 s",
            "swarmkit-mon: LOG_LEVEL (--log-level) is `loud`: allowed is error, warn, info, debug or trace",
            "swarmkit-mon: LOG_FORMAT (--log-format) is `xml`: allowed is text or json",
        ]
    );
}

fn a_number_that_can_be_bent_is_no_error_and_a_flag_wins_over_its_variable() {
    let given = [("MANAGER_SCALE", "4"), ("RECONCILE_PERIOD", "never"), ("LOG_LEVEL", " ")];
    let (code, errors) = daemon(&["plan", "--reconcile-period=5", "--network=-"], &given);
    assert_eq!(code, 2);
    assert_eq!(errors, "swarmkit-mon: NETWORK (--network) is `-`: allowed is a word, or blank for none\n");
}

fn unknown_arguments_are_refused() {
    for args in [&["--manager-scales=3"][..], &["plan", "--format=xml"], &["plans"]] {
        let (code, errors) = daemon(args, &[]);
        assert_eq!(code, 2, "{args:?}");
        assert!(errors.contains("Usage") || errors.contains("--help"), "{errors}");
    }
}
