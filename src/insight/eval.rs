//! Asks every labelled question as a customer would and compares what comes back with the gold.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::charts::calibration_error;
use super::labelled::{Labelled, Question, Utterance};
use super::metrics::{auroc, percentile, ranking, token_f1, word_differences, word_recall};
use crate::answer::handover::Handover;
use crate::answer::signals::Signal;
use crate::answer::{
    Answer, AnswerRequest, ComposedBy, Decision, Desk, Filters, Reason, SearchRequest, Signals, Trace, count_words, triage,
};
use crate::engine::PassageText;
use crate::error::Result;
use crate::index::Snapshot;
use crate::retrieve::Hit;

/// A quote that holds this share of a gold span's words has found it.
const SPAN_FOUND: f64 = 0.5;

/// Passages listed per question in the details.
const CANDIDATES: usize = 15;

/// All figures. Shares are 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Ranking of documents, over answerable questions whose gold is in the corpus.
    pub retrieval: Retrieval,
    /// What was said.
    pub answers: Answers,
    /// Knowing what it does not know.
    pub abstention: Abstention,
    /// What the confidence is worth, over cited answers.
    pub calibration: Calibration,
    /// Reaching a person by words alone.
    pub escalation: Escalation,
    /// Milliseconds per answer.
    pub latency_ms: Latency,
    /// Milliseconds per answer that the policy's own words gave.
    pub latency_quoted_ms: Latency,
    /// The same figures per language, where there is more than one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<String, Report>,
}

/// Ranking of documents.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Retrieval {
    pub questions: usize,
    pub hit_at_1: f64,
    pub hit_at_5: f64,
    pub mrr_at_10: f64,
    pub ndcg_at_10: f64,
}

/// What was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answers {
    /// Questions asked, answerable or not.
    pub questions: usize,
    /// Share of answerable questions that got a cited answer.
    pub answered_rate: f64,
    /// Of the answered answerable ones, the share whose first citation is of a gold document.
    pub cited_gold_rate: f64,
    /// The same over all answerable ones: a refusal counts as a miss.
    pub cited_gold_of_all: f64,
    /// Mean over answerable questions of the best token F1 against a reference answer; a refusal counts 0.
    pub token_f1: f64,
    /// Share of answerable questions for which a quote holds most of a gold span.
    pub gold_span_recall: f64,
    /// Share of all citations under answerable questions that are of a gold document.
    pub citation_precision: f64,
    /// Mean words of a cited answer.
    pub mean_words: f64,
    /// Share of citations found again, byte for byte, in the stored source.
    pub quotes_verified: f64,
    /// Share of all questions that got a wrong cited answer without a person: no gold document, or nothing to answer from.
    pub wrong_unescalated_rate: f64,
    /// Share of cited answers that the LLM phrased.
    pub written_rate: f64,
}

/// Knowing what it does not know. Refused is: no cited answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Abstention {
    /// Questions the corpus answers.
    pub answerable: usize,
    /// Questions it does not.
    pub unanswerable: usize,
    /// Share of those refused.
    pub refused_when_unanswerable: f64,
    /// Share of the others refused.
    pub refused_when_answerable: f64,
    /// How well the confidence tells both apart; 0.5 is chance.
    pub auroc: f64,
}

/// What the confidence is worth.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Expected calibration error of cited answers, in ten bins: mean distance between confidence and share right.
    pub error: f64,
    /// How well the confidence tells right cited answers from wrong ones; 0.5 is chance.
    pub auroc: f64,
}

/// Reaching a person by words alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Escalation {
    /// Utterances with a label.
    pub utterances: usize,
    /// Share of those who need a person that reach one.
    pub recall: f64,
    /// Share of the others sent to a person.
    pub false_alarm_rate: f64,
}

/// Milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Latency {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// What happened with one line of the data, for reading failures and fitting the confidence.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Detail {
    /// A question.
    Question(Box<QuestionDetail>),
    /// An utterance.
    Utterance(UtteranceDetail),
}

impl Detail {
    /// What happened with a question, if it is one.
    pub(super) fn question(&self) -> Option<&QuestionDetail> {
        match self {
            Self::Question(question) => Some(question),
            Self::Utterance(_) => None,
        }
    }
}

/// What happened with one utterance.
#[derive(Debug, Clone, Serialize)]
pub struct UtteranceDetail {
    /// Its id.
    pub id: String,
    /// Its language.
    pub lang: String,
    /// Its words.
    pub text: String,
    /// Whether a person is needed.
    pub wanted: Option<bool>,
    /// Why a person was called, if one was.
    pub reason: Option<Reason>,
    /// What was heard.
    pub signals: Vec<Signal>,
}

/// What happened with one question.
#[derive(Debug, Clone, Serialize)]
pub struct QuestionDetail {
    /// The question's id.
    pub id: String,
    /// Its language.
    pub lang: String,
    /// Its words.
    pub question: String,
    /// Whether the corpus answers it.
    pub answerable: bool,
    /// What the customer read.
    pub answer: String,
    /// What happened.
    pub decision: Decision,
    /// Documents cited.
    pub cited: Vec<String>,
    /// Gold documents.
    pub gold: Vec<String>,
    /// Best document found by search.
    pub found: Option<String>,
    /// Whether the first citation is of a gold document.
    pub cited_gold: bool,
    /// Whether a quote holds most of a gold span.
    pub span_found: bool,
    /// Whether cited words were shown that do not answer: no gold document, or nothing to answer from.
    pub wrong: bool,
    /// Best token F1 against a reference answer; 0 for a refusal.
    pub token_f1: f64,
    /// Words of that reference that the answer lacks.
    pub missing: Vec<String>,
    /// Words of the answer that the reference lacks.
    pub extra: Vec<String>,
    /// Which confidence judges such questions.
    pub evidence: String,
    /// Probability that the answer is right.
    pub confidence: f64,
    /// What that came from.
    pub signals: Option<Signals>,
    /// The best passages found, for measuring a second look.
    pub candidates: Vec<CandidateDetail>,
    /// Milliseconds.
    pub total_ms: f64,
}

/// One passage found for a question.
#[derive(Debug, Clone, Serialize)]
pub struct CandidateDetail {
    /// Its document.
    pub document_id: String,
    /// Title and headings, as the models read them.
    pub heading: String,
    /// Its sentences.
    pub sentences: Vec<String>,
    /// What it is ranked by.
    pub score: f32,
    /// BM25 as a share of the best found.
    pub lexical: f32,
    /// Cosine with the question, where the model reads its language.
    pub cosine: Option<f32>,
    /// The reader's log-odds, where it was looked at again.
    pub relevance: Option<f32>,
}

/// The first reason for which the shipped rules call a person on the words alone, if they do.
fn called(signals: &[Signal]) -> Option<Reason> {
    let verdict = Handover::builtin().decide(signals);
    verdict.reasons.into_iter().next().filter(|_| verdict.decision == Decision::Escalate)
}

struct Outcome<'a> {
    question: &'a Question,
    gold: Vec<String>,
    ranks: Option<(f64, f64, f64, f64)>,
    found: Option<String>,
    answered: Option<(Answer, Trace)>,
}

/// Asks `labelled` of `desk`. With `retrieval_only` nothing is answered. `progress` hears how many questions are done.
///
/// # Errors
/// What search or answering fails with.
pub fn evaluate(
    desk: Option<&Desk>,
    labelled: &Labelled,
    retrieval_only: bool,
    mut progress: impl FnMut(usize),
) -> Result<(Report, Vec<Detail>)> {
    let mut outcomes = Vec::new();
    let snapshot = desk.map(Desk::snapshot);
    if let (Some(desk), Some(snapshot)) = (desk, &snapshot) {
        let known: HashSet<&str> = snapshot.versions().map(|version| version.document_id.as_str()).collect();
        for (done, question) in (1..).zip(&labelled.questions) {
            outcomes.push(ask(desk, snapshot, &known, question, retrieval_only)?);
            progress(done);
        }
    }
    let all: Vec<&Outcome<'_>> = outcomes.iter().collect();
    let utterances: Vec<&Utterance> = labelled.utterances.iter().collect();
    let mut report = measure(&all, &utterances);
    let languages: HashSet<&str> = labelled
        .questions
        .iter()
        .map(|question| question.lang.as_str())
        .chain(labelled.utterances.iter().map(|said| said.lang.as_str()))
        .collect();
    if languages.len() > 1 {
        for language in languages {
            let own: Vec<_> = all.iter().copied().filter(|outcome| outcome.question.lang == language).collect();
            let said: Vec<_> = utterances.iter().copied().filter(|said| said.lang == language).collect();
            report.languages.insert(language.to_owned(), measure(&own, &said));
        }
    }
    let questions = outcomes.iter().map(|outcome| Detail::Question(Box::new(question_detail(outcome, snapshot.as_deref()))));
    let utterances = labelled.utterances.iter().map(|said| {
        let signals = triage::triage(&said.text).signals;
        let reason = called(&signals);
        Detail::Utterance(UtteranceDetail {
            id: said.id.clone(),
            lang: said.lang.clone(),
            text: said.text.clone(),
            wanted: said.escalate,
            signals,
            reason,
        })
    });
    Ok((report, questions.chain(utterances).collect()))
}

fn ask<'a>(desk: &Desk, snapshot: &Snapshot, known: &HashSet<&str>, question: &'a Question, retrieval_only: bool) -> Result<Outcome<'a>> {
    let gold: Vec<String> =
        question.gold_passage_ids.iter().chain(&question.gold_doc_ids).filter(|id| known.contains(id.as_str())).cloned().collect();
    let request = AnswerRequest { history: question.history.clone(), ..AnswerRequest::new(question.question.as_str()) };
    let answered = if retrieval_only || request.check().is_err() { None } else { Some(desk.answer_here(&request)?) };
    let hits = answered.as_ref().map(|(_, trace): &(Answer, Trace)| trace.hits.as_slice()).unwrap_or_default();
    let documents = match hits {
        [] => rank(desk, question)?,
        hits => in_order(hits.iter().map(|hit| snapshot.passage(hit.passage).version.document_id.as_str())),
    };
    let ranks = (question.answerable && !gold.is_empty()).then(|| ranking(&documents, &gold));
    Ok(Outcome { question, gold, ranks, found: documents.into_iter().next(), answered })
}

/// Documents in the order of their best passage.
fn rank(desk: &Desk, question: &Question) -> Result<Vec<String>> {
    let search = SearchRequest {
        question: question.question.clone(),
        history: question.history.clone(),
        top_k: 50,
        as_of: None,
        filters: Filters::default(),
        explain: false,
    };
    let found = if search.check().is_ok() { desk.search_here(&search)?.passages } else { Vec::new() };
    Ok(in_order(found.iter().map(|passage| passage.document_id.as_str())))
}

/// Each document once, where its best passage stands.
fn in_order<'a>(passages: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    passages.filter(|id| seen.insert(*id)).map(str::to_owned).collect()
}

impl Outcome<'_> {
    fn answer(&self) -> Option<&Answer> {
        self.answered.as_ref().map(|(answer, _)| answer)
    }

    fn cited(&self) -> Option<&Answer> {
        self.answer().filter(|answer| !answer.citations.is_empty())
    }

    fn cited_gold(&self) -> bool {
        self.cited().and_then(|answer| answer.citations.first()).is_some_and(|citation| self.gold.contains(&citation.document_id))
    }

    fn is_wrong(&self) -> bool {
        self.cited().is_some() && (!self.question.answerable || !self.cited_gold())
    }

    fn said(&self) -> &str {
        self.cited().map_or("", |answer| answer.answer.as_str())
    }

    fn token_f1(&self) -> f64 {
        self.question.answers.iter().map(|reference| token_f1(self.said(), reference)).fold(0.0, f64::max)
    }

    /// Words missing from and extra in the answer, against the reference that is most like it.
    fn differences(&self) -> (Vec<String>, Vec<String>) {
        let nearest = self.question.answers.iter().max_by(|a, b| token_f1(self.said(), a).total_cmp(&token_f1(self.said(), b)));
        nearest.map(|reference| word_differences(self.said(), reference)).unwrap_or_default()
    }

    fn span_found(&self) -> bool {
        self.cited().is_some_and(|answer| {
            let quotes: Vec<&str> = answer.citations.iter().map(|citation| citation.quote.as_str()).collect();
            let quotes = quotes.join(" ");
            self.question.gold_spans.iter().any(|span| word_recall(span, &quotes) >= SPAN_FOUND)
        })
    }
}

fn measure(outcomes: &[&Outcome<'_>], utterances: &[&Utterance]) -> Report {
    let ranks: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.ranks).collect();
    let retrieval = Retrieval {
        questions: ranks.len(),
        hit_at_1: mean(ranks.iter().map(|rank| rank.0)),
        hit_at_5: mean(ranks.iter().map(|rank| rank.1)),
        mrr_at_10: mean(ranks.iter().map(|rank| rank.2)),
        ndcg_at_10: mean(ranks.iter().map(|rank| rank.3)),
    };
    let asked: Vec<_> = outcomes.iter().copied().filter(|outcome| outcome.answered.is_some()).collect();
    let (answerable, unanswerable): (Vec<_>, Vec<_>) = asked.iter().copied().partition(|outcome| outcome.question.answerable);
    let cited = |set: &[&Outcome<'_>]| set.iter().filter(|outcome| outcome.cited().is_some()).count();
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let citations = |set: &[&Outcome<'_>]| -> Vec<(bool, bool)> {
        set.iter()
            .filter_map(|outcome| Some((outcome, outcome.cited()?)))
            .flat_map(|(outcome, answer)| {
                answer.citations.iter().map(|citation| (outcome.gold.contains(&citation.document_id), citation.verified))
            })
            .collect()
    };
    let wrong = |outcome: &&&Outcome<'_>| outcome.is_wrong() && outcome.cited().is_some_and(|answer| !answer.escalate);
    let gold_citations = answerable.iter().filter(|outcome| outcome.cited_gold()).count();
    let all_citations = citations(&asked);
    let answers = Answers {
        questions: asked.len(),
        answered_rate: share(cited(&answerable), answerable.len()),
        cited_gold_rate: share(gold_citations, cited(&answerable)),
        cited_gold_of_all: share(gold_citations, answerable.len()),
        token_f1: mean(answerable.iter().map(|outcome| outcome.token_f1())),
        gold_span_recall: mean(
            answerable
                .iter()
                .filter(|outcome| !outcome.question.gold_spans.is_empty())
                .map(|outcome| f64::from(u8::from(outcome.span_found()))),
        ),
        citation_precision: mean(citations(&answerable).iter().map(|(gold, _)| f64::from(u8::from(*gold)))),
        mean_words: mean(asked.iter().filter_map(|outcome| outcome.cited()).map(|answer| count_words(&answer.answer) as f64)),
        quotes_verified: if all_citations.is_empty() {
            1.0
        } else {
            mean(all_citations.iter().map(|(_, verified)| f64::from(u8::from(*verified))))
        },
        wrong_unescalated_rate: share(asked.iter().filter(wrong).count(), asked.len()),
        written_rate: mean(
            asked.iter().filter_map(|outcome| outcome.cited()).map(|answer| f64::from(u8::from(answer.mode == ComposedBy::Generate))),
        ),
    };
    let scored: Vec<_> = asked.iter().filter_map(|outcome| Some((outcome.answer()?.confidence, outcome.question.answerable))).collect();
    let abstention = Abstention {
        answerable: answerable.len(),
        unanswerable: unanswerable.len(),
        refused_when_unanswerable: share(unanswerable.len() - cited(&unanswerable), unanswerable.len()),
        refused_when_answerable: share(answerable.len() - cited(&answerable), answerable.len()),
        auroc: auroc(&scored).unwrap_or(0.0),
    };
    let told: Vec<(f64, bool)> = asked.iter().filter_map(|outcome| Some((outcome.cited()?.confidence, !outcome.is_wrong()))).collect();
    let calibration = Calibration { error: calibration_error(&told), auroc: auroc(&told).unwrap_or(0.0) };
    let latencies = |wanted: &dyn Fn(&Answer) -> bool| {
        let values: Vec<f64> = asked
            .iter()
            .filter_map(|outcome| outcome.answer())
            .filter(|answer| wanted(answer))
            .map(|answer| answer.timings_ms.total)
            .collect();
        Latency {
            p50: percentile(&values, 0.5),
            p95: percentile(&values, 0.95),
            p99: percentile(&values, 0.99),
            max: percentile(&values, 1.0),
        }
    };
    Report {
        retrieval,
        answers,
        abstention,
        calibration,
        escalation: measure_escalation(utterances),
        latency_ms: latencies(&|_| true),
        latency_quoted_ms: latencies(&|answer| answer.mode == ComposedBy::Quote),
        languages: BTreeMap::new(),
    }
}

fn measure_escalation(utterances: &[&Utterance]) -> Escalation {
    let (mut needed, mut reached, mut others, mut alarms) = (0usize, 0usize, 0usize, 0usize);
    for said in utterances {
        let Some(wanted) = said.escalate else { continue };
        let sent = usize::from(called(&triage::triage(&said.text).signals).is_some());
        if wanted {
            needed += 1;
            reached += sent;
        } else {
            others += 1;
            alarms += sent;
        }
    }
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    Escalation { utterances: needed + others, recall: share(reached, needed), false_alarm_rate: share(alarms, others) }
}

fn question_detail(outcome: &Outcome<'_>, snapshot: Option<&Snapshot>) -> QuestionDetail {
    let answer = outcome.answer();
    let hits = outcome.answered.as_ref().map(|(_, trace)| trace.hits.as_slice()).unwrap_or_default();
    let candidate = |(snapshot, hit): (&Snapshot, &Hit)| {
        let view = snapshot.passage(hit.passage);
        let PassageText { heading, sentences, .. } = view.as_read();
        let document_id = view.version.document_id.clone();
        CandidateDetail {
            document_id,
            heading,
            sentences,
            score: hit.score,
            lexical: hit.blend.lexical,
            cosine: hit.cosine,
            relevance: hit.relevance,
        }
    };
    let (missing, extra) = outcome.differences();
    QuestionDetail {
        id: outcome.question.id.clone(),
        lang: outcome.question.lang.clone(),
        question: outcome.question.question.clone(),
        answerable: outcome.question.answerable,
        answer: answer.map(|answer| answer.answer.clone()).unwrap_or_default(),
        decision: answer.map_or(Decision::Escalate, |answer| answer.decision),
        cited: answer.map(|answer| answer.citations.iter().map(|citation| citation.document_id.clone()).collect()).unwrap_or_default(),
        gold: outcome.question.gold_doc_ids.clone(),
        found: outcome.found.clone(),
        cited_gold: outcome.cited_gold(),
        span_found: outcome.span_found(),
        wrong: outcome.is_wrong(),
        token_f1: outcome.token_f1(),
        missing,
        extra,
        evidence: outcome.answered.as_ref().map(|(_, trace)| trace.evidence.to_owned()).unwrap_or_default(),
        confidence: answer.map_or(0.0, |answer| answer.confidence),
        signals: outcome.answered.as_ref().and_then(|(_, trace)| trace.signals),
        candidates: hits.iter().take(CANDIDATES).filter_map(|hit| Some(candidate((snapshot?, hit)))).collect(),
        total_ms: answer.map_or(0.0, |answer| answer.timings_ms.total),
    }
}

impl QuestionDetail {
    /// Nothing yet about a question.
    #[cfg(test)]
    pub(super) fn blank(id: &str, decision: Decision) -> Self {
        Self {
            id: id.to_owned(),
            lang: String::new(),
            question: String::new(),
            answerable: true,
            answer: String::new(),
            decision,
            cited: Vec::new(),
            gold: Vec::new(),
            found: None,
            cited_gold: false,
            span_found: false,
            wrong: false,
            token_f1: 0.0,
            missing: Vec::new(),
            extra: Vec::new(),
            evidence: String::new(),
            confidence: 0.0,
            signals: None,
            candidates: Vec::new(),
            total_ms: 0.0,
        }
    }

    /// How bad the outcome is; `None` where it is as it should be. A wrong answer that stood alone is worst, the surer the worse; then one
    /// with a person offered; then an answer that was there and not given.
    fn badness(&self) -> Option<f64> {
        let refused = self.cited.is_empty() || self.decision == Decision::Escalate;
        match (self.wrong, self.decision) {
            (true, Decision::Answer) => Some(2.0 + self.confidence),
            (true, Decision::Offer) => Some(1.0 + self.confidence),
            _ => (self.answerable && refused).then_some(self.confidence),
        }
    }
}

/// The questions that went wrong, worst first.
pub fn worst(details: &[Detail]) -> Vec<&QuestionDetail> {
    let questions = details.iter().filter_map(Detail::question);
    let mut failed: Vec<(f64, &QuestionDetail)> = questions.filter_map(|one| Some((one.badness()?, one))).collect();
    failed.sort_by(|a, b| b.0.total_cmp(&a.0));
    failed.into_iter().map(|(_, one)| one).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    if count == 0 { 0.0 } else { sum / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_that_stood_alone_is_listed_before_all_else() {
        let detail = |id: &str, decision, wrong, confidence| {
            let cited = vec!["fees".to_owned()];
            Detail::Question(Box::new(QuestionDetail { cited, wrong, confidence, ..QuestionDetail::blank(id, decision) }))
        };
        let refused = Detail::Question(Box::new(QuestionDetail::blank("refused", Decision::Escalate)));
        let details = [
            refused,
            detail("offered", Decision::Offer, true, 0.9),
            detail("right", Decision::Answer, false, 0.9),
            detail("alone", Decision::Answer, true, 0.8),
            detail("sure and alone", Decision::Answer, true, 0.95),
        ];
        let order: Vec<&str> = worst(&details).into_iter().map(|one| one.id.as_str()).collect();
        assert_eq!(order, ["sure and alone", "alone", "offered", "refused"]);
    }
}
