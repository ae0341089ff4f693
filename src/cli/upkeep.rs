//! What a server does beside answering: follows the files of rules and webhooks, gives up hand-offs that nobody took, deletes what is
//! too old.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::answer::{Desk, Handover};
use crate::config::Settings;
use crate::error::Result;
use crate::handoff::{Courier, read_endpoints};
use crate::store::Store;

/// Time between two looks at the files.
const LOOK: Duration = Duration::from_secs(1);
/// Looks between two rounds through the database.
const ROUND: u32 = 60;

/// Starts it all. Wrong files are said at once; later a wrong file leaves the old one in force.
///
/// # Errors
/// As reading the files, and as starting the courier.
pub(super) fn start(settings: &Settings, desk: Desk, store: Store) -> Result<()> {
    let (rules, webhooks) = (settings.handover.clone(), settings.webhooks.clone());
    let mut courier = webhooks.as_deref().map(|file| Courier::start(&store, read_endpoints(file)?)).transpose()?;
    let mut seen = (rules.as_deref().map(contents), webhooks.as_deref().map(contents));
    let retain = settings.retain_days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
    tokio::spawn(async move {
        let mut looks: u32 = 0;
        loop {
            if looks.is_multiple_of(ROUND) {
                round(&desk, &store, retain).await;
            }
            looks = looks.wrapping_add(1);
            tokio::time::sleep(LOOK).await;
            let now = (rules.as_deref().map(contents), webhooks.as_deref().map(contents));
            if let (true, Some(file)) = (now.0 != seen.0, rules.as_deref()) {
                match Handover::read(file) {
                    Ok(read) => {
                        desk.replace_rules(read);
                        tracing::info!(file = %file.display(), "the rules have changed");
                    }
                    Err(error) => {
                        tracing::warn!(error = error.chain(), "the rules have changed but cannot be used: the old ones stay in force")
                    }
                }
            }
            if let (true, Some(file)) = (now.1 != seen.1, webhooks.as_deref()) {
                match read_endpoints(file).and_then(|endpoints| Courier::start(&store, endpoints)) {
                    Ok(new) => {
                        if let Some(old) = courier.replace(new) {
                            old.stop();
                        }
                        tracing::info!(file = %file.display(), "the webhooks have changed");
                    }
                    Err(error) => {
                        tracing::warn!(error = error.chain(), "the webhooks have changed but cannot be used: the old ones stay in force");
                    }
                }
            }
            seen = now;
        }
    });
    Ok(())
}

/// A file as it is; a missing one is an empty one, which the reader then refuses.
fn contents(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_default()
}

async fn round(desk: &Desk, store: &Store, retain: Option<SignedDuration>) {
    let now = Timestamp::now();
    let own = store.clone();
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || own.keep_reserve()).await {
        tracing::warn!("{}", error.chain());
    }
    if let Some(patience) = desk.rules().timeout.and_then(|patience| SignedDuration::try_from(patience).ok()) {
        match store.time_out_handoffs(now - patience).await {
            Ok(ended) if !ended.is_empty() => tracing::warn!(count = ended.len(), "nobody took these hand-offs in time"),
            Ok(_) => {}
            Err(error) => tracing::error!("{}", error.chain()),
        }
    }
    if let Some(retain) = retain {
        match store.erase_older(now - retain).await {
            Ok(erased) if erased.conversations > 0 => {
                tracing::info!(conversations = erased.conversations, "deleted what is too old to keep")
            }
            Ok(_) => {}
            Err(error) => tracing::error!("{}", error.chain()),
        }
    }
}
