//! The call's clock, counted in samples of 8 kHz audio, and the dates Twilio writes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A point or a length on the call's clock in samples: 8 are 1 ms, and one mu-law byte is one sample. The clock starts
/// when the first stream of the call starts and goes on through later streams.
pub type Samples = u64;

/// Samples of one millisecond.
pub const PER_MS: u64 = 8;

/// Samples in milliseconds.
pub fn ms(samples: Samples) -> f64 {
    samples as f64 / PER_MS as f64
}

/// The call's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallClock {
    start: Instant,
}

impl CallClock {
    pub(super) fn starting_now() -> Self {
        Self { start: Instant::now() }
    }

    pub(super) fn now(&self) -> Samples {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX) * PER_MS / 1_000
    }

    pub(super) fn instant(&self, at: Samples) -> Instant {
        // Rounded up, so that waking at this instant always finds `at` reached.
        self.start + Duration::from_micros((at * 1_000).div_ceil(PER_MS))
    }
}

/// Now, the way status callbacks write it (RFC 2822).
pub(super) fn rfc2822_now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    rfc2822(seconds)
}

fn rfc2822(unix_s: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = unix_s / 86_400;
    let (year, month, day) = civil(days);
    let weekday = DAYS.get(usize::try_from(days % 7).unwrap_or_default()).copied().unwrap_or_default();
    let month = MONTHS.get(month - 1).copied().unwrap_or_default();
    let (hour, minute, second) = (unix_s / 3_600 % 24, unix_s / 60 % 60, unix_s % 60);
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} +0000")
}

/// Year, month (from 1) and day of a day since 1970-01-01.
fn civil(mut days: u64) -> (u64, usize, u64) {
    let leap = |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::rfc2822;

    #[test]
    fn dates_are_written_as_rfc_2822() {
        assert_eq!(rfc2822(0), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert_eq!(rfc2822(951_782_400), "Tue, 29 Feb 2000 00:00:00 +0000");
        assert_eq!(rfc2822(1_795_171_855), "Fri, 20 Nov 2026 10:50:55 +0000");
    }
}
