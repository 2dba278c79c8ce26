//! Who the agent says that it is: from the context data, or else from its instructions.

use super::english::Topic;
use super::facts::Facts;

/// Longest name, characters.
const LONGEST: usize = 80;

/// Names that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// The agent's own name.
    pub(super) agent: Option<String>,
    /// Whom it answers for.
    pub(super) company: Option<String>,
}

impl Identity {
    /// From the facts; what they do not have, from plain sentences of the instructions such as "You are Ava, the
    /// receptionist of Harbour Dental."
    pub(super) fn of(facts: &Facts<'_>, instructions: &str) -> Self {
        let (agent, company) = introduced(instructions);
        let short = |name: String| Some(name).filter(|name| !name.is_empty() && name.chars().count() <= LONGEST);
        Self {
            agent: facts.text_of(Topic::Agent).and_then(short).or(agent),
            company: facts.text_of(Topic::Company).and_then(short).or(company),
        }
    }
}

fn introduced(instructions: &str) -> (Option<String>, Option<String>) {
    let Some((_, after)) = instructions.split_once("You are ").or_else(|| instructions.split_once("You answer "))
    else {
        return (None, None);
    };
    let sentence = after.split(['\n', '!', '?']).next().unwrap_or_default();
    let sentence = sentence.split(". ").next().unwrap_or_default();
    let mut words = sentence.split_whitespace().peekable();
    let agent = name(&mut words);
    while let Some(word) = words.next() {
        if matches!(word, "of" | "for" | "at" | "from") {
            words.next_if_eq(&"the");
            if let Some(company) = name(&mut words) {
                return (agent, Some(company));
            }
        }
    }
    (agent, None)
}

/// Words in a row that begin with a capital, up to a mark.
fn name<'a>(words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> Option<String> {
    let mut name: Vec<&str> = Vec::new();
    let capital = |word: &&str| word.starts_with(char::is_uppercase) || (word.starts_with('&') && word.len() == 1);
    while let Some(word) = words.next_if(|word| capital(word)) {
        let bare = word.trim_end_matches([',', '.', ';', ':']);
        name.push(bare);
        if bare.len() < word.len() {
            break;
        }
    }
    let name = name.join(" ");
    (!name.is_empty() && name.chars().count() <= LONGEST).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_come_from_the_context_or_the_instructions() {
        let table = [
            (json!({"company": "Acme", "agent_name": "Ava"}), "", Some("Ava"), Some("Acme")),
            (json!({"company": {"name": "Acme"}}), "You are Bob.", Some("Bob"), Some("Acme")),
            (
                json!({}),
                "You are Ava, the receptionist of Harbour Dental. Be brief.",
                Some("Ava"),
                Some("Harbour Dental"),
            ),
            (json!({}), "You answer the phone of Acme. Be brief.", None, Some("Acme")),
            (json!({}), "You are a friendly receptionist for the Grand Hotel.", None, Some("Grand Hotel")),
            (json!({}), "You are helpful.", None, None),
            (json!({"customer": {"name": "Ada"}}), "", None, None),
        ];
        for (context, instructions, agent, company) in table {
            let identity = Identity::of(&Facts::of(&context), instructions);
            assert_eq!((identity.agent.as_deref(), identity.company.as_deref()), (agent, company), "{instructions}");
        }
    }
}
