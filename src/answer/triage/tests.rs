use super::*;

fn reason(text: &str) -> Option<Reason> {
    triage(text).escalate
}

#[test]
fn a_wish_for_a_person_is_heard_in_many_words_and_languages() {
    for text in [
        "I want a human",
        "i wnat to tlak to a humna",
        "agnet please",
        "Let me speak to your manager NOW",
        "can I talk to someone?",
        "is there anyone real i can call",
        "stop giving me robot answers",
        "I don't want to talk to a bot",
        "human",
        "转人工",
        "人工客服在吗",
        "我要找真人",
        "叫你们经理来",
        "不想跟机器人说话",
        "Quiero hablar con una persona",
        "Ich möchte mit einem Mitarbeiter sprechen",
        "Je veux parler à un conseiller",
        "Quero falar com um atendente",
        "オペレーターと話したい",
        "상담원 연결해 주세요",
        "соедините с оператором",
    ] {
        assert_eq!(reason(text), Some(Reason::UserRequest), "{text}");
    }
}

#[test]
fn ordinary_questions_are_not_taken_for_a_wish_for_a_person() {
    for text in [
        "What happens if I pay late?",
        "Are you a human?",
        "are you a bot or a real person?",
        "What hours are people in support available?",
        "Can another person use my account?",
        "how do I call my parcel back",
        "你是机器人吗",
        "人工客服几点上班",
        "人工费要多少钱",
        "Do you have a customer service in the UK?",
        "thanks!",
    ] {
        assert_eq!(reason(text), None, "{text}");
    }
}

#[test]
fn despair_comes_before_everything_else() {
    assert_eq!(reason("I can't pay and I just want to die, let me talk to a human"), Some(Reason::Distress));
    assert_eq!(triage("还不上钱,真的不想活了").mood, Mood::Distressed);
}

#[test]
fn fraud_and_threats_of_law_reach_a_person() {
    for text in ["someone is using my account right now!!", "my account has been hacked", "you'll hear from my lawyer", "I'm going to sue you", "我的卡被盗刷了", "再不处理我就打12315"] {
        assert_eq!(reason(text), Some(Reason::SafetyOrLegal), "{text}");
    }
}

#[test]
fn small_talk_is_told_from_questions() {
    assert_eq!(triage("Hello!").small_talk, Some(SmallTalk::Greeting));
    assert_eq!(triage("谢谢啦").small_talk, Some(SmallTalk::Thanks));
    assert_eq!(triage("are you a robot?").small_talk, Some(SmallTalk::WhoAreYou));
    assert_eq!(triage("hello, what is the late fee?").small_talk, None);
}

#[test]
fn wishes_for_an_action_offer_a_person() {
    assert_eq!(triage("Please cancel my order").offer, Some(Reason::ActionRequired));
    assert_eq!(triage("帮我取消订单").offer, Some(Reason::ActionRequired));
    assert_eq!(triage("How do I cancel an order?").offer, None);
}

#[test]
fn shouting_and_strong_words_sound_upset() {
    assert_eq!(triage("WHERE IS MY REFUND YOU PEOPLE").mood, Mood::Upset);
    assert_eq!(triage("Where is my refund?").mood, Mood::Calm);
}
