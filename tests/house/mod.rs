//! A real server on a port of its own, without any model: what it does then it does always.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// A running server. Dropping it ends it at once.
pub struct Server {
    process: Child,
    pub address: String,
}

/// Writes a corpus of one policy into `folder`.
pub fn write_corpus(folder: &Path) {
    std::fs::create_dir_all(folder.join("corpus")).unwrap();
    std::fs::write(folder.join("corpus/returns.md"), "# Returns\n\nYou can return an item within 30 days after delivery.\n").unwrap();
}

impl Server {
    /// Starts one in `folder`, where there is a corpus, with no model to be had.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_by(folder, arguments, &[])
    }

    /// The same, started by another program: `by` with the server's own command behind it.
    pub fn start_by(folder: &Path, arguments: &[&str], by: &[&str]) -> Self {
        let whole: Vec<&str> = by.iter().copied().chain([env!("CARGO_BIN_EXE_frontdesk")]).collect();
        let mut process = Command::new(whole[0])
            .args(&whole[1..])
            .args(["serve", "--listen", "127.0.0.1:0", "--offline", "--no-llm", "--cache", "no-models"])
            .args(arguments)
            .current_dir(folder)
            .env("DESK_SECRET", "whsec")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.into_iter().find_map(|line| Some(line.split_once("http://")?.1.trim().to_owned()));
        Self { process, address: address.expect("it says where to open it") }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Status and body of one request; `None` if the server went away.
    pub fn send(&self, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
        send(&self.address, method, path, body)
    }

    pub fn ask(&self, body: Value) -> Value {
        let (status, reply) = self.send("POST", "/v1/answer", &body.to_string()).expect("the server is there");
        assert_eq!(status, 200, "{reply}");
        reply
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, "").expect("the server is there")
    }
}

pub fn send(address: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .ok()?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).ok()?;
    let (head, body) = reply.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, serde_json::from_str(body).unwrap_or(Value::String(body.to_owned()))))
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An HTTP receiver that takes everything; gives its address and the bodies it sees.
pub fn receiver() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (seen, sees) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let seen = seen.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                let (mut line, mut length) = (String::new(), 0);
                while reader.read_line(&mut line).unwrap_or(0) > 2 {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                        length = value.trim().parse().unwrap_or(0);
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                if reader.read_exact(&mut body).is_ok() {
                    let _ = serde_json::from_slice(&body).map(|body| seen.send(body));
                    let _ = reader.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
                }
            });
        }
    });
    (address, sees)
}
