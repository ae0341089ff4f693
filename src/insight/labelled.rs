//! Labelled data: JSON lines of questions and utterances.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Context, ErrorKind, Result};
use crate::retrieve::Said;

/// A question with what a right answer rests on. Fields that other tools add are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Question {
    /// Names it.
    pub id: String,
    /// The customer's words.
    pub question: String,
    /// Reference answers.
    #[serde(default)]
    pub answers: Vec<String>,
    /// Documents that answer it.
    #[serde(default)]
    pub gold_doc_ids: Vec<String>,
    /// Passages that answer it, where the corpus is one of passages.
    #[serde(default)]
    pub gold_passage_ids: Vec<String>,
    /// Words in those documents that answer it.
    #[serde(default)]
    pub gold_spans: Vec<String>,
    /// Whether the corpus answers it.
    pub answerable: bool,
    /// What was said before, oldest first.
    #[serde(default)]
    pub history: Vec<Said>,
    /// Language code.
    #[serde(default)]
    pub lang: String,
}

/// Words of a customer with whether a person must take over.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Utterance {
    /// Names it.
    pub id: String,
    /// The words.
    pub text: String,
    /// Whether a person must take over; `None` is left out of the figures.
    #[serde(default)]
    pub escalate: Option<bool>,
    /// Language code.
    #[serde(default)]
    pub lang: String,
}

/// What to measure on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labelled {
    /// Questions.
    pub questions: Vec<Question>,
    /// Utterances.
    pub utterances: Vec<Utterance>,
}

impl Labelled {
    /// Adds the questions of a file.
    ///
    /// # Errors
    /// `Io` when it cannot be read, `BadRequest` naming the line that is not as expected.
    pub fn add_questions(&mut self, path: &Path) -> Result<()> {
        self.questions.extend(read_lines::<Question>(path)?);
        Ok(())
    }

    /// Adds the utterances of a file.
    ///
    /// # Errors
    /// As [`Self::add_questions`].
    pub fn add_utterances(&mut self, path: &Path) -> Result<()> {
        self.utterances.extend(read_lines::<Utterance>(path)?);
        Ok(())
    }
}

/// The set beside a corpus: `CORPUS/eval/questions*.jsonl` and `CORPUS/eval/utterances*.jsonl`.
///
/// # Errors
/// `NotFound` when there is none; else as [`Labelled::add_questions`].
pub fn sample_set(corpus: &Path) -> Result<Labelled> {
    let folder = corpus.join("eval");
    let missing = || format!("{}: name the files with --questions and --utterances", folder.display());
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(&folder).on(ErrorKind::NotFound, missing)?.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut labelled = Labelled::default();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with("questions") {
            labelled.add_questions(path)?;
        } else if name.starts_with("utterances") {
            labelled.add_utterances(path)?;
        }
    }
    if labelled == Labelled::default() {
        return Err(ErrorKind::NotFound.on(missing()));
    }
    Ok(labelled)
}

fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = std::fs::read_to_string(path).on(ErrorKind::Io, || path.display().to_string())?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(&without_nan(line)).on(ErrorKind::BadRequest, || format!("{}, line {number}", path.display()))
        })
        .collect()
}

/// `line` with `null` for every bare `NaN`, which Python writes and JSON does not know.
fn without_nan(line: &str) -> Cow<'_, str> {
    if !line.contains("NaN") {
        return Cow::Borrowed(line);
    }
    let (mut in_string, mut escaped) = (false, false);
    let mut clean = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        if !in_string && rest.starts_with("NaN") {
            clean.push_str("null");
            rest = &rest[3..];
            continue;
        }
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        clean.push(c);
        rest = &rest[c.len_utf8()..];
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_nan_reads_as_nothing_and_a_word_stays() {
        assert_eq!(without_nan(r#"{"a": NaN, "b": "NaN \" NaN", "c":[NaN]}"#), r#"{"a": null, "b": "NaN \" NaN", "c":[null]}"#);
    }

    #[test]
    fn a_line_that_is_not_as_expected_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("questions.jsonl");
        std::fs::write(&path, "{\"id\":\"a\",\"question\":\"Fee?\",\"answerable\":true}\n\n{\"id\":\"b\"}\n").unwrap();
        let error = Labelled::default().add_questions(&path).unwrap_err();
        assert!(error.chain().contains("line 3") && error.chain().contains("question"), "{}", error.chain());
    }
}
