//! A question as search sees it.

use std::collections::HashSet;

use crate::index::Snapshot;
use crate::index::lexical::QueryTerm;
use crate::text::Language;
use crate::text::analysis::{TermKind, is_stop_word, terms};

/// What a Chinese character pair counts for beside the words: a safety net for words the dictionary lacks.
const BIGRAM_WEIGHT: f32 = 0.4;

/// What a function word counts for: little, yet "when" and "how" help a little.
const STOP_WORD_WEIGHT: f32 = 0.2;

/// What a corrected word counts for: it may have been meant.
const CORRECTED_WEIGHT: f32 = 0.8;

/// One word of the question.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryWord {
    /// As it is looked up.
    pub text: String,
    /// A word, or a pair of Chinese characters.
    pub kind: TermKind,
    /// Inverse document frequency over passages, as in BM25: high for rare words.
    pub idf: f32,
    /// Whether it carries meaning of its own.
    pub content: bool,
    /// Whether it stands in for a misspelt word.
    pub corrected: bool,
}

/// A question, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Language it is written in.
    pub language: Language,
    /// Its distinct words.
    pub words: Vec<QueryWord>,
    /// Its unit vector, where the embedding model knows the language.
    pub vector: Option<Vec<f32>>,
}

impl Query {
    /// Reads `question` against the words of `snapshot`.
    pub fn new(snapshot: &Snapshot, question: &str, language: Language, vector: Option<Vec<f32>>) -> Self {
        let lexical = snapshot.lexical();
        let total = lexical.len() as f32;
        let mut seen = HashSet::new();
        let mut words = Vec::new();
        for term in terms(question) {
            let content = !is_stop_word(&term.text);
            let mut found = lexical.passages_with(&term.text);
            let (mut text, mut corrected) = (term.text, false);
            if found == 0
                && content
                && let Some(meant) = lexical.closest_word(&text)
            {
                (text, corrected) = (meant.to_owned(), true);
                found = lexical.passages_with(&text);
            }
            if seen.insert(text.clone()) {
                let found = found as f32;
                let idf = (1.0 + (total - found + 0.5).max(0.0) / (found + 0.5)).ln();
                words.push(QueryWord { text, kind: term.kind, idf, content, corrected });
            }
        }
        Self { language, words, vector }
    }

    /// What the lexical index is asked.
    pub fn lexical_terms(&self) -> Vec<QueryTerm> {
        self.words
            .iter()
            .map(|word| {
                let kind = if word.kind == TermKind::Bigram { BIGRAM_WEIGHT } else { 1.0 };
                let meaning = if word.content { 1.0 } else { STOP_WORD_WEIGHT };
                let spelling = if word.corrected { CORRECTED_WEIGHT } else { 1.0 };
                QueryTerm { text: word.text.clone(), weight: kind * meaning * spelling }
            })
            .collect()
    }

    /// Share of the question's meaning, weighted by rarity, whose words `text` holds: 0 to 1. 0 for a question without content words.
    pub fn coverage(&self, text: &str) -> f32 {
        let held: HashSet<String> = terms(text).into_iter().map(|term| term.text).collect();
        self.coverage_of(&held)
    }

    /// As [`Self::coverage`], for terms already read.
    pub fn coverage_of(&self, held: &HashSet<String>) -> f32 {
        let (mut found, mut total) = (0.0, 0.0);
        for word in self.words.iter().filter(|word| word.content) {
            let weight = if word.kind == TermKind::Bigram { BIGRAM_WEIGHT } else { 1.0 } * word.idf;
            total += weight;
            if held.contains(&word.text) {
                found += weight;
            }
        }
        if total > 0.0 { found / total } else { 0.0 }
    }
}
