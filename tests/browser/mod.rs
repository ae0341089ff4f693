//! Drives a real browser over the Chrome DevTools Protocol, with no more than a WebSocket.
//!
//! <https://chromedevtools.github.io/devtools-protocol/>. A test wants a page to do something within some seconds; whatever goes
//! wrong on the way is a failed test, so these functions panic with what they waited for instead of returning errors.

#![allow(dead_code, reason = "each test file that includes this module uses its own part of it")]

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// Names that browsers of this family go by.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The longest a browser may take for one command or for starting.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a browser is: `FRONTDESK_TEST_BROWSER`, or the first known name on the search path.
pub fn find_browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("FRONTDESK_TEST_BROWSER") {
        return Some(PathBuf::from(named));
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|path| path.is_file())
}

/// A browser with one open page. Dropping it ends the browser and removes its profile.
pub struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    last_id: u64,
    problems: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts the browser without a window, with a fresh profile, and opens an empty page.
    pub fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let process = Command::new(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--lang=en-US", "--window-size=1100,800", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        // From here on the process has an owner that ends it, whatever fails next.
        let mut guard = KillOnDrop(Some(process));
        let (port, path) = wait_for_port(&profile.path().join("DevToolsActivePort"));
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the browser listens on the port it named");
        stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout is accepted");
        let (socket, _) = tungstenite::client(format!("ws://127.0.0.1:{port}{path}"), stream).expect("the browser speaks WebSocket");
        let process = guard.0.take().expect("nothing has taken the process yet");
        let mut browser = Self { process, socket, session: String::new(), last_id: 0, problems: Vec::new(), _profile: profile };
        let target = browser.command("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.command("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = attached["sessionId"].as_str().expect("attaching gives a session").to_owned();
        for domain in ["Page", "Runtime", "Log"] {
            browser.command(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Sends one protocol command and waits for its result; events that come in between are looked at for problems.
    pub fn command(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.socket.send(Message::text(message.to_string())).expect("the browser takes commands");
        loop {
            let message = self.socket.read().unwrap_or_else(|error| panic!("no reply to {method} from the browser: {error}"));
            let Message::Text(text) = message else { continue };
            let mut reply: Value = serde_json::from_str(&text).expect("the browser sends JSON");
            if reply["id"] == json!(id) {
                assert!(reply["error"].is_null(), "{method} failed: {}", reply["error"]);
                return reply["result"].take();
            }
            self.note_problem(&reply);
        }
    }

    /// Opens an address and waits until its document and scripts are loaded.
    pub fn goto(&mut self, url: &str) {
        let reply = self.command("Page.navigate", json!({"url": url}));
        assert!(reply["errorText"].is_null(), "{url} does not open: {}", reply["errorText"]);
        self.wait_until("document.readyState === 'complete'", Duration::from_secs(20));
    }

    /// The value of a JavaScript expression; a promise is waited for.
    pub fn evaluate(&mut self, js: &str) -> Value {
        let params = json!({"expression": js, "awaitPromise": true, "returnByValue": true});
        let mut reply = self.command("Runtime.evaluate", params);
        assert!(reply["exceptionDetails"].is_null(), "`{js}` threw: {}", reply["exceptionDetails"]);
        reply["result"]["value"].take()
    }

    /// Waits until a JavaScript expression is true, and fails with it and the page's text if it never is.
    pub fn wait_until(&mut self, js: &str, timeout: Duration) {
        let start = Instant::now();
        while !truthy(&self.evaluate(js)) {
            if start.elapsed() > timeout {
                let page = self.evaluate("document.body?.innerText");
                panic!(
                    "after {timeout:?} still not true: `{js}`\nproblems: {:#?}\nthe page reads:\n{}",
                    self.problems,
                    page.as_str().unwrap_or("")
                );
            }
            sleep(Duration::from_millis(30));
        }
    }

    /// Types into the element that has the focus, then presses Enter.
    pub fn type_text(&mut self, text: &str) {
        self.command("Input.insertText", json!({"text": text}));
        self.press("Enter", 13, "\r");
    }

    /// Presses and releases a key, by its name and its Windows key code; `text` is what it types, if anything.
    pub fn press(&mut self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut params = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                params["text"] = json!(text);
            }
            self.command("Input.dispatchKeyEvent", params);
        }
    }

    /// Clicks the middle of the first element that matches, with the mouse. Fails if something else lies on top of it.
    pub fn click(&mut self, selector: &str) {
        let selector = json!(selector);
        let spot = self.evaluate(&format!(
            "(() => {{ const e = document.querySelector({selector}); if (!e) return 'is missing';
               e.scrollIntoView({{block: 'nearest', behavior: 'instant'}}); const b = e.getBoundingClientRect();
               const x = b.x + b.width / 2, y = b.y + b.height / 2, top = document.elementFromPoint(x, y);
               return e.contains(top) ? {{x, y}} : 'is covered by ' + (top ? top.outerHTML.slice(0, 120) : 'nothing, it is out of view'); }})()"
        ));
        assert!(spot.is_object(), "cannot click {selector}: it {spot}");
        for (kind, clicks) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 1)] {
            let params = json!({"type": kind, "x": spot["x"], "y": spot["y"], "button": if clicks == 0 { "none" } else { "left" }, "clickCount": clicks});
            self.command("Input.dispatchMouseEvent", params);
        }
    }

    /// Pretends to be a screen of this many CSS pixels, a phone's if `mobile`.
    pub fn resize(&mut self, width: u32, height: u32, mobile: bool) {
        let params = json!({"width": width, "height": height, "deviceScaleFactor": if mobile { 2 } else { 1 }, "mobile": mobile});
        self.command("Emulation.setDeviceMetricsOverride", params);
        self.command("Emulation.setTouchEmulationEnabled", json!({"enabled": mobile}));
    }

    /// Writes what the page looks like as a PNG file.
    pub fn screenshot(&mut self, path: &Path) {
        let reply = self.command("Page.captureScreenshot", json!({"format": "png"}));
        fs::write(path, decode_base64(reply["data"].as_str().expect("a picture"))).expect("the picture can be written");
    }

    /// What went wrong in the page so far: exceptions, console errors, refused or failed loads, policy violations.
    pub fn problems(&mut self) -> &[String] {
        self.evaluate("0"); // events wait in the socket until something is read
        &self.problems
    }

    fn note_problem(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.problems.push(format!("exception: {}", params["exceptionDetails"])),
            Some("Runtime.consoleAPICalled") if params["type"] == "error" || params["type"] == "assert" => {
                self.problems.push(format!("console: {}", params["args"]));
            }
            Some("Log.entryAdded") if params["entry"]["level"] == "error" => self.problems.push(format!("log: {}", params["entry"])),
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to close, it also ends its helper processes; killed as well, it cannot stay.
        let close = json!({"id": 0, "method": "Browser.close"});
        if self.socket.send(Message::text(close.to_string())).is_ok() {
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(3) && matches!(self.process.try_wait(), Ok(None)) {
                sleep(Duration::from_millis(20));
            }
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ends a process that no test owns yet.
struct KillOnDrop(Option<Child>);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(process) = &mut self.0 {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The port and path that the browser writes into its profile once it listens.
fn wait_for_port(file: &Path) -> (u16, String) {
    let start = Instant::now();
    loop {
        let written = fs::read_to_string(file).unwrap_or_default();
        if let Some((port, path)) = written.trim().split_once('\n') {
            return (port.parse().expect("a port number"), path.to_owned());
        }
        assert!(start.elapsed() < PATIENCE, "the browser did not open its debugging port within {PATIENCE:?}");
        sleep(Duration::from_millis(20));
    }
}

/// As JavaScript sees it.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Standard alphabet, with or without padding (RFC 4648, section 4).
fn decode_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0u32, 0);
    for letter in text.bytes().take_while(|letter| *letter != b'=') {
        let six = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        held = held << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}
