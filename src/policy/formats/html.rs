//! Web pages: headings, paragraphs, lists and tables, without what stands around them on every page.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};

use super::{Extracted, Outline, one_line};

/// Elements whose text is not the page's.
const SKIPPED: [&str; 17] = [
    "script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "select", "svg", "iframe", "head", "dialog",
    "object", "video", "canvas",
];

/// Elements that end the line of text before and after them.
const BLOCKS: [&str; 22] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "blockquote",
    "pre",
    "figure",
    "figcaption",
    "address",
    "details",
    "hr",
    "ul",
    "ol",
    "dl",
    "dd",
    "table",
    "thead",
    "tbody",
    "body",
    "html",
];

/// Elements that never have an end.
const VOID: [&str; 8] = ["br", "hr", "img", "input", "link", "meta", "source", "wbr"];

/// The text of a page. Of a page with `<main>`, only what stands in it.
pub(super) fn extract(html: &str) -> Extracted {
    let only_main = tokens(html).any(|token| matches!(token, Token::StartTag(tag) if name(&tag) == "main"));
    let mut page = Page { only_main, ..Page::default() };
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) => page.start(&tag),
            Token::EndTag(tag) => page.end(&String::from_utf8_lossy(&tag.name)),
            Token::String(words) => page.words(&String::from_utf8_lossy(&words)),
            _ => {}
        }
    }
    page.flush();
    let title = Some(one_line(&page.title)).filter(|title| !title.is_empty());
    Extracted { title: page.first_heading.or(title), text: page.outline.text, pages: Vec::new(), uri: saved_from(html) }
}

/// The address that browsers, and our own reader of websites, put into the first line of a page they save.
fn saved_from(html: &str) -> Option<String> {
    let (_, rest) = html.get(..html.find("-->")?)?.trim_start().split_once("<!-- saved from url=(")?;
    let (_, address) = rest.split_once(')')?;
    let address = address.trim();
    (address.starts_with("https://") || address.starts_with("http://")).then(|| address.to_owned())
}

fn tokens(html: &str) -> impl Iterator<Item = Token> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true); // so that scripts and styles are one piece of text
    Tokenizer::new_with_emitter(html, emitter).map_while(Result::ok)
}

fn name(tag: &StartTag<()>) -> String {
    String::from_utf8_lossy(&tag.name).into_owned()
}

/// What the words read now are.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Line {
    #[default]
    Paragraph,
    Heading(usize),
    Item,
}

#[derive(Default)]
struct Page {
    outline: Outline,
    only_main: bool,
    /// Elements `main` that are open.
    in_main: usize,
    in_title: bool,
    title: String,
    first_heading: Option<String>,
    /// The element whose text is skipped, and how many of its name are open.
    skipped: Option<(String, usize)>,
    line: Line,
    words: String,
    /// The cells of the row that is open.
    row: Option<Vec<String>>,
}

impl Page {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = name(tag);
        if let Some((skipped, open)) = &mut self.skipped {
            *open += usize::from(*skipped == name && !tag.self_closing);
            return self.in_title |= name == "title";
        }
        let is_void = VOID.contains(&name.as_str());
        if !is_void && (SKIPPED.contains(&name.as_str()) || is_furniture(tag)) {
            self.flush();
            self.skipped = (!tag.self_closing).then_some((name, 1));
            return;
        }
        match name.as_str() {
            "main" => {
                self.flush();
                self.in_main += 1;
            }
            "br" => self.words.push(' '),
            "li" => self.begin(Line::Item),
            "dt" | "summary" | "legend" => self.begin(Line::Heading(6)),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.begin(Line::Heading(usize::from(name.as_bytes()[1] - b'0'))),
            "tr" => {
                self.flush();
                self.row = Some(Vec::new());
            }
            "td" | "th" => self.end_cell(),
            "table" => {
                self.flush();
                self.outline.end_table();
            }
            // A paragraph inside an item or a cell is still the item or the cell.
            block
                if BLOCKS.contains(&block)
                    && self.row.is_none()
                    && !(block == "p" && self.line == Line::Item && self.words.trim().is_empty()) =>
            {
                self.flush()
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if name == "title" {
            self.in_title = false;
        }
        if let Some((skipped, open)) = &mut self.skipped {
            if skipped == name {
                *open -= 1;
                if *open == 0 {
                    self.skipped = None;
                }
            }
            return;
        }
        match name {
            "main" => {
                self.flush();
                self.in_main = self.in_main.saturating_sub(1);
            }
            "td" | "th" => self.end_cell(),
            "tr" => {
                self.end_cell();
                if let Some(cells) = self.row.take()
                    && self.is_wanted()
                {
                    self.outline.row(&cells);
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "li" | "dt" | "summary" | "legend" => self.flush(),
            block if BLOCKS.contains(&block) && self.row.is_none() => self.flush(),
            _ => {}
        }
    }

    fn words(&mut self, words: &str) {
        if self.in_title {
            self.title.push_str(words);
        } else if self.skipped.is_none() {
            self.words.push_str(words);
        }
    }

    fn begin(&mut self, line: Line) {
        if self.row.is_none() {
            self.flush();
            self.line = line;
        }
    }

    fn is_wanted(&self) -> bool {
        !self.only_main || self.in_main > 0
    }

    fn end_cell(&mut self) {
        if let Some(row) = &mut self.row {
            let words = std::mem::take(&mut self.words);
            if !words.trim().is_empty() {
                row.push(words);
            }
        }
    }

    fn flush(&mut self) {
        let words = std::mem::take(&mut self.words);
        let line = std::mem::take(&mut self.line);
        if !self.is_wanted() || words.trim().is_empty() {
            return;
        }
        match line {
            Line::Heading(level) => {
                if level == 1 && self.first_heading.is_none() {
                    self.first_heading = Some(one_line(&words));
                }
                self.outline.heading(level, &words);
            }
            Line::Item => self.outline.item(&words),
            Line::Paragraph => self.outline.paragraph(&words),
        }
    }
}

/// Menus, banners and the like, by their role, class or id.
fn is_furniture(tag: &StartTag<()>) -> bool {
    let value = |wanted: &[u8]| {
        tag.attributes.iter().find(|(name, _)| name.as_slice() == wanted).map(|(_, value)| String::from_utf8_lossy(value).to_lowercase())
    };
    let role = value(b"role").is_some_and(|role| ["navigation", "banner", "contentinfo", "search", "dialog"].contains(&role.as_str()));
    let hidden =
        tag.attributes.keys().any(|name| name.as_slice() == b"hidden") || value(b"aria-hidden").is_some_and(|value| value == "true");
    let named = [b"class".as_slice(), b"id"].into_iter().filter_map(value).any(|names| {
        names
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| ["cookie", "cookies", "breadcrumb", "breadcrumbs", "sidebar", "navbar", "menu"].contains(&word))
    });
    role || hidden || named
}
