//! Which sentences of different policies say different things about the same matter?
//!
//! Two sentences conflict when they are about the same matter and give another amount, time or date for it, or when one of them denies
//! what the other one says. Only sentences that hold on a common day are compared, in one language. Found by words alone, so that it
//! costs little and needs no model; what it names are candidates for a person to read.
//!
//! Whether two sentences conflict depends on these two and their documents only. So what several documents say in the same words and
//! place is compared once, and after a change only what the changed documents say, and what had a conflict with them, is compared anew.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use rayon::prelude::*;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{IndexedVersion, SentenceId, Snapshot};
use crate::policy::{Moment, SentenceKind, Version};
use crate::text::Language;
use crate::text::analysis::{TermKind, is_stop_word, terms};

/// Share of each sentence's words that the other one or the title and headings above it must hold for both to be about one matter.
const SAME_MATTER: f32 = 0.65;

/// The same where one sentence denies the other: of the shorter one, and of the longer one, which may say more.
const DENIED: f32 = 0.95;
const DENYING: f32 = 0.4;

/// Content words a sentence must have to be about something.
const WORDS: usize = 3;

/// Words that two sentences must share whatever stands above them.
const SHARED: usize = 2;

/// Documents whose disputes of a sentence are kept, the first by place: where hundreds say hundreds of things, pairs say no more.
const OTHERS: usize = 3;

/// What two sentences disagree about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// An amount of money, a share, a length of time, a number of times.
    Amount,
    /// A date or a time of day.
    Date,
    /// Whether it is so at all.
    Denial,
}

/// Two sentences that cannot both be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Conflict {
    /// The first, by its place in the snapshot.
    pub first: SentenceId,
    /// The second.
    pub second: SentenceId,
    /// What they disagree about.
    pub kind: ConflictKind,
}

/// A word or a unit as a number: sentences are compared by the thousand.
type Code = u32;

fn code(of: impl Hash) -> Code {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish() as Code
}

/// What a sentence says where it stands, as far as it is compared.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Statement {
    language: Language,
    /// When its version is in force.
    valid_from: Option<Moment>,
    valid_to: Option<Moment>,
    /// What it is about, in order of the codes.
    words: Box<[Code]>,
    /// Values by their units; a unit with several values says too little to compare.
    values: Box<[Value]>,
    denial: Option<Denial>,
    /// Words that only say how or with what.
    aside: Box<[Code]>,
    /// Whether it names an exception.
    exception: bool,
    /// Title and headings.
    place: Above,
    /// Words of the title that are a subject.
    title: Above,
}

/// Where in a block something is said: a version and a sentence of it, by their positions.
type Spot = (u32, u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Value {
    unit: Code,
    number: Code,
    is_date: bool,
    /// Less than zero before something, more after it.
    side: i8,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Denial {
    /// What is denied.
    of: Code,
    /// What is said not to be so.
    subject: Box<[Code]>,
}

/// What stands above the sentences of a version or a passage, in order of the codes.
type Above = Arc<[Code]>;

/// The statements of a block, each once, with lists of those that may conflict.
pub(super) struct Statements {
    list: Vec<(Statement, Vec<Spot>)>,
    /// Those with a value, by its unit and each word.
    by_value: Lists,
    /// The same by the rarer half of each one's words and one more: who shares half of them is found by these.
    by_value_and_rare_word: Lists,
    /// Those that say that it is so, by each word.
    by_said: Lists,
    /// Those that say that it is not so, by what they deny.
    by_denied: Lists,
}

/// `(key, statement)` in order.
struct Lists(Vec<(Code, u32)>);

impl Lists {
    fn new(mut entries: Vec<(Code, u32)>) -> Self {
        entries.sort_unstable();
        Self(entries)
    }

    fn of(&self, key: Code) -> &[(Code, u32)] {
        let from = self.0.partition_point(|(other, _)| *other < key);
        let rest = &self.0[from..];
        &rest[..rest.partition_point(|(other, _)| *other == key)]
    }
}

/// A value of this unit for this word.
fn key(word: Code, unit: Code) -> Code {
    code((word, unit))
}

impl Statements {
    pub(super) fn read(versions: &[Arc<IndexedVersion>]) -> Self {
        let mut said: HashMap<Statement, Vec<Spot>> = HashMap::new();
        for (number, IndexedVersion { version, passages }) in (0..).zip(versions.iter().map(|indexed| &**indexed)) {
            let subject = |word: &String| word.len() > 1 && !GENERIC.contains(word.as_str());
            let title = Above::from(sorted(words(&version.title).filter(subject).map(code)));
            let mut sentences = 0..;
            for passage in passages {
                let place = Above::from(sorted(words(&format!("{} {}", version.title, passage.headings.join(" "))).map(code)));
                for (sentence, at) in passage.sentences.iter().zip(&mut sentences) {
                    let lead = sentence.lead.as_deref().filter(|_| sentence.kind != SentenceKind::TableRow);
                    let text = format!("{} {}", lead.unwrap_or_default(), sentence.plain);
                    if let Some(statement) = Statement::read(&text, version, &place, &title) {
                        said.entry(statement).or_default().push((number, at));
                    }
                }
            }
        }
        let mut list: Vec<(Statement, Vec<Spot>)> = said.into_iter().collect();
        list.sort_unstable_by_key(|(_, spots)| spots[0]);
        let mut frequency: HashMap<Code, u32> = HashMap::new();
        list.iter().flat_map(|(statement, _)| &statement.words).for_each(|word| *frequency.entry(*word).or_default() += 1);
        let mut lists: [Vec<(Code, u32)>; 4] = Default::default();
        let [by_value, by_value_and_rare_word, by_said, by_denied] = &mut lists;
        for ((statement, _), at) in list.iter().zip(0..) {
            let mut words = statement.words.to_vec();
            words.sort_unstable_by_key(|word| frequency[word]);
            for Value { unit, .. } in &statement.values {
                by_value.extend(words.iter().map(|word| (key(*word, *unit), at)));
                by_value_and_rare_word.extend(words.iter().take(words.len() / 2 + 1).map(|word| (key(*word, *unit), at)));
            }
            match &statement.denial {
                _ if statement.exception => {}
                Some(denial) => by_denied.push((denial.of, at)),
                None => by_said.extend(words.iter().map(|word| (*word, at))),
            }
        }
        let [by_value, by_value_and_rare_word, by_said, by_denied] = lists.map(Lists::new);
        Self { list, by_value, by_value_and_rare_word, by_said, by_denied }
    }

    /// Those that may conflict with `statement`: another value beside half of the words of the shorter one, or what one of them denies.
    fn candidates(&self, statement: &Statement) -> Vec<u32> {
        let mut found = Vec::new();
        let mut add = |list: &[(Code, u32)]| found.extend(list.iter().map(|(_, at)| *at));
        for Value { unit, .. } in &statement.values {
            let keys = || statement.words.iter().map(|word| key(*word, *unit));
            keys().for_each(|key| add(self.by_value_and_rare_word.of(key))); // shorter ones
            let mut lists: Vec<_> = keys().map(|key| self.by_value.of(key)).collect(); // longer ones
            lists.sort_unstable_by_key(|list| list.len());
            lists.into_iter().take(statement.words.len() / 2 + 1).for_each(&mut add);
        }
        match &statement.denial {
            _ if statement.exception => {}
            Some(denial) => add(self.by_said.of(denial.of)),
            None => statement.words.iter().for_each(|word| add(self.by_denied.of(*word))),
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Statement {
    fn read(text: &str, version: &Version, place: &Above, title: &Above) -> Option<Self> {
        let about = sorted(words(text).map(code));
        if about.len() < WORDS {
            return None;
        }
        let negation = NEGATED.find(text);
        let denial = negation.and_then(|found| {
            let of = words(&text[found.end()..]).next().map(code)?;
            Some(Denial { of, subject: sorted(words(&text[..found.start()]).map(code)) })
        });
        let aside = ASIDE.captures_iter(text).filter_map(|found| words(found.get(1).or(found.get(2))?.as_str()).next()).map(code);
        Some(Self {
            language: version.language,
            valid_from: version.valid_from,
            valid_to: version.valid_to,
            words: about,
            values: values(text),
            denial,
            aside: sorted(aside),
            exception: EXCEPTION.is_match(text),
            place: Arc::clone(place),
            title: Arc::clone(title),
        })
    }

    /// Share of its words that the other one or what stands above that holds.
    fn held_by(&self, other: &Self) -> f32 {
        let held = self.words.iter().filter(|word| has(&other.words, word) || has(&other.place, word)).count();
        held as f32 / self.words.len() as f32
    }

    /// Whether the subject of its document is the other's, too, as far as a title says what it is.
    fn keeps_to(&self, other: &Self) -> bool {
        self.title.is_empty() || self.title.iter().any(|word| has(&other.words, word) || has(&other.place, word))
    }

    /// Whether there is a time at which both are in force.
    fn holds_with(&self, other: &Self) -> bool {
        let starts_before_end = |a: &Self, b: &Self| match (a.valid_from, b.valid_to) {
            (Some(from), Some(to)) => from.start() < to.end(),
            _ => true,
        };
        starts_before_end(self, other) && starts_before_end(other, self)
    }

    /// What it and a statement of another document disagree about.
    fn disputes(&self, other: &Self) -> Option<ConflictKind> {
        let (a, b) = (self, other);
        let enough = (a.words.len().min(b.words.len()).div_ceil(2)).max(SHARED);
        if a.language != b.language || shared(&a.words, &b.words) < enough || !a.holds_with(b) || !a.keeps_to(b) || !b.keeps_to(a) {
            return None;
        }
        let (mine, theirs) = (a.held_by(b), b.held_by(a));
        let apart = |x: &&Value| b.values.iter().any(|y| x.unit == y.unit && x.number != y.number && x.side * y.side >= 0);
        match a.values.iter().find(apart) {
            Some(value) if mine.min(theirs) >= SAME_MATTER => Some(if value.is_date { ConflictKind::Date } else { ConflictKind::Amount }),
            Some(_) => None,
            None => {
                let (denial, other) = match (&a.denial, &b.denial) {
                    (Some(denial), None) => (denial, b),
                    (None, Some(denial)) => (denial, a),
                    _ => return None,
                };
                let is_answered = has(&other.words, &denial.of) && shared(&denial.subject, &other.aside) == 0;
                let same =
                    if a.words.len() <= b.words.len() { mine >= DENIED && theirs >= DENYING } else { theirs >= DENIED && mine >= DENYING };
                (is_answered && same && !a.exception && !b.exception).then_some(ConflictKind::Denial)
            }
        }
    }
}

fn has(codes: &[Code], code: &Code) -> bool {
    codes.binary_search(code).is_ok()
}

fn shared(a: &[Code], b: &[Code]) -> usize {
    a.iter().filter(|word| has(b, word)).count()
}

/// The conflicts in `snapshot`, in the order of their sentences: of each sentence those with the first `OTHERS` documents that dispute it.
/// What did not change since `before` is taken over from there.
pub(super) fn conflicts(snapshot: &Snapshot, before: Option<&Snapshot>) -> Vec<Conflict> {
    let mut search = Search::new(snapshot);
    let lost = before.map(|before| search.take_over(before)).unwrap_or_default();
    search.open(&lost);
    let found: Vec<Conflict> = search.opened().collect::<Vec<_>>().into_par_iter().flat_map_iter(|at| search.conflicts_of(at)).collect();
    search.found.extend(found);
    search.first_of_each()
}

/// A search for conflicts in a snapshot.
struct Search<'a> {
    snapshot: &'a Snapshot,
    /// The statements of each block.
    blocks: Vec<&'a Statements>,
    /// Which version of the snapshot each of a block's is.
    versions: Vec<Vec<usize>>,
    /// By version of the snapshot: whether another snapshot had it, too.
    is_known: Vec<bool>,
    /// By block, which of its statements are compared with all others.
    is_open: Vec<Vec<bool>>,
    found: Vec<Conflict>,
}

/// Where a statement is said, and in which document.
type Said<'a> = (SentenceId, &'a str);

/// What is said in the first `OTHERS` documents that are not `document`.
fn first<'a, 'b, T>(said: &'b [(Said<'a>, T)], document: &'b str) -> impl Iterator<Item = &'b (Said<'a>, T)> {
    let mut documents: Vec<&str> = Vec::new();
    said.iter().filter(move |((_, other), _)| *other != document).take_while(move |((_, other), _)| {
        if !documents.contains(other) {
            documents.push(other);
        }
        documents.len() <= OTHERS
    })
}

fn first_sentence(snapshot: &Snapshot, version: usize) -> SentenceId {
    let passage = snapshot.passages.get(snapshot.versions[version].first_passage as usize);
    passage.map_or(0, |entry| entry.first_sentence)
}

impl<'a> Search<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let mut versions: Vec<Vec<usize>> = snapshot.blocks.iter().map(|_| Vec::new()).collect();
        for (place, at) in snapshot.versions.iter().zip(0..) {
            versions[place.block as usize].push(at);
        }
        let blocks = snapshot.blocks.par_iter().map(|block| block.statements()).collect();
        Self { snapshot, blocks, versions, is_known: vec![false; snapshot.versions.len()], is_open: Vec::new(), found: Vec::new() }
    }

    /// Takes over what `before` had among the documents that are in both. Returns the sentences that lost a conflict: others may move up.
    fn take_over(&mut self, before: &Snapshot) -> HashSet<SentenceId> {
        let new: HashMap<*const IndexedVersion, usize> =
            self.snapshot.versions.iter().map(|place| Arc::as_ptr(&place.indexed)).zip(0..).collect();
        let taken: Vec<Option<usize>> = before.versions.iter().map(|place| new.get(&Arc::as_ptr(&place.indexed)).copied()).collect();
        taken.iter().flatten().for_each(|at| self.is_known[*at] = true);
        let moved = |id: SentenceId| {
            let (view, _) = before.sentence(id)?;
            let old = before.passages.get(view.id as usize)?.document as usize;
            Some(first_sentence(self.snapshot, taken[old]?) + (id - first_sentence(before, old)))
        };
        let mut lost = HashSet::new();
        for conflict in &before.manifest.conflicts {
            match (moved(conflict.first), moved(conflict.second)) {
                (Some(first), Some(second)) => self.found.push(ordered(first, second, conflict.kind)),
                (one, other) => lost.extend(one.or(other)),
            }
        }
        lost
    }

    /// Opens the statements that are said in a new place, and those that lost a conflict.
    fn open(&mut self, lost: &HashSet<SentenceId>) {
        let is_open = |block: usize, spot: &Spot| {
            let version = self.versions[block][spot.0 as usize];
            !self.is_known[version] || lost.contains(&(first_sentence(self.snapshot, version) + spot.1))
        };
        let of_block = |(block, statements): (usize, &&Statements)| {
            statements.list.iter().map(|(_, spots)| spots.iter().any(|spot| is_open(block, spot))).collect()
        };
        self.is_open = self.blocks.iter().enumerate().map(of_block).collect();
    }

    /// The open statements: their blocks and positions there.
    fn opened(&self) -> impl Iterator<Item = (usize, usize)> {
        let blocks = self.is_open.iter().enumerate();
        blocks.flat_map(|(block, open)| (0..open.len()).filter(|at| open[*at]).map(move |at| (block, at)))
    }

    /// Where a statement is said, in order.
    fn said(&self, (block, at): (usize, usize)) -> impl Iterator<Item = Said<'a>> {
        self.blocks[block].list[at].1.iter().map(move |(version, sentence)| {
            let version = self.versions[block][*version as usize];
            let document = self.snapshot.versions[version].indexed.version.document_id.as_str();
            (first_sentence(self.snapshot, version) + sentence, document)
        })
    }

    /// The conflicts of an open statement that are among the first of one of both sentences.
    fn conflicts_of(&self, at: (usize, usize)) -> Vec<Conflict> {
        let (statement, _) = &self.blocks[at.0].list[at.1];
        let own: Vec<(Said<'a>, ())> = self.said(at).map(|said| (said, ())).collect();
        let (mut theirs, mut found) = (Vec::new(), Vec::new());
        for (block, statements) in self.blocks.iter().enumerate() {
            for other in statements.candidates(statement) {
                let Some(kind) = statement.disputes(&statements.list[other as usize].0) else { continue };
                let other = (block, other as usize);
                theirs.extend(self.said(other).map(|said| (said, kind)));
                if !self.is_open[other.0][other.1] {
                    for (id, document) in self.said(other) {
                        found.extend(first(&own, document).map(|((mine, _), ())| ordered(id, *mine, kind)));
                    }
                }
            }
        }
        theirs.sort_unstable();
        for ((mine, document), ()) in own {
            found.extend(first(&theirs, document).map(|((id, _), kind)| ordered(mine, *id, *kind)));
        }
        found
    }

    /// Of what was found, the first of each sentence.
    fn first_of_each(mut self) -> Vec<Conflict> {
        self.found.par_sort_unstable();
        self.found.dedup();
        let document = |id| self.snapshot.sentence(id).map_or("", |(view, _)| view.version.document_id.as_str());
        let both_ways = |conflict: &Conflict| {
            let (one, other) = ((conflict.first, document(conflict.first)), (conflict.second, document(conflict.second)));
            [(one, (other, *conflict)), (other, (one, *conflict))]
        };
        let mut by_sentence: Vec<(Said<'_>, (Said<'_>, Conflict))> = self.found.par_iter().flat_map_iter(both_ways).collect();
        by_sentence.par_sort_unstable_by_key(|((one, _), ((other, _), _))| (*one, *other));
        let mut kept = Vec::with_capacity(self.found.len());
        for same in by_sentence.chunk_by(|a, b| a.0.0 == b.0.0) {
            let ((_, document), _) = same[0];
            let others: Vec<(Said<'_>, Conflict)> = same.iter().map(|(_, other)| *other).collect();
            kept.extend(first(&others, document).map(|(_, conflict)| *conflict));
        }
        kept.par_sort_unstable();
        kept.dedup();
        kept
    }
}

fn ordered(a: SentenceId, b: SentenceId, kind: ConflictKind) -> Conflict {
    Conflict { first: a.min(b), second: a.max(b), kind }
}

fn sorted(codes: impl Iterator<Item = Code>) -> Box<[Code]> {
    codes.collect::<BTreeSet<Code>>().into_iter().collect()
}

/// What a text is about: its content words in order, without numbers, units and negations.
fn words(text: &str) -> impl Iterator<Item = String> + use<> {
    let text = DATE.replace_all(text, " ");
    let text = VALUE.replace_all(&text, " ");
    let text = NEGATED.replace_all(&text, " ");
    let content = terms(&text).into_iter().filter(|term| term.kind == TermKind::Word && !is_stop_word(&term.text));
    content.map(|term| term.text).filter(|word| !word.chars().any(|c| c.is_ascii_digit()))
}

/// The values of each unit that has one: amounts of each currency, shares, lengths of time, dates, times of day.
fn values(text: &str) -> Box<[Value]> {
    let mut found: BTreeMap<(bool, String), BTreeSet<(String, i8)>> = BTreeMap::new();
    let mut plain = text.to_owned();
    for date in DATE.captures_iter(text) {
        let part = |names: &[&str]| names.iter().find_map(|name| date.name(name)).map(|part| part.as_str().to_lowercase());
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u32>().ok());
        let month =
            |text: String| text.parse().ok().or_else(|| MONTHS.iter().position(|name| text.starts_with(name)).map(|at| at as u32 + 1));
        let day = number(part(&["day", "day2", "day3", "day4"]));
        if let (Some(month), Some(day)) = (part(&["month", "month2", "month3", "month4"]).and_then(month), day) {
            found.entry((true, "date".to_owned())).or_default().insert((format!("{month}-{day}"), 0));
        } else if let Some(hour) = number(part(&["hour", "hour2"])) {
            let minute = number(part(&["minute", "minute2"])).unwrap_or(0);
            let after_noon = part(&["half"]).is_some_and(|half| half.starts_with('p')) && hour < 12;
            found
                .entry((true, "time".to_owned()))
                .or_default()
                .insert((format!("{}:{minute:02}", hour + if after_noon { 12 } else { 0 }), 0));
        }
        plain.replace_range(date.get(0).map_or(0..0, |whole| whole.range()), &" ".repeat(date[0].len()));
    }
    for value in VALUE.captures_iter(&plain) {
        let part = |name: &str| value.name(name).map(|part| part.as_str().to_lowercase());
        let whole = value.get(0).map_or(0..0, |whole| whole.range());
        let (Some(number), Some(unit)) = (part("before").or(part("after")), part("currency").or(part("unit"))) else { continue };
        // "The 30 days" are those that another sentence sets.
        if part("unit").is_some() && SAID_BEFORE.is_match(&plain[..whole.start]) {
            continue;
        }
        let unit: Vec<&str> = unit.split_whitespace().map(|word| word.trim_end_matches('s')).collect();
        let unit = match unit.join(" ").as_str() {
            "percent" => "%".to_owned(),
            other => other.strip_prefix('个').unwrap_or(other).replace('日', "天"),
        };
        let rest = &plain[whole.end..];
        let side = i8::from(AFTER.is_match(rest)) - i8::from(BEFORE.is_match(rest));
        found.entry((false, unit)).or_default().insert((figure(&number), side));
    }
    let single = found.into_iter().filter(|(_, numbers)| numbers.len() == 1);
    let mut values: Vec<Value> = single
        .flat_map(|((is_date, unit), numbers)| {
            numbers.into_iter().map(move |(number, side)| Value { unit: code(&unit), number: code(&number), is_date, side })
        })
        .collect();
    values.sort_unstable();
    values.into()
}

/// A number in figures.
fn figure(number: &str) -> String {
    let written = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].iter().position(|word| *word == number);
    let chinese = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"].iter().position(|word| *word == number);
    match written.or(chinese) {
        Some(at) => (at + 1).to_string(),
        None if number == "两" => "2".to_owned(),
        None => {
            let plain = number.replace(',', "");
            let short = if plain.contains('.') { plain.trim_end_matches('0').trim_end_matches('.') } else { &plain };
            short.to_owned()
        }
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("pattern is a constant")
}

static VALUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?P<currency>[$£€¥])\s?(?P<before>\d+(?:,\d{3})*(?:\.\d+)?)|(?P<after>\d+(?:,\d{3})*(?:\.\d+)?|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b|[一二两三四五六七八九十])[ -]?(?P<unit>%|percent\b|(?:business |working |calendar )?(?:days?|weeks?|months?|years?|hours?|minutes?)\b|times\b|个?工作日|个?自然日|天|日|个?星期|周|个?月|年|个?小时|分钟|元|次|期)",
    )
});

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?ix)\b\d{4}-(?P<month>\d{2})-(?P<day>\d{2})\b
        |\b(?P<day2>\d{1,2})(?:st|nd|rd|th)?\ (?:of\ )?(?P<month2>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b
        |\b(?P<month3>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\ (?P<day3>\d{1,2})(?:st|nd|rd|th)?\b
        |(?P<month4>\d{1,2})\ ?月\ ?(?P<day4>\d{1,2})\ ?[日号]
        |\b(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\ ?(?P<half>[ap])\.?m\b
        |\b(?P<hour2>\d{1,2})[:：](?P<minute2>\d{2})\b",
    )
});

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

static NEGATED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:not|never|no longer|no|cannot)\b|n['’]t\b|不予|不可以?|不能|不会|不再|不支持|不|无法|没有|未"));

static EXCEPTION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:unless|except|only|otherwise|however|but|until)\b|除非|除外|除了|仅|只有|只能|只|但|另有"));

static ASIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:with|by|using|via|for|from|without)\s+((?:(?:a|an|the|your|our|their|any)\s+)?\w+)|(?:用|使用|通过|以)(\w{2,4})")
});

static SAID_BEFORE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:\b(?:the|these|those|this|that|first|last)\s+|[该这此])$"));

static BEFORE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^\s*(?:before|prior|earlier|ahead|之?前|以前)"));

static AFTER: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^\s*(?:after|later|following|from|之?后|以后)"));

/// Words that say what kind of page it is, not what it is about.
static GENERIC: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let words = "faq overview policy policies terms conditions help guide general information notice rules questions answers 政策 说明 概述 须知 常见 问题 规则 条款 指南 公告";
    terms(words).into_iter().map(|term| term.text).collect()
});

#[cfg(test)]
mod tests;
