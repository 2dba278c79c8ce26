//! True or false? A quiz that draws its claims at random, keeps score and says good-bye.

use serde::{Deserialize, Serialize};
use trunkline_sdk::{Behaviour, Ctx, Error, Event, Manifest};

struct Quiz;

/// What is remembered between two events. The host keeps it, also when it is killed in the middle of the call.
#[derive(Default, Serialize, Deserialize)]
struct State {
    /// Places of the claims that were not drawn yet.
    left: Vec<usize>,
    /// The claim that waits for its answer.
    open: usize,
    asked: u32,
    score: u32,
    streak: u32,
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
        let claim = |(text, truth, because): (&str, bool, &str)| Claim {
            text: text.to_owned(),
            truth,
            because: because.to_owned(),
        };
        let claims = [
            ("Bananas are berries.", true, "To a botanist they are, and strawberries are not."),
            ("Goldfish forget everything after three seconds.", false, "They remember things for months."),
            ("A day on Venus is longer than its year.", true, "It turns once in 243 days, and goes round in 225."),
            ("Lightning never strikes twice.", false, "Some towers are hit twenty times a year."),
            ("An octopus has three hearts.", true, "And blue blood."),
            ("You can see the Great Wall from the Moon.", false, "It is long, but thinner than a motorway."),
            ("Sharks are older than trees.", true, "By about fifty million years."),
        ];
        Settings { rounds: 3, claims: claims.map(claim).to_vec() }
    }
}

impl Behaviour for Quiz {
    type State = State;
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new("quiz", env!("CARGO_PKG_VERSION"), include_str!("settings.schema.json"))
            .description("Asks whether claims are true or false, and keeps score.")
    }

    fn handle(ctx: &mut Ctx<Self>, event: Event) -> Result<(), Error> {
        match event {
            Event::Started(call) => {
                ctx.state.left = (0..ctx.settings.claims.len()).collect();
                draw(ctx, &call.greeting.unwrap_or_else(|| "True or false?".to_owned()));
            }
            Event::UserTurn(turn) => answer(ctx, guess(&turn.text)),
            Event::Digits(keys) => {
                answer(ctx, [("1", true), ("2", false)].iter().find(|k| k.0 == keys.digits).map(|k| k.1))
            }
            Event::Resumed(_) => ask(ctx, "Where were we? Ah, yes."),
            _ => {}
        }
        Ok(())
    }
}

/// What the caller means: the first word that tells.
fn guess(text: &str) -> Option<bool> {
    text.to_lowercase().split(|c: char| !c.is_alphanumeric()).find_map(|word| match word {
        "true" | "yes" | "yeah" | "yep" | "right" | "correct" => Some(true),
        "false" | "no" | "nope" | "wrong" | "not" | "falls" | "force" => Some(false),
        _ => None,
    })
}

fn answer(ctx: &mut Ctx<Quiz>, guess: Option<bool>) {
    let Some(claim) = ctx.settings.claims.get(ctx.state.open).cloned() else { return };
    match guess {
        None => ask(ctx, "Just say true or false."),
        Some(guess) if guess == claim.truth => {
            ctx.state.score += 1;
            ctx.state.streak += 1;
            let cheer = if ctx.state.streak > 1 {
                format!("Right, {} in a row!", ctx.state.streak)
            } else {
                "Right!".to_owned()
            };
            draw(ctx, &format!("{cheer} {}", claim.because));
        }
        Some(_) => {
            ctx.state.streak = 0;
            draw(ctx, &format!("Ah, no. {}", claim.because));
        }
    }
}

/// Draws the next claim, or ends the quiz. `lead` is said first.
fn draw(ctx: &mut Ctx<Quiz>, lead: &str) {
    if ctx.state.asked >= ctx.settings.rounds || ctx.state.left.is_empty() {
        let (score, asked) = (ctx.state.score, ctx.state.asked);
        ctx.set_result("score", score);
        ctx.set_result("rounds", asked);
        ctx.say(format!("{lead} That makes {score} out of {asked}. Thanks for playing, and good-bye!"));
        ctx.hang_up("the quiz is over");
        return;
    }
    // The same call draws the same claims when it is replayed: its chance comes from the host.
    let place = usize::try_from(ctx.random() % 1_000).unwrap_or(0) % ctx.state.left.len();
    ctx.state.open = ctx.state.left.swap_remove(place);
    ctx.state.asked += 1;
    ask(ctx, lead);
}

fn ask(ctx: &mut Ctx<Quiz>, lead: &str) {
    let claim = ctx.settings.claims.get(ctx.state.open).map(|claim| claim.text.clone()).unwrap_or_default();
    ctx.say(format!("{lead} Number {}: {claim}", ctx.state.asked));
}

trunkline_sdk::agent!(Quiz);

#[cfg(test)]
mod tests;
