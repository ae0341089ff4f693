//! The error rate that the operator chose, as thresholds of confidence.
//!
//! `frontdesk calibrate` measures them on labelled questions (`insight/calibrate.rs`) and writes them to a file of the data folder; whatever
//! answers from that folder afterwards calls a person where the confidence is below them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Context, ErrorKind, Result};

/// Layout of the file.
const FORMAT: u32 = 1;

/// Thresholds, and what they were measured on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dial {
    format: u32,
    /// Largest share of questions that may get a wrong answer which no person saw.
    pub max_error: f64,
    /// How sure that is, 0 to 1.
    pub confidence: f64,
    /// The confidence model and the embedding they belong to: another one makes other numbers.
    pub model: String,
    /// RFC 3339, UTC.
    pub made_at: String,
    /// Per kind of evidence (`dense`, `chinese`, `words`, `read`). Those that the data could not vouch for are missing.
    pub settings: BTreeMap<String, DialSetting>,
}

/// The threshold of one kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialSetting {
    /// Below this confidence a person is called.
    pub answer_from: f64,
    /// Questions it was measured on.
    pub questions: usize,
    /// How many of them got a wrong answer that no person saw.
    pub wrong: usize,
    /// Upper bound on that share, at the confidence wished.
    pub bound: f64,
    /// Share of the questions that were answered.
    pub answered: f64,
}

impl Dial {
    /// A dial for these wishes.
    pub fn new(max_error: f64, confidence: f64, model: String, settings: BTreeMap<String, DialSetting>) -> Self {
        Self { format: FORMAT, max_error, confidence, model, made_at: jiff::Timestamp::now().to_string(), settings }
    }

    /// A dial that holds nothing back, to measure with.
    pub fn open() -> Self {
        let nothing = DialSetting { answer_from: 0.0, questions: 0, wrong: 0, bound: 1.0, answered: 1.0 };
        let settings = ["read", "dense", "chinese", "words"].map(|kind| (kind.to_owned(), nothing));
        Self::new(1.0, 0.0, String::new(), settings.into())
    }

    /// The dial in the file at `path`; `None` where there is none.
    ///
    /// # Errors
    /// `BadSetting` for a file that holds something else, `Io` for one that cannot be read.
    pub fn load(path: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ErrorKind::Io.on(path.display().to_string()).because(error)),
        };
        let unusable = || format!("{}: make it anew with `frontdesk calibrate`, or delete it", path.display());
        let dial: Self = serde_json::from_str(&text).on(ErrorKind::BadSetting, unusable)?;
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        if dial.format != FORMAT || !is_share(dial.max_error) || !dial.settings.values().all(|one| is_share(one.answer_from)) {
            return Err(ErrorKind::BadSetting.on(unusable()));
        }
        Ok(Some(dial))
    }

    /// Writes it to `path`, as a whole or not at all.
    ///
    /// # Errors
    /// `Io`.
    pub fn save(&self, path: &Path) -> Result<()> {
        let unwritable = || path.display().to_string();
        let text = serde_json::to_string_pretty(self).on(ErrorKind::Io, unwritable)?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).on(ErrorKind::Io, unwritable)?;
        }
        let draft = path.with_extension("json.new");
        std::fs::write(&draft, text).on(ErrorKind::Io, unwritable)?;
        std::fs::rename(&draft, path).on(ErrorKind::Io, unwritable)
    }

    /// Below which confidence a person is called, for this kind of evidence.
    pub(super) fn answer_from(&self, kind: &str) -> Option<f64> {
        self.settings.get(kind).map(|setting| setting.answer_from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_comes_back_as_it_was_saved_and_nonsense_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/dial.json");
        assert_eq!(Dial::load(&path).unwrap(), None);
        Dial::open().save(&path).unwrap();
        assert_eq!(Dial::load(&path).unwrap().unwrap().settings, Dial::open().settings);
        for text in
            ["{}", "not json", "{\"format\":1,\"max_error\":2.0,\"confidence\":0.9,\"model\":\"\",\"made_at\":\"\",\"settings\":{}}"]
        {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Dial::load(&path).unwrap_err().kind, ErrorKind::BadSetting, "{text}");
        }
    }
}
