//! The carrier's own account of a call: what was played when, measured where the caller would hear it.

use serde::{Deserialize, Serialize};

use super::clock::{PER_MS, Samples, ms};

/// A call as the carrier saw it. Points in time are on the call's clock (see [`Samples`]) unless they say otherwise.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CallRecord {
    /// The call.
    pub call_sid: String,
    /// The account that owns it.
    pub account_sid: String,
    /// Who called.
    pub from: String,
    /// Who was called.
    pub to: String,
    /// How it ended.
    pub outcome: Outcome,
    /// From placing the call to the start of the first stream, in ms.
    pub answered_after_ms: Option<f64>,
    /// From placing the call to its end, in ms.
    pub lasted_ms: f64,
    /// Every request to the host.
    pub requests: Vec<WebRequest>,
    /// Every media socket.
    pub streams: Vec<StreamRecord>,
    /// What the caller said.
    pub caller_speech: Vec<CallerSpeech>,
    /// When the agent's voice was heard; silences shorter than the underrun gap do not split it, clears do.
    pub agent_speech: Vec<Span>,
    /// What was played, silence included: each entry without a gap.
    pub timeline: Vec<Passage>,
    /// The played mu-law audio of all passages, one after the other; empty when it was not kept.
    #[serde(with = "as_base64")]
    pub played: Vec<u8>,
    /// Every mark.
    pub marks: Vec<MarkRecord>,
    /// Every clear.
    pub clears: Vec<ClearRecord>,
    /// Every time the buffer ran empty in the middle of a passage.
    pub underruns: Vec<Underrun>,
    /// Texts of `<Say>`.
    pub said: Vec<String>,
    /// Every `<Dial>`.
    pub dialled: Vec<Dialled>,
    /// Keys that the caller pressed.
    pub digits: String,
    /// What went wrong, in words.
    pub errors: Vec<String>,
}

/// How a call ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum Outcome {
    /// It has not ended.
    #[default]
    Running,
    /// The host's TwiML ended it, or ran out.
    HostHungUp,
    /// The caller hung up as the script said.
    CallerHungUp,
    /// The caller waited for something that never happened.
    CallerGaveUp(String),
    /// It was ended over REST.
    Completed,
    /// `<Reject>`, with its reason.
    Rejected(String),
    /// Something the carrier cannot go on from.
    Failed(String),
}

/// A request to the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebRequest {
    /// What for: `voice`, `action`, `redirect`, `status:ringing`, `dial-action`.
    pub purpose: String,
    /// Where to.
    pub url: String,
    /// When it was first tried, in ms after the call was placed.
    pub at_ms: f64,
    /// How long until the answer, tries included, in ms.
    pub took_ms: f64,
    /// How often it was tried.
    pub tries: u32,
    /// The answer's status; none when there was no answer.
    pub status: Option<u16>,
    /// The answer.
    pub body: String,
}

/// A media socket.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamRecord {
    /// The stream.
    pub stream_sid: String,
    /// Where it was opened.
    pub url: String,
    /// When it started; the stream's own clock is 0 here.
    pub begin: Samples,
    /// When it ended.
    pub end: Samples,
    /// How long the upgrade took, in ms.
    pub opened_in_ms: f64,
    /// Messages sent to the host.
    pub messages_out: u64,
    /// Messages that came from the host.
    pub messages_in: u64,
    /// Agent audio that came, in bytes.
    pub audio_in: u64,
    /// Agent audio that was still in the buffer at the end, in bytes.
    pub unplayed: u64,
    /// The host's close code, when it closed the socket.
    pub close_code: Option<u16>,
    /// How it ended, in words.
    pub ended: String,
}

/// What the caller said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerSpeech {
    /// The step of the script.
    pub step: usize,
    /// The clip.
    pub clip: String,
    /// First voiced sample.
    pub begin: Samples,
    /// After the last voiced sample.
    pub end: Samples,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Begin.
    pub begin: Samples,
    /// End.
    pub end: Samples,
}

/// Agent audio that was played without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// When it began.
    pub at: Samples,
    /// How many bytes (samples).
    pub bytes: u64,
}

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRecord {
    /// Its name.
    pub name: String,
    /// When it came.
    pub arrived: Samples,
    /// When it was reached or flushed.
    pub echoed: Option<Samples>,
    /// A clear flushed it.
    pub flushed: bool,
    /// Its echo was lost on request.
    pub lost: bool,
    /// Agent audio played up to its echo, over the whole call, in bytes.
    pub played: u64,
}

/// A clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClearRecord {
    /// When it came.
    pub at: Samples,
    /// Agent audio that it dropped, in bytes.
    pub dropped: u64,
    /// Marks that it flushed.
    pub marks: usize,
    /// Agent audio played up to it, over the whole call, in bytes.
    pub played: u64,
}

/// The buffer ran empty in the middle of a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Underrun {
    /// When.
    pub at: Samples,
    /// For how long.
    pub gap: Samples,
}

/// A `<Dial>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialled {
    /// The number.
    pub number: String,
    /// The number shown to the callee.
    pub caller_id: Option<String>,
    /// How long it rings, in seconds.
    pub timeout_s: Option<u32>,
}

/// A turn: the caller said something and the agent answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TurnTiming {
    /// The step of the script.
    pub step: usize,
    /// End of the caller's speech.
    pub speech_end: Samples,
    /// First agent voice that began after it and before the caller spoke again.
    pub reply_at: Option<Samples>,
    /// From the one to the other, in ms.
    pub voice_to_voice_ms: Option<f64>,
}

/// The caller spoke while the agent did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BargeInTiming {
    /// The step of the script.
    pub step: usize,
    /// Begin of the caller's speech.
    pub speech_begin: Samples,
    /// The first clear after it and before the caller spoke again.
    pub clear_at: Option<Samples>,
    /// From the one to the other, in ms.
    pub speech_to_clear_ms: Option<f64>,
}

impl CallRecord {
    /// From each end of the caller's speech to the agent's answer, as the caller hears it.
    pub fn turns(&self) -> Vec<TurnTiming> {
        self.each_speech(|speech, until| {
            let reply = self.agent_speech.iter().find(|span| span.begin >= speech.end && span.begin < until);
            let reply_at = reply.map(|span| span.begin);
            TurnTiming {
                step: speech.step,
                speech_end: speech.end,
                reply_at,
                voice_to_voice_ms: reply_at.map(|at| ms(at - speech.end)),
            }
        })
    }

    /// From each begin of the caller's speech over the agent to the `clear`.
    pub fn barge_ins(&self) -> Vec<BargeInTiming> {
        let all = self.each_speech(|speech, until| {
            let over = self.agent_speech.iter().any(|span| span.begin <= speech.begin && speech.begin < span.end);
            let clear_at = self.clears.iter().map(|clear| clear.at).find(|&at| at >= speech.begin && at < until);
            over.then(|| BargeInTiming {
                step: speech.step,
                speech_begin: speech.begin,
                clear_at,
                speech_to_clear_ms: clear_at.map(|at| ms(at - speech.begin)),
            })
        });
        all.into_iter().flatten().collect()
    }

    /// First agent voice of the call, in ms after the first stream started.
    pub fn greeting_ms(&self) -> Option<f64> {
        self.agent_speech.first().map(|span| ms(span.begin))
    }

    /// Agent audio that was played up to a time, in bytes.
    pub fn played_until(&self, at: Samples) -> u64 {
        self.timeline.iter().map(|passage| passage.bytes.min(at.saturating_sub(passage.at))).sum()
    }

    /// Underruns, in ms.
    pub fn underrun_ms(&self) -> f64 {
        self.underruns.iter().map(|underrun| underrun.gap as f64 / PER_MS as f64).sum()
    }

    /// Whether the call went as a call should: nothing failed, nobody gave up.
    pub fn succeeded(&self) -> bool {
        let ended = matches!(self.outcome, Outcome::HostHungUp | Outcome::CallerHungUp | Outcome::Completed);
        ended && self.errors.is_empty()
    }

    fn each_speech<T>(&self, turn: impl Fn(&CallerSpeech, Samples) -> T) -> Vec<T> {
        let next = self.caller_speech.iter().skip(1).map(|speech| speech.begin).chain([Samples::MAX]);
        self.caller_speech.iter().zip(next).map(|(speech, until)| turn(speech, until)).collect()
    }
}

mod as_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(audio: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(audio))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}
