//! A simulated call: speech synthesis at one end, the carrier at the other, the ledger between, a caller who interrupts.

use std::collections::{BTreeMap, VecDeque};

use super::carrier::{Carrier, Dice, Faults, News, Path, labelled};
use crate::playout::{Config, Event, Heard, Ms, Out, PassageId, Playout, WordTiming};

/// What somebody does to the ledger at some time.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Begin { passage: PassageId, text: String },
    Audio { passage: PassageId, audio: Vec<u8>, words: Vec<WordTiming> },
    Finish { passage: PassageId },
    Hold,
    Resume,
    Cut,
}

/// What a synthesised passage is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Speech {
    pub(super) words: Vec<WordTiming>,
    pub(super) audio_ms: u32,
    /// The ledger is told the words' timings.
    pub(super) timed: bool,
    begun: Ms,
}

pub(super) struct Call {
    pub(super) ledger: Playout,
    pub(super) carrier: Carrier,
    down: Path<Out>,
    up: Path<News>,
    /// By time; deeds of the same time in the order planned.
    deeds: BTreeMap<Ms, VecDeque<Deed>>,
    pub(super) spoken: BTreeMap<PassageId, Speech>,
    pub(super) events: Vec<Event>,
    now: Ms,
}

impl Call {
    pub(super) fn new(config: Config, (down, up): ((Ms, Ms), (Ms, Ms)), faults: Faults, dice: &mut Dice) -> Self {
        let began = dice.within(0, 40);
        Self {
            ledger: Playout::new(config),
            carrier: Carrier::new(began, faults, dice),
            down: Path::new(down, !faults.scattered, dice),
            up: Path::new(up, !faults.scattered, dice),
            deeds: BTreeMap::new(),
            spoken: BTreeMap::new(),
            events: Vec::new(),
            now: 0,
        }
    }

    pub(super) fn plan(&mut self, at: Ms, deed: Deed) {
        self.deeds.entry(at).or_default().push_back(deed);
    }

    /// Plans a passage: words of random length, audio in random pieces, made at `speed` percent of real time.
    pub(super) fn plan_speech(
        &mut self,
        at: Ms,
        passage: PassageId,
        words: u64,
        speed: u64,
        timed: bool,
        dice: &mut Dice,
    ) {
        let mut text = String::new();
        let mut speech = Speech { words: Vec::new(), audio_ms: dice.within(0, 60) as u32, timed, begun: at };
        for _ in 0..words {
            let text_start = text.len();
            let letters = dice.within(1, 9);
            text.extend((0..letters).map(|_| 'a'));
            let ms = (letters * 50 + dice.within(0, 90)) as u32;
            let start_ms = speech.audio_ms;
            speech.audio_ms += ms;
            speech.words.push(WordTiming { text_start, text_end: text.len(), start_ms, end_ms: speech.audio_ms });
            text.push(' ');
            speech.audio_ms += dice.within(0, 30) as u32;
        }
        text.pop();
        self.plan(at, Deed::Begin { passage, text });
        let audio: Vec<u8> = (0..speech.audio_ms).flat_map(|ms| labelled(passage, ms)).collect();
        let mut words: VecDeque<_> = speech.words.iter().copied().collect();
        let (mut from, mut time) = (0, (at + dice.within(0, 200)) * 1_000);
        while from < audio.len() {
            let to = (from + dice.within(1, 3_000) as usize).min(audio.len());
            let mut due = Vec::new();
            while let Some(word) = words.pop_front_if(|w| timed && (w.start_ms as usize) < to / 8) {
                due.push(word);
            }
            self.plan(time / 1_000, Deed::Audio { passage, audio: audio[from..to].to_vec(), words: due });
            time += (to - from) as u64 * 125 * 100 / speed;
            from = to;
        }
        self.plan(time / 1_000, Deed::Finish { passage });
        self.spoken.insert(passage, speech);
    }

    /// Runs until everything planned is done and the ledger is idle.
    pub(super) fn run(&mut self) {
        while !(self.deeds.is_empty() && self.ledger.idle()) {
            assert!(self.now < 300_000, "the call never ends: {:?}", self.ledger);
            self.step();
        }
        // What is under way may still be played.
        for _ in 0..1_500 {
            self.step();
        }
    }

    fn step(&mut self) {
        let now = self.now;
        let mut out = Vec::new();
        let mut stirred = false;
        self.carrier.step(now, &mut self.down, &mut self.up);
        while let Some(news) = self.up.arrived(now) {
            match news {
                News::Media { stream_ms } => self.ledger.on_stream_clock(now, stream_ms),
                News::Mark(name) => {
                    self.ledger.on_mark(now, None, &name);
                    stirred = true;
                }
            }
        }
        for deed in self.deeds.remove(&now).into_iter().flatten() {
            stirred = true;
            match deed {
                Deed::Begin { passage, text } => {
                    self.ledger.begin(passage);
                    self.ledger.push_text(passage, &text);
                }
                Deed::Audio { passage, audio, words } => self.ledger.push_audio(passage, &audio, &words),
                Deed::Finish { passage } => self.ledger.finish(passage),
                Deed::Hold => self.ledger.hold(now, &mut out),
                Deed::Resume => self.ledger.resume(now, &mut out),
                Deed::Cut => self.ledger.cut(now, &mut out),
            }
        }
        if stirred || self.ledger.next_due().is_some_and(|due| due <= now) {
            self.ledger.poll(now, &mut out);
            let due = self.ledger.next_due();
            assert!(due.is_none_or(|due| due > now), "due again at once: {due:?} at {now}");
        }
        self.events.extend(self.ledger.take_events());
        for message in out {
            self.down.send(now, message);
        }
        self.now += 1;
    }

    /// How each passage ended, in order; whether by being cut.
    pub(super) fn endings(&self) -> Vec<(PassageId, Heard, bool)> {
        self.events
            .iter()
            .filter_map(|event| match event {
                Event::Started { .. } => None,
                Event::Finished { passage, heard } => Some((*passage, *heard, false)),
                Event::Cut { passage, heard } => Some((*passage, *heard, true)),
            })
            .collect()
    }

    /// What holds in every call, however bad the line.
    pub(super) fn check(&self) {
        let mut endings: Vec<_> = self.endings().iter().map(|(passage, ..)| *passage).collect();
        endings.sort_unstable();
        assert_eq!(endings, self.spoken.keys().copied().collect::<Vec<_>>(), "every passage ends exactly once");
        for (passage, heard, cut) in self.endings() {
            let audio_ms = self.spoken[&passage].audio_ms.next_multiple_of(20);
            assert!(heard.ms <= audio_ms && (cut || heard.ms == audio_ms), "{passage}: {heard:?} of {audio_ms} ms");
        }
    }

    /// Jumps in what was played of a passage, ms: forward over audio that was lost, backward over audio played again.
    pub(super) fn jumps(&self, passage: PassageId) -> (u32, u32) {
        let played = self.carrier.record.iter().filter(|(p, _)| *p == passage).map(|(_, ms)| *ms);
        let (mut lost, mut again, mut next) = (0, 0, 0);
        for ms in played {
            lost = lost.max(ms.saturating_sub(next));
            again = again.max(next.saturating_sub(ms));
            next = ms + 1;
        }
        (lost, again)
    }

    /// Where a passage comes among all of them.
    pub(super) fn order(&self, passage: PassageId) -> (Ms, PassageId) {
        (self.spoken[&passage].begun, passage)
    }

    pub(super) fn error_ms(&self, passage: PassageId, heard: Heard) -> i64 {
        i64::from(heard.ms) - i64::from(self.carrier.played_of(passage))
    }
}
