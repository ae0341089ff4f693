use super::*;

#[test]
fn a_death_is_heard_and_sets_the_tone() {
    let told = [
        "My husband died last month, how do I close his account?",
        "we just lost our mother",
        "it is about the account of my late father",
        "The account holder has passed away",
        "我父亲上个月去世了，怎么注销他的账户",
        "奶奶过世了，她的订单怎么办",
        "正在料理后事",
    ];
    all_hold(SignalKind::Bereavement, &told);
    for text in told {
        assert_eq!(triage(text).mood, Mood::Grieving, "{text}");
    }
    none_escalate(&["My husband died last month, how do I close his account?", "奶奶过世了，她的账户怎么注销"]);
    assert_eq!(triage("my wife passed away. thank you").small_talk, None);
    none_hold(
        SignalKind::Bereavement,
        &["my phone died", "the battery of my laptop is dead", "Do you have a bereavement policy?", "手机没电了"],
    );
}

#[test]
fn illness_and_hardship_are_heard_but_not_in_questions_about_means_of_payment() {
    all_hold(
        SignalKind::Illness,
        &[
            "I have cancer and need more time",
            "my wife is in hospital",
            "he was diagnosed last week",
            "我妈住院了",
            "查出肿瘤",
            "老公出车祸在抢救",
        ],
    );
    none_hold(SignalKind::Illness, &["Is hospital parking free?", "the phone needs an operation manual", "宠物手术可以用吗"]);
    all_hold(
        SignalKind::Hardship,
        &["I lost my job and need to pause", "I can't afford the next payment", "we were laid off", "我失业了", "实在还不上了", "手头紧张"],
    );
    none_hold(SignalKind::Hardship, &["I can't pay with my card", "What happens if I can't pay by bank transfer?", "如果还不上会怎么样"]);
}

#[test]
fn a_complaint_is_told_from_a_question_about_complaints() {
    all_hold(SignalKind::Complaint, &["I want to file a complaint", "I'd like to complain about a courier", "this is a formal complaint"]);
    none_hold(SignalKind::Complaint, &["How do I make a complaint?", "Where can I file a complaint?", "what is the complaints policy"]);
}

#[test]
fn what_only_the_account_can_tell_goes_to_a_person_and_a_question_does_not() {
    all_escalate(
        Reason::ActionRequired,
        &[
            "my parcel never arrived",
            "The tracking says delivered but nobody was home",
            "I was charged twice",
            "my refund still hasn't been paid",
            "you sent me the wrong size",
            "delete my personal data",
            "快递三天没动静了",
            "物流显示已签收，可是我没收到",
            "同一笔订单扣了我三次",
            "帮我查一下退款",
            "麻烦把地址改成公司",
        ],
    );
    none_escalate(&[
        "What happens if my parcel never arrives?",
        "How do I delete my account?",
        "Can I change my address?",
        "退款一般多久到账",
        "地址怎么改",
        "如果快递丢了怎么办",
        "包裹没收到可以退款吗",
    ]);
}

#[test]
fn words_typed_together_and_departments_reach_a_person_too() {
    all_escalate(
        Reason::UserRequest,
        &[
            "how to speak tosomebody",
            "can uconnect me with someone",
            "could I speak directly with the billing department",
            "I'd like to talk to a real shop employee",
            "转真人客服",
            "人工客服电话有吗",
            "人工怎么只有机器人",
        ],
    );
}
