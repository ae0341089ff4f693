//! Against a real HTTP receiver that takes, fails, hangs and lies.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::courier::wait_after;
use super::*;
use crate::answer::{Answer, AnswerRequest, HandoffMove, HandoffState};
use crate::error::ErrorKind;
use crate::store::{OutboxState, Store};

/// A request as the receiver saw it.
#[derive(Debug)]
struct Seen {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// What the receiver does with each request in turn; the last is done with all that follow.
#[derive(Clone, Copy)]
enum Manner {
    Takes,
    Fails(&'static str),
    /// Reads the request and never answers.
    Hangs,
    /// Says that it takes more bytes than it sends, then closes.
    Lies,
    /// Closes at once.
    Closes,
}

/// Starts a receiver; gives its address and what it sees.
fn receiver(manners: &'static [Manner]) -> (String, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (seen, sees) = channel();
    std::thread::spawn(move || {
        for (turn, stream) in listener.incoming().enumerate() {
            let manner = manners[turn.min(manners.len() - 1)];
            let (stream, seen) = (stream.unwrap(), seen.clone());
            std::thread::spawn(move || serve(stream, manner, &seen));
        }
    });
    (address, sees)
}

fn serve(mut stream: TcpStream, manner: Manner, seen: &Sender<Seen>) {
    if matches!(manner, Manner::Closes) {
        return;
    }
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let _ = seen.send(Seen { path, headers, body: String::from_utf8(body).unwrap() });
    let reply: &[u8] = match manner {
        Manner::Takes | Manner::Closes => b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
        Manner::Fails(reply) => reply.as_bytes(),
        Manner::Hangs => {
            std::thread::sleep(Duration::from_secs(30));
            return;
        }
        Manner::Lies => b"HTTP/1.1 500 Oops\r\ncontent-length: 100000\r\nconnection: close\r\n\r\nhalf",
    };
    let _ = stream.write_all(reply);
}

struct House {
    store: Store,
    _folder: tempfile::TempDir,
}

async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("frontdesk.db")).await.unwrap();
    House { store, _folder: folder }
}

fn endpoint(address: &str, more: &str) -> Vec<Endpoint> {
    let text = format!(
        "[[webhook]]\nname = \"desk\"\nurl = \"http://{address}/hook\"\nsecret_env = \"S\"\ntimeout_ms = 400\nbackoff_ms = 1\n{more}"
    );
    parse_endpoints(&text, "webhooks.toml", &|name| (name == "S").then(|| "whsec".to_owned())).unwrap()
}

/// A customer asks for a person; gives the answer.
async fn ask(store: &Store, question: &str) -> Answer {
    let request = AnswerRequest::new(question);
    let (answer, _) = crate::answer::testing::desk().answer_here(&request).unwrap();
    store.record(&request, &answer).await.unwrap();
    answer
}

async fn until_empty(store: &Store) {
    let began = Instant::now();
    while !store.outbox(OutboxState::Waiting, 10).await.unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "events are still waiting");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_off_is_told_signed_redacted_and_in_order() {
    let house = house().await;
    let (address, sees) = receiver(&[Manner::Takes]);
    let courier = Courier::start(&house.store, endpoint(&address, "")).unwrap();
    let answer = ask(&house.store, "Let me talk to a human, mail me at li.lei@example.cn").await;
    let handoff = answer.handoff.unwrap();
    assert_eq!(handoff.contact.as_deref(), Some("li.lei@example.cn"));
    let wish = HandoffMove { agent: "Ann".into(), revision: None, note: Some("called 13800138000".into()) };
    house.store.move_handoff(&handoff.id, HandoffState::Accepted, &wish).await.unwrap();
    house.store.move_handoff(&handoff.id, HandoffState::Resolved, &wish).await.unwrap();
    until_empty(&house.store).await;
    let seen: Vec<Seen> = sees.try_iter().collect();
    let events: Vec<Value> = seen.iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["handoff.queued", "handoff.accepted", "handoff.resolved"]);
    for (one, event) in seen.iter().zip(&events) {
        assert_eq!(one.path, "/hook");
        let timestamp = one.header("x-frontdesk-timestamp").parse().unwrap();
        assert_eq!(one.header("x-frontdesk-signature"), format!("v1={}", signature("whsec", timestamp, &one.body)));
        assert_eq!(one.header("idempotency-key"), event["id"]);
        assert_eq!(event["handoff"]["id"], handoff.id);
        assert!(!one.body.contains("li.lei") && !one.body.contains("13800138000"), "{}", one.body);
    }
    assert_eq!(events[0]["messages"][0], json!({"role": "user", "text": "Let me talk to a human, mail me at [email]"}));
    assert_eq!(events[2]["handoff"]["note"], "called [phone]");
    courier.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_hangs_closes_and_lies_is_tried_again_with_the_same_key() {
    let house = house().await;
    let (address, sees) = receiver(&[
        Manner::Fails("HTTP/1.1 503 Busy\r\nconnection: close\r\n\r\n"),
        Manner::Hangs,
        Manner::Lies,
        Manner::Closes,
        Manner::Takes,
    ]);
    let courier = Courier::start(&house.store, endpoint(&address, "attempts = 6\n")).unwrap();
    ask(&house.store, "I want a human").await;
    until_empty(&house.store).await;
    let keys: Vec<String> = sees.try_iter().map(|seen| seen.header("idempotency-key").to_owned()).collect();
    assert!(keys.len() == 4 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let told = house.store.outbox(OutboxState::Delivered, 10).await.unwrap();
    assert_eq!((told.len(), told[0].attempts), (1, 5));
    courier.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_is_listed_with_its_reason_and_can_be_replayed() {
    let house = house().await;
    let (address, sees) = receiver(&[
        Manner::Fails("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nconnection: close\r\n\r\n"),
        Manner::Fails("HTTP/1.1 401 No\r\nconnection: close\r\ncontent-length: 9\r\n\r\nbad token"),
        Manner::Takes,
    ]);
    let courier = Courier::start(&house.store, endpoint(&address, "attempts = 2\n")).unwrap();
    ask(&house.store, "I want a human").await;
    until_empty(&house.store).await;
    let dead = house.store.outbox(OutboxState::Dead, 10).await.unwrap();
    assert_eq!((dead.len(), dead[0].attempts), (1, 2));
    assert_eq!(dead[0].last_error.as_deref(), Some("it answered 401 Unauthorized: bad token"));
    assert_eq!(house.store.replay(Some("evt_unknown")).await.unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(house.store.replay(Some(&dead[0].id)).await.unwrap(), 1);
    until_empty(&house.store).await;
    assert!(house.store.outbox(OutboxState::Dead, 10).await.unwrap().is_empty());
    assert_eq!(sees.try_iter().count(), 3);
    courier.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_endpoint_that_hangs_holds_up_no_other() {
    let house = house().await;
    let (hangs, _sees) = receiver(&[Manner::Hangs]);
    let (takes, sees) = receiver(&[Manner::Takes]);
    let mut endpoints = endpoint(&hangs, "");
    endpoints[0].timeout = Duration::from_secs(20);
    endpoints.push(Endpoint { name: "other".into(), url: format!("http://{takes}/"), ..endpoints[0].clone() });
    let courier = Courier::start(&house.store, endpoints).unwrap();
    for _ in 0..6 {
        ask(&house.store, "I want a human").await;
    }
    for _ in 0..6 {
        sees.recv_timeout(Duration::from_secs(15)).expect("the other endpoint hears of all of them");
    }
    courier.stop();
}

#[test]
fn waits_grow_threefold_up_to_an_hour_and_half_of_each_is_chance() {
    let first = Duration::from_secs(2);
    assert_eq!(wait_after(first, 1, 1.0), Duration::from_secs(2));
    assert_eq!(wait_after(first, 1, 0.0), Duration::from_secs(1));
    assert_eq!(wait_after(first, 4, 1.0), Duration::from_secs(54));
    assert_eq!(wait_after(first, 40, 1.0), Duration::from_secs(3_600));
}

#[test]
fn a_signature_is_hmac_sha256_over_timestamp_and_body() {
    // Computed with another implementation: printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac whsec
    assert_eq!(signature("whsec", 1_700_000_000, "{\"a\":1}"), "8ad37ba156048ae0e0a5533c75cdf26fee88b07f93cb57ee4c80adb053012032");
}

/// An event as the store keeps it.
fn event(name: &str) -> String {
    json!({
        "id": "evt_1", "event": name,
        "handoff": {"id": "hnd_1", "conversation_id": "cnv 1/2", "priority": "normal", "reasons": ["user_request"], "question": "A human?",
            "summary": "The customer asked for a person.", "sentiment": "calm", "language": "en", "agent": "Ann", "team": null},
        "messages": [{"role": "user", "text": "A human?"}, {"role": "agent", "text": "Of course."}],
    })
    .to_string()
}

fn request(format: &str, name: &str) -> (String, Value) {
    let text = format!("[[webhook]]\nname = \"a\"\nurl = \"https://desk.example/{{conversation_id}}/{{action}}\"\nformat = \"{format}\"\n");
    let endpoint = parse_endpoints(&text, "webhooks.toml", &|_| None).unwrap().remove(0);
    let request = Request::new(&endpoint, &event(name)).unwrap();
    (request.url, serde_json::from_str(&request.body).unwrap())
}

#[test]
fn other_desks_hear_it_in_their_own_words() {
    let (_, body) = request("chatwoot", "handoff.queued");
    assert_eq!(
        (&body["event"], &body["status"], &body["priority"]),
        (&json!("conversation_status_changed"), &json!("open"), &json!("medium"))
    );
    assert_eq!(body["changed_attributes"][0]["status"], json!({"previous_value": "pending", "current_value": "open"}));
    assert_eq!(body["messages"][1], json!({"content": "Of course.", "message_type": "outgoing", "private": false}));
    let (_, body) = request("chatwoot", "handoff.updated");
    assert_eq!((&body["event"], &body["content"]), (&json!("message_created"), &json!("A human?")));
    let (_, body) = request("chatwoot", "handoff.resolved");
    assert_eq!((&body["status"], &body["meta"]["assignee"]["name"]), (&json!("resolved"), &json!("Ann")));

    let (url, body) = request("zendesk", "handoff.queued");
    assert_eq!(url, "https://desk.example/cnv%201%2F2/passControl");
    assert_eq!((&body["switchboardIntegration"], &body["metadata"]["reasons"]), (&json!("next"), &json!("user_request")));
    assert!(body["metadata"].as_object().unwrap().values().all(Value::is_string), "{body}");
    assert!(request("zendesk", "handoff.resolved").0.ends_with("/releaseControl"));

    let (_, body) = request("botpress", "handoff.queued");
    assert_eq!((&body["type"], &body["input"]["title"]), (&json!("startHitl"), &json!("A human?")));
    assert_eq!(body["input"]["messageHistory"][1]["source"]["type"], "bot");
    assert_eq!(request("botpress", "handoff.timed_out").1["input"]["reason"], "timeout");
}

#[test]
fn a_file_of_webhooks_that_cannot_work_is_refused_with_the_line() {
    for (text, words) in [
        ("[[webhook]]\nname = \"a\"\n", "line 1: missing field `url`"),
        ("[[webhook]]\nname = \"a\"\nurl = \"http://desk.example/\"\n", "line 1: `url` is `http://desk.example/`"),
        (
            "\n[[webhook]]\nname = \"a\"\nurl = \"https://a.example\"\nsecret_env = \"MISSING\"\n",
            "line 2: the environment has no variable `MISSING`",
        ),
        ("[[webhook]]\nname = \"a\"\nurl = \"https://a.example\"\nformat = \"slack\"\n", "line 4"),
        ("[[webhook]]\nname = \"a\"\nurl = \"https://a.example\"\nformat = \"zendesk\"\nevents = [\"handoff.accepted\"]\n", "no words for"),
        (
            "[[webhook]]\nname = \"a\"\nurl = \"https://a.example\"\n\n[[webhook]]\nname = \"a\"\nurl = \"https://b.example\"\n",
            "line 5: there are two",
        ),
    ] {
        let error = parse_endpoints(text, "webhooks.toml", &|_| None).unwrap_err();
        assert!(error.kind == ErrorKind::BadSetting && error.item.contains(words), "{text}: {}", error.item);
    }
}
