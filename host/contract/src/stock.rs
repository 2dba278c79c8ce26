//! The templates that ship with the host: parts of contracts that agents extend.

use serde::Serialize;
use serde_json::Value;
use std::sync::LazyLock;

/// A template that ships.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stock {
    /// What agents extend it by.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// A part of a contract.
    pub document: Value,
}

macro_rules! stock {
    ($($name:literal: $description:literal),* $(,)?) => {
        [$((
            $name,
            $description,
            include_str!(concat!("../../../agents/templates/", $name, ".json")),
        )),*]
    };
}

const FILES: [(&str, &str, &str); 7] = stock! {
    "receptionist": "Answers the telephone of a small company and takes messages",
    "survey": "Asks questions in order and stores the answers; needs no language model",
    "sales": "Finds out what somebody needs and offers what fits",
    "support": "Helps with problems, and hands over what it cannot solve",
    "interview": "Leads a structured interview with the same questions for everybody",
    "intake": "Takes down what somebody needs before they are seen",
    "therapy": "Guides through relaxation; no therapist, and says so",
};

/// All of them.
pub fn templates() -> &'static [Stock] {
    static STOCK: LazyLock<Vec<Stock>> = LazyLock::new(|| {
        let read = |(name, description, text): &(&'static str, &'static str, &str)| {
            // Each is read by a test.
            let document = serde_json::from_str(text).unwrap_or_default();
            Stock { name, description, document }
        };
        FILES.iter().map(read).collect()
    });
    &STOCK
}

/// One of them.
pub fn find(name: &str) -> Option<&'static Value> {
    templates().iter().find(|stock| stock.name == name).map(|stock| &stock.document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Layer, merge};
    use crate::validate;
    use serde_json::json;

    #[test]
    fn each_is_a_part_and_makes_an_agent_with_nothing_but_a_name() {
        for Stock { name, document, .. } in templates() {
            assert_eq!(validate::partial(document), Vec::new(), "{name}");
            let own = json!({"name": "x", "extends": name});
            let whole = merge([(Layer::Template((*name).to_owned()), document), (Layer::Agent, &own)]).document;
            let checked = validate::agent(&whole, &["end_call", "save_data"], &["conversation", "survey"]);
            assert!(checked.as_ref().is_ok_and(|checked| checked.warnings.is_empty()), "{name}: {checked:?}");
        }
        assert!(find("sales").is_some() && find("nobody").is_none());
    }

    #[test]
    fn whoever_guides_relaxation_is_no_therapist_and_says_where_help_is() {
        let text = find("therapy").unwrap()["prompt"]["instructions"].as_str().unwrap();
        for needed in ["no therapist", "{{ crisis }}", "Do not guide any exercise after that"] {
            assert!(text.contains(needed), "{needed}");
        }
    }
}
