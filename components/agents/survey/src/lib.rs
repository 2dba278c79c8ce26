//! The stock behaviour for surveys: asks its questions one after the other, checks and stores the answers, says good-bye.
//!
//! It needs no language model: what it says is in its settings, and what it hears is read by rules that forgive a poor
//! recogniser. Speech, keys and writing give the same results.

mod answer;
mod choice;
mod course;
mod keys;
mod number;
mod phone;
mod request;
mod settings;
mod turn;
mod when;
mod words;
mod yes_no;

use crate::settings::Settings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use trunkline_sdk::{Behaviour, Ctx, EffectId, Error, Event, Manifest};

struct Survey;

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    #[default]
    Asking,
    /// The caller is busy and was asked when to be called back.
    Callback,
    Over,
}

#[derive(Default, Serialize, Deserialize)]
struct State {
    phase: Phase,
    /// The open question.
    at: String,
    /// Questions that are done; true: with an answer.
    done: BTreeMap<String, bool>,
    /// The question that was done last.
    before: Option<String>,
    /// Answers to the open question that were not understood.
    tries: u32,
    /// How often it was asked for another reason.
    asks: u32,
    /// The question is being said.
    asking: Option<EffectId>,
    /// What is said before the question itself, bytes.
    lead: usize,
    /// The introduction is part of it.
    introduces: bool,
    /// The question was not heard: what comes next is no answer to it.
    unheard: bool,
    /// Keys that were pressed, and the timer that ends them.
    keys: String,
    keys_timer: Option<EffectId>,
    /// Questions in a row that could not be said.
    mute: u32,
}

impl Behaviour for Survey {
    type State = State;
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new("survey", env!("CARGO_PKG_VERSION"), include_str!("settings.schema.json"))
            .description("Asks questions one after the other and stores the answers; needs no language model.")
    }

    fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error> {
        match event {
            Event::Started(call) => {
                ctx.settings.render(&call);
                course::begin(ctx, call.greeting.as_deref().unwrap_or_default());
            }
            Event::Configured(call) => {
                ctx.settings.render(&call);
                course::reconfigured(ctx);
            }
            Event::Resumed(resumption) => {
                ctx.settings.render(&resumption.call);
                course::resumed(ctx, &resumption.reason);
            }
            Event::UserTurn(turn) => turn::turn(ctx, &turn.text),
            Event::Digits(digits) => keys::pressed(ctx, &digits.digits),
            Event::Timer(timer) => keys::timed_out(ctx, timer),
            Event::Silence(_) => course::silent(ctx),
            Event::Said(said) if Some(said.effect) == ctx.state.asking => {
                (ctx.state.asking, ctx.state.unheard, ctx.state.mute) = (None, false, 0);
            }
            Event::Interrupted(stopped) if Some(stopped.effect) == ctx.state.asking => {
                ctx.state.asking = None;
                ctx.state.unheard = stopped.heard.trim().len() <= ctx.state.lead;
                ctx.state.introduces &= stopped.heard.len() * 2 < ctx.state.lead;
            }
            Event::Failed(fault) if fault.effect.is_some() && fault.effect == ctx.state.asking => course::mute(ctx),
            _ => {}
        }
        Ok(())
    }
}

trunkline_sdk::agent!(Survey);

#[cfg(test)]
mod tests;
