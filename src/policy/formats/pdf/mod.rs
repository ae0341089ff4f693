//! PDF files (ISO 32000): the text that stands on their pages, put together to headings, paragraphs, lists and tables.
//!
//! In: the bytes of a file. Out: an outline and the page on which each part of it begins. A file that says what its parts are is taken at
//! its word ([`tagged`]); for any other the places of the text decide ([`layout`]). Reading hostile files is not safe in any library
//! for Rust, so the program reads them in a process of its own ([`child`]).

mod block;
mod child;
mod cmap;
mod font;
mod layout;
mod page;
mod tagged;

use lopdf::{Document, LoadOptions, Object, decode_text_string};

pub use self::child::{read_pdf_on_stdin, read_pdfs_in_child};

use self::block::{Block, Kind, Spelling, Words};
use self::font::Fonts;
use super::{Extracted, Outline, one_line};
use crate::policy::PageStart;

/// Streams that unpack to more hold no text.
const MAX_STREAM_BYTES: usize = 32 << 20;

/// Of the letters, this share may be unreadable: a sign here and there.
const MAX_UNREADABLE: f64 = 0.05;

pub(super) use self::child::extract;

/// Reads a file in this process. Errors say what is wrong and what to do.
fn read(bytes: &[u8]) -> Result<Extracted, String> {
    let within = |part: &[u8], mark: &[u8]| part.windows(mark.len()).any(|window| window == mark);
    if !within(bytes.get(..bytes.len().min(1024)).unwrap_or_default(), b"%PDF-") {
        return Err("is no PDF file, whatever its name says: save it as PDF again".to_owned());
    }
    // lopdf mends such files as far as it can: some pages of a policy would then be missing, and nobody would know.
    if !within(bytes.get(bytes.len().saturating_sub(4096)..).unwrap_or_default(), b"startxref") {
        return Err("is a PDF file without its end: copy or download it again".to_owned());
    }
    let options = LoadOptions { max_decompressed_size: Some(MAX_STREAM_BYTES), ..LoadOptions::default() };
    let doc = match Document::load_mem_with_options(bytes, options) {
        Ok(doc) if doc.is_encrypted() && !doc.was_encrypted() => return Err(protected()),
        Ok(doc) => doc,
        Err(lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) | lopdf::Error::UnsupportedSecurityHandler(_)) => {
            return Err(protected());
        }
        Err(cause) => return Err(format!("is a damaged PDF file ({cause}): save it as PDF again")),
    };
    let pages = page::pages(&doc, &mut Fonts::new(&doc))?;
    if pages.is_empty() {
        return Err("is a PDF file without pages: save it as PDF again".to_owned());
    }
    let letters = || pages.iter().flat_map(|page| &page.runs).flat_map(|run| run.text.chars()).filter(|c| !c.is_whitespace());
    let is_unreadable = |c: &char| *c == '\u{FFFD}' || matches!(*c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..);
    let (all, unreadable) = (letters().count(), letters().filter(is_unreadable).count());
    if all == 0 {
        return Err("has no text (a scan?): run OCR on it first".to_owned());
    }
    if unreadable as f64 > MAX_UNREADABLE * all as f64 {
        return Err("does not tell which letters its signs stand for: save it as PDF again with its fonts, or run OCR on it".to_owned());
    }
    let spelling = Spelling::of(&pages);
    let (mut blocks, has_headings) = tagged::blocks(&doc, &pages, &spelling).unwrap_or_else(|| (layout::blocks(&pages, &spelling), false));
    block::name_by_looks(&mut blocks, has_headings);
    let title = title(&doc, &blocks);
    let (text, pages) = write(&blocks);
    Ok(Extracted { title, text, pages, uri: None })
}

fn protected() -> String {
    "is protected by a password: save it without one".to_owned()
}

/// The first heading of the first level, or else the title in the file's own description, unless that is a file's name.
fn title(doc: &Document, blocks: &[Block]) -> Option<String> {
    let heading = blocks.iter().find(|block| block.kind == Kind::Heading(1)).map(|block| one_line(&block.words.text));
    let described = || {
        let info = doc.trailer.get_deref(b"Info", doc).and_then(Object::as_dict).ok()?;
        let title = one_line(&decode_text_string(info.get_deref(b"Title", doc).ok()?).ok()?);
        let is_name = title.is_empty()
            || title.contains(['.', '\\', '/', '_'])
            || title.to_lowercase().starts_with("untitled")
            || title.contains(" - ");
        (!is_name).then_some(title)
    };
    heading.or_else(described)
}

/// The blocks as an outline, with the byte from which on each page's text stands.
fn write(blocks: &[Block]) -> (String, Vec<PageStart>) {
    let (mut outline, mut starts) = (Outline::default(), Vec::<PageStart>::new());
    for Block { kind, words } in blocks {
        let first_cell = match kind {
            Kind::Row(cells, is_first) => {
                if *is_first {
                    outline.end_table();
                }
                outline.row(&cells.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>());
                cells.iter().find(|cell| !cell.text.is_empty())
            }
            Kind::Heading(level) => {
                outline.heading(*level, &words.text);
                None
            }
            Kind::Item => {
                outline.item(&words.text);
                None
            }
            Kind::Paragraph => {
                outline.paragraph(&words.text);
                None
            }
        };
        // A row counts from its beginning, other blocks from the word that stands first on the page.
        let line_start = outline.text.trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
        let text_start = outline.text.len().saturating_sub(words.text.len() + 1);
        let begins: Vec<(usize, u32)> = match first_cell {
            Some(Words { pages, .. }) => pages.first().map(|(_, page)| (line_start, *page)).into_iter().collect(),
            None => words.pages.iter().map(|(at, page)| (text_start + at, *page)).collect(),
        };
        for (byte, page) in begins {
            if starts.last().is_none_or(|last| last.page < page && last.byte < byte) {
                starts.push(PageStart { byte, page });
            }
        }
    }
    (outline.text, starts)
}

#[cfg(test)]
mod tests;
