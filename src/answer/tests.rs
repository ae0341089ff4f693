use jiff::civil::date;

use super::testing::{desk, desk_of};
use super::*;

fn ask(question: &str) -> Answer {
    desk().answer_here(&AnswerRequest::new(question)).unwrap().0
}

#[test]
fn a_policy_in_force_is_quoted_byte_for_byte_with_its_place() {
    let answer = ask("How much is the late payment fee?");
    assert!(answer.answer.contains("$7"), "{}", answer.answer);
    let citation = &answer.citations[0];
    assert_eq!((citation.document_id.as_str(), citation.version, citation.verified), ("late-payments", 2, true));
    let source = desk().document("late-payments", Some(2)).unwrap().source;
    let quoted: String = source.chars().skip(citation.span.start).take(citation.span.end - citation.span.start).collect();
    assert_eq!(quoted, citation.quote);
}

#[test]
fn superseded_and_future_versions_are_never_cited_for_today() {
    for question in ["late fee $9", "late fee 3 days after the due date", "late fee of $1", "90 days after the due date"] {
        let answer = ask(question);
        assert!(answer.citations.iter().all(|citation| citation.version == 2), "{question}: {}", answer.answer);
    }
}

#[test]
fn another_day_is_answered_as_the_policies_stood_then() {
    let request = AnswerRequest { as_of: Some(date(2025, 6, 1)), ..AnswerRequest::new("How much is the late fee?") };
    let (answer, _) = desk().answer_here(&request).unwrap();
    assert_eq!(answer.citations[0].version, 1);
    assert!(answer.answer.contains("$9"));
}

#[test]
fn an_exception_that_follows_at_once_is_quoted_along() {
    assert!(ask("How much is the late payment fee?").answer.contains("no late fee is charged in Germany"));
}

#[test]
fn chinese_is_answered_in_chinese() {
    let answer = ask("退款审核通过后几个工作日到账？");
    assert_eq!(answer.language, Language::Zh);
    assert!(answer.answer.contains("1–3 个工作日"), "{}", answer.answer);
    assert_eq!(answer.citations[0].document_id, "zh-refunds");
}

#[test]
fn what_no_policy_says_goes_to_a_person_with_a_packet() {
    let answer = ask("Which planet has the most rings and moons?");
    assert_eq!((answer.decision, answer.escalate), (Decision::Escalate, true));
    assert_eq!(answer.reasons, [Reason::NoEvidence]);
    assert!(answer.citations.is_empty());
    assert_eq!(answer.handoff.unwrap().question, "Which planet has the most rings and moons?");
}

#[test]
fn a_wish_for_a_person_is_granted_without_search() {
    let answer = ask("I want to talk to a human");
    assert_eq!((answer.decision, answer.reasons.as_slice()), (Decision::Escalate, &[Reason::UserRequest][..]));
    assert_eq!(answer.handoff.unwrap().state, HandoffState::Queued);
}

#[test]
fn a_filter_that_nothing_carries_finds_nothing() {
    let request =
        AnswerRequest { filters: Filters { tags: vec!["travel".into()] }, ..AnswerRequest::new("How much is the late payment fee?") };
    assert!(desk().answer_here(&request).unwrap().0.escalate);
}

#[test]
fn the_decision_comes_before_the_text_and_the_pieces_make_the_answer() {
    let desk = desk();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let events = runtime.block_on(async {
        let mut ticket = desk.submit(AnswerRequest::new("How much is the late payment fee?")).unwrap();
        let mut events = Vec::new();
        while let Some(event) = ticket.next().await {
            events.push(event.unwrap());
        }
        events
    });
    let place = |wanted: fn(&Event) -> bool| events.iter().position(wanted).unwrap();
    assert!(place(|event| matches!(event, Event::Decided { .. })) < place(|event| matches!(event, Event::Delta { .. })));
    let text: String =
        events.iter().filter_map(|event| if let Event::Delta { text } = event { Some(text.as_str()) } else { None }).collect();
    let Some(Event::Completed(answer)) = events.last() else { panic!("the last event is the answer") };
    assert_eq!(text, answer.answer);
    for citation in &answer.citations {
        assert!(citation.answer_span.end <= answer.answer.chars().count());
    }
}

#[test]
fn work_that_nobody_waits_for_stops() {
    let desk = desk();
    let gone = AtomicBool::new(true);
    let snapshot = desk.snapshot();
    let parts = Parts {
        snapshot: &snapshot,
        embedder: None,
        reader: None,
        generator: None,
        models: &ModelNames::default(),
        rules: Handover::builtin(),
    };
    let clock = Clock { received: Instant::now(), cancelled: &gone };
    assert_eq!(answer(&parts, &AnswerRequest::new("late fee?"), &clock, &mut |_| ()).unwrap_err().kind, ErrorKind::Cancelled);
}

#[test]
fn a_question_that_waited_too_long_goes_to_a_person() {
    let desk = desk();
    let never = AtomicBool::new(false);
    let snapshot = desk.snapshot();
    let parts = Parts {
        snapshot: &snapshot,
        embedder: None,
        reader: None,
        generator: None,
        models: &ModelNames::default(),
        rules: Handover::builtin(),
    };
    let clock = Clock { received: Instant::now() - Duration::from_secs(5), cancelled: &never };
    let (answer, _) = answer(&parts, &AnswerRequest::new("late fee?"), &clock, &mut |_| ()).unwrap();
    assert_eq!(answer.reasons, [Reason::Deadline]);
}

#[test]
fn bad_limits_are_refused_by_name() {
    for (request, field) in [
        (AnswerRequest::new("  ?! "), "question"),
        (AnswerRequest::new("long ".repeat(2_000)), "question"),
        (AnswerRequest { max_words: 0, ..AnswerRequest::new("fee?") }, "max_words"),
        (AnswerRequest { deadline_ms: 1, ..AnswerRequest::new("fee?") }, "deadline_ms"),
    ] {
        let error = desk().answer_here(&request).unwrap_err();
        assert!(error.kind == ErrorKind::BadRequest && error.item.contains(field), "{error}");
    }
}

#[test]
fn words_that_say_nothing_are_asked_back_about() {
    for question in ["help it doesn't work", "I have a problem", "Why?"] {
        let answer = ask(question);
        assert!(answer.citations.is_empty() && answer.decision == Decision::Offer, "{question}: {answer:?}");
        assert_eq!(answer.reasons, [Reason::LowConfidence], "{question}");
    }
}

#[test]
fn an_answer_that_another_policy_contradicts_comes_with_a_person() {
    let text = |days: u32| format!("# Returns\n\n## Refund\nRefunds to a card take {days} business days after the return is checked in.\n");
    let desk = desk_of(&[("returns.md", &text(3)), ("refunds.md", &text(5))]);
    let conflicts = desk.conflicts();
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_ne!(conflicts[0].first.quote, conflicts[0].second.quote);
    let question = "How many business days do refunds to a card take after the return is checked in?";
    let (answer, _) = desk.answer_here(&AnswerRequest::new(question)).unwrap();
    assert!(answer.reasons.contains(&Reason::ConflictingPolicy) && answer.decision == Decision::Offer, "{answer:?}");
}
