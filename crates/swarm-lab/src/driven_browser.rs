//! A browser that is driven: it presses keys, chooses and waits as a person does, over Chromium's own protocol, which it
//! speaks over two pipes.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::browser::Scheme;

/// What anything may take: a machine may have other work to do.
const LIMIT: Duration = Duration::from_secs(60);

/// A page in a browser. Both are gone with it.
pub struct Page {
    folder: tempfile::TempDir,
    browser: Child,
    to: File,
    from: Receiver<Value>,
    session: String,
    number: u64,
    /// The addresses that the page asked for.
    pub asked: Vec<String>,
    /// What the browser complained of.
    pub complaints: Vec<String>,
}

impl Page {
    /// An empty one.
    #[allow(clippy::new_without_default, reason = "it starts a program")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (to, from) = (folder.path().join("to"), folder.path().join("from"));
        assert!(Command::new("mkfifo").arg(&to).arg(&from).status().unwrap().success());
        let mut command = Command::new("sh");
        // A pipe that is opened for both waits for nobody.
        command.args(["-c", "exec chromium \"$@\" 3<>\"$TO\" 4<>\"$FROM\"", "chromium"]);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.args(["--disable-dev-shm-usage", "--hide-scrollbars", "--no-proxy-server", "--remote-debugging-pipe"]);
        command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
        command.env("TO", &to).env("FROM", &from).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let browser = command.spawn().unwrap();
        let both = |path: &Path| OpenOptions::new().read(true).write(true).open(path).unwrap();
        let (told, heard) = channel();
        let mut lines = BufReader::new(both(&from));
        thread::spawn(move || {
            let mut message = Vec::new();
            while lines.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { return };
                if told.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let mut page = Self {
            to: both(&to),
            folder,
            browser,
            from: heard,
            session: String::new(),
            number: 0,
            asked: Vec::new(),
            complaints: Vec::new(),
        };
        let target = page.call("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].take();
        let attached = page.call("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        page.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page
    }

    /// Calls a method of the protocol.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// What a method of the protocol answers, or the error that it names.
    #[track_caller]
    fn try_call(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        loop {
            let mut answer = self.from.recv_timeout(LIMIT).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == self.number {
                return if answer.get("error").is_some() {
                    Err(answer["error"].take())
                } else {
                    Ok(answer["result"].take())
                };
            }
            self.take(&answer);
        }
    }

    /// Takes note of what happened in the page.
    fn take(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.asked.extend(params["request"]["url"].as_str().map(str::to_owned))
            }
            Some("Log.entryAdded") => self.complaints.push(params["entry"]["text"].to_string()),
            Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled") => self.complaints.push(params.to_string()),
            _ => {}
        }
    }

    /// Goes to an address, and waits until it is there.
    #[track_caller]
    pub fn go(&mut self, address: &str) {
        self.call("Page.navigate", &json!({"url": address}));
        self.until(&format!("location.href === {} && document.readyState === 'complete'", json!(address)));
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.call("Runtime.evaluate", &params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Clicks on the element that an expression names. It may lead to another page, so no answer is waited for.
    pub fn click(&mut self, element: &str) {
        assert_eq!(self.value(&format!("{element} != null")), true, "{element} is not there");
        let params = json!({"expression": format!("setTimeout(() => {element}.click())"), "returnByValue": true});
        self.call("Runtime.evaluate", &params);
    }

    /// Waits until an expression is true, and tells how long that took.
    #[track_caller]
    pub fn until(&mut self, expression: &str) -> Duration {
        let start = Instant::now();
        loop {
            let params = json!({"expression": expression, "returnByValue": true});
            // While one document takes the place of another, there is none to ask.
            let answer = self.try_call("Runtime.evaluate", &params).unwrap_or_else(|error| error);
            if answer["result"]["value"] == true {
                return start.elapsed();
            }
            if start.elapsed() > LIMIT {
                let page = self.value("document.body.innerText");
                panic!("{expression} does not come true: {answer}: {}", page.as_str().unwrap_or_default());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Presses a key, such as `Tab` or `Enter`.
    pub fn press(&mut self, key: &str) {
        let text = if key == "Enter" { "\r" } else { "" };
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "ArrowDown" => 40,
            _ => 0,
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({"type": kind, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code});
            // A key that leads to another page may be answered by neither.
            if let Err(error) = self.try_call("Input.dispatchKeyEvent", &event) {
                assert!(error["message"].as_str().is_some_and(|words| words.contains("navigated")), "{key}: {error}");
            }
        }
    }

    /// Writes a text into what has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", &json!({"text": text}));
    }

    /// Shows the page in a scheme, so many pixels wide and high.
    pub fn shape(&mut self, scheme: Scheme, (width, height): (u32, u32)) {
        let name = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": name}]});
        self.call("Emulation.setEmulatedMedia", &features);
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// A picture of what is to be seen.
    pub fn picture(&mut self) -> Vec<u8> {
        let picture = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }

    /// A folder that lives as long as the page.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}
