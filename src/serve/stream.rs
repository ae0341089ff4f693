//! How does an answer travel while it is still being made?
//!
//! As server-sent events. Text from customers, policies and models travels only inside JSON. The last event is always
//! `answer.completed` or `error`, so a client that saw neither knows that the connection broke.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;

use super::AppState;
use super::answer::keep;
use super::envelope::RequestId;
use super::problem::Problem;
use crate::answer::{AnswerRequest, Decision, Event};
use crate::error::{ErrorKind, Result};

/// Work has begun.
pub const STARTED: &str = "answer.started";
/// Search is done.
pub const RETRIEVED: &str = "retrieval.done";
/// Whether a person is needed; always before text.
pub const DECIDED: &str = "escalation.decided";
/// A piece of text.
pub const DELTA: &str = "answer.delta";
/// A citation for text already sent.
pub const CITED: &str = "citation.added";
/// The whole answer; last.
pub const COMPLETED: &str = "answer.completed";
/// A problem document; last.
pub const FAILED: &str = "error";

/// Time between comments that keep proxies from closing a quiet connection.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long answers under way may still take once the server is told to stop.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// Asks nginx, and what learnt from it, to pass each event on at once.
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// An answer under way.
struct Running {
    state: AppState,
    request: AnswerRequest,
    request_id: RequestId,
    events: Pin<Box<dyn Stream<Item = Result<Event>> + Send>>,
    /// Ends when the server will wait no longer.
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Sends `events` to the client as they come. Dropping the response drops `events`.
pub fn event_stream(
    state: AppState,
    request: AnswerRequest,
    request_id: RequestId,
    events: impl Stream<Item = Result<Event>> + Send + 'static,
) -> Response {
    let waiting = state.clone();
    let stopped = Box::pin(async move { waiting.stopped(STOP_GRACE).await });
    let running = Running { state, request, request_id, events: Box::pin(events), stopped };
    let messages = stream::unfold(Some(running), async |running| Some(running?.step().await));
    let messages = messages.flat_map(stream::iter).map(Ok::<_, Infallible>);
    let mut response = Sse::new(messages).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still working")).into_response();
    response.headers_mut().insert(NO_BUFFERING, HeaderValue::from_static("no"));
    response
}

impl Running {
    /// The next messages, and what is left to do after them.
    ///
    /// Once a person must take over, nothing is said until the hand-off is kept: a customer who reads that somebody will
    /// come, and leaves, would otherwise take the hand-off along.
    async fn step(mut self) -> (Vec<sse::Event>, Option<Self>) {
        let (mut messages, mut words, mut held) = (Vec::new(), Vec::new(), false);
        loop {
            let event = tokio::select! {
                event = self.events.next() => event,
                () = &mut self.stopped => Some(Err(ErrorKind::Cancelled.on("a stream, because the server stops"))),
            };
            let last = match event {
                Some(Ok(Event::Completed(answer))) => {
                    let composed = answer.answer.clone();
                    let kept = keep(&self.state.store, self.request, *answer).await;
                    if kept.answer != composed {
                        words = vec![intermediate(&Event::Delta { text: kept.answer.clone() })];
                    }
                    message(COMPLETED, &kept)
                }
                Some(Ok(event)) => {
                    let now = matches!(event, Event::Decided { decision: Decision::Escalate, .. });
                    if held {
                        words.push(intermediate(&event));
                        continue;
                    }
                    messages.push(intermediate(&event));
                    if now {
                        held = true;
                        continue;
                    }
                    return (messages, Some(self));
                }
                Some(Err(error)) => failure(error.into(), &self.request_id),
                None => failure(ErrorKind::Server.on("the answer ended before it was complete").into(), &self.request_id),
            };
            messages.append(&mut words);
            messages.push(last);
            return (messages, None);
        }
    }
}

fn intermediate(event: &Event) -> sse::Event {
    match event {
        Event::Started { id, conversation_id } => message(STARTED, &json!({"id": id, "conversation_id": conversation_id})),
        Event::Retrieved { passages, elapsed_ms } => message(RETRIEVED, &json!({"passages": passages, "elapsed_ms": elapsed_ms})),
        Event::Decided { decision, reasons, confidence } => message(
            DECIDED,
            &json!({"decision": decision, "escalate": *decision == Decision::Escalate, "reasons": reasons, "confidence": confidence}),
        ),
        Event::Delta { text } => message(DELTA, &json!({"text": text})),
        Event::Cited(citation) => message(CITED, citation),
        Event::Completed(answer) => message(COMPLETED, answer),
    }
}

fn message(name: &str, data: &impl serde::Serialize) -> sse::Event {
    let event = sse::Event::default().event(name);
    // Contract types hold strings, numbers and lists: they always fit JSON.
    event.clone().json_data(data).unwrap_or(event)
}

fn failure(problem: Problem, request_id: &RequestId) -> sse::Event {
    problem.log(&request_id.0);
    sse::Event::default().event(FAILED).data(problem.to_json(&request_id.0))
}
