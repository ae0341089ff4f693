//! The block of `key: value` lines at the head of a Markdown file.
//!
//! Not YAML but its flat subset that people write there: scalars, quotation marks, `[a, b]` and `- a` lists, comments. A full
//! reader would accept anchors, nested maps and `no` for false, none of which a policy's metadata needs.

use super::Moment;
use crate::error::{Error, ErrorKind, Result};
use crate::text::Language;

/// What a file says about itself. Keys it does not give are `None` or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrontMatter {
    /// `id`: the document's name, stable over versions.
    pub id: Option<String>,
    /// `title`: shown to customers.
    pub title: Option<String>,
    /// `version`: a whole number from 1.
    pub version: Option<u32>,
    /// `valid_from`: first day on which it holds, `2026-01-31`, or first minute, `2026-01-31T09:00`.
    pub valid_from: Option<Moment>,
    /// `valid_to`: last day on which it holds, or the minute at which it ends.
    pub valid_to: Option<Moment>,
    /// `tags`: a list, or words parted by commas; without repetitions.
    pub tags: Vec<String>,
    /// `uri` (or `url`): where customers read it; an http(s) address or a path from `/`.
    pub uri: Option<String>,
    /// `lang` (or `language`): a language code.
    pub lang: Option<Language>,
}

impl FrontMatter {
    /// Reads the front matter of a file and the byte at which its body starts (behind a byte order mark, if there is one).
    ///
    /// Front matter lies between a first line `---` and the next line `---` or `...`. A first `---` with no `key:` line after it is a
    /// ruler, and the file has no front matter. Unknown keys, with what is nested in them, are ignored. `BadDocument` names the line.
    pub fn parse(source: &str) -> Result<(Self, usize)> {
        let text_start = source.len() - source.trim_start_matches('\u{FEFF}').len();
        let none = Ok((Self::default(), text_start));
        let mut lines = Lines { source, at: text_start, number: 0 };
        if lines.next().is_none_or(|(_, first)| first.trim_end() != "---") {
            return none;
        }
        let mut reader = Reader::default();
        let mut is_first = true;
        while let Some((number, line)) = lines.next() {
            let line = line.trim_end();
            if line == "---" || line == "..." {
                return reader.finish().map(|matter| (matter, lines.at));
            }
            if std::mem::take(&mut is_first) && !line.is_empty() && !line.starts_with('#') && key_and_value(line).is_none() {
                return none;
            }
            reader.line(number, line)?;
        }
        if is_first { none } else { Err(on_line(1, "the front matter that begins here has no closing ---: add that line below it")) }
    }
}

/// Lines with their numbers, from 1, keeping count of the bytes behind the last one given.
struct Lines<'a> {
    source: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.source.get(self.at..)?.split_inclusive('\n').next()?;
        self.at += line.len();
        self.number += 1;
        Some((self.number, line))
    }
}

fn on_line(number: usize, what: impl AsRef<str>) -> Error {
    ErrorKind::BadDocument.on(format!("line {number}: {}", what.as_ref()))
}

/// What has been read so far, and the key whose list may still go on.
#[derive(Default)]
struct Reader {
    matter: FrontMatter,
    seen: Vec<Key>,
    open: Option<(Option<Key>, usize, Vec<String>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Id,
    Title,
    Version,
    ValidFrom,
    ValidTo,
    Tags,
    Uri,
    Lang,
}

impl Key {
    const ALL: [(&'static str, Self); 10] = [
        ("id", Self::Id),
        ("title", Self::Title),
        ("version", Self::Version),
        ("valid_from", Self::ValidFrom),
        ("valid_to", Self::ValidTo),
        ("tags", Self::Tags),
        ("uri", Self::Uri),
        ("url", Self::Uri),
        ("lang", Self::Lang),
        ("language", Self::Lang),
    ];

    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, key)| key)
    }

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, key)| *key == self).map_or("", |(name, _)| name)
    }
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<()> {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            return Ok(());
        }
        let is_item = content == "-" || content.starts_with("- ");
        if let Some((key, _, items)) = self.open.as_mut().filter(|_| is_item || content.len() < line.len()) {
            match (key, is_item) {
                (None, _) => {} // whatever is nested in a key we do not know
                (Some(Key::Tags), true) => items.extend(scalar(content.trim_start_matches('-'), number)?),
                (Some(key), _) => return Err(on_line(number, format!("expected the value of `{}` on the line of its key", key.name()))),
            }
            return Ok(());
        }
        self.close()?;
        let Some((name, value)) = key_and_value(line) else {
            return Err(on_line(number, "expected `key: value`, a comment, or --- to end the front matter"));
        };
        let key = Key::named(name);
        if let Some(key) = key {
            if self.seen.contains(&key) {
                return Err(on_line(number, format!("`{}` is given a second time: keep one of the two", key.name())));
            }
            self.seen.push(key);
            let is_list = strip_comment(value).starts_with('[');
            if matches!(key, Key::Tags) && !strip_comment(value).is_empty() {
                let tags = if is_list {
                    list(value, number)?
                } else {
                    scalar(value, number)?.iter().flat_map(|all| all.split(',')).map(str::to_owned).collect()
                };
                self.add_tags(tags);
            } else if is_list {
                return Err(on_line(number, format!("expected a single value for `{}`, found a list", key.name())));
            } else if let Some(value) = scalar(value, number)? {
                self.set(key, value, number)?;
            }
        }
        self.open = Some((key, number, Vec::new()));
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        if let Some((Some(Key::Tags), _, items)) = self.open.take() {
            self.add_tags(items);
        }
        Ok(())
    }

    fn add_tags(&mut self, tags: Vec<String>) {
        for tag in tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()) {
            if !self.matter.tags.iter().any(|known| known == tag) {
                self.matter.tags.push(tag.to_owned());
            }
        }
    }

    fn set(&mut self, key: Key, value: String, number: usize) -> Result<()> {
        let expected = |what: &str| on_line(number, format!("expected {what} for `{}`, found {value:?}", key.name()));
        match key {
            Key::Id if value.chars().any(char::is_control) => return Err(expected("a name without control characters")),
            Key::Id => self.matter.id = Some(value),
            Key::Title => self.matter.title = Some(value),
            Key::Version => {
                let version = value.parse().ok().filter(|version| *version > 0);
                self.matter.version = Some(version.ok_or_else(|| expected("a whole number from 1"))?);
            }
            Key::ValidFrom | Key::ValidTo => {
                let moment = value.parse::<Moment>().ok();
                let moment = Some(moment.ok_or_else(|| expected("a day such as 2026-01-31, or a minute such as 2026-01-31T09:00,"))?);
                if key == Key::ValidFrom {
                    self.matter.valid_from = moment
                } else {
                    self.matter.valid_to = moment
                }
                if let (Some(from), Some(to)) = (self.matter.valid_from, self.matter.valid_to)
                    && to.end() <= from.start()
                {
                    return Err(on_line(number, format!("valid_to {to} lies before valid_from {from}: it would never hold")));
                }
            }
            // It becomes a link on a page: nothing that runs may pass.
            Key::Uri => {
                let lower = value.to_ascii_lowercase();
                let is_path = value.starts_with('/') && !value.starts_with("//");
                if !(is_path || lower.starts_with("https://") || lower.starts_with("http://"))
                    || value.contains(|c: char| c.is_whitespace() || c.is_control())
                {
                    return Err(expected("an address that begins with https://, http:// or a single /"));
                }
                self.matter.uri = Some(value);
            }
            Key::Lang => self.matter.lang = Some(Language::from_code(&value).ok_or_else(|| expected("a language code such as en or zh"))?),
            Key::Tags => self.add_tags(vec![value]),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<FrontMatter> {
        self.close()?;
        Ok(self.matter)
    }
}

/// The parts of a line `key: value`; `None` for any other line.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let is_key = !key.is_empty() && key.trim_end().chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (is_key && (value.is_empty() || value.starts_with([' ', '\t']))).then(|| (key.trim_end(), value.trim()))
}

/// The value before a ` #` outside quotation marks.
fn strip_comment(value: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in value.char_indices() {
        match quote {
            Some(open) if c == open && before != '\\' => quote = None,
            None if matches!(c, '"' | '\'') && !before.is_alphanumeric() => quote = Some(c),
            None if c == '#' && before.is_whitespace() => return value.get(..at).unwrap_or(value).trim(),
            _ => {}
        }
        before = c;
    }
    value.trim()
}

/// One value, without its quotation marks; `None` for an empty one, `~` and `null`.
fn scalar(value: &str, number: usize) -> Result<Option<String>> {
    let value = strip_comment(value);
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return match value.chars().next() {
            None => Ok(None),
            Some('|' | '>') => Err(on_line(number, "expected the value on one line, found a block")),
            Some('&' | '*' | '{' | '!') => Err(on_line(number, format!("expected plain text or \"quoted text\", found {value:?}"))),
            _ => Ok(Some(value).filter(|value| !matches!(*value, "~" | "null" | "Null" | "NULL")).map(str::to_owned)),
        };
    };
    let unclosed = || on_line(number, format!("expected a closing {quote} at the end of {value}"));
    let inner = value.get(1..value.len().max(2) - 1).filter(|_| value.len() >= 2 && value.ends_with(quote)).ok_or_else(unclosed)?;
    if quote == '\'' {
        return Ok(Some(inner.replace("''", "'")).filter(|value| !value.trim().is_empty()));
    }
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n' | 't')) => text.push(' '),
            ('\\', Some(escaped @ ('"' | '\\' | '/'))) => text.push(escaped),
            ('\\', _) => return Err(on_line(number, format!("expected \\\" or \\\\ after a backslash in {value}"))),
            _ => text.push(c),
        }
    }
    Ok(Some(text).filter(|value| !value.trim().is_empty()))
}

/// The values of `[a, "b, c"]`.
fn list(value: &str, number: usize) -> Result<Vec<String>> {
    let value = strip_comment(value);
    let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or_else(|| on_line(number, format!("expected a closing ] at the end of {value}")))?;
    let (mut items, mut quote, mut start) = (Vec::new(), None, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') && inner.get(start..at).is_some_and(|before| before.trim().is_empty()) => quote = Some(c),
            None if c == ',' => {
                items.extend(scalar(inner.get(start..at).unwrap_or_default(), number)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    if quote.is_some() { Err(on_line(number, format!("a quotation mark is not closed in {value}"))) } else { Ok(items) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fails_with(source: &str, part: &str) {
        let error = FrontMatter::parse(source).expect_err(source).to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn every_key_is_read_and_the_body_starts_behind_the_closing_line() {
        let source = "\u{FEFF}---\r\n# who wrote this\r\nid: late-payments\r\ntitle: \"Late: \\\"fees\\\"\" # shown\r\nversion: 3\r\n\
            valid_from: 2026-01-01\r\nvalid_to:\r\ntags:\r\n  - fees\r\n  - 'a, b'\r\nauthor:\r\n  name: X\r\n  - y\r\nurl: https://a.example/#fees\r\n\
            lang: zh-CN\r\n---\r\nBody";
        let (matter, body) = FrontMatter::parse(source).unwrap();
        assert_eq!(&source[body..], "Body");
        assert_eq!(matter.id.as_deref(), Some("late-payments"));
        assert_eq!(matter.title.as_deref(), Some("Late: \"fees\""));
        assert_eq!((matter.version, matter.valid_to), (Some(3), None));
        assert_eq!(matter.valid_from, Some(jiff::civil::date(2026, 1, 1).into()));
        assert_eq!(matter.tags, ["fees", "a, b"]);
        assert_eq!(matter.uri.as_deref(), Some("https://a.example/#fees"));
        assert_eq!(matter.lang, Some(Language::Zh));
    }

    #[test]
    fn tags_may_stand_in_brackets_or_between_commas() {
        for tags in ["[a, \"b, c\", a, ]", "a, a", "\n- a", " # none\n  - a\n  - a", "a"] {
            let source = format!("---\ntags: {tags}\n---\n");
            assert_eq!(FrontMatter::parse(&source).unwrap().0.tags[0], "a", "{source}");
        }
        assert_eq!(FrontMatter::parse("---\ntags: [a, \"b, c\"]\n---\n").unwrap().0.tags, ["a", "b, c"]);
    }

    #[test]
    fn files_without_front_matter_have_none() {
        for source in ["", "# Title", "---", "---\nA ruler above prose\n---\n", "\n---\nid: a\n---\n", "----\nid: a"] {
            assert_eq!(FrontMatter::parse(source).unwrap(), (FrontMatter::default(), 0), "{source:?}");
        }
    }

    #[test]
    fn errors_name_the_line_and_what_was_expected() {
        fails_with("---\nid: a\nversion: two\n---\n", "line 3: expected a whole number from 1 for `version`, found \"two\"");
        fails_with("---\nversion: 0\n---\n", "line 2: expected a whole number");
        fails_with("---\nvalid_from: 1 May 2026\n---\n", "line 2: expected a day such as 2026-01-31");
        fails_with("---\nvalid_from: 2026-02-30\n---\n", "line 2");
        fails_with(
            "---\nvalid_from: 2026-02-01\nvalid_to: 2026-01-01\n---\n",
            "line 3: valid_to 2026-01-01 lies before valid_from 2026-02-01",
        );
        fails_with("---\nid: a\njust words\n---\n", "line 3: expected `key: value`");
        fails_with("---\nid: a\nid: b\n---\n", "second time");
        fails_with("---\nid: a\n", "no closing ---");
        fails_with("---\ntitle: \"open\n---\n", "line 2: expected a closing \"");
        fails_with("---\nuri: javascript:alert(1)\n---\n", "https://");
        fails_with("---\nlang: klingon\n---\n", "language code");
        fails_with("---\ntags: [a, b\n---\n", "closing ]");
        fails_with("---\ntitle: |\n  two\n  lines\n---\n", "on one line");
    }

    proptest! {
        #[test]
        fn any_text_gives_a_body_on_a_character_boundary_or_an_error(text in "(---\n)?((id|tags|title|valid_to|x): ?(\\PC){0,12}\n|[-\\[\\]'\", a:#\n]|\\PC){0,12}") {
            if let Ok((_, body)) = FrontMatter::parse(&text) {
                prop_assert!(text.get(body..).is_some());
            }
        }
    }
}
