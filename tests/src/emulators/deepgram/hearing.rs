//! From audio to results: speech is what is loud, words come from the script, times are audio time.

use std::collections::VecDeque;

use trunkline_audio::{g711, level};

use super::DeepgramSettings;
use super::query::Asked;

/// Length of the pieces that are measured, ms.
const FRAME_MS: u64 = 20;
/// Loudness must last this long to be speech, ms.
const ONSET_MS: u64 = 60;
/// Interims without words come this often, and finals without words this often, ms.
const EMPTY_INTERIM_MS: u64 = 1_000;
const EMPTY_FINAL_MS: u64 = 5_000;

/// A word with its times, ms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
}

/// A result.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) start_ms: u64,
    pub(super) end_ms: u64,
    pub(super) words: Vec<Said>,
    pub(super) is_final: bool,
    pub(super) speech_final: bool,
    pub(super) from_finalize: bool,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    SpeechStarted { at_ms: u64 },
    Result(Piece),
    UtteranceEnd { last_word_end_ms: u64 },
}

pub(super) struct Hearing {
    settings: DeepgramSettings,
    asked: Asked,
    script: VecDeque<String>,
    next_default: usize,
    rest: Vec<u8>,
    frame_bytes: usize,
    now_ms: u64,
    loud_ms: u64,
    silent_ms: u64,
    speaking: bool,
    /// Words of the utterance that are still to be said; `None` between utterances.
    unsaid: Option<VecDeque<String>>,
    spoken_ms: u64,
    /// Said, but not final.
    pending: Vec<Said>,
    final_until_ms: u64,
    last_result_ms: u64,
    last_word_end_ms: Option<u64>,
}

impl Hearing {
    pub(super) fn new(settings: DeepgramSettings, asked: Asked, script: VecDeque<String>) -> Self {
        let sample = if asked.mulaw { 1 } else { 2 };
        let frame_bytes = usize::try_from(u64::from(asked.hz) * FRAME_MS / 1_000).unwrap_or(160) * sample;
        Self {
            settings,
            asked,
            script,
            next_default: 0,
            rest: Vec::new(),
            frame_bytes,
            now_ms: 0,
            loud_ms: 0,
            silent_ms: 0,
            speaking: false,
            unsaid: None,
            spoken_ms: 0,
            pending: Vec::new(),
            final_until_ms: 0,
            last_result_ms: 0,
            last_word_end_ms: None,
        }
    }

    /// Audio heard so far, ms.
    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// What another connection would still have to say: what is not final, then the rest of the script.
    pub(super) fn unfinished(&mut self) -> VecDeque<String> {
        let mut words: Vec<String> = self.pending.drain(..).map(|word| word.text).collect();
        words.extend(self.unsaid.take().into_iter().flatten());
        if !words.is_empty() {
            self.script.push_front(words.join(" "));
        }
        std::mem::take(&mut self.script)
    }

    pub(super) fn audio(&mut self, audio: &[u8], heard: &mut Vec<Heard>) {
        self.rest.extend_from_slice(audio);
        let whole = std::mem::take(&mut self.rest);
        let mut frames = whole.chunks_exact(self.frame_bytes.max(1));
        for frame in &mut frames {
            let db = match self.asked.mulaw {
                true => level::mulaw_db(frame),
                false => level::pcm_db(&samples(frame)),
            };
            self.frame(db > self.settings.threshold_db, heard);
        }
        self.rest = frames.remainder().to_vec();
    }

    fn frame(&mut self, loud: bool, heard: &mut Vec<Heard>) {
        self.now_ms += FRAME_MS;
        if loud {
            self.loud_ms += FRAME_MS;
            self.silent_ms = 0;
            if !self.speaking && self.loud_ms >= ONSET_MS {
                self.speaking = true;
                self.begin(heard);
            }
        } else {
            self.loud_ms = 0;
            self.silent_ms += FRAME_MS;
            self.speaking &= self.silent_ms < 2 * ONSET_MS;
        }
        if self.speaking {
            self.say();
        }
        self.results(heard);
    }

    fn begin(&mut self, heard: &mut Vec<Heard>) {
        if self.asked.vad_events {
            heard.push(Heard::SpeechStarted { at_ms: self.now_ms - self.loud_ms });
        }
        if self.unsaid.is_none() {
            let text = self.script.pop_front().or_else(|| self.default_text());
            self.unsaid = Some(text.unwrap_or_default().split_whitespace().map(str::to_owned).collect());
            self.spoken_ms = self.settings.word_ms;
        }
    }

    fn default_text(&mut self) -> Option<String> {
        let all = &self.settings.utterances;
        let text = all.get(self.next_default % all.len().max(1)).cloned();
        self.next_default += 1;
        text
    }

    /// Another frame of speech: perhaps another word.
    fn say(&mut self) {
        self.spoken_ms += FRAME_MS;
        if let Some(last) = self.pending.last_mut() {
            last.end_ms = (last.start_ms + self.settings.word_ms).min(self.now_ms);
            self.last_word_end_ms = Some(last.end_ms);
        }
        if self.spoken_ms >= self.settings.word_ms
            && let Some(text) = self.unsaid.as_mut().and_then(VecDeque::pop_front)
        {
            self.spoken_ms = 0;
            self.pending.push(Said { text, start_ms: self.now_ms - FRAME_MS, end_ms: self.now_ms });
            self.last_word_end_ms = Some(self.now_ms);
        }
    }

    /// The utterance is over: everything of it was said.
    fn end_utterance(&mut self) {
        let end_ms = self.now_ms.saturating_sub(self.silent_ms);
        for text in self.unsaid.take().into_iter().flatten() {
            let start_ms = self.pending.last().map_or(self.final_until_ms, |word| word.end_ms).min(end_ms);
            self.pending.push(Said { text, start_ms, end_ms });
            self.last_word_end_ms = Some(end_ms);
        }
    }

    fn results(&mut self, heard: &mut Vec<Heard>) {
        let since = self.now_ms - self.last_result_ms;
        if self.unsaid.is_some() && self.silent_ms >= self.settings.gap_ms {
            self.end_utterance();
        }
        let paused = self.asked.endpointing.is_some_and(|ms| self.silent_ms >= ms.max(FRAME_MS));
        if paused && !self.pending.is_empty() {
            self.finish(false, true, heard);
        } else if self.pending.is_empty() && !self.speaking && self.now_ms - self.final_until_ms >= EMPTY_FINAL_MS {
            self.finish(false, false, heard);
        } else if self.asked.interims {
            let due = if self.pending.is_empty() { EMPTY_INTERIM_MS } else { self.settings.interim_ms };
            if since >= due {
                let words = self.pending.clone();
                heard.push(Heard::Result(self.piece(words, false)));
                self.last_result_ms = self.now_ms;
            }
        }
        if let (Some(after), Some(end)) = (self.asked.utterance_end, self.last_word_end_ms)
            && self.silent_ms > 0
            && self.now_ms - end >= after
        {
            heard.push(Heard::UtteranceEnd { last_word_end_ms: end });
            self.last_word_end_ms = None;
        }
    }

    /// The client asks for a final result of everything so far.
    pub(super) fn finalize(&mut self, heard: &mut Vec<Heard>) {
        if !self.speaking {
            self.end_utterance();
        }
        self.finish(true, !self.speaking, heard);
    }

    /// The client is done.
    pub(super) fn close(&mut self, heard: &mut Vec<Heard>) {
        self.end_utterance();
        if !self.pending.is_empty() {
            self.finish(false, true, heard);
        }
    }

    fn finish(&mut self, from_finalize: bool, speech_final: bool, heard: &mut Vec<Heard>) {
        let words = std::mem::take(&mut self.pending);
        let piece = Piece { from_finalize, speech_final, ..self.piece(words, true) };
        heard.push(Heard::Result(piece));
        self.final_until_ms = self.now_ms;
        self.last_result_ms = self.now_ms;
    }

    fn piece(&self, words: Vec<Said>, is_final: bool) -> Piece {
        Piece {
            start_ms: self.final_until_ms,
            end_ms: self.now_ms,
            words,
            is_final,
            speech_final: false,
            from_finalize: false,
        }
    }
}

fn samples(frame: &[u8]) -> Vec<i16> {
    frame.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

/// A mu-law tone that counts as speech.
pub fn tone(ms: usize) -> Vec<u8> {
    let wave = (0..ms * 8).map(|i| ((i as f32 * 0.35).sin() * 8_000.0) as i16);
    g711::encode(&wave.collect::<Vec<_>>())
}
