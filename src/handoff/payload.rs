//! An event as a request that the other system understands.
//!
//! Shapes of other systems are theirs: Chatwoot's `conversation_status_changed` carries the change in `changed_attributes`; Sunshine's
//! switchboard is told in the URL what to do and takes flat `metadata`; Botpress's `startHitl` takes a title, a description and the
//! messages so far.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::endpoint::{Endpoint, Format};
use crate::error::{Context, ErrorKind, Result};

/// Longest value in Sunshine's metadata, in Unicode scalar values.
const METADATA_CHARS: usize = 1_000;

/// A request, ready but for its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where it goes.
    pub url: String,
    /// JSON.
    pub body: String,
}

/// The signature of `body` at `timestamp` (seconds since 1970): HMAC-SHA256 over `timestamp.body`, as lower-case hexadecimal digits.
pub fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Request {
    /// The request that tells `endpoint` of `event`, which is JSON as the store keeps it.
    ///
    /// # Errors
    /// `Store` if the event is no such JSON.
    pub fn new(endpoint: &Endpoint, event: &str) -> Result<Self> {
        let told: Value = serde_json::from_str(event).on(ErrorKind::Store, || "an event in the outbox is no JSON".to_owned())?;
        let (body, action) = match endpoint.format {
            Format::Frontdesk => (told.clone(), text(&told, "/event")),
            Format::Chatwoot => (chatwoot(&told), text(&told, "/event")),
            Format::Zendesk => zendesk(&told),
            Format::Botpress => botpress(&told),
        };
        // Ids hold letters, digits and `_` only where we made them; a caller's own may hold anything.
        let conversation: String = text(&told, "/handoff/conversation_id")
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            })
            .collect();
        let url = endpoint.url.replace("{conversation_id}", &conversation).replace("{action}", action);
        Ok(Self { url, body: body.to_string() })
    }
}

fn text<'a>(told: &'a Value, pointer: &str) -> &'a str {
    told.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn messages(told: &Value) -> impl Iterator<Item = (bool, &str)> {
    let all = told["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|message| (message["role"] == "user", message["text"].as_str().unwrap_or_default()))
}

fn chatwoot(told: &Value) -> Value {
    let handoff = &told["handoff"];
    let messages: Vec<Value> = messages(told)
        .map(|(customer, text)| json!({"content": text, "message_type": if customer { "incoming" } else { "outgoing" }, "private": false}))
        .collect();
    let conversation = json!({
        "id": handoff["conversation_id"],
        "priority": match text(told, "/handoff/priority") { "normal" => "medium", other => other },
        "labels": handoff["reasons"],
        "meta": {"assignee": handoff["agent"].as_str().map(|name| json!({"name": name})), "team": handoff["team"].as_str().map(|name| json!({"name": name}))},
        "additional_attributes": {"frontdesk": handoff},
    });
    let (before, now) = match text(told, "/event") {
        "handoff.updated" => {
            let content =
                messages.iter().rev().find(|message| message["message_type"] == "incoming").map(|message| message["content"].clone());
            return json!({"event": "message_created", "id": told["id"], "message_type": "incoming", "content": content, "conversation": conversation});
        }
        "handoff.accepted" => ("open", "open"),
        "handoff.returned" | "handoff.timed_out" => ("open", "pending"),
        "handoff.resolved" => ("open", "resolved"),
        _ => ("pending", "open"),
    };
    let mut body = conversation;
    body["event"] = "conversation_status_changed".into();
    body["status"] = now.into();
    body["changed_attributes"] = json!([{"status": {"previous_value": before, "current_value": now}}]);
    body["messages"] = messages.into();
    body
}

fn zendesk(told: &Value) -> (Value, &'static str) {
    let handoff = &told["handoff"];
    let names = |list: &Value| list.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
    let short = |text: &str| text.chars().take(METADATA_CHARS).collect::<String>();
    let metadata = json!({
        "handoffId": handoff["id"],
        "reasons": names(&handoff["reasons"]),
        "priority": handoff["priority"],
        "sentiment": handoff["sentiment"],
        "language": handoff["language"],
        "team": handoff["team"].as_str().unwrap_or_default(),
        "question": short(text(told, "/handoff/question")),
        "summary": short(text(told, "/handoff/summary")),
        "suggestedReply": short(text(told, "/handoff/suggested_reply")),
        "eventId": told["id"],
    });
    match text(told, "/event") {
        "handoff.queued" => (json!({"switchboardIntegration": "next", "metadata": metadata}), "passControl"),
        _ => (json!({"metadata": metadata}), "releaseControl"),
    }
}

fn botpress(told: &Value) -> (Value, &'static str) {
    let handoff = &told["handoff"];
    match text(told, "/event") {
        "handoff.queued" => {
            let history: Vec<Value> = messages(told)
                .map(|(customer, text)| json!({"source": {"type": if customer { "user" } else { "bot" }}, "type": "text", "payload": {"text": text}}))
                .collect();
            let input = json!({
                "userId": handoff["conversation_id"],
                "title": text(told, "/handoff/question").chars().take(120).collect::<String>(),
                "description": handoff["summary"],
                "messageHistory": history,
            });
            (json!({"type": "startHitl", "input": input}), "startHitl")
        }
        event => {
            let reason = if event == "handoff.timed_out" { "timeout" } else { "cancel" };
            (json!({"type": "stopHitl", "input": {"conversationId": handoff["conversation_id"], "reason": reason}}), "stopHitl")
        }
    }
}
