//! The stock behaviour: greets, lets the model answer each turn with the granted tools, goes on after a loss.
//!
//! Ending the call is the host's: it runs the tool `end_call`, says good-bye when the model did not, and hangs up.

use serde::{Deserialize, Serialize};
use trunkline_sdk::{Behaviour, Ctx, EffectId, Error, Event, Generate, Manifest};

struct Conversation;

#[derive(Default, Serialize, Deserialize)]
struct State {
    /// The caller said something and has heard no answer.
    unanswered: bool,
    /// The answer that is under way.
    open: Option<EffectId>,
    /// Nothing was answered since the apology.
    apologised: bool,
}

/// Unknown fields are ignored here (the schema refuses them): as the stock behaviour it takes over from others, with theirs.
#[derive(Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    cut_off: String,
    apology: String,
    unavailable: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            cut_off: "Sorry, we were cut off.".to_owned(),
            apology: "Sorry, I did not get that. Could you say it again?".to_owned(),
            unavailable: "Sorry, I cannot answer at the moment. Please call again later.".to_owned(),
        }
    }
}

impl Behaviour for Conversation {
    type State = State;
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new("conversation", env!("CARGO_PKG_VERSION"), include_str!("settings.schema.json"))
            .description("Greets, lets the model answer each turn, goes on after a loss.")
    }

    fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error> {
        match event {
            Event::Started(call) => match call.greeting {
                Some(greeting) => {
                    ctx.say(greeting);
                }
                None => answer(ctx),
            },
            Event::UserTurn(_) => {
                ctx.state.unanswered = true;
                answer(ctx);
            }
            Event::Generated(_) => ctx.state = State::default(),
            Event::Interrupted(interruption) => {
                ctx.state.open = ctx.state.open.filter(|open| *open != interruption.effect);
                ctx.state.unanswered &= interruption.heard.is_empty();
            }
            Event::Resumed(resumption) if resumption.reason != "component-changed" => {
                ctx.say(ctx.settings.cut_off.clone());
                if ctx.state.unanswered && ctx.state.open.is_none() {
                    answer(ctx);
                }
            }
            // A model that will not answer however often it is asked: better to say so than to keep the caller.
            Event::Failed(fault) if fault.part == "llm" && !fault.retryable => {
                ctx.announce(ctx.settings.unavailable.clone());
                ctx.hang_up("no language model");
            }
            // It took over from a behaviour that needs no model, and the agent has none.
            Event::Denied(denial) if denial.action == "generate" && denial.rule == "not-granted" => {
                ctx.announce(ctx.settings.unavailable.clone());
                ctx.hang_up("no language model");
            }
            // Once, until an answer succeeds: a model that stays away must not make the agent repeat itself.
            Event::Failed(fault) if fault.part == "llm" && !ctx.state.apologised => {
                ctx.state.apologised = true;
                ctx.state.open = None;
                ctx.say(ctx.settings.apology.clone());
            }
            _ => {}
        }
        Ok(())
    }
}

fn answer(ctx: &mut Ctx<Conversation>) {
    ctx.state.open = Some(ctx.generate(Generate::spoken()));
}

trunkline_sdk::agent!(Conversation);

#[cfg(test)]
mod tests;
