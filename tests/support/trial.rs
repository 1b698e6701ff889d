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

/// Runs them as the command line asks, and ends the process.
pub fn run(trials: Vec<Trial>) -> ! {
    libtest_mimic::run(&Arguments::from_args(), trials).exit()
}
