//! Everything that the engine says of its own: one sentence each, short enough to be interrupted.

use super::Topic;

/// The question that a "no" answers with the end of the call.
pub(in crate::llm::builtin) const ANYTHING_ELSE: &str = "Is there anything else I can help you with?";
/// Also asked by greetings; a "yes" to it asks for nothing yet.
pub(in crate::llm::builtin) const HOW_CAN_I_HELP: &str = "How can I help you?";
pub(in crate::llm::builtin) const WHAT_TO_KNOW: &str = "What would you like to know?";
pub(in crate::llm::builtin) const FAREWELL: &str = "Thank you. Goodbye.";
pub(in crate::llm::builtin) const WELCOME: &str = "You are welcome.";
pub(in crate::llm::builtin) const NOT_HEARD: &str = "Sorry, I did not get that. Could you say it again?";
pub(in crate::llm::builtin) const STILL_NOT_HEARD: &str = "Sorry, I still did not get that.";
pub(in crate::llm::builtin) const UNKNOWN: &str = "I do not know that.";
pub(in crate::llm::builtin) const STILL_UNKNOWN: &str = "Sorry, I do not know that either.";
pub(in crate::llm::builtin) const FINE: &str = "I am fine, thank you.";
pub(in crate::llm::builtin) const TAKE_YOUR_TIME: &str = "Of course, take your time.";
pub(in crate::llm::builtin) const ONLY_ENGLISH: &str = "Sorry, I only understand English.";
pub(in crate::llm::builtin) const MISUNDERSTOOD: &str = "Sorry, I misunderstood you.";
pub(in crate::llm::builtin) const PROGRAM: &str = "I am a computer program, not a person.";
pub(in crate::llm::builtin) const NO_TRANSFER: &str = "I am an automatic assistant, and I cannot put you through.";
pub(in crate::llm::builtin) const NO_ACTION: &str = "I can only give information, I cannot do that myself.";
pub(in crate::llm::builtin) const NOTHING_TO_REPEAT: &str = "I have not said anything yet.";
pub(in crate::llm::builtin) const NOTHING_TO_SPELL: &str =
    "Tell me first what you would like to know, and I will spell it.";
pub(in crate::llm::builtin) const NO_TOPICS: &str = "I have no information to give yet.";

/// Begins an answer that may be to another question than was asked.
pub(in crate::llm::builtin) const I_THINK: &str = "I think you ask about";
/// Begins words of a document that may not answer what was asked.
pub(in crate::llm::builtin) const NOT_SURE: &str = "I am not sure, but this may help:";
/// Begins a choice between two.
pub(in crate::llm::builtin) const DO_YOU_MEAN: &str = "Do you mean";

/// Words that ask for something to be done.
pub(in crate::llm::builtin) const ACTIONS: &[&str] =
    &["appoint", "book", "reserv", "cancel", "reschedul", "order", "bui"];

/// That one thing is not known which everybody asks for.
pub(in crate::llm::builtin) fn missing(topic: Topic) -> Option<&'static str> {
    match topic {
        Topic::Hours => Some("I do not know our hours."),
        Topic::Address => Some("I do not know our address."),
        Topic::Email => Some("I do not know our email address."),
        Topic::Phone => Some("I do not know our phone number."),
        Topic::Website => Some("I do not know our website."),
        Topic::Price => Some("I do not know our prices."),
        Topic::Services | Topic::Contact | Topic::Company | Topic::Agent | Topic::Other(_) => None,
    }
}

/// "a", "a and b", "a, b and c".
pub(in crate::llm::builtin) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

pub(in crate::llm::builtin) fn greeting(company: Option<&str>) -> String {
    match company {
        Some(company) => format!("Hello, this is {company}. {HOW_CAN_I_HELP}"),
        None => format!("Hello. {HOW_CAN_I_HELP}"),
    }
}

pub(in crate::llm::builtin) fn identity(agent: Option<&str>, company: Option<&str>) -> String {
    match (agent, company) {
        (Some(agent), Some(company)) => format!("I am {agent}, the automatic assistant of {company}."),
        (Some(agent), None) => format!("I am {agent}, an automatic assistant."),
        (None, Some(company)) => format!("I am the automatic assistant of {company}."),
        (None, None) => "I am an automatic assistant.".to_owned(),
    }
}

pub(in crate::llm::builtin) fn topics(topics: &[String]) -> String {
    if topics.is_empty() { NO_TOPICS.to_owned() } else { format!("I can tell you about {}.", list(topics)) }
}
