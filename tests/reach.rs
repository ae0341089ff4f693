//! A person is reached, whatever is broken; and what was promised to a customer survives `kill -9`.
#![cfg(unix)]

mod house;

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use house::{Server, receiver, send, write_corpus};
use serde_json::{Value, json};

#[test]
fn a_person_is_reached_in_one_turn_without_models_and_without_the_index() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(folder.path());
    let server = Server::start(folder.path(), &[]);
    let reached = |question: &str| {
        let answer = server.ask(json!({"question": question}));
        assert_eq!((&answer["decision"], &answer["handoff"]["state"]), (&json!("escalate"), &json!("queued")), "{question}: {answer}");
        let (status, kept) = server.get(&format!("/v1/handoffs/{}", answer["handoff"]["id"].as_str().unwrap()));
        assert_eq!((status, &kept["question"]), (200, &json!(question)));
    };
    reached("let me talk to a human");
    std::fs::remove_dir_all(folder.path().join("data/index")).unwrap();
    for question in ["转人工", "quiero hablar con una persona", "I don't want to live anymore", "someone is using my account right now"]
    {
        reached(question);
    }
}

/// A file system of a few megabytes. Unmounted when dropped.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// `None` where this user may not mount one.
    fn mount(folder: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder.to_owned()))
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(self.0.join("filler")).unwrap();
        for piece in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![7; piece]).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Nobody may read that somebody will come when nobody will.
fn admits_that_nobody_comes(answer: &Value) {
    assert_eq!((&answer["decision"], &answer["handoff"]["state"]), (&json!("escalate"), &json!("failed")), "{answer}");
    let words = answer["answer"].as_str().unwrap();
    assert!(words.contains("could not pass this on") || words.contains("没能转给人工"), "{words}");
}

#[test]
fn a_person_is_reached_in_one_turn_when_the_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(folder.path());
    let Some(disk) = SmallDisk::mount(&folder.path().join("data"), 24) else {
        println!("only the next test here: this user may not mount a small disk");
        return;
    };
    let server = Server::start(folder.path(), &[]);
    let patience = Instant::now() + Duration::from_secs(30);
    while std::fs::metadata(folder.path().join("data/frontdesk.reserve")).map_or(0, |file| file.len()) < 4 << 20 {
        assert!(Instant::now() < patience, "there is no reserve");
        std::thread::sleep(Duration::from_millis(50));
    }
    disk.fill();
    for question in
        ["let me talk to a human", "转人工", "quiero hablar con una persona", "I don't want to live anymore"].iter().cycle().take(40)
    {
        let answer = server.ask(json!({"question": question}));
        assert_eq!((&answer["decision"], &answer["handoff"]["state"]), (&json!("escalate"), &json!("queued")), "{question}: {answer}");
        let (status, kept) = server.get(&format!("/v1/handoffs/{}", answer["handoff"]["id"].as_str().unwrap()));
        assert_eq!((status, &kept["question"]), (200, &json!(question)));
    }
    // The last byte of the reserve gone, nothing is promised any more, and room brings people back.
    for _ in 0..3_000 {
        disk.fill();
        let answer = server.ask(json!({"question": "let me talk to a human"}));
        if answer["handoff"]["state"] != "queued" {
            admits_that_nobody_comes(&answer);
            std::fs::remove_file(folder.path().join("data/filler")).unwrap();
            let next = server.ask(json!({"question": "转人工", "conversation_id": answer["conversation_id"]}));
            assert_eq!(next["handoff"]["state"], "queued", "{next}");
            return;
        }
    }
    panic!("a full disk took three thousand hand-offs");
}

#[test]
fn a_database_that_may_not_grow_is_admitted() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(folder.path());
    drop(Server::start(folder.path(), &[])); // the index and the tables are made without a limit
    let database = std::fs::metadata(folder.path().join("data/frontdesk.db")).unwrap().len();
    assert!(database < 1 << 20, "{database}");
    // No file may be larger than 256 KB, and writing more is an error, not a signal.
    let server = Server::start_by(folder.path(), &[], &["sh", "-c", "trap '' XFSZ; ulimit -f 512; exec \"$0\" \"$@\""]);
    for _ in 0..1_000 {
        let answer = server.ask(json!({"question": "let me talk to a human"}));
        if answer["handoff"]["state"] != "queued" {
            return admits_that_nobody_comes(&answer);
        }
    }
    panic!("a database that may not grow took a thousand hand-offs");
}

#[test]
fn rules_are_read_again_while_the_server_runs_and_a_wrong_file_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write_corpus(folder.path());
    let print = Command::new(env!("CARGO_BIN_EXE_frontdesk")).args(["handover", "print"]).output().unwrap();
    let shipped = String::from_utf8(print.stdout).unwrap();
    let rules = folder.path().join("handover.toml");
    std::fs::write(&rules, &shipped).unwrap();
    let server = Server::start(folder.path(), &["--handover", "handover.toml"]);
    let team = || server.ask(json!({"question": "someone is using my account right now"}))["handoff"]["team"].clone();
    assert_eq!(team(), Value::Null);
    std::fs::write(&rules, shipped.replace("reason = \"safety_or_legal\"", "reason = \"safety_or_legal\"\nteam = \"fraud\"")).unwrap();
    let began = Instant::now();
    while team() != "fraud" {
        assert!(began.elapsed() < Duration::from_secs(30), "the new rules are not in force");
        std::thread::sleep(Duration::from_millis(200));
    }
    std::fs::write(&rules, "[[rule]]\nwhen = [\"bored\"]\n").unwrap();
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(team(), "fraud", "a wrong file leaves the old rules in force");
    let check = Command::new(env!("CARGO_BIN_EXE_frontdesk")).args(["handover", "check"]).arg(&rules).output().unwrap();
    assert_eq!(check.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&check.stderr).contains("line 2"), "{}", String::from_utf8_lossy(&check.stderr));
}

/// Rounds of the next test; more of them with FRONTDESK_CRASHES.
const CRASHES: usize = 5;

#[test]
fn kill_9_at_random_moments_loses_no_conversation_hand_off_or_webhook() {
    let crashes = std::env::var("FRONTDESK_CRASHES").ok().and_then(|text| text.parse().ok()).unwrap_or(CRASHES);
    let folder = tempfile::tempdir().unwrap();
    write_corpus(folder.path());
    let (address, sees) = receiver();
    let webhooks = format!("[[webhook]]\nname = \"desk\"\nurl = \"http://{address}/\"\nsecret_env = \"DESK_SECRET\"\nbackoff_ms = 50\n");
    std::fs::write(folder.path().join("webhooks.toml"), webhooks).unwrap();
    let start = || Server::start(folder.path(), &["--webhooks", "webhooks.toml"]);
    // What customers were told: conversation and hand-off.
    let told = Arc::new(Mutex::new(Vec::<(String, String)>::new()));
    for _ in 0..crashes {
        let mut server = start();
        let askers: Vec<_> = (0..4)
            .map(|_| {
                let (told, address) = (Arc::clone(&told), server.address.clone());
                std::thread::spawn(move || {
                    while let Some((200, answer)) = send(&address, "POST", "/v1/answer", r#"{"question":"I want to talk to a human"}"#) {
                        assert_eq!(answer["handoff"]["state"], "queued", "{answer}");
                        let id = |value: &Value| value.as_str().unwrap().to_owned();
                        told.lock().unwrap().push((id(&answer["conversation_id"]), id(&answer["handoff"]["id"])));
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(fastrand::u64(1..400)));
        server.kill();
        for asker in askers {
            asker.join().unwrap();
        }
    }
    let server = start();
    let told = told.lock().unwrap();
    assert!(told.len() >= crashes, "the server answered between the crashes: {}", told.len());
    for (conversation, handoff) in told.iter() {
        let (status, kept) = server.get(&format!("/v1/conversations/{conversation}"));
        assert_eq!((status, kept["turns"].as_array().map(Vec::len)), (200, Some(1)), "{conversation}: {kept}");
        assert_eq!(kept["handoffs"][0]["id"], json!(handoff));
    }
    let mut missing: HashSet<&str> = told.iter().map(|(_, handoff)| handoff.as_str()).collect();
    // What was under way at a crash is leased for a minute.
    let patience = Instant::now() + Duration::from_secs(150);
    while !missing.is_empty() {
        let left = patience.saturating_duration_since(Instant::now());
        let event = sees.recv_timeout(left).unwrap_or_else(|_| panic!("{} hand-offs were never told", missing.len()));
        missing.remove(event["handoff"]["id"].as_str().unwrap());
    }
    println!("{} hand-offs survived {crashes} crashes", told.len());
}
