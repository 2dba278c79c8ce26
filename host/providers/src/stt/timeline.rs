//! Turns a connection's times into times of the audio that was handed over.
//!
//! A provider counts the audio that reached it. Earlier connections and dropped audio are missing from its count, so
//! a time is moved on by everything that was missing at that point.

/// Most gaps that are kept apart; older ones are merged, which only blurs times long past.
const GAPS: usize = 64;

#[derive(Debug)]
pub(crate) struct Timeline {
    /// From this time of the provider on, times are this much later; ascending.
    shifts: Vec<(u64, u64)>,
}

impl Timeline {
    pub(crate) fn new(offset_ms: u64) -> Self {
        Self { shifts: vec![(0, offset_ms)] }
    }

    /// At `provider_ms`, `missing_ms` of audio were left out.
    pub(crate) fn gap(&mut self, provider_ms: u64, missing_ms: u64) {
        let total = self.shifts.last().map_or(0, |(_, shift)| *shift).saturating_add(missing_ms);
        match self.shifts.last_mut() {
            Some(last) if last.0 >= provider_ms => last.1 = total,
            _ => self.shifts.push((provider_ms, total)),
        }
        if self.shifts.len() > GAPS {
            self.shifts.remove(0);
        }
    }

    pub(crate) fn shifted(&self, provider_ms: u64) -> u64 {
        let after = self.shifts.partition_point(|(from, _)| *from <= provider_ms);
        let shift = self.shifts.get(after.saturating_sub(1)).map_or(0, |(_, shift)| *shift);
        provider_ms.saturating_add(shift)
    }
}

/// Seconds as a provider tells them, as ms; nonsense counts as 0.
pub(crate) fn ms_of_seconds(seconds: f64) -> u64 {
    if seconds.is_finite() { (seconds.clamp(0.0, 1e9) * 1_000.0).round() as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_on_after_a_reconnect() {
        assert_eq!(Timeline::new(5_000).shifted(120), 5_120);
    }

    #[test]
    fn times_behind_a_gap_move_on_by_its_length() {
        let mut timeline = Timeline::new(0);
        timeline.gap(1_000, 300);
        timeline.gap(1_000, 200);
        timeline.gap(4_000, 50);
        assert_eq!(timeline.shifted(999), 999);
        assert_eq!(timeline.shifted(1_000), 1_500);
        assert_eq!(timeline.shifted(3_999), 4_499);
        assert_eq!(timeline.shifted(4_000), 4_550);
    }

    #[test]
    fn many_gaps_are_bounded_and_the_newest_stay_exact() {
        let mut timeline = Timeline::new(0);
        for i in 0..1_000 {
            timeline.gap(i * 10, 1);
        }
        assert_eq!(timeline.shifts.len(), GAPS);
        assert_eq!(timeline.shifted(9_990), 9_990 + 1_000);
    }

    #[test]
    fn nonsense_times_are_harmless() {
        assert_eq!(ms_of_seconds(f64::NAN), 0);
        assert_eq!(ms_of_seconds(f64::INFINITY), 0);
        assert_eq!(ms_of_seconds(-1.0), 0);
        assert_eq!(ms_of_seconds(2.395), 2_395);
    }
}
