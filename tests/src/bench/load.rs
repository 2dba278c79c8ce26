//! Keeps a number of lines in use and watches what that costs.
//!
//! Each line carries one call after the other. Lines take up their first call at random times of the ramp, so that turns
//! of different calls do not fall together. When the steady part is over, calls under way go on to their end: a call that
//! was cut could not be told from one that failed.

use std::time::Duration;

use anyhow::Result;
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep_until};

use super::options::Options;
use crate::emulators::twilio::{CallRecord, CallSpec, Carrier};
use crate::process::{Usage, usage};

/// Between two looks at the host's memory.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A line whose call failed at once waits this long, lest a broken host be flooded.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What is under load.
pub(super) trait Stage {
    /// Places the calls.
    fn carrier(&self) -> &Carrier;
    /// Every call.
    fn call(&self) -> CallSpec;
    /// What the server that answers them has used.
    fn server(&self) -> Result<Usage>;
    /// Processor time of all providers together.
    fn providers_cpu(&self) -> Result<Duration>;
}

/// How much, how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) calls: u32,
    pub(super) ramp: Duration,
    pub(super) settle: Duration,
    pub(super) steady: Duration,
    pub(super) seed: u64,
}

/// A call and when it was placed, in ms since the begin of the run.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) at_ms: f64,
    pub(super) record: CallRecord,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub(super) calls: u32,
    pub(super) placed: Vec<Placed>,
    /// Begin and end of the steady part, in ms since the begin of the run.
    pub(super) from_ms: f64,
    pub(super) to_ms: f64,
    /// Processor time of the host in the steady part.
    pub(super) host_cpu: Duration,
    /// Processor time of the carrier in the steady part.
    pub(super) carrier_cpu: Duration,
    /// Processor time of the providers in the steady part.
    pub(super) providers_cpu: Duration,
    /// Share of the machine's processors that were busy in the steady part.
    pub(super) machine_busy: f64,
    /// The host's RSS before the first measured call and after a first one, in bytes.
    pub(super) idle_rss: u64,
    /// The host's RSS, second by second in the steady part, in bytes.
    pub(super) rss: Vec<u64>,
}

/// What has been used up to a moment.
struct Meters {
    host: Usage,
    carrier: Usage,
    providers: Duration,
    machine: usage::MachineTime,
}

impl Meters {
    fn read(stage: &impl Stage) -> Result<Self> {
        Ok(Self {
            host: stage.server()?,
            carrier: usage::own()?,
            providers: stage.providers_cpu()?,
            machine: usage::machine()?,
        })
    }
}

impl Load {
    pub(super) fn of(options: &Options, calls: u32) -> Self {
        Self {
            calls,
            steady: Duration::from_secs(options.duration),
            ramp: options.ramp(calls),
            settle: Duration::from_secs(options.settle),
            seed: options.seed,
        }
    }

    /// Carries the load.
    pub(super) async fn run(&self, stage: &impl Stage) -> Result<Observed> {
        Ok(self.run_beside(stage, async |_, _| ()).await?.0)
    }

    /// Carries the load, with something else beside it that is told when the steady part begins and ends.
    pub(super) async fn run_beside<T>(
        &self,
        stage: &impl Stage,
        beside: impl AsyncFnOnce(Instant, Instant) -> T,
    ) -> Result<(Observed, T)> {
        // What the host makes once, at its first call, is not what a call costs.
        let first = stage.carrier().place_call(stage.call()).finished().await;
        let idle_rss = stage.server()?.rss_bytes;

        let begin = Instant::now();
        let from = begin + self.ramp + self.settle;
        let until = from + self.steady;
        let mut phases = SmallRng::seed_from_u64(self.seed);
        let mut lines = JoinSet::new();
        for _ in 0..self.calls {
            let first_call = begin + self.ramp.mul_f64(phases.random());
            lines.spawn(line(stage.carrier().clone(), stage.call(), begin, first_call, until));
        }

        let watched = async {
            sleep_until(from).await;
            let before = Meters::read(stage)?;
            let rss = watch_memory(stage, until).await?;
            Ok::<_, anyhow::Error>((before, rss, Meters::read(stage)?))
        };
        let (watched, beside) = tokio::join!(watched, beside(from, until));
        let (before, rss, after) = watched?;
        let mut placed: Vec<Placed> = lines.join_all().await.into_iter().flatten().collect();
        // Reported if it failed, measured in no case: it was over before the run began.
        placed.push(Placed { at_ms: -1e9, record: first });
        let observed = Observed {
            calls: self.calls,
            placed,
            from_ms: from.duration_since(begin).as_secs_f64() * 1_000.0,
            to_ms: until.duration_since(begin).as_secs_f64() * 1_000.0,
            host_cpu: after.host.cpu.saturating_sub(before.host.cpu),
            carrier_cpu: after.carrier.cpu.saturating_sub(before.carrier.cpu),
            providers_cpu: after.providers.saturating_sub(before.providers),
            machine_busy: after.machine.busy_since(&before.machine),
            idle_rss,
            rss,
        };
        Ok((observed, beside))
    }
}

async fn line(carrier: Carrier, call: CallSpec, begin: Instant, first_call: Instant, until: Instant) -> Vec<Placed> {
    let mut placed = Vec::new();
    sleep_until(first_call).await;
    while Instant::now() < until {
        let at = Instant::now();
        let record = carrier.place_call(call.clone()).finished().await;
        let failed = !record.succeeded();
        placed.push(Placed { at_ms: at.duration_since(begin).as_secs_f64() * 1_000.0, record });
        if failed {
            sleep_until(at + AFTER_FAILURE).await;
        }
    }
    placed
}

async fn watch_memory(stage: &impl Stage, until: Instant) -> Result<Vec<u64>> {
    let mut tick = interval(LOOK_EVERY);
    let mut rss = Vec::new();
    loop {
        tokio::select! {
            biased;
            () = sleep_until(until) => return Ok(rss),
            _ = tick.tick() => rss.push(stage.server()?.rss_bytes),
        }
    }
}
