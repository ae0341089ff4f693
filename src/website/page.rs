//! A web page as it is kept: in UTF-8, with its address in the first line, as browsers save pages.

use encoding_rs::{Encoding, UTF_8};
use reqwest::Url;
use sha2::{Digest, Sha256};

/// Characters of a file's name before it is cut.
const NAME_CHARS: usize = 80;

/// As much of a page as may say which encoding it has.
const HEAD_BYTES: usize = 1024;

/// The page for keeping. The error says why it is no page.
pub(super) fn saved(address: &Url, bytes: &[u8], kind: Option<&str>) -> Result<String, String> {
    let media = kind.and_then(|kind| kind.split(';').next()).map(|kind| kind.trim().to_lowercase());
    if !matches!(media.as_deref(), None | Some("text/html" | "application/xhtml+xml")) {
        return Err(format!("is no web page but {}", media.unwrap_or_default()));
    }
    let (text, ..) = encoding(bytes, kind).decode(bytes);
    let address = address.as_str();
    // The mark says how long the address is; `-->` cannot stand in one. The first character says UTF-8, whatever the page says.
    Ok(format!("\u{FEFF}<!-- saved from url=({:04}){address} -->\n{text}", address.len()))
}

/// Whether a file is a page that was kept like that.
pub(super) fn is_saved(html: &str) -> bool {
    html.trim_start_matches('\u{FEFF}').starts_with("<!-- saved from url=(")
}

fn encoding(bytes: &[u8], kind: Option<&str>) -> &'static Encoding {
    let label = |text: &str| {
        let (_, rest) = text.split_once("charset=")?;
        let label = rest.trim_start_matches(['"', '\'', ' ']).split(['"', '\'', ';', ' ', '>', '/']).next()?;
        Encoding::for_label(label.as_bytes())
    };
    let head = String::from_utf8_lossy(bytes.get(..HEAD_BYTES).unwrap_or(bytes)).to_lowercase();
    let stated = kind.and_then(|kind| label(&kind.to_lowercase())).or_else(|| label(&head));
    stated.unwrap_or(UTF_8)
}

/// The name of its file: its path in words, and a mark where that does not tell it apart.
pub(super) fn file_name(address: &Url) -> String {
    let path = percent_decoded(address.path());
    let path = path.trim_matches('/').trim_end_matches(".html").trim_end_matches(".htm");
    let name = super::file_name(if path.is_empty() { "index" } else { path });
    let short: String = name.chars().take(NAME_CHARS).collect();
    let is_plain = address.query().is_none() && short == path.replace('/', "-");
    if is_plain || (path.is_empty() && address.query().is_none()) {
        return format!("{short}.html");
    }
    let mark: String = Sha256::digest(address.as_str()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("{short}-{mark}.html")
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let code = (*byte == b'%').then(|| after.get(..2)).flatten().and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn names_of_files_tell_pages_apart_and_stay_in_the_folder() {
        let name = |text: &str| file_name(&url(text));
        assert_eq!(name("https://a.example/"), "index.html");
        assert_eq!(name("https://a.example/help/late-fees.html"), "help-late-fees.html");
        assert_eq!(name("https://a.example/%E5%B8%AE%E5%8A%A9/%E9%80%80%E6%AC%BE"), "帮助-退款.html");
        let different = [
            "https://a.example/x?a=1",
            "https://a.example/x?a=2",
            "https://a.example/x",
            "https://a.example/x!",
            "https://a.example/%2e%2e%2fx",
            "https://a.example/?a",
        ];
        let names: std::collections::BTreeSet<String> = different.iter().map(|text| name(text)).collect();
        assert_eq!(names.len(), different.len(), "{names:?}");
        assert!(names.iter().all(|name| !name.contains('/') && !name.starts_with('.')));
        assert!(name(&format!("https://a.example/{}", "long-".repeat(100))).len() < 120);
    }

    #[test]
    fn pages_are_kept_in_utf_8_with_their_address() {
        let page = url("https://a.example/fees");
        let (gbk, ..) = encoding_rs::GBK.encode("<meta charset=\"gbk\"><p>退款</p>");
        let kept = saved(&page, &gbk, Some("text/html")).unwrap();
        assert!(kept.ends_with("<p>退款</p>") && is_saved(&kept) && kept.contains("(0022)https://a.example/fees -->"), "{kept}");
        assert!(saved(&page, &gbk, Some("text/html; charset=GB2312")).unwrap().contains("退款"));
        assert!(saved(&page, b"%PDF", Some("application/pdf")).unwrap_err().contains("application/pdf"));
        assert!(!is_saved("<html>"));
    }
}
