//! What the model is told of the agent: identity and traits, then the contract's own instructions.
//!
//! The result is a template like the instructions themselves: it is rendered with the call's context whenever the model is
//! asked. A contract without identity, and with traits in the bands of their defaults, gives its instructions alone:
//!
//! ```text
//! You are {identity.character_role}.
//! Your mission: {identity.mission}
//! How you deal with people: {identity.interaction_style}
//! What you are like: {one phrase for each trait whose band is not that of its default}.
//!
//! {prompt.instructions}
//! ```
//!
//! Bands are 0-20, 21-40, 41-60, 61-80 and 81-100: a model cannot tell 52 from 57.

use crate::agent::{Agent, Identity, Traits};
use crate::template::{self, TemplateError};
use serde_json::{Map, Value};

/// What stands for a trait, from the lowest band to the highest.
type Bands = [&'static str; 5];

const CREATIVITY: Bands = [
    "you keep strictly to what is established",
    "you prefer what is established to what is new",
    "you are as inventive as the matter needs",
    "you offer ideas of your own",
    "you are full of original ideas",
];
const EMPATHY: Bands = [
    "you keep to facts and leave feelings aside",
    "you are matter-of-fact",
    "you are friendly",
    "you notice how people feel and take it up",
    "how people feel comes first, and you show that you understand it",
];
const ASSERTIVENESS: Bands = [
    "you follow wherever the other person leads",
    "you suggest and never press",
    "you lead the conversation when it needs it",
    "you lead the conversation and say clearly what comes next",
    "you lead firmly and come back to the point until it is settled",
];
const HUMOR: Bands = [
    "you are serious",
    "you are seldom playful",
    "you may be playful when the other person is",
    "you are playful where it fits",
    "you are witty, and never at anybody's expense",
];
const FORMALITY: Bands = [
    "you speak as among friends",
    "you speak casually",
    "you speak politely and plainly",
    "you speak formally",
    "you speak very formally and use titles",
];
const VERBOSITY: Bands = [
    "you say only what is needed, in one short sentence",
    "you are brief",
    "you say as much as the matter needs",
    "you explain in some detail",
    "you explain at length, with reasons and examples",
];
const CONFIDENCE: Bands = [
    "you say how unsure you are",
    "you are careful in what you claim",
    "you are sure of what you know",
    "you speak with confidence",
    "you speak with full confidence, and still never claim what you do not know",
];
const TECHNICALITY: Bands = [
    "you use everyday words and no technical terms",
    "you avoid technical terms",
    "you explain technical terms when you use them",
    "you use technical terms freely",
    "you speak as an expert among experts",
];
const SAFETY: Bands = [
    "you answer frankly, also on delicate matters",
    "you answer openly",
    "you are careful with delicate matters",
    "you avoid risky advice and say when a professional should be asked",
    "you take no risks: on anything that could do harm you give no advice, and point to professionals",
];

/// The instructions with what identity and traits add; a template (see the module).
pub fn template(agent: &Agent) -> String {
    let mut lines = identity(&agent.identity);
    let traits = phrases(&agent.traits);
    if !traits.is_empty() {
        lines.push(format!("What you are like: {}.", traits.join("; ")));
    }
    if lines.is_empty() {
        return agent.prompt.instructions.clone();
    }
    let mut text = lines.join("\n");
    if !agent.prompt.instructions.trim().is_empty() {
        text.push_str("\n\n");
        text.push_str(&agent.prompt.instructions);
    }
    text
}

/// The instructions as a model reads them when a conversation begins: the template with the contract's own context, and
/// nothing yet in `output`.
///
/// # Errors
/// A variable that the context does not have, or a brace that is not closed; a contract that was checked has neither.
pub fn render(agent: &Agent) -> Result<String, TemplateError> {
    template::render(&template(agent), &variables(agent))
}

/// What the template's variables stand for when a conversation begins: the context and, where answers have fields, `output`
/// with every field of it still null. A context with an `output` of its own keeps it.
pub fn variables(agent: &Agent) -> Map<String, Value> {
    let mut variables = agent.context.clone();
    if !agent.output_schema.is_empty() && !variables.contains_key("output") {
        let fields = agent.output_schema.fields.iter().map(|field| (field.name.clone(), Value::Null));
        variables.insert("output".to_owned(), Value::Object(fields.collect()));
    }
    variables
}

fn identity(identity: &Identity) -> Vec<String> {
    let mut lines = Vec::new();
    let role = identity.character_role.trim().trim_end_matches('.');
    if !role.is_empty() {
        lines.push(format!("You are {role}."));
    }
    for (title, text) in
        [("Your mission", &identity.mission), ("How you deal with people", &identity.interaction_style)]
    {
        if !text.trim().is_empty() {
            lines.push(format!("{title}: {}", text.trim()));
        }
    }
    lines
}

fn phrases(traits: &Traits) -> Vec<&'static str> {
    let usual = Traits::default();
    let all = [
        (traits.creativity, usual.creativity, CREATIVITY),
        (traits.empathy, usual.empathy, EMPATHY),
        (traits.assertiveness, usual.assertiveness, ASSERTIVENESS),
        (traits.humor, usual.humor, HUMOR),
        (traits.formality, usual.formality, FORMALITY),
        (traits.verbosity, usual.verbosity, VERBOSITY),
        (traits.confidence, usual.confidence, CONFIDENCE),
        (traits.technicality, usual.technicality, TECHNICALITY),
        (traits.safety, usual.safety, SAFETY),
    ];
    let telling = all.into_iter().filter(|(value, usual, _)| band(*value) != band(*usual));
    telling.filter_map(|(value, _, bands)| bands.get(band(value)).copied()).collect()
}

/// 0-20, 21-40, 41-60, 61-80, 81-100.
fn band(value: u8) -> usize {
    usize::from(value.saturating_sub(1) / 20).min(4)
}

#[cfg(test)]
mod tests;
