use std::collections::HashSet;

use std::path::PathBuf;

use super::*;
use crate::answer::{ComposedBy, Decision, Handoff, HandoffMove, HandoffState, ModelNames, Reason, Timings};
use crate::text::Language;

fn handoff(id: &str, conversation_id: &str) -> Handoff {
    Handoff {
        id: id.into(),
        conversation_id: conversation_id.into(),
        created_at: "2026-11-20T10:00:00Z".into(),
        state: HandoffState::Queued,
        revision: 1,
        updated_at: None,
        agent: None,
        note: None,
        language: Language::En,
        question: "I want a person".into(),
        summary: "The customer asks for a person.".into(),
        facts: vec![],
        tried: vec![],
        sources: vec![],
        open_questions: vec![],
        suggested_reply: None,
        sentiment: "calm".into(),
        reasons: vec![Reason::UserRequest],
        team: None,
        priority: "normal".into(),
        contact: None,
        wait: None,
        signals: vec![],
    }
}

fn answer(id: &str, conversation_id: &str, handoff: Option<Handoff>) -> Answer {
    Answer {
        id: id.into(),
        conversation_id: conversation_id.into(),
        language: Language::En,
        answer: "A colleague takes over: 请稍候。".into(),
        decision: Decision::Escalate,
        escalate: true,
        reasons: vec![Reason::UserRequest],
        confidence: 0.25,
        citations: vec![],
        handoff,
        mode: ComposedBy::Notice,
        degraded: None,
        timings_ms: Timings::default(),
        models: ModelNames::default(),
        index_version: 3,
        scores: None,
    }
}

fn request() -> AnswerRequest {
    AnswerRequest::new("I want a person'; DROP TABLE turns; --")
}

fn path_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("not/yet/there/frontdesk.db")
}

#[tokio::test]
async fn what_was_recorded_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&path_in(&folder)).await.unwrap();
    let kept = answer("ans_1", "cnv_1", Some(handoff("hnd_1", "cnv_1")));
    store.record(&request(), &kept).await.unwrap();
    store.close().await;
    assert_eq!(store.ping().await.unwrap_err().kind, ErrorKind::Store);

    let store = Store::open(&path_in(&folder)).await.unwrap();
    store.ping().await.unwrap();
    assert!(store.turns("cnv_2", 100).await.unwrap().is_empty());
    let turns = store.turns("cnv_1", 100).await.unwrap();
    assert_eq!(turns.len(), 1);
    assert_eq!((&turns[0].question, &turns[0].answer), (&request().question, &kept));
    assert_eq!(store.handoff("hnd_1").await.unwrap(), kept.handoff);
    assert_eq!(store.handoff("hnd_2").await.unwrap(), None);
}

#[tokio::test]
async fn a_file_that_was_not_closed_keeps_what_was_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&path_in(&folder)).await.unwrap();
    store.record(&request(), &answer("ans_1", "cnv_1", None)).await.unwrap();
    // The copy is what a machine that lost its power would find.
    let copy = tempfile::tempdir().unwrap();
    for name in ["frontdesk.db", "frontdesk.db-wal"] {
        std::fs::copy(path_in(&folder).with_file_name(name), copy.path().join(name)).unwrap();
    }
    let found = Store::open(&copy.path().join("frontdesk.db")).await.unwrap();
    assert_eq!(found.turns("cnv_1", 100).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_records_at_once_are_all_kept_and_can_be_paged_through() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&path_in(&folder)).await.unwrap();
    let records: Vec<_> = (0..300)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                // Ten conversations, so that turns of one conversation meet.
                let conversation = format!("cnv_{}", n % 10);
                let handoff = handoff(&format!("hnd_{n}"), &conversation);
                store.record(&request(), &answer(&format!("ans_{n}"), &conversation, Some(handoff))).await?;
                store.turns(&conversation, 100).await
            })
        })
        .collect();
    for record in records {
        assert!(!record.await.unwrap().unwrap().is_empty());
    }
    assert_eq!(store.turns("cnv_7", 100).await.unwrap().len(), 30);
    let last: Vec<String> = store.turns("cnv_7", 2).await.unwrap().into_iter().map(|turn| turn.answer.id).collect();
    let all: Vec<String> = store.turns("cnv_7", 100).await.unwrap().into_iter().map(|turn| turn.answer.id).collect();
    assert_eq!(last, all[28..], "the newest turns, oldest first");

    let mut seen = HashSet::new();
    let mut before: Option<String> = None;
    loop {
        let page = store.handoffs(64, before.as_deref(), None).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id.clone());
        seen.extend(page.into_iter().map(|handoff| handoff.id));
    }
    assert_eq!(seen.len(), 300);
}

#[tokio::test]
async fn handoffs_come_newest_first_and_an_unknown_start_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&path_in(&folder)).await.unwrap();
    assert_eq!(store.handoffs(10, None, None).await.unwrap(), []);
    for n in 0..3 {
        let handoff = handoff(&format!("hnd_{n}"), "cnv_1");
        store.record(&request(), &answer(&format!("ans_{n}"), "cnv_1", Some(handoff))).await.unwrap();
    }
    let ids = async |limit, before| -> Vec<String> {
        store.handoffs(limit, before, None).await.unwrap().into_iter().map(|handoff| handoff.id).collect()
    };
    assert_eq!(ids(10, None).await, ["hnd_2", "hnd_1", "hnd_0"]);
    assert_eq!(ids(1, None).await, ["hnd_2"]);
    assert_eq!(ids(10, Some("hnd_1")).await, ["hnd_0"]);
    assert_eq!(store.handoffs(10, Some("hnd_9"), None).await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_record_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&path_in(&folder)).await.unwrap();
    store.record(&request(), &answer("ans_1", "cnv_1", Some(handoff("hnd_1", "cnv_1")))).await.unwrap();
    // The hand-off's id is taken, after conversation and turn went in.
    let error = store.record(&request(), &answer("ans_2", "cnv_2", Some(handoff("hnd_1", "cnv_2")))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Store);
    assert!(store.turns("cnv_2", 100).await.unwrap().is_empty());
    store.record(&request(), &answer("ans_3", "cnv_3", None)).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named_with_a_way_out_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frontdesk.db");
    let letter = "Dear team, this is a letter.\n".repeat(1_000);
    std::fs::write(&path, &letter).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Store);
    assert!(error.to_string().contains("frontdesk.db is damaged") && error.to_string().contains("backup"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
}

#[tokio::test]
async fn damage_in_the_middle_of_the_file_is_found_on_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frontdesk.db");
    let store = Store::open(&path).await.unwrap();
    for n in 0..50 {
        store.record(&request(), &answer(&format!("ans_{n}"), "cnv_1", None)).await.unwrap();
    }
    store.close().await;
    let mut bytes = std::fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(4096 * 2) {
        *byte ^= 0x5a;
    }
    std::fs::write(&path, bytes).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(error.to_string().contains("is damaged"), "{}", error.chain());
}

#[tokio::test]
async fn a_folder_in_place_of_the_file_and_newer_tables_are_clear_errors() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open(folder.path()).await.unwrap_err();
    assert!(error.to_string().contains("could not be opened"), "{}", error.chain());

    let path = folder.path().join("frontdesk.db");
    let store = Store::open(&path).await.unwrap();
    let Database::Sqlite { writer, .. } = &store.database else { unreachable!("it is a file") };
    sqlx::query("UPDATE _sqlx_migrations SET version = 99 WHERE version = 1").execute(writer).await.unwrap();
    store.close().await;
    let error = Store::open(&path).await.unwrap_err();
    assert!(error.to_string().contains("newer"), "{}", error.chain());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_agents_at_once_one_takes_a_hand_off() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&path_in(&folder)).await.unwrap();
    store.record(&request(), &answer("ans_1", "cnv_1", Some(handoff("hnd_1", "cnv_1")))).await.unwrap();
    let wish = |agent: usize| HandoffMove { agent: format!("agent {agent}"), revision: Some(1), note: None };
    let tries = (0..8).map(|agent| {
        let store = store.clone();
        tokio::spawn(async move { store.move_handoff("hnd_1", HandoffState::Accepted, &wish(agent)).await })
    });
    let mut taken = Vec::new();
    for tried in tries.collect::<Vec<_>>() {
        match tried.await.unwrap() {
            Ok(handoff) => taken.push(handoff),
            Err(error) => assert_eq!(error.kind, ErrorKind::Conflict, "{error}"),
        }
    }
    assert_eq!(taken.len(), 1);
    assert_eq!((taken[0].state, taken[0].revision), (HandoffState::Accepted, 2));
    assert_eq!(store.handoff("hnd_1").await.unwrap().as_ref(), taken.first());
}

/// A store that tells one endpoint of everything.
async fn telling_store(folder: &tempfile::TempDir) -> Store {
    let store = Store::open(&path_in(folder)).await.unwrap();
    store.subscribe(vec![Subscription { endpoint: "desk".into(), events: EVENTS.to_vec() }]);
    store
}

#[tokio::test]
async fn an_event_is_leased_to_one_and_those_of_a_conversation_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = telling_store(&folder).await;
    store.record(&request(), &answer("ans_1", "cnv_1", Some(handoff("hnd_1", "cnv_1")))).await.unwrap();
    store.record(&request(), &answer("ans_2", "cnv_1", Some(handoff("hnd_1", "cnv_1")))).await.unwrap();
    store.record(&request(), &answer("ans_3", "cnv_2", Some(handoff("hnd_2", "cnv_2")))).await.unwrap();
    let names = |due: &[Delivery]| -> Vec<String> {
        let event = |one: &Delivery| serde_json::from_str::<serde_json::Value>(&one.body).unwrap()["event"].as_str().unwrap().to_owned();
        due.iter().map(event).collect()
    };
    let due = store.due_deliveries("desk", 10).await.unwrap();
    assert_eq!(names(&due), ["handoff.queued", "handoff.queued"], "the second of a conversation waits for the first");
    assert!(store.due_deliveries("desk", 10).await.unwrap().is_empty(), "leased");
    store.delivered(&due[0].id).await.unwrap();
    let next = store.due_deliveries("desk", 10).await.unwrap();
    assert_eq!(names(&next), ["handoff.updated"]);
    store.undelivered(&next[0].id, "it is down", Some(Timestamp::now())).await.unwrap();
    let again = store.due_deliveries("desk", 10).await.unwrap();
    assert_eq!((again[0].id.as_str(), again[0].attempt), (next[0].id.as_str(), 2));
    assert!(store.due_deliveries("other", 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_too_old_goes_and_what_is_open_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = telling_store(&folder).await;
    store.record(&request(), &answer("ans_1", "cnv_1", None)).await.unwrap();
    store.record(&request(), &answer("ans_2", "cnv_2", Some(handoff("hnd_2", "cnv_2")))).await.unwrap();
    let now = Timestamp::now();
    assert_eq!(store.erase_older(now - jiff::SignedDuration::from_hours(1)).await.unwrap(), Erased::default());
    let erased = store.erase_older(now + jiff::SignedDuration::from_hours(1)).await.unwrap();
    assert_eq!((erased.conversations, erased.turns, erased.handoffs), (1, 1, 0), "a customer who waits is not forgotten");
    assert!(store.export("cnv_1").await.unwrap().is_none());
    store.time_out_handoffs(now + jiff::SignedDuration::from_hours(1)).await.unwrap();
    let erased = store.erase_older(now + jiff::SignedDuration::from_hours(1)).await.unwrap();
    assert_eq!((erased.conversations, erased.handoffs, erased.events), (1, 1, 2));
}

#[tokio::test]
async fn words_that_were_deleted_are_gone_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&path_in(&folder)).await.unwrap();
    let asked = AnswerRequest::new("my secret is xyzzy-plugh-8812");
    store.record(&asked, &answer("ans_1", "cnv_1", None)).await.unwrap();
    store.erase("cnv_1").await.unwrap();
    store.close().await;
    let held = |name: &str| {
        std::fs::read(path_in(&folder).with_file_name(name)).is_ok_and(|bytes| bytes.windows(11).any(|part| part == b"xyzzy-plugh"))
    };
    assert!(!held("frontdesk.db") && !held("frontdesk.db-wal"));
}

#[tokio::test]
async fn the_usual_wait_is_what_half_of_the_customers_waited() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&path_in(&folder)).await.unwrap();
    assert_eq!(store.queue().await.unwrap(), crate::answer::QueueState { waiting: 0, usual_wait: None });
    for n in 0..3 {
        let waiting = handoff(&format!("hnd_{n}"), &format!("cnv_{n}"));
        store.record(&request(), &answer(&format!("ans_{n}"), &format!("cnv_{n}"), Some(waiting))).await.unwrap();
    }
    let wish = HandoffMove { agent: "Ann".into(), revision: None, note: None };
    store.move_handoff("hnd_1", HandoffState::Accepted, &wish).await.unwrap();
    let queue = store.queue().await.unwrap();
    assert_eq!(queue.waiting, 2);
    assert!(queue.usual_wait.is_some_and(|wait| wait.as_secs() < 60), "{queue:?}");
}
