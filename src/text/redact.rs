//! Takes out of a text what identifies a person, before it goes into a log or to another system: e-mail addresses, telephone and
//! card numbers, bank accounts, numbers of identity papers. Names and street addresses stay: no pattern tells them from other words.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands in the place of each kind.
const EMAIL: &str = "[email]";
const CARD: &str = "[card]";
const ACCOUNT: &str = "[account]";
const ID: &str = "[id]";
const PHONE: &str = "[phone]";

static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)
          (?P<email> [\p{L}\d._%+\-]+ @ [\p{L}\d\-]+ (?:\.[\p{L}\d\-]+)+ )
        | (?P<iban> \b [a-z]{2}\d{2} (?:[\x20]?[a-z\d]{4}){2,7} (?:[\x20]?[a-z\d]{1,4})? \b )
        | (?P<named> (?: passport | driv(?:er|ing)(?:['’]?s)?\x20licen[cs]e | national\x20insurance | social\x20security | ssn | nino
                       | identity\x20card | id\x20card | 身份证 | 护照 | 驾驶?证 | 驾照 | 社保 | 港澳通行证 )
                     (?:\x20?(?:number|no\.?|nr\.?|\#|号码?|编号|:|：|is|是|为))* [\s:：\#]* )
          (?P<paper> [a-z]{0,2}[\-\x20]?\d[\d\-\x20]{3,18}[\da-z] )
        | (?P<ssn> \b\d{3}[-\x20]\d{2}[-\x20]\d{4}\b )
        | (?P<nino> \b[a-ceghj-prtw-z]{2}\x20?\d{2}\x20?\d{2}\x20?\d{2}\x20?[a-d]\b )
        | (?P<called> (?: phone | mobile | cell(?:phone)? | tel(?:ephone)? | whatsapp | number\x20is | call\x20me | ring\x20me | text\x20me
                       | reach\x20me | 电话 | 手机 | 座机 | 微信 | 联系方式 | 打给我 | 號碼 | 電話 | 手機 )
                      (?:\x20?(?:number|no\.?|号码?|號碼?|is|on|at|是|为|:|：))* [\s:：\#]* )
          (?P<callable> \+?\(?\d[\d\x20().\-]{5,17}\d )
        | (?P<digits> \+? \(?\d (?:[\x20.\-()]{0,2}\d){6,20} x? )
        ",
    )
    .expect("pattern is a constant")
});

/// `text` with a word in brackets for each of these. Positions in the original no longer hold.
pub fn redact(text: &str) -> Cow<'_, str> {
    if !text.contains('@') && !text.chars().any(char::is_numeric) {
        return Cow::Borrowed(text);
    }
    // Full-width letters and digits are typed by every Chinese input method.
    let plain: String = text.chars().map(half_width).collect();
    match NUMBERS.replace_all(&plain, replacement) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(redacted) if redacted == plain => Cow::Borrowed(text),
        Cow::Owned(redacted) => Cow::Owned(redacted),
    }
}

/// The first e-mail address or telephone number in `text`, as it was written (in half width).
pub fn contact_in(text: &str) -> Option<String> {
    let plain: String = text.chars().map(half_width).collect();
    NUMBERS.captures_iter(&plain).find_map(|found| {
        let words = match (found.name("email"), found.name("callable")) {
            (Some(email), _) => email.as_str(),
            (None, Some(number)) => number.as_str(),
            (None, None) => found.get(0)?.as_str(),
        };
        let kind = replacement(&found);
        (kind == EMAIL || kind.ends_with(PHONE)).then(|| words.trim().to_owned())
    })
}

fn half_width(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' if letter.is_alphanumeric() || matches!(letter, '＠' | '．' | '＋' | '－') => {
            char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter)
        }
        _ => letter,
    }
}

fn replacement(found: &Captures<'_>) -> String {
    let whole = found.get(0).map_or("", |all| all.as_str());
    if found.name("email").is_some() {
        return EMAIL.to_owned();
    }
    if let Some(iban) = found.name("iban") {
        return if is_iban(iban.as_str()) { ACCOUNT.to_owned() } else { digits_only(whole) };
    }
    if let Some(name) = found.name("named") {
        return format!("{}{ID}", name.as_str());
    }
    if let (Some(name), Some(number)) = (found.name("called"), found.name("callable")) {
        let digits = number.as_str().chars().filter(char::is_ascii_digit).count();
        return if (7..=15).contains(&digits) {
            format!("{}{PHONE}", name.as_str())
        } else {
            format!("{}{}", name.as_str(), digits_only(number.as_str()))
        };
    }
    if found.name("ssn").is_some() || found.name("nino").is_some() {
        return ID.to_owned();
    }
    digits_only(whole)
}

/// A run of digits with signs between them: what it is, if it is one of ours.
fn digits_only(run: &str) -> String {
    let digits: Vec<u32> = run.chars().filter_map(|letter| letter.to_digit(10)).collect();
    let ends_in_x = run.ends_with(['x', 'X']);
    let kind = if is_chinese_id(&digits, ends_in_x) {
        Some(ID)
    } else if (13..=19).contains(&digits.len()) && !ends_in_x && passes_luhn(&digits) {
        Some(CARD)
    } else {
        is_phone(run, &digits).then_some(PHONE)
    };
    let Some(kind) = kind else { return run.to_owned() };
    // A bracket that was opened before the number stays with its text.
    let end = if ends_in_x && kind != ID { &run[run.len() - 1..] } else { "" };
    format!("{kind}{end}")
}

/// Numbers written as telephone numbers are: with a country, an area in brackets, or in groups; or of the form of a Chinese mobile.
/// An order number of as many digits stays, because whoever helps needs it.
fn is_phone(run: &str, digits: &[u32]) -> bool {
    let grouped = run.trim_matches(|letter: char| !letter.is_ascii_digit()).contains([' ', '-', '.', '(']);
    let is_date = |run: &str| run.len() == 10 && (run.as_bytes()[4] == b'-' || run.as_bytes()[4] == b'.') && run.starts_with("20");
    match digits {
        [8, 6, 1, 3..=9, ..] if digits.len() == 13 => true,
        [1, 3..=9, ..] if digits.len() == 11 => true,
        _ if is_date(run) => false,
        _ if run.starts_with('+') => (8..=15).contains(&digits.len()),
        [0, ..] => grouped && (9..=13).contains(&digits.len()),
        _ if run.starts_with('(') => (9..=13).contains(&digits.len()),
        // 212-555-0142, 1-800-555-0142
        _ => grouped && (digits.len() == 10 || (digits.len() == 11 && digits[0] == 1)) && is_in_threes(run),
    }
}

fn is_in_threes(run: &str) -> bool {
    let groups: Vec<usize> = run.split([' ', '-', '.', '(', ')']).filter(|group| !group.is_empty()).map(str::len).collect();
    matches!(groups[..], [3, 3, 4] | [1, 3, 3, 4])
}

/// The check digit of payment cards (ISO/IEC 7812).
fn passes_luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, double) => double / 10 + double % 10,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

/// The check character of Chinese identity numbers (GB 11643, ISO 7064 MOD 11-2).
fn is_chinese_id(digits: &[u32], ends_in_x: bool) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let (body, check) = match (digits.len(), ends_in_x) {
        (17, true) => (digits, 10),
        (18, false) => (&digits[..17], digits[17]),
        _ => return false,
    };
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    (12 - sum % 11) % 11 == check
}

/// The check digits of international bank account numbers (ISO 13616: modulo 97).
fn is_iban(text: &str) -> bool {
    let letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    if !(15..=34).contains(&letters.len()) {
        return false;
    }
    let rest = letters[4..].iter().chain(&letters[..4]).try_fold(0_u32, |rest, letter| {
        let value = letter.to_digit(36)?;
        Some(if value > 9 { (rest * 100 + value) % 97 } else { (rest * 10 + value) % 97 })
    });
    rest == Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_a_person_is_taken_out_in_both_languages() {
        for (text, redacted) in [
            ("Write to a.b+c@mail.example.com, please", "Write to [email], please"),
            ("我的邮箱是 li.lei@example.cn。", "我的邮箱是 [email]。"),
            ("card 4111 1111 1111 1111 was charged", "card [card] was charged"),
            ("卡号6222021234567890128被扣款", "卡号[card]被扣款"),
            ("my card is 5500-0000-0000-0004.", "my card is [card]."),
            ("call +44 20 7946 0958 today", "call [phone] today"),
            ("(212) 555-0142", "[phone]"),
            ("my number is 2125550142", "my number is [phone]"),
            ("手机13800138000联系我", "手机[phone]联系我"),
            ("打 １３８００１３８０００ 找我", "打 [phone] 找我"),
            ("138-0013-8000", "[phone]"),
            ("座机 010-62771234", "座机 [phone]"),
            ("身份证号 11010519491231002X", "身份证号 [id]"),
            ("11010519491231002x 是我的", "[id] 是我的"),
            ("SSN 078-05-1120", "SSN [id]"),
            ("078-05-1120", "[id]"),
            ("passport number: X1234567", "passport number: [id]"),
            ("NI AB 12 34 56 C", "NI [id]"),
            ("pay to GB82 WEST 1234 5698 7654 32", "pay to [account]"),
        ] {
            assert_eq!(redact(text), redacted, "{text}");
        }
    }

    #[test]
    fn what_the_person_who_helps_needs_stays() {
        for text in [
            "order KS-883412 of 2026-11-20 for $1,234.50",
            "订单号 202611201234567 在3月5日下的",
            "I paid 45.50 on 12/03/2026 at 10:45",
            "4111 1111 1111 1112 is no card",
            "tracking 1Z999AA10123456784",
            "no numbers here",
            "version 10.2.13.4, section 4.1.2",
            "price 1299 or 1399",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn redacting_twice_changes_nothing_more() {
        let once = redact("a@b.example, 4111111111111111, +1 212 555 0142").into_owned();
        assert_eq!(redact(&once), once);
    }
}
