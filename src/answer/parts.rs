//! Does a customer ask more than one thing at once? Each part is then looked up by itself, and what no policy says is named.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::analysis::{TermKind, is_stop_word, terms};
use crate::text::split_sentences;

/// Parts answered at most: more is a conversation.
const PARTS: usize = 3;

/// Content words a part must have: "how long?" leans on the part before it and is answered with it.
const WORDS: usize = 2;

/// Something asked, and what was said before it in the same message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// The customer's words.
    pub text: &'a str,
    /// Everything before.
    pub before: &'a str,
}

/// The parts of a question with several; none for a question with one.
pub(super) fn parts(question: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    for sentence in split_sentences(question) {
        let mut starts = vec![sentence.start];
        let text = &question[sentence.clone()];
        starts.extend(JOINED.captures_iter(text).filter_map(|hit| hit.get(1)).map(|opener| sentence.start + opener.start()));
        starts.extend(JOINED_ZH.find_iter(text).map(|mark| sentence.start + mark.end()));
        starts.push(sentence.end);
        let pieces: Vec<&str> = starts.windows(2).map(|pair| &question[pair[0]..pair[1]]).collect();
        // A sentence is cut only where each piece asks something of its own.
        if pieces.len() > 1 && pieces.iter().all(|piece| asks(piece) && is_whole(piece)) {
            found.extend(starts.windows(2).map(|pair| (pair[0], pair[1])));
        } else if asks(text) && is_whole(text) {
            found.push((sentence.start, sentence.end));
        }
    }
    if !(2..=PARTS).contains(&found.len()) {
        return Vec::new();
    }
    let is_mark = |c: char| c.is_whitespace() || ",，;；、".contains(c);
    // The conjunction between two questions belongs to neither.
    let clean = |piece: &'_ str| -> usize {
        let kept = piece.trim_end();
        let cut = [" and also", " and", " also", " plus", "还有", "另外", "以及"].iter().find_map(|word| kept.strip_suffix(word));
        cut.unwrap_or(kept).len()
    };
    found
        .into_iter()
        .map(|(start, end)| {
            let piece = &question[start..end];
            Part { text: piece[..clean(piece)].trim_matches(is_mark), before: question[..start].trim() }
        })
        .collect()
}

fn is_whole(text: &str) -> bool {
    terms(text).iter().filter(|term| term.kind == TermKind::Word && !is_stop_word(&term.text)).count() >= WORDS
}

fn asks(text: &str) -> bool {
    let text = text.trim();
    text.ends_with(['?', '？']) || ASKS.is_match(text)
}

static ASKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:and |also |so |but |then )?(?:how|what|when|where|who|whose|which|why|can|could|do|does|did|is|are|will|would|should|may)(?-u:\b)|吗|呢|多少|多久|多长|几|什么|啥|怎么|咋|如何|哪|谁|是否|能不能|可不可以|要不要|会不会|是不是|有没有")
        .expect("pattern is a constant")
});

/// Joins two questions in one sentence; the second begins at the group.
static JOINED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:,\s*|\s)(?:and|also|and also|plus)\s+((?:how|what|when|where|who|which|why|can|could|do|does|is|are|will|should)(?-u:\b))",
    )
    .expect("pattern is a constant")
});

/// A comma alone joins halves of one question as often as it joins two.
static JOINED_ZH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[，；](?:还有|另外|以及)").expect("pattern is a constant"));

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(question: &str) -> Vec<&str> {
        parts(question).into_iter().map(|part| part.text).collect()
    }

    #[test]
    fn two_questions_are_two_parts_with_what_came_before() {
        assert_eq!(
            texts("How much is the late fee and when is the reminder sent?"),
            ["How much is the late fee", "when is the reminder sent?"]
        );
        assert_eq!(texts("What does express shipping cost? Can I return gift cards?").len(), 2);
        assert_eq!(texts("退款几天到账，还有运费退不退回给我吗？"), ["退款几天到账", "运费退不退回给我吗？"]);
        let with_story = parts("I broke my lamp. How do I return the lamp? Who pays the shipping label?");
        assert_eq!(with_story.len(), 2);
        assert_eq!(with_story[0].before, "I broke my lamp.");
    }

    #[test]
    fn one_question_stays_in_one_piece() {
        for question in [
            "How long do refunds and returns take?",
            "How much is the late fee? Why?",
            "I paid late, what happens to my plan and my limit?",
            "退款多久到账？",
            "要是一直没还，一期到底罚多少？",
            "Can I pick an evening slot for my delivery, say after six?",
            "如果我逾期了，会怎么样？",
            "Do I pay shipping and handling?",
            "",
        ] {
            assert!(parts(question).is_empty(), "{question}: {:?}", texts(question));
        }
    }
}
