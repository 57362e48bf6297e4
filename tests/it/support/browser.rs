//! A real browser without a window, spoken to over a pipe as its developers' tools do.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A Chromium: `$OODSCOPE_TEST_CHROMIUM`, else one on the path.
pub fn found() -> Option<PathBuf> {
    let named = std::env::var_os("OODSCOPE_TEST_CHROMIUM").map(PathBuf::from);
    let folders: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    let known = ["chromium", "chromium-browser", "chromium-headless-shell", "google-chrome", "google-chrome-stable"];
    let on_path = known.iter().flat_map(|name| folders.iter().map(move |f| f.join(name))).find(|p| p.is_file());
    named.or(on_path)
}

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last: u64,
    session: Option<String>,
    /// What the page complained of.
    pub errors: Vec<String>,
    /// Events that were not waited for yet.
    events: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        // It reads what it is told from descriptor 3 and answers on 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 >/dev/null 2>&1"])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--remote-debugging-pipe", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (last, session, errors, events) = (0, None, Vec::new(), Vec::new());
        let mut browser = Self { child, to, from, last, session, errors, events, _profile: profile };
        let page = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = json!({ "targetId": page["targetId"], "flatten": true });
        let session = browser.ask("Target.attachToTarget", attached)["sessionId"].as_str().map(String::from);
        browser.session = session;
        for room in ["Page", "Runtime", "Log"] {
            browser.ask(&format!("{room}.enable"), json!({}));
        }
        browser
    }

    /// Asks for something and answers what came of it.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut words = json!({ "id": self.last, "method": method });
        words["params"] = params;
        if let Some(session) = &self.session {
            words["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{words}\0").as_bytes()).unwrap();
        self.to.flush().unwrap();
        loop {
            let said = self.next();
            if said["id"] == self.last {
                assert!(said["error"].is_null(), "{method}: {}", said["error"]);
                return said["result"].clone();
            }
        }
    }

    fn next(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).unwrap();
        assert_eq!(bytes.pop(), Some(0), "the browser is gone");
        let said: Value = serde_json::from_slice(&bytes).unwrap();
        let bad = match said["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => true,
            "Runtime.consoleAPICalled" => said["params"]["type"] == "error",
            "Log.entryAdded" => said["params"]["entry"]["level"] == "error",
            other => {
                self.events.push(other.into());
                false
            }
        };
        if bad {
            self.errors.push(said["params"].to_string());
        }
        said
    }

    /// Opens a file in a window of this size.
    pub fn open(&mut self, file: &Path, (width, height): (u32, u32)) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        self.events.clear();
        self.ask("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        while !self.events.iter().any(|e| e == "Page.loadEventFired") {
            self.next();
        }
    }

    /// The value of an expression.
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let said = self.ask("Runtime.evaluate", asked);
        assert!(said["exceptionDetails"].is_null(), "{expression}: {}", said["exceptionDetails"]);
        said["result"]["value"].clone()
    }

    /// Moves the mouse.
    pub fn mouse(&mut self, x: f64, y: f64) {
        self.ask("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": x, "y": y }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
