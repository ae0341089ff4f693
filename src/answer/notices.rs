//! The server's own sentences, in both languages: short, warm, and never more than is true.

use super::contract::Reason;
use super::triage::SmallTalk;
use crate::text::Language;

/// What the customer reads when a person takes over. It promises only what has happened: the question is in the queue.
pub fn handover(reason: Reason, language: Language) -> &'static str {
    match (language, reason) {
        (Language::Zh, Reason::UserRequest) => "好的，您的问题已经转入人工队列，同事会看到您在这里写的内容，不用再重复一遍。",
        (Language::Zh, Reason::Distress) => {
            "谢谢您告诉我们。您的情况需要真人来处理，我已把它排在最前面。如果您现在有危险，请立即拨打 110 或 120。"
        }
        (Language::Zh, Reason::SafetyOrLegal) => "这件事需要真人处理，我已把它标为紧急并转入人工队列。",
        (Language::Zh, Reason::Deadline) => "我没能及时查到答案，您的问题已经转入人工队列。",
        (Language::Zh, Reason::EngineError) => "我这边出了故障，无法回答。您的问题已经转入人工队列。",
        (Language::Zh, Reason::LowConfidence) => "我查到了可能相关的规定，但没有十足把握，不想答错。您的问题已经转入人工队列。",
        (Language::Zh, _) => "我们的规定里没有写到这一点，我不想乱猜。您的问题已经转入人工队列。",
        (_, Reason::UserRequest) => {
            "Of course. Your question is now in the queue for a person, and they will see what you wrote here, so you need not repeat it."
        }
        (_, Reason::Distress) => {
            "Thank you for telling us. This needs a person, and I have put it at the top of their queue. If you are in danger right now, please call your local emergency number."
        }
        (_, Reason::SafetyOrLegal) => "This needs a person. I have marked it urgent and put it in their queue.",
        (_, Reason::Deadline) => "I could not find the answer in time, so your question is now in the queue for a person.",
        (_, Reason::EngineError) => "Something is wrong on our side and I cannot answer. Your question is now in the queue for a person.",
        (_, Reason::LowConfidence) => {
            "I found something that may answer this, but I am not sure enough. Your question is now in the queue for a person."
        }
        (_, _) => "Our policies do not say, and I will not guess. Your question is now in the queue for a person.",
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
