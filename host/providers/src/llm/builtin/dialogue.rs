//! What the conversation so far means for the next answer. Only what was heard counts: a text may be cut anywhere.

use super::english::phrases;
use trunkline_contract::chat::Message;

/// How far the conversation is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialogue {
    /// What the caller says now; none: nothing yet.
    pub(super) asked: Option<String>,
    /// The same with what the caller said just before, when nothing was heard in between.
    pub(super) joined: Option<String>,
    /// What the caller heard last before that.
    pub(super) before: Option<String>,
    /// What the caller had asked before that.
    pub(super) earlier: Option<String>,
    /// A tool was answered last: everything has been said.
    pub(super) done: bool,
}

impl Dialogue {
    /// Reads the history, oldest first.
    pub(super) fn of(messages: &[Message]) -> Self {
        let mut dialogue =
            Dialogue { done: matches!(messages.last(), Some(Message::Tool { .. })), ..Dialogue::default() };
        let mut texts = messages.iter().filter_map(spoken).rev().peekable();
        // Words of ours after the caller's last ones, such as "we were cut off", answer nothing.
        while let Some((false, text)) = texts.next_if(|(caller, _)| !caller) {
            dialogue.before.get_or_insert_with(|| text.to_owned());
        }
        let mut said: Vec<&str> = Vec::new();
        while let Some((_, text)) = texts.next_if(|(caller, _)| *caller) {
            said.push(text);
        }
        let Some(last) = said.first() else { return dialogue };
        dialogue.asked = Some((*last).to_owned());
        dialogue.joined = (said.len() > 1).then(|| said.iter().rev().copied().collect::<Vec<_>>().join(" "));
        let mut heard: Vec<&str> = Vec::new();
        while let Some((_, text)) = texts.next_if(|(caller, _)| !caller) {
            heard.push(text);
        }
        let heard: Vec<&str> = heard.into_iter().rev().collect();
        dialogue.before = (!heard.is_empty()).then(|| heard.join(" "));
        dialogue.earlier = texts.next().map(|(_, text)| text.to_owned());
        dialogue
    }

    /// Whether the caller heard this last.
    pub(super) fn heard(&self, phrase: &str) -> bool {
        self.before.as_deref().is_some_and(|before| before.contains(phrase))
    }

    /// Whether the caller was asked whether there is anything else.
    pub(super) fn offered_more(&self) -> bool {
        self.before.as_deref().is_some_and(|before| {
            let before = before.to_lowercase();
            before.contains("anything else") || before.contains("something else") || before.contains("help you further")
        })
    }

    /// Whether what the caller heard last was cut.
    pub(super) fn was_cut(&self) -> bool {
        self.before.as_deref().is_some_and(|before| !before.trim_end().ends_with(['.', '!', '?', '…']))
    }

    /// What to say again: without what an answer was introduced with.
    pub(super) fn last_words(&self) -> Option<String> {
        let before = self.before.as_deref()?;
        let text = before
            .strip_suffix(phrases::ANYTHING_ELSE)
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .unwrap_or(before);
        Some(text.to_owned())
    }
}

/// Whose words, and which.
fn spoken(message: &Message) -> Option<(bool, &str)> {
    match message {
        Message::User { text } => Some((true, text.trim())),
        Message::Assistant { text, .. } if !text.trim().is_empty() => Some((false, text.trim())),
        Message::Assistant { .. } | Message::Tool { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Message {
        Message::User { text: text.into() }
    }

    fn assistant(text: &str) -> Message {
        Message::Assistant { text: text.into(), tool_calls: vec![] }
    }

    #[test]
    fn the_last_words_of_each_are_found() {
        let history = [assistant("Hello."), user("hours"), assistant("Nine to"), user("what"), user("the address")];
        let dialogue = Dialogue::of(&history);
        assert_eq!(dialogue.asked.as_deref(), Some("the address"));
        assert_eq!(dialogue.joined.as_deref(), Some("what the address"));
        assert_eq!(dialogue.before.as_deref(), Some("Nine to"));
        assert_eq!(dialogue.earlier.as_deref(), Some("hours"));
        assert!(dialogue.was_cut());
    }

    #[test]
    fn words_after_the_callers_do_not_answer_them() {
        let dialogue = Dialogue::of(&[user("hours"), assistant("Sorry, we were cut off.")]);
        assert_eq!(dialogue.asked.as_deref(), Some("hours"));
        assert_eq!(Dialogue::of(&[assistant("Hello.")]).asked, None);
        assert_eq!(Dialogue::of(&[]), Dialogue::default());
    }
}
