//! From what was seen to the figures that are published.

use std::collections::BTreeMap;

use serde::Serialize;

use super::load::{Observed, Placed};
use super::script::{Script, Variant};
use super::{Distribution, SetDelays};
use crate::emulators::twilio::{CallRecord, Samples, ms};

const MIB: f64 = 1_048_576.0;

/// The figures of one run. Times are ms, memory is MiB, everything is of the steady part unless it says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Figures {
    /// Calls at a time.
    pub(super) calls: u32,
    pub(super) variant: String,
    /// The agent's `min_speech_ms`, where the caller interrupts.
    pub(super) min_speech_ms: Option<u32>,
    pub(super) tls: bool,
    pub(super) steady_s: f64,
    /// Length of all media streams.
    pub(super) call_seconds: f64,
    /// Processor time of the host per second of a call.
    pub(super) cpu_ms_per_call_second: f64,
    pub(super) idle_rss_mib: f64,
    /// Mean.
    pub(super) rss_mib: f64,
    pub(super) peak_rss_mib: f64,
    /// Mean RSS beyond the idle one, per call.
    pub(super) rss_per_call_mib: f64,
    /// From the end of the caller's speech to the agent's voice.
    pub(super) voice_to_voice_ms: Distribution,
    /// How much of that the providers were told to take (see `delays`).
    pub(super) set_delay_ms: f64,
    /// The rest: what the host adds.
    pub(super) added_ms: Distribution,
    /// From the start of the stream to the agent's voice.
    pub(super) greeting_ms: Distribution,
    /// From placing the call to the start of its stream.
    pub(super) answered_ms: Distribution,
    /// From the begin of the caller's speech over the agent to `clear`.
    pub(super) speech_to_clear_ms: Distribution,
    /// Times the agent's voice broke off in the middle of a passage, in all calls of the run.
    pub(super) underruns: usize,
    pub(super) underrun_ms: f64,
    /// Calls of the whole run.
    pub(super) placed: usize,
    /// Those that did not go as scripted.
    pub(super) failed: usize,
    /// Why, and how often.
    pub(super) failures: BTreeMap<String, usize>,
    /// Processor time of the carrier per second of a call.
    pub(super) carrier_cpu_ms_per_call_second: f64,
    /// Processor time of all providers per second of a call.
    pub(super) providers_cpu_ms_per_call_second: f64,
    /// Share of the machine's processors that were busy, by whatever, 0-1.
    pub(super) machine_busy: f64,
}

impl Figures {
    pub(super) fn of(seen: &Observed, script: &Script, delays: &SetDelays, tls: bool) -> Self {
        let steady = Steady { from_ms: seen.from_ms, to_ms: seen.to_ms };
        let call_seconds: f64 = seen.placed.iter().map(|call| steady.seconds(call)).sum();
        let per_call_second = |cpu: std::time::Duration| ratio(cpu.as_secs_f64() * 1_000.0, call_seconds);
        let steady_s = (seen.to_ms - seen.from_ms) / 1_000.0;
        let rss = mean(&seen.rss) / MIB;
        let idle = seen.idle_rss as f64 / MIB;
        let set_delay_ms = delays.of_a_turn(script.reply());
        let voice_to_voice = steady.voice_to_voice(&seen.placed);
        let added = voice_to_voice.iter().map(|ms| ms - set_delay_ms).collect();
        let faults: Vec<String> = seen.placed.iter().filter_map(|call| fault(&call.record, script)).collect();
        let mut failures = BTreeMap::new();
        for fault in &faults {
            *failures.entry(fault.clone()).or_default() += 1;
        }
        Self {
            calls: seen.calls,
            variant: script.variant.to_string(),
            min_speech_ms: match script.variant {
                Variant::Turns | Variant::Echo => None,
                Variant::BargeIns { min_speech_ms } => Some(min_speech_ms),
            },
            tls,
            steady_s,
            call_seconds,
            cpu_ms_per_call_second: per_call_second(seen.host_cpu),
            idle_rss_mib: idle,
            rss_mib: rss,
            peak_rss_mib: seen.rss.iter().max().map_or(0.0, |&bytes| bytes as f64 / MIB),
            // Between two calls of a line there is none: the number of calls is that of the call-seconds.
            rss_per_call_mib: ratio(rss - idle, ratio(call_seconds, steady_s)),
            voice_to_voice_ms: Distribution::of(voice_to_voice),
            set_delay_ms,
            added_ms: Distribution::of(added),
            greeting_ms: Distribution::of(steady.begun(&seen.placed).filter_map(CallRecord::greeting_ms).collect()),
            answered_ms: Distribution::of(steady.begun(&seen.placed).filter_map(|r| r.answered_after_ms).collect()),
            speech_to_clear_ms: Distribution::of(steady.speech_to_clear(&seen.placed)),
            underruns: seen.placed.iter().map(|call| call.record.underruns.len()).sum(),
            // Not the negative zero that an empty sum of floats is.
            underrun_ms: seen.placed.iter().map(|call| call.record.underrun_ms()).sum::<f64>() + 0.0,
            placed: seen.placed.len(),
            failed: faults.len(),
            failures,
            carrier_cpu_ms_per_call_second: per_call_second(seen.carrier_cpu),
            providers_cpu_ms_per_call_second: per_call_second(seen.providers_cpu),
            machine_busy: seen.machine_busy,
        }
    }
}

/// The steady part, in ms since the begin of the run.
struct Steady {
    from_ms: f64,
    to_ms: f64,
}

impl Steady {
    fn contains(&self, at_ms: f64) -> bool {
        (self.from_ms..self.to_ms).contains(&at_ms)
    }

    /// How long the call had a stream within it.
    fn seconds(&self, call: &Placed) -> f64 {
        let overlap = |begin: Samples, end: Samples| {
            (on_run(call, end).min(self.to_ms) - on_run(call, begin).max(self.from_ms)).max(0.0)
        };
        call.record.streams.iter().map(|stream| overlap(stream.begin, stream.end)).sum::<f64>() / 1_000.0
    }

    fn voice_to_voice(&self, placed: &[Placed]) -> Vec<f64> {
        let turns = placed.iter().flat_map(|call| call.record.turns().into_iter().map(move |turn| (call, turn)));
        let within = turns.filter(|(call, turn)| self.contains(on_run(call, turn.speech_end)));
        within.filter_map(|(_, turn)| turn.voice_to_voice_ms).collect()
    }

    fn speech_to_clear(&self, placed: &[Placed]) -> Vec<f64> {
        let all = placed.iter().flat_map(|call| call.record.barge_ins().into_iter().map(move |barge| (call, barge)));
        let within = all.filter(|(call, barge)| self.contains(on_run(call, barge.speech_begin)));
        within.filter_map(|(_, barge)| barge.speech_to_clear_ms).collect()
    }

    /// Calls that were placed within it.
    fn begun<'a>(&'a self, placed: &'a [Placed]) -> impl Iterator<Item = &'a CallRecord> {
        placed.iter().filter(|call| self.contains(call.at_ms)).map(|call| &call.record)
    }
}

/// A time of the call's clock, in ms since the begin of the run.
fn on_run(call: &Placed, at: Samples) -> f64 {
    call.at_ms + call.record.answered_after_ms.unwrap_or_default() + ms(at)
}

/// What was not as scripted.
fn fault(record: &CallRecord, script: &Script) -> Option<String> {
    if !record.succeeded() {
        let why = record.errors.first().cloned().unwrap_or_else(|| format!("{:?}", record.outcome));
        return Some(without_address(&why));
    }
    let answered = record.turns().iter().filter(|turn| turn.reply_at.is_some()).count();
    let cleared = record.barge_ins().iter().filter(|barge| barge.clear_at.is_some()).count();
    if record.streams.len() != 1 {
        Some(format!("{} media streams", record.streams.len()))
    } else if answered != script.turns() {
        Some(format!("{answered} of {} turns answered", script.turns()))
    } else if cleared != script.barge_ins() {
        Some(format!("{cleared} of {} interruptions cleared the carrier's buffer", script.barge_ins()))
    } else {
        None
    }
}

/// Without what differs from call to call, so that equal failures are counted together.
fn without_address(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.contains("://") { "URL" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn ratio(value: f64, by: f64) -> f64 {
    if by > 0.0 { value / by } else { 0.0 }
}

fn mean(values: &[u64]) -> f64 {
    ratio(values.iter().map(|&value| value as f64).sum(), values.len() as f64)
}

#[cfg(test)]
mod tests;
