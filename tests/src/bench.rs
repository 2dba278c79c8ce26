//! Measures the product from outside: paced calls to the real binary, with every emulator in another process.
//!
//! The carrier is the measuring process itself; recogniser, model and synthesiser are processes of their own. The host is
//! the release binary with everything on that is on in production. Figures are taken over the steady part of a run, when
//! all lines are in use; `docs/benchmarks.md` says what each of them means.

mod admin;
mod delays;
mod figures;
mod load;
mod options;
mod report;
mod rig;
mod script;
mod startup;
mod yardstick;

use anyhow::Result;

use crate::emulators::twilio::summary::Distribution;
use admin::{Admin, Interface};
use delays::SetDelays;
use figures::Figures;
use load::Load;
use report::Report;
use rig::Rig;
use script::{Script, Variant};
use yardstick::Yardstick;

pub use options::Options;

/// Measures what was asked for and prints it.
pub async fn run(options: Options) -> Result<()> {
    let mut report = Report::new(&options)?;
    if options.http {
        for &calls in &options.calls {
            let (figures, interface) = beside(&options, calls).await?;
            report.runs.push(figures);
            report.interface.push(interface);
        }
    } else if options.startup {
        report.startup = Some(startup::measure(&options).await?);
    } else {
        for variant in options.variants() {
            for &calls in &options.calls {
                report::progress(&format!("{calls} calls, {variant}"));
                let figures = measure(&options, variant, calls).await?;
                report::progress(&report::line(&figures));
                report.runs.push(figures);
            }
        }
    }
    report.print(options.json)
}

/// One run: fresh processes and an empty database, so that no run inherits memory or files of another.
async fn measure(options: &Options, variant: Variant, calls: u32) -> Result<Figures> {
    let script = Script::new(variant)?;
    let load = Load::of(options, calls);
    let observed = if variant == Variant::Echo {
        load.run(&Yardstick::start(&script).await?).await?
    } else {
        let rig = Rig::start(options, &script, calls).await?;
        let observed = load.run(&rig).await?;
        rig.stop().await?;
        observed
    };
    Ok(Figures::of(&observed, &script, &options.delays(), options.tls))
}

/// Calls, and the interface beside them.
async fn beside(options: &Options, calls: u32) -> Result<(Figures, Interface)> {
    let script = Script::new(Variant::Turns)?;
    let rig = Rig::start(options, &script, calls).await?;
    report::progress("making 100 tenants with 100 agents each");
    let admin = Admin::furnish(&rig).await?;
    report::progress(&format!("{calls} calls, and 50 requests a second"));
    let load = Load::of(options, calls);
    let (observed, requests) = load.run_beside(&rig, async |from, until| admin.run(from, until).await).await?;
    report::progress("switching the agent of a live call");
    let switch_outside_ms = admin::switches(&rig, &script.contract(options.endpoint_ms)).await?;
    let metrics = rig.host.metrics().await?;
    let lookups_within_50_us = admin::share(&metrics, "trunkline_contract_lookup_seconds", 5e-5);
    let switches_within_5_ms = admin::share(&metrics, "trunkline_agent_switch_seconds", 5e-3);
    rig.stop().await?;
    let figures = Figures::of(&observed, &script, &options.delays(), options.tls);
    Ok((figures, Interface { requests, switch_outside_ms, lookups_within_50_us, switches_within_5_ms }))
}
