//! Tests that cannot run everywhere: where one cannot, it is counted as ignored and the reason is printed.

use libtest_mimic::{Arguments, Failed, Trial};

/// A test, and why it cannot run here if it cannot.
pub fn trial(name: &str, missing: Option<&str>, test: fn()) -> Trial {
    if let Some(missing) = missing {
        println!("ignored: {name}: {missing}");
    }
    let run = move || {
        test();
        Ok::<(), Failed>(())
    };
    Trial::test(name, run).with_ignored_flag(missing.is_some())
}

/// The same of what must be there where every change is tested: missing there, it fails.
#[allow(dead_code, reason = "each test takes what it needs")]
pub fn trial_wanted_in_ci(name: &str, missing: Option<&'static str>, test: fn()) -> Trial {
    let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    match missing.filter(|_| in_ci) {
        Some(missing) => Trial::test(name, move || Err(Failed::from(missing))),
        None => trial(name, missing, test),
    }
}

/// Says that the hosts of the other trials ask Rancher's own rancher-metadata: where it is missing they ask the stand-in.
#[allow(dead_code, reason = "each test takes what it needs")]
pub fn ranchers_own_metadata(missing: Option<&'static str>) -> Trial {
    trial_wanted_in_ci("the_hosts_ask_ranchers_own_metadata", missing, || {})
}

/// Runs them as the command line asks, and ends the process.
pub fn run(trials: Vec<Trial>) -> ! {
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}
