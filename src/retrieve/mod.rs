//! Which passages fit this question, and why in that order?
//!
//! In: a question, a time, filters and a snapshot. Out: a [`Query`] and passages, best first, with the scores behind their
//! place. Must not know: the LLM.

mod explain;
mod follow_up;
mod fuse;
mod query;
mod rerank;
mod site;

pub use explain::{AskedWord, Reading, Why, WordShare, reading, why};
pub use follow_up::{Context, Role, Said, context};
pub use fuse::{Candidate, fuse};
pub use query::{Query, QueryWord};
pub use rerank::{Readings, probability, rerank};

use crate::engine::{Embedder, unit};
use crate::error::Result;
use crate::index::{PassageId, Snapshot};
use crate::policy::{Moment, Version};
use crate::text::Language;

/// Passages each retriever puts forward before fusion.
const CANDIDATES: usize = 100;

/// Share of the best sentence's cosine in a passage's: a long passage may answer in one of its sentences only.
const SENTENCE_SHARE: f32 = 0.5;

/// Which documents may be found.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// Versions in force at this time.
    pub time: Moment,
    /// Documents that carry every one of these tags.
    pub tags: Vec<String>,
}

/// A passage and why it stands where it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Which passage.
    pub passage: PassageId,
    /// What it is ranked by: 0 to 1, relative to the other passages found for the same question.
    pub score: f32,
    /// BM25; `None` when no word matched.
    pub lexical: Option<f32>,
    /// Cosine with the question; `None` where the embedding model cannot read the passage or was not there.
    pub cosine: Option<f32>,
    /// The reader's log-odds that it answers; `None` before [`rerank`] and where it was not looked at again.
    pub relevance: Option<f32>,
    /// What the score was made of.
    pub blend: Blend,
}

/// The parts of a score before a second look, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blend {
    /// BM25 as a share of the best found.
    pub lexical: f32,
    /// The cosine's place between the lowest and the highest found.
    pub cosine: f32,
    /// What words count for beside meaning.
    pub lexical_share: f32,
    /// Less than 1 for a passage in another language.
    pub language_factor: f32,
}

/// Finds the `top_k` best passages for `query` within `scope`, best first.
///
/// # Errors
/// `BadIndex` when the index cannot be read.
pub fn retrieve(snapshot: &Snapshot, query: &Query, scope: &Scope, top_k: usize) -> Result<Vec<Hit>> {
    let admits = |version: &Version| version.is_valid_on(scope.time) && scope.tags.iter().all(|tag| version.tags.contains(tag));
    let is_named = |version: &Version| query.sites.iter().any(|site| site::is_of(version, site));
    let is_narrow = !query.sites.is_empty() && snapshot.versions().any(|version| admits(version) && is_named(version));
    let allowed = snapshot.mask(|version| admits(version) && (!is_narrow || is_named(version)));
    let admit = |id: PassageId| allowed.get(id as usize).copied().unwrap_or(false);
    let lexical = snapshot.lexical().search(&query.lexical_terms(), &query.other_names(), CANDIDATES, admit)?;
    let dense = match &query.vector {
        Some(vector) => snapshot.nearest(vector, CANDIDATES, &admit)?,
        None => Vec::new(),
    };
    let mut candidates: Vec<Candidate> =
        lexical.iter().map(|&(passage, score)| Candidate { passage, lexical: Some(score), cosine: None }).collect();
    let mut place: std::collections::HashMap<PassageId, usize> =
        candidates.iter().enumerate().map(|(at, found)| (found.passage, at)).collect();
    for (passage, _) in dense {
        place.entry(passage).or_insert_with(|| {
            candidates.push(Candidate { passage, lexical: None, cosine: None });
            candidates.len() - 1
        });
    }
    if let Some(vector) = &query.vector {
        for candidate in &mut candidates {
            // Vectors of different models say nothing about each other.
            if !is_foreign(query.language, snapshot.passage(candidate.passage).version.language)
                && let Some(cosines) = snapshot.cosines(candidate.passage, vector)?
            {
                let best = cosines.sentences.iter().copied().fold(-1.0, f32::max);
                candidate.cosine = Some((1.0 - SENTENCE_SHARE) * cosines.whole + SENTENCE_SHARE * best);
            }
        }
    }
    let foreign = |id: PassageId| is_foreign(query.language, snapshot.passage(id).version.language);
    let mut hits = fuse(&candidates, query.language, query.highest_bm25(), &foreign);
    hits.truncate(top_k);
    Ok(hits)
}

/// Whether the customer would have to read another language than the one of the question.
fn is_foreign(question: Language, document: Language) -> bool {
    (question == Language::Zh) != (document == Language::Zh)
}

/// Reads the question for search, with the earlier words it leans on: its words with their weights, and its vector where the model
/// knows the language. Names of websites are taken out of it, where pages of theirs are known.
///
/// # Errors
/// `Inference` when the embedding model fails.
pub fn prepare(
    snapshot: &Snapshot,
    embedder: Option<&Embedder>,
    question: &str,
    context: Option<&Context>,
    language: Language,
) -> Result<Query> {
    let is_known = |name: &str| snapshot.versions().any(|version| site::is_of(version, name));
    let (sites, question) = site::named(question, is_known);
    let question = question.as_ref();
    let with_sites = |vector| Query { sites: sites.clone(), ..Query::new(snapshot, question, context, language, vector) };
    let Some(embedder) = embedder else { return Ok(with_sites(None)) };
    let own_vector = embedder.embed_question(question, language)?;
    let mut vector = own_vector.clone();
    if let (Some(own), Some(context)) = (&own_vector, context)
        && let Some(with_context) = embedder.embed_question(&context.before(question), language)?
    {
        let mixed = own.iter().zip(with_context).map(|(own, other)| (1.0 - context.share) * own + context.share * other);
        vector = Some(unit(mixed.collect()));
    }
    Ok(Query { own_vector, ..with_sites(vector) })
}
