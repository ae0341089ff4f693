//! Servers that share a real PostgreSQL, started here in a folder of its own as a user without rights.
//!
//! Needs `initdb` and `postgres`. Without them the tests say so and pass, except in CI, where they must run.
#![cfg(unix)]

mod house;

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use house::{Server, write_corpus};
use serde_json::json;

/// A database server that nobody else uses.
struct Postgres {
    process: Child,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// `None` where there is none to start.
    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none(), "CI must have PostgreSQL: install the package `postgresql`");
            eprintln!("skipped: there is no PostgreSQL on this machine");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        // PostgreSQL refuses to run as root.
        let root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if root {
            for path in [folder.path(), &data] {
                std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        let run = |program: &str| {
            let mut command = Command::new(programs.join(program));
            if root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command.current_dir("/").env("LC_ALL", "C.UTF-8").stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let made =
            run("initdb").args(["--auth=trust", "--username=desk", "--encoding=UTF8", "--no-sync", "-D"]).arg(&data).status().unwrap();
        assert!(made.success(), "initdb ends well");
        let process = run("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
            .arg(folder.path())
            .spawn()
            .unwrap();
        let server = Self { process, folder };
        let began = Instant::now();
        while !server.folder.path().join(".s.PGSQL.5432").exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    fn url(&self) -> String {
        let folder = self.folder.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://desk:unused@{folder}/postgres")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT ends it and its children at once; SIGKILL would leave the children.
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

/// User and group without rights.
const NOBODY: u32 = 65_534;

/// Where the newest `initdb` and `postgres` are.
fn programs() -> Option<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let mut found: Vec<PathBuf> = packaged.chain(on_path).filter(|folder| has_both(folder)).collect();
    found.sort();
    found.pop()
}

fn has_both(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

#[test]
fn two_servers_share_conversations_hand_offs_and_what_is_deleted() {
    let Some(postgres) = Postgres::start() else { return };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_corpus(one.path());
    write_corpus(two.path());
    let url = postgres.url();
    let first = Server::start(one.path(), &["--database", &url]);
    let second = Server::start(two.path(), &["--database", &url]);

    let asked = first.ask(json!({"question": "How many days do I have to return an item?", "customer_id": "c-17"}));
    assert_eq!(asked["citations"][0]["document_id"], "returns");
    let conversation = asked["conversation_id"].clone();
    // The conversation goes on at the other server, with a character that PostgreSQL cannot keep.
    let handed =
        second.ask(json!({"question": "let me talk to a human\u{0} please, about order KS-883412", "conversation_id": conversation}));
    let id = handed["handoff"]["id"].as_str().unwrap().to_owned();
    assert_eq!(handed["handoff"]["facts"][0]["turn"], 1);
    let (_, listed) = first.get("/v1/handoffs?state=queued");
    assert_eq!(listed["handoffs"][0]["id"], json!(id));

    // Of eight agents at two servers, one takes it.
    let path = format!("/v1/handoffs/{id}/accept");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|agent| {
                let (server, path) = (if agent % 2 == 0 { &first } else { &second }, &path);
                scope.spawn(move || {
                    server.send("POST", path, &json!({"agent": format!("agent {agent}"), "revision": 1}).to_string()).unwrap().0
                })
            })
            .collect();
        tries.into_iter().map(|tried| tried.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    assert_eq!(first.send("POST", &format!("/v1/handoffs/{id}/resolve"), r#"{"agent":"agent 1"}"#).unwrap().0, 200);

    let rating = json!({"answer_id": asked["id"], "rating": "up"}).to_string();
    assert_eq!(first.send("POST", "/v1/feedback", &rating).unwrap().0, 204);
    let (_, report) = second.get("/v1/insights?agent_minutes=10");
    assert_eq!((&report["total"]["questions"], &report["total"]["thumbs_up"]), (&json!(2), &json!(1)), "{report}");
    assert_eq!(report["total"]["handoffs"]["agent_minutes"], 10.0);

    let (status, kept) = second.get("/v1/customers/c-17");
    assert_eq!((status, kept["conversations"][0]["turns"].as_array().unwrap().len()), (200, 2), "{kept}");
    assert_eq!(second.send("DELETE", "/v1/customers/c-17", "").unwrap().1["turns"], 2);
    assert_eq!(first.get(&format!("/v1/conversations/{}", conversation.as_str().unwrap())).0, 404);
    assert_eq!(first.get(&format!("/v1/handoffs/{id}")).0, 404);
}

#[test]
fn webhooks_reach_their_receiver_once_from_two_servers_and_survive_kill_9() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    write_corpus(folder.path());
    let (address, sees) = house::receiver();
    std::fs::write(folder.path().join("webhooks.toml"), format!("[[webhook]]\nname = \"desk\"\nurl = \"http://{address}/\"\n")).unwrap();
    let url = postgres.url();
    let other = tempfile::tempdir().unwrap();
    write_corpus(other.path());
    std::fs::copy(folder.path().join("webhooks.toml"), other.path().join("webhooks.toml")).unwrap();
    let arguments = ["--database", &url, "--webhooks", "webhooks.toml"];
    let mut first = Server::start(folder.path(), &arguments);
    let second = Server::start(other.path(), &arguments);
    let mut told: Vec<String> =
        (0..12).map(|_| first.ask(json!({"question": "转人工"}))["handoff"]["id"].as_str().unwrap().to_owned()).collect();
    first.kill();
    told.push(second.ask(json!({"question": "转人工"}))["handoff"]["id"].as_str().unwrap().to_owned());
    let mut heard = Vec::new();
    while heard.len() < told.len() {
        // What the first server had under way is leased for a minute.
        let event = sees.recv_timeout(Duration::from_secs(90)).expect("every hand-off is told");
        let id = event["handoff"]["id"].as_str().unwrap().to_owned();
        if !heard.contains(&id) {
            heard.push(id);
        }
    }
    heard.sort();
    told.sort();
    assert_eq!(heard, told);
}
