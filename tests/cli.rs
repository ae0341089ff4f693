//! The binary as an operator meets it: in a folder of its own, with real weights, and with everything that can be wrong.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn frontdesk(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_frontdesk")).args(arguments).current_dir(folder).output().expect("the binary that cargo built starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with a small corpus of two languages.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("corpus");
    fs::create_dir_all(corpus.join("zh")).unwrap();
    fs::write(
        corpus.join("returns.md"),
        "---\nid: returns\ntitle: Returns\nversion: 2\nvalid_from: 2024-01-01\n---\n# Returns\n\n## Time limit\nYou can return an item within 30 days after delivery. Opened software cannot be returned.\n\n## Costs\nThe return label is free within the United States.\n",
    )
    .unwrap();
    fs::write(
        corpus.join("returns.v1.md"),
        "---\nid: returns\ntitle: Returns\nversion: 1\nvalid_to: 2023-12-31\n---\n# Returns\n\n## Time limit\nYou can return an item within 14 days after delivery.\n",
    )
    .unwrap();
    fs::write(
        corpus.join("zh/invoice.md"),
        "---\nid: zh-invoice\ntitle: 发票\n---\n# 发票\n\n## 开具时间\n电子发票在签收后 24 小时内开具。\n",
    )
    .unwrap();
    folder
}

fn answer(folder: &Path, arguments: &[&str]) -> Value {
    let output = frontdesk(folder, &[arguments, &["--json"]].concat());
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|error| panic!("{error}: {}{}", stdout(&output), stderr(&output)))
}

#[test]
fn ask_answers_with_the_exact_words_of_the_version_in_force() {
    let shop = shop();
    let reply = answer(shop.path(), &["ask", "How many days do I have to return something?"]);
    let citation = &reply["citations"][0];
    assert_eq!(citation["quote"], "You can return an item within 30 days after delivery.", "{reply}");
    assert_eq!((citation["version"].as_u64(), citation["verified"].as_bool()), (Some(2), Some(true)));
    let source = fs::read_to_string(shop.path().join("corpus/returns.md")).unwrap();
    let (start, end) = (citation["span"]["start"].as_u64().unwrap() as usize, citation["span"]["end"].as_u64().unwrap() as usize);
    assert_eq!(source.chars().skip(start).take(end - start).collect::<String>(), citation["quote"].as_str().unwrap());
    let then = answer(shop.path(), &["ask", "How many days do I have to return something?", "--as-of", "2023-05-01"]);
    assert_eq!(then["citations"][0]["version"], 1, "{then}");
}

#[test]
fn ask_answers_chinese_in_chinese() {
    let reply = answer(shop().path(), &["ask", "签收后多久能开电子发票"]);
    assert_eq!(reply["citations"][0]["quote"], "电子发票在签收后 24 小时内开具。", "{reply}");
    assert_eq!(reply["language"], "zh");
}

#[test]
fn what_the_policies_do_not_say_exits_with_1_and_a_person() {
    let shop = shop();
    let output = frontdesk(shop.path(), &["ask", "Who won the football world cup in 1998?"]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("A person must take over (no_evidence)"));
    let output = frontdesk(shop.path(), &["ask", "let me talk to a human"]);
    assert!(output.status.code() == Some(1) && stdout(&output).contains("user_request"));
}

#[test]
fn ingesting_again_does_nothing_and_a_change_builds_a_new_version() {
    let shop = shop();
    let first = answer(shop.path(), &["ingest"]);
    let again = answer(shop.path(), &["ingest"]);
    assert_eq!((&first["rebuilt"], &again["rebuilt"]), (&Value::Bool(true), &Value::Bool(false)));
    assert_eq!(first["index_version"], again["index_version"]);
    let path = shop.path().join("corpus/returns.md");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("30 days", "60 days")).unwrap();
    let reply = answer(shop.path(), &["ask", "How many days do I have to return something?"]);
    assert!(reply["answer"].as_str().unwrap().contains("60 days"), "{reply}");
    assert!(reply["index_version"].as_u64() > first["index_version"].as_u64());
}

#[test]
fn an_ingest_killed_at_any_moment_leaves_a_complete_index() {
    const KILLS: u64 = 25;
    let shop = shop();
    let no_models = shop.path().join("no-models");
    fs::create_dir(&no_models).unwrap();
    let ingest = ["ingest", "--offline", "--cache", no_models.to_str().unwrap()];
    assert_eq!(frontdesk(shop.path(), &ingest).status.code(), Some(0));
    for kill in 0..KILLS {
        let note = format!("# Note\n\nNote number {kill} is in force.\n");
        fs::write(shop.path().join("corpus/note.md"), note).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        let mut child = command.args(ingest).current_dir(shop.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(kill * 8));
        let _ = child.kill();
        child.wait().unwrap();
        let found = frontdesk(shop.path(), &["search", "note number", "--json", "--offline", "--cache", no_models.to_str().unwrap()]);
        assert!(!stderr(&found).contains("index again"), "the index was left incomplete: {}", stderr(&found));
        assert!(stdout(&found).contains(&format!("Note number {kill} is in force.")), "{}", stdout(&found));
    }
}

#[test]
fn a_broken_file_is_reported_and_the_rest_goes_on() {
    let shop = shop();
    fs::write(shop.path().join("corpus/broken.md"), [b'#', b' ', 0xff, 0xfe, b'\n']).unwrap();
    fs::write(shop.path().join("corpus/dates.md"), "---\nid: dates\nvalid_from: soon\n---\nText.\n").unwrap();
    let output = frontdesk(shop.path(), &["ingest", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let skipped: Vec<&str> = report["skipped"].as_array().unwrap().iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(skipped, ["broken.md", "dates.md"]);
    assert_eq!(report["documents"], 3);
    assert!(stderr(&output).contains("dates.md") && stderr(&output).contains("line 3"), "{}", stderr(&output));
}

#[test]
fn a_corpus_that_cannot_be_used_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::write(folder.path().join("file"), "text").unwrap();
    for (corpus, says) in [("missing", "missing"), ("empty", "empty"), ("file", "file")] {
        let output = frontdesk(folder.path(), &["ask", "Is there a fee?", "--corpus", corpus]);
        assert_eq!(output.status.code(), Some(2), "{corpus}");
        let text = stderr(&output);
        assert!(text.starts_with("error: ") && text.contains(says) && text.lines().count() == 1, "{corpus}: {text}");
    }
}

#[test]
fn a_damaged_index_is_named_and_built_again() {
    let shop = shop();
    frontdesk(shop.path(), &["ingest"]);
    let index = shop.path().join("data/index");
    let blocks = fs::read_dir(&index).unwrap().map(|entry| entry.unwrap().path());
    let vectors = blocks.map(|block| block.join("vectors.f16")).find(|file| file.exists()).unwrap();
    let bytes = fs::read(&vectors).unwrap();
    fs::write(&vectors, &bytes[..bytes.len() / 2]).unwrap();
    let output = frontdesk(shop.path(), &["ask", "How many days do I have to return something?"]);
    assert!(stderr(&output).contains("vectors.f16 is missing or damaged"), "{}", stderr(&output));
    assert!(stdout(&output).contains("30 days"));
}

#[test]
fn a_damaged_model_without_a_source_costs_its_part_only() {
    let shop = shop();
    let cache = shop.path().join("cache");
    let output = frontdesk(shop.path(), &["ask", "签收后多久能开电子发票", "--offline", "--cache", cache.to_str().unwrap()]);
    let text = stderr(&output);
    assert!(text.contains("warning: a model could not be fetched") && text.contains("models pull"), "{text}");
    assert!(stdout(&output).contains("24 小时"), "{}", stdout(&output));
}

#[test]
fn bad_flags_are_refused_by_name() {
    let shop = shop();
    for (arguments, says) in [
        (&["ask", "fee?", "--workers", "0"][..], "--workers"),
        (&["ask", "  "], "question"),
        (&["ask", "fee?", "--max-words", "1"], "max_words"),
        (&["ask", "fee?", "--as-of", "yesterday"], "--as-of"),
        (&["ask", "fee?", "--models-dir", "nowhere"], "--models-dir"),
        (&["serve", "--listen", "0.0.0.0:80"], "0.0.0.0:80"),
        (&["serve", "--listen", "nonsense"], "nonsense"),
        (&["eval", "--require", "nothing"], "--require"),
    ] {
        let output = frontdesk(shop.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn the_dial_says_cannot_or_is_kept_to() {
    let shop = shop();
    let line = |id: usize, lang: &str, question: &str, gold: &str| {
        format!("{{\"id\":\"q{id}\",\"question\":\"{question}\",\"gold_doc_ids\":[\"{gold}\"],\"answerable\":true,\"lang\":\"{lang}\"}}\n")
    };
    let few = line(0, "en", "How many days do I have to return something?", "returns");
    fs::write(shop.path().join("few.jsonl"), few).unwrap();
    let cannot = frontdesk(shop.path(), &["calibrate", "--questions", "few.jsonl"]);
    assert!(cannot.status.code() == Some(1) && stdout(&cannot).contains("it takes 149"), "{}{}", stdout(&cannot), stderr(&cannot));
    assert!(!shop.path().join("data/dial.json").exists());

    let many: String =
        (0..30).map(|id| line(id, "en", &format!("How many days do I have to return something, case {id}?"), "returns")).collect();
    let wrong = line(99, "en", "How many days until the world cup?", "nothing-like-it");
    fs::write(shop.path().join("many.jsonl"), many + &wrong).unwrap();
    let found = answer(shop.path(), &["calibrate", "--questions", "many.jsonl", "--max-error", "0.3"]);
    assert!(found["found"][0]["setting"]["bound"].as_f64().unwrap() <= 0.3, "{found}");
    let path = shop.path().join("data/dial.json");
    let strict = fs::read_to_string(&path)
        .unwrap()
        .replace(&format!("\"answer_from\": {}", found["found"][0]["setting"]["answer_from"]), "\"answer_from\": 1.0");
    fs::write(&path, strict).unwrap();
    let held = answer(shop.path(), &["ask", "How many days do I have to return something?"]);
    assert_eq!((&held["decision"], &held["reasons"][0]), (&"escalate".into(), &"low_confidence".into()), "{held}");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("\"model\": \"", "\"model\": \"other ")).unwrap();
    let output = frontdesk(shop.path(), &["ask", "How many days do I have to return something?"]);
    assert!(stderr(&output).contains("calibrate` again") && stdout(&output).contains("30 days"), "{}{}", stdout(&output), stderr(&output));
}
