//! When to call back: "tomorrow at three", "in half an hour", "Monday morning".
//!
//! A reducer has no clock of its own: now comes in, in the agent's own time.

use crate::number::{Found, numbers};
use crate::words::{begins_any, from, has_any};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Seconds since 1970, in the agent's own time.
pub(crate) type Local = i64;

/// The time that was named, later than `now`; none where no time can be told.
pub(crate) fn when(words: &[String], now: Local) -> Option<Local> {
    let found = numbers(words);
    if let Some(delay) = delay(words, &found) {
        return Some(now + delay);
    }
    let today = now.div_euclid(DAY) * DAY;
    let time = time(words, &found);
    match (day(words, now), time) {
        (Some(0), Some(time)) => Some(later_today(today, now, time)).filter(|at| *at > now),
        (Some(0), None) => None,
        (Some(days), time) => Some(today + days * DAY + time.map_or(10 * HOUR, |time| time.seconds)),
        (None, Some(time)) => {
            let at = later_today(today, now, time);
            Some(if at > now { at } else { today + DAY + time.seconds })
        }
        (None, None) => None,
    }
}

/// "At five" said at noon means the afternoon.
fn later_today(today: Local, now: Local, time: Time) -> Local {
    let at = today + time.seconds;
    if at <= now && time.open && time.seconds < 12 * HOUR { at + 12 * HOUR } else { at }
}

/// "In ten minutes", "half an hour", "two days from now".
fn delay(words: &[String], found: &[Found]) -> Option<i64> {
    let (at, unit) = words.iter().enumerate().find_map(|(at, word)| {
        let unit = match word.as_str() {
            "minute" | "minutes" | "min" | "mins" => MINUTE,
            "hour" | "hours" => HOUR,
            "day" | "days" => DAY,
            "week" | "weeks" => 7 * DAY,
            _ => return None,
        };
        Some((at, unit))
    })?;
    let before = words.get(..at).unwrap_or_default();
    let ends = |phrase: &[&str]| before.ends_with(&phrase.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let count = if ends(&["half", "an"]) || ends(&["half", "a"]) {
        0.5
    } else if let Some(number) = found.iter().find(|number| number.end == at) {
        number.value
    } else if ends(&["couple", "of"]) {
        2.0
    } else if ends(&["an"]) || (ends(&["a"]) && unit != DAY) {
        let half = begins_any(from(words, at + 1), "and a half").is_some();
        if half { 1.5 } else { 1.0 }
    } else {
        return None;
    };
    #[allow(clippy::cast_possible_truncation, reason = "at most some weeks")]
    let seconds = (count * f64::from(u32::try_from(unit).unwrap_or(0))) as i64;
    (MINUTE..=60 * DAY).contains(&seconds).then_some(seconds)
}

/// In how many days.
fn day(words: &[String], now: Local) -> Option<i64> {
    let today = weekday(now);
    let named = words.iter().find_map(|word| {
        let word = word.strip_suffix('s').unwrap_or(word);
        DAYS.iter().position(|day| *day == word).and_then(|place| i64::try_from(place).ok())
    });
    let next_week = has_any(words, "next week");
    if let Some(named) = named {
        let days = (named - today).rem_euclid(7);
        let days = if days == 0 { 7 } else { days };
        return Some(if next_week && today + days < 7 { days + 7 } else { days });
    }
    if has_any(words, "day after tomorrow") {
        return Some(2);
    }
    if has_any(words, "tomorrow") {
        return Some(1);
    }
    if next_week {
        return Some(7);
    }
    has_any(words, "today, tonight, this morning, this afternoon, this evening").then_some(0)
}

/// A time of the day.
#[derive(Clone, Copy)]
struct Time {
    seconds: i64,
    /// Morning or afternoon was not said.
    open: bool,
}

fn time(words: &[String], found: &[Found]) -> Option<Time> {
    let exact = |seconds| Some(Time { seconds, open: false });
    if let Some(time) = clock(words, found) {
        return Some(time);
    }
    let parts: [(&str, i64); 7] = [
        ("after lunch", 14),
        ("noon, midday, lunch, lunchtime, lunch time", 12),
        ("end of the day", 17),
        ("after work, evening", 18),
        ("tonight, night", 20),
        ("morning", 10),
        ("afternoon", 15),
    ];
    parts.iter().find(|(names, _)| has_any(words, names)).and_then(|(_, hour)| exact(hour * HOUR))
}

/// "At three thirty", "5 pm", "15:30", "half past two".
fn clock(words: &[String], found: &[Found]) -> Option<Time> {
    if let Some((hour, minute)) = words.iter().find_map(|word| word.split_once(':')) {
        return of(words, hour.parse().ok()?, minute.parse().ok()?);
    }
    let hour = found.iter().find(|number| {
        let before = number.start.checked_sub(1).and_then(|before| words.get(before)).map(String::as_str);
        let after = begins_any(from(words, number.end), "am, pm, a m, p m, oclock, in the");
        let day_named = has_any(words, "tomorrow, today, tonight, morning, afternoon, evening")
            || words.iter().any(|word| DAYS.contains(&word.as_str()));
        let at = matches!(before, Some("at" | "around" | "about" | "after" | "by" | "past" | "to" | "before" | "from"));
        at || after.is_some() || day_named || found.len() == words.len()
    })?;
    let before = words.get(..hour.start).unwrap_or_default();
    let said = |phrase: [&str; 2]| before.ends_with(&phrase.map(str::to_owned));
    let next = found.iter().find(|number| number.start == hour.end);
    let sharp = whole(hour.value, 24)?;
    if said(["half", "past"]) {
        of(words, sharp, 30)
    } else if said(["quarter", "past"]) {
        of(words, sharp, 15)
    } else if said(["quarter", "to"]) {
        of(words, sharp, 0).map(|time| Time { seconds: time.seconds - 15 * MINUTE, ..time })
    } else {
        of(words, sharp, next.and_then(|number| whole(number.value, 59)).unwrap_or(0))
    }
}

fn whole(value: f64, most: u32) -> Option<i64> {
    let fits = value.fract() == 0.0 && (0.0..=f64::from(most)).contains(&value);
    #[allow(clippy::cast_possible_truncation, reason = "small and whole")]
    fits.then_some(value as i64)
}

fn of(words: &[String], hour: i64, minute: i64) -> Option<Time> {
    let late = has_any(words, "pm, p m, afternoon, evening, tonight, night");
    let early = has_any(words, "am, a m, morning");
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let (hour, open) = match hour {
        12 if early => (0, false),
        1..=11 if late => (hour + 12, false),
        _ if early || late || hour > 12 || hour == 0 => (hour, false),
        // Nobody is called at five in the morning.
        1..=6 => (hour + 12, false),
        _ => (hour, true),
    };
    Some(Time { seconds: hour * HOUR + minute * MINUTE, open })
}

/// From Monday, 0. The first of January 1970 was a Thursday.
fn weekday(at: Local) -> i64 {
    (at.div_euclid(DAY) + 3).rem_euclid(7)
}

/// "Tomorrow at 3:30 pm".
pub(crate) fn in_words(at: Local, now: Local) -> String {
    let days = at.div_euclid(DAY) - now.div_euclid(DAY);
    let name = usize::try_from(weekday(at)).ok().and_then(|day| DAYS.get(day)).copied().unwrap_or_default();
    let mut letters = name.chars();
    let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let (_, month, day) = date(at);
    let month = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or_default();
    let day = match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        2..=6 => name,
        _ => format!("{name}, {month} {day}"),
    };
    let (hour, minute) = (at.rem_euclid(DAY) / HOUR, at.rem_euclid(HOUR) / MINUTE);
    let half = if hour < 12 { "am" } else { "pm" };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    if minute == 0 { format!("{day} at {hour} {half}") } else { format!("{day} at {hour}:{minute:02} {half}") }
}

/// RFC 3339 with the agent's offset.
pub(crate) fn rfc3339(at: Local, offset_minutes: i32) -> String {
    let (year, month, day) = date(at);
    let (hour, minute, second) = (at.rem_euclid(DAY) / HOUR, at.rem_euclid(HOUR) / MINUTE, at.rem_euclid(MINUTE));
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let offset = offset_minutes.abs();
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{:02}:{:02}",
        offset / 60,
        offset % 60
    )
}

/// Year, month and day (Howard Hinnant's algorithm of civil dates).
fn date(at: Local) -> (i64, i64, i64) {
    let days = at.div_euclid(DAY) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{DAY, in_words, rfc3339, when};
    use crate::words::words;
    use proptest::prelude::*;

    /// Wednesday, the 20th of November 2024, 14:00.
    const NOW: i64 = 1_732_111_200;

    #[test]
    fn times_are_understood() {
        let cases = [
            ("tomorrow at three", Some("2024-11-21T15:00:00+01:00")),
            ("tomorrow at three thirty", Some("2024-11-21T15:30:00+01:00")),
            ("tomorrow morning at nine", Some("2024-11-21T09:00:00+01:00")),
            ("tomorrow morning", Some("2024-11-21T10:00:00+01:00")),
            ("tomorrow", Some("2024-11-21T10:00:00+01:00")),
            ("the day after tomorrow", Some("2024-11-22T10:00:00+01:00")),
            ("call me in half an hour", Some("2024-11-20T14:30:00+01:00")),
            ("in ten minutes", Some("2024-11-20T14:10:00+01:00")),
            ("in an hour and a half", Some("2024-11-20T15:30:00+01:00")),
            ("in two hours", Some("2024-11-20T16:00:00+01:00")),
            ("in 3 days", Some("2024-11-23T14:00:00+01:00")),
            ("in a couple of hours", Some("2024-11-20T16:00:00+01:00")),
            ("at five", Some("2024-11-20T17:00:00+01:00")),
            ("maybe at eight", Some("2024-11-20T20:00:00+01:00")),
            ("at noon", Some("2024-11-21T12:00:00+01:00")),
            ("after lunch", Some("2024-11-21T14:00:00+01:00")),
            ("5 pm", Some("2024-11-20T17:00:00+01:00")),
            ("5 p.m.", Some("2024-11-20T17:00:00+01:00")),
            ("9 am", Some("2024-11-21T09:00:00+01:00")),
            ("15:30", Some("2024-11-20T15:30:00+01:00")),
            ("at half past four", Some("2024-11-20T16:30:00+01:00")),
            ("quarter to six", Some("2024-11-20T17:45:00+01:00")),
            ("quarter past six", Some("2024-11-20T18:15:00+01:00")),
            ("this evening", Some("2024-11-20T18:00:00+01:00")),
            ("Friday at 11", Some("2024-11-22T11:00:00+01:00")),
            ("Monday afternoon", Some("2024-11-25T15:00:00+01:00")),
            ("on Wednesday", Some("2024-11-27T10:00:00+01:00")),
            ("next week on Friday", Some("2024-11-29T10:00:00+01:00")),
            ("next week", Some("2024-11-27T10:00:00+01:00")),
            ("today at one pm", None),
            ("later", None),
            ("some other day", None),
            ("whenever you like", None),
            ("have a good day", None),
            ("99:99", None),
        ];
        for (said, expected) in cases {
            let at = when(&words(said), NOW).map(|at| rfc3339(at, 60));
            assert_eq!(at.as_deref(), expected, "{said}");
        }
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let cases = [
            ("tomorrow at three", "tomorrow at 3 pm"),
            ("at five thirty", "today at 5:30 pm"),
            ("Friday at noon", "Friday at 12 pm"),
            ("next week on Friday at nine", "Friday, November 29 at 9 am"),
        ];
        for (said, expected) in cases {
            let at = when(&words(said), NOW).unwrap();
            assert_eq!(in_words(at, NOW), expected, "{said}");
        }
    }

    #[test]
    fn dates_are_written_with_their_offset() {
        assert_eq!(rfc3339(0, 0), "1970-01-01T00:00:00+00:00");
        assert_eq!(rfc3339(1_709_164_799, -570), "2024-02-28T23:59:59-09:30");
        assert_eq!(rfc3339(1_709_164_800, 345), "2024-02-29T00:00:00+05:45");
        assert_eq!(rfc3339(-1, 0), "1969-12-31T23:59:59+00:00");
    }

    proptest! {
        #[test]
        fn a_time_is_later_than_now_and_within_two_months(
            said in "(in|at|tomorrow|today|monday|half|past|an|a|hour|minutes|ten|three|[0-9]{1,6}|pm|am|[0-9]{1,2}:[0-9]{1,2})( (in|at|next|week|half|past|to|an|a|hour|minutes|days|ten|three|thirty|morning|evening|pm|am)){0,5}",
            now in 0_i64..4_000_000_000,
        ) {
            if let Some(at) = when(&words(&said), now) {
                prop_assert!(at > now && at <= now + 61 * DAY, "{} {at} {now}", said);
            }
        }
    }
}
