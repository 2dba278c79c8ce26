//! How long a start takes, from the start of the process until it has taken a call, when its components are compiled
//! already.

use std::time::Duration;

use anyhow::{Result, bail};
use serde::Serialize;
use tokio::time::Instant;

use super::Distribution;
use super::options::Options;
use super::rig::Rig;
use super::script::{Script, Variant};
use crate::emulators::twilio::{CallRecord, What, When};
use crate::host::wait_for_port;

/// How long starts took, in ms after the start of the process.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Startup {
    /// The very first start, which makes the database and compiles the components, until the host is ready.
    pub(super) first_ready_ms: f64,
    /// Until the port is open.
    pub(super) listening_ms: Distribution,
    /// Until a call that was announced as soon as the port was open has been accepted: its webhook is answered.
    pub(super) accepted_ms: Distribution,
    /// Until the media socket of that call is open.
    pub(super) media_ms: Distribution,
    /// Until the caller hears the greeting. The synthesiser takes no time of its own.
    pub(super) greeting_ms: Distribution,
}

/// Starts the host again and again on the same data.
pub(super) async fn measure(options: &Options) -> Result<Startup> {
    let options = Options { tts_ms: 0, ..options.clone() };
    let script = Script::new(Variant::Turns)?;
    let mut rig = Rig::start(&options, &script, 1).await?;
    let mut found = [const { Vec::new() }; 4];
    for _ in 0..options.starts {
        rig.host.terminate().await?;
        for (all, one) in found.iter_mut().zip(start(&mut rig).await?) {
            all.push(one);
        }
    }
    let first_ready_ms = milliseconds(rig.host_ready_after);
    rig.stop().await?;
    let [listening_ms, accepted_ms, media_ms, greeting_ms] = found.map(Distribution::of);
    Ok(Startup { first_ready_ms, listening_ms, accepted_ms, media_ms, greeting_ms })
}

/// One start and one call: listening, accepted, media, greeting.
async fn start(rig: &mut Rig) -> Result<[f64; 4]> {
    let begin = Instant::now();
    rig.host.relaunch()?;
    wait_for_port(rig.host.port()).await?;
    let listening = milliseconds(begin.elapsed());
    let call = rig.plain_call().step(When::AgentSpeaks(0), What::HangUp);
    let record = rig.carrier.place_call(call).finished().await;
    let Some([accepted, media, greeting]) = times(&record) else {
        bail!("the first call failed: {:?} {:?}{}", record.outcome, record.errors, rig.host.output());
    };
    Ok([listening, listening + accepted, listening + media, listening + greeting])
}

/// When the call was accepted, its media socket open and its agent heard, in ms after it was placed.
fn times(record: &CallRecord) -> Option<[f64; 3]> {
    let webhook = record.requests.first().filter(|request| request.status == Some(200))?;
    let media = record.answered_after_ms?;
    Some([webhook.at_ms + webhook.took_ms, media, media + record.greeting_ms()?])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
