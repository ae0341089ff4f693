//! Where hand-offs are told: the operator's file of webhooks.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::config::Secret;
use crate::error::{Context, ErrorKind, Result};
use crate::store::{EVENTS, HandoffEvent, Subscription};

/// How a body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The event as it is.
    #[default]
    Frontdesk,
    /// As Chatwoot's webhooks write `conversation_status_changed` and `message_created`.
    Chatwoot,
    /// As the switchboard of Zendesk's Sunshine Conversations takes `passControl` and `releaseControl`.
    Zendesk,
    /// As Botpress's human-in-the-loop interface takes `startHitl` and `stopHitl`.
    Botpress,
}

impl Format {
    /// The events that the other system has words for.
    fn events(self) -> &'static [HandoffEvent] {
        use HandoffEvent::{Queued, Resolved, Returned, TimedOut};
        match self {
            Self::Frontdesk | Self::Chatwoot => &EVENTS,
            Self::Zendesk | Self::Botpress => &[Queued, Returned, Resolved, TimedOut],
        }
    }
}

/// One system that hears of hand-offs.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Names it in the outbox and in logs.
    pub name: String,
    /// Where requests go; `{conversation_id}` and `{action}` are filled in.
    pub url: String,
    /// Signs each request; `None` sends it unsigned.
    pub secret: Option<Secret>,
    /// Sent as `authorization`.
    pub authorization: Option<Secret>,
    /// How bodies are written.
    pub format: Format,
    /// What it hears.
    pub events: Vec<HandoffEvent>,
    /// Tries until an event is given up.
    pub attempts: u32,
    /// Longest time for one try.
    pub timeout: Duration,
    /// Wait after the first try; each further one waits three times as long, up to an hour.
    pub backoff: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    webhook: Vec<Spanned<RawEndpoint>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEndpoint {
    name: String,
    url: String,
    secret_env: Option<String>,
    authorization_env: Option<String>,
    #[serde(default)]
    format: Format,
    events: Option<Vec<HandoffEvent>>,
    #[serde(default = "attempts")]
    attempts: u32,
    #[serde(default = "timeout_ms")]
    timeout_ms: u64,
    #[serde(default = "backoff_ms")]
    backoff_ms: u64,
}

fn attempts() -> u32 {
    12
}

fn timeout_ms() -> u64 {
    10_000
}

fn backoff_ms() -> u64 {
    2_000
}

impl Endpoint {
    /// What the store has to keep for it.
    pub fn subscription(&self) -> Subscription {
        Subscription { endpoint: self.name.clone(), events: self.events.clone() }
    }
}

impl RawEndpoint {
    fn check(self, variable: &impl Fn(&str) -> Option<String>) -> Result<Endpoint, String> {
        let secret = |name: Option<String>| match name {
            None => Ok(None),
            Some(name) => match variable(&name) {
                Some(words) if !words.is_empty() => Ok(Some(Secret::new(words))),
                _ => Err(format!("the environment has no variable `{name}`, or it is empty: set it before the server starts")),
            },
        };
        let is_private = ["http://localhost", "http://127.", "http://[::1]", "http://10.", "http://192.168."];
        if !self.url.starts_with("https://") && !is_private.iter().any(|start| self.url.starts_with(start)) {
            return Err(format!(
                "`url` is `{}`: write https://…, or http:// to an address of this machine or of a private network",
                self.url
            ));
        }
        if self.name.trim().is_empty() {
            return Err("`name` is empty".to_owned());
        }
        if !(1..=50).contains(&self.attempts) {
            return Err(format!("`attempts` is {}, it must be 1 to 50", self.attempts));
        }
        if !(100..=60_000).contains(&self.timeout_ms) || !(1..=3_600_000).contains(&self.backoff_ms) {
            return Err("`timeout_ms` must be 100 to 60000, and `backoff_ms` 1 to 3600000".to_owned());
        }
        let known = self.format.events();
        let events = self.events.unwrap_or_else(|| known.to_vec());
        if let Some(unknown) = events.iter().find(|event| !known.contains(event)) {
            return Err(format!("`events` names {}, which this format has no words for", unknown.name()));
        }
        Ok(Endpoint {
            name: self.name,
            url: self.url,
            secret: secret(self.secret_env)?,
            authorization: secret(self.authorization_env)?,
            format: self.format,
            events,
            attempts: self.attempts,
            timeout: Duration::from_millis(self.timeout_ms),
            backoff: Duration::from_millis(self.backoff_ms),
        })
    }
}

/// Reads the endpoints in the file at `path`; secrets come from the environment.
///
/// # Errors
/// `Io` if it cannot be read; `BadSetting` with the line.
pub fn read_endpoints(path: &Path) -> Result<Vec<Endpoint>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).on(ErrorKind::Io, || format!("{name}: could not read these webhooks"))?;
    parse_endpoints(&text, &name, &|variable| std::env::var(variable).ok())
}

/// Reads the endpoints in `text`, which errors call `name`; `variable` gives what the environment holds.
///
/// # Errors
/// `BadSetting` with the line.
pub fn parse_endpoints(text: &str, name: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<Vec<Endpoint>> {
    let on_line = |start: usize, what: &str| {
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        ErrorKind::BadSetting.on(format!("{name}, line {line}: {what}"))
    };
    let raw: RawFile = toml::from_str(text).map_err(|cause| on_line(cause.span().map_or(0, |span| span.start), cause.message()))?;
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for endpoint in raw.webhook {
        let start = endpoint.span().start;
        let endpoint = endpoint.into_inner().check(variable).map_err(|what| on_line(start, &what))?;
        if endpoints.iter().any(|other| other.name == endpoint.name) {
            return Err(on_line(start, &format!("there are two webhooks of the name `{}`", endpoint.name)));
        }
        endpoints.push(endpoint);
    }
    Ok(endpoints)
}
