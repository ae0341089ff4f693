use super::*;
use proptest::prelude::*;

const FEE: &str = "A late fee of up to $7 is charged 10 days after the due date.";

#[test]
fn the_policys_own_words_are_grounded() {
    assert_eq!(ground(FEE, &[FEE]).unwrap(), [(0..FEE.len(), 0)]);
    assert!(ground("The late fee is up to $7, charged 10 days after the due date.", &[FEE]).is_ok());
}

#[test]
fn a_changed_left_out_or_added_number_is_refused() {
    assert_eq!(ground("A late fee of up to $8 is charged 10 days after the due date.", &[FEE]), Err(Objection::Number("$8".into())));
    assert_eq!(ground("A late fee is charged 10 days after the due date.", &[FEE]), Err(Objection::Omission("$7".into())));
    assert_eq!(ground("A late fee of up to $7 is charged 10 weeks after the due date.", &[FEE]), Err(Objection::Number("10 weeks".into())));
}

#[test]
fn a_lost_or_added_negation_is_refused() {
    let rule = "Gift cards cannot be returned.";
    assert_eq!(ground("Gift cards can be returned.", &[rule]), Err(Objection::Negation));
    assert_eq!(ground("A late fee of up to $7 is not charged 10 days after the due date.", &[FEE]), Err(Objection::Negation));
}

#[test]
fn promises_and_links_are_refused() {
    let rule = "Refunds are sent to the original card.";
    assert!(matches!(ground("We will refund the original card.", &[rule]), Err(Objection::Promise(_))));
    assert!(matches!(ground("Refunds are sent to the original card, see www.refunds.com.", &[rule]), Err(Objection::Link(_))));
}

#[test]
fn words_from_nowhere_are_refused() {
    let rule = "Refunds are sent to the original card.";
    assert!(matches!(ground("Refunds arrive instantly by courier.", &[rule]), Err(Objection::Unsupported(_))));
    assert_eq!(ground("Refunds are sent to the", &[rule]), Err(Objection::Unfinished));
    assert_eq!(ground("", &[rule]), Err(Objection::Unfinished));
}

#[test]
fn the_right_words_put_together_in_another_way_are_refused() {
    let rule = "Customers can cancel Plus in the app or ask in the support chat after a security check.";
    assert_eq!(ground("Customers check the chat to cancel security in the app.", &[rule]), Err(Objection::Rearranged));
    assert!(ground("Customers can cancel Plus in the app or in the support chat after a security check.", &[rule]).is_ok());
}

proptest! {
    #[test]
    fn any_other_amount_is_refused(amount in 8u32..100_000) {
        let written = format!("A late fee of up to ${amount} is charged 10 days after the due date.");
        prop_assert!(ground(&written, &[FEE]).is_err());
    }

    #[test]
    fn nothing_written_can_break_the_check(written in "\\PC*", evidence in "\\PC*") {
        let _ = ground(&written, &[&evidence]);
    }

    #[test]
    fn spans_lead_back_to_the_same_words(text in "\\PC*", cut in 0usize..100, length in 0usize..100) {
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let from = starts[cut % starts.len()];
        let to = starts[(cut % starts.len() + length).min(starts.len() - 1)];
        let span = char_span(&text, &(from..to));
        prop_assert_eq!(slice_chars(&text, span), Some(&text[from..to]));
    }
}
