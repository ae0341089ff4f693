//! The server's own sentences, in both languages: short, warm, and never more than is true.

use jiff::Zoned;

use super::contract::{Reason, Wait};
use super::triage::{Mood, SmallTalk};
use crate::text::Language;

/// What the customer reads when a person takes over. It promises only what has happened: the question is in the queue.
pub fn handover(reason: Reason, mood: Mood, language: Language) -> &'static str {
    match (language, reason, mood) {
        (Language::Zh, Reason::Distress, Mood::Distressed) => {
            "谢谢您告诉我们。您的情况需要真人来处理，我已把它排在最前面。如果您现在有危险，请立即拨打 110 或 120。"
        }
        (Language::Zh, _, Mood::Grieving) => "请您节哀。这件事由同事来处理更合适，您的问题已经转入人工队列，不用再重复说明。",
        (Language::Zh, Reason::UserRequest, _) => "好的，您的问题已经转入人工队列，同事会看到您在这里写的内容，不用再重复一遍。",
        (Language::Zh, Reason::Distress, _) => "给您带来这样的感受，很抱歉。您的问题已经转入人工队列，同事会看到您写的全部内容。",
        (Language::Zh, Reason::Loop, _) => "很抱歉没能帮到您。您的问题已经转入人工队列，同事会看到您写的全部内容，不用再重复一遍。",
        (Language::Zh, Reason::SafetyOrLegal, _) => "这件事需要真人处理，我已把它标为紧急并转入人工队列。",
        (Language::Zh, Reason::ActionRequired, _) => "这需要能查看您账户的同事来处理，您的问题已经转入人工队列。",
        (Language::Zh, Reason::StalePolicy, _) => "这方面的规定已经到期，我不想用旧规定回答您。您的问题已经转入人工队列。",
        (Language::Zh, Reason::Deadline, _) => "我没能及时查到答案，您的问题已经转入人工队列。",
        (Language::Zh, Reason::EngineError, _) => "我这边出了故障，无法回答。您的问题已经转入人工队列。",
        (Language::Zh, Reason::LowConfidence, _) => "我查到了可能相关的规定，但没有十足把握，不想答错。您的问题已经转入人工队列。",
        (Language::Zh, _, _) => "我们的规定里没有写到这一点，我不想乱猜。您的问题已经转入人工队列。",
        (_, Reason::Distress, Mood::Distressed) => {
            "Thank you for telling us. This needs a person, and I have put it at the top of their queue. If you are in danger right now, please call your local emergency number."
        }
        (_, _, Mood::Grieving) => {
            "I am very sorry for your loss. This is better in a person's hands: your question is in their queue, and you need not explain it again."
        }
        (_, Reason::UserRequest, _) => {
            "Of course. Your question is now in the queue for a person, and they will see what you wrote here, so you need not repeat it."
        }
        (_, Reason::Distress, _) => {
            "I am sorry about this. Your question is now in the queue for a person, who will see everything you wrote here."
        }
        (_, Reason::Loop, _) => {
            "I am sorry that I am not getting you any further. Your question is now in the queue for a person, and you need not repeat it."
        }
        (_, Reason::SafetyOrLegal, _) => "This needs a person. I have marked it urgent and put it in their queue.",
        (_, Reason::ActionRequired, _) => "This needs somebody who can see your account. Your question is now in the queue for a person.",
        (_, Reason::StalePolicy, _) => {
            "Our policy on this has expired, and I will not answer from an old one. Your question is now in the queue for a person."
        }
        (_, Reason::Deadline, _) => "I could not find the answer in time, so your question is now in the queue for a person.",
        (_, Reason::EngineError, _) => {
            "Something is wrong on our side and I cannot answer. Your question is now in the queue for a person."
        }
        (_, Reason::LowConfidence, _) => {
            "I found something that may answer this, but I am not sure enough. Your question is now in the queue for a person."
        }
        (_, _, _) => "Our policies do not say, and I will not guess. Your question is now in the queue for a person.",
    }
}

/// What the customer reads where a person is needed and the hand-off could not be kept: nobody will come, so it must not say so.
pub fn nobody_told(language: Language) -> &'static str {
    match language {
        Language::Zh => "抱歉，系统出了故障，您的问题没能转给人工。请过几分钟再发一次，或通过其他方式联系我们。",
        _ => {
            "I am sorry: something is wrong on our side, and I could not pass this on to a person. Please send it again in a few minutes, or reach us another way."
        }
    }
}

/// A word of sympathy before an answer, where the mood asks for one.
pub fn before(mood: Mood, language: Language) -> Option<&'static str> {
    match (language, mood) {
        (Language::Zh, Mood::Grieving) => Some("请您节哀。"),
        (_, Mood::Grieving) => Some("I am very sorry for your loss."),
        (Language::Zh, Mood::Upset) => Some("很抱歉给您添了麻烦。"),
        (_, Mood::Upset) => Some("I am sorry for the trouble."),
        (_, Mood::Calm | Mood::Distressed) => None,
    }
}

/// How long it may take, as far as that is known; with a wish for an address (`known`: there is one already) where it may take long.
pub fn line(wait: &Wait, known: bool, language: Language) -> Option<String> {
    /// From here on it is kinder not to make anybody wait at the screen.
    const LONG_MINUTES: u64 = 15;
    let zh = language == Language::Zh;
    let mut words = Vec::new();
    let long = !wait.open || wait.usual_minutes.is_some_and(|minutes| minutes > LONG_MINUTES);
    if !wait.open {
        let opens = wait.opens_at.as_deref().and_then(|time| Zoned::strptime("%Y-%m-%dT%H:%M:%S%:z", time).ok());
        words.push(match (zh, opens) {
            (true, Some(time)) => format!("现在没有同事在线，最早 {} 开始处理。", time.strftime("%-m 月 %-d 日 %H:%M")),
            (true, None) => "现在没有同事在线。".to_owned(),
            (false, Some(time)) => format!("Nobody is here right now: they are back on {}.", time.strftime("%A %-d %B at %H:%M")),
            (false, None) => "Nobody is here right now.".to_owned(),
        });
    } else {
        match (wait.ahead, wait.usual_minutes, zh) {
            (0, None, _) => {}
            (ahead, None, true) => words.push(format!("您前面还有 {ahead} 位。")),
            (ahead, None, false) => words.push(format!("Customers before you: {ahead}.")),
            (ahead, Some(minutes), true) => words.push(format!("您前面还有 {ahead} 位，通常要等 {minutes} 分钟左右。")),
            (ahead, Some(minutes), false) => {
                words.push(format!("Customers before you: {ahead}. It usually takes about {minutes} min until somebody answers."));
            }
        }
    }
    if long && !known {
        words.push(
            if zh {
                "您可以留下邮箱或电话，同事会主动联系您。"
            } else {
                "Leave an e-mail address or a telephone number here, and they will contact you."
            }
            .to_owned(),
        );
    }
    (!words.is_empty()).then(|| words.join(if zh { "" } else { " " }))
}

/// What the customer reads after leaving an address while waiting.
pub fn contact_noted(language: Language) -> &'static str {
    match language {
        Language::Zh => "谢谢，已经记下了。同事会看到您的联系方式并联系您。",
        _ => "Thank you, noted. A colleague will see how to reach you and get in touch.",
    }
}

/// What the customer reads while a person has the conversation.
pub fn with_a_person(language: Language) -> &'static str {
    match language {
        Language::Zh => "同事正在处理您的对话，会看到这条消息并在这里回复您。",
        _ => "A colleague has taken over this conversation, will see this message and answer you here.",
    }
}

/// What stands before a quotation when a person takes over as well.
pub fn meanwhile(language: Language) -> &'static str {
    match language {
        Language::Zh => "同时，相关规定如下：",
        _ => "Until then, our policy says:",
    }
}

/// Names a part of the question that no policy answers.
pub fn no_policy_on(part: &str, language: Language) -> String {
    let part = part.trim().trim_end_matches(['?', '？', '.', '。', '!', '！']);
    match language {
        Language::Zh => format!("关于“{part}”，我们的规定里没有写到，可以问人工。"),
        _ => format!("On “{part}” our policies do not say; a person can tell you."),
    }
}

/// Asks for more when the question is too vague to search for.
pub fn vague(titles: &[&str], language: Language) -> String {
    match (language, titles) {
        (Language::Zh, []) => "能再说具体一点吗？比如是哪笔订单、付款还是退货的问题。您也可以直接找人工。".to_owned(),
        (Language::Zh, titles) => format!(
            "能再说具体一点吗？您想问的是{}？您也可以直接找人工。",
            titles.iter().map(|title| format!("“{title}”")).collect::<Vec<_>>().join("，还是")
        ),
        (_, []) => {
            "Could you tell me a little more: is it about a payment, an order or a return? You can also ask for a person.".to_owned()
        }
        (_, titles) => {
            let quoted: Vec<String> = titles.iter().map(|title| format!("“{title}”")).collect();
            format!("Could you tell me a little more? Is it about {}? You can also ask for a person.", quoted.join(" or "))
        }
    }
}

/// The reply to an attempt to steer the machine.
pub fn injection(language: Language) -> &'static str {
    match language {
        Language::Zh => "我只能根据公司的规定回答问题。您想了解哪条规定？",
        _ => "I can only answer questions from our policies. Which one can I look up for you?",
    }
}

/// The reply to words that are no question.
pub fn small_talk(kind: SmallTalk, language: Language) -> &'static str {
    match (language, kind) {
        (Language::Zh, SmallTalk::Greeting) => "您好！请问有什么可以帮您？",
        (Language::Zh, SmallTalk::Thanks) => "不客气！还有问题随时问我。",
        (Language::Zh, SmallTalk::Goodbye) => "再见，祝您生活愉快！",
        (Language::Zh, SmallTalk::WhoAreYou) => "我是自动助手，只根据公司的规定回答并注明出处。想找真人，请说“转人工”。",
        (_, SmallTalk::Greeting) => "Hello! What would you like to know?",
        (_, SmallTalk::Thanks) => "You are welcome. Ask again whenever you like.",
        (_, SmallTalk::Goodbye) => "Goodbye, and take care.",
        (_, SmallTalk::WhoAreYou) => {
            "I am an automated assistant: I answer from our policies and show where it says so. For a person, just say “talk to a person”."
        }
    }
}
