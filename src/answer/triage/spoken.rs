//! Brings what people type into one plain form, so that patterns need not think of capitals, accents, widths and slips.

use unicode_normalization::UnicodeNormalization;

/// Sentences of `text` in plain form: small letters, Latin accents gone (`über` is `uber`), apostrophes gone (`don't` is
/// `dont`), Traditional characters of our patterns as Simplified ones, one space between words, a line break for a
/// comma, a space for other punctuation.
pub fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let japanese = text.chars().any(|letter| matches!(letter, '\u{3041}'..='\u{30ff}'));
    let mut letters = text.nfkc().flat_map(char::to_lowercase).peekable();
    while let Some(letter) = letters.next() {
        let Some(sentence) = sentences.last_mut() else { break };
        let spaced = sentence.is_empty() || sentence.ends_with([' ', '\n']);
        match letter {
            '\'' | '’' | '‘' | '`' | '´' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' => {}
            '!' | '?' | '。' | '؟' | '।' | ';' | '\n' => sentences.push(String::new()),
            '.' if letters.peek().is_none_or(|next| !next.is_alphanumeric()) => sentences.push(String::new()),
            ',' | '、' | '،' => {
                sentence.truncate(sentence.trim_end().len());
                sentence.push('\n');
            }
            _ if is_word(letter) && !japanese => push_plain(sentence, letter),
            _ if is_word(letter) => sentence.push(letter),
            _ if !spaced => sentence.push(' '),
            _ => {}
        }
    }
    for sentence in &mut sentences {
        *sentence = sentence.trim().to_owned();
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// Letters, digits, the marks that belong to letters (Arabic, Hindi), and `$#%` with numbers.
fn is_word(letter: char) -> bool {
    letter.is_alphanumeric()
        || unicode_normalization::char::is_combining_mark(letter)
        || matches!(letter, '$' | '#' | '%' | '<' | '>' | '|')
}

fn push_plain(sentence: &mut String, letter: char) {
    match letter {
        // "humannnn pleaseee": two of a letter are enough
        'a'..='z' if ends_in_two(sentence, letter) => {}
        'a'..='z' | '0'..='9' => sentence.push(letter),
        'ł' => sentence.push('l'),
        'ı' => sentence.push('i'),
        'ø' => sentence.push('o'),
        'ß' => sentence.push_str("ss"),
        'æ' | 'œ' => sentence.push_str(if letter == 'æ' { "ae" } else { "oe" }),
        'à'..='ž' => {
            let mut base = letter;
            unicode_normalization::char::decompose_canonical(letter, |part| {
                if part.is_ascii_alphabetic() {
                    base = part;
                }
            });
            sentence.push(base);
        }
        // what to_lowercase leaves of the Turkish capital I
        '\u{307}' => {}
        '\u{4e00}'..='\u{9fff}' => sentence.push(simplified(letter)),
        _ => sentence.push(letter),
    }
}

fn ends_in_two(sentence: &str, letter: char) -> bool {
    let mut last = sentence.chars().rev();
    last.next() == Some(letter) && last.next() == Some(letter)
}

/// Traditional characters that occur in our patterns, and the Simplified ones in the same order.
const TRADITIONAL: &str = "轉請換專員經機號盜詐騙殺輕幫給電話這個們說談講聯絡繫係來處務進領導負責闆訴狀師報記嗎麼誰還錢買賣訂單帳賬戶碼銀\
    賠償貨問題聽廢氣無爛態謝見沒別夠樣親線會應對樓腦壞煩噁惡慘擾脅債際證據滾媽資訊隱復複寫開關覆";
const SIMPLIFIED: &str = "转请换专员经机号盗诈骗杀轻帮给电话这个们说谈讲联络系系来处务进领导负责板诉状师报记吗么谁还钱买卖订单账账户码银\
    赔偿货问题听废气无烂态谢见没别够样亲线会应对楼脑坏烦恶恶惨扰胁债际证据滚妈资讯隐复复写开关复";

fn simplified(letter: char) -> char {
    TRADITIONAL.chars().zip(SIMPLIFIED.chars()).find(|(old, _)| *old == letter).map_or(letter, |(_, new)| new)
}

/// `sentence` with slips in the words that matter put right: "tlak to a humna" is "talk to a human".
pub fn repair(sentence: &str) -> String {
    let mut repaired = String::with_capacity(sentence.len() + 8);
    for word in sentence.split_inclusive([' ', '\n']) {
        let (letters, end) = word.split_at(word.trim_end().len());
        match (meant(letters), split_off(letters)) {
            (Some(meant), _) => repaired.push_str(meant),
            (None, Some((first, rest))) => repaired.extend([first, " ", rest]),
            (None, None) => repaired.push_str(letters),
        }
        repaired.push_str(end);
    }
    repaired
}

/// Words whose misspellings must not keep a customer from a person.
const REPAIRED: [&str; 17] = [
    "human",
    "person",
    "agent",
    "representative",
    "operator",
    "manager",
    "supervisor",
    "speak",
    "speaking",
    "talk",
    "talking",
    "transfer",
    "connect",
    "someone",
    "somebody",
    "assistant",
    "contact",
];

/// Real words one slip away from those in [`REPAIRED`].
const KEPT: [&str; 38] = [
    "tall",
    "tale",
    "tank",
    "task",
    "talks",
    "talkin",
    "walk",
    "walking",
    "balk",
    "taking",
    "speaks",
    "speck",
    "spear",
    "sneak",
    "humans",
    "humane",
    "persons",
    "persona",
    "prison",
    "agents",
    "urgent",
    "managers",
    "manage",
    "managed",
    "manages",
    "transfers",
    "connects",
    "contract",
    "contacts",
    "contrast",
    "assistance",
    "assistants",
    "resistant",
    "operators",
    "representatives",
    "supervisors",
    "breaking",
    "sneaking",
];

/// A small word and one of [`REPAIRED`] that were typed without the space between: "tosomebody", "uconnect".
fn split_off(word: &str) -> Option<(&'static str, &'static str)> {
    ["to", "with", "an", "a", "u", "you", "me", "please", "real"].into_iter().find_map(|first| {
        let rest = word.strip_prefix(first)?;
        let second = REPAIRED.into_iter().find(|right| *right == rest).or_else(|| SPLIT_TOO.into_iter().find(|right| *right == rest))?;
        Some((first, second))
    })
}

/// More second words of such pairs.
const SPLIT_TOO: [&str; 4] = ["direct", "call", "speak", "people"];

/// The word of [`REPAIRED`] that `word` was meant to be: one slip away (added, missing, wrong or swapped letter), two in long words.
fn meant(word: &str) -> Option<&'static str> {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) || REPAIRED.contains(&word) || KEPT.contains(&word) {
        return None;
    }
    REPAIRED.into_iter().find(|right| {
        let slips = if right.len() > 8 { 2 } else { 1 };
        // one slip changes at most two of the letters used, so most pairs need no closer look
        right.len().abs_diff(word.len()) <= slips
            && (letters_used(right) ^ letters_used(word)).count_ones() as usize <= 2 * slips
            && strsim::osa_distance(right, word) <= slips
    })
}

fn letters_used(word: &str) -> u32 {
    word.bytes().fold(0, |used, byte| used | 1 << (byte % 32))
}

/// Whether there are Chinese characters in `sentence`; without them no Chinese pattern need be tried.
pub fn has_han(sentence: &str) -> bool {
    !sentence.is_ascii() && sentence.chars().any(|letter| matches!(letter, '\u{4e00}'..='\u{9fff}'))
}

/// Whether there are Latin letters in `sentence`.
pub fn has_latin(sentence: &str) -> bool {
    sentence.bytes().any(|byte| byte.is_ascii_lowercase())
}
