//! Word documents (Office Open XML, ECMA-376): paragraphs with their heading level, list items and tables.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use html5gum::{Token, Tokenizer};

use super::{Extracted, Outline, one_line};

/// Larger parts are no policies: a small file must not unfold into all memory.
const MAX_PART_BYTES: u64 = 50_000_000;

/// The text of a document.
pub(super) fn extract(bytes: &[u8]) -> Result<Extracted, String> {
    let damaged = |cause: &dyn std::fmt::Display| format!("cannot be read as a Word document: {cause}: save it again as .docx");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|cause| damaged(&cause))?;
    let mut part = |name: &str| -> Result<String, String> {
        let mut text = String::new();
        let file = archive.by_name(name).map_err(|cause| damaged(&cause))?;
        file.take(MAX_PART_BYTES + 1).read_to_string(&mut text).map_err(|cause| damaged(&cause))?;
        if text.len() as u64 > MAX_PART_BYTES {
            return Err("is larger than 50 MB when unpacked: split it".to_owned());
        }
        Ok(text)
    };
    let document = part("word/document.xml")?;
    let levels = heading_levels(&part("word/styles.xml").unwrap_or_default()); // without styles there are no headings
    Ok(read(&document, &levels))
}

/// Tags and text. The HTML tokenizer reads XML well enough: names come in small letters.
enum Piece {
    Start(String, HashMap<String, String>, bool),
    End(String),
    Text(String),
}

fn pieces(xml: &str) -> impl Iterator<Item = Piece> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Tokenizer::new(xml).map_while(Result::ok).filter_map(move |token| match token {
        Token::StartTag(tag) => {
            let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
            Some(Piece::Start(text(&tag.name), attributes, tag.self_closing))
        }
        Token::EndTag(tag) => Some(Piece::End(text(&tag.name))),
        Token::String(words) => Some(Piece::Text(text(&words))),
        _ => None,
    })
}

/// Heading level by style id: styles are called `heading 1` and so on in every language, `Title` is the first level.
fn heading_levels(styles: &str) -> HashMap<String, usize> {
    let (mut levels, mut id) = (HashMap::new(), None);
    for piece in pieces(styles) {
        let Piece::Start(name, attributes, _) = piece else { continue };
        match name.as_str() {
            "w:style" => id = attributes.get("w:styleid").cloned(),
            "w:name" => {
                let style = attributes.get("w:val").map(|name| name.to_lowercase()).unwrap_or_default();
                let level = if style == "title" { Some(1) } else { style.strip_prefix("heading ").and_then(|level| level.parse().ok()) };
                if let (Some(id), Some(level)) = (id.take(), level) {
                    levels.insert(id, level);
                }
            }
            _ => {}
        }
    }
    levels
}

fn read(document: &str, levels: &HashMap<String, usize>) -> Extracted {
    let mut outline = Outline::default();
    let mut title = None;
    let (mut words, mut level, mut is_item, mut in_text) = (String::new(), None, false, false);
    // Tables inside tables are read as part of the cell they stand in.
    let (mut tables, mut row, mut cell) = (0usize, Vec::new(), String::new());
    for piece in pieces(document) {
        match piece {
            Piece::Start(name, attributes, closed) => match name.as_str() {
                "w:p" => (level, is_item) = (None, false),
                "w:pstyle" => level = attributes.get("w:val").and_then(|style| levels.get(style)).copied(),
                "w:numpr" => is_item = true,
                "w:t" => in_text = !closed,
                "w:tab" | "w:br" | "w:cr" => words.push(' '),
                "w:tbl" => {
                    tables += 1;
                    if tables == 1 {
                        outline.end_table();
                    }
                }
                "w:tr" if tables == 1 => row.clear(),
                "w:tc" if tables == 1 => cell.clear(),
                _ => {}
            },
            Piece::Text(text) if in_text => words.push_str(&text),
            Piece::Text(_) => {}
            Piece::End(name) => match name.as_str() {
                "w:t" => in_text = false,
                "w:p" => {
                    let words = std::mem::take(&mut words);
                    if tables > 0 {
                        cell.push_str(&words);
                        cell.push(' ');
                    } else if let Some(level) = level {
                        if level == 1 && title.is_none() && !words.trim().is_empty() {
                            title = Some(one_line(&words));
                        }
                        outline.heading(level, &words);
                    } else if is_item {
                        outline.item(&words);
                    } else {
                        outline.paragraph(&words);
                    }
                }
                "w:tc" if tables == 1 => row.push(std::mem::take(&mut cell)),
                "w:tr" if tables == 1 => outline.row(&row),
                "w:tbl" => tables = tables.saturating_sub(1),
                _ => {}
            },
        }
    }
    Extracted { title, text: outline.text, pages: Vec::new(), uri: None }
}
