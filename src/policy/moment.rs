//! When a policy begins or ceases to hold, and when a question is asked: a day, or a minute of one.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::{ToSpan, Unit, Zoned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day, or a minute of a day, by the clock of the machine that answers. Written `2026-01-31` or `2026-01-31T09:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// From its first minute to its last.
    Day(Date),
    /// Its seconds are zero.
    Minute(DateTime),
}

impl Moment {
    /// This minute, by the clock and time zone of this machine.
    pub fn now() -> Self {
        let now = Zoned::now().datetime();
        Self::Minute(now.round(jiff::civil::DateTimeRound::new().smallest(Unit::Minute).mode(jiff::RoundMode::Trunc)).unwrap_or(now))
    }

    /// The day it is, or lies in.
    pub fn day(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Minute(time) => time.date(),
        }
    }

    /// From here on a policy holds that begins at this moment.
    pub fn start(self) -> DateTime {
        match self {
            Self::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
            Self::Minute(time) => time,
        }
    }

    /// From here on a policy holds no more that ends at this moment: after the whole of a day, at a minute.
    pub fn end(self) -> DateTime {
        match self {
            Self::Day(day) => day.tomorrow().map_or(DateTime::MAX, |next| next.to_datetime(jiff::civil::Time::midnight())),
            Self::Minute(time) => time,
        }
    }

    /// The time that a question asks about: the end of a day, because what a day brings holds on it; or a minute.
    pub(super) fn asked(self) -> DateTime {
        match self {
            Self::Day(day) => day.at(23, 59, 0, 0),
            Self::Minute(time) => time,
        }
    }

    /// Where a policy ends to which another one that begins here gives no more time: the day before, or here.
    pub(super) fn before(self) -> Option<Self> {
        match self {
            Self::Day(day) => day.yesterday().ok().map(Self::Day),
            Self::Minute(_) => Some(self),
        }
    }

    /// The last moment at which a policy held that ended here.
    pub fn last(self) -> Self {
        match self {
            Self::Day(_) => self,
            Self::Minute(time) => Self::Minute(time.checked_sub(1.minute()).unwrap_or(time)),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Minute(time) => write!(f, "{}", time.strftime("%Y-%m-%dT%H:%M")),
        }
    }
}

/// What [`Moment`] could not be read from. Says what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoMoment;

impl fmt::Display for NoMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a day such as 2026-01-31, or a minute such as 2026-01-31T09:00")
    }
}

impl std::error::Error for NoMoment {}

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        match text.len() {
            10 => text.parse().map(Self::Day).map_err(|_| NoMoment),
            16 => DateTime::strptime("%Y-%m-%dT%H:%M", text.replacen(' ', "T", 1)).map(Self::Minute).map_err(|_| NoMoment),
            _ => Err(NoMoment),
        }
    }
}

impl From<Date> for Moment {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|error| serde::de::Error::custom(format!("{error}, found {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_minutes_are_written_as_they_were_read() {
        for text in ["2026-01-31", "2026-01-31T09:05"] {
            assert_eq!(moment(text).to_string(), text);
            let json = serde_json::to_string(&moment(text)).unwrap();
            assert_eq!(serde_json::from_str::<Moment>(&json).unwrap(), moment(text));
        }
        assert_eq!(moment("2026-01-31 09:05"), moment("2026-01-31T09:05"));
        for wrong in ["", "2026-02-30", "2026-01-31T25:00", "2026-01-31T09:05:10", "31.01.2026", "２０２６-01-3"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_policy_that_ends_at_a_minute_leaves_it_to_the_next() {
        let nine = moment("2026-03-01T09:00");
        assert_eq!(nine.before().map(Moment::end), Some(nine.start()));
        assert_eq!(moment("2026-03-01").before(), Some(moment("2026-02-28")));
        assert_eq!(nine.last(), moment("2026-03-01T08:59"));
        assert_eq!((nine.day(), moment("2026-03-01").start()), (moment("2026-03-01").day(), moment("2026-03-01T00:00").start()));
    }
}
