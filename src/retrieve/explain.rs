//! Why passages stand where they do, in numbers that add up.

use serde::{Deserialize, Serialize};

use super::{Context, Hit, Query, Scope};
use crate::error::Result;
use crate::index::{PassageId, Snapshot};
use crate::policy::Moment;
use crate::text::Language;

/// How a question was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The language it is in.
    pub language: Language,
    /// Its words, as they are looked up.
    pub words: Vec<AskedWord>,
    /// How much it leans on what was said before, 0 to 1.
    pub earlier_share: f32,
    /// Only versions in force at this time were looked at.
    pub time: Moment,
    /// Only documents with all of these tags were looked at.
    pub tags: Vec<String>,
    /// Only pages of these websites were looked at, where the question names any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<String>,
}

/// A word of the question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedWord {
    /// Its stem, or as much of it as is looked up.
    pub word: String,
    /// How it was typed, where it was taken for a misspelling of `word`.
    pub typed: Option<String>,
    /// Factor on its BM25.
    pub weight: f32,
    /// Inverse document frequency: high for rare words.
    pub idf: f32,
    /// What it may also be called.
    pub other_names: Vec<String>,
}

/// Why a passage stands where it does: `score = language_factor × (lexical_share × lexical_part + (1 − lexical_share) × cosine_part)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// What each word of the question adds to BM25, largest first.
    pub words: Vec<WordShare>,
    /// What other names for them add.
    pub other_names: f32,
    /// BM25 as a share of the best found.
    pub lexical_part: f32,
    /// The cosine's place between the lowest and the highest found.
    pub cosine_part: f32,
    /// What words count for beside meaning.
    pub lexical_share: f32,
    /// Less than 1 for a passage in another language than the question's.
    pub language_factor: f32,
}

/// What one word adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordShare {
    /// The word as it was looked up.
    pub word: String,
    /// What it adds to the passage's BM25.
    pub bm25: f32,
}

/// How `query` was read.
pub fn reading(query: &Query, context: Option<&Context>, scope: &Scope) -> Reading {
    let word = |word: &super::QueryWord| AskedWord {
        word: word.text.clone(),
        typed: word.typed.clone(),
        weight: word.weight(),
        idf: word.idf,
        other_names: word.names.iter().map(|name| name.join(" ")).collect(),
    };
    Reading {
        language: query.language,
        words: query.words.iter().map(word).collect(),
        earlier_share: context.map_or(0.0, |context| context.share),
        time: scope.time,
        tags: scope.tags.clone(),
        sites: query.sites.clone(),
    }
}

/// Why each of `hits`, found for `query`, stands where it does.
///
/// # Errors
/// `BadIndex` when the index cannot be read.
pub fn why(snapshot: &Snapshot, query: &Query, hits: &[Hit]) -> Result<Vec<Why>> {
    let among: Vec<PassageId> = hits.iter().map(|hit| hit.passage).collect();
    let scores = |terms: &[_], names: &[_]| snapshot.lexical().search(terms, names, hits.len(), |id| among.contains(&id));
    let mut whys: Vec<Why> = hits
        .iter()
        .map(|hit| Why {
            words: Vec::new(),
            other_names: 0.0,
            lexical_part: hit.blend.lexical,
            cosine_part: hit.blend.cosine,
            lexical_share: hit.blend.lexical_share,
            language_factor: hit.blend.language_factor,
        })
        .collect();
    let place = |id: PassageId| hits.iter().position(|hit| hit.passage == id);
    for term in query.lexical_terms() {
        for (id, bm25) in scores(std::slice::from_ref(&term), &[])? {
            if let Some(why) = place(id).and_then(|at| whys.get_mut(at)) {
                why.words.push(WordShare { word: term.text.clone(), bm25 });
            }
        }
    }
    for (id, bm25) in scores(&[], &query.other_names())? {
        if let Some(why) = place(id).and_then(|at| whys.get_mut(at)) {
            why.other_names = bm25;
        }
    }
    for why in &mut whys {
        why.words.sort_by(|a, b| b.bm25.total_cmp(&a.bm25));
    }
    Ok(whys)
}
