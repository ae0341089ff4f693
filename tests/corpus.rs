//! Is the sample corpus fit to measure with? Read as a stranger would, without the library: files, front matter, JSON lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Zoned;
use jiff::civil::{Date, date};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The questions are written for the policies before the late fee that is announced for 2031.
const WRITTEN_FOR_UNTIL: Date = date(2030, 12, 31);

/// One version of a policy, as its file has it.
struct Version {
    file: String,
    id: String,
    number: u32,
    title: String,
    uri: String,
    valid_from: Option<Date>,
    valid_to: Option<Date>,
    text: String,
}

impl Version {
    fn holds_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    id: String,
    question: String,
    answers: Vec<String>,
    gold_doc_ids: Vec<String>,
    gold_spans: Vec<String>,
    answerable: bool,
    lang: String,
    history: Vec<Turn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    role: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Utterance {
    id: String,
    text: String,
    escalate: bool,
    lang: String,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The day the questions are asked on.
fn day() -> Date {
    Zoned::now().date().min(WRITTEN_FOR_UNTIL)
}

/// The files of a folder whose names start and end so, in order.
fn files(folder: &Path, start: &str, end: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.retain(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(start) && name.ends_with(end)));
    paths.sort();
    paths
}

/// Every version of every policy in one language.
fn versions(language: &str) -> Vec<Version> {
    files(&corpus().join(language), "", ".md").iter().map(|path| read_version(path)).collect()
}

fn read_version(path: &Path) -> Version {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (front, body) = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .unwrap_or_else(|| panic!("{file}: starts with front matter between two lines of ---"));
    let fields: BTreeMap<_, _> = front.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key, value.trim())).collect();
    let field = |key: &str| *fields.get(key).unwrap_or_else(|| panic!("{file}: front matter has `{key}`"));
    let day = |key: &str| match field(key) {
        "" => None,
        written => Some(written.parse().unwrap_or_else(|_| panic!("{file}: `{key}` is a day like 2026-01-31, not {written}"))),
    };
    Version {
        id: field("id").to_owned(),
        number: field("version").parse().unwrap_or_else(|_| panic!("{file}: `version` is a whole number")),
        title: field("title").to_owned(),
        uri: field("uri").to_owned(),
        valid_from: day("valid_from"),
        valid_to: day("valid_to"),
        text: body.to_owned(),
        file,
    }
}

/// The version of each policy that holds, by policy id. Where two hold, the later one counts.
fn current(versions: &[Version]) -> BTreeMap<&str, &Version> {
    let mut current = BTreeMap::<&str, &Version>::new();
    for version in versions.iter().filter(|version| version.holds_on(day())) {
        let held = current.entry(version.id.as_str()).or_insert(version);
        if (version.valid_from, version.number) > (held.valid_from, held.number) {
            *held = version;
        }
    }
    current
}

/// All lines of the evaluation files whose names start so.
fn lines<T: DeserializeOwned>(start: &str) -> Vec<T> {
    let mut read = Vec::new();
    for path in files(&corpus().join("eval"), start, ".jsonl") {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (number, line) in (1..).zip(text.lines()) {
            read.push(serde_json::from_str(line).unwrap_or_else(|error| panic!("{}:{number}: {error}", path.display())));
        }
    }
    read
}

fn assert_all_different<'a>(what: &str, values: impl IntoIterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for value in values {
        assert!(seen.insert(value), "{what} {value:?} occurs twice");
    }
}

#[test]
fn the_policies_are_many_enough_and_their_versions_can_be_told_apart() {
    let (en, zh) = (versions("en"), versions("zh"));
    let (en_now, zh_now) = (current(&en).len(), current(&zh).len());
    assert!(en_now >= 30, "only {en_now} English policies hold today");
    assert!(zh_now >= 15, "only {zh_now} Chinese policies hold today");
    let superseded = en.iter().chain(&zh).filter(|version| version.valid_to.is_some_and(|to| to < day())).count();
    assert!(superseded >= 3, "only {superseded} superseded versions: a customer who asks about the past needs them");

    let mut by_id = BTreeMap::<&str, Vec<&Version>>::new();
    for version in en.iter().chain(&zh) {
        assert!(
            !version.title.is_empty() && version.text.contains(&format!("# {}", version.title)),
            "{}: its heading is its title",
            version.file
        );
        by_id.entry(version.id.as_str()).or_default().push(version);
    }
    for (id, mut versions) in by_id {
        versions.sort_by_key(|version| version.number);
        for pair in versions.windows(2) {
            let [earlier, later] = pair else { continue };
            assert!(earlier.number < later.number, "{id} has version {} twice", later.number);
            assert!(earlier.valid_from < later.valid_from, "{id}: version {} begins after version {}", later.number, earlier.number);
            assert_eq!(earlier.uri, later.uri, "{id} stays at one address");
        }
    }
}

#[test]
fn every_question_is_answered_by_words_that_stand_in_a_policy_of_today() {
    let (en, zh) = (versions("en"), versions("zh"));
    let policies = [("en", current(&en)), ("zh", current(&zh))];
    let questions: Vec<Question> = lines("questions.");
    for question in &questions {
        let id = &question.id;
        assert!(!question.question.trim().is_empty(), "{id} asks something");
        assert!(question.history.iter().all(|turn| !turn.role.is_empty() && !turn.text.is_empty()), "{id}: an earlier turn is empty");
        let (_, policies) =
            policies.iter().find(|(language, _)| *language == question.lang).unwrap_or_else(|| panic!("{id}: language {}", question.lang));
        if !question.answerable {
            let empty = question.answers.is_empty() && question.gold_doc_ids.is_empty() && question.gold_spans.is_empty();
            assert!(empty, "{id} has no answer, so it must name none");
            continue;
        }
        assert!(!question.answers.is_empty() && !question.gold_spans.is_empty(), "{id} has an answer and the words that give it");
        let gold: Vec<_> = question
            .gold_doc_ids
            .iter()
            .map(|document| *policies.get(document.as_str()).unwrap_or_else(|| panic!("{id}: no policy {document} holds today")))
            .collect();
        for span in &question.gold_spans {
            assert!(!span.trim().is_empty(), "{id} has an empty span");
            assert!(gold.iter().any(|policy| policy.text.contains(span)), "{id}: {span:?} stands in none of {:?}", question.gold_doc_ids);
        }
    }
}

#[test]
fn each_language_has_enough_questions_and_a_quarter_have_no_answer() {
    let questions: Vec<Question> = lines("questions.");
    for (language, at_least) in [("en", 200), ("zh", 100)] {
        let count = questions.iter().filter(|question| question.lang == language).count();
        let silent = questions.iter().filter(|question| question.lang == language && !question.answerable).count();
        assert!(count >= at_least, "{language}: {count} questions, {at_least} wanted");
        assert!(silent * 4 >= count, "{language}: {silent} of {count} have no answer, a quarter wanted");
    }
}

#[test]
fn utterances_are_many_and_call_for_a_person_about_as_often_as_not() {
    let utterances: Vec<Utterance> = lines("utterances.");
    assert!(utterances.len() >= 150, "{} utterances, 150 wanted", utterances.len());
    for language in ["en", "zh"] {
        let of_language = || utterances.iter().filter(|utterance| utterance.lang == language);
        let (count, escalated) = (of_language().count(), of_language().filter(|utterance| utterance.escalate).count());
        assert!(escalated * 3 >= count && escalated * 3 <= count * 2, "{language}: {escalated} of {count} call for a person");
    }
    assert!(utterances.iter().all(|utterance| !utterance.text.trim().is_empty()), "an utterance is empty");
    assert_all_different("utterance", utterances.iter().map(|utterance| utterance.text.as_str()));
}

#[test]
fn ids_are_unique_over_all_evaluation_files() {
    let questions: Vec<Question> = lines("questions.");
    let utterances: Vec<Utterance> = lines("utterances.");
    assert!(!questions.is_empty() && !utterances.is_empty(), "corpus/eval holds questions and utterances");
    let ids = questions.iter().map(|question| question.id.as_str()).chain(utterances.iter().map(|utterance| utterance.id.as_str()));
    assert_all_different("id", ids);
    assert_all_different("question", questions.iter().map(|question| question.question.as_str()));
}
