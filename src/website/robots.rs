//! What a website allows a reader, by its `robots.txt` (RFC 9309).

use std::time::Duration;

use reqwest::Url;

/// The rules for one reader. Without any, all is allowed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Robots {
    /// Whether it is allowed, and for which paths.
    rules: Vec<(bool, String)>,
    /// Pause that the site asks for between two requests.
    pub(super) delay: Option<Duration>,
}

impl Robots {
    /// The rules for the reader `name` (in lowercase): those of its own groups, else those for all.
    pub(super) fn parse(text: &str, name: &str) -> Self {
        let (mut own, mut all) = (None::<Self>, None::<Self>);
        let (mut is_own, mut is_all, mut in_names) = (false, false, false);
        for line in text.trim_start_matches('\u{FEFF}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let (key, value) = (key.trim().to_lowercase(), value.trim());
            if key == "user-agent" {
                if !in_names {
                    (is_own, is_all) = (false, false);
                }
                in_names = true;
                is_own |= value.to_lowercase() == name;
                is_all |= value == "*";
                // A group may be empty: it then allows everything.
                own = own.or_else(|| is_own.then(Self::default));
                all = all.or_else(|| is_all.then(Self::default));
                continue;
            }
            if !matches!(key.as_str(), "allow" | "disallow" | "crawl-delay") {
                continue; // a line of another kind belongs to no group
            }
            in_names = false;
            for group in [own.as_mut().filter(|_| is_own), all.as_mut().filter(|_| is_all)].into_iter().flatten() {
                match key.as_str() {
                    "crawl-delay" => {
                        let seconds = value.parse().ok().filter(|seconds| (0.0..1e6).contains(seconds));
                        group.delay = seconds.map(Duration::from_secs_f64).or(group.delay);
                    }
                    _ if !value.is_empty() => group.rules.push((key == "allow", value.to_owned())),
                    _ => {} // "Disallow:" alone forbids nothing
                }
            }
        }
        own.or(all).unwrap_or_default()
    }

    /// Whether a page may be read: the longest rule that fits decides, and of two equal ones the one that allows.
    pub(super) fn allows(&self, page: &Url) -> bool {
        let path = match page.query() {
            Some(query) => format!("{}?{query}", page.path()),
            None => page.path().to_owned(),
        };
        let fitting = self.rules.iter().filter(|(_, pattern)| fits(pattern, &path));
        fitting.max_by_key(|(allowed, pattern)| (pattern.len(), *allowed)).is_none_or(|(allowed, _)| *allowed)
    }
}

/// Whether a path begins as `pattern` says; `*` stands for anything, `$` for the end.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) = pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else { return false };
    let mut last = "";
    let mut has_star = false;
    for part in parts {
        has_star = true;
        last = part;
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    // The first place of the last part need not be the one at the end.
    !to_end || rest.is_empty() || (has_star && rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(robots: &Robots, path: &str) -> bool {
        robots.allows(&Url::parse(&format!("https://shop.example{path}")).unwrap())
    }

    #[test]
    fn its_own_group_counts_and_else_the_one_for_all() {
        let text = "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: FrontDesk\nDisallow: /private # not this\nCrawl-delay: 2\n\nUser-agent: frontdesk\nDisallow: /old\n";
        let robots = Robots::parse(text, "frontdesk");
        assert!(allows(&robots, "/terms") && !allows(&robots, "/private/x") && !allows(&robots, "/old"));
        assert_eq!(robots.delay, Some(Duration::from_secs(2)));
        let robots = Robots::parse(text, "somebody");
        assert!(!allows(&robots, "/terms"));
        assert!(allows(&Robots::parse("", "frontdesk"), "/"));
        assert!(allows(&Robots::parse("User-agent: *\nDisallow: /\nUser-agent: frontdesk\nDisallow:\n", "frontdesk"), "/x"));
    }

    #[test]
    fn the_longest_rule_decides_and_stars_stand_for_anything() {
        let robots =
            Robots::parse("User-agent: *\nDisallow: /shop\nAllow: /shop/terms\nDisallow: /*.php$\nDisallow: /*?sort=", "frontdesk");
        for (path, expected) in [
            ("/shop", false),
            ("/shop/terms/fees", true),
            ("/about", true),
            ("/a/b.php", false),
            ("/a.php/b.php", false),
            ("/a/b.php?x", true),
            ("/list?sort=price", false),
        ] {
            assert_eq!(allows(&robots, path), expected, "{path}");
        }
    }
}
