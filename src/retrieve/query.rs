//! A question as search sees it.

use std::collections::HashSet;

use super::Context;
use crate::index::Snapshot;
use crate::index::lexical::QueryTerm;
use crate::text::Language;
use crate::text::analysis::{TermKind, is_stop_word, terms};
use crate::text::thesaurus::{Expansion, expansions};

/// What a Chinese character pair counts for beside the words: a safety net for words the dictionary lacks.
const BIGRAM_WEIGHT: f32 = 0.3;

/// What a function word counts for: little, yet "when" and "how" help a little.
const STOP_WORD_WEIGHT: f32 = 0.2;

/// What a corrected word counts for: it may have been meant.
const CORRECTED_WEIGHT: f32 = 0.8;

/// What another name for the customer's words counts for, as a share of the words themselves.
const OTHER_NAME_WEIGHT: f32 = 0.6;

/// What a word said earlier counts for, times the share of the earlier words.
const EARLIER_WEIGHT: f32 = 0.5;

/// How much of a word's meaning another name for it covers.
const OTHER_NAME_SHARE: f32 = 0.7;

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
    /// How it was typed, where it stands in for a misspelt word.
    pub typed: Option<String>,
    /// 1 for the question's own words, less for earlier ones.
    pub share: f32,
    /// What it may also be called, alone or with its neighbours; each name as the terms it consists of.
    pub names: Vec<Vec<String>>,
}

impl QueryWord {
    /// What it counts for in the lexical index.
    pub(super) fn weight(&self) -> f32 {
        let kind = if self.kind == TermKind::Bigram { BIGRAM_WEIGHT } else { 1.0 };
        let meaning = if self.content { 1.0 } else { STOP_WORD_WEIGHT };
        let spelling = if self.typed.is_some() { CORRECTED_WEIGHT } else { 1.0 };
        kind * meaning * spelling * self.share
    }
}

/// A question, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Language it is written in.
    pub language: Language,
    /// Its distinct words.
    pub words: Vec<QueryWord>,
    /// What parts of it may also be called: per part, its names.
    pub expansions: Vec<Vec<Vec<String>>>,
    /// Its unit vector, where the embedding model knows the language.
    pub vector: Option<Vec<f32>>,
    /// The same without what was said before.
    pub own_vector: Option<Vec<f32>>,
    /// Websites it names: only their pages are looked at.
    pub sites: Vec<String>,
}

impl Query {
    /// Reads `question`, and the earlier words it leans on, against the words of `snapshot`.
    pub fn new(snapshot: &Snapshot, question: &str, context: Option<&Context>, language: Language, vector: Option<Vec<f32>>) -> Self {
        let lexical = snapshot.lexical();
        let total = lexical.len() as f32;
        let expansions = expansions(question, language);
        let mut seen = HashSet::new();
        let mut words = Vec::new();
        let own = terms(question).into_iter().map(|term| (term, 1.0));
        let earlier = context.map(|context| terms(&context.text).into_iter().map(|term| (term, EARLIER_WEIGHT * context.share)));
        for (term, share) in own.chain(earlier.into_iter().flatten()) {
            let content = !is_stop_word(&term.text);
            if share < 1.0 && !content {
                continue;
            }
            let mut found = lexical.passages_with(&term.text);
            let (mut text, mut typed) = (term.text, None);
            if found == 0
                && content
                && let Some(meant) = lexical.closest_word(&text)
            {
                typed = Some(std::mem::replace(&mut text, meant.to_owned()));
                found = lexical.passages_with(&text);
            }
            if seen.insert(text.clone()) {
                let found = found as f32;
                let idf = (1.0 + (total - found + 0.5).max(0.0) / (found + 0.5)).ln();
                let within = |expansion: &&Expansion| expansion.bytes.start < term.bytes.end && term.bytes.start < expansion.bytes.end;
                let names = if share < 1.0 {
                    Vec::new() // the places of other names are those of the question's own words
                } else {
                    expansions.iter().filter(within).flat_map(|expansion| expansion.names.iter().cloned()).collect()
                };
                words.push(QueryWord { text, kind: term.kind, idf, content, typed, share, names });
            }
        }
        let expansions = expansions.into_iter().map(|expansion| expansion.names).collect();
        Self { language, words, expansions, own_vector: vector.clone(), vector, sites: Vec::new() }
    }

    /// What the lexical index is asked.
    pub fn lexical_terms(&self) -> Vec<QueryTerm> {
        self.words.iter().map(|word| QueryTerm { text: word.text.clone(), weight: word.weight() }).collect()
    }

    /// What BM25 could give at most to a passage whose body is full of the question's words.
    pub fn highest_bm25(&self) -> f32 {
        /// What BM25 gives a word at most, as a multiple of its rarity: k1 + 1, with k1 = 1.2.
        const SATURATION: f32 = 2.2;
        SATURATION * self.words.iter().map(|word| word.idf * word.weight()).sum::<f32>()
    }

    /// Other names the lexical index is asked for beside the words: per part of the question the best one counts.
    pub fn other_names(&self) -> Vec<Vec<Vec<QueryTerm>>> {
        let name = |terms: &Vec<String>| {
            let weight = OTHER_NAME_WEIGHT / terms.len().max(1) as f32;
            terms.iter().map(|text| QueryTerm { text: text.clone(), weight }).collect()
        };
        self.expansions.iter().map(|names| names.iter().map(name).collect()).collect()
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
            let weight = if word.kind == TermKind::Bigram { BIGRAM_WEIGHT } else { 1.0 } * word.idf * word.share;
            total += weight;
            if held.contains(&word.text) {
                found += weight;
            } else if word.names.iter().any(|name| name.iter().all(|term| held.contains(term))) {
                found += OTHER_NAME_SHARE * weight;
            }
        }
        if total > 0.0 { found / total } else { 0.0 }
    }
}
