//! The binary over a folder with PDF files and archives, good and hostile: each costs no more than itself.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn frontdesk(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_frontdesk")).args(arguments).current_dir(folder).output().expect("the binary that cargo built starts")
}

/// A PDF file written by hand: one page with this drawing, and a further object.
fn pdf(content: &str, more: &[u8]) -> Vec<u8> {
    let drawing = format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len());
    let objects: [&[u8]; 6] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        drawing.as_bytes(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        more,
    ];
    let (mut file, mut places) = (b"%PDF-1.5\n".to_vec(), String::new());
    for (number, object) in (1..).zip(objects) {
        places.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
    }
    let table = file.len();
    file.extend(format!("xref\n0 7\n0000000000 65535 f \n{places}trailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").bytes());
    file
}

fn policy(sentence: &str) -> Vec<u8> {
    pdf(&format!("BT /F1 16 Tf 72 760 Td (Returns) Tj /F1 11 Tf 0 -40 Td ({sentence}) Tj ET"), b"null")
}

/// Thirty kilobytes that unpack to a hundred objects of thirty megabytes, all of them at the same place.
fn bomb() -> Vec<u8> {
    let places: String = (1000..1100).map(|number| format!("{number} 0 ")).collect();
    let content = [places.as_bytes(), b"(", &vec![b'a'; 30 << 20], b")"].concat();
    let mut stream = lopdf::Stream::new(lopdf::Dictionary::new(), content);
    stream.compress().unwrap();
    let packed = stream.content;
    let head = format!("<< /Type /ObjStm /N 100 /First {} /Length {} /Filter /FlateDecode >>\nstream\n", places.len(), packed.len());
    pdf("BT /F1 16 Tf 72 760 Td (Returns) Tj ET", &[head.as_bytes(), &packed, b"\nendstream"].concat())
}

#[test]
fn a_folder_of_pdf_files_and_archives_is_ingested_and_hostile_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("corpus");
    fs::create_dir(&corpus).unwrap();
    fs::write(corpus.join("returns.pdf"), policy("You can return an item within 30 days after delivery.")).unwrap();
    fs::write(corpus.join("scan.pdf"), pdf("0 0 100 100 re f", b"null")).unwrap();
    fs::write(corpus.join("bomb.pdf"), bomb()).unwrap();
    let mut archive = zip::ZipWriter::new(fs::File::create(corpus.join("more.zip")).unwrap());
    for (path, bytes) in [("hr/leave.pdf", policy("Staff get 25 days of leave.")), ("hr/cut.pdf", policy("Cut off.")[..300].to_vec())] {
        archive.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap();

    let started = Instant::now();
    let output = frontdesk(folder.path(), &["ingest", "--json"]);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["documents"], &report["rebuilt"]), (&Value::from(2), &Value::from(true)), "{report}");
    let reason = |path: &str| {
        let skipped = report["skipped"].as_array().unwrap().iter().find(|file| file["path"] == path);
        skipped.and_then(|file| file["reason"].as_str()).unwrap_or_else(|| panic!("{path} is not reported: {report}")).to_owned()
    };
    assert!(reason("scan.pdf").contains("run OCR on it first"));
    assert!(reason("more.zip/hr/cut.pdf").contains("without its end"));
    // Where the system bounds no memory, time does.
    let bomb = reason("bomb.pdf");
    assert!(bomb.contains("too much memory") || bomb.contains("takes longer than"), "{bomb}");

    fs::remove_file(corpus.join("bomb.pdf")).unwrap(); // it would be tried again each time
    let answer = frontdesk(folder.path(), &["ask", "How many days do I have to return something?", "--json"]);
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(answer["citations"][0]["quote"], "You can return an item within 30 days after delivery.", "{answer}");
    let again = frontdesk(folder.path(), &["ingest", "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["rebuilt"], false, "{again}");
}

#[test]
fn the_verb_that_reads_one_file_is_not_shown_and_answers_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let help = frontdesk(folder.path(), &["--help"]);
    assert!(!String::from_utf8_lossy(&help.stdout).contains("read-pdf"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
        .arg("read-pdf")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&policy("A fee of $7 is charged.")).unwrap();
    let output = child.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["Ok"]["text"], "# Returns\n\nA fee of $7 is charged.\n", "{answer}");
    assert_eq!(answer["Ok"]["pages"][0]["page"], 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it leaves nothing behind");
}
