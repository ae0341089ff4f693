//! Carries events to their endpoints: each endpoint has a task of its own, so that one which hangs holds up nobody else.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::endpoint::Endpoint;
use super::payload::{Request, signature};
use crate::error::{Context, ErrorKind, Result};
use crate::store::{Delivery, Store};

/// Events under way to one endpoint at a time.
const AT_ONCE: u32 = 4;
/// Time between two looks for events: other servers write some, and tries become due.
const LOOK: Duration = Duration::from_millis(300);
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Longest wait between two tries, also where the endpoint asks for more.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Bytes of an endpoint's complaint that are kept.
const COMPLAINT_BYTES: usize = 300;

/// Delivers while it lives.
pub struct Courier {
    tasks: JoinSet<()>,
}

impl Courier {
    /// Tells the store what to keep for `endpoints`, and starts to deliver. Needs a running async runtime.
    ///
    /// # Errors
    /// `Server` if no HTTP client can be made.
    pub fn start(store: &Store, endpoints: Vec<Endpoint>) -> Result<Self> {
        store.subscribe(endpoints.iter().map(Endpoint::subscription).collect());
        // A redirect would carry customers' words to a place that nobody chose.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).connect_timeout(CONNECT_WAIT).build();
        let client = client.on(ErrorKind::Server, || "webhooks cannot be delivered: no HTTP client could be made".to_owned())?;
        let mut tasks = JoinSet::new();
        for endpoint in endpoints {
            tasks.spawn(carry(store.clone(), client.clone(), Arc::new(endpoint)));
        }
        Ok(Self { tasks })
    }

    /// Ends deliveries; what was under way is tried again later, by whoever comes next.
    pub fn stop(mut self) {
        self.tasks.abort_all();
    }
}

async fn carry(store: Store, client: reqwest::Client, endpoint: Arc<Endpoint>) {
    let mut under_way = JoinSet::new();
    loop {
        let free = AT_ONCE.saturating_sub(u32::try_from(under_way.len()).unwrap_or(AT_ONCE));
        let due = match store.due_deliveries(&endpoint.name, free).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(endpoint = endpoint.name, "{}", error.chain());
                Vec::new()
            }
        };
        for delivery in due {
            let (store, client, endpoint) = (store.clone(), client.clone(), Arc::clone(&endpoint));
            under_way.spawn(async move { attempt(&store, &client, &endpoint, delivery).await });
        }
        tokio::select! {
            // One that is done makes room, and the next of its conversation due.
            Some(_) = under_way.join_next() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn attempt(store: &Store, client: &reqwest::Client, endpoint: &Endpoint, delivery: Delivery) {
    let outcome = send(client, endpoint, &delivery).await;
    let kept = match outcome {
        Ok(()) => {
            tracing::debug!(endpoint = endpoint.name, event = delivery.id, attempt = delivery.attempt, "delivered");
            store.delivered(&delivery.id).await
        }
        Err(refusal) => {
            let given_up = refusal.is_final || delivery.attempt >= endpoint.attempts;
            let wait = wait_after(endpoint.backoff, delivery.attempt, chance()).max(refusal.asked_wait);
            let next = (!given_up)
                .then(|| Timestamp::now() + SignedDuration::try_from(wait.min(LONGEST)).unwrap_or(SignedDuration::from_secs(60)));
            tracing::warn!(
                endpoint = endpoint.name,
                event = delivery.id,
                attempt = delivery.attempt,
                given_up,
                "not delivered: {}",
                refusal.why
            );
            store.undelivered(&delivery.id, &refusal.why, next).await
        }
    };
    if let Err(error) = kept {
        // The lease ends by itself, and the event is sent again with the same key.
        tracing::error!(endpoint = endpoint.name, event = delivery.id, "{}", error.chain());
    }
}

/// Why an endpoint has not taken an event.
struct Refusal {
    why: String,
    /// It never will.
    is_final: bool,
    /// How long it asks to be left alone.
    asked_wait: Duration,
}

impl Refusal {
    fn for_now(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_final: false, asked_wait: Duration::ZERO }
    }
}

async fn send(client: &reqwest::Client, endpoint: &Endpoint, delivery: &Delivery) -> Result<(), Refusal> {
    let request = Request::new(endpoint, &delivery.body).map_err(|error| Refusal { is_final: true, ..Refusal::for_now(error.chain()) })?;
    let timestamp = Timestamp::now().as_second();
    let mut post = client
        .post(&request.url)
        .timeout(endpoint.timeout)
        .header("content-type", "application/json")
        .header("user-agent", concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .header("idempotency-key", &delivery.id)
        .header("x-frontdesk-attempt", delivery.attempt)
        .header("x-frontdesk-timestamp", timestamp);
    if let Some(secret) = &endpoint.secret {
        post = post.header("x-frontdesk-signature", format!("v1={}", signature(secret.reveal(), timestamp, &request.body)));
    }
    if let Some(authorization) = &endpoint.authorization {
        post = post.header("authorization", authorization.reveal());
    }
    // The URL may hold a token: it stays out of what is kept.
    let mut response = post.body(request.body).send().await.map_err(|cause| Refusal::for_now(chain(&cause.without_url())))?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let asked = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map_or(Duration::ZERO, Duration::from_secs);
    // A few bytes of its complaint help whoever reads the list of what was given up; an endless one is cut by the timeout or here.
    let mut complaint = Vec::new();
    while complaint.len() < COMPLAINT_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => complaint.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    complaint.truncate(COMPLAINT_BYTES);
    let complaint = String::from_utf8_lossy(&complaint).split_whitespace().collect::<Vec<_>>().join(" ");
    let why = format!("it answered {status}{}{complaint}", if complaint.is_empty() { "" } else { ": " });
    Err(Refusal { why, is_final: status == reqwest::StatusCode::GONE, asked_wait: asked })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// How long to wait after try `attempt` (from 1): three times as long after each, an hour at most, of which half is left to chance
/// (0 to 1), so that events which failed together are not tried together.
pub(super) fn wait_after(first: Duration, attempt: u32, chance: f64) -> Duration {
    let whole = first.saturating_mul(3u32.saturating_pow(attempt.saturating_sub(1).min(20))).min(LONGEST);
    whole.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

/// Between 0 and 1. A fresh hasher's keys are as good as a die for this.
fn chance() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}
