//! Which words does BM25 see? One analysis for documents and questions, in both languages and in texts that mix them.
//!
//! English words become stems. Chinese goes through a dictionary (jieba), which does not know every product's name, so each run
//! of characters yields its overlapping pairs too. Numbers stay whole, because a policy's numbers are what customers ask for.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use jieba_rs::{Jieba, TokenizeMode};
use tantivy::tokenizer::{Language, Stemmer, Token, TokenFilter, TokenStream, Tokenizer, WhitespaceTokenizer};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::language::is_han;

/// The name under which an index knows the analysis.
pub const TOKENIZER: &str = "frontdesk";

/// One searchable unit of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What it is indexed as: lowercase, folded, stemmed.
    pub text: String,
    /// Where it stands in the text, in bytes.
    pub bytes: Range<usize>,
    /// Whether it is a word at all.
    pub kind: TermKind,
}

/// What a [`Term`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TermKind {
    /// A word, a number or a code.
    Word,
    /// Two neighbouring Chinese characters that the dictionary does not hold as a word there: a safety net for unknown words.
    Bigram,
}

/// The terms of a text, in order of their place in it.
///
/// Letters are folded (NFKC, lowercase). English: possessives and apostrophes go ("customer's" is `custom`, "don't" is `dont`),
/// hyphens part words ("pay-in-4" is `pay` `in` `4`), dotted initials join ("p.m." is `pm`), the rest is stemmed. Numbers lose
/// only thousands commas and a bare `.00` ("$1,000.00" is `1000`, "$7.99" is `7.99`), and part from a unit ("30days" is `30` `day`).
/// Chinese: words, the shorter words inside them, and every pair of neighbours that is no word.
pub fn terms(text: &str) -> Vec<Term> {
    let folded = Folded::new(text);
    let mut terms = Vec::new();
    let mut at = 0;
    while let Some(&c) = folded.chars.get(at) {
        let end = if is_han(c) {
            let end = folded.run_end(at, is_han);
            push_chinese(&folded, at..end, &mut terms);
            end
        } else if c.is_ascii_digit() {
            push_number(&folded, at, &mut terms)
        } else if c.is_alphanumeric() {
            push_word(&folded, at, &mut terms)
        } else {
            at + 1
        };
        at = end.max(at + 1);
    }
    stem(&mut terms);
    terms
}

/// Whether a term (as [`terms`] writes it) is a function or question word of English or Chinese: too common to show what a
/// text is about.
pub fn is_stop_word(term: &str) -> bool {
    STOP_WORDS.contains(term)
}

/// [`terms`] as tantivy wants them.
#[derive(Debug, Clone, Copy, Default)]
pub struct FrontdeskTokenizer;

impl Tokenizer for FrontdeskTokenizer {
    type TokenStream<'a> = TermStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> TermStream {
        TermStream { terms: terms(text).into_iter(), token: Token::default() }
    }
}

/// The stream behind [`FrontdeskTokenizer`]. Positions count terms, bigrams included.
#[derive(Debug)]
pub struct TermStream {
    terms: std::vec::IntoIter<Term>,
    token: Token,
}

impl TokenStream for TermStream {
    fn advance(&mut self) -> bool {
        let Some(term) = self.terms.next() else { return false };
        self.token.text = term.text;
        self.token.offset_from = term.bytes.start;
        self.token.offset_to = term.bytes.end;
        self.token.position = self.token.position.wrapping_add(1); // starts at usize::MAX
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// A text after folding, with the place in the original that each character came from.
struct Folded {
    chars: Vec<char>,
    places: Vec<Range<usize>>,
}

impl Folded {
    fn new(text: &str) -> Self {
        let mut folded = Self { chars: Vec::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
        // Cluster by cluster, so that a letter and its mark compose and still have one place.
        for (start, cluster) in text.grapheme_indices(true) {
            for c in cluster.nfkc().flat_map(char::to_lowercase) {
                folded.chars.push(if c == '’' || c == '‘' { '\'' } else { c });
                folded.places.push(start..start + cluster.len());
            }
        }
        folded
    }

    fn get(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied()
    }

    fn run_end(&self, start: usize, belongs: impl Fn(char) -> bool) -> usize {
        start + self.chars.get(start..).unwrap_or_default().iter().take_while(|c| belongs(**c)).count()
    }

    fn term(&self, range: Range<usize>, text: String, kind: TermKind) -> Option<Term> {
        let (first, last) = (self.places.get(range.start)?, self.places.get(range.end.checked_sub(1)?)?);
        (!text.is_empty()).then_some(Term { text, bytes: first.start..last.end, kind })
    }

    fn collect(&self, range: Range<usize>) -> String {
        self.chars.get(range).unwrap_or_default().iter().collect()
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !is_han(c) || is_mark(c)
}

/// Combining marks that stay apart after NFKC, as in Hindi or Thai.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

fn push_number(folded: &Folded, start: usize, terms: &mut Vec<Term>) -> usize {
    let is_digit = |at: usize| folded.get(at).is_some_and(|c| c.is_ascii_digit());
    let mut text = String::new();
    let mut at = start;
    while let Some(c) = folded.get(at) {
        match c {
            _ if c.is_ascii_digit() => text.push(c),
            '.' if is_digit(at + 1) => text.push(c),
            // Only between groups of three: "1,000", not "1,2 or 3".
            ',' if (1..=3).all(|ahead| is_digit(at + ahead)) && !is_digit(at + 4) => {}
            _ => break,
        }
        at += 1;
    }
    if let Some(whole) = text.strip_suffix(".00").filter(|whole| !whole.contains('.')) {
        text.truncate(whole.len());
    }
    let unit_end = folded.run_end(at, is_letter);
    let has_more_digits = folded.chars.get(at..unit_end).unwrap_or_default().iter().any(|c| c.is_ascii_digit());
    if has_more_digits {
        // A code such as "4x4" stays in one piece.
        text.push_str(&folded.collect(at..unit_end));
        at = unit_end;
    }
    terms.extend(folded.term(start..at, text, TermKind::Word));
    at
}

fn push_word(folded: &Folded, start: usize, terms: &mut Vec<Term>) -> usize {
    let mut end = folded.run_end(start, is_letter);
    // Dotted initials: single letters, each with its stop.
    let is_initial = |at: usize| folded.get(at).is_some_and(|c| c.is_ascii_alphabetic()) && !folded.get(at + 1).is_some_and(is_letter);
    if is_initial(start) && folded.get(start + 1) == Some('.') && is_initial(start + 2) {
        let mut text = String::new();
        let mut at = start;
        while is_initial(at) {
            end = at + 1;
            text.extend(folded.get(at));
            at += 1 + usize::from(folded.get(at + 1) == Some('.'));
            if at == end {
                break;
            }
        }
        terms.extend(folded.term(start..end, text, TermKind::Word));
        return end;
    }
    let mut text = folded.collect(start..end);
    while folded.get(end) == Some('\'') && folded.get(end + 1).is_some_and(is_letter) {
        let tail_end = folded.run_end(end + 1, is_letter);
        let tail = folded.collect(end + 1..tail_end);
        end = tail_end;
        if tail != "s" {
            text.push_str(&tail);
        }
    }
    terms.extend(folded.term(start..end, text, TermKind::Word));
    end
}

fn push_chinese(folded: &Folded, run: Range<usize>, terms: &mut Vec<Term>) {
    let text = folded.collect(run.clone());
    let mut found: Vec<Term> = Vec::new();
    let mut pairs_that_are_words = HashSet::new();
    for token in JIEBA.tokenize(&text, TokenizeMode::Search, true) {
        if token.end - token.start == 2 {
            pairs_that_are_words.insert(token.start);
        }
        found.extend(folded.term(run.start + token.start..run.start + token.end, token.word.to_owned(), TermKind::Word));
    }
    for at in (0..run.len().saturating_sub(1)).filter(|at| !pairs_that_are_words.contains(at)) {
        let pair = run.start + at..run.start + at + 2;
        found.extend(folded.term(pair.clone(), folded.collect(pair), TermKind::Bigram));
    }
    found.sort_by_key(|term| (term.bytes.start, term.bytes.end));
    terms.append(&mut found);
}

/// Replaces the English words among the terms by their stems.
fn stem(terms: &mut [Term]) {
    let is_english = |term: &Term| term.text.bytes().all(|byte| byte.is_ascii_lowercase());
    // The stemmer is a filter over a token stream: the words go through it as one line.
    let line = terms.iter().filter(|term| is_english(term)).map(|term| term.text.as_str()).collect::<Vec<_>>().join(" ");
    let mut stemmer = Stemmer::new(Language::English).transform(WhitespaceTokenizer::default());
    let mut stems = stemmer.token_stream(&line);
    for term in terms.iter_mut().filter(|term| is_english(term)) {
        if stems.advance() {
            term.text.clone_from(&stems.token().text);
        }
    }
}

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

static STOP_WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    // Through the analysis itself, so that they are spelled as terms are.
    let english = terms(ENGLISH_STOP_WORDS).into_iter().map(|term| term.text);
    english.chain(CHINESE_STOP_WORDS.split_whitespace().map(str::to_owned)).collect()
});

const ENGLISH_STOP_WORDS: &str = "a an the this that these those i me my mine we us our ours you your yours he him his she her hers it its they them \
    their theirs who whom whose which what when where why how is am are was were be been being do does did doing done have has had having can \
    could will would shall should may might must ought and or but nor so if then else than because as of at by for with about against \
    between into through during before after above below to from up down in out on off over under again once here there all any both each \
    few more most other some such no not only own same too very just also ever even still yet while until upon per via i'm i've i'd i'll you're \
    you've you'd you'll he's she's we're we've we'd we'll they're they've they'd they'll isn't aren't wasn't weren't don't doesn't didn't haven't \
    hasn't hadn't can't cannot couldn't won't wouldn't shouldn't mustn't let's that's what's where's how's who's there's wanna gonna gotta im ive \
    get gets got getting want wants wanted please thanks thank hi hello hey ok okay yes yeah oh anyone someone something anything everything \
    anybody somebody everyone everybody thing things happen happens happened tell told know wonder wondering question sorry let lets supposed guess hope just really actually basically";

const CHINESE_STOP_WORDS: &str = "的 了 吗 呢 吧 啊 呀 哦 嘛 啦 么 我 你 您 他 她 它 我们 你们 您们 他们 她们 咱们 自己 这 那 这个 那个 这些 那些 这样 那样 这里 那里 \
    这儿 那儿 哪 哪个 哪些 哪里 哪儿 谁 什么 甚么 怎么 怎么样 怎样 怎么办 咋 咋办 如何 为什么 为何 为啥 啥 多少 多久 几 何时 什么时候 时候 多长 多长时间 是 是不是 是否 有 有没有 \
    没 没有 不 不是 在 和 与 及 或 或者 还是 而 且 而且 但 但是 也 都 还 又 就 才 只 很 太 更 最 把 被 给 让 对 从 到 向 往 以 于 为 因 因为 所以 如果 要是 假如 \
    的话 会 能 可以 可 能不能 可不可以 要 想 想要 请 请问 一下 一个 个 上 下 里 中 等 之 其 该 此 所 得 地 着 过 去 来 说 看 吗 嗯 好 好的 谢谢 你好 您好 呗 哈";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        terms(text).into_iter().filter(|term| term.kind == TermKind::Word).map(|term| term.text).collect()
    }

    #[test]
    fn english_words_become_stems_whatever_their_case_ending_or_apostrophe() {
        assert_eq!(words("Customers’ refunds, the CUSTOMER'S refund"), ["custom", "refund", "the", "custom", "refund"]);
        assert_eq!(words("Don’t they?"), words("dont they"));
        assert_eq!(words("cancelled cancelling"), ["cancel", "cancel"]);
        assert_eq!(words("ﬁnancial ＦＥＥ cafe\u{301}"), ["financi", "fee", "café"]);
    }

    #[test]
    fn numbers_amounts_and_codes_stay_whole() {
        assert_eq!(words("$7.99 or $7.00, not $1,000.00"), ["7.99", "or", "7", "not", "1000"]);
        assert_eq!(words("pay-in-4 within 30days at 5 p.m."), ["pay", "in", "4", "within", "30", "day", "at", "5", "pm"]);
        assert_eq!(words("１５％ 24/7 WH1000 4x4 v2.1.3"), ["15", "24", "7", "wh1000", "4x4", "v2", "1.3"]);
    }

    #[test]
    fn chinese_yields_words_their_parts_and_pairs_as_a_net() {
        let found = terms("逾期违约金");
        assert!(found.iter().any(|term| term.text == "违约金" && term.kind == TermKind::Word), "{found:?}");
        assert!(found.iter().any(|term| term.text == "期违" && term.kind == TermKind::Bigram), "{found:?}");
        assert!(found.iter().all(|term| "逾期违约金".get(term.bytes.clone()) == Some(&term.text)));
        assert_eq!(words("退 App"), ["退", "app"]);
        assert!(words("3天内退款").starts_with(&["3".to_owned()]));
    }

    #[test]
    fn function_and_question_words_are_told_from_content() {
        for text in ["what", "How", "does", "don't", "please", "的", "吗", "怎么", "多少", "什么", "我"] {
            assert!(terms(text).iter().all(|term| is_stop_word(&term.text)), "{text}");
        }
        for text in ["refund", "late", "fee", "逾期", "退款", "7"] {
            assert!(terms(text).iter().all(|term| !is_stop_word(&term.text)), "{text}");
        }
    }

    #[test]
    fn the_tokenizer_hands_tantivy_the_same_terms() {
        let text = "Late fees: 逾期违约金 $7.99";
        let mut tokenizer = FrontdeskTokenizer;
        let mut stream = tokenizer.token_stream(text);
        let mut tokens = Vec::new();
        while stream.advance() {
            assert_eq!(stream.token().position, tokens.len());
            tokens.push(stream.token().text.clone());
        }
        assert_eq!(tokens, terms(text).into_iter().map(|term| term.text).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn terms_stand_in_order_on_character_boundaries(text in "(\\PC|[a-z0-9.,' 退款逾期]){0,60}") {
            let mut start = 0;
            for term in terms(&text) {
                prop_assert!(!term.text.is_empty() && term.bytes.start >= start);
                prop_assert!(text.get(term.bytes.clone()).is_some_and(|slice| !slice.is_empty()));
                start = term.bytes.start;
            }
        }
    }
}
