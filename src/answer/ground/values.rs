//! Numbers, amounts, shares, lengths of time, dates, times of day and weekdays, written one way whatever their language and spelling.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A number with what it counts: `("7", "$")`, `("10", "day")`, `("2026-01-05", "date")`, `("4", "")`.
///
/// Weeks are days and years are months, so that "2 weeks" and "14 days" are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value {
    /// A decimal number without trailing zeros, or a date, a time of day, a weekday from 1 (Monday).
    pub number: String,
    /// What it counts; empty where the text names nothing that is known here.
    pub unit: &'static str,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            "" | "date" | "time" | "nth" => f.write_str(&self.number),
            "%" => write!(f, "{}%", self.number),
            "$" | "£" | "€" => write!(f, "{}{}", self.unit, self.number),
            "yuan" => write!(f, "¥{}", self.number),
            unit => write!(f, "{} {unit}", self.number),
        }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it says.
    pub value: Value,
    /// Where, in bytes.
    pub bytes: Range<usize>,
}

const ENGLISH_NUMBER: &str = r"(?-u:\b)(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)(?: hundred| thousand)?)(?-u:\b)";
const NUMBER: &str = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|[零〇一二两三四五六七八九十百千]+|ENGLISH";
const MONTH: &str = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|(?-i:May)|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?-u:\b)";
const UNIT: &str = r"%|per ?cent(?-u:\b)|个?百分点|(?:(?:business|working|bank|calendar|full|whole|consecutive)[ -])?(?:days?|weeks?|fortnights?|months?|years?|hours?|hrs?|minutes?|mins?|seconds?|secs?)(?-u:\b)|dollars?(?-u:\b)|usd(?-u:\b)|euros?(?-u:\b)|eur(?-u:\b)|pounds?(?-u:\b)|gbp(?-u:\b)|yuan(?-u:\b)|rmb(?-u:\b)|cny(?-u:\b)|cents?(?-u:\b)|pence(?-u:\b)|times(?-u:\b)|个?工作日|个?自然日|个?交易日|个?小时|个?月|个?星期|个?季度|周岁|周年|周|天|日|年|岁|分钟|秒|美元|欧元|英镑|港元|日元|元|块钱?|次|倍";
/// Words that Chinese counts with and that say nothing about the unit.
const COUNTERS: &str = "期|笔|件|张|个|人|位|名|种|条|项|份|部|台|家|步|级|档|枚|分";

static VALUE: LazyLock<Regex> = LazyLock::new(|| {
    // Spaces count for nothing in the pattern below.
    let escaped = |part: &str| part.replace(' ', r"\x20");
    let number = escaped(&NUMBER.replace("ENGLISH", ENGLISH_NUMBER));
    let pattern = format!(
        r"(?ix)
          (?P<y1>\d{{4}})\s?[-/.年]\s?(?P<m1>\d{{1,2}})\s?[-/.月]\s?(?P<d1>\d{{1,2}})(?:\s?[日号])?
        | (?P<m2>\d{{1,2}})\s?月\s?(?P<d2>\d{{1,2}})\s?[日号]
        | (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\x20(?:of\x20)?(?P<m3>MONTH)(?:,?\x20(?P<y3>\d{{4}}))?
        | (?P<m4>MONTH)\.?\x20(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?(?-u:\b)(?:,?\x20(?P<y4>\d{{4}}))?
        | (?-u:\b)(?P<m5>january|february|april|june|july|august|september|october|november|december)(?-u:\b)
        | (?P<h1>\d{{1,2}}):(?P<n1>\d{{2}})(?:\x20?(?P<ap1>[ap])\.?m(?-u:\b)\.?)?
        | (?P<h2>\d{{1,2}})\x20?(?P<ap2>[ap])\.?m(?-u:\b)\.?
        | (?P<part>上午|下午|晚上|早上|中午|凌晨)?\s?(?P<h3>\d{{1,2}})\s?点(?:(?P<n3>\d{{1,2}})\s?分|(?P<n3h>半))?
        | (?-u:\b)(?P<wd>mon|tues|wednes|thurs|fri|satur|sun)days?(?-u:\b)
        | (?:周|星期|礼拜)(?P<wz>[一二三四五六日天])
        | (?P<cur>us\$|\$|£|€|¥|usd|eur|gbp|cny|rmb|人民币)\s?(?P<pre>{number})(?:\s?(?P<prem>万|亿|million|k(?-u:\b)))?(?:\s?(?:-|~|to|至|到)\s?(?:us\$|\$|£|€|¥)?(?P<pre2>{number}))?
        | 百分之(?P<pz>{number})
        | (?P<nth>第)\s?(?P<n>{number})
        | (?-u:\b)(?P<nthen>first|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)(?-u:\b)
        | (?P<nd>\d+)(?:st|nd|rd|th)(?-u:\b)
        | (?-u:\b)(?P<twice>twice|double|doubled|half)(?-u:\b)|(?P<each>(?-u:\b)(?:an?|each|every|per)\x20(?:full\x20|whole\x20|single\x20)?|每一?个?|同一?)(?P<each_unit>{UNIT_})
        | (?P<a>{number})(?:\s?(?P<am>万|亿|million|k(?-u:\b)))?(?:\s?(?:-|~|to|至|到|or|或|and|、|and\x20up\x20to)\s?(?P<b>{number})(?:\s?(?P<bm>万|亿|million|k(?-u:\b)))?)?[\s-]{{0,2}}(?:(?P<unit>{UNIT_})|(?P<counter>{COUNTERS}))?
        ",
        UNIT_ = escaped(UNIT)
    );
    Regex::new(&pattern.replace("MONTH", MONTH)).expect("pattern is a constant")
});

/// The values of a text that [`super::reading::fold`] has folded, in order. A lone "one" is left out: "a" says the same.
pub fn values(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for hit in VALUE.captures_iter(text) {
        let Some(whole) = hit.get(0) else { continue };
        // "WH1000" is a code, and 统一 or 唯一 are no numbers.
        let before = text[..whole.start()].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphabetic() && whole.as_str().starts_with(|c: char| c.is_ascii_digit())) {
            continue;
        }
        if before.is_some_and(|c| matches!(c, '同' | '统' | '唯' | '万' | '进')) && whole.as_str().starts_with('一') {
            continue;
        }
        let bytes = whole.range();
        found.extend(read(&hit).into_iter().map(|value| Found { value, bytes: bytes.clone() }));
    }
    found
}

/// What "a day" or "each month" says about numbers, for evidence: an answer may call it one day.
pub fn implied(text: &str) -> BTreeSet<Value> {
    let each = |hit: Captures<'_>| hit.name("each_unit").and_then(|unit| unit_of(unit.as_str())).map(|unit| in_unit("1", unit));
    VALUE.captures_iter(text).filter_map(each).collect()
}

fn read(hit: &Captures<'_>) -> Vec<Value> {
    let part = |name: &str| hit.name(name).map(|part| part.as_str());
    let value = |number: String, unit: &'static str| vec![Value { number, unit }];
    let date = |year: Option<&str>, month: String, day: &str| value(format!("{}-{month:0>2}-{day:0>2}", year.unwrap_or("*")), "date");
    if let (Some(month), Some(day)) = (part("m1").or(part("m2")), part("d1").or(part("d2"))) {
        return date(part("y1"), month.to_owned(), day);
    }
    if let (Some(month), Some(day)) = (part("m3").or(part("m4")), part("d3").or(part("d4"))) {
        return date(part("y3").or(part("y4")), month_number(month).to_string(), day);
    }
    if let Some(month) = part("m5") {
        return value(month_number(month).to_string(), "month of the year");
    }
    if let Some(hour) = part("h1").or(part("h2")).or(part("h3")) {
        let minute = part("n1").or(part("n3")).unwrap_or(if part("n3h").is_some() { "30" } else { "00" });
        let late = matches!(part("ap1").or(part("ap2")), Some("p" | "P")) || matches!(part("part"), Some("下午" | "晚上"));
        let early = matches!(part("ap1").or(part("ap2")), Some("a" | "A"));
        let hour: u32 = hour.parse().unwrap_or_default();
        let hour = match (hour, late, early) {
            (1..=11, true, _) => hour + 12,
            (12, _, true) => 0,
            _ => hour,
        };
        return value(format!("{hour:02}:{minute:0>2}"), "time");
    }
    if let Some(day) = part("wd") {
        let place = ["mon", "tues", "wednes", "thurs", "fri", "satur", "sun"].iter().position(|name| day.eq_ignore_ascii_case(name));
        return value((place.unwrap_or_default() + 1).to_string(), "weekday");
    }
    if let Some(day) = part("wz") {
        let place = "一二三四五六日".chars().position(|c| day.starts_with(c)).unwrap_or(6);
        return value((place + 1).to_string(), "weekday");
    }
    if let (Some(currency), Some(number)) = (part("cur"), part("pre")) {
        let unit = match currency.to_ascii_lowercase().as_str() {
            "£" | "gbp" => "£",
            "€" | "eur" => "€",
            "¥" | "cny" | "rmb" | "人民币" => "yuan",
            _ => "$",
        };
        let first = in_unit(&scaled(number, part("prem")), unit);
        return std::iter::once(first).chain(part("pre2").map(|second| in_unit(&plain(second), unit))).collect();
    }
    if let Some(number) = part("pz") {
        return value(plain(number), "%");
    }
    if part("nth").is_some() {
        return part("n").map(|number| in_unit(&plain(number), "nth")).into_iter().collect();
    }
    if let Some(word) = part("nthen") {
        let names = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
        let place = names.iter().position(|name| word.eq_ignore_ascii_case(name)).unwrap_or_default();
        return value((place + 1).to_string(), "nth");
    }
    if let Some(number) = part("nd") {
        return value(plain(number), "nth");
    }
    if let Some(word) = part("twice") {
        return if word.eq_ignore_ascii_case("half") { value("0.5".to_owned(), "") } else { value("2".to_owned(), "time") };
    }
    let Some(first) = part("a") else { return Vec::new() };
    let unit = part("unit").and_then(unit_of);
    let is_digits = |number: &str| number.starts_with(|c: char| c.is_ascii_digit());
    // 一般, 万一, 十分: without something to count they are parts of words.
    if !first.is_ascii() && unit.is_none() && part("counter").is_none_or(|counter| counter == "分") {
        return Vec::new();
    }
    let scale = part("am").or(part("bm"));
    let unit = unit.unwrap_or("");
    let mut all = vec![in_unit(&scaled(first, scale), unit)];
    all.extend(
        part("b")
            .filter(|second| is_digits(second) || !unit.is_empty() || second.is_ascii())
            .map(|second| in_unit(&scaled(second, part("bm")), unit)),
    );
    // "One of them", 一个: no number is meant. The digit is.
    all.retain(|value| !(value.number == "1" && value.unit.is_empty() && !is_digits(first)));
    all
}

/// `number` of `unit`, in the smaller unit where there are two for the same.
fn in_unit(number: &str, unit: &'static str) -> Value {
    let times = |factor: u32, unit: &'static str| {
        let product = number.parse::<f64>().map(|count| tidy(count * f64::from(factor)));
        Value { number: product.unwrap_or_else(|_| number.to_owned()), unit }
    };
    match unit {
        "week" => times(7, "day"),
        "fortnight" => times(14, "day"),
        "year" => times(12, "month"),
        "quarter" => times(3, "month"),
        _ => Value { number: number.to_owned(), unit },
    }
}

fn unit_of(written: &str) -> Option<&'static str> {
    let lower = written.to_ascii_lowercase();
    let word = lower.trim_start_matches('个');
    let (kind, last) = word.rsplit_once([' ', '-']).unwrap_or(("", word));
    Some(match last.trim_end_matches('s') {
        "%" | "percent" | "百分点" => "%",
        "cent" if kind == "per" => "%",
        "day" if matches!(kind, "business" | "working" | "bank") => "business day",
        "工作日" | "交易日" => "business day",
        "day" | "天" | "日" | "自然日" => "day",
        "week" | "周" | "星期" => "week",
        "fortnight" => "fortnight",
        "month" | "月" => "month",
        "季度" => "quarter",
        "year" | "年" | "岁" | "周岁" | "周年" => "year",
        "hour" | "hr" | "小时" => "hour",
        "minute" | "min" | "分钟" => "minute",
        "second" | "sec" | "秒" => "second",
        "dollar" | "usd" | "美元" => "$",
        "euro" | "eur" | "欧元" => "€",
        "pound" | "gbp" | "英镑" => "£",
        "yuan" | "rmb" | "cny" | "元" | "块" | "块钱" => "yuan",
        "港元" => "HKD",
        "日元" => "JPY",
        "cent" | "pence" => "cent",
        "time" | "次" | "倍" => "time",
        _ => return None,
    })
}

fn month_number(name: &str) -> usize {
    let lower = name.to_ascii_lowercase();
    let names = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    names.iter().position(|month| lower.starts_with(month)).unwrap_or_default() + 1
}

fn scaled(number: &str, scale: Option<&str>) -> String {
    let factor = match scale.map(str::to_ascii_lowercase).as_deref() {
        Some("万") => 1e4,
        Some("亿") => 1e8,
        Some("million") => 1e6,
        Some("k") => 1e3,
        _ => return plain(number),
    };
    plain(number).parse::<f64>().map_or_else(|_| number.to_owned(), |count| tidy(count * factor))
}

/// A number as digits: "1,000.00" is 1000, "twenty-five" and 二十五 are 25.
fn plain(number: &str) -> String {
    if number.starts_with(|c: char| c.is_ascii_digit()) {
        let digits = number.replace(',', "");
        let short = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
        let kept = short.trim_start_matches('0');
        return match kept {
            "" => "0".to_owned(),
            _ if kept.starts_with('.') => format!("0{kept}"),
            _ => kept.to_owned(),
        };
    }
    let count = if number.is_ascii() { english(number) } else { chinese(number) };
    count.to_string()
}

fn english(number: &str) -> u64 {
    const ONES: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    number.to_ascii_lowercase().split([' ', '-']).fold(0, |sum, word| match word {
        "hundred" => sum * 100,
        "thousand" => sum * 1000,
        _ => {
            let ones = ONES.iter().position(|name| *name == word);
            let tens = TENS.iter().position(|name| *name == word).map(|place| (place + 2) * 10);
            sum + ones.or(tens).unwrap_or_default() as u64
        }
    })
}

fn chinese(number: &str) -> u64 {
    let (mut total, mut digit) = (0u64, None);
    for c in number.chars() {
        let unit = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1000,
            _ => {
                let place = "零一二三四五六七八九".chars().position(|name| name == c).unwrap_or(if c == '两' { 2 } else { 0 }) as u64;
                digit = Some(digit.map_or(place, |before: u64| before.saturating_mul(10).saturating_add(place)));
                continue;
            }
        };
        total = total.saturating_add(digit.take().unwrap_or(1).saturating_mul(unit));
    }
    total.saturating_add(digit.unwrap_or(0))
}

fn tidy(count: f64) -> String {
    plain(&format!("{count:.4}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        values(text).into_iter().map(|found| format!("{} {}", found.value.number, found.value.unit).trim().to_owned()).collect()
    }

    #[test]
    fn one_value_has_one_form_however_it_is_written() {
        for (same, value) in [
            (&["$7", "7 dollars", "USD 7.00", "seven dollars", "US$7", "7美元"][..], "7 $"),
            (&["1000元", "¥1,000", "1,000.00 元", "一千元", "RMB 1000", "0.1万元"], "1000 yuan"),
            (&["25%", "25 percent", "25 per cent", "twenty-five percent", "百分之二十五", "百分之25"], "25 %"),
            (&["14 days", "two weeks", "2 weeks", "14天", "十四天", "两周", "2 个星期", "a 14-day"], "14 day"),
            (&["3 business days", "three working days", "3 个工作日", "三个工作日"], "3 business day"),
            (&["12 months", "one year", "1 年", "12 个月", "十二个月"], "12 month"),
            (&["5 January 2026", "January 5, 2026", "Jan 5th, 2026", "2026-01-05", "2026年1月5日", "2026/1/5"], "2026-01-05 date"),
            (&["1月5日", "5 January", "January 5th"], "*-01-05 date"),
            (&["5 p.m.", "5 pm", "17:00", "5:00 PM", "下午5点", "17点"], "17:00 time"),
            (&["Monday", "on Mondays", "周一", "星期一"], "1 weekday"),
            (&["two times", "twice", "两次", "2 次"], "2 time"),
            (&["four instalments", "4 instalments", "四期", "4 期"], "4"),
            (&["the third instalment", "第三期", "第 3 期", "the 3rd one"], "3 nth"),
        ] {
            for text in same {
                assert_eq!(read(text), [value], "{text}");
            }
        }
    }

    #[test]
    fn both_ends_of_a_range_have_the_unit() {
        for text in ["1–3 个工作日", "1至3个工作日", "一到三个工作日", "1 to 3 business days", "1-3 working days"] {
            assert_eq!(read(&text.replace('–', "-")), ["1 business day", "3 business day"], "{text}");
        }
        assert_eq!(read("$5-$10"), ["5 $", "10 $"]);
        assert_eq!(read("订单 200-8000 元"), ["200 yuan", "8000 yuan"]);
    }

    #[test]
    fn words_with_numbers_in_them_are_none() {
        for text in ["WH1000", "一般情况下", "统一处理", "one of them", "万一", "一个", "customers may ask", "十分满意", "the fee"]
        {
            assert!(read(text).is_empty(), "{text}: {:?}", read(text));
        }
        assert_eq!(read("over 18 may register"), ["18"]);
    }

    #[test]
    fn a_day_is_one_day_where_it_is_evidence() {
        let held = |text: &str| implied(text).into_iter().map(|value| value.to_string()).collect::<Vec<_>>();
        assert_eq!(held("once a year"), ["12 month"]);
        assert_eq!(held("每月"), ["1 month"]);
        assert!(read("once a year").is_empty());
    }
}
