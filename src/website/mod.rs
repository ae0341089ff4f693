//! Which pages does a website's sitemap name, and what do they say?
//!
//! In: the address of a sitemap, given by the operator. Out: its pages as files of the corpus folder, below `website/HOST/`, each with its
//! address in the first line. Reading is polite: only when asked, one page after another with a pause, what `robots.txt` allows, from
//! one host, within limits. Must not know: what a policy is.

mod page;
mod robots;
mod sitemap;

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response, StatusCode, Url};
use serde::Serialize;

use crate::error::{Context, ErrorKind, Result};
use robots::Robots;
use sitemap::Sitemap;

/// How the reader calls itself, to `robots.txt` as well.
const NAME: &str = "frontdesk";

const REDIRECTS: usize = 5;
const ROBOTS_BYTES: usize = 500_000;
const SITEMAP_BYTES: usize = 50_000_000;
const SITEMAPS: usize = 50;
const PAGE_BYTES: usize = 10_000_000;
const TOTAL_BYTES: usize = 500_000_000;
const TIMEOUT: Duration = Duration::from_secs(30);
/// A longer pause that `robots.txt` asks for would take days.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Pages at most.
    pub pages: usize,
    /// Between two requests.
    pub pause: Duration,
    /// Whether a name may lead to an address inside a private network.
    pub private: bool,
}

/// What became of a website.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// The folder its pages are in.
    pub folder: PathBuf,
    /// Pages that are there now, new ones and those that were there before.
    pub pages: usize,
    /// Pages that are new or say something else than before.
    pub changed: usize,
    /// Pages that are gone.
    pub removed: usize,
    /// Addresses that were not read, and why. Their pages of before stay.
    pub skipped: Vec<SkippedPage>,
}

/// A page that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedPage {
    /// Its address.
    pub address: String,
    /// What is wrong, and what to do about it.
    pub reason: String,
}

/// Whether `text` is the address of a website rather than a path.
pub fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Reads the pages of the sitemap at `address` into `corpus/website/HOST/`. `progress` hears `(done, total)`.
///
/// # Errors
/// `BadSetting` for an address that cannot be used, `Io` when the sitemap or the folder cannot. The pages of before are then as they were.
pub async fn fetch(address: &str, corpus: &Path, wishes: &Wishes, mut progress: impl FnMut(usize, usize)) -> Result<Fetched> {
    let start = Url::parse(address).on(ErrorKind::BadSetting, || format!("{address} is no address: write https://HOST/sitemap.xml"))?;
    let mut site = Site::open(&start, wishes).await?;
    site.robots = site.robots(&start).await?;
    let asked_for = site.robots.delay.unwrap_or_default().min(LONGEST_PAUSE);
    site.pause = wishes.pause.max(asked_for);
    let mut fetched = Fetched { folder: corpus.join("website").join(file_name(&site.host)), ..Fetched::default() };
    let (addresses, is_whole) = site.sitemap(&start, wishes.pages, &mut fetched.skipped).await?;

    let unwritable = || format!("{}: check that the folder can be written", fetched.folder.display());
    fs::create_dir_all(&fetched.folder).on(ErrorKind::Io, unwritable)?;
    let (mut current, mut left) = (BTreeSet::new(), TOTAL_BYTES);
    let total = addresses.len();
    for (done, address) in addresses.into_iter().enumerate() {
        progress(done, total);
        let file = page::file_name(&address);
        let skip = |reason: String| SkippedPage { address: address.to_string(), reason };
        match site.page(&address, PAGE_BYTES.min(left)).await {
            Ok(Some(html)) => {
                left = left.saturating_sub(html.len());
                let path = fetched.folder.join(&file);
                if fs::read(&path).ok().as_deref() != Some(html.as_bytes()) {
                    write(&path, html.as_bytes()).on(ErrorKind::Io, || path.display().to_string())?;
                    fetched.changed += 1;
                }
                current.insert(file);
            }
            Ok(None) => fetched.skipped.push(skip("is gone: take it out of the sitemap".to_owned())),
            Err(reason) => {
                fetched.skipped.push(skip(reason));
                if fetched.folder.join(&file).exists() {
                    current.insert(file);
                }
            }
        }
    }
    progress(total, total);
    // Only a sitemap that was read to its end says which pages are gone.
    if is_whole {
        fetched.removed = remove_others(&fetched.folder, &current);
    }
    fetched.pages = files_of(&fetched.folder).len();
    Ok(fetched)
}

/// Replaces a file in one step, so that no half page is ever read.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".page-").tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    std::io::Write::write_all(&mut file, bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?; // a corpus folder is read by others, too
    }
    file.persist(path)?;
    Ok(())
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "html")).collect()
}

/// Removes the pages that are not `current`; files that somebody else put there stay.
fn remove_others(folder: &Path, current: &BTreeSet<String>) -> usize {
    let is_old = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        !current.contains(&name) && fs::read_to_string(path).is_ok_and(|html| page::is_saved(&html))
    };
    files_of(folder).into_iter().filter(is_old).filter(|path| fs::remove_file(path).is_ok()).count()
}

/// A text as the name of a file or folder.
fn file_name(text: &str) -> String {
    let fits = |letter: char| if letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.') { letter } else { '-' };
    let name: String = text.chars().map(fits).collect();
    name.trim_matches(['-', '.']).to_owned()
}

/// One host, and when it was last asked.
struct Site {
    client: Client,
    host: String,
    port: Option<u16>,
    pause: Duration,
    asked: bool,
    /// What may be read; all, until it was asked for.
    robots: Robots,
}

/// Why there is no answer.
enum Failure {
    /// It says that there is nothing.
    Missing(StatusCode),
    /// Anything else.
    Other(String),
}

impl Failure {
    fn reason(self) -> String {
        match self {
            Self::Missing(status) => format!("is not there ({status})"),
            Self::Other(reason) => reason,
        }
    }
}

impl Site {
    async fn open(start: &Url, wishes: &Wishes) -> Result<Self> {
        let refuse = |why: &str| ErrorKind::BadSetting.on(format!("{start} {why}"));
        let host = start.host_str().filter(|_| matches!(start.scheme(), "http" | "https")).ok_or_else(|| refuse("names no host"))?;
        if !start.username().is_empty() || start.password().is_some() {
            return Err(refuse("holds a name or a password: leave it out"));
        }
        let host = host.to_owned();
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = start.port_or_known_default().unwrap_or(443);
        let found = tokio::net::lookup_host((bare.as_str(), port)).await;
        let addresses: Vec<SocketAddr> =
            found.on(ErrorKind::Io, || format!("{bare} was not found: check the address and the network"))?.collect();
        // An operator who writes an address means it; a name that leads inside may be somebody else's doing.
        let is_written = bare.parse::<IpAddr>().is_ok() || bare == "localhost";
        if !is_written && !wishes.private && addresses.iter().any(|address| !is_public(address.ip())) {
            return Err(refuse("leads into a private network: if that is meant, add --private"));
        }
        let client = Client::builder()
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .resolve_to_addrs(&bare, &addresses); // what was checked is what is asked
        let client = if is_written || wishes.private { client.no_proxy() } else { client };
        let client = client.build().on(ErrorKind::Io, || "no connection can be made".to_owned())?;
        Ok(Self { client, host, port: start.port(), pause: wishes.pause, asked: false, robots: Robots::default() })
    }

    /// Whether `address` is on this host. A site may move from http to https.
    fn owns(&self, address: &Url) -> bool {
        address.host_str() == Some(&self.host) && address.port() == self.port && matches!(address.scheme(), "http" | "https")
    }

    /// Asks for `address`, following redirects that stay on the host.
    async fn get(&mut self, address: &Url) -> Result<Response, Failure> {
        let mut address = address.clone();
        for _ in 0..=REDIRECTS {
            if self.asked {
                tokio::time::sleep(self.pause).await;
            }
            self.asked = true;
            let reply = self.client.get(address.clone()).send().await;
            let reply = reply.map_err(|error| Failure::Other(format!("cannot be fetched: {}", chain(&error.without_url()))))?;
            let status = reply.status();
            if status.is_success() {
                return Ok(reply);
            }
            if !status.is_redirection() {
                let is_missing = matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE);
                return Err(if is_missing { Failure::Missing(status) } else { Failure::Other(format!("answers {status}")) });
            }
            let target = reply.headers().get(LOCATION).and_then(|target| target.to_str().ok());
            let target = target
                .and_then(|target| address.join(target).ok())
                .ok_or_else(|| Failure::Other(format!("answers {status} without an address")))?;
            if !self.owns(&target) {
                return Err(Failure::Other(format!("leads to another host, {}", target.host_str().unwrap_or_default())));
            }
            if !self.robots.allows(&target) {
                return Err(Failure::Other("leads to a page that robots.txt closes".to_owned()));
            }
            address = target;
        }
        Err(Failure::Other("leads on and on".to_owned()))
    }

    /// Asks for `address` and reads what comes, up to `most` bytes.
    async fn read(&mut self, address: &Url, most: usize) -> Result<(Vec<u8>, Option<String>), Failure> {
        let mut reply = self.get(address).await?;
        let kind = reply.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let mut bytes = Vec::new();
        loop {
            match reply.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return Ok((bytes, kind)),
                Err(error) => return Err(Failure::Other(format!("breaks off: {}", chain(&error.without_url())))),
            }
            if bytes.len() > most {
                return Err(Failure::Other(format!("is larger than {most} bytes")));
            }
        }
    }

    /// What `robots.txt` allows (RFC 9309): all where there is none, nothing where it cannot be told.
    async fn robots(&mut self, start: &Url) -> Result<Robots> {
        let address = start.join("/robots.txt").on(ErrorKind::BadSetting, || start.to_string())?;
        match self.read(&address, ROBOTS_BYTES).await {
            Ok((bytes, _)) => Ok(Robots::parse(&String::from_utf8_lossy(&bytes), NAME)),
            Err(Failure::Missing(_)) => Ok(Robots::default()),
            Err(Failure::Other(reason)) => Err(ErrorKind::Io.on(format!("{address} {reason}: without it no page may be read"))),
        }
    }

    /// The addresses of the pages, up to `most`, and whether these are all.
    async fn sitemap(&mut self, start: &Url, most: usize, skipped: &mut Vec<SkippedPage>) -> Result<(Vec<Url>, bool)> {
        let (mut pages, mut seen, mut is_whole) = (Vec::new(), BTreeSet::new(), true);
        let mut sitemaps = vec![start.clone()];
        let mut read = 0;
        while let Some(address) = sitemaps.pop() {
            read += 1;
            let mut skip =
                |address: &Url, reason: &str| skipped.push(SkippedPage { address: address.to_string(), reason: reason.to_owned() });
            let parsed = match self.read(&address, SITEMAP_BYTES).await {
                Ok((bytes, _)) => Sitemap::parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| "is no sitemap".to_owned()),
                Err(failure) => Err(failure.reason()),
            };
            let parsed = match parsed {
                Ok(parsed) => parsed,
                Err(reason) if read == 1 => return Err(ErrorKind::Io.on(format!("{address} {reason}: name the address of a sitemap"))),
                Err(reason) => {
                    is_whole = false;
                    skip(&address, &reason);
                    continue;
                }
            };
            for named in parsed.sitemaps {
                match address.join(&named) {
                    Ok(next) if self.owns(&next) && sitemaps.len() + read < SITEMAPS => sitemaps.push(next),
                    Ok(next) => {
                        is_whole = false;
                        skip(&next, "is on another host, or one sitemap too many");
                    }
                    Err(_) => is_whole = false,
                }
            }
            for named in parsed.pages {
                let Ok(mut page) = address.join(&named) else { continue };
                page.set_fragment(None);
                if !seen.insert(page.clone()) {
                } else if !self.owns(&page) {
                    skip(&page, "is on another host");
                } else if !self.robots.allows(&page) {
                    skip(&page, "is closed to readers by robots.txt");
                } else if pages.len() >= most {
                    is_whole = false;
                } else {
                    pages.push(page);
                }
            }
        }
        if pages.len() >= most && !is_whole {
            skipped.push(SkippedPage { address: start.to_string(), reason: format!("names more than {most} pages: raise --pages") });
        }
        Ok((pages, is_whole))
    }

    /// The page at `address` as it is kept; `None` when it is gone.
    async fn page(&mut self, address: &Url, most: usize) -> Result<Option<String>, String> {
        match self.read(address, most).await {
            Ok((bytes, kind)) => page::saved(address, &bytes, kind.as_deref()).map(Some),
            Err(Failure::Missing(_)) => Ok(None),
            Err(Failure::Other(reason)) => Err(reason),
        }
    }
}

/// Whether an address is one of the open internet.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || is_shared
                || a == 0)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || v6.is_unique_local() || v6.is_unicast_link_local())
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_networks_are_told_from_open_ones() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.20.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for open in ["9.9.9.9", "100.128.0.1", "2620:fe::fe"] {
            assert!(is_public(open.parse().unwrap()), "{open}");
        }
    }

    #[test]
    fn names_of_folders_hold_nothing_that_leads_elsewhere() {
        assert_eq!(file_name("shop.example"), "shop.example");
        assert_eq!(file_name("../shop:80/.x"), "shop-80-.x");
    }
}
