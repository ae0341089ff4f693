//! Errors put into the sample policies' own sentences, and the same sentences said faithfully in other words: how many of the first are
//! caught, how many of the second are refused. Every sentence of the corpus is used in every way that fits it; nothing is drawn by chance.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::policy::load_folder;

/// A statement and the sentence it was made from.
struct Case {
    kind: &'static str,
    text: String,
    evidence: Vec<String>,
    around: String,
    chinese: bool,
}

/// Word or phrase, what takes its place.
type Swap = (&'static str, &'static str);

const UNITS: [Swap; 18] = [
    (" business days", " weeks"),
    (" business days", " days"),
    (" days", " weeks"),
    (" days", " hours"),
    (" months", " days"),
    (" hours", " days"),
    ("$", "€"),
    ("£", "$"),
    ("€", "£"),
    ("%", " dollars"),
    (" years", " months"),
    (" minutes", " hours"),
    (" 元", " 美元"),
    (" 天", " 周"),
    ("个工作日", "个月"),
    (" 小时", " 天"),
    ("个月", "天"),
    ("%", " 元"),
];
const DATES: [Swap; 10] = [
    ("January", "March"),
    ("December", "October"),
    ("Monday", "Tuesday"),
    ("Friday", "Sunday"),
    ("Saturday", "Thursday"),
    ("weekday", "Monday"),
    ("周一", "周二"),
    ("周五", "周日"),
    ("周日", "周四"),
    ("9:00", "11:00"),
];
const NEGATIONS: [Swap; 26] = [
    ("cannot", "can"),
    (" is not ", " is "),
    (" are not ", " are "),
    (" does not ", " does "),
    (" do not ", " do "),
    (" not ", " "),
    ("No ", "A "),
    (" no ", " a "),
    (" never ", " always "),
    (" can be ", " cannot be "),
    (" is ", " is not "),
    (" are ", " are not "),
    (" can ", " cannot "),
    (" may ", " may not "),
    (" must ", " must not "),
    (" will ", " will not "),
    ("不能", "可以"),
    ("不收取", "收取"),
    ("不退", "退"),
    ("不支持", "支持"),
    ("无法", "可以"),
    ("可以", "不可以"),
    ("收取", "不收取"),
    ("需要", "不需要"),
    ("支持", "不支持"),
    ("退回", "不退回"),
];
const MODALS: [Swap; 13] = [
    (" must ", " may "),
    (" can ", " must "),
    (" may ", " must "),
    (" needs to ", " does not need to "),
    (" have to ", " do not have to "),
    (" must ", " need not "),
    (" will ", " may "),
    ("必须", "可以"),
    ("可以", "必须"),
    ("须", "可以"),
    ("需要", "无需"),
    ("需", "无需"),
    ("可在", "必须在"),
];
const BOUNDS: [Swap; 11] = [
    ("up to ", "at least "),
    ("at most ", "at least "),
    ("within ", "after "),
    (" after ", " before "),
    (" before ", " after "),
    ("more than ", "less than "),
    ("at least ", "at most "),
    ("最高", "最低"),
    ("不超过", "不低于"),
    ("至少", "最多"),
    ("最多", "至少"),
];
const NAMES: [&str; 26] = [
    "Germany",
    "United Kingdom",
    "Netherlands",
    "United States",
    "Kestrow",
    "Wing points",
    "gift card",
    "Visa",
    "PayPal",
    "Plus",
    "Monthly plan",
    "merchant",
    "collection partner",
    "Apple Pay",
    "凯雀",
    "四期付",
    "月付",
    "人民银行",
    "银行卡",
    "微信",
    "支付宝",
    "羽毛积分",
    "会员",
    "顺丰",
    "客服",
    "商家",
];

/// Sentences that promise what no policy says.
const PROMISES: [&str; 8] = [
    "We have already refunded you.",
    "I have updated your order.",
    "We will refund you today.",
    "You will receive the money tomorrow.",
    "我们已为您办理退款。",
    "我马上帮您取消订单。",
    "我们保证今天到账。",
    "已经为您修改地址。",
];

/// The same said in other words.
const FAITHFUL: [Swap; 34] = [
    ("cannot", "can't"),
    ("cannot", "can not"),
    (" does not ", " doesn't "),
    (" is not ", " isn't "),
    (" are not ", " aren't "),
    (" must ", " has to "),
    (" do not ", " don't "),
    ("at most ", "no more than "),
    (" within ", " in up to "),
    (" 10 ", " ten "),
    (" 5 ", " five "),
    (" 30 days", " thirty days"),
    (" 14 days", " two weeks"),
    (" 12 months", " one year"),
    ("%", " percent"),
    ("$20", "20 dollars"),
    ("$50", "USD 50"),
    ("two ", "2 "),
    (" the ", " "),
    ("is never more than", "is no more than"),
    (" – ", " - "),
    (" business days", " working days"),
    ("可以", "可"),
    ("不能", "不可以"),
    ("必须", "须"),
    ("最高", "最多"),
    ("3 个", "三个"),
    (" 天", "天"),
    (" 元", "元"),
    ("30 天", "三十天"),
    ("10%", "百分之十"),
    ("–", "至"),
    ("无需", "不需要"),
    ("7 天", "七天"),
];

fn replaced(text: &str, (from, to): Swap) -> Option<String> {
    text.contains(from).then(|| text.replacen(from, to, 1)).filter(|new| new != text)
}

/// The first number of a text made another.
fn other_number(text: &str) -> Option<String> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let end = start + text[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - start);
    let number: u64 = text[start..end].parse().ok()?;
    Some(format!("{}{}{}", &text[..start], number * 2 + 3, &text[end..]))
}

fn errors(sentence: &str, around: &str, chinese: bool) -> Vec<(&'static str, String)> {
    let mut made: Vec<(&'static str, String)> = other_number(sentence).map(|text| ("number", text)).into_iter().collect();
    let lists: [(&'static str, &[Swap]); 5] =
        [("unit", &UNITS), ("date", &DATES), ("negation", &NEGATIONS), ("modality", &MODALS), ("bound", &BOUNDS)];
    for (kind, swaps) in lists {
        for swap in swaps {
            // "percent" written with a currency of the other language would be two errors.
            if chinese == swap.0.is_ascii() && !swap.0.starts_with(['%', '$', '£', '€', '9']) {
                continue;
            }
            if swap.0 == " not "
                && (sentence.contains(" is not ")
                    || sentence.contains(" does not ")
                    || sentence.contains(" do not ")
                    || sentence.contains(" are not "))
            {
                continue; // the same error again
            }
            // "May not" and "must not" forbid alike.
            if kind == "modality" && sentence.contains(&format!("{}not ", swap.0)) {
                continue;
            }
            made.extend(replaced(sentence, *swap).map(|text| (kind, text)));
        }
    }
    let fits: Vec<&str> = NAMES.iter().copied().filter(|name| name.is_ascii() != chinese).collect();
    for (at, name) in fits.iter().enumerate() {
        let other = fits[(at + 3) % fits.len()];
        if !sentence.contains(other) && !around.contains(other) {
            made.extend(replaced(sentence, (name, other)).map(|text| ("name", text)));
        }
    }
    // One promise a sentence, in turn: they are caught too easily to fill the figure with.
    let promises: Vec<&str> = PROMISES.iter().copied().filter(|promise| promise.is_ascii() != chinese).collect();
    made.push(("promise", format!("{sentence} {}", promises[sentence.len() % promises.len()])));
    // What turns out to say the same is no error: "30 days" is "4 weeks" in no policy, but "7 days" is "1 week".
    made.retain(|(_, text)| text != sentence);
    made
}

fn faithful(sentence: &str, chinese: bool) -> Vec<(&'static str, String)> {
    let mut made = vec![("itself", sentence.to_owned())];
    for swap in FAITHFUL {
        made.extend(replaced(sentence, swap).map(|text| ("other words", text)));
    }
    // Parts that can stand alone: nothing that limits the rest is cut off.
    let limits = [" if ", " unless ", " except ", " only ", " but ", " when ", "如果", "除", "但", "仅", "的，"];
    let marks: &[&str] = if chinese { &["；", "，"] } else { &["; ", ", "] };
    for mark in marks {
        if let Some((first, rest)) = sentence.split_once(mark)
            && !limits.iter().any(|limit| sentence.to_lowercase().contains(limit))
            && [first, rest].iter().all(|part| read(part).words.len() >= 4)
        {
            made.push(("part", format!("{first}.")));
            made.push(("part", rest.to_owned()));
        }
    }
    if let Some((main, condition)) = sentence.trim_end_matches('.').split_once(" if ")
        && !sentence.contains(',')
        && !sentence.to_lowercase().starts_with("if ")
    {
        made.push(("order", format!("If {condition}, {}{}.", main[..1].to_lowercase(), &main[1..])));
    }
    if !chinese {
        made.push(("order", format!("According to our policy: {sentence}")));
    }
    made
}

fn cases(make: impl Fn(&str, &str, bool) -> Vec<(&'static str, String)>) -> Vec<Case> {
    let report = load_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).expect("the sample corpus can be read");
    let mut cases = Vec::new();
    for version in report.versions {
        let chinese = version.path.starts_with("zh/");
        for passage in version.passages() {
            let around = format!("{} {}", version.title, passage.headings.join(" "));
            for sentence in &passage.sentences {
                let whole = format!("{around} {} {}", sentence.lead.as_deref().unwrap_or_default(), sentence.plain);
                for (kind, text) in make(&sentence.plain, &whole, chinese) {
                    let evidence = sentence.lead.iter().cloned().chain([sentence.plain.clone()]).collect();
                    cases.push(Case { kind, text, evidence, around: around.clone(), chinese });
                }
            }
        }
    }
    cases
}

/// Whether the checks have anything against it.
fn refused(case: &Case) -> Option<String> {
    let evidence = Evidence::new(case.evidence.iter().map(String::as_str), &case.around);
    crate::text::split_sentences(&case.text).into_iter().find_map(|bytes| {
        let text = &case.text[bytes];
        let statement = read(text);
        let objection = objections(text, &statement, &evidence).into_iter().next();
        objection
            .map(|objection| objection.to_string())
            .or_else(|| (support(&statement, &evidence) < SUPPORTED).then(|| "support".to_owned()))
    })
}

/// Shares refused, per language and kind, with examples of the others.
fn shares(cases: &[Case], wrong: bool) -> (f64, String) {
    let mut counts: BTreeMap<(bool, &str), (usize, usize)> = BTreeMap::new();
    let mut examples = Vec::new();
    for case in cases {
        let refusal = refused(case);
        let (all, hit) = counts.entry((case.chinese, case.kind)).or_default();
        *all += 1;
        *hit += usize::from(refusal.is_some());
        if refusal.is_some() != wrong {
            examples.push(format!("{}: {} [{}] << {}", case.kind, case.text, refusal.unwrap_or_default(), case.evidence.join(" | ")));
        }
    }
    let total = counts.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let rows: Vec<String> =
        counts.iter().map(|((zh, kind), (all, hit))| format!("{} {kind}: {hit} of {all}", if *zh { "zh" } else { "en" })).collect();
    let step = (examples.len() / 60).max(1);
    let shown: Vec<String> = examples.into_iter().step_by(step).collect();
    (total.1 as f64 / total.0 as f64, format!("{} of {}\n{}\n{}", total.1, total.0, rows.join("\n"), shown.join("\n")))
}

#[test]
fn errors_put_into_policies_are_caught() {
    let cases = cases(errors);
    assert!(cases.len() >= 1_000, "{}", cases.len());
    let (share, words) = shares(&cases, true);
    println!("caught {words}");
    assert!(share >= 0.98, "caught {share:.4}: {words}");
}

#[test]
fn faithful_words_are_let_through() {
    let cases = cases(|sentence, _, chinese| faithful(sentence, chinese));
    assert!(cases.len() >= 1_000, "{}", cases.len());
    let (share, words) = shares(&cases, false);
    println!("refused {words}");
    assert!(share <= 0.01, "refused {share:.4}: {words}");
}
