//! A website read by its sitemap, from a real server on this machine: what becomes a document, what is left alone, and what changes.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// Status with headers, and body, by path.
type Pages = HashMap<String, (String, Vec<u8>)>;

struct Website {
    address: String,
    pages: Arc<Mutex<Pages>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Website {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (pages, asked) = (Arc::new(Mutex::new(Pages::new())), Arc::new(Mutex::new(Vec::new())));
        let website = Self { address, pages: Arc::clone(&pages), asked: Arc::clone(&asked) };
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(stream, &pages, &asked)));
        website
    }

    fn put(&self, path: &str, head: &str, body: impl AsRef<[u8]>) {
        self.pages.lock().unwrap().insert(path.to_owned(), (head.to_owned(), body.as_ref().to_vec()));
    }

    fn html(&self, path: &str, title: &str, text: &str) {
        let page = format!(
            "<html><head><title>{title}</title></head><body><nav>Menu</nav><main><h1>{title}</h1><p>{text}</p></main></body></html>"
        );
        self.put(path, "200 OK\r\ncontent-type: text/html; charset=utf-8", page);
    }

    fn sitemap(&self, paths: &[&str]) {
        let urls: String = paths.iter().map(|path| format!("<url><loc>{}</loc></url>", self.absolute(path))).collect();
        self.put("/sitemap.xml", "200 OK\r\ncontent-type: application/xml", format!("<?xml version=\"1.0\"?><urlset>{urls}</urlset>"));
    }

    fn absolute(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.address) }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, pages: &Mutex<Pages>, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned)) else { return };
    let agent = lines.take_while(|line| !line.is_empty()).find(|line| line.to_lowercase().starts_with("user-agent: frontdesk/"));
    asked.lock().unwrap().push(if agent.is_some() { path.clone() } else { format!("{path} by somebody else") });
    let (head, body) = pages.lock().unwrap().get(&path).cloned().unwrap_or_else(|| ("404 Not Found".to_owned(), Vec::new()));
    let _ = write!(stream, "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(&body);
}

fn frontdesk(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_frontdesk")).args(arguments).current_dir(folder).output().expect("the binary that cargo built starts")
}

fn read(folder: &Path, address: &str, more: &[&str]) -> (Value, Option<i32>) {
    let output = frontdesk(folder, &[&["ingest", address, "--json", "--pause-ms", "1"], more].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    (report, output.status.code())
}

fn reasons(report: &Value) -> HashMap<String, String> {
    let skipped = report["website"]["skipped"].as_array().unwrap();
    skipped.iter().map(|page| (page["address"].as_str().unwrap().to_owned(), page["reason"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn pages_of_a_sitemap_are_answered_from_with_their_addresses() {
    let (website, folder) = (Website::start(), tempfile::tempdir().unwrap());
    website.html("/help/parcels", "Lost parcels", "A lost parcel is searched for by the carrier within 9 days.");
    website.html("/help/fees.html", "Fees", "The deposit for a locker is 12 euros.");
    website.sitemap(&["/help/parcels", "/help/fees.html#top"]);
    let sitemap = website.absolute("/sitemap.xml");
    let (report, code) = read(folder.path(), &sitemap, &[]);
    assert_eq!((code, &report["website"]["changed"], &report["documents"]), (Some(0), &Value::from(2), &Value::from(2)), "{report}");
    assert_eq!(website.asked(), ["/robots.txt", "/sitemap.xml", "/help/parcels", "/help/fees.html"]);

    let output = frontdesk(folder.path(), &["ask", "How many days is a lost parcel searched for?", "--json"]);
    let reply: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(reply["citations"][0]["uri"], website.absolute("/help/parcels").as_str(), "{reply}");
    assert_eq!(reply["citations"][0]["quote"], "A lost parcel is searched for by the carrier within 9 days.");

    // One page changes, one goes, one breaks and stays as it was.
    website.html("/help/parcels", "Lost parcels", "A lost parcel is searched for by the carrier within 4 days.");
    website.html("/help/lockers", "Lockers", "A locker opens with the code in the email.");
    website.sitemap(&["/help/parcels", "/help/lockers"]);
    let (report, _) = read(folder.path(), &sitemap, &[]);
    let counts = ["pages", "changed", "removed"].map(|name| report["website"][name].as_u64());
    assert_eq!(counts, [Some(2), Some(2), Some(1)], "{report}");
    website.put("/help/lockers", "500 Internal Server Error", "");
    let (report, code) = read(folder.path(), &sitemap, &[]);
    assert_eq!((&report["website"]["pages"], &report["rebuilt"], code), (&Value::from(2), &Value::Bool(false), Some(2)), "{report}");
}

#[test]
fn what_is_closed_elsewhere_or_no_page_is_left_alone_and_said() {
    let (website, folder) = (Website::start(), tempfile::tempdir().unwrap());
    website.put("/robots.txt", "200 OK", "User-agent: *\nDisallow: /internal\n");
    website.html("/terms", "Terms", "The contract ends with the month.");
    website.html("/internal/prices", "Prices", "Secret.");
    website.html("/moved-to", "Moved", "The branch has moved to the harbour.");
    website.put("/moved", "301 Moved Permanently\r\nlocation: /moved-to", "");
    website.put("/away", "302 Found\r\nlocation: http://169.254.169.254/latest/meta-data", "");
    website.put("/inside", "302 Found\r\nlocation: /internal/prices", "");
    website.put("/round", "302 Found\r\nlocation: /round", "");
    website.put("/file", "200 OK\r\ncontent-type: application/zip", "PK");
    website.put("/huge", "200 OK\r\ncontent-type: text/html", vec![b'a'; 10_000_001]);
    website.sitemap(&[
        "/terms",
        "/internal/prices",
        "/moved",
        "/away",
        "/inside",
        "/round",
        "/file",
        "/huge",
        "/gone",
        "https://other.example/x",
    ]);
    let (report, code) = read(folder.path(), &website.absolute("/sitemap.xml"), &[]);
    assert_eq!((code, &report["documents"]), (Some(2), &Value::from(2)), "{report}");
    let reasons = reasons(&report);
    for (path, says) in [
        ("/internal/prices", "robots.txt"),
        ("/away", "another host, 169.254.169.254"),
        ("/inside", "robots.txt"),
        ("/round", "on and on"),
        ("/file", "application/zip"),
        ("/huge", "larger than"),
        ("/gone", "gone"),
        ("https://other.example/x", "another host"),
    ] {
        let reason = reasons.get(&website.absolute(path)).unwrap_or_else(|| panic!("{path} is not in {reasons:?}"));
        assert!(reason.contains(says), "{path}: {reason}");
    }
    assert!(!website.asked().iter().any(|path| path.contains("internal") || path.contains("somebody else")));
}

#[test]
fn without_leave_or_a_sitemap_nothing_is_read() {
    let (website, folder) = (Website::start(), tempfile::tempdir().unwrap());
    website.html("/page", "Page", "Words.");
    website.sitemap(&["/page"]);
    let refused = |arguments: &[&str], says: &str| {
        let output = frontdesk(folder.path(), arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && text.contains(says), "{arguments:?}: {text}");
    };
    refused(&["ingest", &website.absolute("/page")], "sitemap");
    refused(&["ingest", &website.absolute("/sitemap.xml"), "--offline"], "--offline");
    refused(&["ingest", "http://user:word@127.0.0.1/sitemap.xml"], "password");
    website.put("/robots.txt", "503 Service Unavailable", "");
    refused(&["ingest", &website.absolute("/sitemap.xml")], "robots.txt");
    website.put("/robots.txt", "200 OK", "User-agent: frontdesk\nDisallow: /\n");
    refused(&["ingest", &website.absolute("/sitemap.xml")], "no usable documents");
    assert!(!folder.path().join("corpus/website/127.0.0.1/page.html").exists());
}

#[test]
fn sitemaps_of_sitemaps_are_followed_up_to_the_limit_of_pages() {
    let (website, folder) = (Website::start(), tempfile::tempdir().unwrap());
    for number in 0..5 {
        website.html(&format!("/page-{number}"), &format!("Page {number}"), &format!("Rule number {number} is kept."));
    }
    website.sitemap(&["/page-0", "/page-1", "/page-2", "/page-3", "/page-4"]);
    let index = format!("<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>", website.absolute("/sitemap.xml"));
    website.put("/all.xml", "200 OK", index);
    let (report, code) = read(folder.path(), &website.absolute("/all.xml"), &["--pages", "3"]);
    assert_eq!((code, &report["website"]["pages"]), (Some(2), &Value::from(3)), "{report}");
    assert!(reasons(&report).values().any(|reason| reason.contains("--pages")));
    let (report, code) = read(folder.path(), &website.absolute("/all.xml"), &[]);
    assert_eq!((code, &report["website"]["pages"]), (Some(0), &Value::from(5)), "{report}");
}
