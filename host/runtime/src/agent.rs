//! Agent behaviours: one event in, new state and actions out, in an instance that is thrown away afterwards.

mod v0_1_0;

use crate::component::{Component, Digest, Part};
use crate::config::Budget;
use crate::failure::{Failure, FailureKind, Stats};
use crate::guest::{self, Guest};
use crate::meter::Meter;
use crate::wasi::{Source, Wasi};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use trunkline_contract::{Action, EffectId, Event, Ms};
use wasmtime::Store;
use wasmtime::component::Linker;

/// Linked code of a behaviour.
pub(crate) type Pre = v0_1_0::AgentPre<Guest<()>>;

pub(crate) fn link(linker: &Linker<Guest<()>>, component: &wasmtime::component::Component) -> wasmtime::Result<Pre> {
    v0_1_0::AgentPre::new(linker.instantiate_pre(component)?)
}

/// One event with all that a behaviour may know.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Position of the event in the call's log.
    pub seq: u64,
    /// Call clock; in a replay the row's `at_ms`.
    pub now_ms: Ms,
    /// The only source of chance; logged with the event.
    pub seed: u64,
    /// What the last successful event returned; empty at first.
    pub state: Vec<u8>,
    /// The event.
    pub event: Event,
}

/// What a behaviour answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// For the next event; at most 64 KiB.
    pub state: Vec<u8>,
    /// In the order in which they are to be carried out.
    pub actions: Vec<Action>,
    /// Actions that were left out of `actions` because a JSON text in them is none: deny them with the rule `invalid`.
    pub invalid: Vec<Invalid>,
    /// What the guest wrote to stdout and stderr, cut at 4 KiB. May quote the call.
    pub notes: String,
    /// What it cost.
    pub stats: Stats,
}

/// An action that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Its id.
    pub effect: EffectId,
    /// Its case name.
    pub action: &'static str,
    /// What is wrong with it.
    pub message: String,
}

/// Who a behaviour says that it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest {
    /// 1-64 characters of `a-z 0-9 -`.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// For people.
    pub description: String,
    /// JSON Schema of the settings.
    pub settings_schema: Value,
    /// Goes on with any state that an earlier version of the same name wrote.
    pub state_compatible: bool,
}

/// An agent's behaviour. Cheap to clone; shared by all calls that run it.
#[derive(Clone, Debug)]
pub struct Behaviour {
    component: Component,
}

impl Behaviour {
    pub(crate) fn new(component: Component) -> Self {
        Behaviour { component }
    }

    /// SHA-256 of the component.
    pub fn digest(&self) -> Digest {
        self.component.digest()
    }

    /// Hands one event to a fresh instance, on the runtime's own threads.
    ///
    /// Dropping the future ends the guest.
    ///
    /// # Errors
    /// A [`Failure`]: the event changed nothing.
    pub async fn handle(&self, input: Input) -> Result<Output, Failure> {
        let component = self.component.clone();
        let guests = &self.component.0.shared.guests;
        guests.run(self.budget().wall, Box::pin(async move { Seat::new(component).handle(input).await })).await?
    }

    /// Asks the component who it is, with no grants. Done once, when it is uploaded.
    ///
    /// # Errors
    /// A [`Failure`]; of kind `Guest` when the manifest breaks its rules.
    pub async fn describe(&self) -> Result<Manifest, Failure> {
        let component = self.component.clone();
        let guests = &self.component.0.shared.guests;
        guests.run(self.budget().wall, Box::pin(async move { (Seat::new(component).describe().await, ()) })).await?
    }

    /// An instance that is kept from event to event. It must give what fresh ones give: for that check, and for measuring.
    pub fn warm(&self) -> Warm {
        Warm { behaviour: self.clone(), seat: None }
    }

    fn budget(&self) -> &Budget {
        &self.component.0.shared.limits.agent
    }
}

/// One instance for all events of a call; see [`Behaviour::warm`].
pub struct Warm {
    behaviour: Behaviour,
    seat: Option<Seat>,
}

impl Warm {
    /// As [`Behaviour::handle`]; after a failure the next event gets a fresh instance.
    ///
    /// # Errors
    /// As [`Behaviour::handle`].
    pub async fn handle(&mut self, input: Input) -> Result<Output, Failure> {
        let component = self.behaviour.component.clone();
        let seat = self.seat.take().unwrap_or_else(|| Seat::new(component));
        let guests = &self.behaviour.component.0.shared.guests;
        let run = Box::pin(async move { (seat.handle(input).await, ()) });
        let (answer, seat) = guests.run(self.behaviour.budget().wall, run).await?;
        self.seat = seat;
        answer
    }
}

/// A store, and the instance in it once there is one.
struct Seat {
    component: Component,
    store: Store<Guest<()>>,
    instance: Option<v0_1_0::Agent>,
}

impl Seat {
    fn new(component: Component) -> Self {
        let shared = &component.0.shared;
        let budget = &shared.limits.agent;
        let wasi = Wasi::new(Source::Event { now_ms: 0, seed: 0 }, budget.resources, budget.notes);
        let store = guest::store(&shared.engine, budget, shared.limits.admit, wasi, ());
        Seat { component, store, instance: None }
    }

    /// The answer, and the seat when it may be used again: never after a failure.
    async fn handle(mut self, input: Input) -> (Result<Output, Failure>, Option<Self>) {
        let budget = self.component.0.shared.limits.agent;
        let input = match v0_1_0::input(input, budget.input) {
            Ok(input) => input,
            Err(failure) => return (Err(failure), None),
        };
        let meter = self.begin(Source::Event { now_ms: input.now_ms, seed: input.seed });
        let answer = meter
            .measure(async {
                let (instance, store) = self.instance().await?;
                instance.trunkline_agent_behaviour().call_handle(store, &input).await
            })
            .await;
        let (stats, notes) = self.end(&meter, &budget);
        let output = match answer {
            Ok(Ok(output)) => v0_1_0::output(output, &budget),
            Ok(Err(message)) => Err(Failure::new(FailureKind::Guest, cut(message))),
            Err(error) => Err(Failure::of(&error, budget.cpu)),
        };
        match output {
            Ok(output) => (Ok(Output { notes, stats, ..output }), Some(self)),
            Err(failure) => (Err(Failure { notes, stats, ..failure }), None),
        }
    }

    async fn describe(mut self) -> Result<Manifest, Failure> {
        let budget = self.component.0.shared.limits.agent;
        let meter = self.begin(Source::Event { now_ms: 0, seed: 0 });
        let answer = meter
            .measure(async {
                let (instance, store) = self.instance().await?;
                instance.trunkline_agent_behaviour().call_describe(store).await
            })
            .await;
        let (stats, notes) = self.end(&meter, &budget);
        let manifest = match answer {
            Ok(manifest) => v0_1_0::manifest(manifest),
            Err(error) => Err(Failure::of(&error, budget.cpu)),
        };
        manifest.map_err(|failure| Failure { notes, stats, ..failure })
    }

    async fn instance(&mut self) -> wasmtime::Result<(&v0_1_0::Agent, &mut Store<Guest<()>>)> {
        let Seat { component, store, instance } = self;
        let instance = match instance {
            Some(instance) => instance,
            None => {
                let Part::Agent(pre) = &component.0.part else { wasmtime::bail!("not an agent") };
                instance.insert(pre.instantiate_async(&mut *store).await?)
            }
        };
        Ok((instance, store))
    }

    fn begin(&mut self, source: Source) -> Arc<Meter> {
        let meter = Arc::new(Meter::new(self.component.0.shared.limits.agent.cpu));
        self.store.data_mut().wasi.set_source(source);
        guest::watch(&mut self.store, &meter);
        meter
    }

    fn end(&mut self, meter: &Meter, budget: &Budget) -> (Stats, String) {
        let stats = guest::stats(&self.store, meter);
        if meter.spent() >= budget.warn_cpu {
            tracing::warn!(component = %self.component.digest(), cpu_us = stats.cpu_ns / 1_000, "a behaviour is slow");
        }
        (stats, self.store.data_mut().wasi.take_notes())
    }
}

/// A guest's own words, short enough for a log.
fn cut(mut message: String) -> String {
    const MOST: usize = 1_000;
    if message.len() > MOST {
        message.truncate(message.floor_char_boundary(MOST));
    }
    message
}
