//! Passages of different documents that say the same: one of them will be forgotten when the policy changes.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{PassageId, PassageView, Snapshot};
use crate::policy::Moment;

/// Letters and digits below which a passage says too little to be called a copy: "See above."
const SHORTEST: usize = 40;

impl Snapshot {
    /// Pairs of passages of different documents in force at `time` whose letters and digits are the same: a passage, and the first before it.
    pub fn duplicates(&self, time: Moment) -> Vec<(PassageId, PassageId)> {
        let mut first: HashMap<[u8; 32], PassageId> = HashMap::new();
        let mut pairs = Vec::new();
        for id in 0..self.passage_count() as PassageId {
            let view = self.passage(id);
            if !view.version.is_valid_on(time) {
                continue;
            }
            let Some(mark) = mark(&view) else { continue };
            let before = *first.entry(mark).or_insert(id);
            if self.passage(before).version.document_id != view.version.document_id {
                pairs.push((before, id));
            }
        }
        pairs
    }
}

/// Equal for passages that say the same; `None` for one that says too little.
fn mark(view: &PassageView<'_>) -> Option<[u8; 32]> {
    let letters = view.passage.sentences.iter().flat_map(|sentence| sentence.plain.chars());
    let said: String = letters.filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (said.chars().count() >= SHORTEST).then(|| Sha256::digest(said.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::super::build::refresh;
    use crate::policy::{LoadReport, Moment, parse_file};

    #[test]
    fn copies_in_other_documents_that_are_in_force_are_found() {
        let said = "Parcels that were not picked up within seven days travel back to the sender at no cost.";
        let files = [
            ("a.md", format!("# Parcels\n\n{said}\n")),
            ("b.md", format!("# Lockers\n\n{}\n", said.to_uppercase().replace(' ', "  "))),
            ("c.md", format!("---\nid: c\nvalid_to: 2020-01-01\n---\n# Old\n\n{said}\n")),
            ("d.md", "# Pets\n\nDogs are welcome in all of our shops, cats are too.\n".to_owned()),
        ];
        let versions = files.iter().map(|(path, text)| parse_file(path, text.as_bytes()).unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        let built = refresh(folder.path(), LoadReport { versions, skipped: Vec::new() }, None, None, &mut |_, _| ()).unwrap().unwrap();
        let named = |(a, b)| (built.passage(a).version.path.clone(), built.passage(b).version.path.clone());
        assert_eq!(built.duplicates(Moment::now()).into_iter().map(named).collect::<Vec<_>>(), [("a.md".to_owned(), "b.md".to_owned())]);
    }
}
