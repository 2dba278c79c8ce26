//! `say`, and the host's own lines.

use crate::Call;
use crate::segment::Segmenter;
use crate::speech::{Job, Kind};
use trunkline_contract::EffectId;
use trunkline_contract::action::Say;
use trunkline_contract::event::{Event, Interruption};

impl Job {
    /// It makes or will make sound.
    pub(crate) fn is_audible(&self) -> bool {
        match &self.kind {
            Kind::Say => true,
            Kind::Generate(generation) => generation.speaks(),
        }
    }

    /// Nothing more will be added to it.
    pub(crate) fn is_done_producing(&self) -> bool {
        match &self.kind {
            Kind::Say => true,
            Kind::Generate(generation) => generation.is_done(),
        }
    }
}

impl Call {
    pub(crate) fn say(&mut self, effect: EffectId, say: &Say) {
        self.say_text(Some(effect), &say.text, say.interruptible);
    }

    /// A line of the host's own; the behaviour is not told of it.
    pub(crate) fn say_line(&mut self, text: &str) {
        self.say_text(None, text, true);
    }

    fn say_text(&mut self, effect: Option<EffectId>, text: &str, interruptible: bool) {
        let job = self.speeches.add(Job::new(effect, interruptible, Kind::Say));
        let passage = self.begin_passage(job);
        if self.in_writing() {
            self.speak(passage, text);
            self.finish_text(passage);
            return;
        }
        let mut segmenter = Segmenter::default();
        let mut pieces = segmenter.push(text);
        pieces.extend(segmenter.finish());
        for piece in pieces {
            self.speak(passage, &piece);
        }
        self.finish_text(passage);
    }

    /// An action that came too late to be spoken.
    pub(crate) fn never_heard(&mut self, effect: EffectId) {
        self.enqueue(Event::Interrupted(Interruption { effect, heard: String::new() }));
    }
}
