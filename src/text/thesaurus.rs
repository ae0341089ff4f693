//! What a policy may call the things that a customer says: "money back" is a refund, 钱没退 is 退款.
//!
//! The groups were written by hand (`models/thesaurus/`), blind to all evaluation data.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::analysis::terms;
use super::language::Language;

/// Words of a text and what they may also be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// Where the words stand in the text.
    pub bytes: Range<usize>,
    /// Other names, each as the terms it consists of.
    pub names: Vec<Vec<String>>,
}

/// What the words of `text` may also be called. Where one entry lies inside a longer one, only the longer counts.
pub fn expansions(text: &str, language: Language) -> Vec<Expansion> {
    match language {
        Language::Zh => CHINESE.expand_runs(text),
        Language::En => ENGLISH.expand_words(text),
        Language::Other => Vec::new(),
    }
}

static CHINESE: LazyLock<Thesaurus> =
    LazyLock::new(|| Thesaurus::read(include_str!("../../models/thesaurus/zh.txt"), ' ', |entry| vec![entry.to_owned()]));

static ENGLISH: LazyLock<Thesaurus> = LazyLock::new(|| Thesaurus::read(include_str!("../../models/thesaurus/en.txt"), ',', read_terms));

struct Thesaurus {
    /// First unit of an entry to all entries with it, longest first. Units are stems in English, the whole entry in Chinese.
    entries: HashMap<String, Vec<Entry>>,
    longest_chars: usize,
}

struct Entry {
    units: Vec<String>,
    names: Vec<Vec<String>>,
}

impl Thesaurus {
    fn read(text: &str, separator: char, units_of: impl Fn(&str) -> Vec<String>) -> Self {
        let mut names_of: HashMap<Vec<String>, Vec<Vec<String>>> = HashMap::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let list = |part: &str| -> Vec<String> {
                part.split(separator).map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
            };
            let (from, to) = match line.split_once("=>") {
                Some((from, to)) => (list(from), list(to)),
                None => (list(line), list(line)),
            };
            for entry in &from {
                let names = names_of.entry(units_of(entry)).or_default();
                for name in to.iter().filter(|name| *name != entry).map(|name| read_terms(name)) {
                    if !name.is_empty() && !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        let mut entries: HashMap<String, Vec<Entry>> = HashMap::new();
        let mut longest_chars = 0;
        for (units, mut names) in names_of {
            names.retain(|name| *name != units);
            let Some(first) = units.first().cloned() else { continue };
            longest_chars = longest_chars.max(first.chars().count());
            entries.entry(first).or_default().push(Entry { units, names });
        }
        entries.values_mut().for_each(|list| list.sort_by_key(|entry| std::cmp::Reverse(entry.units.len())));
        Self { entries, longest_chars }
    }

    /// Longest entry at each place of a text without spaces.
    fn expand_runs(&self, text: &str) -> Vec<Expansion> {
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let mut found = Vec::new();
        let mut at = 0;
        while at + 1 < starts.len() {
            let most = self.longest_chars.min(starts.len() - 1 - at);
            let hit = (1..=most).rev().find_map(|length| {
                let bytes = starts[at]..starts[at + length];
                let entry = self.entries.get(&text[bytes.clone()].to_lowercase())?.first()?;
                Some((length, Expansion { bytes, names: entry.names.clone() }))
            });
            at += hit.as_ref().map_or(1, |(length, _)| *length);
            found.extend(hit.map(|(_, expansion)| expansion));
        }
        found
    }

    /// Longest entry at each word of a text, after stemming.
    fn expand_words(&self, text: &str) -> Vec<Expansion> {
        let words = terms(text);
        let mut found = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let fits = |entry: &&Entry| {
                words.len() - at >= entry.units.len() && entry.units.iter().zip(&words[at..]).all(|(unit, word)| *unit == word.text)
            };
            let hit = self.entries.get(&words[at].text).and_then(|list| list.iter().find(fits));
            if let Some(entry) = hit {
                let last = at + entry.units.len() - 1;
                found.push(Expansion { bytes: words[at].bytes.start..words[last].bytes.end, names: entry.names.clone() });
            }
            at += hit.map_or(1, |entry| entry.units.len());
        }
        found
    }
}

fn read_terms(text: &str) -> Vec<String> {
    terms(text).into_iter().filter(|term| term.kind == super::analysis::TermKind::Word).map(|term| term.text).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_customers_words_lead_to_the_policys() {
        let found = expansions("when do I get my money back?", Language::En);
        assert!(found.iter().any(|expansion| expansion.names.contains(&read_terms("refund"))), "{found:?}");
        let found = expansions("钱没退怎么办", Language::Zh);
        assert!(found.iter().any(|expansion| expansion.names.contains(&read_terms("退款"))), "{found:?}");
    }

    #[test]
    fn the_longest_entry_wins() {
        let thesaurus = Thesaurus::read("多久 => 时间\n多久到账 => 到账时间\n", ' ', |entry| vec![entry.to_owned()]);
        let found = thesaurus.expand_runs("多久到账");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bytes, 0.."多久到账".len());
    }

    proptest! {
        #[test]
        fn expansions_lie_inside_the_text_in_order(text in "\\PC*") {
            for language in [Language::En, Language::Zh] {
                let found = expansions(&text, language);
                prop_assert!(found.iter().all(|expansion| text.get(expansion.bytes.clone()).is_some()));
                prop_assert!(found.windows(2).all(|pair| pair[0].bytes.end <= pair[1].bytes.start));
            }
        }
    }
}
