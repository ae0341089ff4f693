//! Does a question lean on what the customer said before, and on what?
//!
//! "And in Germany?" means nothing alone; "How do I delete my account?" needs nothing from before, and earlier words would only
//! drag search back to the old subject. So earlier words count the more, the less a question says by itself.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::Language;
use crate::text::analysis::{TermKind, is_stop_word, terms};

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The customer.
    User,
    /// The desk, or a person at it.
    #[serde(alias = "assistant")]
    Agent,
}

/// Something said earlier in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// By whom.
    pub role: Role,
    /// The words.
    pub text: String,
}

/// Earlier words a question leans on.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// The words, oldest first.
    pub text: String,
    /// How much they count beside the question's own, 0 to 1.
    pub share: f32,
}

impl Context {
    /// `question` after the words it leans on.
    pub fn before(&self, question: &str) -> String {
        format!("{} {question}", self.text)
    }

    /// Whether the question is not understood without them.
    pub fn is_needed(&self) -> bool {
        self.share >= LEANING_SHARE
    }
}

/// Turns that are looked back on, whoever's they are.
const TURNS: usize = 4;

/// Words taken of each turn: its end, where the point mostly stands.
const WORDS_PER_TURN: usize = 40;

/// What earlier words count for when the question points back or says nearly nothing by itself.
const LEANING_SHARE: f32 = 0.5;

/// What they count for otherwise, while the subject stays.
const STANDING_SHARE: f32 = 0.15;

/// Content words below which a question says too little by itself.
const FEW_WORDS: usize = 3;

/// What `question` leans on in `history` (oldest first); `None` when nothing was said before.
pub fn context(question: &str, history: &[Said], language: Language) -> Option<Context> {
    let recent: Vec<&str> = history.iter().rev().take(TURNS).map(|said| tail(&said.text)).filter(|text| !text.is_empty()).collect();
    if recent.is_empty() {
        return None;
    }
    let own: HashSet<String> =
        terms(question).into_iter().filter(|term| term.kind == TermKind::Word && !is_stop_word(&term.text)).map(|term| term.text).collect();
    let points_back = if language == Language::Zh { POINTS_BACK_ZH.is_match(question) } else { POINTS_BACK.is_match(question) };
    let share = if points_back || own.len() < FEW_WORDS { LEANING_SHARE } else { STANDING_SHARE };
    Some(Context { text: recent.into_iter().rev().collect::<Vec<_>>().join(" "), share })
}

/// The last words of a turn; of a script without spaces, the last characters.
fn tail(text: &str) -> &str {
    let text = text.trim();
    let starts = text.match_indices(char::is_whitespace).map(|(at, space)| at + space.len());
    let spaced = starts.rev().nth(WORDS_PER_TURN - 1).map_or(text, |at| &text[at..]);
    spaced.char_indices().rev().nth(8 * WORDS_PER_TURN).map_or(spaced, |(at, _)| &spaced[at..])
}

static POINTS_BACK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\W*(?:and|but|or|so|then|also|what about|how about|what if|what else|which (?:one|ones|of)|why not|how so|yes|no|ok(?:ay)?)\b|\b(?:it|its|that|this|these|those|them|they|their|there|then|same|one|ones|instead|otherwise|either)\b")
        .expect("pattern is a constant")
});

static POINTS_BACK_ZH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:那|然后|还有|另外|如果|要是|可是|但是|所以|是的|不是|嗯|好)|这个|那个|这样|那样|它|他们|它们|这些|那些|这种|那种|呢[？?]?$|刚才|上面|同样|一样").expect("pattern is a constant")
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(text: &str) -> Said {
        Said { role: Role::User, text: text.to_owned() }
    }

    #[test]
    fn a_question_that_points_back_leans_more_than_one_that_stands_alone() {
        let history = [said("How long does a refund to my card take?")];
        let share = |question: &str, language| context(question, &history, language).unwrap().share;
        for question in ["And in Germany?", "Why?", "Does that also hold for gift cards and vouchers?", "what about paypal"] {
            assert_eq!(share(question, Language::En), LEANING_SHARE, "{question}");
        }
        assert_eq!(share("How do I permanently delete my customer account?", Language::En), STANDING_SHARE);
        assert_eq!(share("那德国呢", Language::Zh), LEANING_SHARE);
        assert_eq!(share("怎么注销我的账户并删除个人资料", Language::Zh), STANDING_SHARE);
    }

    #[test]
    fn nothing_said_is_nothing_to_lean_on() {
        assert_eq!(context("And in Germany?", &[], Language::En), None);
        assert_eq!(context("And in Germany?", &[said("  ")], Language::En), None);
    }

    #[test]
    fn the_newest_turns_come_last_and_long_ones_are_cut() {
        let history: Vec<Said> = (0..9).map(|number| said(&format!("turn{number} {}", "word ".repeat(200)))).collect();
        let text = context("why", &history, Language::En).unwrap().text;
        assert!(text.split_whitespace().count() <= TURNS * WORDS_PER_TURN && !text.contains("turn8"));
        let short = [said("first"), said("second")];
        assert_eq!(context("why", &short, Language::En).unwrap().text, "first second");
    }

    proptest! {
        #[test]
        fn any_text_is_cut_without_harm(text in "\\PC{0,500}") {
            prop_assert!(tail(&text).chars().count() <= 8 * WORDS_PER_TURN + 1);
        }
    }
}
