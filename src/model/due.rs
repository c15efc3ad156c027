//! When a schedule is next due. Knows calendars and time zones, but no clock and no database.

use std::{str::FromStr, time::Duration};

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use croner::Cron;

use super::Time;

/// Why a schedule cannot be parsed.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The zone is unknown.
    #[error("'{0}' is not a time zone: use an IANA name such as Europe/Berlin")]
    Timezone(String),
    /// The expression is not a cron expression, or never matches.
    #[error(
        "'{0}' is not a usable cron expression: write five fields such as '0 6 * * *' (minute hour day month weekday)"
    )]
    Cron(String),
}

/// How `croner` marks a plainly named value; its own constant is not public.
const NAMED: u8 = 1;
/// How far ahead the search goes. The rarest expression that matches, a weekday on 29 February, can take 40 years.
const MOST_YEARS: i32 = 41;
/// The longest gap by which clocks were ever put forward: a whole day, at the date line.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(25);

/// Returns when a schedule is next due after `from`. A cron expression is evaluated in its time zone each time, so
/// that "06:00" stays 06:00 local time across clock changes. The cron expression takes precedence over the interval.
///
/// Clock changes follow Vixie cron's rule. An expression whose hour field begins with `*` follows real time: it runs
/// through both passes of a repeated hour and skips a skipped hour. Any other expression names hours of the day: each
/// runs once, on the first pass, and a time inside the gap runs at the end of the gap.
pub fn next_due(cron: Option<&str>, timezone: &str, interval: Duration, from: Time) -> Result<Time, ScheduleError> {
    let Some(expression) = cron else { return Ok(from.plus(interval)) };
    let zone: Tz = timezone.parse().map_err(|_| ScheduleError::Timezone(timezone.to_owned()))?;
    let bad = || ScheduleError::Cron(expression.to_owned());
    let from = from.utc();
    let cron = bounded(expression, from.year()).ok_or_else(bad)?;
    search(&cron, zone, from).map(Time::from).ok_or_else(bad)
}

/// Returns the expression limited to the years of the search, so that one that never matches fails at once.
fn bounded(expression: &str, year: i32) -> Option<Cron> {
    let mut cron = Cron::from_str(expression).ok()?;
    let years = &mut cron.pattern.years;
    let window = year.saturating_sub(1)..=year.saturating_add(MOST_YEARS);
    for other in years.min..=years.max {
        if !window.contains(&i32::from(other)) {
            years.unset_bit(other, NAMED).ok()?;
        }
    }
    Some(cron)
}

/// Walks over the matching wall-clock times, in order, until no later one can come sooner.
fn search(cron: &Cron, zone: Tz, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let real_time = cron.pattern.hours.from_wildcard;
    let wall = from.with_timezone(&zone).naive_local().with_nanosecond(0)?;
    // On the first pass of a repeated hour, the part that has passed comes again.
    let mut at = match zone.from_local_datetime(&wall) {
        LocalResult::Ambiguous(first, second) => wall - (second.to_utc() - first.to_utc()),
        _ => wall,
    };
    let mut second_pass: Option<DateTime<Utc>> = None;
    loop {
        // The search itself has no time zone: every wall-clock time exists once.
        let Ok(next) = cron.find_next_occurrence(&at.and_utc(), false) else { return second_pass };
        at = next.naive_utc();
        let (first, second) = match zone.from_local_datetime(&at) {
            LocalResult::Single(only) => (Some(only.to_utc()), None),
            LocalResult::Ambiguous(first, second) => (Some(first.to_utc()), real_time.then(|| second.to_utc())),
            LocalResult::None => (if real_time { None } else { end_of_gap(zone, at) }, None),
        };
        if let Some(second) = second.filter(|second| *second > from) {
            second_pass = Some(second_pass.map_or(second, |earliest| earliest.min(second)));
        }
        if let Some(first) = first.filter(|first| *first > from) {
            return Some(second_pass.map_or(first, |earliest| earliest.min(first)));
        }
    }
}

/// Returns the moment at which the clocks were put forward over `wall`.
fn end_of_gap(zone: Tz, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
    let minute = wall.with_second(0)?;
    let minutes = (1..=LONGEST_GAP.num_minutes()).map(|ahead| minute + TimeDelta::minutes(ahead));
    minutes.into_iter().find_map(|at| zone.from_local_datetime(&at).earliest()).map(|end| end.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).expect("a time")
    }

    /// Every due time after `start` and before `end`, as day and minute.
    fn due_times(zone: &str, cron: &str, start: &str, end: &str) -> String {
        let (mut from, end) = (at(&format!("{start}:00Z")), at(&format!("{end}:00Z")));
        let mut times = Vec::new();
        loop {
            let next = next_due(Some(cron), zone, Duration::ZERO, from).expect("is due");
            assert!(next > from, "{zone} {cron}: time goes on");
            if next >= end {
                return times.join(" ");
            }
            times.push(next.utc().format("%dT%H:%M").to_string());
            from = next;
        }
    }

    /// The expected values come from a walk over every minute of UTC with the wall clock of Python's zoneinfo.
    #[expect(clippy::too_many_lines, reason = "a table of nights")]
    #[test]
    fn nothing_fires_twice_or_is_left_out_when_clocks_change() {
        let nights = [
            (
                "Europe/Berlin",
                "0 * * * *",
                "2026-10-24T23:00",
                "2026-10-25T04:00",
                "25T00:00 25T01:00 25T02:00 25T03:00",
            ),
            (
                "Europe/Berlin",
                "*/15 * * * *",
                "2026-10-24T23:00",
                "2026-10-25T04:00",
                "24T23:15 24T23:30 24T23:45 25T00:00 25T00:15 25T00:30 25T00:45 25T01:00 25T01:15 25T01:30 25T01:45 25T02:00 25T02:15 25T02:30 25T02:45 25T03:00 25T03:15 25T03:30 25T03:45",
            ),
            ("Europe/Berlin", "30 */2 * * *", "2026-10-24T23:00", "2026-10-25T04:00", "25T00:30 25T01:30 25T03:30"),
            ("Europe/Berlin", "30 2 * * *", "2026-10-24T23:00", "2026-10-25T04:00", "25T00:30"),
            ("Europe/Berlin", "0,30 2 * * *", "2026-10-24T23:00", "2026-10-25T04:00", "25T00:00 25T00:30"),
            ("Europe/Berlin", "15 1-3 * * *", "2026-10-24T23:00", "2026-10-25T04:00", "24T23:15 25T00:15 25T02:15"),
            ("Europe/Berlin", "*/20 2 * * *", "2026-10-24T23:00", "2026-10-25T04:00", "25T00:00 25T00:20 25T00:40"),
            (
                "Europe/Berlin",
                "0 * * * *",
                "2026-03-28T23:00",
                "2026-03-29T04:00",
                "29T00:00 29T01:00 29T02:00 29T03:00",
            ),
            (
                "Europe/Berlin",
                "*/15 * * * *",
                "2026-03-28T23:00",
                "2026-03-29T04:00",
                "28T23:15 28T23:30 28T23:45 29T00:00 29T00:15 29T00:30 29T00:45 29T01:00 29T01:15 29T01:30 29T01:45 29T02:00 29T02:15 29T02:30 29T02:45 29T03:00 29T03:15 29T03:30 29T03:45",
            ),
            ("Europe/Berlin", "30 */2 * * *", "2026-03-28T23:00", "2026-03-29T04:00", "28T23:30 29T02:30"),
            ("Europe/Berlin", "30 2 * * *", "2026-03-28T23:00", "2026-03-29T04:00", "29T01:00"),
            ("Europe/Berlin", "0,30 2 * * *", "2026-03-28T23:00", "2026-03-29T04:00", "29T01:00"),
            ("Europe/Berlin", "0 2,3 * * *", "2026-03-28T23:00", "2026-03-29T04:00", "29T01:00"),
            ("Europe/Berlin", "15 1-3 * * *", "2026-03-28T23:00", "2026-03-29T04:00", "29T00:15 29T01:00 29T01:15"),
            (
                "America/New_York",
                "0 * * * *",
                "2026-11-01T04:00",
                "2026-11-01T09:00",
                "01T05:00 01T06:00 01T07:00 01T08:00",
            ),
            (
                "America/New_York",
                "*/30 * * * *",
                "2026-11-01T04:00",
                "2026-11-01T09:00",
                "01T04:30 01T05:00 01T05:30 01T06:00 01T06:30 01T07:00 01T07:30 01T08:00 01T08:30",
            ),
            ("America/New_York", "30 1 * * *", "2026-11-01T04:00", "2026-11-01T09:00", "01T05:30"),
            ("America/New_York", "0 */2 * * 0", "2026-11-01T04:00", "2026-11-01T09:00", "01T07:00"),
            (
                "America/New_York",
                "0 * * * *",
                "2026-03-08T05:00",
                "2026-03-08T10:00",
                "08T06:00 08T07:00 08T08:00 08T09:00",
            ),
            ("America/New_York", "30 2 * * *", "2026-03-08T05:00", "2026-03-08T10:00", "08T07:00"),
            ("America/New_York", "30 2 8 3 *", "2026-03-08T05:00", "2026-03-08T10:00", "08T07:00"),
            (
                "Australia/Lord_Howe",
                "0 * * * *",
                "2026-04-04T13:00",
                "2026-04-04T18:00",
                "04T14:00 04T15:30 04T16:30 04T17:30",
            ),
            (
                "Australia/Lord_Howe",
                "*/15 * * * *",
                "2026-04-04T13:00",
                "2026-04-04T18:00",
                "04T13:15 04T13:30 04T13:45 04T14:00 04T14:15 04T14:30 04T14:45 04T15:00 04T15:15 04T15:30 04T15:45 04T16:00 04T16:15 04T16:30 04T16:45 04T17:00 04T17:15 04T17:30 04T17:45",
            ),
            ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T13:00", "2026-04-04T18:00", "04T14:45"),
            (
                "Australia/Lord_Howe",
                "0 * * * *",
                "2026-10-03T13:00",
                "2026-10-03T18:00",
                "03T13:30 03T14:30 03T16:00 03T17:00",
            ),
            (
                "Australia/Lord_Howe",
                "*/15 * * * *",
                "2026-10-03T13:00",
                "2026-10-03T18:00",
                "03T13:15 03T13:30 03T13:45 03T14:00 03T14:15 03T14:30 03T14:45 03T15:00 03T15:15 03T15:30 03T15:45 03T16:00 03T16:15 03T16:30 03T16:45 03T17:00 03T17:15 03T17:30 03T17:45",
            ),
            ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T13:00", "2026-10-03T18:00", "03T15:30"),
            (
                "America/Santiago",
                "0 * * * *",
                "2026-04-05T01:00",
                "2026-04-05T06:00",
                "05T02:00 05T03:00 05T04:00 05T05:00",
            ),
            ("America/Santiago", "30 23 * * *", "2026-04-05T01:00", "2026-04-05T06:00", "05T02:30"),
            ("America/Santiago", "0 0 * * *", "2026-04-05T01:00", "2026-04-05T06:00", "05T04:00"),
            (
                "America/Santiago",
                "0 */3 * * *",
                "2026-09-06T02:00",
                "2026-09-07T05:00",
                "06T06:00 06T09:00 06T12:00 06T15:00 06T18:00 06T21:00 07T00:00 07T03:00",
            ),
            ("America/Santiago", "0 0 * * *", "2026-09-06T02:00", "2026-09-07T05:00", "06T04:00 07T03:00"),
            ("America/Santiago", "30 0 6 9 *", "2026-09-06T02:00", "2026-09-07T05:00", "06T04:00"),
            (
                "Asia/Kathmandu",
                "0 * * * *",
                "2026-10-24T23:00",
                "2026-10-25T03:00",
                "24T23:15 25T00:15 25T01:15 25T02:15",
            ),
            (
                "Asia/Kathmandu",
                "*/20 * * * *",
                "2026-10-24T23:00",
                "2026-10-25T03:00",
                "24T23:15 24T23:35 24T23:55 25T00:15 25T00:35 25T00:55 25T01:15 25T01:35 25T01:55 25T02:15 25T02:35 25T02:55",
            ),
            ("Asia/Kathmandu", "0 6 * * *", "2026-10-24T23:00", "2026-10-25T03:00", "25T00:15"),
        ];
        for (zone, cron, start, end, expected) in nights {
            assert_eq!(due_times(zone, cron, start, end), expected, "{zone} {cron} from {start}");
        }
    }

    #[test]
    fn a_start_between_two_seconds_of_a_repeated_hour_finds_the_next_minute() {
        let next =
            |from: &str| next_due(Some("*/15 * * * *"), "Europe/Berlin", Duration::ZERO, at(from)).expect("is due");
        assert_eq!(next("2026-10-25T00:46:30.500Z"), at("2026-10-25T01:00:00Z"));
        assert_eq!(next("2026-10-25T01:46:00Z"), at("2026-10-25T02:00:00Z"));
        let seconds = next_due(Some("30 59 * * * *"), "Europe/Berlin", Duration::ZERO, at("2026-10-25T00:59:30Z"));
        assert_eq!(seconds.expect("is due"), at("2026-10-25T01:59:30Z"), "six fields begin with seconds");
    }

    #[test]
    fn six_in_the_morning_stays_six_when_the_clocks_change() {
        let next = |from: &str| next_due(Some("0 6 * * *"), "Europe/London", Duration::ZERO, at(from)).expect("is due");
        assert_eq!(next("2026-03-28T07:00:00Z"), at("2026-03-29T05:00:00Z"), "summer time began in the night");
        assert_eq!(next("2026-10-24T06:00:00Z"), at("2026-10-25T06:00:00Z"), "winter time began in the night");
    }

    #[test]
    fn an_interval_counts_from_now_and_slips_are_named() {
        let from = at("2026-01-01T00:00:00Z");
        assert_eq!(next_due(None, "UTC", Duration::from_secs(90), from).expect("is due"), at("2026-01-01T00:01:30Z"));
        assert!(next_due(Some("0 6 * * *"), "Mars/Base", Duration::ZERO, from).is_err());
        assert!(next_due(Some("at six"), "UTC", Duration::ZERO, from).is_err());
    }

    #[test]
    fn a_rare_day_is_waited_for_and_one_that_never_comes_is_refused() {
        let next = |cron: &str, from: &str| {
            next_due(Some(cron), "US/Eastern", Duration::ZERO, at(from)).map(|t| t.to_string())
        };
        let leap = next("0 12 29 2 *", "2096-03-01T00:00:00Z").expect("is due");
        assert_eq!(leap, at("2104-02-29T17:00:00Z").to_string(), "1900 and 2100 have no such day");
        let sunday = next("0 12 29 2 +0", "2088-03-01T00:00:00Z").expect("is due");
        assert_eq!(sunday, at("2128-02-29T17:00:00Z").to_string(), "40 years are the longest wait");
        for never in ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 1 1 ? 1999", "0 0 31 2 +1"] {
            assert!(next(never, "2026-01-01T00:00:00Z").is_err(), "{never}");
        }
    }
}
