//! What a host counts and times, for Prometheus.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use trunkline_contract::log::{Entry, TurnLatency};

/// One label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Reason {
    reason: String,
}

/// What a host counts and times.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub(crate) live: Gauge,
    pub(crate) started: Counter,
    pub(crate) refused: Family<Reason, Counter>,
    pub(crate) ended: Family<Reason, Counter>,
    pub(crate) resumed: Counter,
    dropped_events: Counter,
    host_added: Histogram,
    voice_to_voice: Histogram,
    barge_in: Histogram,
    /// Finding the contract of an agent that was found before.
    pub(crate) contract: Histogram,
    /// From asking for another agent until it leads the call.
    pub(crate) switch: Histogram,
}

/// Upper bounds of the buckets, s.
const BUCKETS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0];

/// The same for what takes no time that anybody hears.
const SHORT: [f64; 14] = [1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 0.001, 0.002, 0.005, 0.02, 0.1];

fn seconds(ms: u64) -> f64 {
    std::time::Duration::from_millis(ms).as_secs_f64()
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("trunkline");
        let metrics = Self {
            live: Gauge::default(),
            started: Counter::default(),
            refused: Family::default(),
            ended: Family::default(),
            resumed: Counter::default(),
            dropped_events: Counter::default(),
            host_added: Histogram::new(BUCKETS),
            voice_to_voice: Histogram::new(BUCKETS),
            barge_in: Histogram::new(BUCKETS),
            contract: Histogram::new(SHORT),
            switch: Histogram::new(SHORT),
            registry: Registry::default(),
        };
        registry.register("calls_live", "Calls that this host leads", metrics.live.clone());
        registry.register("calls_started", "Calls taken", metrics.started.clone());
        registry.register("calls_refused", "Calls not taken, by reason", metrics.refused.clone());
        registry.register("calls_ended", "Calls ended, by reason", metrics.ended.clone());
        registry.register("calls_resumed", "Calls adopted after a loss", metrics.resumed.clone());
        registry.register("events_dropped", "Events that a behaviour failed on", metrics.dropped_events.clone());
        let timed: [(&str, &str, &Histogram); 5] = [
            ("host_added", "The host's own share of a turn's delay", &metrics.host_added),
            ("voice_to_voice", "From the end of the caller's speech to the first frame", &metrics.voice_to_voice),
            ("barge_in", "From the start of the caller's speech to clear", &metrics.barge_in),
            ("contract_lookup", "Finding the contract of an agent that is kept in memory", &metrics.contract),
            ("agent_switch", "From asking for another agent until it leads the call", &metrics.switch),
        ];
        for (name, help, histogram) in timed {
            registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
        }
        Self { registry, ..metrics }
    }
}

impl Metrics {
    pub(crate) fn refuse(&self, reason: &str) {
        self.refused.get_or_create(&Reason { reason: reason.to_owned() }).inc();
    }

    pub(crate) fn end(&self, reason: &str) {
        self.ended.get_or_create(&Reason { reason: reason.to_owned() }).inc();
    }

    /// Takes what a row of a log tells.
    pub(crate) fn observe(&self, entry: &Entry) {
        match entry {
            Entry::Latency(latency) => self.turn(latency),
            Entry::BargeIn { speech_ms, clear_ms, .. } => {
                self.barge_in.observe(seconds(clear_ms.saturating_sub(*speech_ms)));
            }
            Entry::Dropped { .. } => {
                self.dropped_events.inc();
            }
            _ => {}
        }
    }

    fn turn(&self, latency: &TurnLatency) {
        if let Some(added) = latency.host_added_ms {
            self.host_added.observe(seconds(added));
        }
        if let Some(first) = latency.first_frame_ms {
            self.voice_to_voice.observe(seconds(first.saturating_sub(latency.speech_end_ms)));
        }
    }

    /// In Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
