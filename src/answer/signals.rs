//! What speaks for calling a person: small separate signals, each with a score and the words it was heard in.
//!
//! Where they come from: the customer's words (`triage`), the conversation so far (here), what was found and written (`answer`). What
//! follows from them is written in the rules (`handover`).

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::triage::{Mood, triage};
use crate::retrieve::{Role, Said};
use crate::text::analysis::{Term, TermKind, is_stop_word, terms};

/// The signals, by the names that rules use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// The customer asks for a person.
    AsksForPerson,
    /// Despair, self-harm, violence, hunger.
    Despair,
    /// Somebody has died.
    Bereavement,
    /// The customer, or somebody close, is seriously ill.
    Illness,
    /// The customer cannot pay: work lost, debts.
    Hardship,
    /// Fraud or danger that happens to the customer, or a threat with law, press or a regulator.
    Danger,
    /// Fed up with the machine, or with asking again and again.
    FedUp,
    /// Angry at the company.
    Anger,
    /// Sounds upset.
    Upset,
    /// Sounds angry or grieving to a small model, whatever the words (English). The score is its probability.
    Heated,
    /// Wants to complain.
    Complaint,
    /// Wants something done on an account.
    WantsAction,
    /// Something went wrong with an order or payment of the customer's own, or somebody must look at it or act on it.
    AccountMatter,
    /// Asks something that a policy may answer.
    AsksQuestion,
    /// Tries to steer the machine.
    Injection,
    /// The same question, or the same answer, again: 0.5 the first time, 1 from the second.
    Repeats,
    /// More and more upset over the last turns.
    RisingFrustration,
    /// A person was called in this conversation, and nobody came in time.
    NobodyCame,
    /// The answer tells the customer no.
    Denial,
    /// Two policies in force say different things about it.
    ConflictingPolicy,
    /// Only a policy that no longer holds answers it.
    ExpiredPolicy,
    /// A policy may answer, but we are not sure enough. The score is the probability that it does not.
    LowConfidence,
    /// Words that may answer, which the error rate that the operator chose does not let through without a person.
    Held,
    /// One of several questions has no answer.
    PartUnanswered,
    /// Too few words to know what is meant.
    Vague,
    /// No policy answers. The score is the probability that none does.
    NoEvidence,
    /// A part of the machine failed.
    EngineError,
    /// The time was up.
    Deadline,
}

/// One signal that was heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Which.
    pub kind: SignalKind,
    /// How strongly, 0 to 1.
    pub score: f64,
    /// The words it was heard in, in plain form, or what else shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

impl Signal {
    /// A signal with what shows it.
    pub fn new(kind: SignalKind, score: f64, evidence: impl Into<Option<String>>) -> Self {
        Self { kind, score, evidence: evidence.into() }
    }
}

/// What the conversation so far tells together with `question`. `history`: oldest first.
pub fn of_conversation(question: &str, mood: Mood, history: &[Said]) -> Vec<Signal> {
    let earlier: Vec<&str> = history.iter().filter(|said| said.role == Role::User).map(|said| said.text.as_str()).collect();
    let mut signals = Vec::new();
    let same: Vec<&&str> = earlier.iter().filter(|before| is_same_question(question, before)).collect();
    if let Some(before) = same.last() {
        signals.push(Signal::new(SignalKind::Repeats, if same.len() > 1 { 1.0 } else { 0.5 }, (**before).to_owned()));
    }
    if mood == Mood::Upset {
        let upset = earlier.iter().rev().take(3).filter(|before| triage(before).mood == Mood::Upset).count();
        if upset > 0 {
            signals.push(Signal::new(
                SignalKind::RisingFrustration,
                if upset > 1 { 1.0 } else { 0.5 },
                format!("upset in {} turns", upset + 1),
            ));
        }
    }
    signals
}

/// Whether `answer` was said before in the conversation.
pub fn same_answer(answer: &str, history: &[Said]) -> Option<Signal> {
    let before = history.iter().filter(|said| said.role == Role::Agent && said.text.contains(answer)).count();
    (before > 0).then(|| Signal::new(SignalKind::Repeats, if before > 1 { 1.0 } else { 0.5 }, "the same answer as before".to_owned()))
}

/// Share of an earlier question's words that must come again.
const SAME_SHARE: f64 = 0.6;

/// Whether `question` asks again what `before` asked: it says most of that again and nothing else. "And to Sweden?" is a new one.
fn is_same_question(question: &str, before: &str) -> bool {
    let words = |text: &str| -> HashSet<String> {
        let content = |term: &Term| term.kind == TermKind::Word && !is_stop_word(&term.text);
        terms(text).into_iter().filter(content).map(|term| term.text).collect()
    };
    let (now, before) = (words(question), words(before));
    let shared = now.intersection(&before).count();
    // One word alike proves little: "returns?" after "how long do returns take?".
    shared >= 2 && shared == now.len() && shared as f64 >= SAME_SHARE * before.len() as f64
}

static DENIES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?xi)
          \b(?:non-?|not\ |never\ )(?:refundable|returnable|eligible|entitled|covered|possible|available|accepted|allowed|permitted|offered|extended|waived)\b
        | \b(?:cannot|can\ not|can't|may\ not)\ (?:be\ )?(?:refund|return|exchang|cancel|chang|extend|waiv|credit|transfer|reimburs|revers|combin|accept)\w*
        | \b(?:do|does|will|can)(?:\ not|n't)\ (?:refund|return|accept|cover|offer|reimburse|exchange|extend|waive|credit|allow|compensate|apply|qualify)\b
        | \bno\ (?:refunds?|returns?|exchanges?|compensation|reimbursement|exceptions?|extensions?|credit)\b
        | \b(?:excluded|final\ sale|sales\ are\ final)\b
        | (?:不予|恕不|概不|不再|无法|不能|不可以?|不支持|不接受|不提供|不享受|没有资格).{0,6}(?:退|换|赔|补|取消|延|减免|修改|保修|办理|参加|享受|申请)
        | 不(?:退|换|赔|补)(?:款|货|换|偿|还)? | 不在.{0,6}范围",
    )
    .expect("pattern is a constant")
});

/// Whether `answer` tells the customer that they will not get something.
pub fn denial(answer: &str) -> Option<Signal> {
    DENIES.find(answer).map(|found| Signal::new(SignalKind::Denial, 1.0, found.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Said {
        Said { role: Role::User, text: text.into() }
    }

    fn heard(question: &str, history: &[Said]) -> Vec<(SignalKind, f64)> {
        of_conversation(question, triage(question).mood, history).into_iter().map(|signal| (signal.kind, signal.score)).collect()
    }

    #[test]
    fn a_question_asked_again_in_other_words_order_is_heard_and_a_new_one_is_not() {
        let first = user("How long does a refund to my card take?");
        assert_eq!(heard("A refund to my card, how long does it take?", std::slice::from_ref(&first)), [(SignalKind::Repeats, 0.5)]);
        let both = [first, user("how long will the refund to my card take")];
        assert_eq!(heard("How long does the refund to the card take!", &both), [(SignalKind::Repeats, 1.0)]);
        for question in
            ["How long does a refund to my PayPal take?", "How long does a refund to my card take in Germany?", "And in Germany?", "Why?"]
        {
            assert_eq!(heard(question, &both), [], "{question}");
        }
        assert_eq!(heard("退款多久能到账？", &[user("退款多久到账")]), [(SignalKind::Repeats, 0.5)]);
        assert_eq!(heard("运费谁出", &[user("退款多久到账")]), []);
    }

    #[test]
    fn frustration_rises_over_turns() {
        let history = [user("Where is my refund?"), user("this is terrible"), user("I am so angry")];
        assert_eq!(heard("this is ridiculous!!", &history), [(SignalKind::RisingFrustration, 1.0)]);
        assert_eq!(heard("thank you", &history), []);
    }

    #[test]
    fn an_answer_that_says_no_is_a_denial() {
        for answer in [
            "Opened software cannot be returned.",
            "Delivery fees are non-refundable.",
            "We do not refund shipping costs.",
            "拆封的软件不予退款。",
            "定制商品不支持七天无理由退货。",
        ] {
            assert!(denial(answer).is_some(), "{answer}");
        }
        for answer in ["You can return it within 30 days.", "A late fee of $7 is charged.", "退款在 3 个工作日内到账。"] {
            assert_eq!(denial(answer), None, "{answer}");
        }
    }
}
