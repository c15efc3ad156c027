//! One moment in UTC, stored to the millisecond, in one sortable text form: the year has four digits, so that written
//! times parse back and text sorts as time does.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC with millisecond precision: what both databases store without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(DateTime<Utc>);

/// The first and the last millisecond whose year has four digits: 0001-01-01 and 9999-12-31.
const FIRST_MS: i64 = -62_135_596_800_000;
const LAST_MS: i64 = 253_402_300_799_999;
/// The tolerated clock skew of another machine.
const AHEAD: std::time::Duration = std::time::Duration::from_hours(24);

impl Time {
    /// Returns the moment `ms` milliseconds after the Unix epoch, clamped to the years 1 to 9999.
    pub fn from_unix_ms(ms: i64) -> Self {
        Self(DateTime::from_timestamp_millis(ms.clamp(FIRST_MS, LAST_MS)).unwrap_or_default())
    }

    /// As `from_unix_ms`, but `None` outside the years 1 to 9999.
    pub fn checked_from_unix_ms(ms: i64) -> Option<Self> {
        (FIRST_MS..=LAST_MS).contains(&ms).then(|| Self::from_unix_ms(ms))
    }

    /// Milliseconds since the Unix epoch.
    pub fn unix_ms(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// The month it lies in by UTC, as books name it: `YYYY-MM`.
    pub fn month(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// As chrono's type, for calendar arithmetic.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Returns this moment plus `delta`, at most the end of the year 9999.
    #[must_use]
    pub fn plus(self, delta: std::time::Duration) -> Self {
        let later = TimeDelta::from_std(delta).ok().and_then(|d| self.0.checked_add_signed(d));
        Self::from_unix_ms(later.map_or(LAST_MS, |later| later.timestamp_millis()))
    }

    /// Returns this moment minus `delta`, at least the beginning of the year 1.
    #[must_use]
    pub fn minus(self, delta: std::time::Duration) -> Self {
        let earlier = TimeDelta::from_std(delta).ok().and_then(|d| self.0.checked_sub_signed(d));
        Self::from_unix_ms(earlier.map_or(FIRST_MS, |earlier| earlier.timestamp_millis()))
    }

    /// Whether a time stated by another system is plausible as a past time: from 1970 on, and at most a day ahead of
    /// `now`, to allow for clock skew. (The zero date of some databases parses as the year -1 or 1, a date that means
    /// "never" as the year 9999.)
    pub fn may_have_been(self, now: Self) -> bool {
        self.unix_ms() >= 0 && self <= now.plus(AHEAD)
    }

    /// Returns the duration from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }

    /// Parses RFC 3339, or an ISO date-time without a zone (taken as UTC), within the years 1 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Self::checked_from_unix_ms(time.timestamp_millis());
        }
        let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
            .or_else(|_| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
            .ok()?;
        Self::checked_from_unix_ms(naive.and_utc().timestamp_millis())
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(time: DateTime<Utc>) -> Self {
        Self::from_unix_ms(time.timestamp_millis())
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("'{text}' is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn text_form_sorts_as_time_does_and_reads_back() {
        let (early, late) = (Time::from_unix_ms(999), Time::from_unix_ms(1_000));
        assert_eq!(early.to_string(), "1970-01-01T00:00:00.999Z");
        assert!(early.to_string() < late.to_string());
        assert_eq!(Time::parse(&late.to_string()), Some(late));
    }

    #[test]
    fn a_time_without_zone_is_utc() {
        assert_eq!(Time::parse("1970-01-01 00:00:01.5"), Some(Time::from_unix_ms(1_500)));
        assert_eq!(Time::parse("1970-01-01T01:00:00+01:00"), Some(Time::from_unix_ms(0)));
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn a_time_that_would_not_sort_cannot_be() {
        for far in
            ["-0001-11-30T00:00:00", "+10000-01-01T00:00:00Z", "9999-12-31T23:59:59-05:00", "0000-00-00 00:00:00"]
        {
            assert_eq!(Time::parse(far), None, "{far}");
        }
        let (first, last) = (Time::from_unix_ms(i64::MIN), Time::from_unix_ms(i64::MAX));
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("0001-01-01T00:00:00.000Z".into(), "9999-12-31T23:59:59.999Z".into())
        );
        assert_eq!((Time::parse(&first.to_string()), Time::parse(&last.to_string())), (Some(first), Some(last)));
        assert_eq!(last.plus(std::time::Duration::MAX), last);
        assert_eq!(last.plus(std::time::Duration::from_hours(87_600_000)), last);
        assert_eq!(first.minus(std::time::Duration::from_hours(87_600_000)), first);
        assert_eq!(Time::checked_from_unix_ms(i64::MAX), None);
    }

    #[test]
    fn what_happened_lies_between_the_epoch_and_tomorrow() {
        let now = Time::parse("2026-03-01T12:00:00Z").expect("a time");
        let may = |text: &str| Time::parse(text).expect("a time").may_have_been(now);
        assert!(may("1970-01-01T00:00:00Z") && may("2026-03-02T12:00:00Z"));
        assert!(!may("1969-12-31T23:59:59Z") && !may("2026-03-02T12:00:00.001Z") && !may("0001-01-01T00:00:00Z"));
    }
}
