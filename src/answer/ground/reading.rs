//! What a statement says, as far as patterns can tell: its clauses, their words and values, and the little words that turn a meaning
//! around.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::values::{Found, Value, implied, values};
use crate::text::analysis::{TermKind, is_stop_word, terms};

/// A word or phrase that decides what the words around it mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Marker {
    /// No, not, never, cannot; 不, 没, 无.
    No,
    /// Need not; 无需.
    NoNeed,
    /// Must; 必须.
    Must,
    /// May, can; 可以.
    May,
    /// Will; 将.
    Will,
    /// Up to, within; 最高, 以内.
    Upper,
    /// At least; 至少.
    Lower,
    /// More than; 超过.
    Over,
    /// Less than; 低于.
    Under,
    /// After; 之后.
    After,
    /// Before; 之前.
    Before,
    /// Unless, except, only, if: what follows limits the rest.
    Limit,
}

impl Marker {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "not",
            Self::NoNeed => "need not",
            Self::Must => "must",
            Self::May => "may",
            Self::Will => "will",
            Self::Upper => "at most",
            Self::Lower => "at least",
            Self::Over => "more than",
            Self::Under => "less than",
            Self::After => "after",
            Self::Before => "before",
            Self::Limit => "only if",
        }
    }

    /// Whether its place is a clause rather than the whole: these turn around what one clause says.
    fn is_modal(self) -> bool {
        matches!(self, Self::NoNeed | Self::Must | Self::May | Self::Will)
    }
}

/// A part of a sentence between commas or conjunctions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clause {
    /// Content words and numbers.
    pub words: BTreeSet<String>,
    /// How often it says no.
    pub negations: usize,
    /// Must, may, will and the like.
    pub modals: BTreeSet<Marker>,
}

/// A statement, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Content words in order, without values.
    pub words: Vec<String>,
    /// Content words and values in order.
    pub tokens: Vec<String>,
    /// Values said, in order, and how each is written.
    pub values: Vec<(Value, String)>,
    /// Values that "a day" and the like stand for.
    pub implied: BTreeSet<Value>,
    /// Its clauses that hold words.
    pub clauses: Vec<Clause>,
    /// Bounds and orders of time anywhere in it.
    pub bounds: BTreeSet<Marker>,
    /// The same by the word or value that comes next.
    pub bounded: BTreeMap<String, BTreeSet<Marker>>,
    /// How many limits there are.
    pub limits: usize,
    /// Words that name somebody or something: written with a capital or digits inside a sentence, as the statement spells them and as the
    /// index does.
    pub names: Vec<(String, String)>,
}

/// The text with full-width characters, dashes and quotation marks in their plain form; as many characters as before.
pub fn fold(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '￥' => '¥',
        '￡' => '£',
        '\u{2010}'..='\u{2015}' | '−' | '〜' => '-',
        '’' | '‘' | '´' | '`' => '\'',
        '“' | '”' => '"',
        '\u{3000}' | '\u{A0}' | '\u{202F}' | '\n' | '\r' | '\t' => ' ',
        _ => c,
    };
    text.chars().map(plain).collect()
}

static MARKERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
          (?P<filler>(?-u:\b)(?:according\x20to\x20(?:our|the)\x20(?:policy|policies|rules|terms)|(?:our|the)\x20polic(?:y|ies)\x20(?:says?|states?)(?:\x20that)?)(?-u:\b)|(?:根据|按照?|依照)(?:我们|公司|本公司)?的?(?:相关)?(?:规定|政策|条款|规则))
        | (?P<skip>(?-u:\b)(?:not\x20only|whether\x20or\x20not|no\.\x20?\d|no\x20matter|can\x20you|in\x20no\x20time)(?-u:\b)|^(?:no|yes)\s?[,.!]
            |不过|不仅|不但|不论|不管|无论|不断|不久|非常|未来|是否|能否|可否|差不多|不得不|别的|特别|区别|级别|类别|分别|别人|性别|个别|识别|告别|无线|不同|至今|可能|可靠|可见|许可|认可|可用|功能|智能|性能|技能|能力|即将|将来|需求|若干|对应|相应|应用|响应|供应|应还|应付|应收|应退|会员|机会|社会|会计|会话|不好意思)
        | (?P<limit>(?-u:\b)(?:unless|except|only|solely|provided\x20that|as\x20long\x20as|if)(?-u:\b)|除非|除了?|仅限?|只有?|只能|只限|如果|若)
        | (?P<upper>(?-u:\b)(?:(?:no|not|never|cannot\x20be|is\x20never|are\x20never)\x20(?:\w+\x20)?(?:more|greater|higher|longer|later|larger)\x20than|(?:not|never|cannot|may\x20not|must\x20not|does\x20not|do\x20not)\x20exceed|at\x20most|up\x20to|at\x20the\x20latest|maximum|max|within|highest\x20possible)(?-u:\b)
            |不(?:得|能|可|会)?(?:超过|高于|多于|晚于|迟于|大于)|最高|最多|最长|最晚|最迟|至多|封顶|上限|以内|之内|[天日月年周时钟期]内)
        | (?P<lower>(?-u:\b)(?:(?:no|not|never)\x20(?:\w+\x20)?(?:less|fewer|lower|earlier|shorter)\x20than|at\x20least|minimum|min|at\x20the\x20earliest|or\x20(?:more|over|older))(?-u:\b)
            |不(?:得|能|可|会)?(?:少于|低于|早于|短于|小于)|最低|最少|最短|最早|至少|起码|下限|以上)
        | (?P<over>(?-u:\b)(?:more|greater|higher|longer|larger|older)\x20than(?-u:\b)|(?-u:\b)(?:over|above|exceed(?:s|ed|ing)?)(?-u:\b)|超过|超出|高于|多于|大于)
        | (?P<under>(?-u:\b)(?:less|fewer|lower|shorter|smaller|younger)\x20than(?-u:\b)|(?-u:\b)(?:under|below)(?-u:\b)|低于|少于|不足|不满|未满|小于|以下)
        | (?P<free>(?-u:\b)(?:need\x20not|needn't|(?:do|does|did)(?:\x20not|n't)\x20(?:have|need)\x20to|no\x20need\x20to|(?:is|are)(?:\x20not|n't)\x20required)(?-u:\b)|无需|无须|不需要?|不必|不用|不须|毋须)
        | (?P<no>(?-u:\b)(?:(?:can|may|must|shall|should|could|would|will|do|does|did|is|are|was|were|has|have|had)\x20(?:also\x20|still\x20|then\x20)?not|cannot|[a-z]+n't|not|no|never|none|nothing|nobody|neither|nor|without|unable\x20to|non)(?-u:\b)
            |不(?:得|能|可以?|会|允许|准|予|再|支持)?|无法|无权|没有?|沒有?|未能?|禁止|严禁|非|勿|無|无)
        | (?P<must>(?-u:\b)(?:must|shall|(?:has|have|had)\x20to|needs?\x20to|(?:is|are)\x20(?:required|obliged)\x20to|required|mandatory)(?-u:\b)|必须|须|务必|应当?|需要?|一定要)
        | (?P<may>(?-u:\b)(?:may|can|could|might|(?:is|are)\x20(?:allowed|able|free)\x20to|optional(?:ly)?)(?-u:\b)|可以|可|能够?|允许|均可)
        | (?P<will>(?-u:\b)(?:will|(?:is|are)\x20going\x20to)(?-u:\b)|'ll(?-u:\b)|将会?|会)
        | (?P<after>(?-u:\b)(?:after|following|later\x20than)(?-u:\b)|之后|以后|[天日月年周时]后)
        | (?P<before>(?-u:\b)(?:before|prior\x20to|earlier\x20than|ahead\x20of)(?-u:\b)|之前|以前|提前|[天日月年周时]前)
        ",
    )
    .expect("pattern is a constant")
});

/// Ends a clause: marks, and words that begin another one.
static CLAUSE_END: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)[,;()\x22|]\s|[,;()\x22。，；、！？!?|]|[.!?]\s|\x20-\x20|(?-u:\b)(?:but|if|unless|because|although|though|while|whereas|when|once|until|so|otherwise|except|provided)(?-u:\b)|但是?|如果|否则|除非|因为|不过|并且?|则|的话",
    )
    .expect("pattern is a constant")
});

/// Reads one statement; `text` is folded first.
pub fn read(text: &str) -> Reading {
    let folded = fold(text);
    let found = values(&folded);
    let mut markers: Vec<(Marker, Range<usize>)> = Vec::new();
    let mut fillers: Vec<Range<usize>> = Vec::new();
    for hit in MARKERS.captures_iter(&folded) {
        let kinds = [
            ("upper", Marker::Upper),
            ("lower", Marker::Lower),
            ("over", Marker::Over),
            ("under", Marker::Under),
            ("free", Marker::NoNeed),
            ("no", Marker::No),
            ("must", Marker::Must),
            ("may", Marker::May),
            ("will", Marker::Will),
            ("after", Marker::After),
            ("before", Marker::Before),
            ("limit", Marker::Limit),
        ];
        fillers.extend(hit.name("filler").map(|found| found.range()));
        if let Some((marker, bytes)) = kinds.iter().find_map(|(name, marker)| hit.name(name).map(|found| (*marker, found.range()))) {
            markers.push((marker, bytes));
        }
    }
    // "May 5" is a date, and the 日 of "15日内" belongs to its number.
    markers.retain(|(marker, bytes)| *marker != Marker::May || !found.iter().any(|value| overlaps(&value.bytes, bytes)));
    let mut spans = vec![0];
    for hit in CLAUSE_END.find_iter(&folded) {
        // A conjunction belongs to the clause it begins.
        spans.push(if hit.as_str().starts_with(|c: char| c.is_alphabetic()) { hit.start() } else { hit.end() });
    }
    spans.push(folded.len());
    let clause_at = |byte: usize| spans.partition_point(|start| *start <= byte).saturating_sub(1);
    let mut clauses = vec![Clause::default(); spans.len()];
    let mut reading = Reading { implied: implied(&folded), ..Reading::default() };
    let mut tokens: Vec<(usize, String)> = found.iter().map(|one| (one.bytes.start, one.value.to_string())).collect();
    for term in terms(&folded).into_iter().filter(|term| term.kind == TermKind::Word) {
        let in_value = found.iter().any(|value| overlaps(&value.bytes, &term.bytes));
        let mut beside = markers.iter().map(|(_, bytes)| bytes).chain(&fillers);
        let in_marker = beside.any(|bytes| bytes.start <= term.bytes.start && term.bytes.end <= bytes.end);
        if in_value || in_marker || is_stop_word(&term.text) {
            continue;
        }
        if let Some(name) = name(&folded, &term.bytes) {
            reading.names.push((name.to_owned(), term.text.clone()));
        }
        clauses[clause_at(term.bytes.start)].words.insert(term.text.clone());
        tokens.push((term.bytes.start, term.text.clone()));
        reading.words.push(term.text);
    }
    for Found { value, bytes } in found {
        clauses[clause_at(bytes.start)].words.insert(value.to_string());
        reading.values.push((value, folded[bytes].trim().to_owned()));
    }
    tokens.sort_by_key(|token| token.0); // stable: both ends of a range stay in order
    for (marker, bytes) in markers {
        let clause = &mut clauses[clause_at(bytes.start)];
        match marker {
            Marker::No => clause.negations += 1,
            _ if marker.is_modal() => {
                clause.modals.insert(marker);
            }
            _ => {
                if marker == Marker::Limit {
                    reading.limits += 1;
                    continue;
                }
                reading.bounds.insert(marker);
                if let Some((_, next)) = tokens.iter().find(|token| token.0 >= bytes.end) {
                    reading.bounded.entry(next.clone()).or_default().insert(marker);
                }
            }
        }
    }
    clauses.retain(|clause| !clause.words.is_empty());
    reading.clauses = clauses;
    reading.tokens = tokens.into_iter().map(|(_, token)| token).collect();
    reading
}

fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// The word at `bytes` as it is written, if its capitals or digits make it a name there.
fn name<'a>(text: &'a str, bytes: &Range<usize>) -> Option<&'a str> {
    let word = text.get(bytes.clone())?;
    let mut letters = word.chars();
    let first = letters.next()?;
    let is_code = word.is_ascii() && word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(|c| c.is_ascii_alphabetic());
    let has_inner_capital = letters.any(|c| c.is_ascii_uppercase());
    let before = text[..bytes.start].trim_end_matches([' ', '"', '(']);
    let opens = before.is_empty() || before.ends_with(['.', '!', '?', ':', '。', '！', '？', '：', '-', '*', '|']);
    (is_code || has_inner_capital || (first.is_uppercase() && !opens)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modals(text: &str) -> Vec<Marker> {
        read(text).clauses.into_iter().flat_map(|clause| clause.modals).collect()
    }

    fn negations(text: &str) -> usize {
        read(text).clauses.iter().map(|clause| clause.negations).sum()
    }

    #[test]
    fn what_says_no_is_told_from_what_only_looks_like_it() {
        for text in [
            "Gift cards cannot be returned",
            "We don't charge fees",
            "no late fee",
            "不能退货",
            "无法提现",
            "没有收到退款",
            "may not return gifts",
        ] {
            assert_eq!(negations(text), 1, "{text}");
        }
        for text in [
            "no more than two fees",
            "不超过该期的 10%",
            "特别优惠",
            "不仅如此",
            "not only cards",
            "非常满意",
            "No, the fee is due",
            "未来的账单",
        ] {
            assert_eq!(negations(text), 0, "{text}");
        }
    }

    #[test]
    fn duty_leave_and_release_from_duty_are_three_things() {
        assert_eq!(modals("Customers must return the parcel"), [Marker::Must]);
        assert_eq!(modals("Customers have to return the parcel"), [Marker::Must]);
        assert_eq!(modals("Customers may return the parcel"), [Marker::May]);
        assert_eq!(modals("Customers do not need to return the parcel"), [Marker::NoNeed]);
        assert_eq!(modals("客户必须寄回商品"), [Marker::Must]);
        assert_eq!(modals("客户可以寄回商品"), [Marker::May]);
        assert_eq!(modals("客户无需寄回商品"), [Marker::NoNeed]);
        assert!(modals("会员的账单应还金额").is_empty());
        assert!(modals("On May 5 the fee rises").is_empty());
    }

    #[test]
    fn bounds_are_told_apart() {
        for (text, bound) in [
            ("a fee of up to $7", Marker::Upper),
            ("no more than 25%", Marker::Upper),
            ("30 天内退货", Marker::Upper),
            ("费用不超过 10%", Marker::Upper),
            ("at least 18 years", Marker::Lower),
            ("至少 18 岁", Marker::Lower),
            ("orders over $50", Marker::Over),
            ("fewer than 3 orders", Marker::Under),
            ("after the due date", Marker::After),
            ("还款日之前", Marker::Before),
        ] {
            assert!(read(text).bounds.contains(&bound), "{text}: {:?}", read(text).bounds);
        }
    }

    #[test]
    fn names_are_words_with_capitals_inside_a_sentence() {
        let names: Vec<String> =
            read("The card from Germany works in the App, not on iOS.").names.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Germany", "App", "iOS"]);
    }
}
