use super::*;
use crate::policy::PASSAGE_WORDS;
use proptest::prelude::*;

fn read(source: &str) -> Vec<Passage> {
    passages(source, 0, "Title")
}

fn sentences(source: &str) -> Vec<Sentence> {
    read(source).into_iter().flat_map(|passage| passage.sentences).collect()
}

/// The quoted and the plain text of each sentence.
fn pairs(source: &str) -> Vec<(String, String)> {
    sentences(source).into_iter().map(|sentence| (source[sentence.bytes].to_owned(), sentence.plain)).collect()
}

fn quotes(source: &str) -> Vec<String> {
    pairs(source).into_iter().map(|(quote, _)| quote).collect()
}

#[test]
fn quotations_keep_whole_marks_and_plain_text_has_none() {
    assert_eq!(
        pairs("**Late fees** apply. See [the *terms*](https://a.example \"T\"). Type `pay now` or A&amp;B \\* C ![x](y.png)!"),
        [
            ("**Late fees** apply.", "Late fees apply."),
            ("See [the *terms*](https://a.example \"T\").", "See the terms."),
            ("Type `pay now` or A&amp;B \\* C ![x](y.png)!", "Type pay now or A&B * C !"),
        ]
        .map(|(quote, plain)| (quote.to_owned(), plain.to_owned()))
    );
    // Emphasis over two sentences belongs to neither.
    assert_eq!(quotes("**One fee. Two fees.** Three."), ["One fee.", "Two fees.", "Three."]);
}

#[test]
fn wrapped_lines_and_quoted_blocks_read_as_one_sentence() {
    assert_eq!(pairs("> A fee of\r\n> $7 is due.")[0].1, "A fee of $7 is due.");
    assert_eq!(pairs("逾期会收\n取违约金。")[0].1, "逾期会收取违约金。");
    assert_eq!(quotes("Kestrow Ltd  \nHigh Street 1\\\nLondon"), ["Kestrow Ltd", "High Street 1", "London"]);
    assert_eq!(quotes("a line with spaces at its end  \nand more."), ["a line with spaces at its end  \nand more."]);
}

#[test]
fn list_items_know_the_line_that_introduces_them() {
    let found = sentences("You need:\n\n1. The receipt. It must be yours.\n2. A box:\n   - its lid\n   - [x] its tape\n\nBring them.");
    let of_items: Vec<_> = found.iter().map(|sentence| (sentence.plain.as_str(), sentence.lead.as_deref(), sentence.kind)).collect();
    use SentenceKind::{ListItem, Prose};
    assert_eq!(
        of_items,
        [
            ("You need:", None, Prose),
            ("The receipt.", Some("You need:"), ListItem),
            ("It must be yours.", Some("You need:"), ListItem),
            ("A box:", Some("You need:"), ListItem),
            ("its lid", Some("You need: A box:"), ListItem),
            ("its tape", Some("You need: A box:"), ListItem),
            ("Bring them.", None, Prose),
        ]
    );
    assert_eq!(sentences("Fees are fair.\n\n- None")[1].lead, None);
    assert_eq!(sentences("The following is free.\n\n- Post")[1].lead.as_deref(), Some("The following is free."));
}

#[test]
fn a_table_row_is_one_sentence_that_names_its_columns() {
    let source = "| Region | **Standard** | |\n|---|:-:|---|\n| US | $5.95 | e.g. X |\n|  | a \\| `b` |\n";
    let found = sentences(source);
    assert_eq!(found[0].plain, "Region: US; Standard: $5.95; e.g. X");
    assert_eq!(found[0].lead.as_deref(), Some("Region | Standard"));
    assert_eq!(found[0].kind, SentenceKind::TableRow);
    assert_eq!(quotes(source), ["US | $5.95 | e.g. X", "a \\| `b`"]);
    assert_eq!(found[1].plain, "Standard: a | b");
    assert_eq!(sentences("|项目|标准|\n|-|-|\n|违约金|20 元|")[0].plain, "项目：违约金；标准：20 元");
}

#[test]
fn passages_follow_headings_and_leave_out_the_title() {
    let found = read("# Title\nIntro.\n\n## Fees\nOne.\n### Caps *now*\nTwo.\n## Empty\n## Last\nThree.\n");
    let headings: Vec<_> = found.iter().map(|passage| passage.headings.join(" > ")).collect();
    assert_eq!(headings, ["", "Fees", "Fees > Caps now", "Last"]);
    assert_eq!(first_title("## No\n\n# A `b`\n", 0).as_deref(), Some("A b"));
}

#[test]
fn comments_html_and_images_are_not_read() {
    assert_eq!(quotes("<!-- secret -->\n\n<div>\nhidden\n</div>\n\nSeen <b>now</b>.\n\n![alt text](a.png)"), ["Seen <b>now</b>."]);
    assert_eq!(pairs("Seen <b>now</b>.")[0].1, "Seen now.");
}

#[test]
fn long_sections_are_divided_evenly_and_tiny_parts_join_their_neighbours() {
    let paragraph = "A fee is due when a payment comes late and nobody called us. ".repeat(4); // 52 words
    let found = read(&format!("{paragraph}\n\n{paragraph}\n\n{paragraph}\n\nThe end.\n"));
    assert_eq!(found.len(), 2);
    let long = format!("Long {}.", vec!["word"; 3 * PASSAGE_WORDS].join(" "));
    assert_eq!(read(&format!("Short one. {long} Short two.")).len(), 3);
    let chinese = "逾期会收取违约金。".repeat(60); // 480 characters, 240 words
    let sizes: Vec<_> = read(&chinese).iter().map(|passage| passage.sentences.len()).collect();
    assert_eq!(sizes, [30, 30]);
}

#[test]
fn an_introduction_stays_with_its_list() {
    let paragraph = "A fee is due when a payment comes late and nobody called us. ".repeat(8); // 96 words
    let item = "the receipt with the number of the order and the name of the shop on it ".repeat(2);
    let found = read(&format!("{paragraph}\n\nYou need:\n\n- {item}\n- {item}\n"));
    assert_eq!(found[1].sentences[0].plain, "You need:");
}

#[test]
fn positions_count_from_the_start_of_the_file() {
    let source = "---\nid: a\n---\nÜber **fees**.";
    let found = passages(source, 14, "");
    assert_eq!(&source[found[0].sentences[0].bytes.clone()], "Über **fees**.");
}

#[test]
fn deep_and_wide_nesting_ends_in_reasonable_time() {
    for source in [
        format!("{}text", "> ".repeat(20_000)),
        format!("{}text", "- ".repeat(20_000)),
        format!("{}text{}", "*".repeat(20_000), "*".repeat(20_000)),
        format!("{}x", "[".repeat(20_000)),
        format!("|{}\n|{}\n{}", "a|".repeat(500), "-|".repeat(500), "|b|\n".repeat(2_000)),
        "*a* b. ".repeat(50_000),
    ] {
        for passage in read(&source) {
            assert!(source.get(passage.bytes).is_some());
        }
    }
}

fn markdown() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\n".to_owned()),
        Just("\r\n\r\n".to_owned()),
        Just("\n- ".to_owned()),
        Just("\n  1. ".to_owned()),
        Just("\n# ".to_owned()),
        Just("\n> ".to_owned()),
        Just("\n|a|b|\n|-|-|\n|".to_owned()),
        Just("|".to_owned()),
        Just("**".to_owned()),
        Just("`".to_owned()),
        Just("[a](b)".to_owned()),
        Just("![".to_owned()),
        Just("&amp;".to_owned()),
        Just("&nbsp;".to_owned()),
        Just("\\".to_owned()),
        Just("<br>".to_owned()),
        Just("\n```\n".to_owned()),
        Just("\t".to_owned()),
        Just("[^1]".to_owned()),
        Just("One fee. Two? ".to_owned()),
        Just("逾期。".to_owned()),
        "\\PC{1,4}",
        any::<String>().prop_map(|text| text.chars().take(4).collect()),
    ];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn sentences_stand_in_order_inside_their_passages_between_visible_characters(source in markdown()) {
        let mut end = 0;
        for passage in read(&source) {
            prop_assert!(passage.bytes.start >= end && !passage.sentences.is_empty());
            end = passage.bytes.start;
            for sentence in &passage.sentences {
                prop_assert!(sentence.bytes.start >= end && sentence.bytes.end <= passage.bytes.end && !sentence.plain.is_empty());
                let quote = source.get(sentence.bytes.clone());
                prop_assert!(quote.is_some_and(|quote| quote.starts_with(crate::text::is_visible) && quote.ends_with(crate::text::is_visible)), "{quote:?}");
                end = sentence.bytes.end;
            }
            prop_assert_eq!(end, passage.bytes.end);
        }
    }

    #[test]
    fn letters_of_simple_markdown_all_come_through(words in prop::collection::vec("[a-z]{1,8}[.:]?", 1..60), seps in prop::collection::vec(0usize..6, 60)) {
        let mut source = String::new();
        for (word, sep) in words.iter().zip(seps) {
            source.push_str([" ", "\n", "\n\n", "\n- ", " **x** ", "\n\n> "][sep]);
            source.push_str(word);
        }
        let plain: String = read(&source).into_iter().flat_map(|passage| passage.sentences).map(|sentence| sentence.plain).collect();
        let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
        prop_assert_eq!(letters(&plain), letters(&source));
    }
}
