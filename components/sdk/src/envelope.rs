//! The state that the host keeps: the author's state wrapped with what the SDK itself must remember.

use crate::bindings::exports::trunkline::agent::behaviour::{Input, Output};
use crate::ctx::{Call, Ctx};
use crate::{Behaviour, Error, Event};
use serde::{Deserialize, Serialize};

/// Short names: it is read and written for each event.
#[derive(Serialize, Deserialize)]
struct Envelope<Call, Settings, State> {
    /// Layout of this record.
    v: u8,
    /// Next effect.
    n: u32,
    c: Call,
    g: Settings,
    s: State,
}

const LAYOUT: u8 = 1;

/// Actions in one answer, at most.
const MOST_ACTIONS: u64 = 32;

/// The first id of a component that starts at event `seq`. Another component may have had the call before: it cannot
/// have used more than 32 ids for each earlier event.
fn first_effect(seq: u64) -> u32 {
    u32::try_from(seq.saturating_sub(1).saturating_mul(MOST_ACTIONS).saturating_add(1)).unwrap_or(1)
}

fn open<B: Behaviour>(input: &Input) -> Result<Ctx<B>, Error> {
    let (next_effect, call, settings, state) = if input.state.is_empty() {
        (first_effect(input.seq), Call::default(), B::Settings::default(), B::State::default())
    } else {
        let envelope: Envelope<Call, B::Settings, B::State> =
            serde_json::from_slice(&input.state).map_err(|fault| Error(format!("state: {fault}")))?;
        if envelope.v != LAYOUT {
            return Err(Error(format!("state: written with layout {}, this component knows {LAYOUT}", envelope.v)));
        }
        (envelope.n, envelope.c, envelope.g, envelope.s)
    };
    Ok(Ctx {
        state,
        settings,
        call,
        seq: input.seq,
        now_ms: input.now_ms,
        chance: input.seed,
        next_effect,
        actions: Vec::new(),
    })
}

pub(crate) fn step<B: Behaviour>(input: Input) -> Result<Output, Error> {
    let mut ctx = open::<B>(&input)?;
    match &input.event {
        Event::Started(info) | Event::Configured(info) => ctx.take(info)?,
        Event::Resumed(resumption) => ctx.take(&resumption.call)?,
        _ => {}
    }
    B::handle(&mut ctx, input.event)?;
    let envelope = Envelope { v: LAYOUT, n: ctx.next_effect, c: &ctx.call, g: &ctx.settings, s: &ctx.state };
    Ok(Output { state: serde_json::to_vec(&envelope)?, actions: ctx.actions })
}

#[cfg(test)]
mod tests;
