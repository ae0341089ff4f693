//! What does a question name? Brands, places and people, by their capitals.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_segmentation::UnicodeSegmentation;

use super::analysis::{is_stop_word, terms};

/// Capitals that name nothing.
static ORDINARY: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "i ok okay hi hello hey dear thanks thank please asap pls plz lol omg wtf fyi eta faq id pin am pm monday tuesday wednesday thursday friday saturday \
     sunday january february march april may june july august september october november december christmas easter english chinese"
        .split_whitespace()
        .collect()
});

/// The one function word that capitals make a name of.
const COUNTRY: &str = "US";

/// Names in `text`, as it writes them, each once: words with a capital inside a sentence or inside the word, unless the whole text is
/// written so.
pub fn names(text: &str) -> Vec<&str> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if text.chars().filter(|c| c.is_uppercase()).count() * 2 > letters {
        return Vec::new(); // shouting
    }
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let mut starts_sentence = true;
    for piece in text.split_word_bounds() {
        if !piece.chars().any(char::is_alphanumeric) {
            starts_sentence |= piece.contains(['.', '!', '?', ':', ';', '\n', '"', '“', '(', '-', '–', '—']);
            continue;
        }
        let first = piece.chars().next().is_some_and(char::is_uppercase);
        let inside = piece.chars().skip(1).any(char::is_uppercase);
        let plain = piece.to_lowercase();
        let ordinary = plain.chars().count() < 2
            || plain.contains(['\'', '’'])
            || ORDINARY.contains(plain.as_str())
            || (is_stop_word(&plain) && piece != COUNTRY);
        if ((first && !starts_sentence) || inside) && !ordinary && seen.insert(plain) {
            found.push(piece);
        }
        starts_sentence = false;
    }
    found
}

/// Whether `name` as a whole is none of the terms that `is_known`.
pub fn is_unknown(name: &str, is_known: impl Fn(&str) -> bool) -> bool {
    let whole = terms(name).into_iter().max_by_key(|term| term.bytes.len());
    whole.is_some_and(|term| !is_known(&term.text))
}

/// Whether `text` speaks of `name`: by itself, or by words whose first letters it is ("US" and "United States").
pub fn speaks_of(text: &str, name: &str) -> bool {
    let words: Vec<&str> = text.unicode_words().collect();
    let letters = name.chars().count();
    let initials = |run: &[&str]| run.iter().filter_map(|word| word.chars().next()).eq(name.chars());
    let spelt = (2..=4).contains(&letters) && name.chars().all(char::is_uppercase) && words.windows(letters).any(initials);
    spelt || words.iter().any(|word| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_inside_a_sentence_name_something() {
        assert_eq!(names("Can I pay with PayPal or in the UK? Which is it, DPD or Evri"), ["PayPal", "UK", "DPD", "Evri"]);
        assert_eq!(names("How much is it in the US? Tell us, it is NOT clear"), ["US"]);
        assert_eq!(names("Refunds. When do I get them on Monday, OK?"), [""; 0]);
        assert_eq!(names("WHERE IS MY MONEY"), [""; 0]);
        assert_eq!(names("I'm sure I've paid. That's why I'd like it"), [""; 0]);
    }

    #[test]
    fn a_text_speaks_of_a_name_by_itself_or_by_its_initials() {
        assert!(speaks_of("Region: United States; fee: up to $7", "US") && speaks_of("In the US and the UK", "US"));
        assert!(!speaks_of("Region: United Kingdom; fee: up to £6", "US") && !speaks_of("Tell us more", "Us and"));
        assert!(speaks_of("Pay with paypal here", "PayPal"));
    }

    #[test]
    fn a_name_is_known_as_a_whole_only() {
        assert!(!is_unknown("Kestrows", |term| term == "kestrow"));
        assert!(is_unknown("PayPal", |term| term == "pay"));
    }
}
