//! Measures the product from outside: paced calls to the real binary, with every emulator in another process.
//!
//! The carrier is the measuring process itself; recogniser, model and synthesiser are processes of their own. The host is
//! the release binary with everything on that is on in production. Figures are taken over the steady part of a run, when
//! all lines are in use; `docs/benchmarks.md` says what each of them means.

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
    if options.startup {
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
    let load = Load {
        calls,
        steady: std::time::Duration::from_secs(options.duration),
        ramp: options.ramp(calls),
        settle: std::time::Duration::from_secs(options.settle),
        seed: options.seed,
    };
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
