//! What other systems are to hear, kept together with what it is about until each of them has heard it.
//!
//! An event is written in the transaction that makes it true, one row for each subscription, so none is lost and none is invented.
//! Rows of one conversation go to an endpoint in their order. Delivery is at least once: a row is leased, not taken, and its id is
//! the idempotency key of every try.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::database::{read, write_once};
use super::{Store, text};
use crate::answer::{Answer, AnswerRequest, Handoff, HandoffState, new_id};
use crate::error::{Context, ErrorKind, Result};
use crate::retrieve::Role;
pub use crate::retrieve::Said;
use crate::text::redact;

pub(super) const INSERT: &str = "INSERT INTO outbox (id, endpoint, event, conversation_id, body, state, attempts, due_at, created_at)
                                 VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, $6)";
/// Turns of the conversation that travel with a hand-off.
const MESSAGES: usize = 10;
/// How long a delivery may be under way before somebody else tries.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// What can happen to a hand-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandoffEvent {
    /// A customer waits for a person.
    #[serde(rename = "handoff.queued")]
    Queued,
    /// A customer who waits, or talks with a person, has written again.
    #[serde(rename = "handoff.updated")]
    Updated,
    /// A person has taken it.
    #[serde(rename = "handoff.accepted")]
    Accepted,
    /// The machine may answer again.
    #[serde(rename = "handoff.returned")]
    Returned,
    /// It is done.
    #[serde(rename = "handoff.resolved")]
    Resolved,
    /// Nobody took it in time.
    #[serde(rename = "handoff.timed_out")]
    TimedOut,
}

/// All of them.
pub const EVENTS: [HandoffEvent; 6] = [
    HandoffEvent::Queued,
    HandoffEvent::Updated,
    HandoffEvent::Accepted,
    HandoffEvent::Returned,
    HandoffEvent::Resolved,
    HandoffEvent::TimedOut,
];

impl HandoffEvent {
    /// The event of a hand-off that has become `state`.
    pub(super) fn of(state: HandoffState) -> Option<Self> {
        match state {
            HandoffState::Accepted => Some(Self::Accepted),
            HandoffState::Returned => Some(Self::Returned),
            HandoffState::Resolved => Some(Self::Resolved),
            HandoffState::TimedOut => Some(Self::TimedOut),
            HandoffState::Offered | HandoffState::Requested | HandoffState::Queued | HandoffState::Active | HandoffState::Failed => None,
        }
    }

    /// Its name in the contract and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "handoff.queued",
            Self::Updated => "handoff.updated",
            Self::Accepted => "handoff.accepted",
            Self::Returned => "handoff.returned",
            Self::Resolved => "handoff.resolved",
            Self::TimedOut => "handoff.timed_out",
        }
    }
}

/// Who is to hear of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Name of the endpoint.
    pub endpoint: String,
    /// Events it hears.
    pub events: Vec<HandoffEvent>,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// It will be tried, or tried again.
    Waiting,
    /// The endpoint has taken it.
    Delivered,
    /// It was given up.
    Dead,
}

impl OutboxState {
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// An event for one endpoint that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names it, and is its idempotency key.
    pub id: String,
    /// The event, as JSON.
    pub body: String,
    /// Which try this is, from 1.
    pub attempt: u32,
}

/// An event for one endpoint, as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutboxEntry {
    /// Names it.
    pub id: String,
    /// Name of the endpoint.
    pub endpoint: String,
    /// What happened.
    pub event: String,
    /// In which conversation.
    pub conversation_id: String,
    /// Where it stands: `waiting`, `delivered` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When it is tried next, if it waits; RFC 3339, UTC.
    pub due_at: Option<String>,
}

/// A row that is about to be written.
pub(super) struct Announcement {
    pub id: String,
    pub endpoint: String,
    pub event: HandoffEvent,
    pub body: String,
}

/// What was said in a conversation up to this answer, without what identifies the customer.
pub(super) fn said(history: &[Said], request: &AnswerRequest, answer: &Answer) -> Vec<Said> {
    let now = [(Role::User, &request.question), (Role::Agent, &answer.answer)];
    let now = now.map(|(role, text)| Said { role, text: text.clone() });
    let earlier = history.iter().skip(history.len().saturating_sub(MESSAGES - now.len())).cloned();
    let plain = |said: Said| match said.role {
        Role::User => Said { text: redact(&said.text).into_owned(), ..said },
        Role::Agent => said, // policies hold the company's own numbers
    };
    earlier.chain(now).map(plain).collect()
}

impl Store {
    /// Names who is to hear of hand-offs from now on.
    pub fn subscribe(&self, subscriptions: Vec<Subscription>) {
        *self.subscriptions.write().unwrap_or_else(std::sync::PoisonError::into_inner) = subscriptions;
    }

    /// The rows that tell of `event`: what the customer wrote is redacted.
    pub(super) fn announce(&self, event: HandoffEvent, handoff: &Handoff, said: impl FnOnce() -> Vec<Said>) -> Vec<Announcement> {
        let subscriptions = self.subscriptions.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let interested: Vec<&Subscription> = subscriptions.iter().filter(|one| one.events.contains(&event)).collect();
        if interested.is_empty() {
            return Vec::new();
        }
        let (handoff, said) = (handoff.redacted(), said());
        let row = |subscription: &&Subscription| {
            let id = new_id("evt");
            let created_at = Timestamp::now().to_string();
            let body = json!({"id": &id, "event": event.name(), "created_at": created_at, "handoff": &handoff, "messages": &said});
            Announcement { id, endpoint: subscription.endpoint.clone(), event, body: body.to_string() }
        };
        interested.iter().map(row).collect()
    }

    /// At most `limit` events for an endpoint that are due, oldest first. Each is this caller's for a minute.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn due_deliveries(&self, endpoint: &str, limit: u32) -> Result<Vec<Delivery>> {
        let failed = || self.unreadable("outbox");
        let now = Timestamp::now();
        let sql = "SELECT id, body, attempts, due_at FROM outbox AS event
                   WHERE endpoint = $3 AND state = 'waiting' AND due_at <= $1 AND NOT EXISTS (
                       SELECT 1 FROM outbox AS earlier WHERE earlier.conversation_id = event.conversation_id
                       AND earlier.endpoint = event.endpoint AND earlier.state = 'waiting' AND earlier.seq < event.seq)
                   ORDER BY seq LIMIT $2";
        let rows: Vec<(String, String, i64, i64)> = read!(self, from => sqlx::query_as(sql)
            .bind(now.as_microsecond()).bind(i64::from(limit)).bind(endpoint).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let mut due = Vec::new();
        for (id, body, attempts, due_at) in rows {
            let lease = "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE id = $1 AND due_at = $3 AND state = 'waiting'";
            let leased = write_once!(self, to => sqlx::query(lease)
                .bind(&id).bind((now + LEASE).as_microsecond()).bind(due_at)
                .execute(to).await.on(ErrorKind::Store, failed)?.rows_affected());
            if leased == 1 {
                due.push(Delivery { id, body, attempt: u32::try_from(attempts + 1).unwrap_or(u32::MAX) });
            }
        }
        Ok(due)
    }

    /// The endpoint has taken it.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn delivered(&self, id: &str) -> Result<()> {
        self.settle(id, OutboxState::Delivered, None, None).await
    }

    /// The endpoint has not taken it, because of `error`: try again at `next`, or never with `None`.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn undelivered(&self, id: &str, error: &str, next: Option<Timestamp>) -> Result<()> {
        let state = if next.is_some() { OutboxState::Waiting } else { OutboxState::Dead };
        self.settle(id, state, Some(error), next).await
    }

    async fn settle(&self, id: &str, state: OutboxState, error: Option<&str>, next: Option<Timestamp>) -> Result<()> {
        let failed = || format!("event {id} could not be changed in {}", self.place);
        let now = Timestamp::now().as_microsecond();
        let sql = "UPDATE outbox SET state = $2, last_error = $3, due_at = $4, ended_at = $5 WHERE id = $1";
        write_once!(self, to => sqlx::query(sql)
            .bind(id)
            .bind(state.name())
            .bind(error.map(text))
            .bind(next.map_or(now, Timestamp::as_microsecond))
            .bind((state != OutboxState::Waiting).then_some(now))
            .execute(to).await.on(ErrorKind::Store, failed).map(drop))
    }

    /// At most `limit` events in this state, newest first.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn outbox(&self, state: OutboxState, limit: u32) -> Result<Vec<OutboxEntry>> {
        type Row = (String, String, String, String, i64, Option<String>, i64, i64);
        let failed = || self.unreadable("outbox");
        let sql = "SELECT id, endpoint, event, conversation_id, attempts, last_error, created_at, due_at FROM outbox
                   WHERE state = $1 ORDER BY seq DESC LIMIT $2";
        let rows: Vec<Row> = read!(self, from => sqlx::query_as(sql)
            .bind(state.name()).bind(i64::from(limit)).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let entry = |(id, endpoint, event, conversation_id, attempts, last_error, created_at, due_at): Row| {
            let due_at = if state == OutboxState::Waiting { Some(self.time(due_at, "outbox")?.to_string()) } else { None };
            let created_at = self.time(created_at, "outbox")?.to_string();
            let (state, attempts) = (state.name().to_owned(), u32::try_from(attempts).unwrap_or(u32::MAX));
            Ok(OutboxEntry { id, endpoint, event, conversation_id, state, attempts, last_error, created_at, due_at })
        };
        rows.into_iter().map(entry).collect()
    }

    /// Lets events that were given up be tried again from the start: the one of this id, or with `None` all of them. Says how many.
    ///
    /// # Errors
    /// `NotFound` if none of this id was given up; `Store` if the database failed.
    pub async fn replay(&self, id: Option<&str>) -> Result<u64> {
        let failed = || self.unreadable("outbox");
        let sql = "UPDATE outbox SET state = 'waiting', attempts = 0, due_at = $2, ended_at = NULL
                   WHERE state = 'dead' AND ($1 IS NULL OR id = $1)";
        let again = write_once!(self, to => sqlx::query(sql)
            .bind(id.map(text)).bind(Timestamp::now().as_microsecond())
            .execute(to).await.on(ErrorKind::Store, failed)?.rows_affected());
        match (id, again) {
            (Some(id), 0) => Err(ErrorKind::NotFound.on(format!("no event `{id}` was given up"))),
            _ => Ok(again),
        }
    }
}
