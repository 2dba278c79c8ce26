//! A call as somebody watches it: what is said as it is said, and who speaks.

use crate::live::Partial;
use crate::output::{Out, Tone, clean, seconds};
use crate::progress::Progress;
use std::collections::HashMap;
use trunkline_contract::chat::Message;
use trunkline_contract::log::{Entry, Row};

/// Shows a call.
pub(super) struct Watcher<'a> {
    out: &'a Out,
    progress: Progress,
    /// What was shown of each message.
    shown: HashMap<u32, String>,
    said: Option<String>,
    state: &'static str,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(out: &'a Out) -> Self {
        let progress = Progress::spinner(out, "calling");
        Self { out, progress, shown: HashMap::new(), said: None, state: "" }
    }

    /// A row of the log: what is said is written down.
    pub(super) fn row(&mut self, row: &Row) {
        let Entry::Message { index, message, not_heard } = &row.entry else { return };
        self.said = None;
        let (who, text) = match message {
            Message::User { text } => ("user", text.clone()),
            Message::Assistant { text, .. } => ("assistant", text.clone()),
            Message::Tool { name, content, .. } => (name.as_str(), content.clone()),
        };
        let cut = not_heard.as_deref().map(|rest| format!(" [not heard: {rest}]")).unwrap_or_default();
        let text = format!("{text}{cut}");
        let known = self.shown.insert(*index, text.clone());
        if known.as_ref() == Some(&text) || text.is_empty() {
            return;
        }
        let corrects = if known.is_some() { "(corrected) " } else { "" };
        self.line(row.at_ms, who, &format!("{corrects}{text}"));
    }

    fn line(&self, at_ms: u64, who: &str, text: &str) {
        if self.out.json {
            return;
        }
        let tone = if matches!(who, "user" | "assistant") { Tone::Heading } else { Tone::Quiet };
        let who = self.out.paint(tone, &clean(&format!("{who:<9}")));
        let line = format!("{:>9}  {who}  {}", seconds(at_ms), clean(text));
        // Who has closed standard output does not want to know; the call goes on to its end.
        let _ = self.progress.aside(|| self.out.line(line));
    }

    /// Words that are being said.
    pub(super) fn partial(&mut self, partial: &Partial) {
        let (Partial::User { text } | Partial::Assistant { text }) = partial;
        self.said = Some(clean(text));
        self.say();
    }

    /// Who speaks at this time of the line.
    pub(super) fn line_state(&mut self, speaking: bool, playing: bool) {
        let state = match (speaking, playing) {
            (true, true) => "both speak",
            (true, false) => "caller speaks",
            (false, true) => "agent speaks",
            (false, false) => "silence",
        };
        if state != self.state {
            self.state = state;
            self.say();
        }
    }

    fn say(&self) {
        let said = self.said.as_deref().map(|said| format!(": {said}")).unwrap_or_default();
        self.progress.say(format!("{}{said}", self.state));
    }
}
