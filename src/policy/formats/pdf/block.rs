//! Lines put together to blocks, and what a block is by its looks.

use std::collections::{HashMap, HashSet};

use super::page::{Page, Run};
use crate::text::is_wide;

/// A piece of a document, in the order of reading.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) words: Words,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Heading(usize),
    Paragraph,
    Item,
    /// A row of a table, by cells; whether it is the first of its table.
    Row(Vec<Words>, bool),
}

/// Text that was put together from lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Words {
    pub(super) text: String,
    /// For each page with some of it: the byte from which on, and the page.
    pub(super) pages: Vec<(usize, u32)>,
    pub(super) size: f32,
    pub(super) is_bold: bool,
    pub(super) lines: usize,
    /// Whether it stands apart from what is above it.
    pub(super) stands_apart: bool,
}

impl Words {
    /// Adds a line below, or the first one.
    pub(super) fn add_line(&mut self, line: &str, size: f32, is_bold: bool, page: u32, spelling: &Spelling) {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            return;
        }
        self.is_bold = is_bold && (self.text.is_empty() || self.is_bold);
        self.size = self.size.max(size);
        self.lines += 1;
        match spelling.seam(&self.text, &line) {
            Seam::Hyphen => drop(self.text.pop()),
            Seam::Space => self.text.push(' '),
            Seam::None => {}
        }
        if self.pages.last().is_none_or(|(_, last)| *last != page) {
            self.pages.push((self.text.len(), page));
        }
        self.text.push_str(&line);
    }

    /// Adds runs that are drawn one after the other, as they stand in one block of the file's structure.
    pub(super) fn add_runs(&mut self, runs: &[(u32, &Run)], spelling: &Spelling) {
        let mut line: Option<(u32, String, &Run, f32, bool)> = None;
        for (page, run) in runs {
            if let Some((on, text, last, size, is_bold)) = &mut line {
                let gap = (run.x - last.end) / run.size.max(last.size);
                let is_same_line = on == page && (run.y - last.y).abs() < 0.5 * run.size.max(last.size) && gap > -0.5;
                if is_same_line {
                    join(text, &run.text, gap);
                    (*last, *size, *is_bold) = (run, size.max(run.size), *is_bold && run.is_bold);
                    continue;
                }
                self.add_line(text, *size, *is_bold, *on, spelling);
            }
            line = Some((*page, run.text.clone(), run, run.size, run.is_bold));
        }
        if let Some((page, text, _, size, is_bold)) = line {
            self.add_line(&text, size, is_bold, page, spelling);
        }
    }
}

/// Puts two pieces of one line together; `gap` in units of the letters' size.
pub(super) fn join(text: &mut String, next: &str, gap: f32) {
    let are_wide = text.ends_with(is_wide) && next.starts_with(is_wide);
    if gap > if are_wide { 0.8 } else { 0.15 } {
        text.push(' ');
    }
    text.push_str(next);
}

enum Seam {
    Space,
    None,
    /// The hyphen at the end goes, and nothing comes in between.
    Hyphen,
}

/// The words of a file, which tell whether a hyphen at a line's end belongs to the word.
pub(super) struct Spelling(HashSet<String>);

/// First parts of words that keep their hyphen.
const PREFIXES: [&str; 12] = ["e", "non", "self", "well", "full", "half", "two", "three", "four", "five", "six", "third"];

impl Spelling {
    pub(super) fn of(pages: &[Page]) -> Self {
        let words = |run: &Run| -> Vec<String> { run.text.split_whitespace().map(|word| word_of(word).to_lowercase()).collect() };
        Self(pages.iter().flat_map(|page| &page.runs).flat_map(words).collect())
    }

    fn seam(&self, before: &str, after: &str) -> Seam {
        let Some(last) = before.chars().next_back() else { return Seam::None };
        if last.is_whitespace() {
            return Seam::None;
        }
        let left = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let stem = left.trim_end_matches(['-', '\u{2010}', '\u{AD}']);
        let is_hyphen = matches!(last, '-' | '\u{2010}' | '\u{AD}') && stem.ends_with(char::is_alphabetic);
        if is_hyphen {
            let right = word_of(after.split_whitespace().next().unwrap_or_default());
            if last == '\u{AD}' {
                return Seam::Hyphen;
            }
            if !right.starts_with(char::is_lowercase) {
                return Seam::None; // as in "EU-Imports"
            }
            let stem = word_of(stem).to_lowercase();
            let right = right.to_lowercase();
            if right == "and" || right == "or" {
                return Seam::Space; // as in "pre- and postpaid"
            }
            let is_own = stem.contains('-')
                || right.contains('-')
                || PREFIXES.contains(&stem.as_str())
                || self.0.contains(&format!("{stem}-{right}"));
            return if is_own && !self.0.contains(&format!("{stem}{right}")) { Seam::None } else { Seam::Hyphen };
        }
        match after.chars().next() {
            Some(first) if is_wide(last) && is_wide(first) => Seam::None,
            Some(_) if last == '/' && left.contains("://") => Seam::None,
            _ => Seam::Space,
        }
    }
}

fn word_of(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

/// The text after the mark of a list item, if it begins with one: a bullet, or a number with `.` or `)`.
pub(super) fn item(text: &str) -> Option<&str> {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix(['•', '◦', '▪', '●', '○', '■', '□', '‣', '·', '➢', '✓', '✔', '❖']) {
        return Some(rest.trim_start());
    }
    if let Some(rest) = ["- ", "– ", "* ", "o "].iter().find_map(|mark| text.strip_prefix(mark)) {
        return Some(rest.trim_start());
    }
    let (label, rest) = text.split_once(char::is_whitespace)?;
    is_label(label).then(|| rest.trim_start())
}

/// Whether a word is the number of a list item: `1.`, `2)`, `(a)`, `iv.`.
pub(super) fn is_label(word: &str) -> bool {
    let inner = word.strip_prefix('(').unwrap_or(word);
    let Some(inner) = inner.strip_suffix([')', '.']) else { return false };
    let is_number = inner.len() <= 2 && inner.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = inner.len() == 1 && inner.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_roman = inner.len() <= 4 && inner.bytes().all(|byte| b"ivx".contains(&byte));
    !inner.is_empty() && (is_number || is_letter || is_roman)
}

/// Words, where a Chinese character is half a word.
fn length(text: &str) -> usize {
    let wide = text.chars().filter(|c| is_wide(*c)).count();
    wide.div_ceil(2) + text.split(|c: char| c.is_whitespace() || is_wide(c)).filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// Finds headings and list items among paragraphs by their looks. `has_headings`: the file says itself what its headings are.
pub(super) fn name_by_looks(blocks: &mut [Block], has_headings: bool) {
    // Bullets first; a number may belong to a heading: "1. Scope".
    name_items(blocks, |text| !text.starts_with(char::is_alphanumeric) || text.starts_with("o "));
    if !has_headings {
        name_headings(blocks);
    }
    name_items(blocks, |_| true);
}

fn name_items(blocks: &mut [Block], is_wanted: impl Fn(&str) -> bool) {
    for Block { kind, words } in blocks.iter_mut().filter(|block| block.kind == Kind::Paragraph && is_wanted(&block.words.text)) {
        if let Some(rest) = item(&words.text).filter(|rest| !rest.is_empty()) {
            cut_start(words, words.text.len() - rest.len());
            *kind = Kind::Item;
        } else if is_chinese_item(&words.text) {
            *kind = Kind::Item; // its number stays: clauses are cited by it
        }
    }
}

/// `（一）商品完好；`
fn is_chinese_item(text: &str) -> bool {
    let inner = text.strip_prefix(['（', '(']).and_then(|text| text.split_once(['）', ')'])).map_or("", |(inner, _)| inner);
    !inner.is_empty() && inner.chars().all(|c| NUMERALS.contains(c))
}

fn cut_start(words: &mut Words, bytes: usize) {
    words.text.drain(..bytes);
    for (at, _) in &mut words.pages {
        *at = at.saturating_sub(bytes);
    }
}

fn name_headings(blocks: &mut [Block]) {
    let mut letters_by_size: HashMap<(i32, bool), usize> = HashMap::new();
    for Block { words, .. } in blocks.iter() {
        *letters_by_size.entry((half_points(words.size), words.is_bold)).or_default() += words.text.chars().count();
    }
    let Some(((body, body_is_bold), _)) = letters_by_size.into_iter().max_by_key(|((size, is_bold), letters)| (*letters, -size, !is_bold))
    else {
        return;
    };
    let mut looks = Vec::new();
    for at in 0..blocks.len() {
        let (Some(block), next) = (blocks.get(at), blocks.get(at + 1)) else { continue };
        if block.kind == Kind::Paragraph
            && let Some(look) = look(&block.words, body, body_is_bold, next)
        {
            looks.push((at, look));
        }
    }
    let mut ranks: Vec<Look> = looks.iter().map(|(_, look)| *look).collect();
    ranks.sort_unstable();
    ranks.dedup();
    for (at, look) in looks {
        let level = ranks.iter().position(|rank| *rank == look).unwrap_or_default() + 1;
        if let Some(block) = blocks.get_mut(at) {
            block.kind = Kind::Heading(level.min(6));
        }
    }
}

/// How much a heading stands out, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    /// The size in half points, negative so that the largest comes first.
    Large(i32),
    Bold,
    Plain,
}

fn half_points(size: f32) -> i32 {
    (size * 2.0).round() as i32
}

/// Why a paragraph is taken for a heading, if it is: short, without a stop at its end, and larger, bolder or alone.
fn look(words: &Words, body: i32, body_is_bold: bool, next: Option<&Block>) -> Option<Look> {
    let text = words.text.as_str();
    let length = length(text);
    let first = text.chars().find(|c| c.is_alphanumeric())?;
    let ends = text.ends_with(['.', ',', ';', ':', '!', '。', '，', '；', '：', '！', '、', '…', '-']);
    let next = next?;
    if length > 14
        || words.lines > 2
        || ends
        || first.is_lowercase()
        || !text.contains(char::is_alphabetic)
        || item(text).is_some_and(|rest| rest.is_empty())
    {
        return None;
    }
    let size = half_points(words.size);
    if size as f32 >= body as f32 * 1.12 {
        return Some(Look::Large(-size));
    }
    if words.is_bold && !body_is_bold {
        return Some(Look::Bold);
    }
    let is_numbered = numbered_section(text);
    let is_followed = !matches!(next.kind, Kind::Paragraph)
        || next.words.lines > 1
        || next.words.text.ends_with(['.', ':', '。', '：', '!', '?', '！', '？']);
    // A question at normal size may be text; a number in a list may be an item.
    let is_alone = words.stands_apart && words.lines == 1 && length <= 8 && !text.ends_with(['?', '？', ')', '）']) && !text.contains('@');
    let is_title = is_numbered || item(text).is_none() && !text.contains(['：', ':', ';', '；', '|']);
    (is_alone && is_title && is_followed && next.words.text.chars().count() > text.chars().count()).then_some(Look::Plain)
}

const NUMERALS: &str = "一二三四五六七八九十百";

/// Whether a line begins with the number of a section: `3.2 Fees`, `第三条 费用`, `一、费用`.
fn numbered_section(text: &str) -> bool {
    let after_numerals = text
        .strip_prefix('第')
        .unwrap_or(text)
        .trim_start_matches(|c: char| NUMERALS.contains(c) || c.is_ascii_digit() && text.starts_with('第'));
    if text.starts_with('第') {
        return after_numerals.starts_with(['条', '章', '节', '部']);
    }
    if after_numerals.len() < text.len() {
        return after_numerals.starts_with('、');
    }
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    digits.len() < text.len()
        && text.get(..text.len() - digits.len()).is_some_and(|number| number.trim_end_matches('.').contains('.'))
        && digits.starts_with(' ')
}
