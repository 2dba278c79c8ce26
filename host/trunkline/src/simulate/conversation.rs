//! What was said in a call, and which of the agent's words answer which step of the caller.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use trunkline_contract::Event;
use trunkline_contract::chat::Message;
use trunkline_contract::log::{Entry, Row, TurnLatency};
use trunkline_store::{TranscriptLine, transcript};

/// What is known of a call, row by row.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    rows: Vec<Row>,
    /// The step that last spoke or pressed keys.
    step: Option<usize>,
    /// Where in the history the agent begins to answer which step. Messages stand at even places, so that keys, which
    /// are none, find a place between them.
    turns: BTreeMap<u64, Option<usize>>,
    last_index: Option<u32>,
    result: Map<String, Value>,
}

impl Conversation {
    /// A step speaks or presses keys from now on.
    pub(super) fn begin(&mut self, step: usize) {
        self.step = Some(step);
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, row: Row) {
        match &row.entry {
            Entry::Message { index, message, .. } => {
                if matches!(message, Message::User { .. }) {
                    self.turns.entry(place(*index)).or_insert(self.step);
                }
                self.last_index = self.last_index.max(Some(*index));
            }
            Entry::Event { event: Event::Digits(_), .. } => {
                let after = self.last_index.map_or(0, |index| place(index) + 1);
                self.turns.insert(after, self.step);
            }
            Entry::Result { name, value } => {
                self.result.insert(name.clone(), value.clone());
            }
            _ => {}
        }
        self.rows.push(row);
    }

    /// The result so far.
    pub(super) fn result(&self) -> &Map<String, Value> {
        &self.result
    }

    /// Who said what.
    pub(super) fn transcript(&self) -> Vec<TranscriptLine> {
        transcript(&self.rows)
    }

    /// What the agent said in answer to each step; under `None`, before anybody answered it.
    pub(super) fn answers(&self) -> BTreeMap<Option<usize>, Vec<String>> {
        let mut answers: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
        for line in self.transcript() {
            if line.role == trunkline_store::Speaker::Assistant && !line.text.is_empty() {
                let turn = self.turns.range(..place(line.index)).next_back();
                answers.entry(turn.and_then(|(_, step)| *step)).or_default().push(line.text);
            }
        }
        answers
    }

    /// Why the call ended and after how many ms; `None` while it goes on.
    pub(super) fn end(&self) -> Option<(&str, u64)> {
        self.rows.iter().rev().find_map(|row| match &row.entry {
            Entry::Ended { reason, duration_ms } => Some((reason.as_str(), *duration_ms)),
            _ => None,
        })
    }

    /// The host's own account of how long each turn took.
    pub(super) fn latency(&self) -> Vec<TurnLatency> {
        let rows = self.rows.iter().map(|row| &row.entry);
        let latency = rows.filter_map(|entry| if let Entry::Latency(latency) = entry { Some(latency) } else { None });
        latency.cloned().collect()
    }
}

fn place(index: u32) -> u64 {
    u64::from(index) * 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use trunkline_contract::event::Digits;

    struct Log(Conversation, u64);

    impl Log {
        fn new() -> Self {
            Self(Conversation::default(), 0)
        }

        fn entry(&mut self, entry: Entry) -> &mut Self {
            self.1 += 1;
            self.0.row(Row { seq: self.1, at_ms: self.1 * 100, entry, component: None });
            self
        }

        fn agent(&mut self, index: u32, text: &str) -> &mut Self {
            self.entry(Entry::message(index, Message::Assistant { text: text.into(), tool_calls: Vec::new() }))
        }

        fn user(&mut self, index: u32, text: &str) -> &mut Self {
            self.entry(Entry::message(index, Message::User { text: text.into() }))
        }

        fn step(&mut self, step: usize) -> &mut Self {
            self.0.begin(step);
            self
        }
    }

    fn texts<const N: usize>(answers: [(Option<usize>, &str); N]) -> BTreeMap<Option<usize>, Vec<String>> {
        answers.into_iter().map(|(step, text)| (step, vec![text.to_owned()])).collect()
    }

    #[test]
    fn an_answer_belongs_to_the_step_whose_words_come_before_it() {
        let mut log = Log::new();
        log.agent(0, "Hello.")
            .step(0)
            .user(1, "When?")
            .agent(2, "At nine.")
            .step(2)
            .user(3, "Thanks.")
            .agent(4, "Bye.");
        assert_eq!(log.0.answers(), texts([(None, "Hello."), (Some(0), "At nine."), (Some(2), "Bye.")]));
    }

    #[test]
    fn an_answer_that_is_logged_late_stays_with_its_question() {
        let mut log = Log::new();
        log.step(0).user(0, "When?").step(1).user(2, "No, stop.").agent(1, "At").agent(3, "Yes?");
        assert_eq!(log.0.answers(), texts([(Some(0), "At"), (Some(1), "Yes?")]));
    }

    #[test]
    fn what_was_cut_into_two_turns_is_answered_together() {
        let mut log = Log::new();
        log.step(0).user(0, "When do you").agent(1, "Yes?").user(2, "open?").agent(3, "At nine.");
        assert_eq!(log.0.answers()[&Some(0)], ["Yes?", "At nine."]);
    }

    #[test]
    fn keys_are_answered_like_words() {
        let digits =
            Entry::Event { event: Event::Digits(Digits { digits: "1".into(), reason: "key".into() }), seed: 0 };
        let mut log = Log::new();
        log.agent(0, "Press one.").step(0).entry(digits).agent(1, "Thank you.");
        assert_eq!(log.0.answers(), texts([(None, "Press one."), (Some(0), "Thank you.")]));
    }

    #[test]
    fn results_and_the_end_are_known() {
        let mut log = Log::new();
        assert_eq!(log.0.end(), None);
        log.entry(Entry::Result { name: "age".into(), value: json!(1) });
        log.entry(Entry::Result { name: "age".into(), value: json!(42) });
        log.entry(Entry::Ended { reason: "agent-hangup".into(), duration_ms: 9 });
        assert_eq!(log.0.result()["age"], 42);
        assert_eq!(log.0.end(), Some(("agent-hangup", 9)));
    }
}
