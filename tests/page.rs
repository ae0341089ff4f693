//! The customer's page in a real browser, against the real binary: a question, its answer, the source in its place, a person.
//!
//! Needs a browser of the Chromium family. Without one the test says so and passes, except in CI, where it must run.

mod browser;

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use browser::Browser;
use serde_json::Value;

/// Long enough for a slow machine's first answer; a broken page is reported after it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first start may read models and build the index.
const START_PATIENCE: Duration = Duration::from_secs(300);

/// A running server on a port of its own. Dropping it ends it.
struct Server {
    process: Child,
    address: String,
    _data: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder for the server's data");
        let mut process = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary that cargo built starts");
        let output = process.stdout.take().expect("standard output is piped");
        let (sender, receiver) = mpsc::channel();
        // Reads on to the end, so that a full pipe never stops the server.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    let _ = sender.send(address);
                }
            }
        });
        let mut server = Self { process, address: String::new(), _data: data };
        server.address = receiver.recv_timeout(START_PATIENCE).expect("the server prints a line with its address when it is ready");
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `http://127.0.0.1:PORT` out of a line that has it.
fn address_in(line: &str) -> Option<String> {
    let rest = &line[line.find("http://127.0.0.1:")?..];
    let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || ":/.".contains(letter))).unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches(['/', '.', ':']).to_owned())
}

/// The browser, or `None` with a notice where none is installed. CI must have one.
fn browser() -> Option<PathBuf> {
    let found = browser::find_browser();
    if found.is_none() {
        let how = "install chromium (Debian: apt-get install chromium), or name one with FRONTDESK_TEST_BROWSER=/path/to/browser";
        assert!(std::env::var_os("CI").is_none(), "the page test needs a browser: {how}");
        // Past the capture of a passing test's output, so that nobody takes this for a test that ran.
        let _ = writeln!(std::io::stderr(), "NOT TESTED: the customer's page, because no browser is installed; {how}");
    }
    found
}

/// Keeps a copy of what the server streams, so that the page can be compared with it.
const RECORD: &str = "(() => { const ask = window.fetch; window.streams = [];
    window.fetch = async (...args) => { const reply = await ask(...args);
        if (String(args[0]).includes('v1/answer')) reply.clone().text().then((text) => window.streams.push(text), () => {});
        return reply; }; })()";

/// The reply that ended the last stream.
fn last_answer(page: &mut Browser, streams: usize) -> Value {
    page.wait_until(&format!("window.streams.length === {streams}"), PATIENCE);
    let stream = page.evaluate("window.streams.at(-1)");
    let stream = stream.as_str().expect("a recorded stream");
    let last = stream.split("\n\n").find(|event| event.lines().any(|line| line == "event: answer.completed"));
    let data = last.and_then(|event| event.lines().find_map(|line| line.strip_prefix("data:")));
    serde_json::from_str(data.unwrap_or_else(|| panic!("no completed answer in:\n{stream}"))).expect("the answer is JSON")
}

#[test]
fn a_customer_gets_an_answer_sees_it_in_the_policy_and_reaches_a_person() {
    let Some(program) = browser() else { return };
    let server = Server::start();
    let mut page = Browser::start(&program);
    page.goto(&server.address);
    page.evaluate(RECORD);

    // The cursor is already in the field: a customer can start to type.
    page.wait_until("document.activeElement.id === 'question'", PATIENCE);
    page.type_text("What happens if I pay late?");
    page.wait_until("document.querySelector('[data-testid=source]')", PATIENCE);
    let answer = last_answer(&mut page, 1);
    // The small source numbers are drawn by the style sheet: the text is the answer, nothing else.
    let shown = page.evaluate("document.querySelector('[data-testid=answer]').textContent");
    assert_eq!(shown, answer["answer"], "the page shows what the server answered");
    assert_eq!(page.evaluate("document.getElementById('question').value"), "", "the field is free for the next question");

    page.click("[data-testid=source]");
    page.wait_until("document.getElementById('panel').open && document.querySelector('[data-testid=quote]')", PATIENCE);
    let marked = page.evaluate("[...document.querySelectorAll('[data-testid=quote]')].map((mark) => mark.textContent).join('')");
    assert_eq!(marked, answer["citations"][0]["quote"], "what is marked is the quote, character for character");
    let surroundings = page.evaluate("document.getElementById('panel-body').innerText.length").as_u64().unwrap_or(0);
    assert!(surroundings > 2 * marked.as_str().map_or(0, str::len) as u64, "the quote stands among the words around it");
    page.wait_until(
        "(() => { const mark = document.querySelector('[data-testid=quote]').getBoundingClientRect();
           const view = document.getElementById('panel-body').getBoundingClientRect();
           return mark.height > 0 && mark.top >= view.top && mark.top < view.bottom; })()",
        PATIENCE,
    );
    page.press("Escape", 27, "");
    page.wait_until("!document.getElementById('panel').open && document.activeElement.dataset.testid === 'source'", PATIENCE);

    page.click("#person");
    page.wait_until("document.querySelector('[data-testid=handover]')", PATIENCE);
    let answer = last_answer(&mut page, 2);
    assert_eq!(answer["decision"], "escalate", "who asks for a person gets one");
    let id = answer["handoff"]["id"].as_str().expect("a hand-off has an id");
    let card = page.evaluate("document.querySelector('[data-testid=handover]').innerText");
    assert!(card.as_str().is_some_and(|text| text.contains(id)), "the card names the hand-off {id}: {card}");

    // A lost connection keeps the question: one click asks it again.
    page.click("#new");
    page.evaluate(
        "(() => { const kept = window.fetch; window.fetch = async () => { window.fetch = kept; throw new TypeError('gone'); }; })()",
    );
    page.evaluate("document.getElementById('question').focus()");
    page.type_text("What happens if I pay late?");
    page.wait_until("document.querySelector('[data-testid=trouble] button')", PATIENCE);
    page.click("[data-testid=trouble] button");
    page.wait_until("document.querySelector('[data-testid=source]') && !document.querySelector('[data-testid=trouble]')", PATIENCE);
    assert_eq!(page.evaluate("document.querySelectorAll('.asked').length"), 1, "asking again is not a second question");

    // What the console says comes a moment after the page is done.
    page.evaluate("new Promise((done) => setTimeout(done, 200))");
    assert!(page.problems().is_empty(), "the page ran with problems: {:#?}", page.problems());
}

#[test]
fn the_page_fits_a_phone_and_speaks_chinese_when_asked() {
    let Some(program) = browser() else { return };
    let server = Server::start();
    let mut page = Browser::start(&program);
    page.resize(360, 720, true);
    page.goto(&server.address);
    page.click("[data-lang=zh]");
    assert_eq!(page.evaluate("document.documentElement.lang"), "zh-CN");
    assert_eq!(page.evaluate("document.getElementById('person').textContent"), "转人工");
    page.click("#examples button");
    page.wait_until("document.querySelector('[data-testid=answer]')", PATIENCE);
    page.wait_until("document.querySelector('[data-testid=source], [data-testid=handover]')", PATIENCE);
    let wide = page.evaluate("[...document.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.sr, dialog')).length");
    assert_eq!(wide, 0, "nothing sticks out of a narrow screen");
    page.click("#new");
    page.wait_until(
        "!document.querySelector('[data-testid=answer]') && document.querySelector('#examples button').checkVisibility()",
        PATIENCE,
    );
    assert!(page.problems().is_empty(), "the page ran with problems: {:#?}", page.problems());
}
