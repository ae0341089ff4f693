//! What can be told from the words alone, in microseconds and without a model: who wants a person, who needs one, who only
//! says hello.
//!
//! This path must work when everything else is down, so it is made of patterns and nothing else. Text comes in as typed; it is
//! brought into a plain form (`spoken`) and held sentence by sentence against small grammars (`rules`), one file per question
//! asked of it. It knows nothing of policies: whether a question *about* fraud, lawyers or opening hours has an answer is
//! for the rest of the path, so a grammar must tell a question about a thing from the thing itself.

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
mod wishes;

use super::contract::Reason;

/// What the words alone say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Triage {
    /// A person must take over, for this reason, whatever the policies say.
    pub escalate: Option<Reason>,
    /// Nothing but a person is wanted: a policy quoted beside it would be in the way.
    pub person_only: bool,
    /// A person should be offered beside any answer.
    pub offer: Option<Reason>,
    /// No question: a greeting, thanks, a goodbye, "are you a bot?".
    pub small_talk: Option<SmallTalk>,
    /// How the customer sounds.
    pub mood: Mood,
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
    /// In need of help as a person.
    Distressed,
}

impl Mood {
    /// The word hand-offs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Upset => "upset",
            Self::Distressed => "distressed",
        }
    }
}

/// Reads `text` for what needs no policy.
pub fn triage(text: &str) -> Triage {
    let sentences = spoken::sentences(text);
    let any = |heard: fn(&str) -> bool| sentences.iter().any(|sentence| heard(sentence));
    let angry = any(fed_up::with_us);
    let fed_up = any(fed_up::of_the_machine) || (angry && !any(fed_up::asks));
    let asks_for_person = any(asks_for_person);
    let escalate = if any(danger::distressed) {
        Some(Reason::Distress)
    } else if asks_for_person {
        Some(Reason::UserRequest)
    } else if any(danger::dangerous) {
        Some(Reason::SafetyOrLegal)
    } else {
        fed_up.then_some(Reason::UserRequest)
    };
    let offer = if wishes::steers(&sentences) {
        Some(Reason::Injection)
    } else {
        wishes::asks_for_action(&sentences).then_some(Reason::ActionRequired)
    };
    let mood = if escalate == Some(Reason::Distress) { Mood::Distressed } else { mood::mood_of(text, &sentences, angry || fed_up) };
    let person_only = asks_for_person || escalate == Some(Reason::Distress);
    Triage { escalate, person_only, offer, small_talk: if escalate.is_none() { small_talk::small_talk(&sentences) } else { None }, mood }
}

/// Whether a text tries to steer the machine. For policies, which may hold what others wrote.
pub fn steers(text: &str) -> bool {
    wishes::steers(&spoken::sentences(text))
}

fn asks_for_person(sentence: &str) -> bool {
    person::asked_for(&spoken::repair(sentence)) || person_zh::asked_for(sentence) || person_elsewhere::asked_for(sentence)
}
