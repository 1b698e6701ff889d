//! A real browser without a window: Chromium, for what a page shows, asks for, and looks like.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

/// What a visit may take.
const LIMIT: Duration = Duration::from_secs(90);

/// Why there is none here, if that is so.
pub fn missing() -> Option<&'static str> {
    let found = Command::new("chromium").arg("--version").output().is_ok_and(|output| output.status.success());
    (!found).then_some("needs a browser (Debian: chromium)")
}

/// A light or a dark page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// A browser with a profile of its own, which is gone with it.
pub struct Browser {
    folder: tempfile::TempDir,
}

/// What came of a visit.
pub struct Visit {
    /// The document, after all of it was read.
    pub document: String,
    /// The addresses that the document asked for.
    pub asked: Vec<String>,
    /// What the browser complained of, as that something was against the page's policy.
    pub complaints: Vec<String>,
}

impl Browser {
    /// A new one.
    #[allow(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn run(&self, address: &str, args: &[String]) -> Output {
        let output = Command::new("timeout")
            .arg(LIMIT.as_secs().to_string())
            .args(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server", "--enable-logging=stderr"])
            .arg(format!("--user-data-dir={}", self.folder.path().join("profile").display()))
            .args(args)
            .arg(address)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Reads a page.
    pub fn visit(&self, address: &str) -> Visit {
        let log = self.folder.path().join("net.json");
        let output = self.run(address, &["--dump-dom".to_owned(), format!("--log-net-log={}", log.display())]);
        let errors = String::from_utf8_lossy(&output.stderr);
        let complaints = errors.lines().filter(|line| line.contains("CONSOLE"));
        Visit {
            document: String::from_utf8(output.stdout).unwrap(),
            asked: asked(&std::fs::read_to_string(&log).unwrap(), host_of(address)),
            complaints: complaints.map(str::to_owned).collect(),
        }
    }

    /// Makes a picture of it, so many pixels wide and high.
    pub fn picture(&self, address: &str, scheme: Scheme, (width, height): (u32, u32), to: &Path) {
        let mut args = vec![format!("--screenshot={}", to.display()), format!("--window-size={width},{height}")];
        if scheme == Scheme::Dark {
            args.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        self.run(address, &args);
        assert!(to.exists(), "no picture of {address}");
    }

    /// A folder that lives as long as the browser.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or(rest)
}

/// The addresses that a page of this host asked for, its own among them, by a browser's log of the network. It has no end where
/// the browser ended early.
fn asked(log: &str, host: &str) -> Vec<String> {
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line.trim_end_matches(',')).ok());
    let addresses = events.filter_map(|event| {
        let params = &event["params"];
        // What the browser asks for of its own accord is not for the sake of a page.
        let of_the_page = params["site_for_cookies"].as_str().is_some_and(|site| site.contains(host));
        params["url"].as_str().filter(|_| of_the_page).map(str::to_owned)
    });
    addresses.collect()
}
