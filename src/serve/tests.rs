//! The router, driven without a port. Nothing here depends on what the desk answers, only on shapes and statuses.

mod drafts;
mod proof;

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::answer::{Answer, AnswerRequest, Decision, Event};
use crate::error::{ErrorKind, Result};

/// The one place that says which desk these tests use.
fn test_desk() -> Desk {
    crate::answer::testing::desk()
}

/// A server, and the folder its database is in.
struct House {
    state: AppState,
    _folder: TempDir,
}

/// What came back, whole.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that this is a whole problem document of this status and code, and returns its detail.
    fn problem(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!((&body["status"], &body["code"]), (&json!(status), &json!(code)), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"));
        assert!(body["type"].is_string() && body["title"].is_string(), "{body}");
        body["detail"].as_str().unwrap().to_owned()
    }

    /// The events of a stream: names and data.
    fn events(&self) -> Vec<(String, Value)> {
        assert_eq!(self.header("content-type"), "text/event-stream");
        let events = self.text.split("\n\n").filter(|event| event.starts_with("event: "));
        events
            .map(|event| {
                let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
                (name.to_owned(), serde_json::from_str(data).unwrap())
            })
            .collect()
    }
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("frontdesk.db")).await.unwrap();
        let (desk, corpus) = (test_desk(), folder.path().join("corpus"));
        crate::answer::testing::write_documents(&corpus);
        let library = Library::new(desk.clone(), store.clone(), tokio::runtime::Handle::current(), corpus, folder.path().join("index"));
        Self { state: AppState::new(desk, store, library), _folder: folder }
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        send(router(self.state.clone()), request).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(Request::post(path).header("content-type", "application/json").body(body.into()).unwrap()).await
    }

    async fn ask(&self, body: Value) -> Reply {
        self.post("/v1/answer", body.to_string()).await
    }
}

async fn send(router: Router, request: Request<Body>) -> Reply {
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Reply { status: parts.status, headers: parts.headers, text: String::from_utf8(body.to_vec()).unwrap() }
}

#[tokio::test]
async fn a_question_gets_a_whole_answer_which_is_kept() {
    let house = House::new().await;
    let reply = house.ask(json!({"question": "What happens if I pay late?"})).await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(reply.header("cache-control"), "no-store");
    let answer: Answer = serde_json::from_str(&reply.text).unwrap();
    assert_eq!(answer.escalate, answer.decision == Decision::Escalate);
    assert!(answer.conversation_id.starts_with("cnv_"));
    let turns = house.state.store.turns(&answer.conversation_id, 100).await.unwrap();
    assert_eq!(turns.len(), 1);
    assert_eq!(turns[0].answer.id, answer.id);
    assert_eq!(turns[0].question, "What happens if I pay late?");

    let next = house.ask(json!({"question": "And after that?", "conversation_id": answer.conversation_id})).await;
    assert_eq!(next.json()["conversation_id"], answer.conversation_id);
    assert_eq!(house.state.store.turns(&answer.conversation_id, 100).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_follow_up_is_understood_from_what_was_said_before() {
    let house = House::new().await;
    let cites = |reply: &Reply| reply.json()["citations"].as_array().unwrap().iter().any(|one| one["document_id"] == "late-payments");
    let alone = house.ask(json!({"question": "And what about that?"})).await;
    assert!(!cites(&alone), "{}", alone.text);

    let first = house.ask(json!({"question": "Is there a late payment fee?"})).await;
    let next = house.ask(json!({"question": "And what about that?", "conversation_id": first.json()["conversation_id"]})).await;
    assert!(cites(&next), "{}", next.text);
    let carried =
        house.ask(json!({"question": "And what about that?", "history": [{"role": "user", "text": "Is there a late payment fee?"}]})).await;
    assert!(cites(&carried), "{}", carried.text);

    let long = json!({"question": "And what about that?", "history": [{"role": "assistant", "text": "x".repeat(4_001)}]});
    assert!(house.ask(long).await.problem(400, "bad_request").contains("turn 0"));
}

#[tokio::test]
async fn a_conversation_that_never_began_is_not_continued() {
    let house = House::new().await;
    for id in ["cnv_unknown", "", "' OR 1=1 --"] {
        let detail = house.ask(json!({"question": "What now?", "conversation_id": id})).await.problem(404, "not_found");
        assert!(detail.contains("`conversation_id`"), "{detail}");
    }
}

#[tokio::test]
async fn whoever_asks_for_a_person_in_a_conversation_that_is_not_there_gets_one() {
    let house = House::new().await;
    let reply = house.ask(json!({"question": "I want to talk to a human", "conversation_id": "cnv_lost"})).await.json();
    assert_eq!(reply["handoff"]["state"], "queued", "{reply}");
    assert_ne!(reply["conversation_id"], "cnv_lost");
}

#[tokio::test]
async fn bad_bodies_are_refused_with_the_field_and_the_place() {
    let house = House::new().await;
    for (body, words) in [
        ("", "body is empty"),
        ("question=late", "not valid JSON"),
        ("{\"question\": \"late fees?\"", "line 1 column"),
        ("[\"late fees?\"]", "not an object"),
        ("{}", "missing field `question`"),
        ("{\"question\": \"late fees?\", \"colour\": 1}", "unknown field `colour`"),
        ("{\"question\": 7}", "question: invalid type"),
        ("{\"question\": \"late fees?\", \"max_words\": -1}", "max_words"),
        ("{\"question\": \"late fees?\", \"max_words\": 1}", "`max_words` is 1"),
        ("{\"question\": \"late fees?\", \"deadline_ms\": 1}", "`deadline_ms` is 1"),
        ("{\"question\": \"late fees?\", \"mode\": \"guess\"}", "mode: "),
        ("{\"question\": \" ?! \"}", "`question` holds no words"),
    ] {
        let detail = house.post("/v1/answer", body).await.problem(400, "bad_request");
        assert!(detail.contains(words), "{body:?} → {detail}");
    }
    let not_utf8 = b"{\"question\": \"\xff\xfe late\"}".to_vec();
    house.post("/v1/answer", not_utf8).await.problem(400, "bad_request");
    let long = json!({"question": "late ".repeat(1_000)});
    let detail = house.ask(long).await.problem(400, "bad_request");
    assert!(detail.contains("5000 characters"), "{detail}");
    let detail = house.post("/v1/search", "{\"question\": \"late\", \"top_k\": 0}").await.problem(400, "bad_request");
    assert!(detail.contains("`top_k` is 0"), "{detail}");
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_json_is_refused_unread() {
    let house = House::new().await;
    house.ask(json!({"question": "late ".repeat(20_000)})).await.problem(413, "payload_too_large");
    // As a stream, whose length is not announced.
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(" ".repeat(1_000))).take(1_000);
    house.post("/v1/search", Body::from_stream(endless)).await.problem(413, "payload_too_large");

    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let request = Request::post("/v1/answer").header("content-type", content_type).body("{}".into()).unwrap();
        house.send(request).await.problem(415, "unsupported_media_type");
    }
    house.send(Request::post("/v1/answer").body("{}".into()).unwrap()).await.problem(415, "unsupported_media_type");
    let request = Request::post("/v1/answer").header("content-type", "Application/JSON; charset=utf-8").body("{}".into()).unwrap();
    house.send(request).await.problem(400, "bad_request");
}

#[tokio::test]
async fn wrong_methods_and_unknown_paths_are_problems_too() {
    let house = House::new().await;
    let reply = house.get("/v1/answer").await;
    reply.problem(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), "POST");
    let reply = house.post("/v1/handoffs", "{}").await;
    reply.problem(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), "GET,HEAD");
    for path in ["/v1/answers", "/v1", "/v1/answer/", "/v1/documents/a/b", "/v1/documents/", "/pages/app.js", "/../Cargo.toml"] {
        house.get(path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_request_id_is_honoured_if_sane_and_always_there() {
    let house = House::new().await;
    let with_id = |id: &str| Request::get("/livez").header("x-request-id", id).body(Body::empty()).unwrap();
    assert_eq!(house.send(with_id("order-17")).await.header("x-request-id"), "order-17");
    assert!(house.send(with_id("not sane")).await.header("x-request-id").starts_with("req_"));
    let (one, other) = (house.get("/livez").await, house.get("/livez").await);
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test]
async fn a_page_on_another_host_name_reaches_nothing() {
    let house = House::new().await;
    let called = |host: &str| Request::get("/v1/handoffs").header("host", host).body(Body::empty()).unwrap();
    house.send(called("evil.example")).await.problem(421, "misdirected_request");
    assert_eq!(house.send(called("localhost:8080")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_decides_before_it_speaks_and_ends_with_the_whole_answer() {
    let house = House::new().await;
    let asked = json!({"question": "What happens if I pay late?"}).to_string();
    let accepting = Request::post("/v1/answer")
        .header("content-type", "application/json")
        .header("accept", "application/json;q=0.1, text/event-stream")
        .body(asked.into())
        .unwrap();
    let streaming = house.ask(json!({"question": "What happens if I pay late?", "stream": true})).await;
    for reply in [streaming, house.send(accepting).await] {
        assert_eq!((reply.status, reply.header("x-accel-buffering"), reply.header("cache-control")), (StatusCode::OK, "no", "no-cache"));
        let events = reply.events();
        let place = |name: &str| events.iter().position(|(event, _)| event == name);
        assert_eq!(place("answer.started"), Some(0));
        assert_eq!(place("answer.completed"), Some(events.len() - 1), "{events:?}");
        let decided = place("escalation.decided").unwrap();
        assert!(place("answer.delta").is_none_or(|delta| decided < delta));
        let answer: Answer = serde_json::from_value(events.last().unwrap().1.clone()).unwrap();
        assert_eq!(events[decided].1["decision"], json!(answer.decision));
        assert_eq!(events[0].1["id"], answer.id);
        let text: String =
            events.iter().filter(|(name, _)| name == "answer.delta").map(|(_, data)| data["text"].as_str().unwrap()).collect();
        assert_eq!(text, answer.answer);
        assert_eq!(house.state.store.turns(&answer.conversation_id, 100).await.unwrap()[0].answer, answer);
    }
}

#[tokio::test]
async fn a_bad_question_is_a_problem_and_not_a_stream() {
    let house = House::new().await;
    house.ask(json!({"question": "", "stream": true})).await.problem(400, "bad_request");
}

/// A stream made of `events`, as the client gets it.
async fn stream_of(house: &House, events: impl stream::Stream<Item = Result<Event>> + Send + 'static) -> Reply {
    let id = envelope::RequestId("req_test".into());
    let request = AnswerRequest::new("late?");
    let response = super::stream::event_stream(house.state.clone(), request, id, events);
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Reply { status: parts.status, headers: parts.headers, text }
}

#[tokio::test]
async fn a_stream_that_fails_or_breaks_off_ends_with_an_error_event() {
    let house = House::new().await;
    let delta = || Ok(Event::Delta { text: "a\n\ndata: b\r\nevent: answer.completed".into() });
    let failing = stream::iter([delta(), Err(ErrorKind::Inference.on("models/secret.gguf")), delta()]);
    let events = stream_of(&house, failing).await.events();
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[0].1["text"], "a\n\ndata: b\r\nevent: answer.completed");
    assert_eq!(
        (events[1].0.as_str(), &events[1].1["code"], &events[1].1["request_id"]),
        ("error", &json!("inference"), &json!("req_test"))
    );
    assert!(!events[1].1.to_string().contains("secret"));

    let events = stream_of(&house, stream::iter([delta()])).await.events();
    assert_eq!(events.last().unwrap().0, "error");
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_work() {
    let house = House::new().await;
    let guard = Guard(Arc::new(AtomicBool::new(false)));
    let gone = guard.0.clone();
    let events = stream::unfold(guard, async |guard| {
        std::future::pending::<()>().await;
        Some((Ok(Event::Delta { text: String::new() }), guard))
    });
    let id = envelope::RequestId("req_test".into());
    let response = super::stream::event_stream(house.state.clone(), AnswerRequest::new("late?"), id, events);
    let mut body = response.into_body().into_data_stream();
    let waited = tokio::time::timeout(Duration::from_millis(20), body.next()).await;
    assert!(waited.is_err() && !gone.load(Ordering::SeqCst));
    drop(body);
    assert!(gone.load(Ordering::SeqCst));
}

#[tokio::test]
async fn nobody_hears_of_a_handoff_before_it_is_kept() {
    let house = House::new().await;
    let begun = [
        Ok(Event::Started { id: "ans_1".into(), conversation_id: "cnv_1".into() }),
        Ok(Event::Decided { decision: Decision::Escalate, reasons: vec![], confidence: 0.0 }),
    ];
    let events = stream::iter(begun).chain(stream::pending());
    let id = envelope::RequestId("req_test".into());
    let response = super::stream::event_stream(house.state.clone(), AnswerRequest::new("a person!"), id, events);
    let mut body = response.into_body().into_data_stream();
    let first = body.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: answer.started"));
    assert!(tokio::time::timeout(Duration::from_millis(20), body.next()).await.is_err());
}

/// Notes when it is dropped, as a ticket would.
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_stream_under_way_ends_with_an_error_when_the_server_stops() {
    let house = House::new().await;
    house.state.stop();
    let began = Instant::now();
    let events = stream_of(&house, stream::pending()).await.events();
    assert_eq!((events.len(), &events[0].1["code"]), (1, &json!("cancelled")));
    assert!(began.elapsed() < Duration::from_secs(8));
    house.get("/readyz").await.problem(503, "stopping");
    assert_eq!(house.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_answer_that_could_not_be_kept_still_reaches_the_customer() {
    let house = House::new().await;
    house.state.store.close().await;
    let reply = house.ask(json!({"question": "I want to talk to a person"})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let answer = reply.json();
    assert!(answer["degraded"].as_str().unwrap().contains("not recorded"), "{answer}");
    assert_eq!((&answer["decision"], &answer["handoff"]["state"]), (&json!("escalate"), &json!("failed")));
    assert!(answer["answer"].as_str().unwrap().contains("could not pass this on"), "nobody is in the queue: {answer}");
    let events = house.ask(json!({"question": "I want to talk to a person", "stream": true})).await.events();
    let words: String = events.iter().filter(|(name, _)| name == "answer.delta").map(|(_, data)| data["text"].as_str().unwrap()).collect();
    assert_eq!(json!(words), answer["answer"]);
    let detail = house.get("/v1/handoffs").await.problem(500, "store");
    assert!(!detail.contains("frontdesk.db"), "{detail}");
    house.get("/readyz").await.problem(503, "store");
}

#[tokio::test]
async fn search_returns_passages() {
    let house = House::new().await;
    let reply = house.post("/v1/search", "{\"question\": \"late payment fee\", \"top_k\": 2}").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let found: crate::answer::SearchReply = serde_json::from_str(&reply.text).unwrap();
    assert!((1..=2).contains(&found.passages.len()));
}

#[tokio::test]
async fn a_document_is_shown_in_the_version_asked_for() {
    let house = House::new().await;
    let list = house.get("/v1/documents").await.json();
    let late: Vec<_> = list["documents"].as_array().unwrap().iter().filter(|one| one["document_id"] == "late-payments").collect();
    assert_eq!(late.iter().map(|one| one["version"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(late.iter().all(|one| one["source"].is_null()) && list["index_version"].is_u64());

    let reply = house.get("/v1/documents/late-payments?version=2").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let view = reply.json();
    assert_eq!((&view["document_id"], &view["version"]), (&json!("late-payments"), &json!(2)));
    assert!(view["source"].as_str().is_some_and(|source| !source.is_empty()));
    assert_eq!(house.get("/v1/documents/late%2Dpayments?version=2").await.json(), view);

    for path in ["/v1/documents/late-payments?version=99", "/v1/documents/no-such", "/v1/documents/..%2f..%2fetc%2fpasswd"] {
        house.get(path).await.problem(404, "not_found");
    }
    for path in ["/v1/documents/late-payments?version=two", "/v1/documents/late-payments?verson=2", "/v1/documents/%ff"] {
        house.get(path).await.problem(400, "bad_request");
    }
}

#[tokio::test]
async fn handoffs_are_listed_newest_first_and_found_by_id() {
    let house = House::new().await;
    assert_eq!(house.get("/v1/handoffs").await.json(), json!({"handoffs": [], "next": null}));
    let mut ids = Vec::new();
    for _ in 0..3 {
        let answer = house.ask(json!({"question": "Let me talk to a human agent, a real person, please"})).await.json();
        ids.push(answer["handoff"]["id"].as_str().expect("asking for a person must end with one").to_owned());
    }
    ids.reverse();
    let listed = |reply: Value| -> Vec<String> {
        reply["handoffs"].as_array().unwrap().iter().map(|handoff| handoff["id"].as_str().unwrap().to_owned()).collect()
    };
    let page = house.get("/v1/handoffs?limit=2").await.json();
    assert_eq!((page["next"].as_str(), listed(page.clone())), (Some(ids[1].as_str()), ids[..2].to_vec()));
    let rest = house.get(&format!("/v1/handoffs?limit=2&before={}", ids[1])).await.json();
    assert_eq!((&rest["next"], listed(rest.clone())), (&Value::Null, ids[2..].to_vec()));
    assert_eq!(house.get(&format!("/v1/handoffs/{}", ids[0])).await.json()["id"], ids[0]);

    house.get("/v1/handoffs/hnd_unknown").await.problem(404, "not_found");
    house.get("/v1/handoffs?before=hnd_unknown").await.problem(404, "not_found");
    for query in ["limit=0", "limit=201", "limit=-1", "limit=all", "page=2"] {
        house.get(&format!("/v1/handoffs?{query}")).await.problem(400, "bad_request");
    }
}

#[tokio::test]
async fn health_and_info_say_how_the_server_is() {
    let house = House::new().await;
    assert_eq!(house.get("/livez").await.json(), json!({"status": "alive"}));
    assert_eq!(house.get("/readyz").await.json(), json!({"status": "ready"}));
    let info = house.get("/info").await.json();
    for field in ["name", "version", "models", "index", "limits", "device"] {
        assert!(!info[field].is_null(), "{field} in {info}");
    }
}

#[tokio::test]
async fn the_pages_come_with_a_strict_policy_and_are_not_sent_twice() {
    let house = House::new().await;
    for (path, content_type) in [("/", "text/html"), ("/app.css", "text/css"), ("/app.js", "text/javascript"), ("/icon.svg", "image/svg")] {
        let reply = house.get(path).await;
        assert!(reply.status.is_success() && !reply.text.is_empty());
        assert!(reply.header("content-type").starts_with(content_type), "{path}");
        assert!(reply.header("content-security-policy").contains("default-src 'self'"));
        assert!(!reply.header("content-security-policy").contains("unsafe"));
        assert_eq!((reply.header("x-content-type-options"), reply.header("referrer-policy")), ("nosniff", "no-referrer"));
        assert_eq!(reply.header("cache-control"), "no-cache");
        let again = Request::get(path).header("if-none-match", reply.header("etag")).body(Body::empty()).unwrap();
        let again = house.send(again).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
    let index = house.get("/").await.text;
    assert!(!index.contains("<style") && !index.contains("style=") && !index.contains("onclick"), "the policy forbids inline code");
}

#[tokio::test]
async fn a_panic_and_a_full_queue_become_problems() {
    async fn panics() -> &'static str {
        panic!("secret of the house")
    }
    async fn full() -> std::result::Result<(), problem::Problem> {
        Err(ErrorKind::Overloaded.on("the queue of model secret-7b").into())
    }
    let house = House::new().await;
    let routes = wrap(Router::new().route("/panics", get(panics)).route("/full", get(full)), house.state.clone());
    let reply = send(routes.clone(), Request::get("/panics").body(Body::empty()).unwrap()).await;
    reply.problem(500, "server");
    assert!(!reply.text.contains("secret"));

    let reply = send(routes, Request::get("/full").body(Body::empty()).unwrap()).await;
    reply.problem(429, "overloaded");
    assert_eq!((reply.header("retry-after"), &reply.json()["retry_after_ms"]), ("1", &json!(1000)));
    assert!(!reply.text.contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_answers_over_a_socket_and_stops_when_told() {
    let house = House::new().await;
    let listener = tokio::net::TcpListener::bind(bind_address("127.0.0.1:0").unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, house.state.clone(), async move {
        let _ = stopped.await;
    }));
    // The connection stays open, as a browser's would, and must not hold the server up.
    let talk = move || {
        let mut connection = std::net::TcpStream::connect(address).unwrap();
        let body = "{\"question\": \"What happens if I pay late?\", \"stream\": true}";
        let head = format!("host: {address}\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
        write!(connection, "POST /v1/answer HTTP/1.1\r\n{head}\r\n\r\n{body}").unwrap();
        let (mut text, mut buffer) = (String::new(), [0; 4096]);
        while !text.ends_with("0\r\n\r\n") {
            let read = connection.read(&mut buffer).unwrap();
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        (connection, text)
    };
    let (connection, text) = tokio::task::spawn_blocking(talk).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("event: answer.completed"), "{text}");

    let began = Instant::now();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    drop(connection);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_policy_is_answered_at_once_and_a_deleted_one_never_again() {
    let house = House::new().await;
    let put = |id: &str, kind: &str, text: &str| {
        let path = format!("/v1/documents/{id}");
        house.send(Request::put(path).header("content-type", kind).body(Body::from(text.to_owned())).unwrap())
    };
    let find = async |wish: Value| house.post("/v1/search", wish.to_string()).await.json()["passages"][0]["text"].to_string();
    let ask = || find(json!({"question": "How long is the warranty on headphones?"}));
    let delete = |path: &'static str| house.send(Request::delete(path).body(Body::empty()).unwrap());

    let first = put("warranty", "text/markdown; charset=utf-8", "# Warranty\n\nThe warranty on headphones is 18 months.\n").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    assert_eq!((&first.json()["version"], &first.json()["valid_from"]), (&json!(1), &Value::Null));
    assert!(ask().await.contains("18 months"));
    house.ask(json!({"question": "How long is the warranty on headphones?"})).await; // what the preview will ask again
    let again = put("warranty", "text/markdown", "# Warranty\n\nThe warranty on headphones is 18 months.\n").await;
    assert_eq!((again.status, &again.json()["created"]), (StatusCode::OK, &json!(false)));

    let sent = Body::from("# Warranty\n\nThe warranty on headphones is 30 months.\n");
    let tried = Request::post("/v1/documents/warranty/preview").header("content-type", "text/markdown").body(sent).unwrap();
    let tried = house.send(tried).await.json();
    let change = &tried["changes"].as_array().unwrap()[0];
    assert_eq!(change["question"], "How long is the warranty on headphones?");
    assert!(change["before"]["answer"] != change["after"]["answer"] && change["before"]["answer"].to_string().contains("18"), "{change}");
    assert!(ask().await.contains("18 months"), "a preview changes nothing");
    let second = put("warranty", "text/markdown", "# Warranty\n\nThe warranty on headphones is 30 months.\n").await;
    assert_eq!((second.status, &second.json()["version"]), (StatusCode::CREATED, &json!(2)));
    assert!(ask().await.contains("30 months"));
    let versions = house.get("/v1/documents/warranty/versions").await.json();
    let numbers: Vec<_> = versions["documents"].as_array().unwrap().iter().map(|version| version["version"].clone()).collect();
    assert_eq!(numbers, [1, 2], "the older version is kept for the days before");
    let before = json!({"question": "How long is the warranty on headphones?", "as_of": "2020-02-02"});
    assert!(find(before).await.contains("18 months"));

    assert_eq!(delete("/v1/documents/warranty").await.json()["deleted"], 2);
    assert!(!ask().await.contains("months"));
    delete("/v1/documents/warranty").await.problem(404, "not_found");
    house.get("/v1/documents/warranty/versions").await.problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_policies_dispute_or_say_twice_is_listed_until_it_is_mended() {
    let house = House::new().await;
    let put = async |id: &str, text: &str| {
        let wish = Request::put(format!("/v1/documents/{id}")).header("content-type", "text/markdown");
        assert_eq!(house.send(wish.body(Body::from(text.to_owned())).unwrap()).await.status, StatusCode::CREATED);
        house.get("/v1/documents/conflicts").await.json()
    };
    let copied = "Headphones that were opened are cleaned before they are sold again at a lower price.";
    put(
        "warranty",
        &format!("# Warranty\n\nThe warranty on wireless headphones lasts 18 months after delivery.\n\n## Opened goods\n\n{copied}\n"),
    )
    .await;
    let listed = put(
        "headphones",
        &format!("# Headphones\n\nThe warranty on wireless headphones lasts 30 months after delivery.\n\n## Opened\n\n{copied}\n"),
    )
    .await;
    let [conflict] = listed["conflicts"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert!(conflict.to_string().contains("18 months") && conflict.to_string().contains("30 months"), "{conflict}");
    let [copy] = listed["duplicates"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert!(copy.to_string().contains("warranty") && copy.to_string().contains("headphones"), "{copy}");
    let mended = put("headphones", "# Headphones\n\nWireless headphones come with a warranty of 18 months after delivery.\n").await;
    assert_eq!(mended, json!({ "conflicts": [], "duplicates": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_cannot_be_used_changes_nothing_and_says_why() {
    let house = House::new().await;
    let index = house.state.desk.info().index;
    let put = |id: &str, kind: &str, bytes: &[u8]| {
        let path = format!("/v1/documents/{id}");
        house.send(Request::put(path).header("content-type", kind).body(Body::from(bytes.to_vec())).unwrap())
    };
    let good = b"# A\n\nA rule holds.\n";
    assert!(put("a", "image/png", good).await.problem(415, "unsupported_media_type").contains("text/markdown"));
    assert!(put("a", "text/markdown", b"").await.problem(400, "bad_request").contains("empty"));
    assert!(put("a", "text/markdown", b"\xff\xfeab").await.problem(422, "bad_document").contains("UTF-16"));
    assert!(put("a", "text/markdown", b"---\nvalid_from: soon\n---\nText.\n").await.problem(422, "bad_document").contains("line 2"));
    assert!(put("a", "text/markdown", b"---\nid: b\n---\nText.\n").await.problem(422, "bad_document").contains("id: b"));
    assert!(put("..", "text/markdown", good).await.status.is_client_error());
    assert!(put("a%2Fb", "text/markdown", good).await.problem(400, "bad_request").contains("letters, digits"));
    assert!(put("a", "text/markdown", &vec![b'a'; 10_000_001]).await.problem(413, "payload_too_large").contains("10 MB"));
    let taken = put("late-payments", "text/markdown", b"---\nversion: 2\n---\nAnother text.\n").await.problem(409, "conflict");
    assert!(taken.contains("version 2"), "{taken}");
    let in_folder = house.send(Request::delete("/v1/documents/late-payments").body(Body::empty()).unwrap()).await;
    assert!(in_folder.problem(409, "conflict").contains("late-payments.v1.md"));
    assert_eq!(house.state.desk.info().index, index);
    assert!(house.state.store.uploads().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_explained_search_gives_numbers_that_add_up() {
    let house = House::new().await;
    let question = json!({"question": "how much is the late fee if i pay laet?", "explain": true, "filters": {"tags": ["fees"]}});
    let found = house.post("/v1/search", question.to_string()).await.json();
    assert_eq!((&found["reading"]["language"], &found["reading"]["tags"]), (&json!("en"), &json!(["fees"])));
    let number = |value: &Value| value.as_f64().unwrap();
    let passages = found["passages"].as_array().unwrap();
    assert!(!passages.is_empty());
    for passage in passages {
        let why = &passage["why"];
        let words: f64 = why["words"].as_array().unwrap().iter().map(|share| number(&share["bm25"])).sum();
        let lexical = passage["lexical"].as_f64().unwrap_or(0.0);
        assert!((words + number(&why["other_names"]) - lexical).abs() < 1e-3, "{passage}");
        let share = number(&why["lexical_share"]);
        let blend = share * number(&why["lexical_part"]) + (1.0 - share) * number(&why["cosine_part"]);
        assert!((number(&why["language_factor"]) * blend - number(&passage["score"])).abs() < 1e-3, "{passage}");
    }
    let plain = house.post("/v1/search", json!({"question": "late fee"}).to_string()).await.json();
    assert!(plain.get("reading").is_none() && plain["passages"][0].get("why").is_none(), "only where it is asked for");
}

#[tokio::test]
async fn a_hand_off_goes_its_way_and_no_other() {
    let house = House::new().await;
    let asked = house.ask(json!({"question": "I want to talk to a human"})).await.json();
    let id = asked["handoff"]["id"].as_str().unwrap().to_owned();
    let act = async |verb: &str, body: Value| house.post(&format!("/v1/handoffs/{id}/{verb}"), body.to_string()).await;
    let queued = async || house.get("/v1/handoffs?state=queued").await.json()["handoffs"].as_array().unwrap().len();

    assert_eq!(queued().await, 1);
    assert!(act("resolve", json!({"agent": "Ana"})).await.problem(409, "conflict").contains("queued"), "nobody has taken it yet");
    assert!(act("accept", json!({"agent": " "})).await.problem(400, "bad_request").contains("agent"));
    let accepted = act("accept", json!({"agent": "Ana", "revision": 1})).await.json();
    assert_eq!((&accepted["state"], &accepted["agent"], &accepted["revision"]), (&json!("accepted"), &json!("Ana"), &json!(2)));
    assert!(accepted["updated_at"].is_string());
    assert_eq!(queued().await, 0);
    assert!(act("accept", json!({"agent": "Ben"})).await.problem(409, "conflict").contains("Ana"), "Ben learns who has it");
    assert!(act("resolve", json!({"agent": "Ana", "revision": 1})).await.problem(409, "conflict").contains("revision 2"));
    let resolved = act("resolve", json!({"agent": "Ana", "revision": 2, "note": "Refunded the fee."})).await.json();
    assert_eq!((&resolved["state"], &resolved["note"]), (&json!("resolved"), &json!("Refunded the fee.")));
    act("return", json!({"agent": "Ana"})).await.problem(409, "conflict");
    house.post("/v1/handoffs/hnd_none/accept", json!({"agent": "Ana"}).to_string()).await.problem(404, "not_found");
    house.get("/v1/handoffs?state=lost").await.problem(400, "bad_request");
}

#[tokio::test]
async fn feedback_is_kept_for_answers_that_were_given() {
    let house = House::new().await;
    let id = house.ask(json!({"question": "What happens if I pay late?"})).await.json()["id"].clone();
    let good = house.post("/v1/feedback", json!({"answer_id": id, "rating": "down", "comment": "I asked about Spain."}).to_string()).await;
    assert_eq!(good.status, StatusCode::NO_CONTENT);
    house.post("/v1/feedback", json!({"answer_id": "ans_none", "rating": "up"}).to_string()).await.problem(404, "not_found");
    let bad = house.post("/v1/feedback", json!({"answer_id": id, "rating": "meh"}).to_string()).await;
    assert!(bad.problem(400, "bad_request").contains("`up`"));
}

#[tokio::test]
async fn one_conversation_waits_once_and_the_machine_keeps_out_while_a_person_talks() {
    let house = House::new().await;
    let first = house.ask(json!({"question": "I want to talk to a human about order KS-883412"})).await.json();
    let (conversation, id) = (first["conversation_id"].clone(), first["handoff"]["id"].clone());
    let say = async |question: &str| house.ask(json!({"question": question, "conversation_id": conversation})).await.json();

    let again = say("I'm having a breakdown over this debt of $45.50").await;
    assert_eq!(again["handoff"]["id"], id, "no second place in the queue");
    let waiting = house.get("/v1/handoffs").await.json();
    assert_eq!(waiting["handoffs"].as_array().unwrap().len(), 1);
    let facts = waiting["handoffs"][0]["facts"].as_array().unwrap();
    assert_eq!((&facts[0]["text"], &facts[0]["turn"]), (&json!("KS-883412"), &json!(0)));
    assert_eq!((&facts[1]["text"], &facts[1]["turn"]), (&json!("$45.50"), &json!(1)));
    assert_eq!(waiting["handoffs"][0]["priority"], "urgent");
    assert_ne!(say("What happens if I pay late?").await["decision"], "escalate", "while it waits, the machine still helps");

    let act = async |verb: &str| {
        let path = format!("/v1/handoffs/{}/{verb}", id.as_str().unwrap());
        house.post(&path, json!({"agent": "Ana"}).to_string()).await
    };
    assert_eq!(act("accept").await.status, StatusCode::OK);
    let during = say("What happens if I pay late?").await;
    assert_eq!((&during["decision"], &during["handoff"]["id"], &during["handoff"]["state"]), (&json!("escalate"), &id, &json!("accepted")));
    assert!(during["answer"].as_str().unwrap().contains("colleague") && during["citations"].as_array().unwrap().is_empty());
    assert_eq!(act("return").await.status, StatusCode::OK);
    assert_ne!(say("When is the account paused?").await["decision"], "escalate");
}

#[tokio::test]
async fn the_same_question_three_times_ends_with_a_person() {
    let house = House::new().await;
    let first = house.ask(json!({"question": "How much is the late payment fee?"})).await.json();
    assert!(!first["reasons"].as_array().unwrap().contains(&json!("loop")), "{first}");
    let again = async |question: &str| house.ask(json!({"question": question, "conversation_id": first["conversation_id"]})).await.json();
    let second = again("How much is the late fee for a payment?").await;
    assert_eq!((&second["decision"], &second["reasons"][0]), (&json!("offer"), &json!("loop")), "{second}");
    let third = again("so how much is the late payment fee").await;
    assert_eq!((&third["decision"], &third["reasons"][0]), (&json!("escalate"), &json!("loop")), "{third}");
    assert!(third["handoff"]["suggested_reply"].as_str().unwrap().ends_with("(Late payments, version 2)"), "{third}");
    assert!(third["handoff"]["tried"][1].as_str().unwrap().contains("“Late payments”, version 2"), "{third}");
    let heard = third["handoff"]["signals"].as_array().unwrap();
    assert!(heard.iter().any(|signal| signal["kind"] == "repeats" && signal["score"] == 1.0), "{heard:?}");
}

#[tokio::test]
async fn a_yes_right_after_an_offer_calls_the_person_who_was_offered() {
    let house = House::new().await;
    let en = "How much is the late payment fee?";
    for (question, yes) in [(en, "yes please"), ("退款审核通过后多久到账？", "好的，转吧"), (en, "I want to talk to a person")]
    {
        let first = house.ask(json!({"question": question})).await.json();
        let say = async |text: &str| house.ask(json!({"question": text, "conversation_id": first["conversation_id"]})).await.json();
        let offer = say(question).await;
        assert_eq!((&offer["decision"], &offer["handoff"]["state"]), (&json!("offer"), &json!("offered")), "{offer}");
        assert!(offer["handoff"]["suggested_reply"].is_string(), "{offer}");
        let id = offer["handoff"]["id"].as_str().unwrap();
        house.get(&format!("/v1/handoffs/{id}")).await.problem(404, "not_found");

        let wanted = say(yes).await;
        assert_eq!((&wanted["decision"], &wanted["reasons"][0]), (&json!("escalate"), &json!("user_request")), "{wanted}");
        let kept = house.get(&format!("/v1/handoffs/{id}")).await.json();
        assert_eq!((&kept["state"], &kept["question"]), (&json!("queued"), &json!(question)), "{kept}");
        assert!(kept["reasons"].as_array().unwrap().contains(&json!("loop")), "{kept}");
    }
    assert_eq!(house.get("/v1/handoffs").await.json()["handoffs"].as_array().unwrap().len(), 3);

    let plain = house.ask(json!({"question": "hello"})).await.json();
    assert_eq!(plain["decision"], "answer", "{plain}");
    let yes = house.ask(json!({"question": "yes please", "conversation_id": plain["conversation_id"]})).await.json();
    assert!(!yes["reasons"].as_array().unwrap().contains(&json!("user_request")), "a yes to nothing: {yes}");
}

#[tokio::test]
async fn outside_hours_the_customer_hears_when_and_can_leave_an_address() {
    let house = House::new().await;
    let rules =
        format!("{}\n[hours]\ntimezone = \"UTC\"\nmon = [\"09:00-09:01\"]\nclosed = [\"{}\"]\n", crate::answer::handover::DEFAULT, today());
    house.state.desk.replace_rules(crate::answer::Handover::parse(&rules, "own.toml").unwrap());
    let first = house.ask(json!({"question": "I want to talk to a human"})).await.json();
    let said = first["answer"].as_str().unwrap();
    assert!(said.contains("back on Monday") && said.contains("Leave an e-mail address"), "{said}");
    assert_eq!((&first["handoff"]["wait"]["open"], &first["handoff"]["contact"]), (&json!(false), &Value::Null));
    let again = |question: &str| house.ask(json!({"question": question, "conversation_id": first["conversation_id"]}));
    let second = again("ana@example.com").await.json();
    assert!(second["answer"].as_str().unwrap().contains("noted"), "{second}");
    let kept = house.get("/v1/handoffs").await.json();
    assert_eq!((&kept["handoffs"][0]["contact"], &kept["handoffs"][0]["id"]), (&json!("ana@example.com"), &first["handoff"]["id"]));
    let zh = house.ask(json!({"question": "转人工"})).await.json();
    assert!(zh["answer"].as_str().unwrap().contains("现在没有同事在线"), "{zh}");
}

fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[tokio::test]
async fn whoever_waited_in_vain_goes_back_into_the_queue_ahead_of_others() {
    let house = House::new().await;
    let first = house.ask(json!({"question": "I want to talk to a human"})).await.json();
    let ended = house.state.store.time_out_handoffs(jiff::Timestamp::now()).await.unwrap();
    assert_eq!((ended.len(), ended[0].state.name()), (1, "timed_out"));
    let next =
        house.ask(json!({"question": "How much is the late payment fee?", "conversation_id": first["conversation_id"]})).await.json();
    assert_eq!((&next["decision"], &next["handoff"]["priority"]), (&json!("escalate"), &json!("high")), "{next}");
    assert_ne!(next["handoff"]["id"], first["handoff"]["id"]);
    assert!(next["answer"].as_str().unwrap().contains("$7"), "{next}");
}

#[tokio::test]
async fn nobody_is_cheerful_at_a_bereavement() {
    let text = "# Deaths\n\nIf your husband or wife has died, you can close the account with the death certificate.\n";
    let desk = crate::answer::testing::desk_of(&[("deaths.md", text)]);
    let (answer, _) = desk.answer_here(&AnswerRequest::new("My husband has died, can I close the account?")).unwrap();
    assert!(answer.reasons.contains(&crate::answer::Reason::Distress), "{answer:?}");
    assert!(
        answer.answer.starts_with("I am very sorry for your loss. ") && answer.answer.contains("death certificate"),
        "{}",
        answer.answer
    );
    let span = answer.citations[0].answer_span;
    let cited: String = answer.answer.chars().skip(span.start).take(span.end - span.start).collect();
    assert!(cited.starts_with("If your husband") && cited.ends_with("certificate."), "{cited}");
    let (answer, _) = desk.answer_here(&AnswerRequest::new("my wife passed away, thank you")).unwrap();
    assert!(answer.answer.starts_with("I am very sorry for your loss. "), "{}", answer.answer);
}

#[tokio::test]
async fn only_an_expired_policy_is_said_to_be_one() {
    let text =
        "---\nid: sale\ntitle: Winter sale\nvalid_to: 2025-01-31\n---\n# Winter sale\n\nThe winter sale discount on boots is 40 percent.\n";
    let desk =
        crate::answer::testing::desk_of(&[("sale.md", text), ("other.md", "# Parcels\n\nParcels go out on weekdays before noon.\n")]);
    let (answer, _) = desk.answer_here(&AnswerRequest::new("How much is the winter sale discount on boots?")).unwrap();
    assert_eq!(answer.reasons.first(), Some(&crate::answer::Reason::StalePolicy), "{answer:?}");
    assert!(answer.answer.contains("expired") && answer.citations.is_empty(), "{}", answer.answer);
}

#[tokio::test]
async fn what_is_kept_of_a_customer_can_be_read_and_deleted() {
    let house = House::new().await;
    let asked = house.ask(json!({"question": "How much is the late payment fee?", "customer_id": "c/17"})).await.json();
    house.ask(json!({"question": "转人工", "customer_id": "c/17"})).await;
    house.ask(json!({"question": "转人工", "customer_id": "c-18"})).await;
    let rating = json!({"answer_id": asked["id"], "rating": "down", "comment": "too dear"}).to_string();
    assert_eq!(house.post("/v1/feedback", rating).await.status, StatusCode::NO_CONTENT);
    let kept = house.get("/v1/customers/c%2F17").await.json();
    assert_eq!(kept["conversations"].as_array().unwrap().len(), 2);
    assert_eq!(kept["conversations"][0]["feedback"][0]["comment"], "too dear");
    let gone = house.send(Request::delete("/v1/customers/c%2F17").body(Body::empty()).unwrap()).await.json();
    assert_eq!(
        (&gone["conversations"], &gone["turns"], &gone["handoffs"], &gone["feedback"]),
        (&json!(2), &json!(2), &json!(1), &json!(1))
    );
    house.get("/v1/customers/c%2F17").await.problem(404, "not_found");
    house.get(&format!("/v1/conversations/{}", asked["conversation_id"].as_str().unwrap())).await.problem(404, "not_found");
    assert_eq!(house.get("/v1/handoffs").await.json()["handoffs"].as_array().unwrap().len(), 1, "the other customer's stays");
    house.send(Request::delete("/v1/conversations/cnv_unknown").body(Body::empty()).unwrap()).await.problem(404, "not_found");
    let long = json!({"question": "late fee?", "customer_id": "x".repeat(201)});
    assert!(house.ask(long).await.problem(400, "bad_request").contains("`customer_id`"));
}

#[tokio::test]
async fn insights_count_by_reason_and_week_and_put_unanswered_questions_together() {
    let house = House::new().await;
    for question in [
        "How much is the late payment fee?",
        "Which planet has the most rings and moons?",
        "which planet has most moons and rings",
        "What is the airspeed of an unladen swallow?",
        "let me talk to a human, a.b@example.com",
    ] {
        house.ask(json!({"question": question, "customer_id": "c-1"})).await;
    }
    let report = house.get("/v1/insights?agent_minutes=5").await.json();
    let total = &report["total"];
    assert_eq!(
        (&total["conversations"], &total["escalations"]["user_request"], &total["escalations"]["no_evidence"]),
        (&json!(5), &json!(1), &json!(3))
    );
    assert_eq!((total["containment_rate"].as_f64(), total["repeat_contact_rate"].as_f64()), (Some(0.2), Some(0.8)));
    let groups = report["unanswered"].as_array().unwrap();
    assert_eq!((groups.len(), &groups[0]["questions"], &groups[0]["agent_minutes"]), (2, &json!(2), &json!(10.0)), "{report}");
    assert_eq!(report["weeks"].as_array().unwrap().len(), 1);
    let table = house.get("/v1/insights?format=csv").await;
    assert!(table.header("content-type").starts_with("text/csv"));
    assert_eq!(table.text.lines().count(), 3, "{}", table.text);
    assert!(table.text.starts_with("week,conversations,questions,containment_rate"), "{}", table.text);
    house.get("/v1/insights?from=2026-02-01&to=2026-01-01").await.problem(400, "bad_request");
    house.get("/v1/insights?agent_minutes=-1").await.problem(400, "bad_request");
}

#[tokio::test]
async fn events_that_nobody_took_are_listed_and_an_unknown_one_cannot_be_replayed() {
    let house = House::new().await;
    assert_eq!(house.get("/v1/webhooks/events").await.json(), json!({"events": []}));
    house.post("/v1/webhooks/events/evt_unknown/replay", "").await.problem(404, "not_found");
    assert_eq!(house.post("/v1/webhooks/replay", "").await.json(), json!({"replayed": 0}));
    house.get("/v1/webhooks/events?state=lost").await.problem(400, "bad_request");
}
