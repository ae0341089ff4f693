//! From the blocks of a section to passages of a readable size, and the same for text without any marks.

use crate::text::{is_wide, split_sentences};

use super::{PASSAGE_WORDS, Passage, Sentence, SentenceKind};

/// What must not be torn apart without need: a paragraph, a list item, a table row.
pub(super) struct Block {
    pub(super) sentences: Vec<Sentence>,
    /// Whether it announces the block after it, and so should not end a passage.
    pub(super) introduces: bool,
}

/// Half words, so that a Chinese character counts as one.
const PASSAGE_HALF_WORDS: usize = 2 * PASSAGE_WORDS;
/// A passage below this is no use alone.
const TINY_HALF_WORDS: usize = 2 * 25;

/// Divides one section into passages of about the same size, none above [`PASSAGE_WORDS`] unless it is a single sentence.
pub(super) fn pack(headings: &[String], blocks: Vec<Block>, passages: &mut Vec<Passage>) {
    let units: Vec<Unit> = blocks.into_iter().flat_map(units).collect();
    let total: usize = units.iter().map(|unit| unit.half_words).sum();
    // Even parts read better than full ones with a crumb at the end.
    let target = total.div_ceil(total.div_ceil(PASSAGE_HALF_WORDS).max(1));
    let mut parts: Vec<Vec<Unit>> = Vec::new();
    for unit in units {
        let Some(part) = parts.last_mut() else {
            parts.push(vec![unit]);
            continue;
        };
        let size = size_of(part);
        if size + unit.half_words <= PASSAGE_HALF_WORDS && size < target {
            part.push(unit);
            continue;
        }
        let can_move = |last: &mut Unit| last.introduces && last.half_words + unit.half_words <= PASSAGE_HALF_WORDS;
        let introduction = if part.len() > 1 { part.pop_if(can_move) } else { None };
        parts.push(introduction.into_iter().chain([unit]).collect());
    }
    let is_crumb = |parts: &[Vec<Unit>]| match parts {
        [.., before, last] => size_of(last) < TINY_HALF_WORDS && size_of(before) + size_of(last) <= PASSAGE_HALF_WORDS,
        _ => false,
    };
    if is_crumb(&parts)
        && let Some(crumb) = parts.pop()
        && let Some(last) = parts.last_mut()
    {
        last.extend(crumb);
    }
    for part in parts {
        let sentences: Vec<Sentence> = part.into_iter().flat_map(|unit| unit.sentences).collect();
        if let (Some(first), Some(last)) = (sentences.first(), sentences.last()) {
            passages.push(Passage { headings: headings.to_vec(), bytes: first.bytes.start..last.bytes.end, sentences });
        }
    }
}

/// A block, or what fits of one.
struct Unit {
    sentences: Vec<Sentence>,
    half_words: usize,
    introduces: bool,
}

fn size_of(part: &[Unit]) -> usize {
    part.iter().map(|unit| unit.half_words).sum()
}

/// Cuts a block between sentences where it is too long for one passage.
fn units(block: Block) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for sentence in block.sentences {
        let half_words = half_words(&sentence.plain);
        match units.last_mut() {
            Some(unit) if unit.half_words + half_words <= PASSAGE_HALF_WORDS => {
                unit.half_words += half_words;
                unit.sentences.push(sentence);
            }
            _ => units.push(Unit { sentences: vec![sentence], half_words, introduces: false }),
        }
    }
    if let Some(last) = units.last_mut() {
        last.introduces = block.introduces;
    }
    units
}

/// Words, doubled: one for a Chinese, Japanese or Korean character, two for a word of any other script.
fn half_words(text: &str) -> usize {
    let (mut count, mut in_word) = (0, false);
    for c in text.chars() {
        let is_word = c.is_alphanumeric() && !is_wide(c);
        count += match () {
            () if is_word && !in_word => 2,
            () if c.is_alphanumeric() && is_wide(c) => 1,
            () => 0,
        };
        in_word = is_word || in_word && !c.is_whitespace() && !is_wide(c); // "pay-in-4" is one word
    }
    count
}

/// The passages of a text without marks: paragraphs end at blank lines, and there are no headings.
pub(super) fn text_passages(source: &str, body_start: usize) -> Vec<Passage> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut end = body_start;
    for range in split_sentences(source.get(body_start..).unwrap_or_default()) {
        let bytes = range.start + body_start..range.end + body_start;
        let gap = source.get(end..bytes.start).unwrap_or_default();
        let plain = fold_lines(source.get(bytes.clone()).unwrap_or_default());
        end = bytes.end;
        let sentence = Sentence { bytes, plain, lead: None, kind: SentenceKind::Prose };
        match blocks.last_mut() {
            Some(block) if gap.matches('\n').count() < 2 => block.sentences.push(sentence),
            _ => blocks.push(Block { sentences: vec![sentence], introduces: false }),
        }
    }
    let mut passages = Vec::new();
    pack(&[], blocks, &mut passages);
    passages
}

/// Puts wrapped lines into one: a space between words, nothing between Chinese characters.
pub(super) fn fold_lines(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for line in text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()) {
        if needs_space(&folded, line) {
            folded.push(' ');
        }
        folded.push_str(line);
    }
    folded
}

/// Whether a space belongs between two pieces of text that a line break parted.
pub(super) fn needs_space(before: &str, after: &str) -> bool {
    match (before.chars().next_back(), after.chars().next()) {
        (Some(last), Some(first)) => !(is_wide(last) && is_wide(first)),
        _ => false,
    }
}
