//! Files that are no text: each is turned into an outline, which from then on is the document's source.
//!
//! An [`Outline`] is plain text, one block a line, without marks inside a line, so that what is quoted is exactly what people read:
//! `# heading` (more `#`, deeper), `- list item`, `| cell | cell |` (the first row of a table names its columns), else a paragraph.

mod docx;
mod faq;
mod html;
mod pdf;

pub use pdf::{read_pdf_on_stdin, read_pdfs_in_child};

use serde::{Deserialize, Serialize};

use super::{PageStart, Passage};

/// What a file says.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Extracted {
    /// Its title, if it has one of its own.
    pub(super) title: Option<String>,
    /// Its text as an [`Outline`].
    pub(super) text: String,
    /// Where in it each page begins, if the file has pages.
    pub(super) pages: Vec<PageStart>,
    /// Where it was taken from, if it says so.
    #[serde(default)]
    pub(super) uri: Option<String>,
}

/// Reads a file by its extension (lowercase); `None` where there is no reader. Errors say what is wrong and what to do.
pub(super) fn extract(extension: &str, bytes: &[u8]) -> Option<Result<Extracted, String>> {
    match extension {
        "html" | "htm" => Some(as_text(bytes).map(html::extract)),
        "pdf" => Some(pdf::extract(bytes)),
        "docx" => Some(docx::extract(bytes)),
        "csv" => Some(as_text(bytes).and_then(faq::from_csv)),
        "jsonl" => Some(as_text(bytes).and_then(faq::from_json_lines)),
        _ => None,
    }
}

fn as_text(bytes: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("is not UTF-8 at byte {}: save it as UTF-8", error.valid_up_to()))?;
    Ok(text.trim_start_matches('\u{FEFF}'))
}

/// Builds the text of an outline.
#[derive(Debug, Default)]
struct Outline {
    text: String,
    in_table: bool,
}

impl Outline {
    fn heading(&mut self, level: usize, words: &str) {
        self.line(&"#".repeat(level.clamp(1, 6)), words);
    }

    fn item(&mut self, words: &str) {
        self.line("-", words);
    }

    fn paragraph(&mut self, words: &str) {
        self.line("", words);
    }

    /// A row of the table that is open; the first one names the columns.
    fn row(&mut self, cells: &[String]) {
        if cells.iter().all(|cell| one_line(cell).is_empty()) {
            return;
        }
        if !self.in_table && !self.text.is_empty() {
            self.text.push('\n');
        }
        let cells: Vec<String> = cells.iter().map(|cell| one_line(cell).replace('|', "/")).collect();
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
        self.in_table = true;
    }

    fn end_table(&mut self) {
        self.in_table = false;
    }

    fn line(&mut self, mark: &str, words: &str) {
        let words = one_line(words);
        if words.is_empty() {
            return;
        }
        self.in_table = false;
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        if !mark.is_empty() {
            self.text.push_str(mark);
            self.text.push(' ');
        } else if words.starts_with(['#', '-', '|']) {
            self.text.push(' '); // a line that only looks like a mark
        }
        self.text.push_str(&words);
        self.text.push('\n');
    }
}

/// Runs of white space as one space, none at the ends.
fn one_line(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The passages of an outline, in order and apart.
pub(super) fn passages(outline: &str, title: &str) -> Vec<Passage> {
    super::markdown::passages_of_events(outline, title, events(outline))
}

type Event<'a> = (pulldown_cmark::Event<'a>, std::ops::Range<usize>);

/// The lines as the events that Markdown gives, without reading any marks inside them.
fn events(outline: &str) -> Vec<Event<'_>> {
    use pulldown_cmark::{Event as E, HeadingLevel, Tag, TagEnd};
    let mut events: Vec<Event<'_>> = Vec::new();
    let (mut at, mut in_list, mut rows) = (0, false, 0usize);
    for line in outline.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        let whole = start..start + line.len();
        let mut add = |event: E<'static>| events.push((event, whole.clone()));
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        let is_item = line.starts_with("- ");
        let is_row = line.starts_with("| ") && line.ends_with(" |");
        // A blank line parts blocks but not the items of a list.
        if in_list && !is_item && !line.is_empty() {
            add(E::End(TagEnd::List(false)));
            in_list = false;
        }
        if rows > 0 && !is_row {
            add(E::End(TagEnd::Table));
            rows = 0;
        }
        let level = HeadingLevel::try_from(hashes).ok().filter(|_| line.as_bytes().get(hashes) == Some(&b' '));
        let text = |from: usize, events: &mut Vec<Event<'_>>| {
            let words = outline.get(start + from..start + line.len()).unwrap_or_default();
            let words = words.trim_start();
            let from = start + line.len() - words.len();
            events.push((E::Text(words.to_owned().into()), from..from + words.len()));
        };
        if let Some(level) = level {
            add(E::Start(Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() }));
            text(hashes + 1, &mut events);
            events.push((E::End(TagEnd::Heading(level)), whole));
        } else if is_item {
            if !in_list {
                add(E::Start(Tag::List(None)));
                in_list = true;
            }
            add(E::Start(Tag::Item));
            text(2, &mut events);
            events.push((E::End(TagEnd::Item), whole));
        } else if is_row {
            if rows == 0 {
                add(E::Start(Tag::Table(Vec::new())));
            }
            let end = if rows == 0 { TagEnd::TableHead } else { TagEnd::TableRow };
            let mut from = start + 2;
            for cell in line[2..line.len() - 2].split(" | ") {
                let range = from..from + cell.len();
                from += cell.len() + 3;
                events.push((E::Text(cell.to_owned().into()), range.clone()));
                events.push((E::End(TagEnd::TableCell), range));
            }
            events.push((E::End(end), whole));
            rows += 1;
        } else if !line.trim().is_empty() {
            add(E::Start(Tag::Paragraph));
            text(0, &mut events);
            events.push((E::End(TagEnd::Paragraph), whole));
        }
    }
    let end = outline.len()..outline.len();
    if in_list {
        events.push((E::End(TagEnd::List(false)), end.clone()));
    }
    if rows > 0 {
        events.push((E::End(TagEnd::Table), end));
    }
    events
}

#[cfg(test)]
mod tests;
