//! A question may name the website it is about: "shop.example: how long do you keep my data?". Vectors are deaf to such names, and words
//! only prefer the pages of that site, so search keeps to them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::policy::Version;

/// The websites that `question` names, in lowercase and without `www.`, of which `is_known` knows a page; and the question without them.
pub(super) fn named<'a>(question: &'a str, is_known: impl Fn(&str) -> bool) -> (Vec<String>, Cow<'a, str>) {
    let mut sites = Vec::new();
    let without = SITE.replace_all(question, |found: &regex::Captures<'_>| {
        let site = found["site"].to_lowercase();
        if !is_known(&site) {
            return found[0].to_owned();
        }
        if !sites.contains(&site) {
            sites.push(site);
        }
        " ".to_owned()
    });
    // A question that is nothing but a name asks with it.
    let without = if without.contains(|letter: char| letter.is_alphanumeric()) { without } else { Cow::Borrowed(question) };
    if sites.is_empty() { (sites, Cow::Borrowed(question)) } else { (sites, without) }
}

/// Whether a version is a page of `site`: by its address or its title.
pub(super) fn is_of(version: &Version, site: &str) -> bool {
    let host = version.uri.as_deref().and_then(|uri| uri.split_once("://")).and_then(|(_, rest)| rest.split(['/', '?', '#', ':']).next());
    let host = host.unwrap_or_default().to_lowercase();
    let is_host = host.strip_suffix(site).is_some_and(|below| below.is_empty() || below.ends_with('.'));
    is_host || SITE.captures_iter(&version.title).any(|found| found["site"].eq_ignore_ascii_case(site))
}

static SITE: LazyLock<Regex> = LazyLock::new(|| {
    // With the colon that parts it from what is asked. Not an address of email, nor a file.
    let pattern = r"(?i)(?:https?://)?(?:\bwww\.)?\b(?P<site>(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24})\b(?:/\S*)?(?:\s*:)?";
    Regex::new(pattern).expect("pattern is a constant")
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse_file;

    #[test]
    fn only_names_of_known_sites_are_taken_out_of_the_question() {
        let known = |site: &str| site == "shop.example";
        let read = |question: &str| {
            let (sites, rest) = named(question, known);
            (sites.join(" "), rest.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(read("Shop.example: how long is data kept?"), ("shop.example".into(), "how long is data kept?".into()));
        assert_eq!(read("does https://www.shop.example/x track me"), ("shop.example".into(), "does track me".into()));
        for other in ["other.example: is data kept?", "what is 3.5 per cent", "is it kept e.g. for a year", "Is it kept?Yes."] {
            assert_eq!(read(other), (String::new(), other.to_owned()));
        }
        assert_eq!(read("shop.example"), ("shop.example".into(), "shop.example".into()));
    }

    #[test]
    fn a_page_belongs_to_its_address_and_to_the_site_in_its_title() {
        let page = |front: &str| parse_file("page.md", format!("---\n{front}\n---\nWords.\n").as_bytes()).unwrap();
        assert!(is_of(&page("uri: https://help.shop.example:8443/terms"), "shop.example"));
        assert!(is_of(&page("title: shop.example privacy policy"), "shop.example"));
        assert!(!is_of(&page("uri: https://myshop.example/terms\ntitle: Terms"), "shop.example"));
        assert!(!is_of(&page("title: Shop"), "shop.example"));
    }
}
