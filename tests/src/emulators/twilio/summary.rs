//! Many records in a few figures, as benchmarks report them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::record::CallRecord;

/// The shape of a set of measurements, in ms; nearest rank.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// How many.
    pub count: usize,
    /// Half are at most this.
    pub p50: f64,
    /// Nine of ten are at most this.
    pub p90: f64,
    /// All but one of a hundred are at most this.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

/// Many calls.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many calls.
    pub calls: usize,
    /// Calls that did not go as a call should.
    pub failed: usize,
    /// How calls ended, and how many did so.
    pub outcomes: BTreeMap<String, usize>,
    /// What went wrong, and how often.
    pub errors: BTreeMap<String, usize>,
    /// Length of all media streams together, in seconds.
    pub call_seconds: f64,
    /// Agent audio that was played, in seconds.
    pub agent_seconds: f64,
    /// From placing a call to the start of its stream.
    pub answered_ms: Distribution,
    /// From the start of the stream to the first agent voice.
    pub greeting_ms: Distribution,
    /// From the end of the caller's speech to the agent's voice.
    pub voice_to_voice_ms: Distribution,
    /// Turns without an answer, those that the caller ended by speaking on included.
    pub unanswered_turns: usize,
    /// From the begin of the caller's speech over the agent to the `clear`.
    pub speech_to_clear_ms: Distribution,
    /// Times the caller spoke over the agent and no `clear` came.
    pub missed_barge_ins: usize,
    /// Times the buffer ran empty in the middle of a passage.
    pub underruns: usize,
    /// How long it was empty then, together, in ms.
    pub underrun_ms: f64,
}

impl Distribution {
    /// The shape of these measurements.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * values.len() as f64).ceil() as usize;
            values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { count: values.len(), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1.0) }
    }
}

impl Summary {
    /// Sums up.
    pub fn of(records: &[CallRecord]) -> Self {
        let turns = || records.iter().flat_map(CallRecord::turns);
        let barge_ins = || records.iter().flat_map(CallRecord::barge_ins);
        let mut summary = Self {
            calls: records.len(),
            failed: records.iter().filter(|record| !record.succeeded()).count(),
            answered_ms: Distribution::of(records.iter().filter_map(|record| record.answered_after_ms).collect()),
            greeting_ms: Distribution::of(records.iter().filter_map(CallRecord::greeting_ms).collect()),
            voice_to_voice_ms: Distribution::of(turns().filter_map(|turn| turn.voice_to_voice_ms).collect()),
            unanswered_turns: turns().filter(|turn| turn.reply_at.is_none()).count(),
            speech_to_clear_ms: Distribution::of(barge_ins().filter_map(|barge| barge.speech_to_clear_ms).collect()),
            missed_barge_ins: barge_ins().filter(|barge| barge.clear_at.is_none()).count(),
            underruns: records.iter().map(|record| record.underruns.len()).sum(),
            underrun_ms: records.iter().map(CallRecord::underrun_ms).sum(),
            ..Self::default()
        };
        for record in records {
            let samples: u64 = record.streams.iter().map(|stream| stream.end.saturating_sub(stream.begin)).sum();
            summary.call_seconds += samples as f64 / 8_000.0;
            summary.agent_seconds += record.played_until(u64::MAX) as f64 / 8_000.0;
            let outcome = serde_json::to_value(&record.outcome).ok();
            let kind = outcome.as_ref().and_then(|value| value.get("kind")?.as_str()).unwrap_or("unknown");
            *summary.outcomes.entry(kind.to_owned()).or_default() += 1;
            for error in &record.errors {
                *summary.errors.entry(error.clone()).or_default() += 1;
            }
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{CallerSpeech, ClearRecord, Outcome, Span};
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let shape = Distribution::of((1..=200).rev().map(f64::from).collect());
        assert_eq!((shape.p50, shape.p90, shape.p99, shape.max), (100.0, 180.0, 198.0, 200.0));
        assert_eq!(Distribution::of(Vec::new()), Distribution::default());
    }

    #[test]
    fn turns_and_barge_ins_are_measured_at_the_callers_ear() {
        let speech = |step, begin, end| CallerSpeech { step, clip: "c".into(), begin, end };
        let record = CallRecord {
            outcome: Outcome::CallerHungUp,
            caller_speech: vec![speech(0, 8_000, 16_000), speech(1, 30_000, 32_000), speech(2, 90_000, 91_000)],
            agent_speech: vec![
                Span { begin: 0, end: 7_000 },
                Span { begin: 24_000, end: 31_600 },
                Span { begin: 40_000, end: 50_000 },
            ],
            clears: vec![ClearRecord { at: 31_600, dropped: 10, marks: 0, played: 0 }],
            ..CallRecord::default()
        };
        let summary = Summary::of(std::slice::from_ref(&record));
        let timings: Vec<_> = record.turns().iter().map(|turn| turn.voice_to_voice_ms).collect();
        assert_eq!(timings, [Some(1_000.0), Some(1_000.0), None]);
        assert_eq!((summary.voice_to_voice_ms.count, summary.unanswered_turns), (2, 1));
        assert_eq!((summary.speech_to_clear_ms.p50, summary.missed_barge_ins), (200.0, 0));
        assert_eq!((summary.calls, summary.failed), (1, 0));
    }
}
