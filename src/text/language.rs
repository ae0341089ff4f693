//! English, Chinese, or something this server does not answer in: decided by script first, then by function words.
//!
//! Customers write two words with a typo in one of them, so n-gram models guess wildly here. The rule instead leans to
//! English for Latin letters and leaves it only on evidence: words that English does not have.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The languages that policies and questions are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    En,
    /// Chinese, in simplified or traditional characters.
    Zh,
    /// Any other language.
    Other,
}

impl Language {
    /// The language of a code such as `en`, `zh-CN`, `de_AT` or `other`, whatever its case; `None` for what is no language code.
    ///
    /// Only the part before the first `-` or `_` counts. Languages without a name of their own here are [`Language::Other`].
    pub fn from_code(code: &str) -> Option<Self> {
        let primary = code.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        match primary.as_str() {
            "en" | "eng" => Some(Self::En),
            "zh" | "zho" | "chi" | "cmn" | "yue" => Some(Self::Zh),
            "other" => Some(Self::Other),
            two_or_three if matches!(two_or_three.len(), 2 | 3) && two_or_three.bytes().all(|byte| byte.is_ascii_lowercase()) => {
                Some(Self::Other)
            }
            _ => None,
        }
    }

    /// The code it is written as in JSON and front matter: `en`, `zh` or `other`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The language of a question or a document.
///
/// Chinese when the Han characters are at least as many as the Latin words beside them and no other script outweighs them;
/// another script than Latin is `Other`; Latin letters are English unless their words say otherwise. Text without letters is English.
pub fn detect_language(text: &str) -> Language {
    let (mut han, mut kana_or_hangul, mut latin, mut latin_words, mut elsewhere) = (0usize, 0usize, 0usize, 0usize, 0usize);
    let mut in_word = false;
    for c in text.chars() {
        let was_in_word = std::mem::take(&mut in_word);
        if is_han(c) {
            han += 1;
        } else if is_kana_or_hangul(c) {
            kana_or_hangul += 1;
        } else if is_latin(c) {
            latin += 1;
            in_word = true;
            latin_words += usize::from(!was_in_word);
        } else if c.is_alphabetic() {
            elsewhere += 1;
        } else {
            in_word = was_in_word && matches!(c, '\'' | '’'); // "don't" is one word
        }
    }
    // Japanese mixes kana into Han all through; a stray の in a Chinese shop's name does not make it Japanese.
    if kana_or_hangul * 4 > han && kana_or_hangul > latin {
        Language::Other
    } else if han > 0 && han > elsewhere && han >= latin_words {
        Language::Zh
    } else if elsewhere > latin || (latin > 0 && is_not_english(text)) {
        Language::Other
    } else {
        Language::En
    }
}

/// Whether a character is a Chinese one (Japanese kanji included).
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '々' | '〇')
}

fn is_kana_or_hangul(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9D}'
        | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7AF}')
        && c != '・'
        && c != 'ー'
}

fn is_latin(c: char) -> bool {
    // Full-width letters are Latin too; U+1E00..1EFF holds Vietnamese.
    c.is_ascii_alphabetic()
        || (matches!(c, '\u{AA}' | '\u{BA}' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}')
            && c.is_alphabetic())
}

/// Latin text is not English when it has more words that only other languages have than English function words, and when those
/// words are not lost in a longer text: two of them, or one in at most four words (six if none of the others is English either).
fn is_not_english(text: &str) -> bool {
    if text.contains('¿') {
        return true;
    }
    let (mut words, mut english, mut foreign, mut starts_sentence) = (0usize, 0usize, 0usize, true);
    // Accents may come as letter and mark apart.
    let composed = if text.is_ascii() { text.to_owned() } else { text.nfc().collect() };
    for word in composed.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        words += 1;
        let lower = word.to_lowercase();
        // An accent speaks for another language, but not in a name ("Muñoz") or a word English has borrowed ("café").
        let is_name = !starts_sentence && word.chars().next().is_some_and(char::is_uppercase);
        let is_accented = word.chars().any(|c| is_latin(c) && ('\u{C0}'..='\u{1EFF}').contains(&c));
        if word == "I" || ENGLISH.contains(lower.as_str()) {
            english += 1;
        } else if FOREIGN.contains(lower.as_str()) || (is_accented && !is_name && !BORROWED.contains(&lower.as_str())) {
            // A lone capitalised word with an accent is a name more often than a question.
            foreign += usize::from(!(starts_sentence && is_accented && !FOREIGN.contains(lower.as_str()) && is_capitalised(word)));
        }
        starts_sentence = false;
    }
    foreign > english && (foreign >= 2 || foreign * 4 >= words || english == 0 && foreign * 6 >= words)
}

fn is_capitalised(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

const BORROWED: [&str; 14] =
    ["café", "cafés", "naïve", "résumé", "fiancé", "fiancée", "cliché", "décor", "façade", "à", "crème", "déjà", "jalapeño", "exposé"];

/// English function words that no neighbour language shares.
static ENGLISH: LazyLock<HashSet<&str>> = LazyLock::new(|| ENGLISH_WORDS.split_whitespace().collect());

const ENGLISH_WORDS: &str = "the my your you what how when where why which who can could does did is are was were will would should have has had of \
    for with from this that these those it its if not and but or be been to at by we our they their them there any some does \
    dont cant im ive am please thanks need want get about after before because into";

/// Function words and shop words that English does not have, not even as a name or a common typing error.
static FOREIGN: LazyLock<HashSet<&str>> = LazyLock::new(|| FOREIGN_WORDS.into_iter().flat_map(str::split_whitespace).collect());

const FOREIGN_WORDS: [&str; 10] = [
    // German
    "ich nicht wie wann warum eine einen einem mein meine meinen kann können wird wenn und für auf sie wir haben \
     habe bitte geld zurück rechnung bestellung wieviel welche kein keine noch bezahlen zahlung hallo danke gibt sind möchte \
     wurde werden sprechen bekomme lieferung rückgabe kostet versand ihre nach",
    // French
    "je vous nous mes une pour avec quand pourquoi où combien puis quel quelle remboursement commande livraison paiement bonjour \
     merci dans qui sont cette votre mais payer comme retard suis voudrais retourner fait avez annuler veux parler",
    // Spanish
    "cuánto cuanto cuesta cómo como qué que dónde donde cuándo cuando por para una está esta están puedo pedido envío envio \
     devolución devolucion reembolso tarjeta pago pagar quiero necesito tengo hola gracias pero también ayuda dinero puede hacer \
     devolver cancelar hablar",
    // Italian
    "perché quando quanto posso sono della delle degli dei che ordine rimborso spedizione pagamento ciao grazie vorrei \
     quali questo pagare consegna voglio parlare",
    // Portuguese
    "não quanto onde você meu minha obrigado obrigada olá preciso quero fazer encomenda quais devo falar",
    // Dutch
    "niet het een waar wanneer waarom mijn hoeveel voor ook zijn heb hebben terug betalen wordt naar jullie graag kunnen \
     verzending bestelling retourneren",
    // Polish
    "jak nie się czy gdzie kiedy dlaczego mogę zwrot zamówienie proszę dziękuję mój moje pieniędzy",
    // Swedish, Danish, Norwegian
    "jag inte hur är och när mitt jeg ikke hvor hvordan hvad når för återbetalning tack hej betala",
    // Turkish
    "nasıl neden nerede bir için değil iade sipariş kadar merhaba",
    // Indonesian
    "saya bagaimana kapan tidak dengan untuk uang berapa",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_messy_questions_in_latin_letters_are_english() {
        for text in [
            "hi",
            "refund??",
            "klarna sucks",
            "José Muñoz",
            "wheres my ordr",
            "Maria de la Cruz",
            "late fee?",
            "Beyoncé tickets refund",
            "return a café table",
            "EST or PST",
            "my name is Zoë and I paid for jalapeño seeds",
            "help",
            "NY",
            "pay in 4",
            "ai agent",
            "oder status",
            "Parlez-vous français? Do your staff speak French, I mean.",
            "att gift card",
            "São Paulo delivery",
            "I bought it in São Paulo, can I return it?",
            "was ist los with my order, can you help me with the refund for it?",
        ] {
            assert_eq!(detect_language(text), Language::En, "{text}");
        }
    }

    #[test]
    fn questions_in_other_languages_are_noticed_even_without_accents() {
        for text in [
            "¿Cuánto cuesta el envío?",
            "cuanto cuesta el envio",
            "Wann muss ich bezahlen?",
            "Wie kann ich meine Bestellung stornieren",
            "Quand vais-je recevoir mon remboursement ?",
            "Où est ma commande",
            "Posso pagare in anticipo?",
            "Quanto custa o envio? Não sei",
            "Hoeveel kost het?",
            "Jak mogę dostać zwrot pieniędzy?",
            "tôi muốn trả lại hàng",
            "bonjour",
            "hola",
            "Wo ist meine Bestellung?",
            "je veux parler à un humain",
            "Сколько стоит доставка?",
            "返金はいつですか",
            "환불 언제 되나요",
            "كم تكلفة الشحن",
            "रिफंड कब मिलेगा",
            "クレジットカードで支払えますか",
            "när får jag pengarna",
        ] {
            assert_eq!(detect_language(text), Language::Other, "{text}");
        }
    }

    #[test]
    fn chinese_stays_chinese_with_latin_words_in_it() {
        for text in ["我的 order 在哪", "退款", "PayPal Credit Card 能用吗", "App 里怎么改 due date？", "運費多少", "怎麼退貨", "ＯＫ 好的"]
        {
            assert_eq!(detect_language(text), Language::Zh, "{text}");
        }
        assert_eq!(detect_language("I want to talk about 退款"), Language::En);
    }

    #[test]
    fn text_without_letters_counts_as_english() {
        for text in ["", "   ", "1234", "?!", "😀", "$7.99", "。。。"] {
            assert_eq!(detect_language(text), Language::En, "{text}");
        }
    }

    #[test]
    fn language_codes_are_read_by_their_first_part() {
        assert_eq!(Language::from_code("en-US"), Some(Language::En));
        assert_eq!(Language::from_code("ZH_Hans"), Some(Language::Zh));
        assert_eq!(Language::from_code("de"), Some(Language::Other));
        assert_eq!(Language::from_code("auto"), None);
        assert_eq!(Language::from_code(""), None);
        for language in [Language::En, Language::Zh, Language::Other] {
            assert_eq!(Language::from_code(&language.to_string()), Some(language));
        }
    }
}
