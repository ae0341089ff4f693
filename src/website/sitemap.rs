//! The list of pages that a website gives to readers (sitemaps.org).

use html5gum::{Token, Tokenizer};

/// What a sitemap names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sitemap {
    pub(super) pages: Vec<String>,
    /// Further sitemaps.
    pub(super) sitemaps: Vec<String>,
}

impl Sitemap {
    /// Reads a list of pages, a list of lists, or plain text with an address a line; `None` when it is something else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{FEFF}').trim();
        if !text.starts_with('<') {
            let pages: Vec<String> = text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
            let is_list = !pages.is_empty() && pages.iter().all(|page| super::is_address(page));
            return is_list.then_some(Self { pages, sitemaps: Vec::new() });
        }
        let (mut sitemap, mut is_sitemap, mut in_sitemap, mut address) = (Self::default(), false, false, None::<String>);
        for token in Tokenizer::new(text).map_while(Result::ok) {
            match token {
                Token::StartTag(tag) => match local(&tag.name) {
                    "urlset" | "sitemapindex" => is_sitemap = true,
                    "sitemap" => in_sitemap = true,
                    // Pictures and films have addresses of their own, in another vocabulary.
                    "loc" if !tag.name.contains(&b':') => address = Some(String::new()),
                    _ => {}
                },
                Token::EndTag(tag) => match local(&tag.name) {
                    "sitemap" => in_sitemap = false,
                    "loc" => {
                        let found = address.take().map(|address| address.trim().to_owned()).filter(|address| !address.is_empty());
                        if in_sitemap { &mut sitemap.sitemaps } else { &mut sitemap.pages }.extend(found);
                    }
                    _ => {}
                },
                Token::String(words) => {
                    if let Some(address) = &mut address {
                        address.push_str(&String::from_utf8_lossy(&words));
                    }
                }
                // An XML section of plain characters is a comment to HTML.
                Token::Comment(comment) => {
                    let comment = String::from_utf8_lossy(&comment).into_owned();
                    if let (Some(address), Some(words)) = (&mut address, comment.strip_prefix("[CDATA[")) {
                        address.push_str(words.strip_suffix("]]").unwrap_or(words));
                    }
                }
                _ => {}
            }
        }
        is_sitemap.then_some(sitemap)
    }
}

/// A name without its prefix.
fn local(name: &[u8]) -> &str {
    let name = std::str::from_utf8(name).unwrap_or_default();
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_further_sitemaps_are_told_apart() {
        let pages = "<?xml version=\"1.0\"?>\n<urlset xmlns=\"x\" xmlns:image=\"y\"><url><loc> https://a.example/fees?x=1&amp;y=2 </loc><image:image><image:loc>https://a.example/p.png</image:loc></image:image></url><url><loc><![CDATA[https://a.example/terms]]></loc></url></urlset>";
        let read = Sitemap::parse(pages).unwrap();
        assert_eq!(read.pages, ["https://a.example/fees?x=1&y=2", "https://a.example/terms"]);
        let index = "<sitemapindex><sitemap><loc>https://a.example/one.xml</loc></sitemap></sitemapindex>";
        assert_eq!(Sitemap::parse(index).unwrap().sitemaps, ["https://a.example/one.xml"]);
        assert_eq!(Sitemap::parse("https://a.example/one\nhttps://a.example/two\n").unwrap().pages.len(), 2);
        for other in ["", "<html><body>Not found</body></html>", "just words"] {
            assert_eq!(Sitemap::parse(other), None, "{other}");
        }
    }
}
