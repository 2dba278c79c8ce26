//! Measures reducer dispatch through the whole path: queue, threads, store, limits, instance, conversion.

use crate::agent::{Behaviour, Input, Output};
use crate::component::LoadError;
use crate::failure::Failure;
use crate::runtime::Runtime;
use serde::Serialize;
use serde_json::json;
use std::time::{Duration, Instant};
use trunkline_contract::Event;
use trunkline_contract::event::{CallInfo, ToolInfo, Turn};

/// Times of one way to dispatch, microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// Half of the events took at most this.
    pub p50_us: f64,
    /// 99 of 100 did.
    pub p99_us: f64,
    /// The slowest.
    pub max_us: f64,
    /// Of the median event: how much was the guest's own (instance, conversion across the boundary, its code).
    pub guest_p50_us: f64,
}

/// What dispatch costs on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Events measured, each way.
    pub events: usize,
    /// A fresh instance for each event: how calls run.
    pub fresh: Times,
    /// One instance for all events.
    pub warm: Times,
    /// Compiling the component, ms.
    pub compile_ms: f64,
    /// Loading it from the compiled cache, ms; absent without a cache.
    pub load_ms: Option<f64>,
    /// Most linear memory of one event, bytes.
    pub memory_peak: usize,
    /// The component, and its compiled code in memory, bytes.
    pub bytes: usize,
    /// See `bytes`.
    pub code_bytes: usize,
    /// Whether instances came from the pool.
    pub pooled: bool,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The component cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It failed an event.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Measures `events` user turns each way, one after the other, after as many again (at most 1,000) unmeasured ones.
///
/// # Errors
/// When the component cannot be loaded or fails an event.
pub async fn dispatch(runtime: &Runtime, bytes: &[u8], events: usize) -> Result<Report, BenchError> {
    let events = events.max(1);
    let began = Instant::now();
    wasmtime::component::Component::new(runtime.engine(), bytes)
        .map_err(|error| LoadError::Compile(format!("{error:#}")))?;
    let compile_ms = began.elapsed().as_secs_f64() * 1e3;
    let component = runtime.load(bytes)?;
    runtime.unload_all();
    let began = Instant::now();
    let loaded = runtime.loaded(&component.digest());
    let load_ms = loaded.map(|_| began.elapsed().as_secs_f64() * 1e3);
    let behaviour = component.behaviour()?;
    let (fresh, memory_peak) = fresh(&behaviour, events).await?;
    let warm = warm(&behaviour, events).await?;
    let (size, code_bytes, pooled) = (bytes.len(), component.size(), runtime.is_pooled());
    Ok(Report { events, fresh, warm, compile_ms, load_ms, memory_peak, bytes: size, code_bytes, pooled })
}

async fn fresh(behaviour: &Behaviour, events: usize) -> Result<(Times, usize), Failure> {
    let (mut state, mut memory) = (begin(behaviour).await?, 0);
    let mut series = Series::new(events);
    for (index, warm_up) in series.plan() {
        let input = turn(index, state);
        let began = Instant::now();
        let output = behaviour.handle(input).await?;
        memory = memory.max(output.stats.memory_peak);
        state = series.add(warm_up, began.elapsed(), output);
    }
    Ok((series.times(), memory))
}

async fn warm(behaviour: &Behaviour, events: usize) -> Result<Times, Failure> {
    let mut state = begin(behaviour).await?;
    let mut instance = behaviour.warm();
    let mut series = Series::new(events);
    for (index, warm_up) in series.plan() {
        let input = turn(index, state);
        let began = Instant::now();
        let output = instance.handle(input).await?;
        state = series.add(warm_up, began.elapsed(), output);
    }
    Ok(series.times())
}

async fn begin(behaviour: &Behaviour) -> Result<Vec<u8>, Failure> {
    let event = Event::Started(Box::new(call()));
    Ok(behaviour.handle(Input { seq: 1, now_ms: 0, seed: 1, state: Vec::new(), event }).await?.state)
}

/// A call as a contract with two tools and some context makes it.
fn call() -> CallInfo {
    let tool = |name: &str| ToolInfo {
        name: name.to_owned(),
        description: "Ends the call after the good-bye.".to_owned(),
        input_schema: json!({ "type": "object", "properties": { "reason": { "type": "string" } } }),
    };
    CallInfo {
        call_id: "0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f".to_owned(),
        channel: "phone-inbound".to_owned(),
        caller: Some("+15550100".to_owned()),
        callee: Some("+15550199".to_owned()),
        locale: "en-US".to_owned(),
        utc_offset_minutes: 0,
        speech_mode: "pipeline".to_owned(),
        agent_id: "0190b2c4-7d1e-7cc3-98c4-dc0c0c073990".to_owned(),
        agent_version: "1.0.0".to_owned(),
        greeting: Some("Hello, this is the front desk. How can I help?".to_owned()),
        settings: json!({}),
        settings_version: "1".to_owned(),
        context: json!({ "customer": { "name": "Ada", "since": 2019 }, "orders": [1, 2, 3] }),
        handoff: None,
        tools: vec![tool("end_call"), tool("save_data")],
    }
}

fn turn(index: u64, state: Vec<u8>) -> Input {
    let event = Event::UserTurn(Turn {
        number: u32::try_from(index).unwrap_or(u32::MAX),
        text: "I would like to move my appointment to next Thursday, if that is possible.".to_owned(),
        confidence: Some(0.93),
        language: Some("en-US".to_owned()),
        source: "speech".to_owned(),
        start_ms: index * 1_000,
        end_ms: index * 1_000 + 800,
    });
    Input { seq: index, now_ms: index * 1_000, seed: index, state, event }
}

/// The times of a series of events.
struct Series {
    events: usize,
    warm_up: usize,
    total: Vec<f64>,
    guest: Vec<f64>,
}

impl Series {
    fn new(events: usize) -> Self {
        let warm_up = events.min(1_000);
        Series { events, warm_up, total: Vec::with_capacity(events), guest: Vec::with_capacity(events) }
    }

    /// Sequence numbers from 2, and whether each belongs to the warm-up.
    fn plan(&self) -> impl Iterator<Item = (u64, bool)> + use<> {
        let warm_up = self.warm_up;
        (0..self.events + warm_up).map(move |at| (at as u64 + 2, at < warm_up))
    }

    fn add(&mut self, warm_up: bool, took: Duration, output: Output) -> Vec<u8> {
        if !warm_up {
            self.total.push(took.as_secs_f64() * 1e6);
            self.guest.push(output.stats.cpu_ns as f64 / 1e3);
        }
        output.state
    }

    fn times(mut self) -> Times {
        self.total.sort_by(f64::total_cmp);
        self.guest.sort_by(f64::total_cmp);
        Times {
            p50_us: rank(&self.total, 0.5),
            p99_us: rank(&self.total, 0.99),
            max_us: rank(&self.total, 1.0),
            guest_p50_us: rank(&self.guest, 0.5),
        }
    }
}

fn rank(sorted: &[f64], part: f64) -> f64 {
    let at = ((sorted.len() as f64 * part).ceil() as usize).saturating_sub(1);
    sorted.get(at).or(sorted.last()).copied().unwrap_or_default()
}
