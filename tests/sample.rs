//! The sample set, asked of the binary with real weights: what the README says of quality must hold.
//!
//! The bounds lie a little below the figures measured (see the README), so that another machine's rounding does not fail them.

use std::process::Command;

#[test]
fn the_sample_set_is_answered_as_well_as_the_readme_says() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command.args(["eval", "--data"]).arg(data.path());
    for bound in [
        "answers.quotes_verified>=1",
        "answers.mean_words<=40",
        "languages.en.retrieval.hit_at_5>=0.95",
        "languages.zh.retrieval.hit_at_5>=0.95",
        "languages.en.answers.cited_gold_rate>=0.78",
        "languages.zh.answers.cited_gold_rate>=0.80",
        "abstention.refused_when_answerable<=0.12",
        "abstention.refused_when_unanswerable>=0.58",
        "escalation.recall>=0.90",
        "escalation.false_alarm_rate<=0.08",
    ] {
        command.args(["--require", bound]);
    }
    let output = command.output().expect("the binary that cargo built starts");
    assert_eq!(output.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}
