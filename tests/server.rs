//! The server over a real socket: a stream in its order, a client that leaves, and an orderly end.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

struct Server {
    process: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("corpus")).unwrap();
        std::fs::write(folder.path().join("corpus/returns.md"), "# Returns\n\nYou can return an item within 30 days after delivery.\n")
            .unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address =
            lines.into_iter().find_map(|line| Some(line.split_once("http://")?.1.trim().to_owned())).expect("it says where to open it");
        Self { process, address, _folder: folder }
    }

    /// Status line, headers and body of one request.
    fn send(&self, method: &str, path: &str, body: &str) -> String {
        let mut reply = String::new();
        self.open(method, path, body).read_to_string(&mut reply).unwrap();
        reply
    }

    fn open(&self, method: &str, path: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}", self.address).unwrap();
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_stream_decides_before_it_speaks_and_the_server_ends_in_order() {
    let mut server = Server::start();
    assert!(server.send("GET", "/readyz", "").starts_with("HTTP/1.1 200"));

    let stream = server.send("POST", "/v1/answer", r#"{"question":"How many days do I have to return an item?","stream":true}"#);
    let events: Vec<&str> =
        stream.lines().filter_map(|line| line.strip_prefix("event: ").or(line.strip_prefix("event:"))).map(str::trim).collect();
    let place = |name: &str| events.iter().position(|event| *event == name).unwrap_or_else(|| panic!("no {name} in {stream}"));
    assert!(place("answer.started") < place("retrieval.done") && place("retrieval.done") < place("escalation.decided"));
    assert!(place("escalation.decided") < place("answer.delta") && place("answer.delta") < place("citation.added"));
    assert_eq!(events.last(), Some(&"answer.completed"));
    let last = stream.lines().filter_map(|line| line.strip_prefix("data:")).next_back().unwrap();
    let answer: Value = serde_json::from_str(last.trim()).unwrap();
    assert_eq!(answer["citations"][0]["quote"], "You can return an item within 30 days after delivery.");

    let handed_over = server.send("POST", "/v1/answer", r#"{"question":"I want to talk to a human"}"#);
    let body: Value = serde_json::from_str(handed_over.split_once("\r\n\r\n").unwrap().1).unwrap();
    let id = body["handoff"]["id"].as_str().unwrap();
    assert!(server.send("GET", &format!("/v1/handoffs/{id}"), "").contains("I want to talk to a human"));

    // A client that leaves at once, and nonsense, must not disturb the next one.
    drop(server.open("POST", "/v1/answer", r#"{"question":"How many days?"}"#));
    assert!(server.send("POST", "/v1/answer", "\u{0}\u{1}").contains("application/problem+json"));
    assert!(server.send("GET", "/livez", "").starts_with("HTTP/1.1 200"));

    let pid = server.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let asked = Instant::now();
    let status = loop {
        if let Some(status) = server.process.try_wait().unwrap() {
            break status;
        }
        assert!(asked.elapsed() < Duration::from_secs(15), "the server ends when it is told to");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_changed_policy_is_answered_as_changed_without_a_restart() {
    let server = Server::start();
    let answer = || -> Value {
        let reply = server.send("POST", "/v1/answer", r#"{"question":"How many days do I have to return an item?"}"#);
        serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let becomes = |what: &str, holds: &dyn Fn(&Value) -> bool| {
        let asked = Instant::now();
        loop {
            let now = answer();
            if holds(&now) {
                return;
            }
            assert!(asked.elapsed() < Duration::from_secs(30), "{what}: {now}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    assert!(answer()["answer"].as_str().unwrap().contains("30 days"));
    let corpus = server._folder.path().join("corpus");
    std::fs::write(corpus.join("returns.md"), "# Returns\n\nYou can return an item within 45 days after delivery.\n").unwrap();
    becomes("the new text", &|now| now["answer"].as_str().unwrap().contains("45 days") && now["index_version"] == 2);

    // Something that cannot be used must not take the old policies away, and what was deleted is gone.
    std::fs::write(corpus.join("parcels.md"), "# Parcels\n\nParcels go out on weekdays.\n").unwrap();
    becomes("a second policy", &|now| now["index_version"] == 3);
    std::fs::remove_file(corpus.join("returns.md")).unwrap();
    becomes("the deleted policy is not cited", &|now| {
        now["citations"].as_array().unwrap().iter().all(|one| one["document_id"] != "returns")
    });
    std::fs::remove_file(corpus.join("parcels.md")).unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(server.send("GET", "/readyz", "").starts_with("HTTP/1.1 200"), "an emptied folder does not stop the server");
}
