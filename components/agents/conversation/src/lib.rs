//! The stock behaviour: greets, lets the model answer each turn with the granted tools, says good-bye.
//!
//! The model ends a call with the tool `end_call`. Whether it said good-bye itself is known only when its generation is
//! over, so the call is hung up then, not when the tool was run.

use serde::{Deserialize, Serialize};
use trunkline_sdk::{Behaviour, Ctx, EffectId, Error, Event, Fault, Generate, Manifest};

struct Conversation;

#[derive(Default, Serialize, Deserialize)]
struct State {
    /// The generation that is under way.
    open: Option<EffectId>,
    /// The caller heard something of the last generation.
    heard: bool,
    /// The model asked to end the call.
    ending: bool,
    /// Nothing was answered since the apology.
    apologised: bool,
}

/// Unknown fields are ignored here (the schema refuses them): as the stock behaviour it takes over from others, with theirs.
#[derive(Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    goodbye: String,
    cut_off: String,
    apology: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            goodbye: "Good-bye.".to_owned(),
            cut_off: "Sorry, we were cut off.".to_owned(),
            apology: "Sorry, I did not get that. Could you say it again?".to_owned(),
        }
    }
}

impl Behaviour for Conversation {
    type State = State;
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new("conversation", env!("CARGO_PKG_VERSION"), include_str!("settings.schema.json"))
            .description("Greets, lets the model answer each turn, says good-bye.")
    }

    fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error> {
        match event {
            Event::Started(call) => match call.greeting {
                Some(greeting) => {
                    ctx.say(greeting);
                }
                None => answer(ctx),
            },
            Event::Resumed(resumption) => {
                ctx.state.open = None;
                if ctx.state.ending {
                    finish(ctx);
                } else if resumption.reason != "component-changed" {
                    ctx.say(ctx.settings.cut_off.clone());
                }
            }
            Event::UserTurn(_) => {
                ctx.state.ending = false;
                answer(ctx);
            }
            Event::ToolFinished(tool) if tool.name == "end_call" && tool.is_ok() => {
                ctx.state.ending = true;
                if ctx.state.open.is_none() {
                    finish(ctx);
                }
            }
            Event::Generated(generation) => {
                ctx.state.apologised = false;
                close(ctx, generation.effect, &generation.heard);
            }
            Event::Interrupted(interruption) => close(ctx, interruption.effect, &interruption.heard),
            Event::Failed(fault) if fault.part == "llm" => failed(ctx, &fault),
            _ => {}
        }
        Ok(())
    }
}

fn answer(ctx: &mut Ctx<Conversation>) {
    let effect = ctx.generate(Generate::spoken());
    ctx.state.open = Some(effect);
    ctx.state.heard = false;
}

/// A generation is over; what the caller heard of it decides whether a good-bye is still owed.
fn close(ctx: &mut Ctx<Conversation>, effect: EffectId, heard: &str) {
    if ctx.state.open == Some(effect) {
        ctx.state.open = None;
        ctx.state.heard = !heard.trim().is_empty();
        if ctx.state.ending {
            finish(ctx);
        }
    }
}

/// Once, until an answer succeeds: a model that stays away must not make the agent repeat itself.
fn failed(ctx: &mut Ctx<Conversation>, fault: &Fault) {
    if let Some(effect) = fault.effect {
        close(ctx, effect, "");
    }
    if fault.retryable && !ctx.state.ending && !ctx.state.apologised {
        ctx.state.apologised = true;
        ctx.say(ctx.settings.apology.clone());
    }
}

fn finish(ctx: &mut Ctx<Conversation>) {
    if !ctx.state.heard {
        ctx.announce(ctx.settings.goodbye.clone());
    }
    ctx.hang_up("end_call");
}

trunkline_sdk::agent!(Conversation);

#[cfg(test)]
mod tests;
