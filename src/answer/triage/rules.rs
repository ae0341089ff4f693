//! A small grammar of patterns: word classes with names, phrases that count, and phrases that only look alike.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

/// Phrases that say a thing, once phrases that only look alike are taken out.
pub struct Rules {
    phrases: Regex,
    alike: String,
    unicode: bool,
    /// Most sentences hold no phrase at all, so this one is made when first needed.
    compiled_alike: OnceLock<Regex>,
}

/// Names for alternatives; a pattern writes `<name>`. A class may use those before it.
pub type Classes<'a> = &'a [(&'a str, &'a str)];

impl Rules {
    /// A comma is a line break in plain form, so `^` and `$` also stand at commas, and no class of words reaches across one.
    ///
    /// Phrases over plain ASCII words, where the match is a matter of whole words: each phrase begins and ends at a word's edge.
    pub fn of_words(classes: Classes, phrases: &[&str], alike: &[&str]) -> Self {
        let whole_words = |phrases: &[&str]| phrases.iter().map(|phrase| format!(r"\b(?:{phrase})\b")).collect::<Vec<_>>();
        Self::build(classes, &whole_words(phrases), &whole_words(alike), false)
    }

    /// Phrases in scripts that do not part words.
    pub fn of_script(classes: Classes, phrases: &[&str], alike: &[&str]) -> Self {
        let owned = |phrases: &[&str]| phrases.iter().map(|phrase| (*phrase).to_owned()).collect::<Vec<_>>();
        Self::build(classes, &owned(phrases), &owned(alike), true)
    }

    fn build(classes: Classes, phrases: &[String], alike: &[String], unicode: bool) -> Self {
        let spelled_out = |patterns: &[String]| {
            let spelled_out = classes
                .iter()
                .rev()
                .fold(patterns.join("|"), |pattern, (name, meaning)| pattern.replace(&format!("<{name}>"), &format!("(?:{meaning})")));
            on_one_line(&spelled_out)
        };
        Self { phrases: compile(&spelled_out(phrases), unicode), alike: spelled_out(alike), unicode, compiled_alike: OnceLock::new() }
    }

    /// The first of the phrases in `sentence` (in plain form, see [`super::spoken`]).
    pub fn words(&self, sentence: &str) -> Option<String> {
        self.words_as(sentence, |sentence| Cow::Borrowed(sentence))
    }

    /// Whether `sentence` (in plain form, see [`super::spoken`]) holds one of the phrases.
    pub fn heard(&self, sentence: &str) -> bool {
        self.words(sentence).is_some()
    }

    /// Whether what `told` makes of the sentence holds one of the phrases, with what only looks alike taken out before.
    pub fn heard_as(&self, sentence: &str, told: impl for<'b> Fn(&'b str) -> Cow<'b, str>) -> bool {
        self.words_as(sentence, told).is_some()
    }

    fn words_as(&self, sentence: &str, told: impl for<'b> Fn(&'b str) -> Cow<'b, str>) -> Option<String> {
        let first = |text: &str| self.phrases.find(text).map(|found| found.as_str().to_owned());
        let found = first(&told(sentence))?;
        if self.alike.is_empty() {
            return Some(found);
        }
        // `_` is in no word class, so no phrase reaches across what was taken out
        match self.alike().replace_all(sentence, "_") {
            Cow::Borrowed(_) => Some(found),
            Cow::Owned(rest) => first(&told(&rest)),
        }
    }

    fn alike(&self) -> &Regex {
        self.compiled_alike.get_or_init(|| compile(&self.alike, self.unicode))
    }
}

/// Long patterns are broken into lines after a `|`; this puts them together again.
pub fn on_one_line(pattern: &str) -> String {
    pattern.lines().map(str::trim_start).collect()
}

fn compile(pattern: &str, unicode: bool) -> Regex {
    RegexBuilder::new(pattern).unicode(unicode).multi_line(true).build().expect("patterns are constants; a test compiles every one")
}
