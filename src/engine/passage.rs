//! A passage as the models read it.

/// A heading and the sentences below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PassageText {
    /// `TITLE. HEADINGS: `, or empty.
    pub heading: String,
    /// Its sentences, in reading order.
    pub sentences: Vec<String>,
    /// What stands before each of them: a space, or nothing in Chinese.
    pub joint: &'static str,
}
