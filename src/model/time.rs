//! One moment in UTC, kept to the millisecond, in one sortable text form.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC with millisecond precision: what both databases can hold without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(DateTime<Utc>);

impl Time {
    /// The moment `ms` milliseconds after the Unix epoch; the epoch itself where that is out of range.
    pub fn from_unix_ms(ms: i64) -> Self {
        Self(DateTime::from_timestamp_millis(ms).unwrap_or_default())
    }

    /// Milliseconds since the Unix epoch.
    pub fn unix_ms(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// As chrono's type, for calendars.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// This moment plus `delta`; saturates far away from any real date.
    #[must_use]
    pub fn plus(self, delta: std::time::Duration) -> Self {
        TimeDelta::from_std(delta).ok().and_then(|d| self.0.checked_add_signed(d)).map_or(self, Self)
    }

    /// This moment minus `delta`.
    #[must_use]
    pub fn minus(self, delta: std::time::Duration) -> Self {
        TimeDelta::from_std(delta).ok().and_then(|d| self.0.checked_sub_signed(d)).map_or(self, Self)
    }

    /// How long from `earlier` to this moment; zero where it lies behind.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        (self.0 - earlier.0).to_std().unwrap_or_default()
    }

    /// Reads RFC 3339, or an ISO date-time without a zone (taken as UTC).
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Some(Self::from(time.to_utc()));
        }
        let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
            .or_else(|_| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
            .ok()?;
        Some(Self::from(naive.and_utc()))
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
}
