//! True or false? A quiz that draws its claims at random, keeps score and says good-bye.

use serde::{Deserialize, Serialize};
use trunkline_sdk::{Behaviour, Ctx, Error, Event, Manifest};

struct Quiz;

/// What is remembered between two events. The host keeps it, also when it is killed in the middle of the call.
#[derive(Default, Serialize, Deserialize)]
struct State {
    /// Places of the claims that were not drawn yet.
    left: Vec<usize>,
    /// The place of the claim that waits for its answer.
    open: Option<usize>,
    asked: u32,
    score: u32,
}

/// What the agent's contract sets under `behaviour.settings`.
#[derive(Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    rounds: u32,
    claims: Vec<Claim>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Claim {
    text: String,
    truth: bool,
    because: String,
}

impl Default for Settings {
    fn default() -> Self {
        let claims = [
            ("Bananas are berries.", true, "To a botanist they are, and strawberries are not."),
            ("Goldfish forget everything after three seconds.", false, "They remember things for months."),
            ("A day on Venus is longer than its year.", true, "It turns once in 243 days, and goes round in 225."),
            ("Lightning never strikes twice.", false, "Some towers are hit twenty times a year."),
            ("An octopus has three hearts.", true, "And blue blood."),
        ];
        let claim = |(text, truth, why): (&str, bool, &str)| Claim { text: text.into(), truth, because: why.into() };
        Settings { rounds: 3, claims: claims.map(claim).to_vec() }
    }
}

impl Behaviour for Quiz {
    type State = State;
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), include_str!("settings.schema.json"))
    }

    fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error> {
        match event {
            Event::Started(call) => {
                ctx.state.left = (0..ctx.settings.claims.len()).collect();
                draw(ctx, &call.greeting.unwrap_or_else(|| "True or false?".to_owned()));
            }
            Event::UserTurn(turn) => answer(ctx, guess(&turn.text)),
            Event::Digits(keys) => answer(ctx, guess(&keys.digits)),
            Event::Resumed(_) => ask(ctx, "Where were we? Ah, yes."),
            _ => {}
        }
        Ok(())
    }
}

/// What the caller means: the first word that tells.
fn guess(text: &str) -> Option<bool> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).find_map(|word| match word {
        "1" | "true" | "yes" | "yeah" | "yep" | "right" | "correct" => Some(true),
        "2" | "false" | "no" | "nope" | "wrong" | "not" | "falls" | "force" => Some(false),
        _ => None,
    })
}

fn open(ctx: &Ctx<Quiz>) -> Option<Claim> {
    ctx.settings.claims.get(ctx.state.open?).cloned()
}

fn answer(ctx: &mut Ctx<Quiz>, guess: Option<bool>) {
    let Some(claim) = open(ctx) else { return };
    let Some(guess) = guess else { return ask(ctx, "Just say true or false.") };
    let right = guess == claim.truth;
    ctx.state.score += u32::from(right);
    draw(ctx, &format!("{} {}", if right { "Right!" } else { "Ah, no." }, claim.because));
}

/// Draws the next claim, or ends the quiz. `lead` is said first.
fn draw(ctx: &mut Ctx<Quiz>, lead: &str) {
    if ctx.state.asked >= ctx.settings.rounds || ctx.state.left.is_empty() {
        let (score, asked) = (ctx.state.score, ctx.state.asked);
        ctx.set_result("score", score);
        ctx.set_result("rounds", asked);
        ctx.say(format!("{lead} That makes {score} out of {asked}. Thanks for playing, and good-bye!"));
        ctx.hang_up("the quiz is over");
        ctx.state.open = None;
        return;
    }
    // The same call draws the same claims when it is replayed: its chance comes from the host.
    let place = usize::try_from(ctx.random() % 1_000).unwrap_or(0) % ctx.state.left.len();
    ctx.state.open = Some(ctx.state.left.swap_remove(place));
    ctx.state.asked += 1;
    ask(ctx, lead);
}

fn ask(ctx: &mut Ctx<Quiz>, lead: &str) {
    if let Some(claim) = open(ctx) {
        ctx.say(format!("{lead} Number {}: {}", ctx.state.asked, claim.text));
    }
}

trunkline_sdk::agent!(Quiz);

#[cfg(test)]
mod tests;
