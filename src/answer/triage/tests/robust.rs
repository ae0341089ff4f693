use std::time::Instant;

use proptest::prelude::*;

use super::*;

#[test]
fn every_pattern_compiles_and_triage_stays_fast_on_the_longest_text() {
    // one sentence per script and grammar, so that each is compiled; then a text as long as a question may be
    for text in
        ["I want the bot to stop, can my account be hacked, what is this", "我的账号被盗了吗", "オペレーター", "оператор", "pourquoi"]
    {
        triage(text);
    }
    for unit in ["someone is using the ", "i have told you ", "我要我要", "a a a a ", "no no no not a "] {
        let text: String = unit.chars().cycle().take(4_000).collect();
        triage(&text);
        let started = Instant::now();
        triage(&text);
        assert!(started.elapsed().as_millis() < 250, "{unit}: {:?}", started.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read_without_panic_and_always_the_same(text in "\\PC{0,200}") {
        prop_assert_eq!(triage(&text), triage(&text));
    }

    #[test]
    fn punctuation_capitals_and_space_around_it_do_not_hide_a_request(
        request in prop::sample::select(vec!["I want to speak to a human", "agent please", "transfer me to an operator", "转人工", "Ich möchte mit einem Mitarbeiter sprechen"]),
        before in "[ \t\n.,!?…:;()*\"-]{0,6}",
        after in "[ \t\n.,!?…:;()*\"。！？-]{0,6}",
        loud in any::<bool>(),
    ) {
        let request = if loud { request.to_uppercase() } else { request.to_owned() };
        let text = format!("{before}{request}{after}");
        prop_assert_eq!(called(&text), Some(Reason::UserRequest), "{}", text);
    }
}
