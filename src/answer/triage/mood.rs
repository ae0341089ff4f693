//! How the customer sounds, for the person who may take over.

use std::sync::LazyLock;

use super::Mood;
use super::rules::Rules;
use super::spoken::{has_han, has_latin};

static STRONG_WORDS: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        &[],
        &[
            r"wtf|ffs|omfg|fuck[a-z]*|shit(?:ty)?|damn(?:ed)?|goddamn|bloody|bullshit|crap|angry|furious|livid|mad at",
            r"pissed|ridiculous|unacceptable|disgusting|disgrace[a-z]*|outrag[a-z]*|appalling|shameful|scam(?:mers?)?",
            r"thieves|robbery|worst|terrible|horrible|awful|pathetic|useless|stupid|idiots?|hate|fed up|sick of",
            r"sick and tired|annoy(?:ed|ing)|frustrat[a-z]+|disappoint(?:ed|ing)|upset|worried|anxious",
            r"panick?(?:ing|ed)?|scared|terrified|afraid|stress(?:ed|ful|ing)?|desperate(?:ly)?|urgent(?:ly)?|nightmare",
            r"crying",
        ],
        &[r"(?:not|no|dont be|never|isnt|wasnt) (?:angry|upset|worried|mad|annoyed|urgent|scared|afraid)|no worries"],
    )
});

static STRONG_WORDS_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[],
        &[r"气死|生气|愤怒|骗子|坑人|过分|急死|着急|好急|太急|太差|差劲|受够|担心|害怕|好怕|焦虑|烦死|烦躁|无语|失望|难受|气人|离谱"],
        &[r"不(?:用)?(?:着急|担心|害怕|生气)|别(?:着急|担心)"],
    )
});

/// The mood of `text` as typed, whose plain form is `sentences`; `angry` when the words said so already.
pub fn mood_of(text: &str, sentences: &[String], angry: bool) -> Mood {
    let (mut letters, mut capitals, mut marks) = (0, 0, [0, 0]);
    for letter in text.chars() {
        letters += usize::from(letter.is_alphabetic());
        capitals += usize::from(letter.is_uppercase());
        match letter {
            '!' | '！' => marks[0] += 1,
            '?' | '？' => marks[1] += 1,
            _ => {}
        }
    }
    let shouted =
        (letters > 12 && capitals * 10 > letters * 7) || marks[0] > 2 || marks[1] > 2 || text.contains("!!") || text.contains("！！");
    let strong =
        |sentence: &String| (has_latin(sentence) && STRONG_WORDS.heard(sentence)) || (has_han(sentence) && STRONG_WORDS_ZH.heard(sentence));
    if angry || shouted || sentences.iter().any(strong) { Mood::Upset } else { Mood::Calm }
}
