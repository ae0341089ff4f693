//! Watches a download: bytes become progress, silence and floods end it.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::Progress;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a look at a download in progress shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Beat {
    /// Changes whenever the source shows a sign of life.
    pub pulse: u64,
    /// Bytes that have arrived.
    pub bytes: u64,
}

/// When to give up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Silence before the first sign of life.
    pub first: Duration,
    /// Silence after it.
    pub stall: Duration,
    /// More bytes than this are not what was asked for.
    pub most_bytes: u64,
}

/// Runs `work` to its end, or drops it when `beat` stands still too long or goes too far. The error is a reason.
pub(super) async fn watched<T>(
    work: impl Future<Output = T>,
    beat: impl Fn() -> Beat,
    limits: Limits,
    progress: &dyn Progress,
) -> Result<T, String> {
    let mut work = std::pin::pin!(work);
    let mut clock = tokio::time::interval(LOOK_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut last, mut since) = (Beat::default(), Instant::now());
    loop {
        let ended = tokio::select! {
            biased;
            output = &mut work => Some(output),
            _ = clock.tick() => None,
        };
        let now = beat();
        progress.advance(now.bytes.saturating_sub(last.bytes));
        if let Some(output) = ended {
            return Ok(output);
        }
        if now.bytes > limits.most_bytes {
            return Err(format!("sent more than the {} bytes expected", limits.most_bytes));
        }
        if now != last {
            (last, since) = (now, Instant::now());
        }
        let started = last.pulse > 0;
        let limit = if started { limits.stall } else { limits.first };
        if since.elapsed() >= limit {
            let what = if started { "sent nothing more" } else { "did not answer" };
            return Err(format!("{what} for {} s", limit.as_secs_f32()));
        }
    }
}

/// `text` with what may be a secret taken out of its addresses: the part before `@`, and everything after `?`.
pub(super) fn without_secrets(text: &str) -> String {
    text.split_inclusive(char::is_whitespace).map(strip_address).collect()
}

fn strip_address(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let (address, query) = rest.split_once('?').map_or((rest, None), |(address, query)| (address, Some(query)));
    let (host, path) = address.find('/').map_or((address, ""), |at| address.split_at(at));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    // What closes the sentence after the query stays, so that brackets still match.
    let tail: String =
        query.map(|query| query.chars().rev().take_while(|c| c.is_whitespace() || ")],:".contains(*c)).collect()).unwrap_or_default();
    format!("{scheme}://{host}{path}{}", tail.chars().rev().collect::<String>())
}
