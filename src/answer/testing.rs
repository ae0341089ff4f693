//! A desk over a small real index, without model weights: what tests of other rooms ask.

use super::ModelNames;
use super::desk::{Desk, DeskParts, Now};
use crate::index::refresh;
use crate::policy::{LoadReport, parse_file};

pub(crate) const DOCUMENTS: [(&str, &str); 4] = [
    (
        "late-payments.v1.md",
        "---\nid: late-payments\ntitle: Late payments\nversion: 1\nvalid_from: 2020-01-01\nvalid_to: 2025-12-31\ntags: [fees]\n---\n# Late payments\n\n## Late fee\nA late fee of $9 is charged 3 days after the due date.\n",
    ),
    (
        "late-payments.md",
        "---\nid: late-payments\ntitle: Late payments\nversion: 2\nvalid_from: 2026-01-01\ntags: [fees]\nuri: https://shop.example/late\n---\n# Late payments\n\n## Late fee\nA late payment fee of up to $7 is charged 10 days after the due date. However, no late fee is charged in Germany.\n\n## Pausing\nThe account is paused when a payment is 20 days late.\n",
    ),
    (
        "late-payments.v3.md",
        "---\nid: late-payments\ntitle: Late payments\nversion: 3\nvalid_from: 2199-01-01\ntags: [fees]\n---\n# Late payments\n\n## Late fee\nA late fee of $1 is charged 90 days after the due date.\n",
    ),
    (
        "zh/refunds.md",
        "---\nid: zh-refunds\ntitle: 退款\nversion: 1\ntags: [returns]\n---\n# 退款\n\n## 到账时间\n退款审核通过后 1–3 个工作日原路退回。\n\n## 运费\n因质量问题退货，运费由我们承担。\n",
    ),
];

/// Writes the documents of [`desk`] as files of a new folder.
pub(crate) fn write_documents(folder: &std::path::Path) {
    for (path, text) in DOCUMENTS {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().expect("files lie in the folder")).expect("the folder can be made");
        std::fs::write(file, text).expect("the file can be written");
    }
}

/// Answers from three versions of one English policy and one Chinese policy, by words alone.
pub(crate) fn desk() -> Desk {
    desk_of(&DOCUMENTS)
}

/// Answers from these documents, by words alone.
pub(crate) fn desk_of(documents: &[(&str, &str)]) -> Desk {
    desk_on(documents, Box::new(crate::policy::Moment::now))
}

/// As [`desk_of`], at the time that `clock` says.
pub(crate) fn desk_on(documents: &[(&str, &str)], clock: Now) -> Desk {
    let versions =
        documents.iter().map(|(path, text)| parse_file(path, text.as_bytes()).expect("test documents are well formed")).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = LoadReport { versions, skipped: Vec::new() };
    let built = refresh(folder.path(), report, None, None, &mut |_, _| ()).expect("the index builds");
    Desk::start(DeskParts {
        snapshot: built.expect("there was none before"),
        embedder: None,
        reader: None,
        generator: None,
        models: ModelNames::default(),
        device: "cpu".to_owned(),
        clock,
        workers: 1,
        queue: 8,
        rules: super::Handover::builtin().clone(),
    })
}
