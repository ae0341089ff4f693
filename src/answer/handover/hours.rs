//! When are people there?

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::Deserialize;

/// Days looked ahead for the next opening.
const AHEAD: i32 = 60;

/// The week, and days on which nobody is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    timezone: TimeZone,
    /// From Monday; each day's spans in order, end excluded.
    week: [Vec<(Time, Time)>; 7],
    closed: Vec<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHours {
    timezone: String,
    #[serde(default)]
    mon: Vec<String>,
    #[serde(default)]
    tue: Vec<String>,
    #[serde(default)]
    wed: Vec<String>,
    #[serde(default)]
    thu: Vec<String>,
    #[serde(default)]
    fri: Vec<String>,
    #[serde(default)]
    sat: Vec<String>,
    #[serde(default)]
    sun: Vec<String>,
    #[serde(default)]
    closed: Vec<String>,
}

impl RawHours {
    /// The hours, or what is wrong with them.
    pub(super) fn check(self) -> Result<Hours, String> {
        let timezone = TimeZone::get(&self.timezone)
            .map_err(|_| format!("there is no time zone `{}`: write one such as Europe/Stockholm", self.timezone))?;
        let mut week = [self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun]
            .map(|day| day.iter().map(|span| parse_span(span)).collect::<Result<Vec<_>, _>>());
        let mut days: [Vec<(Time, Time)>; 7] = Default::default();
        for (day, spans) in days.iter_mut().zip(&mut week) {
            *day = std::mem::replace(spans, Ok(Vec::new()))?;
            day.sort_unstable();
        }
        if days.iter().all(Vec::is_empty) {
            return Err("[hours] names no hours at all: leave it out if people are always there".to_owned());
        }
        let closed =
            self.closed.iter().map(|day| day.parse().map_err(|_| format!("`closed`: `{day}` is no day: write one such as 2026-12-25")));
        Ok(Hours { timezone, week: days, closed: closed.collect::<Result<_, _>>()? })
    }
}

fn parse_span(text: &str) -> Result<(Time, Time), String> {
    let unclear = || format!("`{text}` is no span of a day: write one such as 09:00-17:00");
    let (from, to) = text.split_once('-').ok_or_else(unclear)?;
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| unclear());
    let end = if to.trim() == "24:00" { Time::MAX } else { time(to)? };
    let start = time(from)?;
    if start < end { Ok((start, end)) } else { Err(unclear()) }
}

impl Hours {
    /// Whether somebody is there at `now`.
    pub fn are_open(&self, now: Timestamp) -> bool {
        let here = now.to_zoned(self.timezone.clone());
        self.spans(here.date()).iter().any(|(from, to)| (*from..*to).contains(&here.time()))
    }

    /// When somebody is there next, from `now` on; `now` itself if somebody is, `None` if nobody is for weeks.
    pub fn next_opening(&self, now: Timestamp) -> Option<Zoned> {
        let here = now.to_zoned(self.timezone.clone());
        if self.are_open(now) {
            return Some(here);
        }
        (0..AHEAD).find_map(|days| {
            let date = here.date().checked_add(days.days()).ok()?;
            let (from, _) = self.spans(date).iter().find(|(from, _)| days > 0 || *from > here.time())?;
            date.to_datetime(*from).to_zoned(self.timezone.clone()).ok()
        })
    }

    fn spans(&self, date: Date) -> &[(Time, Time)] {
        if self.closed.contains(&date) {
            return &[];
        }
        let day = match date.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        &self.week[day]
    }
}

#[cfg(test)]
mod tests {
    use crate::answer::Handover;

    #[test]
    fn nights_weekends_and_holidays_are_closed_until_the_next_opening() {
        let text = format!(
            "{}\n[hours]\ntimezone = \"Asia/Shanghai\"\nmon = [\"13:00-18:00\", \"09:00-12:00\"]\nfri = [\"09:00-24:00\"]\nclosed = [\"2026-11-30\"]\n",
            super::super::DEFAULT
        );
        let hours = Handover::parse(&text, "own.toml").unwrap().hours.unwrap();
        let at = |time: &str| time.parse().unwrap();
        let opens = |time: &str| hours.next_opening(at(time)).unwrap().strftime("%F %H:%M").to_string();
        assert!(hours.are_open(at("2026-11-23T01:00:00Z"))); // 09:00 in Shanghai
        assert!(!hours.are_open(at("2026-11-23T04:30:00Z"))); // noon
        assert_eq!(opens("2026-11-23T04:30:00Z"), "2026-11-23 13:00");
        assert_eq!(opens("2026-11-23T12:00:00Z"), "2026-11-27 09:00"); // Friday
        assert!(hours.are_open(at("2026-11-27T15:59:00Z"))); // a minute before midnight
        assert_eq!(opens("2026-11-28T00:00:00Z"), "2026-12-04 09:00"); // Monday is a holiday
    }
}
