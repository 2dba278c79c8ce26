//! Runs the caller's script: one 20 ms frame at a time, from the call's clock and what the agent is heard to do.

use trunkline_twilio::media::{FRAME_BYTES, SILENCE};

use super::clip::Clip;
use super::clock::{PER_MS, Samples, ms};
use super::record::{CallRecord, CallerSpeech};
use super::spec::{Hostile, Step, What, When};

/// Between two keys, in frames.
const DIGIT_FRAMES: u64 = 5;

/// What the caller does besides speaking.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Digit(char),
    HangUp,
    GiveUp(String),
    Send(Hostile),
    /// The caller begins to say something.
    Speaks,
}

/// The script of one call; it goes on over a lost stream.
pub(super) struct Caller {
    steps: Vec<Step>,
    next: usize,
    state: State,
    /// The end of the step before.
    since: Samples,
    /// The end of the caller's last words.
    words_end: Samples,
    patience: Samples,
}

enum State {
    Waiting,
    Saying { clip: Clip, begun: Samples },
    Pressing { digits: Vec<char>, begun: Samples, pressed: usize },
    Over,
}

impl Caller {
    pub(super) fn new(steps: Vec<Step>, patience_ms: u64) -> Self {
        Self { steps, next: 0, state: State::Waiting, since: 0, words_end: 0, patience: patience_ms * PER_MS }
    }

    /// Fills the frame that begins at `at` and says what else the caller does in it.
    pub(super) fn frame(
        &mut self,
        at: Samples,
        frame: &mut [u8; FRAME_BYTES],
        record: &mut CallRecord,
        acts: &mut Vec<Act>,
    ) {
        frame.fill(SILENCE);
        // A step that ends lets the next one begin in the same frame; each step at most once.
        for _ in 0..=self.steps.len() {
            let again = match &mut self.state {
                State::Over => false,
                State::Waiting => self.begin(at, record, acts),
                State::Saying { clip, begun } => {
                    let offset = usize::try_from(at.saturating_sub(*begun)).unwrap_or(usize::MAX);
                    let rest = clip.audio().get(offset..).unwrap_or_default();
                    for (to, from) in frame.iter_mut().zip(rest) {
                        *to = *from;
                    }
                    let end = *begun + clip.audio().len() as u64;
                    let ended = rest.len() <= FRAME_BYTES;
                    if ended {
                        self.words_end = clip.voice().map_or(end, |(_, voice_end)| *begun + voice_end);
                        self.finish(end);
                    }
                    // The rest of this frame is silence; the next step starts with the next frame.
                    false
                }
                State::Pressing { digits, begun, pressed } => {
                    let frames = at.saturating_sub(*begun) / FRAME_BYTES as u64;
                    let due = usize::try_from(frames / DIGIT_FRAMES).unwrap_or(usize::MAX).saturating_add(1);
                    while let Some(digit) = digits.get(*pressed).filter(|_| *pressed < due) {
                        acts.push(Act::Digit(*digit));
                        record.digits.push(*digit);
                        *pressed += 1;
                    }
                    if *pressed == digits.len() {
                        self.words_end = at;
                        self.finish(at);
                    }
                    false
                }
            };
            if !again {
                break;
            }
        }
    }

    fn finish(&mut self, at: Samples) {
        self.since = at;
        self.next += 1;
        self.state = State::Waiting;
    }

    /// Begins the next step if its time has come; true when there may be more to do in this frame.
    fn begin(&mut self, at: Samples, record: &mut CallRecord, acts: &mut Vec<Act>) -> bool {
        let Some(step) = self.steps.get(self.next) else {
            self.state = State::Over;
            acts.push(Act::HangUp);
            return false;
        };
        if !self.is_time(step.when, at, record) {
            let conditional = matches!(step.when, When::AgentSilent(_) | When::AgentSpeaks(_));
            if conditional && at.saturating_sub(self.since) > self.patience {
                let waited = ms(self.patience);
                acts.push(Act::GiveUp(format!("step {} waited {waited} ms for {:?}", self.next, step.when)));
                self.state = State::Over;
            }
            return false;
        }
        match step.what.clone() {
            What::Say(clip) => {
                if let Some((begin, end)) = clip.voice() {
                    let (begin, end) = (at + begin, at + end);
                    record.caller_speech.push(CallerSpeech { step: self.next, clip: clip.name().into(), begin, end });
                }
                acts.push(Act::Speaks);
                self.state = State::Saying { clip, begun: at };
            }
            What::Digits(digits) => {
                self.state = State::Pressing { digits: digits.chars().collect(), begun: at, pressed: 0 };
            }
            What::HangUp => {
                acts.push(Act::HangUp);
                self.state = State::Over;
            }
            What::Send(hostile) => {
                acts.push(Act::Send(hostile));
                self.finish(at);
            }
        }
        true
    }

    fn is_time(&self, when: When, at: Samples, record: &CallRecord) -> bool {
        match when {
            When::At(at_ms) => at >= at_ms * PER_MS,
            When::Then(after_ms) => at >= self.since + after_ms * PER_MS,
            When::AgentSilent(for_ms) => record
                .agent_speech
                .last()
                .is_some_and(|span| span.end > self.words_end && at >= span.end + for_ms * PER_MS && at >= self.since),
            When::AgentSpeaks(after_ms) => record
                .agent_speech
                .iter()
                .find(|span| span.begin >= self.words_end)
                .is_some_and(|span| at >= span.begin + after_ms * PER_MS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Span;
    use super::*;

    const FRAME: Samples = FRAME_BYTES as Samples;

    fn run(caller: &mut Caller, record: &mut CallRecord, frames: std::ops::Range<u64>) -> (Vec<(u64, Act)>, Vec<u8>) {
        let (mut acts, mut audio) = (Vec::new(), Vec::new());
        for index in frames {
            let (mut frame, mut now) = ([0; FRAME_BYTES], Vec::new());
            caller.frame(index * FRAME, &mut frame, record, &mut now);
            acts.extend(now.into_iter().map(|act| (index, act)));
            audio.extend_from_slice(&frame);
        }
        (acts, audio)
    }

    fn say(name: &str, frames: usize) -> What {
        What::Say(Clip::new(name, vec![0x10; frames * FRAME_BYTES]))
    }

    #[test]
    fn a_clip_is_said_at_its_time_and_the_caller_hangs_up_after_the_script() {
        let steps =
            vec![Step { when: When::At(100), what: say("a", 2) }, Step { when: When::Then(40), what: say("b", 1) }];
        let (mut caller, mut record) = (Caller::new(steps, 1_000), CallRecord::default());
        let (acts, audio) = run(&mut caller, &mut record, 0..20);
        let voiced: Vec<usize> =
            audio.chunks(FRAME_BYTES).enumerate().filter(|(_, f)| f[0] == 0x10).map(|(i, _)| i).collect();
        assert_eq!(voiced, [5, 6, 9]);
        assert_eq!((record.caller_speech[0].begin, record.caller_speech[0].end), (5 * FRAME, 7 * FRAME));
        assert!(matches!(acts.last(), Some((10, Act::HangUp))), "{acts:?}");
    }

    #[test]
    fn the_caller_answers_when_the_agent_has_been_silent() {
        let steps = vec![Step { when: When::AgentSilent(100), what: say("a", 1) }];
        let (mut caller, mut record) = (Caller::new(steps, 10_000), CallRecord::default());
        run(&mut caller, &mut record, 0..10);
        assert!(record.caller_speech.is_empty());
        record.agent_speech.push(Span { begin: 10 * FRAME, end: 12 * FRAME });
        run(&mut caller, &mut record, 12..30);
        assert_eq!(record.caller_speech[0].begin, 17 * FRAME);
    }

    #[test]
    fn the_caller_barges_in_on_what_began_after_the_last_words() {
        let steps = vec![
            Step { when: When::At(0), what: say("a", 2) },
            Step { when: When::AgentSpeaks(60), what: say("b", 1) },
        ];
        let (mut caller, mut record) = (Caller::new(steps, 10_000), CallRecord::default());
        record.agent_speech.push(Span { begin: 0, end: 5 * FRAME });
        run(&mut caller, &mut record, 0..20);
        assert_eq!(record.caller_speech.len(), 1);
        record.agent_speech.push(Span { begin: 20 * FRAME, end: 21 * FRAME });
        run(&mut caller, &mut record, 20..30);
        assert_eq!(record.caller_speech[1].begin, 23 * FRAME);
    }

    #[test]
    fn a_caller_who_waits_in_vain_gives_up() {
        let steps = vec![Step { when: When::AgentSpeaks(0), what: What::HangUp }];
        let (mut caller, mut record) = (Caller::new(steps, 100), CallRecord::default());
        let (acts, _) = run(&mut caller, &mut record, 0..20);
        assert!(matches!(acts.as_slice(), [(6, Act::GiveUp(_))]), "{acts:?}");
    }

    #[test]
    fn keys_are_pressed_one_after_the_other() {
        let steps = vec![Step { when: When::At(0), what: What::Digits("1#".into()) }];
        let (mut caller, mut record) = (Caller::new(steps, 100), CallRecord::default());
        let (acts, _) = run(&mut caller, &mut record, 0..20);
        assert!(matches!(acts.as_slice(), [(0, Act::Digit('1')), (5, Act::Digit('#')), (6, Act::HangUp)]), "{acts:?}");
        assert_eq!(record.digits, "1#");
    }
}
