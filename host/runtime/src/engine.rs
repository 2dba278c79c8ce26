//! The wasmtime engine as this product needs it: deterministic, interruptible, pooled, and without any proposal that is
//! not used.

mod ticker;

pub(crate) use ticker::Ticker;

use crate::config::Config;
use std::time::Duration;
use wasmparser::WasmFeatures;
use wasmtime::{Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// How often a running guest is looked at.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// What a 32-bit memory can address: reserving it makes bounds checks free.
const RESERVATION: u64 = 4 << 30;
/// Guard behind each memory: constant offsets up to this size need no check.
const GUARD: u64 = 32 << 20;

/// Proposals that are on by default, or that another crate's features could bring in.
const UNUSED: WasmFeatures = WasmFeatures::MEMORY64
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::SHARED_EVERYTHING_THREADS)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::CM_ASYNC)
    .union(WasmFeatures::CM_ERROR_CONTEXT);

/// Where instances live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allocation {
    /// In slots that are reserved at the start: an instance costs microseconds.
    Pooled,
    /// As they come: slower, for machines with little address space.
    OnDemand,
}

/// The engine, pooled where the machine has the address space for it.
pub(crate) fn start(config: &Config) -> wasmtime::Result<(Engine, Allocation)> {
    match Engine::new(&settings(config, Allocation::Pooled)) {
        Ok(engine) => Ok((engine, Allocation::Pooled)),
        Err(error) => {
            tracing::warn!(
                max_instances = config.max_instances,
                error = %format!("{error:#}"),
                "address space is short: components run without a pool, each event costs more; lower runtime.max_instances"
            );
            let engine = Engine::new(&settings(config, Allocation::OnDemand))?;
            Ok((engine, Allocation::OnDemand))
        }
    }
}

pub(crate) fn settings(config: &Config, allocation: Allocation) -> wasmtime::Config {
    let mut settings = wasmtime::Config::new();
    settings
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .wasm_features(UNUSED, false)
        .concurrency_support(false)
        .shared_memory(false)
        .gc_support(false)
        // Equal inputs give equal bytes on every machine.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // A guest's recursion ends well inside its own stack; the rest is for host functions.
        .max_wasm_stack(512 << 10)
        .async_stack_size(1 << 20)
        .memory_init_cow(true);
    match allocation {
        Allocation::Pooled => {
            settings
                .memory_reservation(RESERVATION)
                .memory_guard_size(GUARD)
                .memory_may_move(false)
                .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(config)));
        }
        Allocation::OnDemand => {
            settings
                .memory_reservation(0)
                .memory_guard_size(64 << 10)
                .allocation_strategy(InstanceAllocationStrategy::OnDemand);
        }
    }
    settings
}

/// Every size from `max_instances`: a guest that has a place has everything that it may need.
fn pool(config: &Config) -> PoolingAllocationConfig {
    let guests = config.max_instances.clamp(1, 4_096);
    let admit = config.limits.admit;
    let memory = config.limits.agent.memory.max(config.limits.tool.memory);
    let mut pool = PoolingAllocationConfig::new();
    pool
        // One component instance and one stack for each guest.
        .total_component_instances(guests)
        .total_stacks(guests)
        // Counters only, no memory: all guests may be as large as one may be.
        .total_core_instances(guests.saturating_mul(admit.core_instances))
        .max_core_instances_per_component(admit.core_instances)
        // Address space only: 4 GiB for each memory (2 x 256 guests: 2 TiB of 128).
        .total_memories(guests.saturating_mul(admit.memories))
        .max_memories_per_component(admit.memories)
        .max_memories_per_module(admit.memories)
        .max_memory_size(memory)
        // 80 KiB of address space for each table of 10,000 elements.
        .total_tables(guests.saturating_mul(admit.tables))
        .max_tables_per_component(admit.tables)
        .max_tables_per_module(admit.tables)
        .table_elements(usize::try_from(admit.table_elements).unwrap_or(usize::MAX))
        // A slot that was used keeps its mapping for the next event of the same component.
        .max_unused_warm_slots(guests)
        // What an event dirties is written back instead of unmapped: a copy of some pages is cheaper than their faults.
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(16 << 10)
        .async_stack_keep_resident(0)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Most events dirty less than this.
const KEEP_RESIDENT: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{DefaultHasher, Hash, Hasher};

    fn compatibility(settings: &wasmtime::Config) -> u64 {
        let mut hasher = DefaultHasher::new();
        Engine::new(settings).unwrap().precompile_compatibility_hash().hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn code_compiled_without_a_pool_fits_the_pooled_host() {
        let config = Config::new([0; 32]);
        let pooled = settings(&config, Allocation::Pooled);
        let mut compiler = settings(&config, Allocation::Pooled);
        compiler.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        assert_eq!(compatibility(&pooled), compatibility(&compiler));
    }

    #[test]
    fn a_pool_that_does_not_fit_falls_back_to_instances_on_demand() {
        let mut config = Config::new([0; 32]);
        config.max_instances = 4_096;
        config.limits.admit.memories = 64;
        let (_, allocation) = start(&config).unwrap();
        assert_eq!(allocation, Allocation::OnDemand);
    }
}
