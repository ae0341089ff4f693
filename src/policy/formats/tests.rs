use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::policy::{Passage, SentenceKind, parse_file};

fn plain(passages: &[Passage]) -> Vec<&str> {
    passages.iter().flat_map(|passage| &passage.sentences).map(|sentence| sentence.plain.as_str()).collect()
}

#[test]
fn a_web_page_keeps_its_structure_and_loses_its_furniture() {
    let html = r##"<!doctype html><html><head><title>Returns | Example</title><script>var late = "fee";</script></head><body>
        <nav><a href="/">Home</a> <a href="/x">Shop</a></nav><div class="cookie-banner"><p>We use cookies.</p></div>
        <main><h1>Returns &amp; refunds</h1><p>You can return an item within <b>30</b>&nbsp;days.</p>
        <h2>Costs</h2><p>We pay for:</p><ul><li>faulty items</li><li><p>wrong items</p></li></ul>
        <table><tr><th>Region</th><th>Fee</th></tr><tr><td>US</td><td>$5</td></tr><tr><td>UK</td><td>free</td></tr></table></main>
        <footer>All rights reserved.</footer></body></html>"##;
    let version = parse_file("pages/returns.html", html.as_bytes()).unwrap();
    assert_eq!((version.title.as_str(), version.document_id.as_str()), ("Returns & refunds", "pages-returns"));
    let passages = version.passages();
    assert_eq!(
        plain(&passages),
        [
            "You can return an item within 30 days.",
            "We pay for:",
            "faulty items",
            "wrong items",
            "Region: US; Fee: $5",
            "Region: UK; Fee: free"
        ]
    );
    assert_eq!(passages.last().unwrap().headings, ["Costs"]);
    assert!(!version.source.contains("cookies") && !version.source.contains("Shop") && !version.source.contains("late"));
    let first = &passages[0].sentences[0];
    assert_eq!(&version.source[first.bytes.clone()], "You can return an item within 30 days.");
}

#[test]
fn a_page_without_main_and_with_unclosed_elements_is_read_as_well() {
    let version = parse_file("a.htm", b"<h2>Fees<p>A fee of $2 is charged.<p>It is charged once.<ul><li>per order<li>per day").unwrap();
    assert_eq!(plain(&version.passages()), ["A fee of $2 is charged.", "It is charged once.", "per order", "per day"]);
}

#[test]
fn lists_of_questions_become_sections() {
    let csv = "id;Question;Answer\n1;How long do refunds take?;\"Refunds take 5 days.\nCards may take \"\"longer\"\".\"\n2;Empty?;\n";
    let version = parse_file("faq.csv", csv.as_bytes()).unwrap();
    let passages = version.passages();
    assert_eq!(plain(&passages), ["Refunds take 5 days.", "Cards may take \"longer\"."]);
    assert_eq!(passages[0].headings, ["How long do refunds take?"]);

    let lines = "{\"question\":\"退款多久到账？\",\"answer\":\"退款在三天内到账。\",\"tag\":1}\n";
    let version = parse_file("zh/faq.jsonl", lines.as_bytes()).unwrap();
    assert_eq!((plain(&version.passages()), version.language), (vec!["退款在三天内到账。"], crate::text::Language::Zh));
}

fn docx(document: &str, styles: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [("word/document.xml", document), ("word/styles.xml", styles)] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_word_document_keeps_headings_lists_and_tables() {
    let paragraph =
        |properties: &str, text: &str| format!("<w:p><w:pPr>{properties}</w:pPr><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>");
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph("", text));
    let document = format!(
        "<?xml version=\"1.0\"?><w:document><w:body>{}{}{}{}<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr></w:tbl></w:body></w:document>",
        paragraph("<w:pStyle w:val=\"berschrift1\"/>", "Leave"),
        paragraph("", "Staff get 25 days &amp; public holidays."),
        paragraph("<w:numPr><w:ilvl w:val=\"0\"/></w:numPr>", "Ask your manager"),
        paragraph("", "# not a heading"),
        cell("Years"),
        cell("Days"),
        cell("5"),
        cell("27"),
    );
    let styles = "<w:styles><w:style w:type=\"paragraph\" w:styleId=\"berschrift1\"><w:name w:val=\"heading 1\"/></w:style></w:styles>";
    let version = parse_file("hr/leave.docx", &docx(&document, styles)).unwrap();
    assert_eq!(version.title, "Leave");
    let passages = version.passages();
    assert_eq!(plain(&passages), ["Staff get 25 days & public holidays.", "Ask your manager", "# not a heading", "Years: 5; Days: 27"]);
    assert_eq!(passages[0].sentences[1].kind, SentenceKind::ListItem);
}

#[test]
fn files_that_are_broken_say_so() {
    let message = |path: &str, bytes: &[u8]| parse_file(path, bytes).unwrap_err().item;
    assert!(message("a.docx", b"PK no").contains("Word document"));
    assert!(message("a.docx", &docx("<w:document/>", "")).contains("is empty"));
    assert!(message("a.csv", b"name,price\nx,1\n").contains("`question` and `answer`"));
    assert!(message("a.jsonl", b"{\"question\": 1}\n").contains("line 1"));
    assert!(message("a.html", b"\xff\xfe<p>").contains("UTF-8"));
    assert!(message("a.html", b"<script>x()</script>").contains("is empty"));
}

proptest! {
    #[test]
    fn every_sentence_of_any_page_is_where_it_says(html in "(<(p|li|h2|td|tr|table|main|nav|b|div)>|</(p|li|h2|td|tr|table|main|nav|b|div)>|[a-z |#.\\-]{0,12}|退款。){0,60}") {
        let text = html::extract(&html).text;
        for passage in passages(&text, "t") {
            for sentence in &passage.sentences {
                let quoted = text.get(sentence.bytes.clone());
                prop_assert!(quoted.is_some_and(|quoted| !quoted.trim().is_empty()));
                if sentence.kind != SentenceKind::TableRow {
                    prop_assert_eq!(quoted, Some(sentence.plain.as_str()));
                }
            }
        }
    }
}

#[test]
fn a_saved_page_says_where_it_was_taken_from() {
    let read = |html: &str| crate::policy::parse_file("page.html", html.as_bytes()).unwrap().uri;
    let mark = "<!-- saved from url=(0028)https://shop.example/terms?a -->";
    assert_eq!(read(&format!("\u{FEFF}{mark}\n<p>Words.</p>")).as_deref(), Some("https://shop.example/terms?a"));
    assert_eq!(read(&format!("<!DOCTYPE html>\n{mark}\n<p>Words.</p>")).as_deref(), Some("https://shop.example/terms?a"));
    for other in ["<p>Words.</p>", "<p>Words.</p><!-- x -->", "<!-- saved from url=(0011)file:///a/b --><p>Words.</p>"] {
        assert_eq!(read(other), None);
    }
}
