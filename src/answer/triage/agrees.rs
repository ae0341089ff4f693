//! A plain yes to an offer: the whole text must be one, so that "yes, but what does it cost?" stays a question. "OK" and 好的 alone
//! are what people say to an answer, not to an offer.

use std::sync::LazyLock;

use super::rules::Rules;
use super::spoken;

/// What may stand around the words that count. A gap is a space, a comma, or nothing in Chinese.
const CLASSES: &[(&str, &str)] = &[
    ("opener", r"oh|ah|well|um+|uh|hm+|ok|okay|k|alright|all right|fine|great|good|perfect|right|cool|then|in that case"),
    (
        "yes",
        r"yes+|yeah|yea|yep|yup|yess|sure(?: thing)?|of course|absolutely|definitely|certainly|pleasee?(?: do)?|pls|plz|do it|do that|
          go ahead|go for it|i do|i would|(?:id|i would) (?:like|love|appreciate|prefer) (?:that|it|this)|lets do (?:that|it|this)|
          that (?:would|will) be (?:great|good|nice|lovely|helpful|perfect|fine|better|best)|that (?:works|helps)|sounds good|
          (?:please )?(?:connect|transfer|forward|hand|pass) (?:me|it|this)(?: (?:over|on|through))?|put me through",
    ),
    (
        "closer",
        r"thanks?(?: you)?(?: (?:a lot|so much|very much))?|thx|ty|cheers|now|then|asap|right away|if (?:you can|possible|you could)|for me",
    ),
    ("好", r"好的?|嗯+|行|可以|ok|哦|噢|那|那就|那行|那好"),
    (
        "要",
        r"是的?|是的是的|对的?|要的?|需要的?|我(?:需)?要|可以的?|没错|当然(?:要|可以|需要)?|好[呀啊]|好的好的|(?:麻烦|拜托)(?:你|您)?了?|
          (?:请|麻烦|那就|就|帮我|给我|替我|快){0,3}(?:转|转接|转过去|转一下|转接一下|接|联系|联系一下|安排|安排一下|找|找一个|叫)(?:吧|呗|了)?|
          就这么办|就这样办|yes",
    ),
    ("了", r"谢谢(?:你|您|啦|了)?|谢了|谢啦|多谢|吧|啊|呀|哦|呢|的|麻烦(?:你|您)?了|辛苦了?|请"),
];

static YES: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        CLASSES,
        &[
            r"\A(?:(?:<opener>)[ \n]+)*(?:<yes>)(?:[ \n]+(?:<yes>|<closer>))*\z",
            r"\A(?:(?:<好>)[ \n啊呀啦吧呢]*)*(?:<要>)(?:[ \n]*(?:<要>|<了>))*\z",
        ],
        &[],
    )
});

/// Longest text that can be a plain yes, in bytes.
const LONGEST: usize = 100;

/// Whether the whole text is a plain yes.
pub fn agrees(text: &str) -> bool {
    let sentences = spoken::sentences(text);
    let text = sentences.join("\n");
    text.len() <= LONGEST && YES.heard(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_yes_is_told_from_a_nod_and_from_a_question() {
        for text in [
            "yes please",
            "Yes, please!",
            "yeah sure",
            "ok, please do",
            "Yes. Please transfer me, thanks",
            "Sure, that would be great",
            "go ahead",
            "pleaseee",
            "I'd like that",
            "好的，转吧",
            "是的",
            "要",
            "需要，谢谢",
            "可以，麻烦了",
            "好啊",
            "嗯嗯，帮我转一下",
            "那就转吧",
        ] {
            assert!(agrees(text), "{text}");
        }
        for text in [
            "ok",
            "OK thanks",
            "好的",
            "好的谢谢",
            "嗯",
            "no",
            "no thanks",
            "yes but how much is the fee?",
            "yes I paid on Monday",
            "please tell me the fee",
            "do it again",
            "不要",
            "不用转了",
            "要多少钱",
            "可以退货吗",
            "是的，但是运费谁出",
            "好的，那我什么时候能收到退款",
        ] {
            assert!(!agrees(text), "{text}");
        }
    }
}
