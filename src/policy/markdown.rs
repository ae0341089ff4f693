//! Markdown into passages whose sentences know their place in the file to the byte.
//!
//! The parser gives the place of every piece of text. A paragraph's pieces are put together without marks, that text is cut
//! into sentences, and each sentence is carried back through the pieces to the file. No recursion: nesting costs no stack.
//!
//! Strikethrough stays off: with it, "3~5 days or 7~10 days" would lose its tildes. HTML, images and their captions are skipped.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::text::{is_wide, split_sentences, trim_invisible};

use super::sections::{Block, fold_lines, needs_space, pack};
use super::{Passage, Sentence, SentenceKind};

/// Longer leads and column names help nobody, and repeated on every row they would let a small file fill the memory.
const LEAD_BYTES: usize = 400;

/// The passages of a Markdown file, in order and apart.
///
/// `source` is the whole file and `body_start` the byte behind its front matter; all positions count in `source`. Headings that
/// repeat `title` are left out of [`Passage::headings`].
pub fn passages(source: &str, body_start: usize, title: &str) -> Vec<Passage> {
    passages_of_events(source, title, events(source, body_start))
}

/// The same from events with their places in `source`.
pub(super) fn passages_of_events<'a>(
    source: &'a str,
    title: &str,
    events: impl IntoIterator<Item = (Event<'a>, Range<usize>)>,
) -> Vec<Passage> {
    let mut reader = Reader { source, title: title.trim().to_lowercase(), ..Reader::default() };
    for (event, range) in events {
        reader.event(event, range);
    }
    reader.end_block();
    reader.end_section();
    reader.passages
}

/// The text of the first heading of the first level.
pub(super) fn first_title(source: &str, body_start: usize) -> Option<String> {
    let mut title = None;
    for (event, _) in events(source, body_start) {
        match (event, &mut title) {
            (Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }), None) => title = Some(String::new()),
            (Event::Text(text) | Event::Code(text), Some(title)) => title.push_str(&text),
            (Event::SoftBreak | Event::HardBreak, Some(title)) => title.push(' '),
            (Event::End(TagEnd::Heading(_)), Some(_)) => break,
            _ => {}
        }
    }
    title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty())
}

fn events(source: &str, body_start: usize) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM;
    let body = source.get(body_start..).unwrap_or_default();
    let events = Parser::new_ext(body, options).into_offset_iter();
    events.map(move |(event, range)| (event, range.start + body_start..range.end + body_start))
}

/// What is known at one point of the file.
#[derive(Default)]
struct Reader<'a> {
    source: &'a str,
    title: String,
    headings: Vec<(HeadingLevel, String)>,
    in_heading: Option<HeadingLevel>,
    /// The inline text of the block that is open.
    leaf: Leaf,
    images: usize,
    /// The leads of the lists that are open, outermost first.
    lists: Vec<Option<String>>,
    /// What introduces a list that begins here.
    introduction: Option<String>,
    table: Option<Table>,
    blocks: Vec<Block>,
    end_of_last: usize,
    passages: Vec<Passage>,
}

#[derive(Default)]
struct Table {
    columns: Vec<String>,
    /// The cells of the row that is open: their text and place.
    cells: Vec<(String, Option<Range<usize>>)>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(text) if self.images == 0 => self.leaf.push(&text, range, self.source),
            Event::Code(text) if self.images == 0 => {
                self.leaf.open_span(range.start);
                self.leaf.push(&text, range.clone(), self.source);
                self.leaf.close_span(range.end);
            }
            Event::SoftBreak => self.leaf.line_break = Some(LineBreak::Soft),
            Event::HardBreak => self.leaf.line_break = Some(LineBreak::Hard),
            Event::InlineHtml(html) if html.get(..3).is_some_and(|tag| tag.eq_ignore_ascii_case("<br")) => {
                self.leaf.line_break = Some(LineBreak::Hard);
            }
            Event::Rule => self.end_block(),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Emphasis | Tag::Strong | Tag::Link { .. } => return self.leaf.open_span(range.start),
            Tag::Image { .. } => {
                self.images += 1;
                return;
            }
            Tag::TableHead | Tag::TableRow | Tag::TableCell => return,
            _ => self.end_block(),
        }
        match tag {
            Tag::Heading { level, .. } if self.lists.is_empty() => self.in_heading = Some(level),
            Tag::List(_) => {
                let outer = self.lists.last().cloned().flatten();
                let lead = match (self.introduction.take(), outer) {
                    (Some(own), Some(outer)) if outer.len() + own.len() < LEAD_BYTES => Some(format!("{outer} {own}")),
                    (own, outer) => own.or(outer),
                };
                self.lists.push(lead);
            }
            Tag::Item => self.introduction = None,
            Tag::Table(_) => self.table = Some(Table::default()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link => self.leaf.close_span(range.end),
            TagEnd::Image => self.images = self.images.saturating_sub(1),
            TagEnd::Heading(_) if self.in_heading.is_some() => self.end_heading(),
            TagEnd::TableCell => {
                let leaf = std::mem::take(&mut self.leaf).sorted();
                let place = trim_invisible(&leaf.plain, 0..leaf.plain.len()).and_then(|all| leaf.place(&all));
                if let Some(table) = &mut self.table {
                    table.cells.push((fold_lines(&leaf.plain), place));
                }
            }
            TagEnd::TableHead => {
                if let Some(table) = &mut self.table {
                    table.columns =
                        table.cells.drain(..).map(|(name, _)| if name.len() <= LEAD_BYTES { name } else { String::new() }).collect();
                }
            }
            TagEnd::TableRow => {
                if let Some(row) = self.table.as_mut().and_then(Table::end_row) {
                    self.push_block(vec![row], false);
                }
            }
            TagEnd::Table => self.table = None,
            _ => self.end_block(),
        }
        if tag == (TagEnd::List(true)) || tag == (TagEnd::List(false)) {
            self.lists.pop();
            self.introduction = None;
        }
    }

    fn end_heading(&mut self) {
        let heading = fold_lines(&std::mem::take(&mut self.leaf).plain);
        self.end_section();
        if let Some(level) = self.in_heading.take() {
            self.headings.retain(|(above, _)| *above < level);
            // The title's level still closes those below it.
            if !heading.is_empty() && heading.to_lowercase() != self.title {
                self.headings.push((level, heading));
            }
        }
        self.introduction = None;
    }

    fn end_section(&mut self) {
        let headings: Vec<String> = self.headings.iter().map(|(_, text)| text.clone()).collect();
        pack(&headings, std::mem::take(&mut self.blocks), &mut self.passages);
    }

    /// Cuts the text gathered so far into sentences.
    fn end_block(&mut self) {
        let leaf = std::mem::take(&mut self.leaf).sorted();
        let (kind, lead) = match self.lists.last() {
            Some(lead) => (SentenceKind::ListItem, lead),
            None => (SentenceKind::Prose, &None),
        };
        let mut sentences: Vec<Sentence> = Vec::new();
        for range in split_sentences(&leaf.plain) {
            let Some(bytes) = leaf.place(&range) else { continue };
            let plain = fold_lines(leaf.plain.get(range).unwrap_or_default());
            match sentences.last_mut() {
                // Two sentences in one piece that cannot be divided, such as a character reference.
                Some(last) if bytes.start < last.bytes.end => {
                    last.bytes.end = bytes.end.max(last.bytes.end);
                    last.plain.push(' ');
                    last.plain.push_str(&plain);
                }
                _ => sentences.push(Sentence { bytes, plain, lead: lead.clone(), kind }),
            }
        }
        let Some(last) = sentences.last() else { return };
        // The text of an item always introduces the list inside it.
        let is_introduction = kind == SentenceKind::ListItem || introduces(&last.plain);
        let introduction = (is_introduction && last.plain.len() <= LEAD_BYTES).then(|| last.plain.clone());
        let introduces = last.plain.ends_with([':', '：']);
        self.push_block(sentences, introduces);
        self.introduction = introduction;
    }

    fn push_block(&mut self, sentences: Vec<Sentence>, introduces: bool) {
        self.introduction = None;
        let (Some(first), Some(last)) = (sentences.first(), sentences.last()) else { return };
        // The parser goes through the file in order; were it not to, citations would still not overlap.
        if first.bytes.start >= self.end_of_last {
            self.end_of_last = last.bytes.end;
            self.blocks.push(Block { sentences, introduces });
        }
    }
}

/// Whether a sentence announces what comes after it.
fn introduces(sentence: &str) -> bool {
    let sentence = sentence.trim_end_matches(['"', '\'', ')', '”', '’', '）', '*', '_']);
    if !sentence.ends_with(['.', '!', '?', '。', '！', '？', '…', ';', '；']) {
        return true;
    }
    let is_pointer = |word: &str| ["following", "these", "below"].iter().any(|pointer| word.eq_ignore_ascii_case(pointer));
    sentence.split(|c: char| !c.is_alphanumeric()).any(is_pointer)
        || ["以下", "如下", "下列"].iter().any(|pointer| sentence.contains(pointer))
}

impl Table {
    /// The row as a sentence: each cell with the name of its column.
    fn end_row(&mut self) -> Option<Sentence> {
        let cells = std::mem::take(&mut self.cells);
        let is_chinese = self.columns.iter().any(|name| name.chars().any(|c| c.is_alphabetic() && is_wide(c)));
        let (colon, semicolon) = if is_chinese { ("：", "；") } else { (": ", "; ") };
        let mut bytes: Option<Range<usize>> = None;
        let mut plain = String::new();
        for (at, (cell, place)) in cells.into_iter().enumerate() {
            let Some(place) = place else { continue };
            bytes = Some(bytes.map_or(place.start, |bytes| bytes.start)..place.end);
            if !plain.is_empty() {
                plain.push_str(semicolon);
            }
            if let Some(name) = self.columns.get(at).filter(|name| !name.is_empty()) {
                plain.push_str(name.trim_end_matches([':', '：']));
                plain.push_str(colon);
            }
            plain.push_str(&cell);
        }
        let names: Vec<&str> = self.columns.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let lead = Some(names.join(" | ")).filter(|lead| !lead.is_empty() && lead.len() <= LEAD_BYTES);
        Some(Sentence { bytes: bytes?, plain, lead, kind: SentenceKind::TableRow })
    }
}

/// Inline text without marks, and where each piece of it stands in the file.
#[derive(Default)]
struct Leaf {
    plain: String,
    pieces: Vec<Piece>,
    /// Emphasis, links and code: their text in `plain`, and their whole in the file, marks included.
    spans: Vec<(Range<usize>, Range<usize>)>,
    open: Vec<(usize, usize)>,
    /// A line break that the next text decides about.
    line_break: Option<LineBreak>,
}

#[derive(Clone, Copy)]
enum LineBreak {
    Soft,
    /// `\` or two spaces at a line's end, or `<br>`: the line was meant to end, as in an address.
    Hard,
}

struct Piece {
    plain: Range<usize>,
    source: Range<usize>,
    /// Whether the two are the same text, byte for byte.
    is_literal: bool,
}

impl Leaf {
    fn push(&mut self, text: &str, range: Range<usize>, source: &str) {
        match self.line_break.take() {
            // Spaces at a line's end are often an oversight: a sentence that goes on in small letters goes on.
            Some(LineBreak::Hard) if !text.starts_with(char::is_lowercase) => self.plain.push_str("\n\n"),
            Some(_) if needs_space(&self.plain, text) => self.plain.push(' '),
            _ => {}
        }
        let start = self.plain.len();
        self.plain.push_str(text);
        // Code stands between its marks; a character reference stands for something else as a whole.
        let written = source.get(range.clone()).unwrap_or_default();
        let (source, is_literal) = match written.find(text) {
            Some(offset) => (range.start + offset..range.start + offset + text.len(), true),
            None => (range, false),
        };
        self.pieces.push(Piece { plain: start..self.plain.len(), source, is_literal });
    }

    /// Brings the spans, which come as they end, into the order in which they begin.
    fn sorted(mut self) -> Self {
        self.spans.sort_by_key(|(text, _)| text.start);
        self
    }

    fn open_span(&mut self, source_start: usize) {
        self.open.push((self.plain.len(), source_start));
    }

    fn close_span(&mut self, source_end: usize) {
        if let Some((plain_start, source_start)) = self.open.pop()
            && let Some(text) = trim_invisible(&self.plain, plain_start..self.plain.len())
        {
            self.spans.push((text, source_start..source_end));
        }
    }

    /// Where a range of the plain text stands in the file. Spans that lie wholly in it bring their marks along, so that a
    /// quotation has no half of a `**`.
    fn place(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let first = self.pieces.get(self.pieces.partition_point(|piece| piece.plain.end <= range.start))?;
        let last = self.pieces.get(self.pieces.partition_point(|piece| piece.plain.end < range.end))?;
        let start = if first.is_literal { first.source.start + (range.start - first.plain.start) } else { first.source.start };
        let end = if last.is_literal { last.source.start + (range.end - last.plain.start) } else { last.source.end };
        let from = self.spans.partition_point(|(text, _)| text.start < range.start);
        let inside = self.spans.iter().skip(from).take_while(|(text, _)| text.start < range.end).filter(|(text, _)| text.end <= range.end);
        Some(inside.fold(start..end, |place, (_, span)| place.start.min(span.start)..place.end.max(span.end)))
    }
}

#[cfg(test)]
mod tests;
