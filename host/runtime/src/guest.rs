//! What a store carries for one guest: what it may use, what it used, its virtual WASI and, for tools, its host.

use crate::config::{Admit, Budget};
use crate::failure::Stats;
use crate::meter::Meter;
use crate::wasi::Wasi;
use std::sync::Arc;
use wasmtime::{Engine, ResourceLimiter, Store, UpdateDeadline};

/// The data of a store. `H` is what imported functions reach; nothing for agents.
pub(crate) struct Guest<H> {
    pub(crate) quota: Quota,
    pub(crate) wasi: Wasi,
    pub(crate) host: H,
}

/// A guest asked for more than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Breach {
    #[error("more than {} KiB of memory", .0 / 1024)]
    Memory(usize),
    #[error("a table of more than {0} elements")]
    Table(u64),
}

/// Memory and tables of one guest.
#[derive(Debug)]
pub(crate) struct Quota {
    memory: usize,
    admit: Admit,
    used: usize,
    peak: usize,
}

impl Quota {
    pub(crate) fn peak(&self) -> usize {
        self.peak
    }
}

impl ResourceLimiter for Quota {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.used.saturating_sub(current).saturating_add(desired);
        // A trap, not a refusal: what asks for more after a refusal would only end later, and less clearly.
        if wanted > self.memory {
            return Err(Breach::Memory(self.memory).into());
        }
        self.used = wanted;
        self.peak = self.peak.max(wanted);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired as u64 > self.admit.table_elements {
            return Err(Breach::Table(self.admit.table_elements).into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        // wasmtime counts the component itself too.
        self.admit.core_instances.saturating_add(1) as usize
    }

    fn memories(&self) -> usize {
        self.admit.memories as usize
    }

    fn tables(&self) -> usize {
        self.admit.tables as usize
    }
}

/// A store with every limit set.
pub(crate) fn store<H: Send + 'static>(
    engine: &Engine,
    budget: &Budget,
    admit: Admit,
    wasi: Wasi,
    host: H,
) -> Store<Guest<H>> {
    let quota = Quota { memory: budget.memory, admit, used: 0, peak: 0 };
    let mut store = Store::new(engine, Guest { quota, wasi, host });
    store.limiter(|guest| &mut guest.quota);
    store.set_hostcall_fuel(budget.hostcall_fuel);
    store.set_max_component_handles(budget.handles);
    store
}

/// From now on the guest looks up at each tick: it lets others run, or ends when its budget is spent.
pub(crate) fn watch<H: Send + 'static>(store: &mut Store<Guest<H>>, meter: &Arc<Meter>) {
    let meter = Arc::clone(meter);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        if meter.exceeded() {
            return Ok(UpdateDeadline::Interrupt);
        }
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
}

/// What the guest cost so far.
pub(crate) fn stats<H>(store: &Store<Guest<H>>, meter: &Meter) -> Stats {
    Stats {
        cpu_ns: u64::try_from(meter.spent().as_nanos()).unwrap_or(u64::MAX),
        memory_peak: store.data().quota.peak(),
    }
}
