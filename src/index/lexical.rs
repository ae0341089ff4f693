//! BM25 over passages: title, headings and text, in tantivy.
//!
//! Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009). Each snapshot is one fresh
//! segment without deletions, so document frequencies are exact.

use std::path::Path;

use tantivy::collector::{FilterCollector, TopDocs};
use tantivy::indexer::NoMergePolicy;
use tantivy::query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexReader, ReloadPolicy, TantivyDocument, Term};

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

/// Only the best field counts: a word that the title has says nothing new in the text, where the sum would prefer passages that
/// repeat the title over those that answer.
const ENGLISH_WEIGHTS: FieldWeights = FieldWeights { title: 1.2, headings: 0.5, body: 1.0, beside: 0.0 };

/// All fields count: Chinese words are cut by a dictionary and character pairs overlap, so one match alone says little.
const CHINESE_WEIGHTS: FieldWeights = FieldWeights { title: 0.6, headings: 0.5, body: 1.0, beside: 1.0 };

/// Shorter words are too easily turned into another one.
const MISSPELT_LETTERS: usize = 4;

const PASSAGE_FIELD: &str = "passage";
const WRITER_BYTES: usize = 60 << 20;

/// A term to look for and what a match of it is worth.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    /// As [`analysis::terms`] spells it.
    pub text: String,
    /// Factor on its BM25 score.
    pub weight: f32,
}

#[derive(Clone, Copy)]
struct Fields {
    title: Field,
    headings: Field,
    body: Field,
}

/// The searchable index.
pub struct LexicalIndex {
    reader: IndexReader,
    fields: Fields,
    /// Latin words that stand in at least one passage, sorted: what a misspelt word may have meant.
    words: Vec<String>,
}

fn schema() -> Schema {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(analysis::TOKENIZER).set_index_option(IndexRecordOption::WithFreqs);
    let text = TextOptions::default().set_indexing_options(indexing);
    schema.add_u64_field(PASSAGE_FIELD, FAST);
    schema.add_text_field("title", text.clone());
    schema.add_text_field("headings", text.clone());
    schema.add_text_field("body", text);
    schema.build()
}

impl LexicalIndex {
    /// Builds the index of all passages of `versions` in the empty folder `folder`.
    ///
    /// # Errors
    /// `BadIndex` when it cannot be written.
    pub fn build(folder: &Path, versions: &[IndexedVersion]) -> Result<Self> {
        let unwritable = || format!("{}: check that the folder can be written and the disk has room", folder.display());
        let index = Index::create_in_dir(folder, schema()).on(ErrorKind::BadIndex, unwritable)?;
        analysis::register(&index);
        let (passage_field, fields) = fields_of(&index).on(ErrorKind::BadIndex, unwritable)?;
        // One thread and one segment: passages keep their order, and scores do not depend on chance.
        let mut writer = index.writer_with_num_threads::<TantivyDocument>(1, WRITER_BYTES).on(ErrorKind::BadIndex, unwritable)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let passages = versions.iter().flat_map(|indexed| indexed.passages.iter().map(move |passage| (&indexed.version, passage)));
        for (id, (version, passage)) in (0u64..).zip(passages) {
            let mut document = TantivyDocument::default();
            document.add_u64(passage_field, id);
            document.add_text(fields.title, &version.title);
            document.add_text(fields.headings, passage.headings.join("\n"));
            for sentence in &passage.sentences {
                document.add_text(fields.body, &sentence.plain);
                if let Some(lead) = &sentence.lead {
                    document.add_text(fields.headings, lead);
                }
            }
            writer.add_document(document).on(ErrorKind::BadIndex, unwritable)?;
        }
        writer.commit().on(ErrorKind::BadIndex, unwritable)?;
        let segments = index.searchable_segment_ids().on(ErrorKind::BadIndex, unwritable)?;
        if segments.len() > 1 {
            writer.merge(&segments).wait().on(ErrorKind::BadIndex, unwritable)?;
        }
        writer.wait_merging_threads().on(ErrorKind::BadIndex, unwritable)?;
        Self::open(folder)
    }

    /// Opens an index that [`Self::build`] wrote, checking its checksums.
    ///
    /// # Errors
    /// `BadIndex` when it is missing or damaged.
    pub fn open(folder: &Path) -> Result<Self> {
        let damaged = || format!("{}: delete the index folder and run `frontdesk ingest` to build it again", folder.display());
        let index = Index::open_in_dir(folder).on(ErrorKind::BadIndex, damaged)?;
        let broken = index.validate_checksum().on(ErrorKind::BadIndex, damaged)?;
        if let Some(file) = broken.iter().next() {
            return Err(ErrorKind::BadIndex.on(format!("{} in {}", file.display(), damaged())));
        }
        analysis::register(&index);
        let (_, fields) = fields_of(&index).on(ErrorKind::BadIndex, damaged)?;
        let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().on(ErrorKind::BadIndex, damaged)?;
        let words = read_words(&reader, &fields).on(ErrorKind::BadIndex, damaged)?;
        Ok(Self { reader, fields, words })
    }

    /// The `top_k` best allowed passages for `terms`, best first. Of each group in `other_names` the best name counts as well.
    ///
    /// # Errors
    /// `BadIndex` when the index cannot be read.
    pub fn search(
        &self,
        terms: &[QueryTerm],
        other_names: &[Vec<Vec<QueryTerm>>],
        top_k: usize,
        allowed: impl Fn(PassageId) -> bool + Clone + Send + Sync + 'static,
    ) -> Result<Vec<(PassageId, f32)>> {
        if (terms.is_empty() && other_names.is_empty()) || top_k == 0 {
            return Ok(Vec::new());
        }
        let clauses = terms.iter().map(|term| self.clause(term));
        let groups = other_names.iter().filter(|names| !names.is_empty()).map(|names| {
            let names =
                names.iter().map(|name| Box::new(BooleanQuery::new(name.iter().map(|term| self.clause(term)).collect())) as Box<dyn Query>);
            (Occur::Should, Box::new(DisjunctionMaxQuery::new(names.collect())) as Box<dyn Query>)
        });
        let clauses = clauses.chain(groups).collect();
        let unreadable = || "the lexical index: delete the index folder and run `frontdesk ingest`".to_owned();
        let searcher = self.reader.searcher();
        let collector = FilterCollector::new(
            PASSAGE_FIELD.to_owned(),
            move |id: u64| allowed(id as PassageId),
            TopDocs::with_limit(top_k).order_by_score(),
        );
        let found = searcher.search(&BooleanQuery::new(clauses), &collector).on(ErrorKind::BadIndex, unreadable)?;
        let mut hits = Vec::with_capacity(found.len());
        for (score, address) in found {
            let ids = searcher.segment_reader(address.segment_ord).fast_fields().u64(PASSAGE_FIELD).on(ErrorKind::BadIndex, unreadable)?;
            if let Some(id) = ids.first(address.doc_id) {
                hits.push((id as PassageId, score));
            }
        }
        Ok(hits)
    }

    /// One term in every field, each with its weight.
    fn clause(&self, term: &QueryTerm) -> (Occur, Box<dyn Query>) {
        let FieldWeights { title, headings, body, beside } = if term.text.is_ascii() { ENGLISH_WEIGHTS } else { CHINESE_WEIGHTS };
        let fields = [(self.fields.title, title), (self.fields.headings, headings), (self.fields.body, body)]
            .into_iter()
            .map(|(field, weight)| {
                let query = TermQuery::new(Term::from_field_text(field, &term.text), IndexRecordOption::WithFreqs);
                Box::new(BoostQuery::new(Box::new(query), weight * term.weight)) as Box<dyn Query>
            })
            .collect();
        (Occur::Should, Box::new(DisjunctionMaxQuery::with_tie_breaker(fields, beside)))
    }

    /// Passages that hold `term` in title, headings or text (an upper bound: a passage may count once per field, at most all passages).
    pub fn passages_with(&self, term: &str) -> u64 {
        let searcher = self.reader.searcher();
        [self.fields.title, self.fields.headings, self.fields.body]
            .into_iter()
            .map(|field| searcher.doc_freq(&Term::from_field_text(field, term)).unwrap_or(0))
            .max()
            .unwrap_or(0)
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
        let from = self.words.partition_point(|known| known.as_str() < first);
        self.words[from..]
            .iter()
            .take_while(|known| known.starts_with(first))
            .filter(|known| known.len().abs_diff(word.len()) <= allowed && known.len() >= MISSPELT_LETTERS)
            .map(|known| (strsim::osa_distance(known, word), known))
            .filter(|(distance, _)| *distance <= allowed)
            .min_by_key(|(distance, known)| (*distance, u64::MAX - self.passages_with(known)))
            .map(|(_, known)| known.as_str())
    }

    /// Passages in all.
    pub fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn fields_of(index: &Index) -> tantivy::Result<(Field, Fields)> {
    let schema = index.schema();
    let fields = Fields { title: schema.get_field("title")?, headings: schema.get_field("headings")?, body: schema.get_field("body")? };
    Ok((schema.get_field(PASSAGE_FIELD)?, fields))
}

/// Every indexed word of lowercase Latin letters, sorted.
fn read_words(reader: &IndexReader, fields: &Fields) -> tantivy::Result<Vec<String>> {
    let mut words = std::collections::BTreeSet::new();
    for segment in reader.searcher().segment_readers() {
        for field in [fields.title, fields.headings, fields.body] {
            let inverted = segment.inverted_index(field)?;
            let mut terms = inverted.terms().stream()?;
            while terms.advance() {
                if let Ok(word) = std::str::from_utf8(terms.key())
                    && word.bytes().all(|byte| byte.is_ascii_lowercase())
                {
                    words.insert(word.to_owned());
                }
            }
        }
    }
    Ok(words.into_iter().collect())
}
