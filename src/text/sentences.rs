//! Where do sentences end? UAX 29, mended where policies and chats break it: abbreviations, initials, list numbers, web
//! addresses, hard-wrapped lines.
//!
//! A wrong join costs a longer quotation; a wrong cut costs the condition in the second half. So doubt joins.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::language::is_han;

/// The sentences of a plain text, as byte ranges: in order, apart, none empty, each beginning and ending on a visible character,
/// and together covering every visible character.
///
/// A blank line ends a sentence; so does a line break that was no wrapping (the next word would still have fitted into the
/// paragraph's width, or the next line begins with a list mark).
pub fn split_sentences(text: &str) -> Vec<Range<usize>> {
    let unwrapped = unwrap_lines(text);
    let mut sentences: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for (at, piece) in unwrapped.split_sentence_bound_indices() {
        let end = at + piece.len();
        // UAX 29 takes opening brackets for closing ones: "。（" would tear the bracket off the sentence it opens.
        let kept = if end < unwrapped.len() { piece.trim_end_matches(is_opening).len() } else { piece.len() };
        let piece_end = if kept > 0 { at + kept } else { end };
        let Some(range) = trim_invisible(&unwrapped, start..piece_end) else { continue };
        start = piece_end;
        match sentences.last_mut() {
            Some(last) if goes_on(&unwrapped, last, &range) => last.end = range.end,
            _ => sentences.push(range),
        }
    }
    sentences
}

/// Whether a character leaves a mark on the page: no white space, control, or zero-width format character.
pub fn is_visible(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}'))
}

/// `range` without the invisible characters at its ends; `None` when nothing is left.
pub(crate) fn trim_invisible(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let piece = text.get(range.clone())?;
    let start = range.start + piece.find(is_visible)?;
    let kept = text.get(start..range.end)?.trim_end_matches(|c| !is_visible(c));
    Some(start..start + kept.len())
}

/// The text at the same length, with the line breaks that only wrap lines turned into spaces.
fn unwrap_lines(text: &str) -> String {
    if !text.contains(['\n', '\r']) {
        return text.to_owned();
    }
    let mut unwrapped = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n').peekable();
    let mut paragraph_width = None;
    while let Some(line) = lines.next() {
        let width = *paragraph_width.get_or_insert_with(|| {
            let rest = text.get(unwrapped.len()..).unwrap_or_default();
            rest.lines().take_while(|line| !line.trim().is_empty()).map(columns).max().unwrap_or(0)
        });
        let content = line.trim_end_matches(['\n', '\r']);
        unwrapped.push_str(&content.replace('\r', " "));
        let next = lines.peek().map_or("", |next| next.trim());
        if content.trim().is_empty() || next.is_empty() {
            paragraph_width = None;
            unwrapped.extend(line.get(content.len()..));
        } else if columns(content.trim_end()) + 1 + first_word_columns(next) <= width || is_list_line(next) {
            unwrapped.extend(line.get(content.len()..));
        } else {
            unwrapped.extend(std::iter::repeat_n(' ', line.len() - content.len()));
        }
    }
    unwrapped
}

/// Columns of a line on a screen; Chinese characters take two.
fn columns(line: &str) -> usize {
    line.chars().map(|c| 1 + usize::from(is_wide(c))).sum()
}

fn first_word_columns(line: &str) -> usize {
    match line.chars().next() {
        Some(c) if is_wide(c) => 2, // Chinese may wrap after any character
        _ => columns(line.split_whitespace().next().unwrap_or_default()),
    }
}

/// Whether a character is as wide as it is high: Chinese, Japanese, Korean and their punctuation. No spaces stand between them.
pub(crate) fn is_wide(c: char) -> bool {
    is_han(c) || matches!(c, '\u{3000}'..='\u{303F}' | '\u{3041}'..='\u{30FF}' | '\u{AC00}'..='\u{D7AF}' | '\u{FF01}'..='\u{FF60}')
}

/// Whether a line begins like a list item: `- `, `* `, `• `, `1. `, `1) `, `（一）`, `1、`.
fn is_list_line(line: &str) -> bool {
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let has_number = after_number.len() < line.len() && line.len() - after_number.len() <= 3;
    (has_number && (after_number.starts_with(". ") || after_number.starts_with(") ") || after_number.starts_with('、')))
        || ["- ", "* ", "+ ", "• ", "·", "（一", "（二", "（三"].iter().any(|mark| line.starts_with(mark))
}

/// Whether what UAX 29 calls two sentences is one.
fn goes_on(text: &str, last: &Range<usize>, next: &Range<usize>) -> bool {
    let (Some(before), Some(after), Some(gap)) = (text.get(last.clone()), text.get(next.clone()), text.get(last.end..next.start)) else {
        return false;
    };
    if gap.contains('\n') {
        return false;
    }
    let has_words = |text: &str| text.chars().any(char::is_alphanumeric);
    if !has_words(before) || !has_words(after) {
        return true; // a lone dash, quotation mark or row of dots belongs to its neighbour
    }
    let Some(starts) = after.chars().next() else { return false };
    let token = before.rsplit(char::is_whitespace).next().unwrap_or(before);
    let unquoted = before.trim_end_matches(is_closing);
    let ends_in_quotes = unquoted.len() < before.len();
    match unquoted.chars().next_back() {
        // "如何退款？"按钮 and "Why?" she asked: a question inside quotation marks need not end the sentence around it.
        Some('？' | '！' | '?' | '!') if ends_in_quotes && (starts.is_lowercase() || (gap.is_empty() && is_han(starts))) => true,
        Some('?' | '!') if gap.is_empty() => {
            starts.is_ascii_punctuation() || !starts.is_uppercase() && !is_wide(starts) || is_address(token)
        }
        Some('.') if gap.is_empty() => !is_wide(starts) && !ends_in_quotes,
        Some('.') => stop_belongs_to_word(token.trim_end_matches(is_closing), before, after, starts),
        _ => false,
    }
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '}' | '」' | '』' | '）' | '】' | '》' | '〉')
}

fn is_opening(c: char) -> bool {
    matches!(c, '“' | '‘' | '«' | '(' | '[' | '{' | '「' | '『' | '（' | '【' | '《' | '〈')
}

fn is_address(token: &str) -> bool {
    token.contains("://") || token.contains("www.")
}

/// Whether the full stop at the end of `token` marks an abbreviation or a number rather than the end of `before`.
fn stop_belongs_to_word(token: &str, before: &str, after: &str, starts: char) -> bool {
    let word = token.trim_end_matches('.').trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let next_word = after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let opens_sentence = || STARTERS.contains(&next_word.to_lowercase().as_str());
    if token.len() == before.len() && !word.is_empty() && word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return true; // "1. Open the app"
    }
    match word.as_str() {
        "mr" | "mrs" | "ms" | "dr" | "prof" | "messrs" | "e.g" | "i.e" | "eg" | "ie" | "cf" | "vs" | "approx" | "incl" | "excl" => true,
        "no" | "nos" | "sec" | "sect" | "art" | "ch" | "cl" | "fig" | "p" | "pp" | "para" | "par" | "ext" | "tel" | "vol" => {
            starts.is_ascii_digit()
        }
        "jan" | "feb" | "mar" | "apr" | "jun" | "jul" | "aug" | "sep" | "sept" | "oct" | "nov" | "dec" => starts.is_ascii_digit(),
        "a.m" | "p.m" | "am" | "pm" => starts == '(' || starts.is_ascii_digit() || TIME_ZONES.contains(&next_word),
        "inc" | "ltd" | "co" | "corp" | "llc" | "st" | "ave" | "jr" | "sr" | "dept" | "acct" => !opens_sentence(),
        "etc" | "al" => starts == '(',
        // Initials and countries: "J. Smith", "U.S. Treasury", but "in the U.S. We".
        _ => {
            let letters = word.split('.');
            word != "i" && letters.clone().count() <= 4 && letters.into_iter().all(|part| part.chars().count() == 1) && {
                word.chars().all(|c| c.is_alphabetic() || c == '.') && starts.is_alphabetic() && !opens_sentence()
            }
        }
    }
}

const TIME_ZONES: [&str; 16] =
    ["ET", "EST", "EDT", "CT", "CST", "CDT", "MT", "MST", "PT", "PST", "PDT", "GMT", "UTC", "BST", "CET", "CEST"];

/// Words that open sentences far more often than they follow an initial or a company's name.
const STARTERS: [&str; 46] = [
    "the",
    "this",
    "that",
    "these",
    "those",
    "we",
    "you",
    "they",
    "he",
    "she",
    "it",
    "if",
    "in",
    "on",
    "at",
    "for",
    "from",
    "please",
    "all",
    "our",
    "your",
    "to",
    "when",
    "where",
    "how",
    "what",
    "however",
    "there",
    "a",
    "an",
    "no",
    "each",
    "once",
    "after",
    "before",
    "any",
    "as",
    "see",
    "note",
    "orders",
    "customers",
    "customer",
    "payments",
    "returns",
    "refunds",
    "is",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sentences(text: &str) -> Vec<&str> {
        split_sentences(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn full_stops_inside_abbreviations_numbers_and_addresses_end_no_sentence() {
        for text in [
            "Use a card, e.g. Visa, i.e. The usual ones.",
            "See No. 5 and Sec. 3 of the terms.",
            "Mr. J. Smith paid $5.95 to Acme Inc. (\"Acme\") today.",
            "Open from 9 a.m. to 5 p.m. ET on weekdays.",
            "The U.S. Postal Service delivers it.",
            "Ask at https://example.com/Help?Topic=Fees!Now today.",
            "1. Open the app and tap Pay.",
            "Wait... what happens then?",
            "Version 2.1.3 of Example.Com costs 1.5%.",
        ] {
            assert_eq!(sentences(text), [text]);
        }
    }

    #[test]
    fn sentences_end_where_they_end() {
        assert_eq!(sentences("Late? Pay now! It costs $7. Done."), ["Late?", "Pay now!", "It costs $7.", "Done."]);
        assert_eq!(sentences("We ship to the U.S. Orders take 5 days."), ["We ship to the U.S.", "Orders take 5 days."]);
        assert_eq!(sentences("Closes at 5 p.m. Call before."), ["Closes at 5 p.m.", "Call before."]);
        assert_eq!(sentences("He said \"no.\" Then (he left.) We paid."), ["He said \"no.\"", "Then (he left.)", "We paid."]);
        assert_eq!(sentences("Help!Why is it late?"), ["Help!", "Why is it late?"]);
    }

    #[test]
    fn chinese_sentences_keep_their_quotation_marks_and_brackets() {
        assert_eq!(sentences("逾期会收费。最高 20 元！真的吗？是的"), ["逾期会收费。", "最高 20 元！", "真的吗？", "是的"]);
        assert_eq!(sentences("他说：“可以。”（见第3条。）然后付款。"), ["他说：“可以。”", "（见第3条。）", "然后付款。"]);
        assert_eq!(sentences("点击“如何退款？”按钮。完成。"), ["点击“如何退款？”按钮。", "完成。"]);
        assert_eq!(sentences("满 99 元包邮；不满收 10 元。"), ["满 99 元包邮；不满收 10 元。"]);
    }

    #[test]
    fn wrapped_lines_are_one_sentence_and_headings_or_items_are_their_own() {
        let wrapped = "A payment is late when it has not reached us by the end\nof its due date, unless we were the ones who made a\nmistake. Ask us.";
        assert_eq!(sentences(wrapped).len(), 2);
        assert_eq!(
            sentences("Refund policy\nWe accept returns within 30 days of delivery."),
            ["Refund policy", "We accept returns within 30 days of delivery."]
        );
        assert_eq!(sentences("You need\n- a receipt\n- the box\r\n\r\nThanks"), ["You need", "- a receipt", "- the box", "Thanks"]);
        assert_eq!(sentences("退款政策\n我们接受三十天内的退货，商品须完好。"), ["退款政策", "我们接受三十天内的退货，商品须完好。"]);
    }

    #[test]
    fn blank_texts_have_no_sentences() {
        for text in ["", " \n\t", "\u{200B}\u{FEFF}"] {
            assert!(split_sentences(text).is_empty());
        }
    }

    proptest! {
        #[test]
        fn sentences_are_in_order_apart_and_cover_everything_visible(text in "(\\PC|[\n\r\t .!?。！？\"'()a-cA-C1 “”]){0,80}") {
            let ranges = split_sentences(&text);
            let mut end = 0;
            for range in &ranges {
                prop_assert!(range.start >= end && range.start < range.end);
                prop_assert!(!text[end..range.start].contains(is_visible));
                let sentence = &text[range.clone()];
                prop_assert!(sentence.chars().next().is_some_and(is_visible) && sentence.chars().next_back().is_some_and(is_visible));
                end = range.end;
            }
            prop_assert!(!text[end..].contains(is_visible));
        }
    }
}
