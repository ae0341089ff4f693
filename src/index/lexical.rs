//! BM25 over passages: title, headings and text, in tantivy.
//!
//! Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009). Each block of a snapshot has an
//! index of its own, one segment without deletions; how frequent words are is counted over all blocks, so that scores are the same
//! however passages are spread over blocks.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::path::Path;
use std::sync::Arc;

use tantivy::directory::MmapDirectory;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::query::Bm25Weight;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{Index, InvertedIndexReader, ReloadPolicy, TantivyDocument, Term};

use super::{IndexedVersion, PassageId};
use crate::error::{Context, ErrorKind, Result};
use crate::text::analysis;

/// How much a match in a field counts. Measured on the development sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldWeights {
    /// In the document's title.
    pub title: f32,
    /// In the headings above the passage.
    pub headings: f32,
    /// In the passage itself.
    pub body: f32,
    /// In the fields beside the best one, as a share.
    pub beside: f32,
}

/// The best field counts most: a word that the title has says little new in the text, where the whole sum would prefer passages that
/// repeat the title over those that answer.
const ENGLISH_WEIGHTS: FieldWeights = FieldWeights { title: 1.2, headings: 0.5, body: 1.0, beside: 0.3 };

/// All fields count: Chinese words are cut by a dictionary and character pairs overlap, so one match alone says little.
const CHINESE_WEIGHTS: FieldWeights = FieldWeights { title: 0.6, headings: 0.5, body: 1.0, beside: 1.0 };

/// Shorter words are too easily turned into another one.
const MISSPELT_LETTERS: usize = 4;

const WRITER_BYTES: usize = 30 << 20;

/// Title, headings, body.
const FIELDS: usize = 3;
const FIELD_NAMES: [&str; FIELDS] = ["title", "headings", "body"];

/// A term to look for and what a match of it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    /// As [`analysis::terms`] spells it.
    pub text: String,
    /// Factor on its BM25 score.
    pub weight: f32,
}

fn schema() -> Schema {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(analysis::TOKENIZER).set_index_option(IndexRecordOption::WithFreqs);
    let text = TextOptions::default().set_indexing_options(indexing);
    for name in FIELD_NAMES {
        schema.add_text_field(name, text.clone());
    }
    schema.build()
}

/// The words of one block. Its passages are numbered in their order.
pub(super) struct LexicalBlock {
    passages: u32,
    fields: [FieldOfBlock; FIELDS],
}

struct FieldOfBlock {
    field: Field,
    words: Arc<InvertedIndexReader>,
    lengths: FieldNormReader,
}

impl LexicalBlock {
    /// Writes the index of all passages of `versions` into the empty folder `folder`.
    ///
    /// # Errors
    /// `BadIndex` when it cannot be written.
    pub(super) fn write(folder: &Path, versions: &[Arc<IndexedVersion>]) -> Result<()> {
        let unwritable = || format!("{}: check that the folder can be written and the disk has room", folder.display());
        let schema = schema();
        let [title, headings, body] = fields_of(&schema).on(ErrorKind::BadIndex, unwritable)?;
        let tokenizers = TokenizerManager::new();
        tokenizers.register(analysis::TOKENIZER, analysis::FrontdeskTokenizer);
        let directory = MmapDirectory::open(folder).on(ErrorKind::BadIndex, unwritable)?;
        // One segment: passages keep their order.
        let writer = Index::builder().schema(schema).tokenizers(tokenizers).single_segment_index_writer(directory, WRITER_BYTES);
        let mut writer = writer.on(ErrorKind::BadIndex, unwritable)?;
        let passages = versions.iter().flat_map(|indexed| indexed.passages.iter().map(move |passage| (&indexed.version, passage)));
        for (version, passage) in passages {
            let mut document = TantivyDocument::default();
            document.add_text(title, &version.title);
            document.add_text(headings, passage.headings.join("\n"));
            for sentence in &passage.sentences {
                document.add_text(body, &sentence.plain);
                if let Some(lead) = &sentence.lead {
                    document.add_text(headings, lead);
                }
            }
            writer.add_document(document).on(ErrorKind::BadIndex, unwritable)?;
        }
        writer.finalize().on(ErrorKind::BadIndex, unwritable)?;
        Ok(())
    }

    /// Opens an index that [`Self::write`] wrote, checking its checksums.
    ///
    /// # Errors
    /// `BadIndex` when it is missing or damaged.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let damaged = || format!("{}: delete the index folder and run `frontdesk ingest` to build it again", folder.display());
        let index = Index::open_in_dir(folder).on(ErrorKind::BadIndex, damaged)?;
        let broken = index.validate_checksum().on(ErrorKind::BadIndex, damaged)?;
        if let Some(file) = broken.iter().next() {
            return Err(ErrorKind::BadIndex.on(format!("{} in {}", file.display(), damaged())));
        }
        let fields = fields_of(&index.schema()).on(ErrorKind::BadIndex, damaged)?;
        let reader: tantivy::IndexReader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().on(ErrorKind::BadIndex, damaged)?;
        let searcher = reader.searcher();
        let [segment] = searcher.segment_readers() else { return Err(ErrorKind::BadIndex.on(damaged())) };
        let open = |field: Field| -> tantivy::Result<FieldOfBlock> {
            Ok(FieldOfBlock { field, words: segment.inverted_index(field)?, lengths: segment.get_fieldnorms_reader(field)? })
        };
        let [title, headings, body] = fields;
        let fields = [
            open(title).on(ErrorKind::BadIndex, damaged)?,
            open(headings).on(ErrorKind::BadIndex, damaged)?,
            open(body).on(ErrorKind::BadIndex, damaged)?,
        ];
        Ok(Self { passages: segment.max_doc(), fields })
    }

    /// Number of passages.
    pub(super) fn len(&self) -> usize {
        self.passages as usize
    }
}

fn fields_of(schema: &Schema) -> tantivy::Result<[Field; FIELDS]> {
    let [title, headings, body] = FIELD_NAMES.map(|name| schema.get_field(name));
    Ok([title?, headings?, body?])
}

/// Words in all passages of a snapshot, and how often they occur.
pub struct LexicalIndex {
    blocks: Vec<(Arc<LexicalBlock>, Arc<[PassageId]>)>,
    /// How many passages hold each word, by field.
    passages_of: HashMap<Box<str>, [u32; FIELDS]>,
    /// Words of lowercase Latin letters, sorted: what a misspelt word may have meant.
    latin: Vec<Box<str>>,
    /// Words in all, by field.
    lengths: [u64; FIELDS],
    passages: u64,
}

/// A word of the question, ready to be looked up: what BM25 it gives in each field.
struct Word {
    text: String,
    fields: [Option<Bm25Weight>; FIELDS],
    beside: f32,
}

impl LexicalIndex {
    /// Joins blocks, each with the ids of its passages.
    ///
    /// # Errors
    /// `BadIndex` when the words of a block cannot be read.
    pub(super) fn join(blocks: Vec<(Arc<LexicalBlock>, Arc<[PassageId]>)>) -> Result<Self> {
        let mut joined = Self { blocks, passages_of: HashMap::new(), latin: Vec::new(), lengths: [0; FIELDS], passages: 0 };
        for (block, _) in &joined.blocks {
            joined.passages += u64::from(block.passages);
            for (at, field) in block.fields.iter().enumerate() {
                joined.lengths[at] += field.words.total_num_tokens();
                let mut words = field.words.terms().stream().on(ErrorKind::BadIndex, unreadable)?;
                while words.advance() {
                    let Ok(word) = std::str::from_utf8(words.key()) else { continue };
                    let found = words.value().doc_freq;
                    match joined.passages_of.get_mut(word) {
                        Some(counts) => counts[at] += found,
                        None => {
                            let mut counts = [0; FIELDS];
                            counts[at] = found;
                            joined.passages_of.insert(word.into(), counts);
                        }
                    }
                }
            }
        }
        let words = joined.passages_of.keys();
        joined.latin = words.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase())).cloned().collect();
        joined.latin.sort_unstable();
        Ok(joined)
    }

    /// The `top_k` best allowed passages for `terms`, best first; equal ones in order of their ids. Of each group in `other_names` the
    /// best name counts as well.
    ///
    /// # Errors
    /// `BadIndex` when the index cannot be read.
    pub fn search(
        &self,
        terms: &[QueryTerm],
        other_names: &[Vec<Vec<QueryTerm>>],
        top_k: usize,
        allowed: impl Fn(PassageId) -> bool,
    ) -> Result<Vec<(PassageId, f32)>> {
        let words: Vec<Word> = terms.iter().map(|term| self.word(term)).collect();
        let name = |name: &Vec<QueryTerm>| name.iter().map(|term| self.word(term)).collect::<Vec<_>>();
        let groups: Vec<Vec<Vec<Word>>> = other_names.iter().map(|names| names.iter().map(name).collect()).collect();
        let mut best = Best { top_k, heap: BinaryHeap::new() };
        let mut scores = Buffers::default();
        for (block, ids) in &self.blocks {
            scores.fit(block.len());
            let Buffers { word: buffer, name, group, total } = &mut scores;
            for word in &words {
                block.score(word, buffer, total).on(ErrorKind::BadIndex, unreadable)?;
            }
            for names in &groups {
                for words in names {
                    for word in words {
                        block.score(word, buffer, name).on(ErrorKind::BadIndex, unreadable)?;
                    }
                    name.drain(|passage, score| group.raise(passage, score));
                }
                group.drain(|passage, score| total.add(passage, score));
            }
            total.drain(|passage, score| {
                let id = ids[passage as usize];
                if best.wants(id, score) && allowed(id) {
                    best.take(id, score);
                }
            });
        }
        Ok(best.in_order())
    }

    fn word(&self, term: &QueryTerm) -> Word {
        let FieldWeights { title, headings, body, beside } = if term.text.is_ascii() { ENGLISH_WEIGHTS } else { CHINESE_WEIGHTS };
        let counts = self.passages_of.get(term.text.as_str()).copied().unwrap_or_default();
        let weight = |at: usize, field_weight: f32| {
            let average_length = self.lengths[at] as f32 / self.passages as f32;
            let weight = || Bm25Weight::for_one_term_without_explain(u64::from(counts[at]), self.passages, average_length);
            (counts[at] > 0 && term.weight > 0.0).then(|| weight().boost_by(field_weight * term.weight))
        };
        Word { text: term.text.clone(), fields: [weight(0, title), weight(1, headings), weight(2, body)], beside }
    }

    /// Passages that hold `term` in title, headings or text (an upper bound: a passage may count once per field, at most all passages).
    pub fn passages_with(&self, term: &str) -> u64 {
        self.passages_of.get(term).and_then(|counts| counts.iter().max()).map_or(0, |most| u64::from(*most))
    }

    /// The indexed word that `word`, which no passage holds, most likely misspells; `None` when nothing is close enough.
    ///
    /// One edit (an insertion, deletion, change, or swap of neighbours) up to seven letters, two above, and the first letter
    /// stays: misspellings rarely touch it, and other words often differ in it. The more frequent word wins a tie.
    pub fn closest_word(&self, word: &str) -> Option<&str> {
        let letters = word.chars().count();
        if letters < MISSPELT_LETTERS || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        let allowed = if letters < 8 { 1 } else { 2 };
        let first = &word[..1];
        let from = self.latin.partition_point(|known| &**known < first);
        self.latin[from..]
            .iter()
            .take_while(|known| known.starts_with(first))
            .filter(|known| known.len().abs_diff(word.len()) <= allowed && known.len() >= MISSPELT_LETTERS)
            .map(|known| (strsim::osa_distance(known, word), known))
            .filter(|(distance, _)| *distance <= allowed)
            .min_by_key(|(distance, known)| (*distance, u64::MAX - self.passages_with(known)))
            .map(|(_, known)| &**known)
    }

    /// Passages in all.
    pub fn len(&self) -> u64 {
        self.passages
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn unreadable() -> String {
    "the lexical index: delete the index folder and run `frontdesk ingest`".to_owned()
}

impl LexicalBlock {
    /// Adds to `into` what `word` gives each passage: its best field, and a share of the others.
    fn score(&self, word: &Word, buffer: &mut WordBuffer, into: &mut Scores) -> io::Result<()> {
        let WordBuffer { highest, sum } = buffer;
        for (field, weight) in self.fields.iter().zip(&word.fields) {
            let Some(weight) = weight else { continue };
            let term = Term::from_field_text(field.field, &word.text);
            let Some(mut postings) = field.words.read_block_postings(&term, IndexRecordOption::WithFreqs)? else { continue };
            each_posting(&mut postings, |passage, frequency| {
                let score = weight.score(field.lengths.fieldnorm_id(passage), frequency);
                highest.raise(passage, score);
                if word.beside > 0.0 {
                    sum.add(passage, score);
                }
            });
        }
        highest.drain(|passage, highest| {
            let others = if word.beside > 0.0 { word.beside * (sum.of(passage) - highest) } else { 0.0 };
            into.add(passage, highest + others);
        });
        sum.clear();
        Ok(())
    }
}

fn each_posting(postings: &mut BlockSegmentPostings, mut each: impl FnMut(u32, u32)) {
    while postings.block_len() > 0 {
        for (passage, frequency) in postings.docs().iter().zip(postings.freqs()) {
            each(*passage, *frequency);
        }
        postings.advance();
    }
}

/// A score for each passage of a block, most of them none. Scores that are added are above zero.
#[derive(Default)]
struct Scores {
    scores: Vec<f32>,
    touched: Vec<u32>,
}

impl Scores {
    fn of(&self, passage: u32) -> f32 {
        self.scores[passage as usize]
    }

    fn change(&mut self, passage: u32, change: impl FnOnce(f32) -> f32) {
        let score = &mut self.scores[passage as usize];
        if *score == 0.0 {
            self.touched.push(passage);
        }
        *score = change(*score);
    }

    fn add(&mut self, passage: u32, more: f32) {
        self.change(passage, |score| score + more);
    }

    fn raise(&mut self, passage: u32, other: f32) {
        self.change(passage, |score| score.max(other));
    }

    /// Hands out every score once and forgets them.
    fn drain(&mut self, mut each: impl FnMut(u32, f32)) {
        for passage in self.touched.drain(..) {
            let score = std::mem::take(&mut self.scores[passage as usize]);
            each(passage, score);
        }
    }

    fn clear(&mut self) {
        self.drain(|_, _| ());
    }
}

#[derive(Default)]
struct WordBuffer {
    highest: Scores,
    sum: Scores,
}

#[derive(Default)]
struct Buffers {
    word: WordBuffer,
    name: Scores,
    group: Scores,
    total: Scores,
}

impl Buffers {
    fn fit(&mut self, passages: usize) {
        for scores in [&mut self.word.highest, &mut self.word.sum, &mut self.name, &mut self.group, &mut self.total] {
            scores.scores.resize(passages, 0.0);
        }
    }
}

/// The best so far; the worst of them on top of the heap.
struct Best {
    top_k: usize,
    heap: BinaryHeap<Reverse<Scored>>,
}

#[derive(PartialEq)]
struct Scored {
    score: f32,
    id: PassageId,
}

impl Eq for Scored {}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.id.cmp(&self.id))
    }
}

impl Best {
    fn wants(&self, id: PassageId, score: f32) -> bool {
        self.heap.len() < self.top_k || self.heap.peek().is_some_and(|worst| Scored { score, id } > worst.0)
    }

    fn take(&mut self, id: PassageId, score: f32) {
        self.heap.push(Reverse(Scored { score, id }));
        if self.heap.len() > self.top_k {
            self.heap.pop();
        }
    }

    fn in_order(self) -> Vec<(PassageId, f32)> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(Scored { score, id })| (id, score)).collect()
    }
}
