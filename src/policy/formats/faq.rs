//! Lists of questions with their answers: CSV with a header row, or one JSON object a line.

use serde::Deserialize;

use super::{Extracted, Outline};

/// Names that the column of questions goes by, and that of answers.
const QUESTION: [&str; 4] = ["question", "q", "问题", "問題"];
const ANSWER: [&str; 5] = ["answer", "a", "答案", "回答", "答复"];

/// From CSV, commas or semicolons, whose first row names the columns.
pub(super) fn from_csv(text: &str) -> Result<Extracted, String> {
    let first_line = text.lines().next().unwrap_or_default();
    let delimiter =
        [b',', b';', b'\t'].into_iter().max_by_key(|mark| first_line.bytes().filter(|byte| byte == mark).count()).unwrap_or(b',');
    let mut rows = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let names = rows.headers().map_err(|error| format!("cannot be read as CSV: {error}"))?.clone();
    let column = |known: &[&str]| names.iter().position(|name| known.contains(&name.trim().to_lowercase().as_str()));
    let (Some(question), Some(answer)) = (column(&QUESTION), column(&ANSWER)) else {
        return Err("has no columns named `question` and `answer`: name them in its first row".to_owned());
    };
    let mut outline = Outline::default();
    for row in rows.records() {
        let row = row.map_err(|error| format!("cannot be read as CSV: {error}"))?;
        add(&mut outline, row.get(question).unwrap_or_default(), row.get(answer).unwrap_or_default());
    }
    Ok(Extracted { title: None, text: outline.text, pages: Vec::new(), uri: None })
}

/// From objects `{"question", "answer"}`, one a line; other fields are ignored.
pub(super) fn from_json_lines(text: &str) -> Result<Extracted, String> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(alias = "q", alias = "问题")]
        question: String,
        #[serde(alias = "a", alias = "答案")]
        answer: String,
    }
    let mut outline = Outline::default();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let row: Row = serde_json::from_str(line)
            .map_err(|error| format!("line {number}: expected {{\"question\", \"answer\"}} on one line: {error}"))?;
        add(&mut outline, &row.question, &row.answer);
    }
    Ok(Extracted { title: None, text: outline.text, pages: Vec::new(), uri: None })
}

/// The question is the heading of its answer; an answer's own lines stay apart.
fn add(outline: &mut Outline, question: &str, answer: &str) {
    if answer.trim().is_empty() {
        return;
    }
    outline.heading(2, question);
    for line in answer.lines() {
        match line.trim().strip_prefix(['-', '*', '•']) {
            Some(item) => outline.item(item),
            None => outline.paragraph(line),
        }
    }
}
