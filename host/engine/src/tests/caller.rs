//! A caller who speaks by a script, the detector that hears it and the recogniser that understands it.

use trunkline_audio::vad::Edge;
use trunkline_contract::Ms;
use trunkline_contract::speech::Transcript;

/// The detector is sure of a start this much later, ms.
const START_LAG: Ms = 170;
/// And of an end, ms.
const END_LAG: Ms = 200;

/// One stretch of speech, in stream time.
#[derive(Clone, Debug)]
struct Utterance {
    start: Ms,
    end: Ms,
    words: Vec<String>,
    edges_sent: usize,
    /// Words that were reported for good, and those that an interim has shown.
    settled: usize,
    shown: usize,
}

impl Utterance {
    /// Words that have been spoken by `at`.
    fn spoken(&self, at: Ms) -> usize {
        let said = at.saturating_sub(self.start).min(self.end - self.start) as usize;
        self.words.len() * said / (self.end - self.start) as usize
    }

    fn word_end(&self, n: usize) -> Ms {
        self.start + (self.end - self.start) * n as u64 / self.words.len().max(1) as u64
    }
}

/// How the recogniser behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stt {
    /// Interim results as words come, a final one when asked for.
    Works,
    /// Final results at once, no answer when there is nothing left to say.
    NeverAnswersFinalize,
    /// Interim results only.
    InterimsOnly,
    /// The socket is open, nothing comes.
    Silent,
}

/// Who speaks on the other end.
#[derive(Debug)]
pub(super) struct Caller {
    script: Vec<Utterance>,
    pub(super) stt: Stt,
    /// The detector hears this caller.
    pub(super) audible: bool,
}

impl Default for Caller {
    fn default() -> Self {
        Self { script: Vec::new(), stt: Stt::Works, audible: true }
    }
}

impl Caller {
    /// Speaks from `start` to `end` (stream time); text may be empty: a noise.
    pub(super) fn says(&mut self, start: Ms, end: Ms, text: &str) {
        let words = text.split_whitespace().map(str::to_owned).collect();
        self.script.push(Utterance { start, end, words, edges_sent: 0, settled: 0, shown: 0 });
    }

    /// The line is gone: nothing of the script is heard on another one.
    pub(super) fn lose(&mut self) {
        self.script.clear();
    }

    /// What the detector finds in the audio up to `stream_ms`.
    pub(super) fn edges(&mut self, stream_ms: Ms) -> Vec<Edge> {
        let mut edges = Vec::new();
        for utterance in self.script.iter_mut().filter(|_| self.audible) {
            if utterance.edges_sent == 0 && stream_ms >= utterance.start + START_LAG {
                utterance.edges_sent = 1;
                edges.push(Edge::SpeechStarted { onset_ms: utterance.start, detected_ms: stream_ms });
            }
            if utterance.edges_sent == 1 && stream_ms >= utterance.end + END_LAG {
                utterance.edges_sent = 2;
                edges.push(Edge::SpeechEnded { last_speech_ms: utterance.end, detected_ms: stream_ms });
            }
        }
        edges
    }

    /// What the recogniser says by itself once it has heard the audio up to `stream_ms`.
    pub(super) fn results(&mut self, stream_ms: Ms) -> Vec<Transcript> {
        let stt = self.stt;
        if stt == Stt::Silent {
            return Vec::new();
        }
        let mut results = Vec::new();
        for utterance in &mut self.script {
            let spoken = utterance.spoken(stream_ms);
            if spoken > utterance.shown {
                utterance.shown = spoken;
                results.push(piece(utterance, spoken, stt == Stt::NeverAnswersFinalize));
            }
        }
        results
    }

    /// Its answer to a request to finalise.
    pub(super) fn finalized(&mut self, stream_ms: Ms) -> Option<Transcript> {
        if self.stt != Stt::Works {
            return None;
        }
        let open = self.script.iter_mut().find(|u| u.spoken(stream_ms) > u.settled);
        let answer = open.map(|utterance| piece(utterance, utterance.spoken(stream_ms), true));
        let mut answer = answer.unwrap_or_else(|| transcript("", true, stream_ms, stream_ms));
        answer.from_finalize = true;
        Some(answer)
    }
}

fn piece(utterance: &mut Utterance, spoken: usize, is_final: bool) -> Transcript {
    let (from, to) = (utterance.word_end(utterance.settled), utterance.word_end(spoken));
    let text = utterance.words[utterance.settled..spoken].join(" ");
    if is_final {
        (utterance.settled, utterance.shown) = (spoken, spoken.max(utterance.shown));
    }
    transcript(&text, is_final, from, to)
}

pub(super) fn transcript(text: &str, is_final: bool, start_ms: Ms, end_ms: Ms) -> Transcript {
    Transcript {
        text: text.to_owned(),
        is_final,
        from_finalize: false,
        confidence: Some(0.9),
        language: None,
        start_ms,
        end_ms,
        words: Vec::new(),
    }
}
