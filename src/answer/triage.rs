//! What can be told from the words alone, in microseconds and without a model: who wants a person, who needs one, who only
//! says hello.
//!
//! This path must work when everything else is down, so it is made of patterns and nothing else. Text comes in as typed; it is
//! brought into a plain form (`spoken`) and held sentence by sentence against small grammars (`rules`), one file per question
//! asked of it. It knows nothing of policies: whether a question *about* fraud, lawyers or opening hours has an answer is
//! for the rest of the path, so a grammar must tell a question about a thing from the thing itself.

mod account;
mod agrees;
mod danger;
mod fed_up;
mod mood;
mod person;
mod person_elsewhere;
mod person_zh;
mod rules;
mod small_talk;
mod spoken;
#[cfg(test)]
mod tests;
mod vulnerable;
mod wishes;

pub use agrees::agrees;

use super::signals::{Signal, SignalKind};

/// What the words alone say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Triage {
    /// What was heard, each kind once.
    pub signals: Vec<Signal>,
    /// Nothing but a person is wanted: a policy quoted beside it would be in the way.
    pub person_only: bool,
    /// No question: a greeting, thanks, a goodbye, "are you a bot?".
    pub small_talk: Option<SmallTalk>,
    /// How the customer sounds.
    pub mood: Mood,
}

impl Triage {
    /// Whether this was heard.
    pub fn heard(&self, kind: SignalKind) -> bool {
        self.signals.iter().any(|signal| signal.kind == kind)
    }
}

/// Sentences that want a friendly word, not a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmallTalk {
    /// Hello.
    Greeting,
    /// Thank you.
    Thanks,
    /// Goodbye.
    Goodbye,
    /// Are you a machine?
    WhoAreYou,
}

/// How the customer sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// As usual.
    #[default]
    Calm,
    /// Angry or worried.
    Upset,
    /// Somebody has died.
    Grieving,
    /// In need of help as a person.
    Distressed,
}

impl Mood {
    /// The word hand-offs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Upset => "upset",
            Self::Grieving => "grieving",
            Self::Distressed => "distressed",
        }
    }
}

/// Longest evidence kept, in Unicode scalar values.
const EVIDENCE_CHARS: usize = 120;

/// Reads `text` for what needs no policy.
pub fn triage(text: &str) -> Triage {
    use SignalKind as Kind;
    let sentences = spoken::sentences(text);
    let mut signals: Vec<Signal> = Vec::new();
    let mut hear = |kind: Kind, evidence: Option<String>| {
        let heard = evidence.is_some();
        signals.extend(evidence.map(|words| Signal::new(kind, 1.0, words.trim().chars().take(EVIDENCE_CHARS).collect::<String>())));
        heard
    };
    let first = |heard: fn(&str) -> Option<String>| sentences.iter().find_map(|sentence| heard(sentence));
    let asks_for_person = hear(Kind::AsksForPerson, sentences.iter().find(|sentence| asks_for_person(sentence)).cloned());
    let despair = hear(Kind::Despair, first(danger::distressed));
    let bereaved = hear(Kind::Bereavement, first(vulnerable::bereaved));
    hear(Kind::Illness, first(vulnerable::ill));
    hear(Kind::Hardship, first(vulnerable::in_hardship));
    let dangerous = hear(Kind::Danger, first(danger::dangerous));
    let injection = wishes::steers(&sentences);
    // Who steers the machine writes of anger and bots in somebody else's voice.
    let fed_up = !injection && hear(Kind::FedUp, first(fed_up::of_the_machine));
    let angry = !injection && hear(Kind::Anger, first(fed_up::with_us));
    hear(Kind::Complaint, first(vulnerable::complains));
    let matter = hear(Kind::AccountMatter, first(account::matter));
    hear(Kind::WantsAction, wishes::asks_for_action(&sentences).then(|| sentences.join(" ")));
    hear(Kind::AsksQuestion, sentences.iter().find(|sentence| fed_up::asks(sentence)).cloned());
    hear(Kind::Injection, injection.then(|| sentences.join(" ")));
    let mood = match (despair, bereaved) {
        (true, _) => Mood::Distressed,
        (_, true) => Mood::Grieving,
        _ => mood::mood_of(text, &sentences, angry || fed_up),
    };
    hear(Kind::Upset, (mood == Mood::Upset).then(|| "tone".to_owned()));
    let serious = asks_for_person || despair || bereaved || dangerous || fed_up || angry || matter;
    let small_talk = if serious { None } else { small_talk::small_talk(&sentences) };
    Triage { signals, person_only: asks_for_person || despair, small_talk, mood }
}

/// Whether a text tries to steer the machine. For policies, which may hold what others wrote.
pub fn steers(text: &str) -> bool {
    // Sentence by sentence: hints that add up in what a customer says are scattered over any long policy.
    spoken::sentences(text).iter().any(|sentence| wishes::steers(std::slice::from_ref(sentence)))
}

fn asks_for_person(sentence: &str) -> bool {
    person::asked_for(&spoken::repair(sentence)) || person_zh::asked_for(sentence) || person_elsewhere::asked_for(sentence)
}
