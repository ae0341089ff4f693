//! `frontdesk ingest https://HOST/sitemap.xml`: a website's pages, read into the corpus folder.

use std::time::Duration;

use crate::config::Settings;
use crate::error::{ErrorKind, Result};
use crate::website::{self, Fetched, Wishes};

/// Wishes about a website.
#[derive(Debug, Clone, clap::Args)]
pub struct WebsiteArgs {
    /// Of a website: pages at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    pages: u32,
    /// Of a website: milliseconds between two requests; robots.txt may ask for more
    #[arg(long, value_name = "MS", default_value_t = 500)]
    pause_ms: u64,
    /// Of a website: its name may lead into a private network
    #[arg(long)]
    private: bool,
}

/// Reads the website into the corpus folder and says what became of it.
pub(super) fn fetch(runtime: &tokio::runtime::Runtime, settings: &Settings, address: &str, wishes: &WebsiteArgs) -> Result<Fetched> {
    if settings.offline {
        return Err(ErrorKind::BadSetting.on(format!("{address} cannot be read with --offline: leave one of them out")));
    }
    let bar = indicatif::ProgressBar::new(0);
    let wishes = Wishes { pages: wishes.pages as usize, pause: Duration::from_millis(wishes.pause_ms), private: wishes.private };
    let fetched = runtime.block_on(website::fetch(address, &settings.corpus, &wishes, |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    }));
    bar.finish_and_clear();
    let fetched = fetched?;
    for skipped in &fetched.skipped {
        eprintln!("warning: skipped {}: {}", skipped.address, skipped.reason);
    }
    if !settings.json {
        println!(
            "{}: {} pages, {} changed, {} removed, {} skipped.",
            fetched.folder.display(),
            fetched.pages,
            fetched.changed,
            fetched.removed,
            fetched.skipped.len()
        );
    }
    Ok(fetched)
}
