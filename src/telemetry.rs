//! Logs: what happened, for the operator. They go to standard error; answers never do.

use tracing_subscriber::EnvFilter;

/// Starts logging at `level` unless `FRONTDESK_LOG` asks otherwise (for example `FRONTDESK_LOG=frontdesk=debug`).
/// A second call changes nothing.
pub fn start(level: &str) {
    let filter = EnvFilter::try_from_env("FRONTDESK_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).try_init();
}
