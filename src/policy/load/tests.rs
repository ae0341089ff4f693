use super::*;
use crate::text::Language;
use jiff::civil::date;
use proptest::prelude::*;

fn parse(path: &str, text: &str) -> Version {
    parse_file(path, text.as_bytes()).unwrap()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let file = dir.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    dir
}

fn paths(report: &LoadReport) -> Vec<&str> {
    report.versions.iter().map(|version| version.path.as_str()).collect()
}

#[test]
fn what_front_matter_leaves_open_comes_from_the_file() {
    let version = parse("en/late-payments.md", "# Paying late\n\nA fee of $7 is charged.");
    assert_eq!((version.document_id.as_str(), version.title.as_str(), version.version), ("en-late-payments", "Paying late", 1));
    assert_eq!(version.language, Language::En);
    assert_eq!(version.sha256.len(), 64);
    let version = parse("late-payments.v2.TXT", "逾期会收取违约金。");
    assert_eq!((version.document_id.as_str(), version.title.as_str()), ("late-payments.v2", "Late payments.v2"));
    assert_eq!(version.language, Language::Zh);
    let version = parse("a.md", "---\nid: fees\ntitle: Fees\nversion: 3\nlang: zh\n---\nText");
    assert_eq!(
        (version.document_id.as_str(), version.title.as_str(), version.version, version.language),
        ("fees", "Fees", 3, Language::Zh)
    );
}

#[test]
fn broken_files_are_refused_with_the_place_and_the_way_out() {
    for (bytes, part) in [
        (&b"caf\xE9"[..], "a.md is not UTF-8 at byte 3 (0xE9): save it as UTF-8"),
        (b"\xFF\xFEa\0", "UTF-16"),
        (b"a\0b", "byte 1 is zero"),
        (b"", "a.md is empty"),
        (b"\xEF\xBB\xBF \n", "a.md is empty"),
        (b"---\nid: a\n---\n\n", "no text below"),
        (b"---\nversion: x\n---\nText", "a.md, line 2: expected a whole number"),
    ] {
        let error = parse_file("a.md", bytes).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadDocument);
        assert!(error.item.contains(part), "{}", error.item);
    }
    assert!(parse_file("a.pdf", b"x").is_err());
}

#[test]
fn passages_of_each_format_point_into_the_source() {
    let markdown = parse("a.md", "\u{FEFF}---\nid: a\n---\n# T\n\n- **One** fee");
    let sentence = &markdown.passages()[0].sentences[0];
    assert_eq!(&markdown.source[sentence.bytes.clone()], "**One** fee");
    let text = parse("a.txt", "# no heading\r\n\r\nA fee that is\r\nlate.");
    let plain: Vec<_> = text.passages().into_iter().flat_map(|passage| passage.sentences).map(|sentence| sentence.plain).collect();
    assert_eq!(plain, ["# no heading", "A fee that is late."]);
}

#[test]
fn a_folder_is_read_in_order_and_says_what_it_left_out() {
    let dir = folder(&[
        ("b.md", "Text b."),
        ("a/z.md", "Text z."),
        ("a/README.md", "Text of a folder's own."),
        ("README.md", "About this folder."),
        ("eval/q.md", "Questions."),
        (".git/x.md", "Hidden."),
        ("c.md", "---\nversion: 0\n---\nBroken."),
        ("d.odt", "PK\0"),
        ("e.pdf", "%PDF\0"),
        ("f.png", "\u{1}\0\u{2}"),
        ("g.md", "---\nid: b\n---\nThe same again."),
    ]);
    let report = load_folder(dir.path()).unwrap();
    assert_eq!(paths(&report), ["a/README.md", "a/z.md", "b.md"]);
    let skipped: Vec<_> = report.skipped.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(skipped, ["d.odt", "c.md", "e.pdf", "g.md"]);
    assert!(report.skipped[1].reason.contains("line 2"), "{}", report.skipped[1].reason);
    assert!(report.skipped[3].reason.contains("b.md is already version 1 of b"), "{}", report.skipped[3].reason);
}

#[test]
fn a_version_that_begins_at_a_minute_ends_the_older_one_there() {
    let file = |version: u32, since: &str| format!("---\nid: fees\nversion: {version}\nvalid_from: {since}\n---\nText {version}.");
    let dir = folder(&[("1.md", &file(1, "2026-01-01")), ("2.md", &file(2, "2026-03-02T09:00"))]);
    let report = load_folder(dir.path()).unwrap();
    assert_eq!(report.versions[0].valid_to.unwrap().to_string(), "2026-03-02T09:00");
    let holding = |time: &str| report.versions.iter().filter(|version| version.is_valid_on(time.parse().unwrap())).count();
    for time in ["2026-03-02T08:59", "2026-03-02T09:00", "2026-03-02", "2026-03-01"] {
        assert_eq!(holding(time), 1, "{time}");
    }
}

#[test]
fn a_newer_version_ends_the_older_one_on_the_day_before_it_begins() {
    let file = |version: u32, rest: &str| format!("---\nid: fees\nversion: {version}\n{rest}\n---\nText {version}.");
    let dir = folder(&[
        ("1.md", &file(1, "valid_to: 2024-12-31")),
        ("2.md", &file(2, "valid_from: 2025-01-01")),
        ("3.md", &file(3, "valid_from: 2026-01-01")),
    ]);
    let report = load_folder(dir.path()).unwrap();
    let ends: Vec<_> = report.versions.iter().map(|version| version.valid_to).collect();
    assert_eq!(ends, [Some(date(2024, 12, 31).into()), Some(date(2025, 12, 31).into()), None]);
    assert!(report.skipped.is_empty());

    let dir = folder(&[("1.md", &file(1, "valid_from: 2025-01-01")), ("2.md", &file(2, ""))]);
    let report = load_folder(dir.path()).unwrap();
    assert_eq!(paths(&report), ["2.md"]);
    assert!(report.skipped[0].reason.contains("version 2 of fees (2.md) begins no later"), "{}", report.skipped[0].reason);
}

#[test]
fn folders_that_give_nothing_say_why() {
    let dir = folder(&[("a.md", "\0"), ("file", "x")]);
    let kind_and_text = |path: &Path| load_folder(path).map_err(|error| (error.kind, error.item)).unwrap_err();
    let (kind, text) = kind_and_text(dir.path());
    assert_eq!(kind, ErrorKind::EmptyCorpus);
    assert!(text.contains("2 skipped, the first because file: is not"), "{text}");
    assert_eq!(kind_and_text(&dir.path().join("none")).0, ErrorKind::NotFound);
    assert_eq!(kind_and_text(&dir.path().join("file")).0, ErrorKind::BadSetting);
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    let dir = folder(&[("a/b.md", "Text."), ("real.txt", "Text.")]);
    std::os::unix::fs::symlink(dir.path(), dir.path().join("a/circle")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("real.txt"), dir.path().join("linked.txt")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("gone"), dir.path().join("broken.md")).unwrap();
    let report = load_folder(dir.path()).unwrap();
    assert_eq!(paths(&report), ["a/b.md", "linked.txt", "real.txt"]);
    assert_eq!(report.skipped.len(), 1);
}

#[test]
fn records_become_plain_documents_and_bad_lines_are_reported() {
    let report = parse_records(
        "c.jsonl",
        "{\"doc_id\":\"a\",\"title\":\"A\",\"text\":\"# 退款 text.\"}\n\n{\"doc_id\":7,\"text\":\"退款需要三天。\"}\n{\"doc_id\":\"a\",\"text\":\"x\"}\nnot json\n{\"doc_id\":\"b\",\"text\":\" \"}\n",
    );
    assert_eq!(paths(&report), ["c.jsonl:1", "c.jsonl:3"]);
    assert_eq!((report.versions[1].document_id.as_str(), report.versions[1].language), ("7", Language::Zh));
    assert_eq!(report.versions[0].passages()[0].sentences[0].plain, "# 退款 text.");
    let skipped: Vec<_> = report.skipped.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(skipped, ["c.jsonl:4", "c.jsonl:5", "c.jsonl:6"]);
}

proptest! {
    #[test]
    fn any_bytes_give_a_version_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), name in "[a-z]{1,3}\\.(md|txt|markdown)") {
        if let Ok(version) = parse_file(&name, &bytes) {
            for passage in version.passages() {
                prop_assert!(version.source.get(passage.bytes).is_some());
            }
        }
    }

    #[test]
    fn sentences_of_plain_text_cover_all_of_it(text in "([a-zA-Z.!?。 \n\r-]|退|款){1,120}") {
        prop_assume!(text.contains(is_visible) && !text.starts_with("---"));
        let version = parse_file("a.txt", text.as_bytes()).unwrap();
        let mut end = 0;
        for sentence in version.passages().into_iter().flat_map(|passage| passage.sentences) {
            prop_assert!(!text[end..sentence.bytes.start].contains(is_visible));
            end = sentence.bytes.end;
        }
        prop_assert!(!text[end..].contains(is_visible));
    }
}

/// A zip archive of these files.
fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, bytes) in files {
        archive.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn an_archive_is_read_as_the_folder_that_was_packed() {
    let archive = zip_of(&[
        ("hr/leave.md", b"# Leave\n\nStaff get 25 days."),
        ("fees.txt", b"A fee of $7 is charged."),
        ("__MACOSX/._fees.txt", b"Mac."),
        (".hidden.md", b"Hidden."),
        ("logo.png", b"\x89PNG\0"),
        ("notes.rst", b"Notes."),
        ("old.doc", b"\xD0\xCF\0"),
        ("README.md", b"About."),
        ("eval/q.md", b"Questions."),
    ]);
    let dir = folder(&[("a.md", "Text a.")]);
    fs::write(dir.path().join("policies.ZIP"), &archive).unwrap();
    let report = load_folder(dir.path()).unwrap();
    assert_eq!(
        paths(&report),
        ["a.md", "policies.ZIP/README.md", "policies.ZIP/eval/q.md", "policies.ZIP/fees.txt", "policies.ZIP/hr/leave.md"]
    );
    assert_eq!((report.versions[4].title.as_str(), report.versions[4].document_id.as_str()), ("Leave", "policies.ZIP-hr-leave"));
    let skipped: Vec<_> = report.skipped.iter().map(|file| (file.path.as_str(), file.reason.as_str())).collect();
    assert_eq!(skipped, [("policies.ZIP/notes.rst", UNREADABLE), ("policies.ZIP/old.doc", UNREADABLE)]);

    // In place of the folder it is the folder.
    let report = load_folder(&dir.path().join("policies.ZIP")).unwrap();
    assert_eq!(paths(&report), ["fees.txt", "hr/leave.md"]);
    assert_eq!(report.versions[1].document_id, "hr-leave");
}

#[test]
fn what_is_suspicious_in_an_archive_is_refused_and_the_rest_is_read() {
    let inner = zip_of(&[("deep.md", b"Deep.")]);
    let archive = zip_of(&[
        ("good.md", b"A fee is charged."),
        ("../evil.md", b"Evil."),
        ("..\\..\\evil.md", b"Evil."),
        ("inner.zip", &inner),
        ("bomb.md", &vec![b' '; 200 << 20]),
        ("squeezed.md", &vec![b'a'; 5 << 20]),
        ("broken.pdf", b"%PDF-"),
        ("secret.md", b"Secret."),
        ("fine.md", b"No fee is charged."),
    ]);
    // `secret.md` says that it is encrypted, in its own header (bit 0 at 6) and in the directory (at 8).
    let mut archive = archive;
    for (mark, flags) in [(b"PK\x03\x04".as_slice(), 6), (b"PK\x01\x02", 8)] {
        let starts: Vec<usize> = (0..archive.len() - 4).filter(|at| &archive[*at..at + 4] == mark).collect();
        let secret = starts.into_iter().find(|at| archive[*at..(*at + 60).min(archive.len())].windows(9).any(|name| name == b"secret.md"));
        archive[secret.unwrap() + flags] |= 1;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("p.zip"), &archive).unwrap();
    let report = load_folder(dir.path()).unwrap();
    assert_eq!(paths(&report), ["p.zip/fine.md", "p.zip/good.md"]);
    let reason = |path: &str| {
        let found = report.skipped.iter().find(|file| file.path.ends_with(path));
        found.map(|file| file.reason.clone()).unwrap_or_else(|| panic!("{path} is not reported: {:?}", report.skipped))
    };
    assert!(reason("/../evil.md").contains("leads out of the archive"));
    assert!(reason("\\evil.md").contains("leads out of the archive"));
    assert!(reason("inner.zip").contains("archive inside an archive"));
    assert!(reason("bomb.md").contains("200 times its size") || reason("bomb.md").contains("larger than 10 MB"), "{}", reason("bomb.md"));
    assert!(reason("squeezed.md").contains("200 times its size"));
    assert!(reason("broken.pdf").contains("without its end"));
    assert!(reason("secret.md").contains("password"), "{}", reason("secret.md"));
    assert_eq!(report.skipped.len(), 7);
}

#[test]
fn files_with_chinese_names_of_an_old_archive_keep_them() {
    let (name, ..) = encoding_rs::GBK.encode("退款.md");
    let plain: Vec<u8> = name.iter().map(|_| b'x').collect();
    let mut bytes = zip_of(&[(std::str::from_utf8(&plain).unwrap(), "退款需要 3 天。".as_bytes())]);
    // The name stands before the file and in the list at the end.
    let places: Vec<usize> = (0..bytes.len() - plain.len()).filter(|at| bytes[*at..].starts_with(&plain)).collect();
    assert_eq!(places.len(), 2);
    places.into_iter().for_each(|at| bytes[at..at + name.len()].copy_from_slice(&name));
    let dir = folder(&[]);
    fs::write(dir.path().join("old.zip"), bytes).unwrap();
    assert_eq!(paths(&load_folder(dir.path()).unwrap()), ["old.zip/退款.md"]);
}

#[test]
fn files_that_did_not_change_are_not_read_apart_again_and_their_own_dates_count() {
    let cut = "---\nid: fees\nversion: 1\n---\nThe fee is 5 euros.\n";
    let later = "---\nid: fees\nversion: 2\nvalid_from: 2026-05-01\n---\nThe fee is 6 euros.\n";
    let dir = folder(&[("fees.md", cut), ("fees.v2.md", later), ("page.html", "<p>Some words.</p>")]);
    let first = load_folder(dir.path()).unwrap();
    assert_eq!(first.versions[0].valid_to, Some(jiff::civil::date(2026, 4, 30).into()));
    // What is known is taken as it is: a mark in it shows that the file was not read apart again.
    let marked: Vec<Version> = first.versions.iter().map(|version| Version { title: "Known".to_owned(), ..version.clone() }).collect();
    fs::write(dir.path().join("page.html"), "<p>Other words.</p>").unwrap();
    fs::remove_file(dir.path().join("fees.v2.md")).unwrap();
    let second = load(dir.path(), &[], &Known::new(marked.iter())).unwrap();
    assert_eq!(second.versions.iter().map(|version| version.title.as_str()).collect::<Vec<_>>(), ["Known", "Page"]);
    assert_eq!(second.versions[0].valid_to, None, "the version that cut it is gone");
}

#[test]
fn archives_that_cannot_be_trusted_as_a_whole_are_left_out() {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("a.md", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(b"Text.").unwrap();
    archive.shallow_copy_file("a.md", "b.md").unwrap();
    let overlapping = archive.finish().unwrap().into_inner();
    let whole = zip_of(&[("a.md", b"Text.")]);
    let many: Vec<(String, &[u8])> = (0..10_001).map(|at| (format!("{at}.md"), b"".as_slice())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(path, bytes)| (path.as_str(), *bytes)).collect();
    let dir = folder(&[("good.md", "Text.")]);
    for (name, bytes) in
        [("cut.zip", &whole[..whole.len() - 9]), ("empty.zip", b""), ("many.zip", &zip_of(&many)), ("over.zip", &overlapping)]
    {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let report = load_folder(dir.path()).unwrap();
    assert_eq!(paths(&report), ["good.md"]);
    let reasons: Vec<_> = report.skipped.iter().map(|file| file.reason.as_str()).collect();
    assert!(reasons[0].contains("as a zip archive") && reasons[1].contains("as a zip archive"), "{reasons:?}");
    assert!(reasons[2].contains("more than 10000 files") && reasons[3].contains("lie over each other"), "{reasons:?}");
    let text = load_folder(&dir.path().join("cut.zip")).unwrap_err().item;
    assert!(text.contains("1 skipped, the first because") && text.contains("pack it again"), "{text}");
}

#[test]
fn the_state_of_a_folder_shows_new_archives_and_pdf_files() {
    let dir = folder(&[("a.md", "Text.")]);
    let before = folder_state(dir.path());
    fs::write(dir.path().join("b.pdf"), "%PDF-").unwrap();
    let with_pdf = folder_state(dir.path());
    fs::write(dir.path().join("c.zip"), "PK").unwrap();
    let with_both = folder_state(dir.path());
    assert!(before != with_pdf && with_pdf != with_both);
    assert_eq!(folder_state(&dir.path().join("c.zip")).len(), 1);
}

proptest! {
    #[test]
    fn no_archive_is_too_damaged(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..10)) {
        let mut bytes = zip_of(&[("a.md", b"Text of a file."), ("b/c.txt", b"Text of another.")]);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let dir = folder(&[("good.md", "Text.")]);
        fs::write(dir.path().join("p.zip"), bytes).unwrap();
        prop_assert!(paths(&load_folder(dir.path()).unwrap()).contains(&"good.md"));
    }
}
